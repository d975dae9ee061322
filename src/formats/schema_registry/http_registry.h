// HttpRegistry: a Schema Registry's REST API over HTTP, with failover between its URLs, retries, credentials and TLS. Level 4, the
// task's thread.
#pragma once

#include <memory>

#include "formats/schema_registry/registry.h"
#include "formats/schema_registry/registry_config.h"

namespace bywash::formats::schema_registry {

// Errors: kInvalid for URLs, credentials or key stores that cannot be used, naming the key.
Result<std::unique_ptr<Registry>> make_http_registry(const RegistryConfig& config);

}  // namespace bywash::formats::schema_registry
