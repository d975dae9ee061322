// Connect's converters serve as header converters too: the same conversion, one header at a time. Level 4.
#pragma once

#include "plugin/converter.h"

namespace bywash::formats {

// `converter` as a header converter of the same names and keys.
plugin::HeaderConverterPlugin as_header_converter(plugin::ConverterPlugin converter);

}  // namespace bywash::formats
