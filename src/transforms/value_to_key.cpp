// ValueToKey: the key becomes a struct or map of fields of the value (org.apache.kafka.connect.transforms.ValueToKey, Kafka 4.3).
// Level 4, the task's thread.
#include <arrow/array.h>

#include <algorithm>

#include "config/java_validators.h"
#include "transforms/config_checks.h"
#include "transforms/declaration.h"
#include "transforms/field_slots.h"
#include "transforms/reject.h"

namespace bywash::transforms {
namespace {

using columnar::ConnectSchema;
using columnar::Type;

constexpr std::string_view kValueToKeyPurpose = "copying fields from value to key";

struct ValueToKeyConfig {
  config::List fields;
  bool replace_null_with_default = true;
};

class KeyFromStruct : public plugin::BoundTransform {
 public:
  KeyFromStruct(std::vector<int> sources, SchemaPtr schema, bool defaults)
      : sources_(std::move(sources)), schema_(std::move(schema)), defaults_(defaults) {}
  Status apply(Batch& batch) override {
    columnar::RowMask rows = batch.selected;
    rows.for_each([&](int64_t row) {
      if (batch.value.is_null(row)) fail_row(batch, row, not_a_struct(kValueToKeyPurpose, "null"));
    });
    std::vector<Column> children;
    for (int source : sources_) {
      Column child = batch.value.child(source);
      if (defaults_) { ASSIGN_OR_RETURN(child, with_default(child)); }
      children.push_back(std::move(child));
    }
    batch.key = make_struct_column(schema_, std::move(children), {}, nullptr, batch.row_count());
    return {};
  }

 private:
  const std::vector<int> sources_;
  const SchemaPtr schema_;
  const bool defaults_;
};

class KeyFromMap : public plugin::BoundTransform {
 public:
  explicit KeyFromMap(config::List fields) : fields_(std::move(fields)) {}
  Status apply(Batch& batch) override {
    if (batch.value.schema->type() == Type::kVariant) return apply_rows(batch);
    columnar::RowMask rows = batch.selected;
    rows.for_each([&](int64_t row) {
      if (batch.value.is_null(row)) fail_row(batch, row, not_a_map(kValueToKeyPurpose, "null"));
    });
    std::vector<Slot> slots;
    for (const std::string& field : fields_) {
      int i = batch.value.schema->field_index(field);
      Column column = i < 0 ? Column{ConnectSchema::schemaless(Type::kNull), std::make_shared<arrow::NullArray>(batch.row_count())}
                            : present_only(batch.value.child(i), batch.value.present(i));
      slots.push_back({field, std::move(column), nullptr});
    }
    // The value's nulls have failed above: what is selected has a key.
    batch.key = assemble_(std::move(slots), batch.value);
    return {};
  }

 private:
  Status apply_rows(Batch& batch) {
    std::vector<Value> keys(static_cast<size_t>(batch.row_count()));
    columnar::RowMask rows = batch.selected;
    rows.for_each([&](int64_t row) {
      Value value = value_at(batch.value, row);
      const Value::Map* map = value.as_map();
      if (!map) {
        fail_row(batch, row, not_a_map(kValueToKeyPurpose, java_class_of(value)));
        return;
      }
      Value::Map key;
      for (const std::string& field : fields_) {
        const Value* found = map_get(*map, field);
        key.emplace_back(Value::string(field), found ? *found : Value());
      }
      keys[static_cast<size_t>(row)] = Value::map(std::move(key));
    });
    ASSIGN_OR_RETURN(batch.key, columnar::infer_column(keys));
    return {};
  }
  const config::List fields_;
  ObjectAssembler assemble_;
};

class ValueToKey : public plugin::Transform {
 public:
  explicit ValueToKey(ValueToKeyConfig config) : config_(std::move(config)) {}
  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas& schemas) override {
    const ConnectSchema& schema = *schemas.value;
    if (schema.schemaless()) {
      if (schema.type() != Type::kObject && schema.type() != Type::kVariant) return reject_not_map(Side::kValue, kValueToKeyPurpose, false);
      return make_bound<KeyFromMap>(config_.fields);
    }
    if (schema.type() != Type::kStruct) return reject_not_struct(Side::kValue, kValueToKeyPurpose, false);
    StructSchemaBuilder builder;
    std::vector<int> sources;
    for (const std::string& field : config_.fields) {
      int i = schema.field_index(field);
      if (i < 0) return data_error(kDataException, "Field does not exist: " + field);
      RETURN_IF_ERROR(builder.add(field, schema.fields()[static_cast<size_t>(i)].schema));
      sources.push_back(i);
    }
    return make_bound<KeyFromStruct>(std::move(sources), builder.build(), config_.replace_null_with_default);
  }

 private:
  const ValueToKeyConfig config_;
};

}  // namespace

plugin::TransformPlugin value_to_key() {
  using C = ValueToKeyConfig;
  config::TypedConfig<C> def;
  def.key("fields", &C::fields).required().high().check(config::distinct_values("fields", false)).doc("Field names on the record value to extract as the record key.");
  define_replace_null(def, &C::replace_null_with_default);
  return declare(transform_info("value_to_key", "ValueToKey", Sided::kNo, "Makes the key of fields of the value",
                                "Replaces the key by a struct (with a schema) or map (without) of the listed fields of the value.",
                                {R"({"fields": "customer_id,order_id"})"}),
                 def, [](C c, Side) { return make_transform<ValueToKey>(std::move(c)); });
}

}  // namespace bywash::transforms
