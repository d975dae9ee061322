// The converter of this folder, for src/builtin_plugins.cpp. Level 4.
#pragma once

#include "plugin/converter.h"

namespace bywash::formats {

plugin::ConverterPlugin json_schema_converter();

}  // namespace bywash::formats
