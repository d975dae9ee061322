// Declarations of the mapping's keys. Level 4, every thread.
#include "formats/avro/avro_options.h"

#include "config/typed_config.h"

namespace bywash::formats::avro {
namespace {

config::TypedConfig<AvroOptions> make_option_keys() {
  using O = AvroOptions;
  config::TypedConfig<AvroOptions> def;
  def.key("enhanced.avro.schema.support", &O::enhanced_schemas).by_default("false")
      .doc("Keep enums as enums and full names in unions when writing; records in unions are named by their full names.");
  def.key("scrub.invalid.names", &O::scrub_invalid_names).by_default("false").doc("Replace characters that Avro names may not have with `_` instead of failing.");
  def.key("connect.meta.data", &O::connect_metadata).by_default("true").low().doc("Whether names, versions, docs, parameters and defaults of Connect's schemas go into the Avro schema, and come back.");
  def.key("discard.type.doc.default", &O::discard_type_doc_default).by_default("false").low().doc("Keep docs and defaults of fields only, not those of types.");
  def.key("allow.optional.map.keys", &O::optional_map_keys).by_default("false").low().doc("Write a map with optional string keys as an Avro map instead of an array of entries.");
  def.key("flatten.singleton.unions", &O::flatten_singleton_unions).by_default("true").low().doc("Read a union of one type as that type.");
  def.key("generalized.sum.type.support", &O::generalized_sum_types).by_default("false").doc("Name unions and enums as the other converters do (connect_union_0, org.apache.kafka.connect.data.Enum).");
  def.key("ignore.default.for.nullables", &O::ignore_null_defaults).by_default("false").doc("Write a null field as null even if its schema has a default.");
  def.key("schemas.cache.config", &O::schemas_max).by_default("1000").low().at_least(0).doc("How many converted schemas are remembered.");
  return def;
}

const config::TypedConfig<AvroOptions>& option_keys() {
  static const auto kDefinition = make_option_keys();
  return kDefinition;
}

}  // namespace

const config::ConfigDef& avro_keys() { return option_keys().def(); }
Result<AvroOptions> parse_avro_options(const config::Properties& properties) { return option_keys().parse(properties); }

}  // namespace bywash::formats::avro
