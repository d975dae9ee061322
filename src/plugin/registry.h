// The registry: every plugin of the program, found by its own name, a Java class name or its simple name. Filled once at start by
// src/builtin_plugins.cpp, read by every thread afterwards. Level 3.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plugin/converter.h"
#include "plugin/sink.h"
#include "plugin/source.h"
#include "plugin/transform.h"

namespace bywash::plugin {

class Registry {
 public:
  static Registry& process();

  void add(SinkPlugin plugin) { sinks_.push_back(std::move(plugin)); }
  void add(SourcePlugin plugin) { sources_.push_back(std::move(plugin)); }
  void add(ConverterPlugin plugin) { converters_.push_back(std::move(plugin)); }
  void add(HeaderConverterPlugin plugin) { header_converters_.push_back(std::move(plugin)); }
  void add(TransformPlugin plugin) { transforms_.push_back(std::move(plugin)); }
  void add(PredicatePlugin plugin) { predicates_.push_back(std::move(plugin)); }

  // By class name (full, simple, or our own name); null when there is none.
  const SinkPlugin* sink(std::string_view name) const;
  const SourcePlugin* source(std::string_view name) const;
  const ConverterPlugin* converter(std::string_view name) const;
  const HeaderConverterPlugin* header_converter(std::string_view name) const;
  const TransformPlugin* transform(std::string_view name) const;
  const PredicatePlugin* predicate(std::string_view name) const;

  const std::vector<SinkPlugin>& sinks() const { return sinks_; }
  const std::vector<SourcePlugin>& sources() const { return sources_; }
  const std::vector<ConverterPlugin>& converters() const { return converters_; }
  const std::vector<HeaderConverterPlugin>& header_converters() const { return header_converters_; }
  const std::vector<TransformPlugin>& transforms() const { return transforms_; }
  const std::vector<PredicatePlugin>& predicates() const { return predicates_; }

 private:
  std::vector<SinkPlugin> sinks_;
  std::vector<SourcePlugin> sources_;
  std::vector<ConverterPlugin> converters_;
  std::vector<HeaderConverterPlugin> header_converters_;
  std::vector<TransformPlugin> transforms_;
  std::vector<PredicatePlugin> predicates_;
};

// The class name that `info` goes by in answers and DLQ headers: the full Java name that `asked` means.
std::string canonical_class(const PluginInfo& info, std::string_view asked);

}  // namespace bywash::plugin
