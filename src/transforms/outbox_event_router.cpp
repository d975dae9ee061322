// EventRouter: rows of an outbox table become the events that they hold (io.debezium.transforms.outbox.EventRouter, Debezium 3.4): topic
// and key by columns of the row, the payload as value, other columns as headers or beside the payload. Level 4, the task's thread.
#include <arrow/array.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/log.h"
#include "base/text.h"
#include "config/properties.h"
#include "transforms/change_event.h"
#include "transforms/config_checks.h"
#include "transforms/divided_transform.h"
#include "transforms/field_slots.h"
#include "transforms/java_regex.h"
#include "transforms/json_payload.h"
#include "transforms/record_node.h"
#include "transforms/reject.h"

namespace bywash::transforms {
namespace {

using columnar::ConnectSchema;
using columnar::Type;

struct OutboxConfig {
  std::string id, key, payload, invalid_behavior, null_behavior, route_by, regex, replacement;
  std::optional<std::string> timestamp, version;
  config::List placement;
  bool error_on_missing = true, expand_json = false, tombstone_on_empty = false;
  // What a user's configuration may carry on: the type is not used by the original either, tracing is another program's.
  std::string type, tracing_field, tracing_operation;
  bool tracing_only = false;
};

// "field:header", "field:envelope:alias", "field:partition".
struct ExtraField {
  enum class Place : uint8_t { kHeader, kEnvelope, kPartition } place = Place::kHeader;
  std::string field, alias;
};

Result<std::vector<ExtraField>> extra_fields_of(const config::List& items) {
  std::vector<ExtraField> out;
  for (const std::string& item : items) {
    const config::List parts = java_split(item, ':');
    if (parts.size() != 2 && parts.size() != 3) return config_error("A comma-separated list of valid String pairs or trios is expected but got: " + java_list(items));
    ExtraField extra;
    const std::string place = ascii_lower(config::trim(parts[1]));
    if (place == "header") extra.place = ExtraField::Place::kHeader;
    else if (place == "envelope") extra.place = ExtraField::Place::kEnvelope;
    else if (place == "partition") extra.place = ExtraField::Place::kPartition;
    else return config_error(fmt::format("'{}' is no place for a field: use header, envelope or partition", parts[1]));
    extra.field = std::string(config::trim(parts[0]));
    extra.alias = parts.size() == 3 ? std::string(config::trim(parts[2])) : extra.field;
    out.push_back(std::move(extra));
  }
  return out;
}

struct OutboxPlan {
  OutboxConfig config;
  std::vector<ExtraField> extras;
  std::shared_ptr<const JavaRegex> regex;
  bool fails_on_updates = false, only_payload = true, nulls_as_bytes = false;
};

// What a row becomes, as far as its schema and partition go; rows that are alike go on together.
struct EventShape {
  SchemaPtr payload;  // null: a tombstone
  std::optional<ExpandedJson> expanded;
  std::string name;  // of the value's schema, where it is a struct around the payload
  std::optional<int32_t> version, partition;
};

class OutboxRows : public DividedTransform {
 public:
  OutboxRows(const OutboxPlan& plan, SchemaPtr schema) : plan_(plan), schema_(std::move(schema)) { refusal_ = look_up(); }

  std::vector<uint32_t> parts(const Batch& batch, const columnar::RowMask& rows) const override {
    if (!refusal_.ok()) return {};
    const bool one_shape = plan_.only_payload && !plan_.config.expand_json && !plan_.config.tombstone_on_empty && partition_ < 0;
    if (one_shape) return {};
    std::vector<uint32_t> part(static_cast<size_t>(batch.row_count()));
    std::vector<EventShape> shapes;
    const RecordColumn records(batch.value);
    rows.for_each([&](int64_t row) {
      if (!is_event(batch, row)) return;
      auto shape = shape_of(records, row);
      if (!shape.ok()) return;
      size_t at = 0;
      while (at < shapes.size() && !alike(shapes[at], *shape)) ++at;
      if (at == shapes.size()) shapes.push_back(*std::move(shape));
      part[static_cast<size_t>(row)] = static_cast<uint32_t>(at + 1);
    });
    return part;
  }

  Status apply(Batch& batch) override {
    columnar::RowMask rows = batch.selected;
    std::optional<EventShape> common;
    std::vector<Value> expanded(plan_.config.expand_json ? static_cast<size_t>(batch.row_count()) : 0);
    int64_t updates = 0;
    const RecordColumn records(batch.value);
    rows.for_each([&](int64_t row) {
      if (!settle(batch, row, &updates)) return;
      auto shape = shape_of(records, row);
      Status routed = shape.ok() ? route(batch, records, row) : shape.status();
      if (!routed.ok()) {
        fail_row(batch, row, std::move(routed));
        return;
      }
      if (shape->expanded) expanded[static_cast<size_t>(row)] = shape->expanded->value;
      if (!common) common = *std::move(shape);
    });
    if (updates > 0) log_updates(updates);
    return common ? build(batch, *common, std::move(expanded)) : Status();
  }

 private:
  static bool alike(const EventShape& a, const EventShape& b) {
    const bool same_payload = a.payload == b.payload || (a.payload && b.payload && a.payload->equals(*b.payload));
    return same_payload && a.expanded.has_value() == b.expanded.has_value() && a.name == b.name && a.version == b.version && a.partition == b.partition;
  }
  void log_updates(int64_t updates) const {
    const std::string message = fmt::format("{} updates of outbox rows were dropped: rows of an outbox are inserted and deleted only", updates);
    if (ascii_lower(config::trim(plan_.config.invalid_behavior)) == "error") log::error("transforms", "{}", message);
    else log::warn("transforms", "{}", message);
  }

  Status missing(const std::string& name) const { return data_error(kDataException, name + " is not a valid field name"); }
  static Status wrong_type(const std::string& name, std::string_view type) {
    return data_error(kDataException, fmt::format("Field '{}' is not of type {}", name, type));
  }
  // The fields that the configuration names, in the event's schema, with the original's answers where they are not there.
  Status look_up() {
    if (schema_->type() != Type::kStruct) return not_a_struct("Detect Debezium Operation", java_class_of(*schema_));
    op_ = schema_->field_index("op");
    if (op_ < 0) return missing("op");
    if (schema_->fields()[static_cast<size_t>(op_)].schema->type() != Type::kString) return wrong_type("op", "STRING");
    event_refusal_ = look_up_row();
    return {};
  }
  Status look_up_row() {
    after_ = schema_->field_index("after");
    if (after_ < 0) return data_error(kIllegalArgument, "Unknown field: after");
    row_ = schema_->fields()[static_cast<size_t>(after_)].schema;
    if (row_->type() != Type::kStruct) return not_a_struct("Read Outbox Event", java_class_of(*row_));
    const OutboxConfig& c = plan_.config;
    payload_ = row_->field_index(c.payload);
    if (payload_ < 0) return data_error(kConnectExceptionClass, fmt::format("Unable to find payload field {} in event", c.payload));
    RETURN_IF_ERROR(look_up_timestamp());
    id_ = row_->field_index(c.id);
    if (id_ < 0) return missing(c.id);
    topic_ = row_->field_index(c.route_by);
    for (size_t i = 0; i < plan_.extras.size(); ++i) RETURN_IF_ERROR(look_up_extra(plan_.extras[i]));
    if (c.version && !plan_.only_payload) {
      version_ = row_->field_index(*c.version);
      if (version_ < 0) return missing(*c.version);
      if (field(version_).schema->type() != Type::kInt32) return wrong_type(*c.version, "INT32");
    }
    key_ = row_->field_index(c.key);
    if (key_ < 0) return missing(c.key);
    if (topic_ < 0) return missing(c.route_by);
    return field(topic_).schema->type() == Type::kString ? Status() : wrong_type(c.route_by, "STRING");
  }
  Status look_up_timestamp() {
    const auto& name = plan_.config.timestamp;
    const auto at_event = [&]() -> Status {
      event_time_ = schema_->field_index("ts_ms");
      if (event_time_ < 0) return missing("ts_ms");
      return schema_->fields()[static_cast<size_t>(event_time_)].schema->type() == Type::kInt64 ? Status() : wrong_type("ts_ms", "INT64");
    };
    if (!name) return at_event();
    time_ = row_->field_index(*name);
    if (time_ < 0) return data_error(kConnectExceptionClass, fmt::format("Unable to find timestamp field {} in event", *name));
    const ConnectSchema& schema = *field(time_).schema;
    if (schema.type() != Type::kInt64) return wrong_type(*name, "INT64");
    // Counts only for rows where the field is null.
    (void)at_event();
    if (!schema.name()) {
      return data_error(kConnectExceptionClass, fmt::format("Unsupported field type {} (without logical schema name) for event timestamp", "INT64"));
    }
    if (*schema.name() == "io.debezium.time.Timestamp") time_divisor_ = 1;
    else if (*schema.name() == "io.debezium.time.MicroTimestamp") time_divisor_ = 1000;
    else if (*schema.name() == "io.debezium.time.NanoTimestamp") time_divisor_ = 1'000'000;
    else return data_error(kConnectExceptionClass, fmt::format("Unsupported field type {} for event timestamp", *schema.name()));
    return {};
  }
  Status look_up_extra(const ExtraField& extra) {
    const int at = row_->field_index(extra.field);
    if (at < 0 && plan_.config.error_on_missing) {
      return extra.place == ExtraField::Place::kEnvelope ? data_error(kNullPointer, fmt::format("The row has no field '{}'", extra.field)) : missing(extra.field);
    }
    if (extra.place == ExtraField::Place::kPartition) {
      if (at >= 0 && field(at).schema->type() != Type::kInt32) return wrong_type(extra.field, "INT32");
      partition_ = at;
    }
    extras_.push_back(at);
    return {};
  }
  const columnar::Field& field(int at) const { return row_->fields()[static_cast<size_t>(at)]; }

  // Null: no text.
  static std::optional<std::string> text_at(const Column& column, int64_t row) {
    if (column.is_null(row)) return std::nullopt;
    return std::string(static_cast<const arrow::StringArray&>(*column.data).GetView(row));
  }
  bool is_event(const Batch& batch, int64_t row) const {
    if (batch.value.is_null(row)) return false;
    const auto op = text_at(batch.value.child(op_), row);
    return op && *op != "d" && *op != "u" && event_refusal_.ok() && !batch.value.child(after_).is_null(row);
  }
  // Drops or fails what is no event; true for events.
  bool settle(Batch& batch, int64_t row, int64_t* updates) const {
    if (batch.value.is_null(row)) {
      batch.drop(row);
      return false;
    }
    if (!refusal_.ok()) return fail_row(batch, row, refusal_), false;
    const auto op = text_at(batch.value.child(op_), row);
    if (!op) return fail_row(batch, row, data_error(kNullPointer, "The event's 'op' is null")), false;
    if (*op == "d" || (*op == "u" && !plan_.fails_on_updates)) {
      *updates += *op == "u";
      batch.drop(row);
      return false;
    }
    if (*op == "u") {
      return fail_row(batch, row, data_error("java.lang.IllegalStateException", "Unexpected update message received, fail: rows of an outbox are inserted and deleted only")), false;
    }
    Status refusal = event_refusal_;
    if (after_ >= 0 && batch.value.child(after_).is_null(row)) refusal = not_a_struct("Read Outbox Event", "null");
    if (!refusal.ok()) return fail_row(batch, row, std::move(refusal)), false;
    return true;
  }

  Result<EventShape> shape_of(const RecordColumn& records, int64_t row) const {
    const RecordNode event = RecordNode(records, row).member("after");
    EventShape out;
    out.payload = field(payload_).schema;
    const Value payload = event.member(field(payload_).name, true).value();
    bool empty = payload.is_null();
    if (auto* text = payload.get_if<std::string>()) {
      empty = config::trim(*text).empty();
      if (plan_.config.expand_json) out.expanded = expand_json(*text, plan_.config.payload, plan_.nulls_as_bytes);
      if (out.expanded) out.payload = out.expanded->schema;
    }
    if (!plan_.only_payload) {
      const auto topic = text_of(event, topic_);
      if (version_ >= 0) {
        const Value version = event.member(field(version_).name).value();
        if (auto* n = version.get_if<int32_t>()) out.version = *n;
      }
      out.name = schema_name(topic.value_or("null"));
    }
    if (partition_ >= 0) {
      const Value partition = event.member(field(partition_).name).value();
      if (auto* n = partition.get_if<int32_t>()) out.partition = *n;
    }
    if (empty && plan_.config.tombstone_on_empty) out = {nullptr, std::nullopt, "", std::nullopt, out.partition};
    return out;
  }
  std::optional<std::string> text_of(const RecordNode& event, int at) const {
    const Value value = event.member(field(at).name).value();
    auto* text = value.get_if<std::string>();
    return text ? std::optional(*text) : std::nullopt;
  }
  // The row's schema name with the topic before its last part.
  std::string schema_name(const std::string& topic) const {
    if (!row_->name()) return topic;
    const std::string& name = *row_->name();
    const size_t dot = name.rfind('.');
    return dot == std::string::npos ? topic + "." + name : name.substr(0, dot + 1) + topic + "." + name.substr(dot + 1);
  }

  // Topic, time and headers of one event.
  Status route(Batch& batch, const RecordColumn& records, int64_t row) const {
    const RecordNode record(records, row), event = record.member("after");
    const auto topic = text_of(event, topic_);
    if (!topic) return data_error(kNullPointer, fmt::format("The field '{}' is null, so the event gets no topic from it", plan_.config.route_by));
    ASSIGN_OR_RETURN(bool matches, plan_.regex->matches(*topic));
    std::string routed = *topic;
    if (matches) { ASSIGN_OR_RETURN(routed, plan_.regex->replace_first(*topic, plan_.config.replacement)); }
    const Value time = time_ < 0 ? Value() : event.member(field(time_).name).value();
    int64_t ms = -1;
    if (auto* n = time.get_if<int64_t>()) {
      ms = *n / time_divisor_;
    } else {
      if (event_time_ < 0) return missing("ts_ms");
      const Value now = record.member("ts_ms").value();
      if (auto* at = now.get_if<int64_t>()) ms = *at;
    }
    if (batch.topics.empty()) batch.topics.assign(batch.offsets.size(), batch.topic);
    if (batch.headers.empty()) batch.headers.resize(batch.offsets.size());
    const auto at = static_cast<size_t>(row);
    batch.topics[at] = std::move(routed);
    batch.timestamps_ms[at] = ms;
    batch.headers[at].push_back({"id", field(id_).schema, event.member(field(id_).name, true).value()});
    for (size_t i = 0; i < plan_.extras.size(); ++i) {
      if (plan_.extras[i].place != ExtraField::Place::kHeader || extras_[i] < 0) continue;
      batch.headers[at].push_back({plan_.extras[i].alias, field(extras_[i]).schema, event.member(plan_.extras[i].field, true).value()});
    }
    return {};
  }

  Result<Column> row_field(const Batch& batch, int at) const {
    const Column after = batch.value.child(after_);
    ASSIGN_OR_RETURN(Column column, with_default(after.child(at)));
    return masked_by_parent(column, after);
  }

  // Key and value of the events of one shape.
  Status build(Batch& batch, const EventShape& shape, std::vector<Value> expanded) {
    ASSIGN_OR_RETURN(Column key, row_field(batch, key_));
    Column value{ConnectSchema::schemaless(Type::kNull), nullptr};
    if (!shape.payload) {
      value.data = std::make_shared<arrow::NullArray>(batch.row_count());
    } else {
      ASSIGN_OR_RETURN(value, payload_column(batch, shape, std::move(expanded)));
      if (!plan_.only_payload) { ASSIGN_OR_RETURN(value, enveloped(batch, shape, std::move(value))); }
    }
    batch.key = std::move(key);
    batch.value = std::move(value);
    batch.kafka_partition = shape.partition.value_or(-1);
    return {};
  }
  Result<Column> payload_column(const Batch& batch, const EventShape& shape, std::vector<Value> expanded) {
    if (!shape.expanded) return row_field(batch, payload_);
    const SchemaPtr schema = known(shape.payload);
    columnar::ValueAppender appender(schema);
    for (const Value& value : expanded) RETURN_IF_ERROR(value.is_null() ? appender.append_null() : appender.append(value));
    return appender.finish();
  }
  Result<Column> enveloped(const Batch& batch, const EventShape& shape, Column payload) {
    StructSchemaBuilder builder;
    builder.spec().name = shape.name;
    builder.spec().version = shape.version;
    RETURN_IF_ERROR(builder.add("payload", payload.schema));
    std::vector<Column> children{std::move(payload)};
    for (size_t i = 0; i < plan_.extras.size(); ++i) {
      if (plan_.extras[i].place != ExtraField::Place::kEnvelope || extras_[i] < 0) continue;
      ASSIGN_OR_RETURN(Column column, row_field(batch, extras_[i]));
      RETURN_IF_ERROR(builder.add(plan_.extras[i].alias, field(extras_[i]).schema));
      children.push_back(std::move(column));
    }
    return make_struct_column(known(builder.build()), std::move(children), {}, nullptr, batch.row_count());
  }
  // Schemas that come out again and again keep one pointer, so that what follows in the chain stays bound.
  SchemaPtr known(SchemaPtr schema) {
    for (const SchemaPtr& one : known_) {
      if (one->equals(*schema)) return one;
    }
    if (known_.size() >= 64) known_.clear();
    known_.push_back(schema);
    return schema;
  }

  const OutboxPlan& plan_;
  const SchemaPtr schema_;
  SchemaPtr row_;
  Status refusal_;        // of every record with a value
  Status event_refusal_;  // of every one that is an event
  int op_ = -1, after_ = -1, payload_ = -1, id_ = -1, key_ = -1, topic_ = -1, version_ = -1, time_ = -1, event_time_ = -1, partition_ = -1;
  int64_t time_divisor_ = 1;
  std::vector<int> extras_;
  std::vector<SchemaPtr> known_;
};

// Records that are no change events pass; tombstones are dropped whatever they are.
class OutboxTombstones : public plugin::BoundTransform {
 public:
  bool edits_selected_only() const override { return true; }
  Status apply(Batch& batch) override {
    columnar::RowMask rows = batch.selected;
    rows.for_each([&](int64_t row) {
      if (batch.value.is_null(row)) batch.drop(row);
    });
    return {};
  }
};

class OutboxEventRouter : public plugin::Transform {
 public:
  explicit OutboxEventRouter(OutboxPlan plan) : plan_(std::move(plan)) {}
  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas& schemas) override {
    if (!is_envelope(*schemas.value)) return make_bound<OutboxTombstones>();
    return make_bound<OutboxRows>(plan_, schemas.value);
  }

 private:
  const OutboxPlan plan_;
};

config::TypedConfig<OutboxConfig> outbox_row_keys() {
  using C = OutboxConfig;
  config::TypedConfig<C> def;
  def.key("table.field.event.id", &C::id).by_default("id").low().doc("The column with the event's id, which becomes the header `id`.");
  def.key("table.field.event.key", &C::key).by_default("aggregateid").low().doc("The column with the event's key.");
  def.key("table.field.event.type", &C::type).by_default("type").low().doc("The column with the event's type. Without effect, as in the original; place it with `table.fields.additional.placement`.");
  def.key("table.field.event.payload", &C::payload).by_default("payload").low().doc("The column with the event's payload.");
  def.key("table.field.event.timestamp", &C::timestamp).doc("The column with the record's time; without it that of the change event counts.");
  def.key("table.fields.additional.placement", &C::placement).by_default("").high()
      .doc("More columns, as `column:place` or `column:place:alias`. Places: `header`, `envelope` (beside the payload; the value is then a struct) and `partition`.");
  def.key("table.fields.additional.error.on.missing", &C::error_on_missing).by_default("true").doc("Whether records without one of those columns fail. When false, the column is left out.");
  def.key("table.field.event.schema.version", &C::version).low().doc("The column with the version of the value's schema, where the value is a struct around the payload.");
  return def;
}

config::TypedConfig<OutboxConfig> outbox_keys() {
  using C = OutboxConfig;
  config::TypedConfig<C> def = outbox_row_keys();
  def.key("table.op.invalid.behavior", &C::invalid_behavior).by_default("warn").one_of({"warn", "error", "fatal"}, true)
      .doc("What becomes of updates of outbox rows: dropped with a warning (`warn`) or an error (`error`) in the log, or failed (`fatal`).");
  def.key("table.expand.json.payload", &C::expand_json).by_default("false").doc("Whether a payload that is the text of a JSON object becomes a struct, with a schema by its contents. Other texts stay.");
  def.key("table.json.payload.null.behavior", &C::null_behavior).by_default("ignore").one_of({"ignore", "optional_bytes"}, true)
      .doc("Whether nulls of a payload that is expanded are left out (`ignore`) or kept as optional bytes (`optional_bytes`).");
  def.key("route.by.field", &C::route_by).by_default("aggregatetype").high().doc("The column by which events are routed.");
  def.key("route.topic.regex", &C::regex).by_default("(?<routedByValue>.*)").low().check(valid_regex, "valid regex").doc("A regular expression that the column's text must match as a whole to be replaced.");
  def.key("route.topic.replacement", &C::replacement).by_default("outbox.event.${routedByValue}").high().doc("The topic, with `${routedByValue}` and other groups of the expression put in.");
  def.key("route.tombstone.on.empty.payload", &C::tombstone_on_empty).by_default("false").high().doc("Whether an event with an empty payload becomes a tombstone.");
  def.key("tracing.span.context.field", &C::tracing_field).by_default("tracingspancontext").high().doc("Without effect: there is no tracing. The original has none either without OpenTelemetry on its class path.");
  def.key("tracing.operation.name", &C::tracing_operation).by_default("debezium-read").high().doc("Without effect, as the key above.");
  def.key("tracing.with.context.field.only", &C::tracing_only).by_default("false").high().doc("Without effect, as the key above.");
  return def;
}

}  // namespace

plugin::TransformPlugin outbox_event_router() {
  plugin::PluginInfo info;
  info.name = "outbox_event_router";
  info.class_names = {"io.debezium.transforms.outbox.EventRouter"};
  info.summary = "Turns rows of an outbox table into events";
  info.description = "Each inserted row of an outbox table (a Debezium change event) becomes a record of its own: to the topic that a column names, with the key, the payload and the "
                     "time of its columns, its id as header `id`. Deletes and tombstones are dropped; what is no change event passes.";
  info.examples = {"{}", R"({"table.fields.additional.placement": "type:header:eventType,version:envelope", "route.topic.replacement": "${routedByValue}.events"})"};
  auto def = outbox_keys();
  def.check("table.fields.additional.placement", [](const OutboxConfig& c) -> std::optional<std::string> {
    auto extras = extra_fields_of(c.placement);
    return extras.ok() ? std::nullopt : std::optional(extras.status().message());
  });
  info.version = std::string(kDebeziumVersion);
  return declare(std::move(info), def, [](OutboxConfig c, Side) -> Result<std::unique_ptr<plugin::Transform>> {
    OutboxPlan plan;
    ASSIGN_OR_RETURN(plan.extras, extra_fields_of(c.placement));
    plan.only_payload = std::none_of(plan.extras.begin(), plan.extras.end(), [](const ExtraField& e) { return e.place == ExtraField::Place::kEnvelope; });
    ASSIGN_OR_RETURN(JavaRegex regex, JavaRegex::compile(c.regex));
    plan.regex = std::make_shared<const JavaRegex>(std::move(regex));
    plan.fails_on_updates = ascii_lower(config::trim(c.invalid_behavior)) == "fatal";
    plan.nulls_as_bytes = ascii_lower(config::trim(c.null_behavior)) == "optional_bytes";
    plan.config = std::move(c);
    return make_transform<OutboxEventRouter>(std::move(plan));
  });
}

}  // namespace bywash::transforms
