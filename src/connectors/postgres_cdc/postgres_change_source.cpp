#include "connectors/postgres_cdc/postgres_change_source.h"

#include <algorithm>
#include <thread>

#include "base/log.h"
#include "connectors/postgres_cdc/plugins.h"

namespace bywash::postgres_cdc {
namespace {

constexpr std::string_view kTaskLogger = "postgres_cdc";
constexpr int kPollMs = 500;
constexpr int64_t kBusyRetryMs = 250;
// A poll ends after so much even when there is more: the runtime has to commit.
constexpr int64_t kPollTimeMaxMs = 200;

Status connect_failure(const Status& status) {
  return Status(Code::kFatal, Blame::kUser, status.message()).with_java_class("org.apache.kafka.connect.errors.ConnectException");
}

}  // namespace

Status PostgresChangeTask::start(plugin::SourceContext* context) {
  context_ = context;
  settings_ = {&config_, &selection_, context_headers(config_, context->task_id()), &out_};
  next_heartbeat_ = steady_now() + Millis(config_.heartbeat_ms);
  for (const std::string& channel : config_.signal_channels) {
    if (channel != "source") log::warn(kTaskLogger, "Signals by the channel '{}' are not looked for: use source and signal.data.collection (signal.enabled.channels)", channel);
  }
  return {};
}

Result<std::vector<plugin::SourceBatch>> PostgresChangeTask::poll() {
  if (SteadyTime now = steady_now(); now < retry_at_) {
    wait_until(retry_at_);
    return std::vector<plugin::SourceBatch>();
  }
  Status status = advance();
  if (status.ok()) {
    auto given = hand_over();
    if (given.ok()) return given;
    status = given.status();
  }
  RETURN_IF_ERROR(after_fault(std::move(status)));
  return std::vector<plugin::SourceBatch>();
}

Status PostgresChangeTask::advance() {
  switch (phase_) {
    case Phase::kConnect: return connect();
    case Phase::kRequested: return start_request();
    case Phase::kCatchUp:
    case Phase::kStream: return read_changes();
    case Phase::kSnapshot: return read_rows();
    case Phase::kDelay:
      wait_until(delay_until_);
      return steady_now() < delay_until_ ? Status() : start_stream();
    case Phase::kIdle: wait_until(steady_now() + Millis(kPollMs)); return {};
  }
  return {};
}

// What was taken since the last poll; only its last row has an offset: rows of several tables come batch after batch, and only behind all
// of them the position is safe to keep.
Result<std::vector<plugin::SourceBatch>> PostgresChangeTask::hand_over() {
  if (reader_) RETURN_IF_ERROR(reader_->flush());
  RETURN_IF_ERROR(heartbeat());
  if (!out_.empty() && reader_) {
    handed_over_ = requests_.empty() ? reader_->position() : before_requests_;
    // Whatever was given out meanwhile: after a restart the snapshot is still to be taken.
    if (rows_are_missing_ && handed_over_->snapshot == SnapshotState::kNone) handed_over_->snapshot = SnapshotState::kRunning;
    out_.back().source_offsets.back() = offset_json(*handed_over_);
    outstanding_ = true;
  }
  if (!out_.empty()) failures_ = 0;
  return std::exchange(out_, {});
}

Status PostgresChangeTask::after_fault(Status fault) {
  out_.clear();
  disconnect();
  if (!fault.retriable()) {
    return fault.java_class().empty() ? std::move(fault).with_java_class("org.apache.kafka.connect.errors.ConnectException") : fault;
  }
  bool busy = fault.message().find("55006") != std::string::npos;
  SteadyTime now = steady_now();
  if (busy && !std::exchange(slot_was_busy_, true)) busy_since_ = now;
  slot_was_busy_ = busy;
  if (busy && now > busy_since_ + Millis(config_.slot_retry_delay_ms * config_.slot_max_retries)) {
    return connect_failure(Status::fatal(fault.message() + ": somebody else reads it (slot.max.retries, slot.retry.delay.ms). Stop the other reader, or choose another slot.name"));
  }
  if (!busy && config_.retries_max >= 0 && ++failures_ > config_.retries_max) {
    return connect_failure(Status::fatal(fmt::format("{} (gave up after {} retries: errors.max.retries)", fault.message(), config_.retries_max)));
  }
  if (!busy && config_.retries_max < 0) ++failures_;
  retry_at_ = now + Millis(busy ? kBusyRetryMs : std::min<int64_t>(250 << std::min(failures_, 6), 10'000));
  if (!busy || !std::exchange(told_, true)) log::warn(kTaskLogger, "Reading changes failed, trying again: {}", fault.message());
  return {};
}

void PostgresChangeTask::disconnect() {
  reader_.reset();
  stream_.reset();
  snapshot_.reset();
  catalog_.reset();
  session_.reset();
  snapshot_session_.reset();
  slot_session_.reset();
  snapshot_taken_ = false;
  requests_.clear();
  phase_ = Phase::kConnect;
}

Status PostgresChangeTask::connect() {
  ASSIGN_OR_RETURN(session_, ServerSession::open(config_, ServerSession::Kind::kStatements));
  catalog_ = std::make_unique<Catalog>(session_.get());
  if (!handed_over_) {
    if (auto stored = context_->stored_offset(partition_json(config_.topic_prefix))) { ASSIGN_OR_RETURN(handed_over_, position_of_json(*stored)); }
  }
  ASSIGN_OR_RETURN(auto slot, slot_state(*session_, config_));
  ASSIGN_OR_RETURN(bool snapshot, wants_snapshot(slot));
  if (config_.snapshot != SnapshotMode::kInitialOnly) RETURN_IF_ERROR(ensure_publication(*session_, config_, selection_));
  if (snapshot) return prepare_snapshot(slot);
  if (config_.snapshot == SnapshotMode::kInitialOnly) {
    phase_ = Phase::kIdle;
    return {};
  }
  if (!slot) {
    ASSIGN_OR_RETURN(slot_session_, ServerSession::open(config_, ServerSession::Kind::kReplication));
    ASSIGN_OR_RETURN(CreatedSlot created, create_slot(*slot_session_, config_, config_.slot_name, false));
    slot_session_.reset();
    snapshot_lsn_ = created.consistent_lsn;
  } else {
    snapshot_lsn_ = slot->confirmed_lsn;
  }
  return start_stream();
}

// An offset is worth nothing when the server has no more of what comes after it.
Status PostgresChangeTask::check_slot(const std::optional<SlotState>& slot) {
  bool rows_are_missing = !handed_over_ || handed_over_->snapshot == SnapshotState::kRunning;
  if (rows_are_missing || (slot && !slot->lost)) return {};
  return Status::invalid(fmt::format("The connector is trying to read change stream starting at {}, but this is no longer available on the server (replication slot '{}' {}). "
                                     "Reconfigure the connector to use a snapshot mode when needed (snapshot.mode=when_needed), or reset its offsets",
                                     lsn_text(handed_over_->start_lsn()), config_.slot_name, slot ? "has lost log that it needs" : "is not there"));
}

Result<bool> PostgresChangeTask::wants_snapshot(const std::optional<SlotState>& slot) {
  bool rows_are_missing = !handed_over_ || handed_over_->snapshot == SnapshotState::kRunning;
  Status usable = check_slot(slot);
  switch (config_.snapshot) {
    case SnapshotMode::kInitialOnly: return rows_are_missing;
    case SnapshotMode::kInitial:
      RETURN_IF_ERROR(usable);
      return rows_are_missing;
    case SnapshotMode::kAlways:
      RETURN_IF_ERROR(usable);
      // Once in the life of a task; a lost connection alone does not ask for the rows again.
      return rows_are_missing || !snapshot_done_;
    case SnapshotMode::kNoData:
      RETURN_IF_ERROR(usable);
      return false;
    case SnapshotMode::kWhenNeeded:
      if (!usable.ok()) {
        log::warn(kTaskLogger, "The rows are read again: {}", usable.message());
        handed_over_.reset();
        if (slot) RETURN_IF_ERROR(drop_slot(*session_, config_.slot_name));
      }
      return rows_are_missing || !usable.ok();
  }
  return false;
}

Status PostgresChangeTask::prepare_snapshot(const std::optional<SlotState>& slot) {
  if (config_.snapshot_delay_ms > 0 && delay_until_ == SteadyTime()) {
    delay_until_ = steady_now() + Millis(config_.snapshot_delay_ms);
    while (steady_now() < delay_until_ && !stopped_) wait_until(delay_until_);
  }
  std::string exported;
  if (config_.snapshot == SnapshotMode::kInitialOnly) {
    ASSIGN_OR_RETURN(Rows rows, session_->query("SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END"));
    ASSIGN_OR_RETURN(snapshot_lsn_, parse_lsn(rows.empty() ? "" : rows[0][0].value_or("")));
  } else {
    ASSIGN_OR_RETURN(slot_session_, ServerSession::open(config_, ServerSession::Kind::kReplication));
    // The slot that is there cannot export a snapshot any more: one of its own that lasts as long as the snapshot marks the point.
    bool exists = slot.has_value() && !slot->lost;
    std::string name = exists ? config_.slot_name.substr(0, 50) + "_snapshot" : config_.slot_name;
    ASSIGN_OR_RETURN(CreatedSlot created, create_slot(*slot_session_, config_, name, exists));
    snapshot_lsn_ = created.consistent_lsn;
    exported = created.snapshot;
  }
  ASSIGN_OR_RETURN(snapshot_session_, ServerSession::open(config_, ServerSession::Kind::kStatements));
  ASSIGN_OR_RETURN(snapshot_, Snapshot::open(*snapshot_session_, config_, selection_, exported));
  snapshot_taken_ = true;
  rows_are_missing_ = !handed_over_ || handed_over_->snapshot == SnapshotState::kRunning;
  // What changed before the snapshot, and was not given out yet, comes first: rows of an earlier attempt may be gone, which rows do not tell.
  bool catch_up = slot && !slot->lost && config_.snapshot != SnapshotMode::kInitialOnly;
  Position begin;
  if (catch_up && !rows_are_missing_) begin = *handed_over_;
  if (catch_up && rows_are_missing_) begin.lsn = slot->confirmed_lsn;
  reader_ = std::make_unique<ChangeReader>(settings_, *catalog_, begin);
  phase_ = Phase::kSnapshot;
  if (!catch_up) return {};
  phase_ = Phase::kCatchUp;
  ASSIGN_OR_RETURN(stream_, ChangeStream::start(config_, begin.start_lsn()));
  return {};
}

Status PostgresChangeTask::read_rows() {
  SteadyTime end = steady_now() + Millis(kPollTimeMaxMs);
  Snapshot::SnapshotRow row;
  while (!reader_->is_full() && steady_now() < end && !stopped_) {
    bool aside = !requests_.empty();
    if (aside && steady_now() >= next_stops_) RETURN_IF_ERROR(look_for_stops());
    if (aside && requests_.front().is_stopped()) return end_snapshot();
    auto more = snapshot_->next(&row);
    // A filter that is no SQL: the signal would be met again at each restart.
    if (aside && !more.ok() && !more.status().retriable()) {
      log::warn(kTaskLogger, "The snapshot of signal '{}' is given up: {}", requests_.front().id, more.status().message());
      return end_snapshot();
    }
    RETURN_IF_ERROR(more.status());
    if (!*more) return end_snapshot();
    if (aside && !requests_.front().wants(row.table->name())) continue;
    if (aside && requests_.front().incremental) row.marker = "incremental";
    RETURN_IF_ERROR(reader_->take_row(row, snapshot_lsn_, snapshot_->tx_id(), aside));
    if (row.marker == "last" && !aside) reader_->end_snapshot();
  }
  return {};
}

Result<Rows> PostgresChangeTask::written_stops() {
  size_t dot = config_.signal_table.find('.');
  if (dot == config_.signal_table.npos) return Rows();
  std::string table = session_->identifier(config_.signal_table.substr(0, dot)) + "." + session_->identifier(config_.signal_table.substr(dot + 1));
  return session_->query("SELECT a::text, c::text FROM " + table + " AS signals(a, b, c) WHERE b = 'stop-snapshot'");
}

Status PostgresChangeTask::look_for_stops() {
  next_stops_ = steady_now() + Millis(500);
  auto rows = written_stops();
  if (!rows.ok()) return rows.status().retriable() ? rows.status() : Status();  // told when the request began
  std::vector<std::shared_ptr<const SnapshotStop>> stops;
  for (const Row& row : *rows) {
    std::string id = row[0].value_or("");
    if (!known_stops_.insert(id).second) continue;
    auto stop = stop_of_signal(id, row[1].value_or(""));
    if (stop.ok()) stops.push_back(*std::move(stop));
  }
  apply(stops);
  return {};
}

void PostgresChangeTask::apply(const std::vector<std::shared_ptr<const SnapshotStop>>& stops) {
  for (const auto& stop : stops) {
    for (SnapshotRequest& request : requests_) {
      log::info(kTaskLogger, "Signal '{}' stops the snapshot of signal '{}'{}", stop->id, request.id, stop->all ? "" : " for some tables");
      request.stops.push_back(stop);
    }
  }
}

// A slot of its own marks the point at which the rows are seen: the changes before it come first, those behind it after the rows.
Status PostgresChangeTask::start_request() {
  // Those that are there came before, or come in the stream before the point of the rows.
  known_stops_.clear();
  if (auto stops = written_stops(); stops.ok()) {
    for (const Row& row : *stops) known_stops_.insert(row[0].value_or(""));
  } else if (stops.status().retriable()) {
    return stops.status();
  } else {
    log::warn(kTaskLogger, "stop-snapshot is not seen while rows are read: {}", stops.status().message());
  }
  ASSIGN_OR_RETURN(slot_session_, ServerSession::open(config_, ServerSession::Kind::kReplication));
  ASSIGN_OR_RETURN(CreatedSlot created, create_slot(*slot_session_, config_, config_.slot_name.substr(0, 50) + "_snapshot", true));
  snapshot_lsn_ = created.consistent_lsn;
  ASSIGN_OR_RETURN(snapshot_session_, ServerSession::open(config_, ServerSession::Kind::kStatements));
  log::info(kTaskLogger, "Signal '{}' asks for a snapshot; it is taken at {}", requests_.front().id, lsn_text(snapshot_lsn_));
  ASSIGN_OR_RETURN(snapshot_, Snapshot::open(*snapshot_session_, config_, selection_, created.snapshot, &requests_.front()));
  if (!stream_) { ASSIGN_OR_RETURN(stream_, ChangeStream::start(config_, reader_->position().start_lsn())); }
  phase_ = Phase::kCatchUp;
  return {};
}

Status PostgresChangeTask::end_snapshot() {
  log::info(kTaskLogger, "Snapshot is complete; changes follow from {} on", lsn_text(snapshot_lsn_));
  snapshot_done_ = true;
  snapshot_.reset();
  snapshot_session_.reset();
  slot_session_.reset();
  if (!requests_.empty()) {
    requests_.erase(requests_.begin());
    // Signals that came before this one's point.
    Position before;
    for (SnapshotRequest& more : reader_->take_requests(&before)) {
      if (requests_.empty()) before_requests_ = before;
      requests_.push_back(std::move(more));
    }
    // The rows are handed over before anything else can fail.
    delay_until_ = steady_now();
    phase_ = requests_.empty() ? Phase::kDelay : Phase::kRequested;
    return {};
  }
  reader_->end_snapshot();
  rows_are_missing_ = false;
  if (config_.snapshot == SnapshotMode::kInitialOnly) {
    phase_ = Phase::kIdle;
    return {};
  }
  if (config_.streaming_delay_ms > 0) {
    delay_until_ = steady_now() + Millis(config_.streaming_delay_ms);
    phase_ = Phase::kDelay;
    return {};
  }
  return start_stream();
}

Status PostgresChangeTask::start_stream() {
  Position from = reader_ ? reader_->position() : handed_over_.value_or(Position());
  // Without an offset: where the slot, or the snapshot, begins.
  if (from.lsn == 0 || snapshot_taken_) from.lsn = std::max(from.lsn, snapshot_lsn_);
  ASSIGN_OR_RETURN(stream_, ChangeStream::start(config_, from.start_lsn()));
  stream_->confirm(confirmed_lsn_);
  if (!reader_) reader_ = std::make_unique<ChangeReader>(settings_, *catalog_, from);
  reader_->start_at(from.lsn);
  slot_was_busy_ = told_ = false;
  phase_ = Phase::kStream;
  log::info(kTaskLogger, "Reading changes of slot '{}' from {} on", config_.slot_name, lsn_text(from.start_lsn()));
  return {};
}

Status PostgresChangeTask::read_changes() {
  SteadyTime end = steady_now() + Millis(kPollTimeMaxMs);
  int wait = config_.heartbeat_ms > 0 ? static_cast<int>(std::min<int64_t>(kPollMs, config_.heartbeat_ms)) : kPollMs;
  while (!reader_->is_full() && !stopped_) {
    ASSIGN_OR_RETURN(auto message, stream_->next(reader_->pending_rows() > 0 ? 0 : wait));
    if (!message) break;
    if (phase_ == Phase::kCatchUp) {
      RETURN_IF_ERROR(reader_->peek(*message));
      if (reader_->peeked().type == MessageType::kBegin && reader_->peeked().lsn >= snapshot_lsn_) {
        stream_.reset();
        phase_ = Phase::kSnapshot;
        return {};
      }
    }
    RETURN_IF_ERROR(reader_->take(*message));
    apply(reader_->take_stops());
    if (phase_ == Phase::kStream && (requests_ = reader_->take_requests(&before_requests_)).size() > 0) {
      phase_ = Phase::kRequested;
      break;
    }
    if (steady_now() >= end) break;
  }
  if (phase_ == Phase::kCatchUp && stream_->sent_lsn() >= snapshot_lsn_ && reader_->pending_rows() == 0) {
    stream_.reset();
    phase_ = Phase::kSnapshot;
    return {};
  }
  confirm_read();
  return stream_->keep_alive();
}

// What has come since the last row that is stored: the commit of its transaction, which may follow its rows a moment later, and, with
// lsn.flush.mode=connector_and_driver, transactions without a change for us.
void PostgresChangeTask::confirm_read() {
  if (phase_ != Phase::kStream || outstanding_ || reader_->pending_rows() > 0 || config_.flush_mode == "manual") return;
  const Position& read = reader_->position();
  bool ours = handed_over_ && handed_over_->snapshot == SnapshotState::kNone && handed_over_->tx_id == read.tx_id;
  if (!ours && config_.flush_mode != "connector_and_driver") return;
  confirmed_lsn_ = std::max(confirmed_lsn_, read.commit_lsn);
  stream_->confirm(confirmed_lsn_);
}

Status PostgresChangeTask::heartbeat() {
  if (config_.heartbeat_ms <= 0 || !reader_ || steady_now() < next_heartbeat_ || phase_ != Phase::kStream) return {};
  next_heartbeat_ = steady_now() + Millis(config_.heartbeat_ms);
  if (!config_.heartbeat_query.empty()) {
    Status run = session_->run(config_.heartbeat_query);
    if (run.retriable()) return run;
    if (!run.ok() && !heartbeat_query_failed_) log::warn(kTaskLogger, "heartbeat.action.query failed: {}", run.message());
    heartbeat_query_failed_ = !run.ok();
  }
  auto schema_of = [&](const char* name, const char* field, columnar::Type type) {
    columnar::SchemaSpec spec;
    spec.name = adjusted_schema_name(config_.schema_names, name);
    spec.version = 1;
    spec.fields = {{field, columnar::ConnectSchema::of(type)}};
    return columnar::ConnectSchema::make(std::move(spec));
  };
  auto key_schema = schema_of("io.debezium.connector.common.ServerNameKey", "serverName", columnar::Type::kString);
  auto value_schema = schema_of("io.debezium.connector.common.Heartbeat", "ts_ms", columnar::Type::kInt64);
  std::string topic = config_.topic_heartbeat_name.empty() ? config_.topic_heartbeat_prefix + config_.topic_delimiter + config_.topic_prefix : config_.topic_heartbeat_name;
  ASSIGN_OR_RETURN(auto batch, make_record(config_, topic, columnar::Value::structure(key_schema, {columnar::Value::string(config_.topic_prefix)}),
                                           columnar::Value::structure(value_schema, {columnar::Value(wall_clock_ms())})));
  batch.batch.kafka_partition = 0;
  out_.push_back(std::move(batch));
  return {};
}

// Everything that poll gave is in Kafka, and the offset behind it is stored.
void PostgresChangeTask::committed() {
  outstanding_ = false;
  if (!handed_over_ || config_.flush_mode == "manual") return;
  // While a snapshot is read again nothing may be forgotten that its restart would need.
  if (handed_over_->snapshot == SnapshotState::kRunning) return;
  confirmed_lsn_ = std::max(confirmed_lsn_, handed_over_->start_lsn());
  if (!stream_ || phase_ != Phase::kStream) return;
  stream_->confirm(confirmed_lsn_);
  Status sent = stream_->keep_alive();
  if (!sent.ok()) log::debug(kTaskLogger, "The server was not told of {}: {}", lsn_text(confirmed_lsn_), sent.message());
}

void PostgresChangeTask::stop() {
  stopped_ = true;
  disconnect();
  if (!config_.drop_slot || !context_) return;
  auto session = ServerSession::open(config_, ServerSession::Kind::kStatements);
  Status dropped = session.status();
  // The server notices the end of our stream a moment later.
  for (int attempt = 0; session.ok() && attempt < 20; ++attempt) {
    dropped = drop_slot(**session, config_.slot_name);
    if (!dropped.retriable()) break;
    std::this_thread::sleep_for(Millis(100));
  }
  if (!dropped.ok()) log::warn(kTaskLogger, "Replication slot '{}' was not dropped (slot.drop.on.stop): {}. Drop it, or its log fills the server's disk", config_.slot_name, dropped.message());
}

void PostgresChangeTask::wait_until(SteadyTime when) {
  SteadyTime end = std::min(when, steady_now() + Millis(kPollMs));
  while (!stopped_ && steady_now() < end) std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(end - steady_now(), Millis(20)));
}

namespace {

Result<std::vector<plugin::Properties>> change_task_configs(const plugin::Properties& properties, int) {
  RETURN_IF_ERROR(read_change_config(properties).status());
  return std::vector<plugin::Properties>{properties};
}

void check_server(const plugin::Properties& properties, std::vector<config::ConfigValue>* values) {
  if (std::any_of(values->begin(), values->end(), [](const config::ConfigValue& v) { return !v.errors.empty(); })) return;
  auto config = read_change_config(properties);
  if (!config.ok()) return;
  auto fail = [&](std::string_view key, std::string message) {
    for (config::ConfigValue& value : *values) {
      if (value.name == key) value.errors.push_back(std::move(message));
    }
  };
  auto session = ServerSession::open(*config, ServerSession::Kind::kStatements);
  if (!session.ok()) return fail("database.hostname", "Error while validating connector config: " + session.status().message());
  auto level = (*session)->query("SHOW wal_level");
  if (level.ok() && !level->empty() && (*level)[0][0] != "logical") {
    fail("database.hostname", "Postgres server wal_level property must be 'logical' but is: '" + (*level)[0][0].value_or("") + "'");
  }
}

Status check_change_offset(const plugin::Properties& properties, const std::string& partition, const std::optional<std::string>& offset) {
  std::string prefix = properties.count("topic.prefix") ? properties.at("topic.prefix") : "";
  if (partition != partition_json(prefix)) return Status::invalid(fmt::format("The partition must be {}", partition_json(prefix)));
  return offset ? position_of_json(*offset).status() : Status();
}

}  // namespace

plugin::SourcePlugin postgres_change_source() {
  plugin::SourcePlugin p;
  p.info.name = "postgres_change_source";
  p.info.class_names = {"io.debezium.connector.postgresql.PostgresConnector"};
  p.info.version = std::string(kEventVersion);
  p.info.summary = "Changes of PostgreSQL's tables into topics";
  p.info.description =
      "Reads the rows of a database's tables once, then every insert, update, delete and truncation from PostgreSQL's write-ahead log (logical replication, plugin "
      "pgoutput), as Debezium's change events: a topic `<topic.prefix>.<schema>.<table>` for each table, the primary key as key, the envelope with `before`, `after`, "
      "`source` and `op` as value. Publication and replication slot are made where they are missing. The server keeps its log until offsets are stored: nothing is lost "
      "over restarts; after a crash the last changes come again. Offsets are Debezium's own: either takes over from the other.";
  p.info.examples = {
      R"({"connector.class": "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix": "shop", "database.hostname": "127.0.0.1", "database.user": "replicator",
 "database.password": "secret", "database.dbname": "shop", "plugin.name": "pgoutput", "table.include.list": "public.orders,public.customers"})"};
  p.def = change_config_def().def();
  p.validate = check_server;
  p.task_configs = change_task_configs;
  p.check_offset = check_change_offset;
  p.make = [](const plugin::Properties& properties) -> Result<std::unique_ptr<plugin::SourceTask>> {
    ASSIGN_OR_RETURN(ChangeConfig config, read_change_config(properties));
    ASSIGN_OR_RETURN(Selection selection, Selection::make(config));
    return std::unique_ptr<plugin::SourceTask>(new PostgresChangeTask(std::move(config), std::move(selection)));
  };
  return p;
}

}  // namespace bywash::postgres_cdc
