// Types of the Java clients' keys (ConsumerConfig, ProducerConfig, AdminClientConfig of Kafka 4.3), for those whose values not every text
// is. Level 3, any thread.
#pragma once

#include <optional>
#include <string_view>

#include "config/config_def.h"
#include "kafka/client_config.h"

namespace bywash::kafka {

// nullopt: any text will do, or the client has no such key.
std::optional<config::KeyType> java_key_type(ClientKind kind, std::string_view key);

}  // namespace bywash::kafka
