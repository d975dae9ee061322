// InsertField: puts the record's topic, partition, offset, timestamp or a fixed text into a struct or schemaless map
// (org.apache.kafka.connect.transforms.InsertField, Kafka 4.3). One column per inserted field. Level 4, the task's thread.
#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/type.h>

#include <limits>

#include "config/typed_config.h"
#include "transforms/field_slots.h"
#include "transforms/plugins.h"
#include "transforms/reject.h"

namespace bywash::transforms {
namespace {

using columnar::ConnectSchema;
using columnar::Type;

constexpr std::string_view kInsertFieldPurpose = "field insertion";

struct InsertFieldConfig {
  std::optional<std::string> topic_field, partition_field, offset_field, timestamp_field, static_field, static_value;
  bool replace_null_with_default = true;
};

// "name", "name?" (optional) or "name!" (required).
struct Insertion {
  std::string name;
  bool optional = true;
  static std::optional<Insertion> parse(const std::optional<std::string>& spec) {
    if (!spec) return std::nullopt;
    bool marked = spec->ends_with('?') || spec->ends_with('!');
    return Insertion{spec->substr(0, spec->size() - marked), !spec->ends_with('!')};
  }
};

struct Insertions {
  std::optional<Insertion> topic, partition, offset, timestamp, fixed;
  std::string fixed_value;
  bool defaults = true;
  Side side = Side::kValue;
};

// Builds the inserted columns of a batch.
class InsertedColumns {
 public:
  Result<Column> text(const Batch& batch, const SchemaPtr& schema) {
    if (batch.topics.empty()) return topic_.of(schema, Value::string(batch.topic), batch.row_count());
    arrow::StringBuilder builder;
    for (const std::string& topic : batch.topics) {
      if (auto s = builder.Append(topic); !s.ok()) return Status::fatal(s.message());
    }
    return finish(schema, builder);
  }
  Result<Column> fixed(const SchemaPtr& schema, const std::string& value, int64_t rows) {
    return fixed_.of(schema, Value::string(value), rows);
  }
  Result<Column> partition(const Batch& batch, const SchemaPtr& schema) {
    return partition_.of(schema, batch.kafka_partition < 0 ? Value() : Value(batch.kafka_partition), batch.row_count());
  }
  static Result<Column> offset(const Batch& batch, const SchemaPtr& schema) {
    arrow::Int64Builder builder;
    if (auto s = builder.AppendValues(batch.offsets); !s.ok()) return Status::fatal(s.message());
    return finish(schema, builder);
  }
  // Null where a record has no timestamp.
  static Result<Column> timestamp(const Batch& batch, const SchemaPtr& schema) {
    arrow::TimestampBuilder dated(arrow::timestamp(arrow::TimeUnit::MILLI, "UTC"), arrow::default_memory_pool());
    arrow::Int64Builder plain;
    bool logical = schema->logical() == columnar::Logical::kTimestamp;
    arrow::Status s;
    for (int64_t ms : batch.timestamps_ms) {
      if (logical) s &= ms < 0 ? dated.AppendNull() : dated.Append(ms);
      else s &= ms < 0 ? plain.AppendNull() : plain.Append(ms);
    }
    if (!s.ok()) return Status::fatal(s.message());
    return logical ? finish(schema, dated) : finish(schema, plain);
  }

 private:
  static Result<Column> finish(const SchemaPtr& schema, arrow::ArrayBuilder& builder) {
    auto array = builder.Finish();
    if (!array.ok()) return Status::fatal(array.status().message());
    return Column{schema, array.MoveValueUnsafe()};
  }
  ConstantColumn topic_, fixed_, partition_;
};

Status sink_only() {
  return data_error(kDataException, fmt::format("Only SinkRecord supported for [{}], found: org.apache.kafka.connect.source.SourceRecord", kInsertFieldPurpose));
}

bool refuse_source(Batch& batch, const Insertions& what) {
  if (!what.offset || !batch.from_source) return false;
  columnar::RowMask rows = batch.selected;
  rows.for_each([&](int64_t row) { fail_row(batch, row, sink_only()); });
  return true;
}

class InsertIntoStruct : public plugin::BoundTransform {
 public:
  static Result<std::unique_ptr<BoundTransform>> bind(const Insertions& what, const ConnectSchema& schema) {
    auto bound = std::make_unique<InsertIntoStruct>(what);
    auto builder = StructSchemaBuilder::basics_of(schema);
    for (const auto& field : schema.fields()) RETURN_IF_ERROR(builder.add(field.name, field.schema));
    auto add = [&](const std::optional<Insertion>& insertion, SchemaPtr type, SchemaPtr& out) -> Status {
      if (!insertion) return {};
      return builder.add(insertion->name, out = std::move(type));
    };
    auto optional = [](const std::optional<Insertion>& i) { return i && i->optional; };
    RETURN_IF_ERROR(add(what.topic, ConnectSchema::of(Type::kString, optional(what.topic)), bound->topic_));
    RETURN_IF_ERROR(add(what.partition, ConnectSchema::of(Type::kInt32, optional(what.partition)), bound->partition_));
    RETURN_IF_ERROR(add(what.offset, ConnectSchema::of(Type::kInt64, optional(what.offset)), bound->offset_));
    RETURN_IF_ERROR(add(what.timestamp, ConnectSchema::named(Type::kInt64, columnar::kTimestampName, optional(what.timestamp)), bound->timestamp_));
    RETURN_IF_ERROR(add(what.fixed, ConnectSchema::of(Type::kString, optional(what.fixed)), bound->fixed_));
    bound->schema_ = builder.build();
    return std::unique_ptr<BoundTransform>(std::move(bound));
  }
  explicit InsertIntoStruct(const Insertions& what) : what_(what) {}
  void leave_out(const Batch& batch, columnar::RowMask* rows) const override { leave_out_nulls(column_of(batch, what_.side), rows); }
  Status apply(Batch& batch) override {
    if (refuse_source(batch, what_)) return {};
    Column& record = column_of(batch, what_.side);
    std::vector<Slot> slots = slots_of(record);
    if (what_.defaults) {
      for (Slot& slot : slots) { ASSIGN_OR_RETURN(slot.column, with_default(slot.column)); }
    }
    auto add = [&](Result<Column> column) -> Status {
      RETURN_IF_ERROR(column.status());
      slots.push_back({"", *std::move(column), nullptr});
      return {};
    };
    if (topic_) RETURN_IF_ERROR(add(columns_.text(batch, topic_)));
    if (partition_) RETURN_IF_ERROR(add(columns_.partition(batch, partition_)));
    if (offset_) RETURN_IF_ERROR(add(columns_.offset(batch, offset_)));
    if (timestamp_) RETURN_IF_ERROR(add(columns_.timestamp(batch, timestamp_)));
    if (fixed_) RETURN_IF_ERROR(add(columns_.fixed(fixed_, what_.fixed_value, batch.row_count())));
    record = assemble_struct(schema_, std::move(slots), record);
    return {};
  }

 private:
  const Insertions what_;
  SchemaPtr schema_, topic_, partition_, offset_, timestamp_, fixed_;
  InsertedColumns columns_;
};

class InsertIntoMap : public plugin::BoundTransform {
 public:
  explicit InsertIntoMap(const Insertions& what) : what_(what) {}
  void leave_out(const Batch& batch, columnar::RowMask* rows) const override { leave_out_nulls(column_of(batch, what_.side), rows); }
  Status apply(Batch& batch) override {
    if (refuse_source(batch, what_)) return {};
    Column& record = column_of(batch, what_.side);
    if (record.schema->type() == Type::kVariant) return apply_rows(batch);
    std::vector<Slot> slots = slots_of(record);
    auto put = [&](const std::string& name, Result<Column> column, std::shared_ptr<arrow::BooleanArray> present = nullptr) -> Status {
      RETURN_IF_ERROR(column.status());
      put_slot(slots, {name, *std::move(column), std::move(present)});
      return {};
    };
    if (what_.topic) RETURN_IF_ERROR(put(what_.topic->name, columns_.text(batch, text_)));
    if (what_.partition && batch.kafka_partition >= 0) RETURN_IF_ERROR(put(what_.partition->name, columns_.partition(batch, int32_)));
    if (what_.offset) RETURN_IF_ERROR(put(what_.offset->name, columns_.offset(batch, int64_)));
    if (what_.timestamp) RETURN_IF_ERROR(put_timestamp(batch, slots));
    if (what_.fixed) RETURN_IF_ERROR(put(what_.fixed->name, columns_.fixed(text_, what_.fixed_value, batch.row_count())));
    record = assemble_(std::move(slots), record);
    return {};
  }

 private:
  // Records without timestamp don't get the key at all.
  Status put_timestamp(const Batch& batch, std::vector<Slot>& slots) {
    ASSIGN_OR_RETURN(Column column, columns_.timestamp(batch, int64_));
    std::shared_ptr<arrow::BooleanArray> present;
    if (column.data->null_count() == column.row_count()) return {};
    if (column.data->null_count() > 0) {
      arrow::BooleanBuilder builder;
      for (int64_t ms : batch.timestamps_ms) {
        if (auto s = builder.Append(ms >= 0); !s.ok()) return Status::fatal(s.message());
      }
      if (auto s = builder.Finish(&present); !s.ok()) return Status::fatal(s.message());
    }
    put_slot(slots, {what_.timestamp->name, std::move(column), std::move(present)});
    return {};
  }
  Status apply_rows(Batch& batch) {
    return map_schemaless_rows(batch, what_.side, [&](const Value& value, int64_t row) -> Result<Value> {
      const Value::Map* old = value.as_map();
      if (!old) return not_a_map(kInsertFieldPurpose, java_class_of(value));
      Value::Map map = *old;
      if (what_.topic) map_put(map, what_.topic->name, Value::string(batch.topic_of(row)));
      if (what_.partition && batch.kafka_partition >= 0) map_put(map, what_.partition->name, Value(batch.kafka_partition));
      if (what_.offset) map_put(map, what_.offset->name, Value(batch.offsets[static_cast<size_t>(row)]));
      int64_t ms = batch.timestamps_ms[static_cast<size_t>(row)];
      if (what_.timestamp && ms >= 0) map_put(map, what_.timestamp->name, Value(ms));
      if (what_.fixed) map_put(map, what_.fixed->name, Value::string(what_.fixed_value));
      return Value::map(std::move(map));
    });
  }
  const Insertions what_;
  const SchemaPtr text_ = ConnectSchema::schemaless(Type::kString), int32_ = ConnectSchema::schemaless(Type::kInt32),
                  int64_ = ConnectSchema::schemaless(Type::kInt64);
  InsertedColumns columns_;
  ObjectAssembler assemble_;
};

class InsertField : public plugin::Transform {
 public:
  explicit InsertField(Insertions what) : what_(std::move(what)) {}
  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas& schemas) override {
    const ConnectSchema& schema = *schema_of(schemas, what_.side);
    if (schema.schemaless()) {
      if (schema.type() != Type::kObject && schema.type() != Type::kVariant) return reject_not_map(what_.side, kInsertFieldPurpose);
      return std::unique_ptr<plugin::BoundTransform>(std::make_unique<InsertIntoMap>(what_));
    }
    if (schema.type() != Type::kStruct) return reject_not_struct(what_.side, kInsertFieldPurpose);
    auto bound = InsertIntoStruct::bind(what_, schema);
    if (!bound.ok()) return reject_with(what_.side, bound.status());
    return bound;
  }

 private:
  const Insertions what_;
};

config::TypedConfig<InsertFieldConfig> insert_field_keys() {
  using C = InsertFieldConfig;
  config::TypedConfig<C> def;
  static constexpr std::string_view kMarks = "Suffix with <code>!</code> to make this a required field, or <code>?</code> to keep it optional (the default).";
  auto field = [&](const char* key, std::optional<std::string> C::*member, const char* what) {
    def.key(key, member).doc(fmt::format("Field name for {}{}", what, kMarks));
  };
  field("topic.field", &C::topic_field, "Kafka topic. ");
  field("partition.field", &C::partition_field, "Kafka partition. ");
  field("offset.field", &C::offset_field, "Kafka offset - only applicable to sink connectors.<br/>");
  field("timestamp.field", &C::timestamp_field, "record timestamp. ");
  field("static.field", &C::static_field, "static data field. ");
  def.key("static.value", &C::static_value).doc("Static field value, if field name configured.");
  def.key("replace.null.with.default", &C::replace_null_with_default).by_default("true")
      .doc("Whether to replace fields that have a default value and that are null to the default value. When set to true, the default value is used, otherwise null is used.");
  return def;
}

// What the original finds when it makes the transform, not in its validation.
Status check_together(const InsertFieldConfig& c) {
  if (c.static_field && !c.static_value) {
    return config_error(fmt::format("Invalid value null for configuration static.value: No value specified for static field: {}", *c.static_field));
  }
  if (c.topic_field || c.partition_field || c.offset_field || c.timestamp_field || c.static_field) return {};
  return config_error("No field insertion configured");
}

}  // namespace

plugin::TransformPlugin insert_field() {
  plugin::TransformPlugin p;
  p.info = {.name = "insert_field",
            .class_names = {"org.apache.kafka.connect.transforms.InsertField$Value", "org.apache.kafka.connect.transforms.InsertField$Key"},
            .version = std::string(kVersion),
            .summary = "Puts topic, partition, offset, timestamp or a fixed text into the record",
            .description = "Inserts fields made of the record's metadata or of a configured static value into a struct or schemaless map. "
                           "`$Key` works on the key, `$Value` on the value. Null keys and values pass unchanged.",
            .examples = {R"({"topic.field": "_topic", "offset.field": "_offset!", "timestamp.field": "_timestamp"})",
                         R"({"static.field": "source", "static.value": "shop"})"}};
  auto def = insert_field_keys();
  p.def = def.def();
  p.make = [def](const plugin::Properties& properties, const std::string& class_name) -> Result<std::unique_ptr<plugin::Transform>> {
    ASSIGN_OR_RETURN(InsertFieldConfig c, def.parse(properties));
    RETURN_IF_ERROR(check_together(c));
    Insertions what{Insertion::parse(c.topic_field), Insertion::parse(c.partition_field), Insertion::parse(c.offset_field),
                    Insertion::parse(c.timestamp_field), Insertion::parse(c.static_field), c.static_value.value_or(""),
                    c.replace_null_with_default, side_of(class_name)};
    return std::unique_ptr<plugin::Transform>(std::make_unique<InsertField>(std::move(what)));
  };
  return p;
}

}  // namespace bywash::transforms
