// Flatten: nested structs and maps become fields with joined names (org.apache.kafka.connect.transforms.Flatten, Kafka 4.3). Columns are
// shared; only nulls of optional parents are carried down. Level 4, the task's thread.
#include <arrow/array.h>
#include <arrow/builder.h>

#include "columnar/java_text.h"
#include "base/text.h"
#include "transforms/declaration.h"
#include "transforms/field_slots.h"
#include "transforms/reject.h"

namespace bywash::transforms {
namespace {

using columnar::ConnectSchema;
using columnar::Type;

constexpr std::string_view kFlattenPurpose = "flattening";

struct FlattenConfig {
  std::string delimiter;
};

class FlattenStruct : public plugin::BoundTransform {
 public:
  FlattenStruct(Side side, std::string delimiter) : side_(side), delimiter_(std::move(delimiter)) {}
  static Result<std::unique_ptr<BoundTransform>> bind(Side side, const std::string& delimiter, const ConnectSchema& schema) {
    auto bound = std::make_unique<FlattenStruct>(side, delimiter);
    auto builder = StructSchemaBuilder::basics_of(schema);
    RETURN_IF_ERROR(bound->add_fields(schema, "", schema.optional(), schema.default_value().get(), builder));
    bound->schema_ = builder.build();
    return std::unique_ptr<BoundTransform>(std::move(bound));
  }
  void leave_out(const Batch& batch, columnar::RowMask* rows) const override { leave_out_nulls(column_of(batch, side_), rows); }
  Status apply(Batch& batch) override {
    Column& record = column_of(batch, side_);
    std::vector<Slot> slots;
    RETURN_IF_ERROR(collect(record, slots));
    for (size_t i = 0; i < slots.size(); ++i) slots[i].column.schema = schema_->fields()[i].schema;
    record = assemble_struct(schema_, std::move(slots), record);
    return {};
  }

 private:
  // `from_parent`: the default of the struct around, which gives its fields theirs.
  Status add_fields(const ConnectSchema& schema, const std::string& prefix, bool optional, const Value* from_parent, StructSchemaBuilder& builder) {
    const Value::Struct* defaults = from_parent ? from_parent->as_struct() : nullptr;
    for (size_t i = 0; i < schema.fields().size(); ++i) {
      const auto& field = schema.fields()[i];
      const std::string name = prefix.empty() ? field.name : prefix + delimiter_ + field.name;
      const bool field_optional = optional || field.schema->optional();
      std::shared_ptr<const Value> value = field.schema->default_value();
      if (!value && defaults && !defaults->values[i].is_null()) value = std::make_shared<const Value>(defaults->values[i]);
      if (field.schema->type() == Type::kStruct) {
        RETURN_IF_ERROR(add_fields(*field.schema, name, field_optional, value.get(), builder));
      } else if (field.schema->type() == Type::kMap) {
        return data_error(kDataException, fmt::format("Flatten transformation does not support {} for record with schemas (for field {}).",
                                                      ascii_upper(to_string(field.schema->type())), name));
      } else {
        columnar::SchemaSpec spec = field.schema->spec();
        spec.optional = field_optional;
        spec.default_value = std::move(value);
        RETURN_IF_ERROR(builder.add(name, ConnectSchema::make(std::move(spec))));
      }
    }
    return {};
  }
  // Leaves in order, with what their own schemas have as defaults put in where the struct around is there.
  static Status collect(const Column& record, std::vector<Slot>& slots) {
    for (size_t i = 0; i < record.schema->fields().size(); ++i) {
      ASSIGN_OR_RETURN(Column child, with_default(record.child(static_cast<int>(i))));
      child = masked_by_parent(child, record);
      if (child.schema->type() == Type::kStruct) RETURN_IF_ERROR(collect(child, slots));
      else slots.push_back({"", std::move(child), nullptr});
    }
    return {};
  }
  const Side side_;
  const std::string delimiter_;
  SchemaPtr schema_;
};

class FlattenMap : public plugin::BoundTransform {
 public:
  FlattenMap(Side side, std::string delimiter) : side_(side), delimiter_(std::move(delimiter)) {}
  void leave_out(const Batch& batch, columnar::RowMask* rows) const override { leave_out_nulls(column_of(batch, side_), rows); }
  Status apply(Batch& batch) override {
    const ConnectSchema& schema = *column_of(batch, side_).schema;
    if (flat(schema)) return {};
    return map_schemaless_rows(batch, side_, [&](const Value& value, int64_t) -> Result<Value> {
      const Value::Map* map = value.as_map();
      if (!map) return not_a_map(kFlattenPurpose, java_class_of(value));
      Value::Map out;
      RETURN_IF_ERROR(flatten(*map, "", out));
      return Value::map(std::move(out));
    });
  }

 private:
  static bool flat(const ConnectSchema& schema) {
    if (schema.type() != Type::kObject) return false;
    for (const auto& field : schema.fields()) {
      if (field.schema->type() == Type::kObject || field.schema->type() == Type::kVariant || field.schema->type() == Type::kMap) return false;
    }
    return true;
  }
  Status flatten(const Value::Map& map, const std::string& prefix, Value::Map& out) {
    // Of two fields with the same joined name the one that a HashMap walks later stays.
    std::vector<Value> keys;
    for (const auto& entry : map) keys.push_back(entry.first);
    for (size_t i : columnar::java_hash_order(keys)) {
      const auto& [key, value] = map[i];
      auto* own = key.get_if<std::string>();
      if (!own) return data_error(kClassCast, fmt::format("class {} cannot be cast to class java.lang.String", java_class_of(key)));
      const std::string name = prefix.empty() ? *own : prefix + delimiter_ + *own;
      if (const Value::Map* inner = value.as_map()) {
        RETURN_IF_ERROR(flatten(*inner, name, out));
      } else if (value.is<columnar::Decimal>() || value.is<Value::Millis>()) {
        return data_error(kDataException, fmt::format("Flatten transformation was passed a value of type class {} which is not supported by Connect's data API",
                                                      java_class_of(value)));
      } else if (value.as_struct()) {
        return data_error(kDataException, fmt::format("Flatten transformation does not support class {} for record without schemas (for field {}).",
                                                      java_class_of(value), name));
      } else {
        map_put(out, name, value);
      }
    }
    return {};
  }
  const Side side_;
  const std::string delimiter_;
};

class Flatten : public plugin::Transform {
 public:
  Flatten(std::string delimiter, Side side) : delimiter_(std::move(delimiter)), side_(side) {}
  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas& schemas) override {
    const ConnectSchema& schema = *schema_of(schemas, side_);
    if (schema.schemaless()) {
      if (schema.type() != Type::kObject && schema.type() != Type::kVariant) return reject_not_map(side_, kFlattenPurpose);
      return make_bound<FlattenMap>(side_, delimiter_);
    }
    if (schema.type() != Type::kStruct) return reject_not_struct(side_, kFlattenPurpose);
    auto bound = FlattenStruct::bind(side_, delimiter_, schema);
    if (!bound.ok()) return reject_with(side_, bound.status());
    return bound;
  }

 private:
  const std::string delimiter_;
  const Side side_;
};

}  // namespace

plugin::TransformPlugin flatten() {
  config::TypedConfig<FlattenConfig> def;
  def.key("delimiter", &FlattenConfig::delimiter).by_default(".")
      .doc("Delimiter to insert between field names from the input record when generating field names for the output record");
  return declare(transform_info("flatten", "Flatten", Sided::kYes, "Makes nested fields top-level fields",
                                "Fields of nested structs and maps become fields of the record, their names joined by `delimiter`. Arrays stay as they are.",
                                {R"({"delimiter": "_"})"}),
                 def, [](FlattenConfig c, Side side) { return make_transform<Flatten>(std::move(c.delimiter), side); });
}

}  // namespace bywash::transforms
