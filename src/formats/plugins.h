// The converters of this folder, for src/builtin_plugins.cpp. Level 4.
#pragma once

#include "plugin/converter.h"

namespace bywash::formats {

plugin::ConverterPlugin json_converter();
plugin::ConverterPlugin string_converter();
plugin::ConverterPlugin byte_array_converter();
// BooleanConverter, ShortConverter, IntegerConverter, LongConverter, FloatConverter, DoubleConverter.
std::vector<plugin::ConverterPlugin> number_converters();
plugin::ConverterPlugin avro_converter();  // in the library of avro/
plugin::HeaderConverterPlugin simple_header_converter();
// Connect's converters are header converters too (header.converter=...JsonConverter).
plugin::HeaderConverterPlugin json_header_converter();
plugin::HeaderConverterPlugin string_header_converter();
plugin::HeaderConverterPlugin byte_array_header_converter();
std::vector<plugin::HeaderConverterPlugin> number_header_converters();

}  // namespace bywash::formats
