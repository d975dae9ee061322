// HoistField: the record becomes the only field of a new struct or map (org.apache.kafka.connect.transforms.HoistField, Kafka 4.3).
// Level 4, the task's thread.
#include <arrow/array.h>

#include "base/text.h"
#include "transforms/declaration.h"
#include "transforms/field_slots.h"

namespace bywash::transforms {
namespace {

using columnar::ConnectSchema;

struct HoistFieldConfig {
  std::string field;
};

class HoistField : public plugin::Transform {
 public:
  HoistField(std::string field, Side side) : field_(std::move(field)), side_(side) {}

  class Bound : public plugin::BoundTransform {
   public:
    Bound(Side side, SchemaPtr schema) : side_(side), schema_(std::move(schema)) {}
    Status apply(Batch& batch) override {
      Column& record = column_of(batch, side_);
      const int64_t rows = record.row_count();
      const columnar::Field& field = schema_->fields()[0];
      if (!schema_->schemaless() && !field.schema->optional()) {
        columnar::RowMask selected = batch.selected;
        selected.for_each([&](int64_t row) {
          if (!record.is_null(row)) return;
          fail_row(batch, row, data_error(kDataException, fmt::format("Invalid value: null used for required field: \"{}\", schema type: {}", field.name,
                                                                      ascii_upper(columnar::to_string(field.schema->type())))));
        });
      }
      record = make_struct_column(schema_, {std::move(record)}, {}, nullptr, rows);
      return {};
    }

   private:
    const Side side_;
    const SchemaPtr schema_;
  };

  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas& schemas) override {
    const SchemaPtr& inner = schema_of(schemas, side_);
    if (inner->schemaless()) {
      columnar::SchemaSpec spec;
      spec.type = columnar::Type::kObject;
      spec.optional = spec.schemaless = true;
      spec.fields = {{field_, inner, false}};
      return make_bound<Bound>(side_, ConnectSchema::make(std::move(spec)));
    }
    StructSchemaBuilder builder;
    RETURN_IF_ERROR(builder.add(field_, inner));
    return make_bound<Bound>(side_, builder.build());
  }

 private:
  const std::string field_;
  const Side side_;
};

}  // namespace

plugin::TransformPlugin hoist_field() {
  config::TypedConfig<HoistFieldConfig> def;
  def.key("field", &HoistFieldConfig::field).required().doc("Field name for the single field that will be created in the resulting Struct or Map.");
  return declare(transform_info("hoist_field", "HoistField", Sided::kYes, "Wraps the record in a struct or map of one field",
                                "The key or value becomes the only field of a new struct (with a schema) or map (without). Nulls are wrapped too.",
                                {R"({"field": "payload"})"}),
                 def, [](HoistFieldConfig c, Side side) { return make_transform<HoistField>(std::move(c.field), side); });
}

}  // namespace bywash::transforms
