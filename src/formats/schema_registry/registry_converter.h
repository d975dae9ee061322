// registry_converter: the declaration and factory of a converter whose schemas are in a Schema Registry, the same for Avro, Protobuf and
// JSON Schema. Level 4, the thread that makes a task.
#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "formats/schema_registry/converter_schemas.h"
#include "plugin/converter.h"

namespace bywash::formats::schema_registry {

struct RegistryConverterInfo {
  std::string name;        // "avro"
  std::string class_name;  // Confluent's
  std::string version;     // the one that was measured
  std::string summary, description;
};

// `Made` is made of (options, schemas) or (options, schemas, is_key), where `parse(properties)` gives a Result of the options. Its factory
// reports every problem of the properties in one status (kInvalid).
template <class Made, class Parse>
plugin::ConverterPlugin registry_converter(RegistryConverterInfo info, config::ConfigDef def, Parse parse, SchemaLanguage (*language)()) {
  plugin::ConverterPlugin out;
  auto keys = std::make_shared<const config::ConfigDef>(std::move(def));
  out.info.examples = {"{\"value.converter\": \"" + info.class_name + "\", \"value.converter.schema.registry.url\": \"http://localhost:8081\"}"};
  out.info.name = std::move(info.name);
  out.info.class_names = {std::move(info.class_name)};
  out.info.version = std::move(info.version);
  out.info.summary = std::move(info.summary);
  out.info.description = std::move(info.description);
  out.def = *keys;
  out.make = [keys, parse, language](const plugin::Properties& properties, bool is_key) -> Result<std::unique_ptr<plugin::Converter>> {
    RETURN_IF_ERROR(config::first_problems(keys->validate(properties)));
    ASSIGN_OR_RETURN(auto options, parse(properties));
    ASSIGN_OR_RETURN(RegistryConfig registry, parse_registry_config(properties));
    ASSIGN_OR_RETURN(auto schemas, ConverterSchemas::make(std::move(registry), language(), is_key));
    if constexpr (std::is_constructible_v<Made, decltype(options), decltype(schemas), bool>) {
      return std::unique_ptr<plugin::Converter>(std::make_unique<Made>(std::move(options), std::move(schemas), is_key));
    } else {
      return std::unique_ptr<plugin::Converter>(std::make_unique<Made>(std::move(options), std::move(schemas)));
    }
  };
  return out;
}

}  // namespace bywash::formats::schema_registry
