// ExtractField: the record becomes one of its fields (org.apache.kafka.connect.transforms.ExtractField, Kafka 4.3). Level 4, the
// task's thread.
#include <arrow/array.h>
#include <arrow/type.h>

#include "transforms/declaration.h"
#include "transforms/field_path.h"
#include "transforms/field_slots.h"
#include "transforms/reject.h"

namespace bywash::transforms {
namespace {

using columnar::ConnectSchema;
using columnar::Type;

constexpr std::string_view kExtractFieldPurpose = "field extraction";

struct ExtractFieldConfig {
  std::string field, syntax;
  bool replace_null_with_default = true;
};

struct Extraction {
  std::string path;
  std::vector<std::string> steps;
  bool defaults = true;
  Side side = Side::kValue;
};

// Positions of the path's steps; the field's schema decides even for null records.
class ExtractFromStruct : public plugin::BoundTransform {
 public:
  ExtractFromStruct(const Extraction& what, std::vector<int> positions) : defaults_(what.defaults), side_(what.side), positions_(std::move(positions)) {}
  static Result<std::vector<int>> resolve(const Extraction& what, const ConnectSchema& schema) {
    std::vector<int> positions;
    const ConnectSchema* at = &schema;
    for (const std::string& step : what.steps) {
      if (at->type() != Type::kStruct) return data_error(kDataException, "Cannot look up fields on non-struct type");
      int i = at->field_index(step);
      if (i < 0) return data_error(kIllegalArgument, "Unknown field: " + what.path);
      positions.push_back(i);
      at = at->fields()[static_cast<size_t>(i)].schema.get();
    }
    return positions;
  }
  Status apply(Batch& batch) override {
    Column& record = column_of(batch, side_);
    Column at = record;
    for (int position : positions_) {
      Column child = at.child(position);
      if (defaults_) { ASSIGN_OR_RETURN(child, with_default(child)); }
      at = masked_by_parent(child, at);
    }
    record = std::move(at);
    return {};
  }

 private:
  const bool defaults_;
  const Side side_;
  const std::vector<int> positions_;
};

class ExtractFromMap : public plugin::BoundTransform {
 public:
  explicit ExtractFromMap(const Extraction& what) : what_(what) {}
  // Null schemaless records stay as they are.
  void leave_out(const Batch& batch, columnar::RowMask* rows) const override { leave_out_nulls(column_of(batch, what_.side), rows); }
  Status apply(Batch& batch) override {
    Column& record = column_of(batch, what_.side);
    Column at = record;
    for (const std::string& step : what_.steps) {
      if (at.schema->type() == Type::kNull) break;
      if (at.schema->type() != Type::kObject) return apply_rows(batch);
      int i = at.schema->field_index(step);
      at = i < 0 ? Column{ConnectSchema::schemaless(Type::kNull), std::make_shared<arrow::NullArray>(at.row_count())}
                 : masked_by_parent(present_only(at.child(i), at.present(i)), at);
    }
    record = std::move(at);
    return {};
  }

 private:
  Status apply_rows(Batch& batch) {
    return map_schemaless_rows(batch, what_.side, [&](const Value& value, int64_t) -> Result<Value> {
      Value at = value;
      std::string_view purpose = kExtractFieldPurpose;
      for (const std::string& step : what_.steps) {
        if (at.is_null()) return at;
        const Value::Map* map = at.as_map();
        if (!map) return not_a_map(purpose, java_class_of(at));
        const Value* next = map_get(*map, step);
        at = next ? Value(*next) : Value();
        purpose = "nested field access";
      }
      return at;
    });
  }
  const Extraction what_;
};

class ExtractField : public plugin::Transform {
 public:
  explicit ExtractField(Extraction what) : what_(std::move(what)) {}
  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas& schemas) override {
    const ConnectSchema& schema = *schema_of(schemas, what_.side);
    if (schema.type() == Type::kNull) return pass_through();
    // An empty path has no last step for the original to look at.
    Status no_steps = data_error(kIllegalArgument, "fromIndex(0) > toIndex(-1)");
    if (schema.schemaless()) {
      if (schema.type() != Type::kObject && schema.type() != Type::kVariant) return reject_not_map(what_.side, kExtractFieldPurpose);
      if (what_.steps.empty()) return reject_with(what_.side, no_steps);
      return make_bound<ExtractFromMap>(what_);
    }
    if (schema.type() != Type::kStruct) return reject_not_struct_nor_null(what_.side, kExtractFieldPurpose, "Cannot look up fields on non-struct type");
    if (what_.steps.empty()) return no_steps;
    ASSIGN_OR_RETURN(auto positions, ExtractFromStruct::resolve(what_, schema));
    return make_bound<ExtractFromStruct>(what_, std::move(positions));
  }

 private:
  const Extraction what_;
};

}  // namespace

plugin::TransformPlugin extract_field() {
  using C = ExtractFieldConfig;
  config::TypedConfig<C> def;
  def.key("field", &C::field).required().doc("Field name to extract.");
  def.key("replace.null.with.default", &C::replace_null_with_default).by_default("true")
      .doc("Whether to replace fields that have a default value and that are null to the default value. When set to true, the default value is used, otherwise null is used.");
  def.key("field.syntax.version", &C::syntax).by_default("V1").high().one_of({"V1", "V2"}, true)
      .doc("Defines the version of the syntax to access fields. If set to <code>V1</code>, then the field paths are limited to access the elements at the root level "
           "of the struct or map. If set to <code>V2</code>, the syntax will support accessing nested elements. To access nested elements, dotted notation is used. If "
           "dots are already included in the field name, then backtick pairs can be used to wrap field names containing dots. E.g. to access the subfield "
           "<code>baz</code> from a field named \"foo.bar\" in a struct/map the following format can be used to access its elements: \"<code>foo.bar</code>.baz\".");
  return declare(transform_info("extract_field", "ExtractField", Sided::kYes, "Replaces the record by one of its fields",
                                "The key or value becomes the named field of it. Null records stay null.",
                                {R"({"field": "after"})", R"({"field": "address.city", "field.syntax.version": "V2"})"}),
                 def, [](C c, Side side) -> Result<std::unique_ptr<plugin::Transform>> {
                   ASSIGN_OR_RETURN(auto steps, steps_of(c.field, c.syntax));
                   return make_transform<ExtractField>(Extraction{c.field, std::move(steps), c.replace_null_with_default, side});
                 });
}

}  // namespace bywash::transforms
