// Which converters a connector works with: its own where it names one, else the worker's. Level 7.
#pragma once

#include <string>

#include "config/config_def.h"
#include "plugin/registry.h"
#include "runtime/record_decoder.h"

namespace bywash::runtime {

// A converter's class and its own keys.
struct ConverterChoice {
  std::string class_name;
  config::Properties keys;
};
// `key`: "key.converter", "value.converter" or "header.converter". Where neither names one, SimpleHeaderConverter, the default of
// header.converter: a worker's configuration always has the other two.
ConverterChoice choose_converter(const config::Properties& worker, const config::Properties& connector, const std::string& key);

// Errors (kInvalid) name the key: no such class, or everything that is wrong with its configuration.
Result<Named<plugin::Converter>> make_converter(const plugin::Registry& registry, const ConverterChoice& choice, bool is_key);
Result<Named<plugin::HeaderConverter>> make_header_converter(const plugin::Registry& registry, const ConverterChoice& choice);

// "Invalid value X for configuration KEY: Class X could not be found. ..."
Status unknown_class(std::string_view key, std::string_view kind, std::string_view name);

}  // namespace bywash::runtime
