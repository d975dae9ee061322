// Plugins as Kafka Connect's REST API lists and describes them. Level 7, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/registry.h"
#include "runtime/connector_keys.h"

namespace bywash::runtime {

struct ListedPlugin {
  std::string class_name;
  std::string type;  // "sink", "source", "transformation", "predicate", "converter", "header_converter"
  std::string version;
};
// Kinds in Connect's order, class names sorted in each; `connectors_only`: sinks and sources.
std::vector<ListedPlugin> list_plugins(const plugin::Registry& registry, bool connectors_only);

// A connector's plugin, sink or source.
struct ConnectorPlugin {
  ConnectorKind kind;
  const plugin::PluginInfo* info;
  const config::ConfigDef* def;
  std::string class_name;  // canonical
};
std::optional<ConnectorPlugin> find_connector(const plugin::Registry& registry, std::string_view name);

// Whether a name is that of a class which a worker of the original has, and which is nothing that can be made ("Instantiation error" there):
// an interface of Connect, the abstract class of a $Key/$Value pair, or one of the JVM's own.
bool cannot_be_made(const plugin::Registry& registry, std::string_view class_name);

// The keys of a plugin of any kind, for GET /connector-plugins/{x}/config: for connectors its own first, then those every connector
// has. Errors: kNotFound "Unknown plugin x."; kInvalid for a version that is not there, and for a config provider or an override policy.
Result<std::vector<config::KeySpec>> plugin_keys(const plugin::Registry& registry, const std::string& name, const std::optional<std::string>& version);

// "FileStreamSinkTask's" full name for a connector's: what task.class shows.
std::string task_class(const std::string& connector_class);

}  // namespace bywash::runtime
