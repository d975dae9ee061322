#include "connectors/postgres_cdc/change_reader.h"

#include <algorithm>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/log.h"
#include "base/time_arithmetic.h"

namespace bywash::postgres_cdc {

using columnar::ConnectSchema;
using columnar::SchemaPtr;
using columnar::SchemaSpec;
using columnar::Type;
using columnar::Value;

namespace {

constexpr std::string_view kReaderLogger = "postgres_cdc";
// How transactions count what pg_logical_emit_message wrote.
constexpr const char* kMessages = "LOGICAL_DECODING_MESSAGE";

SchemaPtr struct_schema(const ChangeConfig& config, const char* name, std::vector<columnar::Field> fields, bool optional = false) {
  SchemaSpec spec;
  spec.name = adjusted_schema_name(config.schema_names, name);
  spec.version = 1;
  spec.optional = optional;
  spec.fields = std::move(fields);
  return ConnectSchema::make(std::move(spec));
}

SchemaPtr text_of(bool optional = false) { return ConnectSchema::of(Type::kString, optional); }
SchemaPtr long_of(bool optional = false) { return ConnectSchema::of(Type::kInt64, optional); }

SchemaPtr list_of(SchemaPtr items) {
  SchemaSpec spec;
  spec.type = Type::kArray;
  spec.optional = true;
  spec.value_schema = std::move(items);
  return ConnectSchema::make(std::move(spec));
}

// A struct's value by way of a builder that appends it.
template <class F>
Result<Value> value_by(const SchemaPtr& schema, F&& append) {
  formats::json::ColumnBuilder builder(schema);
  append(&builder);
  ASSIGN_OR_RETURN(auto array, builder.finish());
  return columnar::value_at(*schema, *array, 0);
}

Value content_value(BinaryMode mode, std::string_view content) {
  std::string text;
  if (mode == BinaryMode::kBytes) return Value(Value::Bytes{std::string(content)});
  if (mode == BinaryMode::kHex) return Value(hex(content));
  append_base64(content, &text);
  if (mode == BinaryMode::kBase64Url) {
    for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  }
  return Value(text);
}

std::string_view type_word(MessageType type) {
  switch (type) {
    case MessageType::kInsert: return "INSERT";
    case MessageType::kUpdate: return "UPDATE";
    case MessageType::kDelete: return "DELETE";
    case MessageType::kTruncate: return "TRUNCATE";
    case MessageType::kMessage: return "MESSAGE";
    case MessageType::kCommit: return "COMMIT";
    default: return "";
  }
}

}  // namespace

ChangeReader::ChangeReader(const EventSettings& settings, Catalog& catalog, const Position& start)
    : settings_(settings), catalog_(catalog), position_(start), resume_(start) {
  resuming_ = start.snapshot == SnapshotState::kNone && start.tx_id >= 0 && start.lsn != start.commit_lsn;
}

Status ChangeReader::peek(const ChangeStream::Message& message) { return decode_message(message.bytes, &message_); }

Status ChangeReader::take(const ChangeStream::Message& message) {
  RETURN_IF_ERROR(decode_message(message.bytes, &message_));
  pending_bytes_ += message.bytes.size();
  switch (message_.type) {
    case MessageType::kBegin:
      begin(message.lsn);
      return settings_.config->transaction_metadata ? transaction_record(false) : Status();
    case MessageType::kCommit: return commit(message.lsn);
    case MessageType::kOrigin:
      origin_ = message_.text;
      origin_lsn_ = message_.lsn;
      return {};
    case MessageType::kRelation: return relation();
    case MessageType::kInsert:
    case MessageType::kUpdate:
    case MessageType::kDelete: return change(message.lsn);
    case MessageType::kTruncate: return truncate(message.lsn);
    case MessageType::kMessage: return emitted_message(message.lsn);
    case MessageType::kType:
    case MessageType::kOther: return {};
  }
  return {};
}

void ChangeReader::begin(uint64_t lsn) {
  if (requests_.empty()) before_transaction_ = position_;
  commit_micros_ = message_.commit_micros;
  tx_id_ = message_.xid;
  origin_.clear();
  origin_lsn_ = 0;
  in_transaction_ = true;
  // Only the first transaction can be one that was given out in part: transactions come in the order of their commits.
  skipping_ = std::exchange(resuming_, false) && tx_id_ == resume_.tx_id;
  skipped_at_lsn_ = 0;
  transaction_ = settings_.config->transaction_metadata ? fmt::format("{}:{}", tx_id_, lsn) : "";
  counts_.clear();
  total_ = 0;
}

Status ChangeReader::commit(uint64_t lsn) {
  if (settings_.config->transaction_metadata) RETURN_IF_ERROR(transaction_record(true));
  in_transaction_ = skipping_ = false;
  position_.lsn = position_.commit_lsn = lsn;
  position_.changes_at_lsn = 0;
  position_.tx_id = tx_id_;
  position_.commit_micros = message_.commit_micros;
  position_.message_type = type_word(MessageType::kCommit);
  position_.snapshot = SnapshotState::kNone;
  return {};
}

bool ChangeReader::already_given_out(uint64_t lsn) {
  if (!skipping_) return false;
  if (lsn < resume_.lsn) return true;
  if (lsn == resume_.lsn && skipped_at_lsn_ < resume_.changes_at_lsn) {
    ++skipped_at_lsn_;
    return true;
  }
  skipping_ = false;
  return false;
}

EventMark ChangeReader::mark_of(uint64_t lsn) {
  bool same = position_.lsn == lsn && position_.message_type != type_word(MessageType::kCommit);
  position_.changes_at_lsn = same ? position_.changes_at_lsn + 1 : 1;
  position_.lsn = lsn;
  position_.tx_id = tx_id_;
  position_.commit_micros = commit_micros_;
  position_.message_type = type_word(message_.type);
  position_.snapshot = SnapshotState::kNone;
  EventMark mark;
  mark.commit_micros = commit_micros_;
  mark.tx_id = tx_id_;
  mark.lsn = lsn;
  mark.commit_lsn = position_.commit_lsn;
  mark.origin = origin_;
  mark.origin_lsn = origin_lsn_;
  return mark;
}

void ChangeReader::count_in_transaction(const std::string& collection, EventMark* mark) {
  if (transaction_.empty()) return;
  mark->transaction = transaction_;
  mark->total_order = ++total_;
  mark->collection_order = ++counts_[collection];
}

Result<TableEvents*> ChangeReader::table_of(const TableStructure& structure) {
  std::unique_ptr<TableEvents>& known = tables_[structure.name()];
  if (known && known->fits(structure)) return known.get();
  if (known) RETURN_IF_ERROR(known->flush());
  ASSIGN_OR_RETURN(known, TableEvents::make(settings_, catalog_, structure));
  return known.get();
}

Status ChangeReader::relation() {
  const RelationMessage& described = message_.described;
  relations_.erase(described.id);
  if (!settings_.selection->has_table(described.schema, described.table)) return {};
  ASSIGN_OR_RETURN(TableStructure structure, catalog_.table_of(described));
  ASSIGN_OR_RETURN(TableEvents * table, table_of(structure));
  relations_[described.id] = table->structure().name();
  return {};
}

Status ChangeReader::add(TableEvents* table, const EventMark& mark) {
  switch (message_.type) {
    case MessageType::kInsert: return table->add_insert(message_.new_row, mark);
    case MessageType::kUpdate: return table->add_update(message_.has_old ? &message_.old_row : nullptr, message_.old_is_whole, message_.new_row, mark);
    default: return table->add_delete(message_.old_row, mark);
  }
}

// An enum got a label since its table was looked at, which no message tells.
Status ChangeReader::add_again(std::unique_ptr<TableEvents>* table, const EventMark& mark) {
  RETURN_IF_ERROR((*table)->flush());
  catalog_.forget_types();
  TableStructure structure = (*table)->structure();
  ASSIGN_OR_RETURN(*table, TableEvents::make(settings_, catalog_, std::move(structure)));
  Status status = add(table->get(), mark);
  if (status.code() != Code::kNotFound) return status;
  (*table)->accept_any_label();
  return add(table->get(), mark);
}

Status ChangeReader::change(uint64_t lsn) {
  auto relation = relations_.find(message_.relation);
  if (relation == relations_.end()) return {};
  const ChangeConfig& config = *settings_.config;
  bool skipped = message_.type == MessageType::kInsert ? config.skips_create : message_.type == MessageType::kUpdate ? config.skips_update : config.skips_delete;
  // Also one that was given out before: what it asks for begins behind its transaction, and was not begun.
  if (message_.type == MessageType::kInsert && relation->second == config.signal_table) note_signal(relation->second);
  bool again = already_given_out(lsn);
  std::unique_ptr<TableEvents>& table = tables_[relation->second];
  if (again || skipped) {
    EventMark unused;
    if (!skipped) count_in_transaction(relation->second, &unused);
    if (!again) mark_of(lsn);
    return {};
  }
  EventMark mark = mark_of(lsn);
  count_in_transaction(relation->second, &mark);
  Status status = add(table.get(), mark);
  if (status.code() == Code::kNotFound) status = add_again(&table, mark);
  if (status.code() == Code::kData && config.failure_mode != "fail") {
    if (config.failure_mode == "warn") log::warn(kReaderLogger, "A change at {} is left out: {}", lsn_text(lsn), status.message());
    return {};
  }
  if (status.code() == Code::kData) {
    return Status(Code::kFatal, Blame::kUser, fmt::format("{} (change at {}; event.processing.failure.handling.mode)", status.message(), lsn_text(lsn)))
        .with_java_class("org.apache.kafka.connect.errors.ConnectException");
  }
  ++pending_rows_;
  return status;
}

void ChangeReader::note_signal(const std::string& table) {
  const ChangeConfig& config = *settings_.config;
  bool listens = std::find(config.signal_channels.begin(), config.signal_channels.end(), "source") != config.signal_channels.end();
  if (!listens) return;
  auto text = [&](size_t i) {
    bool there = i < message_.new_row.size() && message_.new_row[i].kind == TupleValue::Kind::kText;
    return there ? std::string(message_.new_row[i].text) : std::string();
  };
  if (message_.new_row.size() >= 3 && text(1) == "stop-snapshot") {
    auto stop = stop_of_signal(text(0), text(2));
    if (!stop.ok()) return log::warn(kReaderLogger, "{} (signal.data.collection)", stop.status().message());
    for (SnapshotRequest& waiting : requests_) waiting.stops.push_back(*stop);
    stops_.push_back(*std::move(stop));
    return;
  }
  auto request = message_.new_row.size() < 3 ? Result<std::optional<SnapshotRequest>>(Status::invalid(fmt::format("Table '{}' needs the columns id, type and data", table)))
                                             : request_of_signal(text(0), text(1), text(2));
  if (!request.ok()) log::warn(kReaderLogger, "{} (signal.data.collection)", request.status().message());
  else if (*request) requests_.push_back(**std::move(request));
}

std::vector<SnapshotRequest> ChangeReader::take_requests(Position* from) {
  if (in_transaction_ || requests_.empty()) return {};
  *from = before_transaction_;
  return std::exchange(requests_, {});
}

Status ChangeReader::truncate(uint64_t lsn) {
  if (settings_.config->skips_truncate) return {};
  for (uint32_t id : std::vector<uint32_t>(message_.relations)) {
    auto relation = relations_.find(id);
    if (relation == relations_.end()) continue;
    if (already_given_out(lsn)) {
      EventMark unused;
      count_in_transaction(relation->second, &unused);
      continue;
    }
    EventMark mark = mark_of(lsn);
    count_in_transaction(relation->second, &mark);
    RETURN_IF_ERROR(tables_[relation->second]->add_truncate(mark));
    ++pending_rows_;
  }
  return {};
}

Status ChangeReader::emitted_message(uint64_t lsn) {
  const ChangeConfig& config = *settings_.config;
  std::string prefix(message_.text);
  if (!settings_.selection->has_message(prefix) || already_given_out(lsn)) return {};
  EventMark mark = mark_of(lsn);
  if (!message_.transactional) {
    mark.tx_id = -1;
    mark.commit_micros = wall_clock_ms() * 1000;
  } else {
    count_in_transaction(kMessages, &mark);
  }
  auto key_schema = struct_schema(config, "io.debezium.connector.postgresql.MessageKey", {{"prefix", text_of(true)}});
  auto content = ConnectSchema::of(config.binaries == BinaryMode::kBytes ? Type::kBytes : Type::kString, true);
  auto block = struct_schema(config, "io.debezium.connector.postgresql.Message", {{"prefix", text_of(true)}, {"content", content}});
  SchemaPtr source = source_schema(config), transaction = transaction_block_schema(config);
  auto schema = struct_schema(config, "io.debezium.connector.postgresql.MessageValue",
                              {{"op", text_of()}, {"ts_ms", long_of(true)}, {"source", source}, {"transaction", transaction}, {"message", block}});
  ASSIGN_OR_RETURN(Value source_value, value_by(source, [&](auto* out) { append_source(config, mark, "", "", out); }));
  ASSIGN_OR_RETURN(Value transaction_value, value_by(transaction, [&](auto* out) { append_transaction(mark, out); }));
  Value message = Value::structure(block, {Value::string(prefix), content_value(config.binaries, message_.content)});
  Value value = Value::structure(schema, {Value::string("m"), Value(wall_clock_ms()), source_value, transaction_value, message});
  ASSIGN_OR_RETURN(auto batch, make_record(config, config.topic_prefix + ".message", Value::structure(key_schema, {Value::string(prefix)}), value));
  settings_.out->push_back(std::move(batch));
  ++pending_rows_;
  return {};
}

Status ChangeReader::transaction_record(bool ends) {
  const ChangeConfig& config = *settings_.config;
  auto key_schema = struct_schema(config, "io.debezium.connector.common.TransactionMetadataKey", {{"id", text_of()}});
  auto collection = struct_schema(config, "event.collection", {{"data_collection", text_of()}, {"event_count", long_of()}}, true);
  auto schema = struct_schema(config, "io.debezium.connector.common.TransactionMetadataValue",
                              {{"status", text_of()}, {"id", text_of()}, {"event_count", long_of(true)}, {"data_collections", list_of(collection)}, {"ts_ms", long_of()}});
  Value::List collections;
  for (const auto& [name, count] : counts_) collections.push_back(Value::structure(collection, {Value::string(name), Value(count)}));
  Value value = Value::structure(schema, {Value::string(ends ? "END" : "BEGIN"), Value::string(transaction_), ends ? Value(total_) : Value(),
                                          ends ? Value::list(std::move(collections)) : Value(), Value(floor_div(message_.commit_micros, 1000))});
  std::string topic = config.topic_prefix + config.topic_delimiter + config.topic_transaction;
  ASSIGN_OR_RETURN(auto batch, make_record(config, topic, Value::structure(key_schema, {Value::string(transaction_)}), value));
  settings_.out->push_back(std::move(batch));
  ++pending_rows_;
  return {};
}

Status ChangeReader::take_row(const Snapshot::SnapshotRow& row, uint64_t lsn, int64_t tx_id, bool aside) {
  ASSIGN_OR_RETURN(TableEvents * table, table_of(*row.table));
  for (const TupleValue& value : row.values) pending_bytes_ += value.text.size();
  const int64_t now_micros = wall_clock_ms() * 1000;
  if (!aside) position_ = {lsn, 0, 0, tx_id, now_micros, "", SnapshotState::kRunning};
  EventMark mark;
  mark.snapshot = row.marker;
  mark.commit_micros = now_micros;
  mark.tx_id = tx_id;
  mark.lsn = lsn;
  Status status = table->add_read(row.values, mark);
  if (status.code() == Code::kNotFound) {
    table->accept_any_label();
    status = table->add_read(row.values, mark);
  }
  if (status.code() == Code::kData && settings_.config->failure_mode != "fail") {
    if (settings_.config->failure_mode == "warn") log::warn(kReaderLogger, "A row of the snapshot is left out: {}", status.message());
    return {};
  }
  if (status.code() == Code::kData) {
    return Status(Code::kFatal, Blame::kUser, status.message() + " (in the snapshot; event.processing.failure.handling.mode)")
        .with_java_class("org.apache.kafka.connect.errors.ConnectException");
  }
  ++pending_rows_;
  return status;
}

Status ChangeReader::flush() {
  for (auto& [name, table] : tables_) {
    if (table) RETURN_IF_ERROR(table->flush());
  }
  pending_rows_ = 0;
  pending_bytes_ = 0;
  return {};
}

}  // namespace bywash::postgres_cdc
