// Listing and description of plugins (org.apache.kafka.connect.runtime.isolation.Plugins and ConnectorPluginsResource, Kafka 4.3).
#include "runtime/plugin_listing.h"

#include <algorithm>
#include <initializer_list>

#include "plugin/version_range.h"

namespace bywash::runtime {
namespace {

using plugin::PluginInfo;

std::string_view simple_name(std::string_view class_name) {
  size_t dot = class_name.rfind('.');
  return dot == class_name.npos ? class_name : class_name.substr(dot + 1);
}
std::string_view outer_name(std::string_view class_name) { return class_name.substr(0, class_name.find('$')); }

// The names a plugin is listed under: the canonical one, and its inner variants ($Key, $Value).
std::vector<std::string> listed_names(const PluginInfo& info) {
  if (info.class_names.empty()) return {info.name};
  std::vector<std::string> out = {info.class_names.front()};
  for (const std::string& name : info.class_names) {
    if (name != out.front() && name.find('$') != name.npos && outer_name(name) == outer_name(out.front())) out.push_back(name);
  }
  return out;
}

template <class Plugins>
void list_kind(const Plugins& plugins, const char* type, std::vector<ListedPlugin>* out) {
  std::vector<ListedPlugin> kind;
  for (const auto& plugin : plugins) {
    for (std::string& name : listed_names(plugin.info)) kind.push_back({std::move(name), type, plugin.info.version});
  }
  std::sort(kind.begin(), kind.end(), [](const ListedPlugin& a, const ListedPlugin& b) { return a.class_name < b.class_name; });
  out->insert(out->end(), kind.begin(), kind.end());
}

// Connect's short names: the simple one and that without the kind's suffix; never of inner classes, whose short name is ambiguous.
bool described_as(const PluginInfo& info, std::string_view suffix, std::string_view name) {
  if (info.name == name) return true;
  for (const std::string& full : info.class_names) {
    if (full == name) return true;
    std::string_view simple = simple_name(full);
    if (simple.find('$') != simple.npos) continue;
    if (simple == name) return true;
    if (simple.ends_with(suffix) && simple.substr(0, simple.size() - suffix.size()) == name) return true;
  }
  return false;
}

struct Found {
  const PluginInfo* info;
  const config::ConfigDef* def;
  std::optional<ConnectorKind> connector;
};

template <class Plugins>
std::optional<Found> find_described(const Plugins& plugins, std::string_view suffix, std::string_view name, std::optional<ConnectorKind> kind = {}) {
  for (const auto& plugin : plugins) {
    if (described_as(plugin.info, suffix, name)) return Found{&plugin.info, &plugin.def, kind};
  }
  return std::nullopt;
}

// Plugins of the original that have no keys to show: config providers and client override policies, by class, simple name or short name.
bool has_no_keys(std::string_view name) {
  struct Kind {
    std::string_view package, suffix;
    std::initializer_list<std::string_view> names;
  };
  static const Kind kKinds[] = {{"org.apache.kafka.common.config.provider.", "ConfigProvider", {"File", "Directory", "EnvVar"}},
                                {"org.apache.kafka.connect.connector.policy.", "ConnectorClientConfigOverridePolicy", {"All", "None", "Principal", "Allowlist"}}};
  for (const Kind& kind : kKinds) {
    for (std::string_view each : kind.names) {
      const std::string simple = fmt::format("{}{}", each, kind.suffix);
      if (name == each || name == simple || name == fmt::format("{}{}", kind.package, simple)) return true;
    }
  }
  return false;
}

}  // namespace

std::vector<ListedPlugin> list_plugins(const plugin::Registry& registry, bool connectors_only) {
  std::vector<ListedPlugin> out;
  list_kind(registry.sinks(), "sink", &out);
  list_kind(registry.sources(), "source", &out);
  if (connectors_only) return out;
  list_kind(registry.transforms(), "transformation", &out);
  list_kind(registry.predicates(), "predicate", &out);
  list_kind(registry.converters(), "converter", &out);
  list_kind(registry.header_converters(), "header_converter", &out);
  return out;
}

std::optional<ConnectorPlugin> find_connector(const plugin::Registry& registry, std::string_view name) {
  if (const auto* sink = registry.sink(name)) return ConnectorPlugin{ConnectorKind::kSink, &sink->info, &sink->def, plugin::canonical_class(sink->info, name)};
  if (const auto* source = registry.source(name)) return ConnectorPlugin{ConnectorKind::kSource, &source->info, &source->def, plugin::canonical_class(source->info, name)};
  return std::nullopt;
}

bool cannot_be_made(const plugin::Registry& registry, std::string_view class_name) {
  static constexpr std::string_view kClasses[] = {
      "java.lang.Object", "java.lang.String", "java.lang.Integer", "java.lang.Long", "java.lang.Boolean", "java.lang.Class", "java.util.ArrayList", "java.util.HashMap",
      "org.apache.kafka.connect.connector.Connector", "org.apache.kafka.connect.sink.SinkConnector", "org.apache.kafka.connect.source.SourceConnector",
      "org.apache.kafka.connect.storage.Converter", "org.apache.kafka.connect.storage.HeaderConverter", "org.apache.kafka.connect.transforms.Transformation",
      "org.apache.kafka.connect.transforms.predicates.Predicate"};
  if (std::find(std::begin(kClasses), std::end(kClasses), class_name) != std::end(kClasses)) return true;
  for (const auto& transform : registry.transforms()) {
    for (const std::string& name : transform.info.class_names) {
      if (name != class_name && name.find('$') != name.npos && outer_name(name) == class_name) return true;
    }
  }
  return false;
}

Result<std::vector<config::KeySpec>> plugin_keys(const plugin::Registry& registry, const std::string& name, const std::optional<std::string>& version) {
  std::optional<Found> found = find_described(registry.sinks(), "Connector", name, ConnectorKind::kSink);
  if (!found) found = find_described(registry.sources(), "Connector", name, ConnectorKind::kSource);
  if (!found) found = find_described(registry.converters(), "Converter", name);
  if (!found) found = find_described(registry.header_converters(), "HeaderConverter", name);
  if (!found) found = find_described(registry.transforms(), "Transformation", name);
  if (!found) found = find_described(registry.predicates(), "Predicate", name);
  if (!found && has_no_keys(name)) {
    return Status::invalid(fmt::format("Invalid plugin class {}. Valid types are sink, source, converter, header_converter, transformation, predicate.", name));
  }
  if (!found && cannot_be_made(registry, name)) return Status::fatal("Instantiation error");
  if (!found) return Status::not_found(fmt::format("Unknown plugin {}.", name));
  if (version) {
    auto unmet = plugin::unmet_version(*version, found->info->version);
    if (!unmet.ok()) return Status::invalid(fmt::format("Invalid version specification: {}", *version));
    const std::string class_name = plugin::canonical_class(*found->info, name);
    const int copies = registry.converter(class_name) && registry.header_converter(class_name) ? 2 : 1;
    if (*unmet) return Status::invalid(plugin::version_problem(class_name, **unmet, found->info->version, copies));
  }
  std::vector<config::KeySpec> out;
  for (const auto& key : found->def->keys()) {
    if (!key.internal) out.push_back(key);
  }
  if (!found->connector) return out;
  config::ConfigDef common;
  ConnectorDefaults defaults;
  defaults.connector_version = found->info->version;
  add_common_keys(&common, defaults, registry);
  *found->connector == ConnectorKind::kSink ? add_sink_keys(&common) : add_source_keys(&common);
  for (const auto& key : common.keys()) {
    if (!found->def->find(key.name)) out.push_back(key);
  }
  return out;
}

std::string task_class(const std::string& connector_class) {
  constexpr std::string_view kSuffix = "Connector";
  if (!std::string_view(connector_class).ends_with(kSuffix)) return connector_class + "Task";
  return connector_class.substr(0, connector_class.size() - kSuffix.size()) + "Task";
}

}  // namespace bywash::runtime
