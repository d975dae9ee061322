// Variables in configurations: ${provider:path:key}, resolved by the providers that config.providers names
// (org.apache.kafka.common.config.ConfigTransformer and its FileConfigProvider, DirectoryConfigProvider, EnvVarConfigProvider, Kafka 4.3).
// Level 1, every thread.
#pragma once

#include <string>

#include "config/config_def.h"

namespace bywash::config {

// Whether a value has something that may be a variable.
bool has_variable(std::string_view value);

// Values with their variables put in, each file and variable read at the call. A variable of a provider that is not there, or a key that the
// provider has not, stays as it is, as in the original. `worker` holds config.providers and config.providers.<name>.class and .param.*.
// Error: a provider of an unknown class, a file that cannot be read or lies outside allowed.paths; never a value.
Result<Properties> resolve_variables(const Properties& worker, const Properties& properties);

// The other way: where a value of `resolved` is what the same key of `raw` resolves to, the variable is put back.
Properties restore_variables(const Properties& raw, const Properties& raw_resolved, Properties resolved);

}  // namespace bywash::config
