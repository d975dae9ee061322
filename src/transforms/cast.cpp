// Cast: fields, or the whole key or value, as another type (org.apache.kafka.connect.transforms.Cast, Kafka 4.3). Level 4, the task's
// thread.
#include <arrow/array.h>

#include "config/properties.h"
#include "transforms/cast_kernels.h"
#include "transforms/cast_rules.h"
#include "transforms/column_map.h"
#include "transforms/config_checks.h"
#include "transforms/declaration.h"
#include "transforms/field_slots.h"
#include "transforms/reject.h"

namespace bywash::transforms {
namespace {

using columnar::ConnectSchema;
using columnar::Type;

constexpr std::string_view kCastPurpose = "cast types";

struct CastConfig {
  config::List spec;
  bool replace_null_with_default = true;
};

struct CastPlan {
  CastSpec spec;
  bool defaults = true;
  Side side = Side::kValue;
};

// The schema of a value that was cast: optional and default of the old one.
Result<SchemaPtr> cast_schema(const ConnectSchema& old, columnar::SchemaSpec spec, Type target) {
  spec.type = target;
  spec.optional = old.optional();
  if (old.default_value()) {
    ASSIGN_OR_RETURN(Value value, cast_value(*old.default_value(), &old, target));
    spec.default_value = std::make_shared<const Value>(std::move(value));
  }
  return ConnectSchema::make(std::move(spec));
}

// Whole columns where the types allow it, else value by value; a row that cannot be cast fails with the same words either way.
Result<Column> cast_rows(Batch& batch, const Column& column, const SchemaPtr& out, const ConnectSchema* from, Type target) {
  std::vector<int64_t> refused;
  if (auto cast = cast_column(column, out, target, &refused)) {
    for (int64_t row : refused) {
      if (batch.selected.test(row)) fail_row(batch, row, cast_value(value_at(column, row), from, target).status());
    }
    return *std::move(cast);
  }
  return map_column(batch, column, out, [&](const Value& v) { return cast_value(v, from, target); });
}

class CastWhole : public plugin::BoundTransform {
 public:
  CastWhole(const CastPlan& plan, SchemaPtr out) : side_(plan.side), target_(*plan.spec.whole), out_(std::move(out)) {}
  void leave_out(const Batch& batch, columnar::RowMask* rows) const override { leave_out_nulls(column_of(batch, side_), rows); }
  Status apply(Batch& batch) override {
    Column& record = column_of(batch, side_);
    const ConnectSchema* schema = record.schema->schemaless() ? nullptr : record.schema.get();
    ASSIGN_OR_RETURN(record, cast_rows(batch, Column(record), out_, schema, target_));
    return {};
  }

 private:
  const Side side_;
  const Type target_;
  const SchemaPtr out_;  // null: schemaless
};

class CastInStruct : public plugin::BoundTransform {
 public:
  static Result<std::unique_ptr<BoundTransform>> bind(const CastPlan& plan, const ConnectSchema& schema) {
    auto bound = std::make_unique<CastInStruct>(plan);
    auto builder = StructSchemaBuilder::basics_of(schema);
    for (const auto& field : schema.fields()) {
      auto cast = plan.spec.fields.find(field.name);
      SchemaPtr out = field.schema;
      if (cast != plan.spec.fields.end()) { ASSIGN_OR_RETURN(out, cast_schema(*field.schema, {}, cast->second)); }
      RETURN_IF_ERROR(builder.add(field.name, std::move(out)));
    }
    if (schema.optional()) builder.optional();
    if (schema.default_value()) {
      return data_error(kDataException, "Cast transformation does not support casting from STRUCT (the schema has a default value)");
    }
    bound->schema_ = builder.build();
    return std::unique_ptr<BoundTransform>(std::move(bound));
  }
  explicit CastInStruct(const CastPlan& plan) : plan_(plan) {}
  void leave_out(const Batch& batch, columnar::RowMask* rows) const override { leave_out_nulls(column_of(batch, plan_.side), rows); }
  Status apply(Batch& batch) override {
    Column& record = column_of(batch, plan_.side);
    std::vector<Slot> slots = slots_of(record);
    for (size_t i = 0; i < slots.size(); ++i) {
      Column& column = slots[i].column;
      if (plan_.defaults) { ASSIGN_OR_RETURN(column, with_default(column)); }
      auto cast = plan_.spec.fields.find(slots[i].name);
      if (cast == plan_.spec.fields.end()) continue;
      const SchemaPtr from = column.schema;
      ASSIGN_OR_RETURN(column, cast_rows(batch, masked_by_parent(column, record), schema_->fields()[i].schema, from.get(), cast->second));
    }
    record = assemble_struct(schema_, std::move(slots), record);
    return {};
  }

 private:
  const CastPlan plan_;
  SchemaPtr schema_;
};

class CastInMap : public plugin::BoundTransform {
 public:
  explicit CastInMap(const CastPlan& plan) : plan_(plan) {}
  void leave_out(const Batch& batch, columnar::RowMask* rows) const override { leave_out_nulls(column_of(batch, plan_.side), rows); }
  Status apply(Batch& batch) override {
    Column& record = column_of(batch, plan_.side);
    if (record.schema->type() == Type::kVariant) return apply_rows(batch);
    std::vector<Slot> slots = slots_of(record);
    for (const auto& [name, target] : plan_.spec.fields) {
      int at = find_slot(slots, name);
      if (at < 0) {
        // A map gets the key, with null.
        slots.push_back({name, {ConnectSchema::schemaless(Type::kNull), std::make_shared<arrow::NullArray>(batch.row_count())}, nullptr});
        continue;
      }
      Slot& slot = slots[static_cast<size_t>(at)];
      Column column = masked_by_parent(present_only(slot.column, slot.present), record);
      ASSIGN_OR_RETURN(slot.column, cast_rows(batch, column, nullptr, nullptr, target));
      slot.present = nullptr;
    }
    record = assemble_(std::move(slots), record);
    return {};
  }

 private:
  Status apply_rows(Batch& batch) {
    return map_schemaless_rows(batch, plan_.side, [&](const Value& value, int64_t) -> Result<Value> {
      const Value::Map* old = value.as_map();
      if (!old) return not_a_map(kCastPurpose, java_class_of(value));
      Value::Map map = *old;
      for (const auto& [name, target] : plan_.spec.fields) {
        const Value* found = map_get(map, name);
        ASSIGN_OR_RETURN(Value cast, cast_value(found ? *found : Value(), nullptr, target));
        map_put(map, name, std::move(cast));
      }
      return Value::map(std::move(map));
    });
  }
  const CastPlan plan_;
  ObjectAssembler assemble_;
};

// Is the first item of a spec nothing but colons?
bool names_nothing(std::string_view spec) {
  const std::string_view first = config::trim(spec.substr(0, spec.find(',')));
  return !first.empty() && first.find_first_not_of(':') == first.npos;
}

class Cast : public plugin::Transform {
 public:
  explicit Cast(CastPlan plan) : plan_(std::move(plan)) {}
  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas& schemas) override {
    const ConnectSchema& schema = *schema_of(schemas, plan_.side);
    if (schema.schemaless()) {
      if (plan_.spec.whole) return make_bound<CastWhole>(plan_, nullptr);
      if (schema.type() != Type::kObject && schema.type() != Type::kVariant) return reject_not_map(plan_.side, kCastPurpose);
      return make_bound<CastInMap>(plan_);
    }
    auto bound = bind_typed(schema);
    if (!bound.ok()) return reject_with(plan_.side, bound.status());
    return bound;
  }

 private:
  Result<std::unique_ptr<plugin::BoundTransform>> bind_typed(const ConnectSchema& schema) {
    if (!plan_.spec.whole) {
      if (schema.type() != Type::kStruct) return data_error(kDataException, "Cannot list fields on non-struct type");
      return CastInStruct::bind(plan_, schema);
    }
    columnar::SchemaSpec basics;
    basics.name = schema.name();
    basics.version = schema.version();
    basics.doc = schema.doc();
    basics.parameters = schema.parameters();
    // The name stays, and a default that was cast is none of its values.
    if (schema.default_value() && schema.logical() != columnar::Logical::kNone) return data_error(kSchemaBuilderException, "Invalid default value");
    ASSIGN_OR_RETURN(SchemaPtr out, cast_schema(schema, std::move(basics), *plan_.spec.whole));
    // The original puts a bare number under the date's schema here, which no converter takes; the date stays one.
    if (out->logical() != columnar::Logical::kNone && out->logical() == schema.logical()) return pass_through();
    return make_bound<CastWhole>(plan_, std::move(out));
  }
  const CastPlan plan_;
};

}  // namespace

plugin::TransformPlugin cast() {
  using C = CastConfig;
  config::TypedConfig<C> def;
  // Parsed below; here the original's words where there is none.
  auto cast_given = [](const config::Parsed& value) -> std::optional<std::string> {
    return std::holds_alternative<std::monostate>(value) ? std::optional<std::string>("Must specify at least one field to cast.") : std::nullopt;
  };
  def.key("spec", &C::spec).required().high().check(cast_given, "list of colon-delimited pairs, e.g. <code>foo:bar,abc:xyz</code>")
      .doc("List of fields and the type to cast them to of the form field1:type,field2:type to cast fields of Maps or Structs. A single type to cast the "
           "entire value. Valid types are int8, int16, int32, int64, float32, float64, boolean, and string. Note that binary fields can only be cast to string.");
  define_replace_null(def, &C::replace_null_with_default);
  def.check("spec", [](const C& c) -> std::optional<std::string> {
    auto spec = parse_cast_spec(c.spec);
    return spec.ok() ? std::nullopt : std::optional(spec.status().message());
  });
  plugin::TransformPlugin out = declare(transform_info("cast", "Cast", Sided::kYes, "Changes the types of fields or of the whole record",
                                "Casts fields of the key or value, or all of it, to another type, with Java's narrowing of numbers.",
                                {R"({"spec": "id:int32,price:float64"})", R"({"spec": "string"})"}),
                 def, [](C c, Side side) -> Result<std::unique_ptr<plugin::Transform>> {
                   ASSIGN_OR_RETURN(CastSpec spec, parse_cast_spec(c.spec));
                   return make_transform<Cast>(CastPlan{std::move(spec), c.replace_null_with_default, side});
                 });
  // Cast.parseFieldTypes looks at the parts of ":" before it counts them.
  out.make = [make = out.make](const plugin::Properties& properties, const std::string& class_name) -> Result<std::unique_ptr<plugin::Transform>> {
    auto made = make(properties, class_name);
    if (made.ok() || !names_nothing(config::get_or(properties, "spec", ""))) return made;
    return Status(made.status()).with_java_class("java.lang.ArrayIndexOutOfBoundsException");
  };
  return out;
}

}  // namespace bywash::transforms
