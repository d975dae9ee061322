// What every transform's declaration has in common: names of its classes and the making of an instance from typed keys. Level 4.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

#include "config/java_validators.h"
#include "config/typed_config.h"
#include "transforms/plugins.h"
#include "transforms/record_side.h"

namespace bywash::transforms {

// Does the transform come as $Key and $Value, or as one class?
enum class Sided : uint8_t { kNo, kYes };

inline plugin::PluginInfo transform_info(const char* name, const std::string& simple_class, Sided sided, const char* summary, std::string description,
                                         std::vector<std::string> examples) {
  const std::string full = "org.apache.kafka.connect.transforms." + simple_class;
  plugin::PluginInfo info;
  info.name = name;
  if (sided == Sided::kYes) info.class_names = {full + "$Value", full + "$Key"};
  else info.class_names = {full};
  info.version = std::string(kVersion);
  info.summary = summary;
  info.description = std::move(description);
  info.examples = std::move(examples);
  return info;
}

// The version of Confluent's transforms (confluentinc/connect-transforms) whose documented behaviour theirs follow.
inline constexpr std::string_view kConfluentVersion = "1.6.2";

inline plugin::PluginInfo confluent_info(const char* name, std::vector<std::string> class_names, const char* summary, std::string description,
                                         std::vector<std::string> examples) {
  plugin::PluginInfo info;
  info.name = name;
  info.class_names = std::move(class_names);
  info.version = std::string(kConfluentVersion);
  info.summary = summary;
  info.description = std::move(description);
  info.examples = std::move(examples);
  return info;
}

// `make`: (Config, Side) -> Result<std::unique_ptr<plugin::Transform>>.
template <class Config, class Make>
plugin::TransformPlugin declare(plugin::PluginInfo info, const config::TypedConfig<Config>& def, Make make) {
  plugin::TransformPlugin p;
  p.info = std::move(info);
  p.def = def.def();
  p.make = [def, make](const plugin::Properties& properties, const std::string& class_name) -> Result<std::unique_ptr<plugin::Transform>> {
    ASSIGN_OR_RETURN(Config parsed, def.parse(config::without_duplicates(def.def(), properties)));
    return make(std::move(parsed), side_of(class_name));
  };
  return p;
}

template <class T, class... Args>
Result<std::unique_ptr<plugin::Transform>> make_transform(Args&&... args) {
  return std::unique_ptr<plugin::Transform>(std::make_unique<T>(std::forward<Args>(args)...));
}
template <class T, class... Args>
Result<std::unique_ptr<plugin::BoundTransform>> make_bound(Args&&... args) {
  return std::unique_ptr<plugin::BoundTransform>(std::make_unique<T>(std::forward<Args>(args)...));
}

// The key that most transforms have.
template <class Config>
void define_replace_null(config::TypedConfig<Config>& def, bool Config::*member) {
  def.key("replace.null.with.default", member).by_default("true")
      .doc("Whether to replace fields that have a default value and that are null to the default value. When set to true, the default value is used, otherwise null is used.");
}

}  // namespace bywash::transforms
