// HeaderFrom: moves or copies fields into headers (org.apache.kafka.connect.transforms.HeaderFrom, Kafka 4.3). Level 4, the task's thread.
#include <arrow/array.h>

#include <algorithm>

#include "transforms/config_checks.h"
#include "transforms/declaration.h"
#include "transforms/field_slots.h"
#include "transforms/reject.h"

namespace bywash::transforms {
namespace {

using columnar::ConnectSchema;
using columnar::Type;

struct HeaderFromConfig {
  config::List fields, headers;
  std::string operation;
  bool replace_null_with_default = true;
};

struct Plan {
  config::List fields, headers;
  bool move = false, defaults = true;
  Side side = Side::kValue;
  std::string_view purpose() const { return move ? "header move" : "header copy"; }
  bool takes(const std::string& name) const { return std::find(fields.begin(), fields.end(), name) != fields.end(); }
};

// Adds a column's values as headers called `name`.
void add_headers(Batch& batch, const std::string& name, const SchemaPtr& schema, const Column& column) {
  if (batch.headers.empty()) batch.headers.resize(static_cast<size_t>(batch.row_count()));
  batch.selected.for_each([&](int64_t row) { batch.headers[static_cast<size_t>(row)].push_back({name, schema, value_at(column, row)}); });
}

class FromStruct : public plugin::BoundTransform {
 public:
  static Result<std::unique_ptr<BoundTransform>> bind(const Plan& plan, const ConnectSchema& schema) {
    auto bound = std::make_unique<FromStruct>(plan);
    auto builder = StructSchemaBuilder::basics_of(schema);
    for (size_t i = 0; i < schema.fields().size(); ++i) {
      if (plan.takes(schema.fields()[i].name)) continue;
      RETURN_IF_ERROR(builder.add(schema.fields()[i].name, schema.fields()[i].schema));
      bound->kept_.push_back(static_cast<int>(i));
    }
    for (const std::string& field : plan.fields) {
      bound->taken_.push_back(schema.field_index(field));
      if (bound->taken_.back() < 0 && bound->missing_.empty()) bound->missing_ = field;
    }
    bound->schema_ = builder.build();
    return std::unique_ptr<BoundTransform>(std::move(bound));
  }
  explicit FromStruct(const Plan& plan) : plan_(plan) {}
  Status apply(Batch& batch) override {
    Column& record = column_of(batch, plan_.side);
    columnar::RowMask rows = batch.selected;
    rows.for_each([&](int64_t row) {
      if (record.is_null(row)) fail_row(batch, row, not_a_struct(plan_.purpose(), "null"));
    });
    // A null record is refused before the field is looked for.
    if (!missing_.empty()) return data_error(kNullPointer, fmt::format("The record has no field '{}'", missing_));
    for (size_t i = 0; i < taken_.size(); ++i) {
      Column child = record.child(taken_[i]);
      if (plan_.defaults) { ASSIGN_OR_RETURN(child, with_default(child)); }
      add_headers(batch, plan_.headers[i], child.schema, child);
    }
    if (!plan_.move) return {};
    std::vector<Slot> slots;
    for (int i : kept_) {
      Column child = record.child(i);
      if (plan_.defaults) { ASSIGN_OR_RETURN(child, with_default(child)); }
      slots.push_back({"", std::move(child), nullptr});
    }
    record = assemble_struct(schema_, std::move(slots), record);
    return {};
  }

 private:
  const Plan plan_;
  std::vector<int> taken_, kept_;
  std::string missing_;  // a field that the schema does not have
  SchemaPtr schema_;
};

class FromMap : public plugin::BoundTransform {
 public:
  explicit FromMap(const Plan& plan) : plan_(plan) {}
  Status apply(Batch& batch) override {
    Column& record = column_of(batch, plan_.side);
    if (record.schema->type() == Type::kVariant) return apply_rows(batch);
    columnar::RowMask rows = batch.selected;
    rows.for_each([&](int64_t row) {
      if (record.is_null(row)) fail_row(batch, row, not_a_map(plan_.purpose(), "null"));
    });
    for (size_t i = 0; i < plan_.fields.size(); ++i) {
      int at = record.schema->field_index(plan_.fields[i]);
      Column column = at < 0 ? Column{ConnectSchema::schemaless(Type::kNull), std::make_shared<arrow::NullArray>(batch.row_count())}
                             : present_only(record.child(at), record.present(at));
      add_headers(batch, plan_.headers[i], nullptr, column);
    }
    if (!plan_.move) return {};
    std::vector<Slot> slots = slots_of(record);
    std::erase_if(slots, [&](const Slot& slot) { return plan_.takes(slot.name); });
    record = assemble_(std::move(slots), record);
    return {};
  }

 private:
  Status apply_rows(Batch& batch) {
    if (batch.headers.empty()) batch.headers.resize(static_cast<size_t>(batch.row_count()));
    columnar::RowMask rows = batch.selected;
    rows.for_each([&](int64_t row) {
      if (column_of(batch, plan_.side).is_null(row)) fail_row(batch, row, not_a_map(plan_.purpose(), "null"));
    });
    return map_schemaless_rows(batch, plan_.side, [&](const Value& value, int64_t row) -> Result<Value> {
      const Value::Map* old = value.as_map();
      if (!old) return not_a_map(plan_.purpose(), java_class_of(value));
      for (size_t i = 0; i < plan_.fields.size(); ++i) {
        const Value* found = map_get(*old, plan_.fields[i]);
        batch.headers[static_cast<size_t>(row)].push_back({plan_.headers[i], nullptr, found ? *found : Value()});
      }
      if (!plan_.move) return value;
      Value::Map map = *old;
      std::erase_if(map, [&](const auto& entry) {
        auto* name = entry.first.template get_if<std::string>();
        return name && plan_.takes(*name);
      });
      return Value::map(std::move(map));
    });
  }
  const Plan plan_;
  ObjectAssembler assemble_;
};

class HeaderFrom : public plugin::Transform {
 public:
  explicit HeaderFrom(Plan plan) : plan_(std::move(plan)) {}
  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas& schemas) override {
    const ConnectSchema& schema = *schema_of(schemas, plan_.side);
    if (schema.schemaless()) {
      if (schema.type() != Type::kObject && schema.type() != Type::kVariant) return reject_not_map(plan_.side, plan_.purpose(), false);
      return make_bound<FromMap>(plan_);
    }
    if (schema.type() != Type::kStruct) return reject_not_struct(plan_.side, plan_.purpose(), false);
    return FromStruct::bind(plan_, schema);
  }

 private:
  const Plan plan_;
};

}  // namespace

plugin::TransformPlugin header_from() {
  using C = HeaderFromConfig;
  config::TypedConfig<C> def;
  auto filled = [](const config::Parsed& value) -> std::optional<std::string> {
    auto* list = std::get_if<config::List>(&value);
    return !list || list->empty() ? std::optional<std::string>("Empty list") : std::nullopt;
  };
  def.key("fields", &C::fields).required().high().check(filled, "non-empty list").doc("Field names in the record whose values are to be copied or moved to headers.");
  def.key("headers", &C::headers).required().high().check(filled, "non-empty list")
      .doc("Header names, in the same order as the field names listed in the fields configuration property.");
  def.key("operation", &C::operation).required().high().one_of({"move", "copy"})
      .doc("Either <code>move</code> if the fields are to be moved to the headers (removed from the key/value), or <code>copy</code> if the fields are to be copied to "
           "the headers (retained in the key/value).");
  define_replace_null(def, &C::replace_null_with_default);
  return declare(transform_info("header_from", "HeaderFrom", Sided::kYes, "Puts fields into headers",
                                "Moves or copies fields of the key or value into headers of the record, one header per field.",
                                {R"({"fields": "trace,source", "headers": "trace-id,origin", "operation": "move"})"}),
                 def, [](C c, Side side) -> Result<std::unique_ptr<plugin::Transform>> {
                   if (c.fields.size() != c.headers.size()) return config_error("'fields' config must have the same number of elements as 'headers' config.");
                   return make_transform<HeaderFrom>(Plan{std::move(c.fields), std::move(c.headers), c.operation == "move", c.replace_null_with_default, side});
                 });
}

}  // namespace bywash::transforms
