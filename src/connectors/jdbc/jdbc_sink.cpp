// The JDBC sink's task and declaration: put with its retries, and the check at validation. Level 6, the task's thread.
#include <algorithm>
#include <map>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "connectors/jdbc/dialect.h"
#include "connectors/jdbc/plugins.h"
#include "connectors/jdbc/sink_config.h"
#include "connectors/jdbc/table_writer.h"

namespace bywash::jdbc {
namespace {

constexpr std::string_view kSinkLogger = "jdbc";

SessionOptions session_options(const SinkConfig& config) {
  SessionOptions o;
  o.url = config.url;
  o.user = config.user;
  o.password = config.password;
  o.times = local_times_of(config);
  o.replace_null_with_default = config.replace_null_with_default;
  o.timestamp_nanos = config.timestamp_nanos();
  o.sorts_keys = config.tasks_max > 1;
  o.merge_holdlock = config.merge_holdlock;
  o.rows_per_statement = std::max<int64_t>(config.batch_size, 50'000);
  return o;
}

// The original's dialect of no database, whatever the URL says. ODBC's is one by itself.
bool is_generic(const SinkConfig& config) {
  return config.dialect_name == "GenericDatabaseDialect" && config.url.kind != Database::kOdbc;
}

class JdbcSinkTask final : public plugin::SinkTask {
 public:
  JdbcSinkTask(SinkConfig config, TableNaming naming)
      : config_(std::move(config)), naming_(std::move(naming)), options_(session_options(config_)) {}

  Status start(plugin::SinkContext* context) override {
    context_ = context;
    if (config_.connector_name.empty()) config_.connector_name = context->connector_name();
    std::string_view dialect = dialect_of(config_.url.kind).name();
    if (!config_.dialect_name.empty() && config_.dialect_name != dialect && !is_generic(config_)) {
      return Status::invalid(fmt::format("dialect.name {} does not fit the database of connection.url: leave it out, or set {}",
                                         config_.dialect_name, dialect));
    }
    bool all_fields = config_.pk_fields.empty() && config_.pk_mode == PkMode::kRecordValue;
    if (all_fields && context->task_id() == 0) {
      log::warn(kSinkLogger, "pk.mode=record_value without pk.fields: all fields of a value together are the primary key, so that a record that "
                         "differs in any field is a row of its own and upsert changes nothing; set pk.fields to the fields that identify a row");
    }
    if (config_.insert_mode == InsertMode::kUpdate && config_.pk_mode == PkMode::kNone) {
      log::warn(kSinkLogger, "insert.mode=update with pk.mode=none: each record overwrites every row of its table; set pk.mode to what identifies a row");
    }
    return {};
  }

  Status open(const std::vector<TopicPartition>& partitions, Generation generation) override {
    for (const TopicPartition& partition : partitions) generations_[partition] = generation;
    return config_.exactly_once ? seek_to_delivered(partitions) : Status();
  }

  Status put(const std::vector<columnar::Batch>& batches) override {
    Status status = write(batches);
    // What is tried again comes as it was.
    if (!status.retriable() && writer_) writer_->put_ended();
    return status;
  }

  int64_t retry_backoff_ms() const override { return backoff_ms_; }
  Status close(const std::vector<TopicPartition>&) override { return {}; }
  void stop() override { session_.reset(); }

 private:
  Status write(const std::vector<columnar::Batch>& batches) {
    bool fresh = !session_;
    RETURN_IF_ERROR(connect());
    Status status = writer_->write(*session_, batches, once());
    // A connection that went away unnoticed, between two puts: a new one, at once.
    if (!status.ok() && !fresh && !session_->alive()) {
      session_.reset();
      writer_->forget();
      RETURN_IF_ERROR(connect());
      status = writer_->write(*session_, batches, once());
    }
    // A table or column went away since it was looked up: look again, once.
    if (!status.ok() && (mentions(status, "SQLSTATE 42P01") || mentions(status, "SQLSTATE 42703") || mentions(status, "SQLSTATE 42S02") ||
                         mentions(status, "SQLSTATE 42S22"))) {
      writer_->forget();
      status = writer_->write(*session_, batches, once());
    }
    if (status.ok()) {
      failures_ = connect_failures_ = 0;
      for (const columnar::Batch& batch : batches) context_->ack(batch, generations_[batch.origin]);
      return status;
    }
    bool lost = !session_->alive();
    if (lost) session_.reset();
    if (status.code() != Code::kData) writer_->forget();
    if (status.retriable() || lost) return failed_attempt(status, config_.retry_backoff_ms);
    return status;
  }

  DeliveredOffsets* once() { return config_.exactly_once ? &*delivered_ : nullptr; }

  // The first connection also shows what dialect there is to write by.
  Result<std::unique_ptr<Session>> open_session() {
    if (!writer_) {
      ASSIGN_OR_RETURN(dialect_, find_dialect(options_));
      if (is_generic(config_)) dialect_ = generic_dialect(std::move(dialect_));
      options_.identifiers = dialect_->identifiers(config_.quote);
      delivered_.emplace(&config_, dialect_.get());
      writer_.emplace(&config_, dialect_.get(), naming_);
    }
    return dialect_->open(options_);
  }

  // Each partition goes on behind what the destination has. Without the answer nothing may be written, so the database is waited for.
  Status seek_to_delivered(const std::vector<TopicPartition>& partitions) {
    Status last;
    for (int attempt = 0; attempt < config_.connection_attempts; ++attempt) {
      if (attempt > 0) std::this_thread::sleep_for(Millis(std::min<int64_t>(config_.connection_backoff_ms, 10'000)));
      auto opened = session_ && session_->alive() ? Result<std::unique_ptr<Session>>(std::move(session_)) : open_session();
      if (!opened.ok()) {
        last = opened.status().with_context("Could not connect to database");
        if (!last.retriable()) break;
        continue;
      }
      session_ = *std::move(opened);
      auto offsets = delivered_->open(*session_, partitions);
      if (offsets.ok()) {
        for (const auto& [partition, next] : *offsets) context_->seek(partition, Offset(next));
        return {};
      }
      last = offsets.status();
      if (!last.retriable()) break;
    }
    return Status(Code::kFatal, last.blame(), last.message()).with_java_class("org.apache.kafka.connect.errors.ConnectException");
  }

  static bool mentions(const Status& status, std::string_view text) { return status.message().find(text) != std::string::npos; }

  Status connect() {
    if (session_) return {};
    auto opened = open_session();
    if (opened.ok()) {
      session_ = *std::move(opened);
      connect_failures_ = 0;
      return {};
    }
    Status status = opened.status().with_context("Could not connect to database");
    if (!status.retriable()) return Status(Code::kFatal, Blame::kUser, status.message()).with_java_class("org.apache.kafka.connect.errors.ConnectException");
    // connection.attempts of these count as one attempt of max.retries.
    if (++connect_failures_ % config_.connection_attempts != 0) return wait(status, config_.connection_backoff_ms);
    return failed_attempt(status, config_.retry_backoff_ms);
  }

  Status wait(const Status& status, int64_t backoff_ms) {
    backoff_ms_ = std::max<int64_t>(backoff_ms, 1);
    return Status::retriable(status.message());
  }

  // Nothing was taken. After max.retries the task fails, its offsets where they were.
  Status failed_attempt(const Status& status, int64_t backoff_ms) {
    if (++failures_ > config_.max_retries) {
      failures_ = 0;
      return Status(Code::kFatal, status.blame(), fmt::format("{} (gave up after {} retries: max.retries)", status.message(), config_.max_retries))
          .with_java_class("org.apache.kafka.connect.errors.ConnectException");
    }
    log::warn(kSinkLogger, "Write failed, {} of {} retries left: {}", config_.max_retries - failures_ + 1, config_.max_retries, status.message());
    return wait(status, backoff_ms);
  }

  SinkConfig config_;
  TableNaming naming_;
  SessionOptions options_;
  // By the first connection.
  std::shared_ptr<const Dialect> dialect_;
  std::optional<TableWriter> writer_;
  std::optional<DeliveredOffsets> delivered_;
  plugin::SinkContext* context_ = nullptr;
  std::map<TopicPartition, Generation> generations_;
  std::unique_ptr<Session> session_;
  int64_t backoff_ms_ = 1;  // to wait before the next put after a kRetriable
  int64_t failures_ = 0, connect_failures_ = 0;
};

// Can the database be reached with these credentials? As JdbcSinkConnector.validate asks; one attempt.
void check_connection(const plugin::Properties& properties, std::vector<config::ConfigValue>* values) {
  auto find = [&](std::string_view name) {
    return std::find_if(values->begin(), values->end(), [&](const config::ConfigValue& v) { return v.name == name; });
  };
  auto url = find("connection.url");
  // Only a configuration without faults is tried.
  bool sound = std::all_of(values->begin(), values->end(), [](const config::ConfigValue& v) { return v.errors.empty(); });
  if (url == values->end() || !sound) return;
  auto given = properties.find("connection.url");
  if (given == properties.end()) return;
  auto config = read_sink_config(properties);
  if (!config.ok()) {
    url->errors.push_back(config.status().message());
    return;
  }
  Status status = dialect_of(config->url.kind).open(session_options(*config)).status();
  if (!status.ok()) url->errors.push_back("Could not connect to database. " + status.message());
}

}  // namespace

plugin::SinkPlugin jdbc_sink() {
  plugin::SinkPlugin p;
  p.info.name = "jdbc_sink";
  p.info.class_names = {"io.confluent.connect.jdbc.JdbcSinkConnector"};
  p.info.version = "10.9.7";
  p.info.summary = "Topics into tables of PostgreSQL, MySQL, MariaDB, SQL Server, SQLite, or of any database with an ODBC driver";
  p.info.description =
      "Writes the records of topics into tables, which it creates (`auto.create`) and extends (`auto.evolve`) as asked. Records with schema "
      "(JSON with schemas, Avro, ...) and plain JSON alike. Rows are inserted, upserted or updated (`insert.mode`) under a primary key that "
      "`pk.mode` and `pk.fields` choose; `delete.enabled` deletes rows on null values. PostgreSQL takes rows through COPY.";
  p.info.examples = {
      R"({"connector.class": "io.confluent.connect.jdbc.JdbcSinkConnector", "topics": "orders", "connection.url": "jdbc:sqlite::memory:",
 "insert.mode": "upsert", "pk.mode": "record_value", "pk.fields": "id", "auto.create": "true", "auto.evolve": "true"})"};
  p.def = sink_config_def().def();
  p.validate = check_connection;
  p.make = [](const plugin::Properties& properties) -> Result<std::unique_ptr<plugin::SinkTask>> {
    ASSIGN_OR_RETURN(SinkConfig config, read_sink_config(properties));
    ASSIGN_OR_RETURN(TableNaming naming, TableNaming::parse(config.table_name_format));
    return std::unique_ptr<plugin::SinkTask>(new JdbcSinkTask(std::move(config), std::move(naming)));
  };
  return p;
}

}  // namespace bywash::jdbc
