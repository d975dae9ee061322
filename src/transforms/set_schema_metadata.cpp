// SetSchemaMetadata: names and numbers the schema of a struct (org.apache.kafka.connect.transforms.SetSchemaMetadata, Kafka 4.3). The
// columns stay. Level 4, the task's thread.
#include <arrow/array.h>

#include "transforms/declaration.h"
#include "transforms/field_slots.h"
#include "transforms/reject.h"

namespace bywash::transforms {
namespace {

using columnar::ConnectSchema;
using columnar::Type;

struct MetadataConfig {
  std::optional<std::string> name;
  std::optional<int32_t> version;
  bool replace_null_with_default = true;
};

class SetSchemaMetadata : public plugin::Transform {
 public:
  SetSchemaMetadata(MetadataConfig config, Side side) : config_(std::move(config)), side_(side) {}

  class Bound : public plugin::BoundTransform {
   public:
    Bound(Side side, SchemaPtr schema, bool defaults) : side_(side), schema_(std::move(schema)), defaults_(defaults) {}
    Status apply(Batch& batch) override {
      Column& record = column_of(batch, side_);
      std::vector<Slot> slots = slots_of(record);
      if (defaults_) {
        for (Slot& slot : slots) { ASSIGN_OR_RETURN(slot.column, with_default(slot.column)); }
      }
      record = assemble_struct(schema_, std::move(slots), record);
      return {};
    }

   private:
    const Side side_;
    const SchemaPtr schema_;
    const bool defaults_;
  };

  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas& schemas) override {
    const ConnectSchema& schema = *schema_of(schemas, side_);
    if (schema.type() == Type::kNull) return pass_through();
    if (schema.schemaless()) return reject_with(side_, data_error(kDataException, "Schema required for [updating schema metadata]"));
    // The original lists the fields of every schema, null record or not.
    if (schema.type() != Type::kStruct) return data_error(kDataException, "Cannot list fields on non-struct type");
    columnar::SchemaSpec spec = schema.spec();
    if (config_.name) spec.name = config_.name;
    if (config_.version) spec.version = config_.version;
    return make_bound<Bound>(side_, ConnectSchema::make(std::move(spec)), config_.replace_null_with_default);
  }

 private:
  const MetadataConfig config_;
  const Side side_;
};

}  // namespace

plugin::TransformPlugin set_schema_metadata() {
  using C = MetadataConfig;
  config::TypedConfig<C> def;
  def.key("schema.name", &C::name).high().doc("Schema name to set.");
  def.key("schema.version", &C::version).high().doc("Schema version to set.");
  define_replace_null(def, &C::replace_null_with_default);
  return declare(transform_info("set_schema_metadata", "SetSchemaMetadata", Sided::kYes, "Sets the schema's name and version",
                                "Gives the struct schema of the key or value another name, version or both.",
                                {R"({"schema.name": "com.acme.Order", "schema.version": "2"})"}),
                 def, [](C c, Side side) -> Result<std::unique_ptr<plugin::Transform>> {
                   if (!c.name && !c.version) return config_error("Neither schema name nor version configured");
                   return make_transform<SetSchemaMetadata>(std::move(c), side);
                 });
}

}  // namespace bywash::transforms
