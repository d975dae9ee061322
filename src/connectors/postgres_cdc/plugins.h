// The plugins of this folder, for src/builtin_plugins.cpp. Level 6.
#pragma once

#include "plugin/source.h"

namespace bywash::postgres_cdc {

plugin::SourcePlugin postgres_change_source();

}  // namespace bywash::postgres_cdc
