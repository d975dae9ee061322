// Drop: the key or value becomes null (io.confluent.connect.transforms.Drop). Level 4, the task's thread.
#include <arrow/array.h>
#include <arrow/array/util.h>

#include "transforms/declaration.h"

namespace bywash::transforms {
namespace {

using columnar::ConnectSchema;
using columnar::Type;

struct DropConfig {
  std::string behavior;
};

class DropSide : public plugin::Transform {
 public:
  DropSide(std::string behavior, Side side) : behavior_(std::move(behavior)), side_(side) {}

  class Bound : public plugin::BoundTransform {
   public:
    Bound(Side side, SchemaPtr schema) : side_(side), schema_(std::move(schema)) {}
    Status apply(Batch& batch) override {
      const int64_t rows = batch.row_count();
      if (!nulls_ || nulls_->length() < rows) {
        auto made = arrow::MakeArrayOfNull(schema_->arrow_type(), rows);
        if (!made.ok()) return Status::fatal(made.status().message());
        nulls_ = made.MoveValueUnsafe();
      }
      column_of(batch, side_) = {schema_, nulls_->length() == rows ? nulls_ : nulls_->Slice(0, rows)};
      return {};
    }

   private:
    const Side side_;
    const SchemaPtr schema_;
    std::shared_ptr<arrow::Array> nulls_;
  };

  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas& schemas) override {
    const SchemaPtr& old = schema_of(schemas, side_);
    if (old->schemaless() || behavior_ == "nullify") return make_bound<Bound>(side_, ConnectSchema::schemaless(Type::kNull));
    if (behavior_ == "retain" || old->optional()) return make_bound<Bound>(side_, old);
    if (behavior_ == "validate") {
      return data_error(kDataException, fmt::format("Cannot drop the {}: its schema is not optional (schema.behavior is 'validate')",
                                                    side_ == Side::kKey ? "key" : "value"));
    }
    columnar::SchemaSpec spec = old->spec();
    spec.optional = true;
    return make_bound<Bound>(side_, ConnectSchema::make(std::move(spec)));
  }

 private:
  const std::string behavior_;
  const Side side_;
};

}  // namespace

plugin::TransformPlugin drop() {
  config::TypedConfig<DropConfig> def;
  def.key("schema.behavior", &DropConfig::behavior).by_default("nullify").one_of({"nullify", "retain", "validate", "force_optional"})
      .doc("What becomes of the schema: `nullify` removes it; `retain` keeps it, optional or not; `validate` keeps it when it is optional and fails the "
           "record otherwise; `force_optional` makes it optional.");
  return declare(confluent_info("drop", {"io.confluent.connect.transforms.Drop$Value", "io.confluent.connect.transforms.Drop$Key"}, "Sets the key or value to null",
                                "The key or value becomes null; its schema goes, stays or becomes optional as `schema.behavior` says.",
                                {"{}", R"({"schema.behavior": "force_optional"})"}),
                 def, [](DropConfig c, Side side) { return make_transform<DropSide>(std::move(c.behavior), side); });
}

}  // namespace bywash::transforms
