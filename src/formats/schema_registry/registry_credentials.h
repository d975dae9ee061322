// Credentials and TLS of a Schema Registry: Authorization headers (basic, bearer, OAuth client credentials) and key stores. Level 4,
// the task's thread.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "formats/schema_registry/registry_config.h"
#include "net/http_client.h"

namespace bywash::formats::schema_registry {

class RequestCredentials {
 public:
  virtual ~RequestCredentials() = default;
  // Headers for one request to `url_user_info`'s URL (its "name:password", percent-decoded; empty: none). Errors: kRetriable or
  // kUnauthorized of a token's issuer.
  virtual Result<std::vector<std::pair<std::string, std::string>>> headers(const std::string& url_user_info) = 0;
};

// Errors: kInvalid naming the key that is missing or refused.
Result<std::unique_ptr<RequestCredentials>> make_credentials(const RegistryConfig& config, const net::HttpClientOptions& http);

// Timeouts, proxy and TLS. PEM, PKCS12 and JKS stores.
Result<net::HttpClientOptions> http_options(const RegistryConfig& config);

}  // namespace bywash::formats::schema_registry
