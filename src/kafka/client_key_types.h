// The keys of the Java clients (ConsumerConfig, ProducerConfig, AdminClientConfig of Kafka 4.3): types, importance and defaults, which
// validation of a connector's client overrides shows. Level 3, any thread.
#pragma once

#include <optional>
#include <string_view>

#include "config/config_def.h"
#include "kafka/client_config.h"

namespace bywash::kafka {

// nullopt: the client has no such key.
std::optional<config::KeySpec> java_client_key(ClientKind kind, std::string_view name);

}  // namespace bywash::kafka
