// Look-ups by name. Level 3.
#include "plugin/registry.h"

#include <initializer_list>

namespace bywash::plugin {
namespace {

std::string_view simple_name(std::string_view class_name) {
  size_t dot = class_name.rfind('.');
  return dot == class_name.npos ? class_name : class_name.substr(dot + 1);
}

// Connect also takes "FileStreamSink" for "FileStreamSinkConnector", "Json" for "JsonConverter"; here "ReplaceField$Value" too.
bool answers_to(const PluginInfo& info, std::string_view name, std::string_view suffix) {
  if (info.name == name) return true;
  for (const std::string& full : info.class_names) {
    std::string_view simple = simple_name(full);
    if (full == name || simple == name) return true;
    if (simple.size() > suffix.size() && simple.ends_with(suffix) && simple.substr(0, simple.size() - suffix.size()) == name) return true;
  }
  return false;
}

// `suffixes`: what may be left out at the end of a class name.
template <class P>
const P* find(const std::vector<P>& plugins, std::string_view name, std::initializer_list<std::string_view> suffixes) {
  for (const P& p : plugins) {
    for (std::string_view suffix : suffixes) {
      if (answers_to(p.info, name, suffix)) return &p;
    }
  }
  return nullptr;
}

}  // namespace

Registry& Registry::process() {
  static Registry registry;
  return registry;
}

const SinkPlugin* Registry::sink(std::string_view name) const { return find(sinks_, name, {"Connector"}); }
const SourcePlugin* Registry::source(std::string_view name) const { return find(sources_, name, {"Connector"}); }
const ConverterPlugin* Registry::converter(std::string_view name) const { return find(converters_, name, {"Converter"}); }
const HeaderConverterPlugin* Registry::header_converter(std::string_view name) const { return find(header_converters_, name, {"HeaderConverter", "Converter"}); }
const TransformPlugin* Registry::transform(std::string_view name) const { return find(transforms_, name, {"Transformation"}); }
const PredicatePlugin* Registry::predicate(std::string_view name) const { return find(predicates_, name, {"Predicate"}); }

std::string canonical_class(const PluginInfo& info, std::string_view asked) {
  for (const std::string& full : info.class_names) {
    if (full == asked || simple_name(full) == asked) return full;
  }
  return info.class_names.empty() ? info.name : info.class_names.front();
}

}  // namespace bywash::plugin
