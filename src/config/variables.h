// Variables in configurations: ${provider:path:key}, resolved by the providers that config.providers names
// (org.apache.kafka.common.config.ConfigTransformer, Kafka 4.3). Level 1, every thread.
#pragma once

#include <string>

#include "config/config_def.h"
#include "config/config_providers.h"

namespace bywash::config {

// Whether a value has something that may be a variable.
bool has_variable(std::string_view value);

struct Resolved {
  Properties properties;
  std::optional<Millis> good_for;  // the shortest time of what was put in; nullopt: nothing of it ends
};

// Values with their variables put in, each path asked once. A variable of a provider that is not there, or a key that the provider has not,
// stays as it is, as in the original. Error: a provider cannot give its values; names the configuration's key and the path, never a value.
Result<Resolved> resolve_with(const ConfigProviders& providers, const Properties& properties);
// By the providers of a worker's configuration. Error: as make_config_providers, too.
Result<Resolved> resolve_with_time(const Properties& worker, const Properties& properties);
Result<Properties> resolve_variables(const Properties& worker, const Properties& properties);

// The other way: where a value of `resolved` is what the same key of `raw` resolves to, the variable is put back.
Properties restore_variables(const Properties& raw, const Properties& raw_resolved, Properties resolved);

}  // namespace bywash::config
