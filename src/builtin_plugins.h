// The one list of plugins.
#pragma once

#include "plugin/registry.h"

namespace bywash {
// Adds every plugin of the program to `registry`.
void register_builtin_plugins(plugin::Registry& registry);
}  // namespace bywash
