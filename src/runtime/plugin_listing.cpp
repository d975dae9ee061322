// Listing and description of plugins (org.apache.kafka.connect.runtime.isolation.Plugins and ConnectorPluginsResource, Kafka 4.3).
#include "runtime/plugin_listing.h"

#include <algorithm>
#include <charconv>

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

std::vector<int64_t> version_parts(std::string_view text) {
  std::vector<int64_t> out;
  while (!text.empty()) {
    size_t end = text.find_first_of(".-");
    int64_t n = 0;
    std::string_view part = text.substr(0, end);
    std::from_chars(part.data(), part.data() + part.size(), n);
    out.push_back(n);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  while (!out.empty() && out.back() == 0) out.pop_back();
  return out;
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

std::optional<std::string> unmet_version(std::string_view version, std::string_view have) {
  if (version.empty() || version == "latest" || version == have) return std::nullopt;
  bool range = version.front() == '[' || version.front() == '(';
  if (!range) return fmt::format("[{},{}]", version, version);
  std::string shown(version);
  char close = version.back();
  std::string_view inner = version.substr(1, version.size() - 2);
  size_t comma = inner.find(',');
  auto mine = version_parts(have);
  std::string_view low = inner.substr(0, comma), high = comma == inner.npos ? low : inner.substr(comma + 1);
  if (!low.empty()) {
    auto bound = version_parts(low);
    if (mine < bound || (mine == bound && version.front() == '(')) return shown;
  }
  if (!high.empty()) {
    auto bound = version_parts(high);
    if (mine > bound || (mine == bound && close == ')')) return shown;
  }
  return std::nullopt;
}

std::string version_problem(std::string_view class_name, std::string_view range, std::string_view have, int copies) {
  std::string list(have);
  for (int i = 1; i < copies; ++i) list += fmt::format(", {}", have);
  return fmt::format("Plugin {} not found that matches the version range {}, available versions: [{}]", class_name, range, list);
}

Result<std::vector<config::KeySpec>> plugin_keys(const plugin::Registry& registry, const std::string& name, const std::string& version) {
  std::optional<Found> found = find_described(registry.sinks(), "Connector", name, ConnectorKind::kSink);
  if (!found) found = find_described(registry.sources(), "Connector", name, ConnectorKind::kSource);
  if (!found) found = find_described(registry.converters(), "Converter", name);
  if (!found) found = find_described(registry.header_converters(), "HeaderConverter", name);
  if (!found) found = find_described(registry.transforms(), "Transformation", name);
  if (!found) found = find_described(registry.predicates(), "Predicate", name);
  if (!found) return Status::not_found(fmt::format("Unknown plugin {}.", name));
  if (auto range = unmet_version(version, found->info->version)) {
    return Status::invalid(version_problem(plugin::canonical_class(*found->info, name), *range, found->info->version));
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
