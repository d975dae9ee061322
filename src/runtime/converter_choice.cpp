// Converters by configuration. Level 7.
#include "runtime/converter_choice.h"

#include "config/properties.h"

namespace bywash::runtime {

Status unknown_class(std::string_view key, std::string_view kind, std::string_view name) {
  return Status::invalid(fmt::format("Invalid value {} for configuration {}: Class {} could not be found. See GET /connector-plugins for the {} there are", name, key,
                                     name, kind))
      .with_java_class("org.apache.kafka.common.config.ConfigException");
}

ConverterChoice choose_converter(const config::Properties& worker, const config::Properties& connector, const std::string& key) {
  auto own = connector.find(key);
  if (own != connector.end()) return {own->second, config::with_prefix(connector, key + ".")};
  return {config::get_or(worker, key, "org.apache.kafka.connect.storage.SimpleHeaderConverter"), config::with_prefix(worker, key + ".")};
}

Result<Named<plugin::Converter>> make_converter(const plugin::Registry& registry, const ConverterChoice& choice, bool is_key) {
  const std::string key = is_key ? "key.converter" : "value.converter";
  const plugin::ConverterPlugin* found = registry.converter(choice.class_name);
  if (!found) return unknown_class(key, "converters", choice.class_name);
  auto made = found->make(choice.keys, is_key);
  if (!made.ok()) return made.status().with_context(key);
  return Named<plugin::Converter>{*std::move(made), plugin::canonical_class(found->info, choice.class_name)};
}

Result<Named<plugin::HeaderConverter>> make_header_converter(const plugin::Registry& registry, const ConverterChoice& choice) {
  const plugin::HeaderConverterPlugin* found = registry.header_converter(choice.class_name);
  if (!found) return unknown_class("header.converter", "header converters", choice.class_name);
  auto made = found->make(choice.keys);
  if (!made.ok()) return made.status().with_context("header.converter");
  return Named<plugin::HeaderConverter>{*std::move(made), plugin::canonical_class(found->info, choice.class_name)};
}

}  // namespace bywash::runtime
