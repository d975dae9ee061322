// Look-ups by name. Level 3.
#include "plugin/registry.h"

namespace bywash::plugin {
namespace {

std::string_view simple_name(std::string_view class_name) {
  size_t dot = class_name.rfind('.');
  return dot == class_name.npos ? class_name : class_name.substr(dot + 1);
}

// Connect also takes "FileStreamSink" for "FileStreamSinkConnector" and "ReplaceField$Value" by simple name.
bool answers_to(const PluginInfo& info, std::string_view name) {
  if (info.name == name) return true;
  for (const std::string& full : info.class_names) {
    std::string_view simple = simple_name(full);
    if (full == name || simple == name) return true;
    if (simple.ends_with("Connector") && simple.substr(0, simple.size() - 9) == name) return true;
  }
  return false;
}

template <class P>
const P* find(const std::vector<P>& plugins, std::string_view name) {
  for (const P& p : plugins) {
    if (answers_to(p.info, name)) return &p;
  }
  return nullptr;
}

}  // namespace

Registry& Registry::process() {
  static Registry registry;
  return registry;
}

const SinkPlugin* Registry::sink(std::string_view name) const { return find(sinks_, name); }
const SourcePlugin* Registry::source(std::string_view name) const { return find(sources_, name); }
const ConverterPlugin* Registry::converter(std::string_view name) const { return find(converters_, name); }
const HeaderConverterPlugin* Registry::header_converter(std::string_view name) const { return find(header_converters_, name); }
const TransformPlugin* Registry::transform(std::string_view name) const { return find(transforms_, name); }
const PredicatePlugin* Registry::predicate(std::string_view name) const { return find(predicates_, name); }

std::string canonical_class(const PluginInfo& info, std::string_view asked) {
  for (const std::string& full : info.class_names) {
    if (full == asked || simple_name(full) == asked) return full;
  }
  return info.class_names.empty() ? info.name : info.class_names.front();
}

}  // namespace bywash::plugin
