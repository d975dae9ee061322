// What a connector may change of its Kafka clients (consumer.override., producer.override., admin.override.), and how validation shows it
// (AbstractHerder.validateClientOverrides and the ConnectorClientConfigOverridePolicy classes, Kafka 4.3). Level 7, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/connector_config.h"

namespace bywash::runtime {

// Ok, or kInvalid: connector.client.config.override.policy does not let connectors set this client key.
Status check_override(const WorkerConfig& worker, std::string_view client_key);

// The overrides that a validation shows, those of producer, consumer and admin client one after the other, each where the connector uses
// that client. Error (kFatal): a value that is not of its key's type ends the validation, whatever else is wrong.
Result<std::vector<ReportedKey>> client_override_keys(const WorkerConfig& worker, ConnectorKind kind, const config::Properties& connector);

}  // namespace bywash::runtime
