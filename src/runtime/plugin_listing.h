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

// Is `version` ("4.3.1", "latest", "[1,2)") met by `have`? nullopt: yes; else the range in Maven's notation, for the message.
std::optional<std::string> unmet_version(std::string_view version, std::string_view have);
// "Plugin X not found that matches the version range [9.9,9.9], available versions: [4.3.1]".
std::string version_problem(std::string_view class_name, std::string_view range, std::string_view have, int copies = 1);

// The keys of a plugin of any kind, for GET /connector-plugins/{x}/config: for connectors its own first, then those every connector
// has. Errors: kNotFound "Unknown plugin x."; kInvalid for a version that is not there.
Result<std::vector<config::KeySpec>> plugin_keys(const plugin::Registry& registry, const std::string& name, const std::string& version);

// "FileStreamSinkTask's" full name for a connector's: what task.class shows.
std::string task_class(const std::string& connector_class);

}  // namespace bywash::runtime
