// BearerTokens: checks JSON web tokens (RFC 7519) that clients of the REST API send, against the public keys of an identity provider
// (RFC 7517) from a file or a URL. Level 8, handler threads.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "config/config_def.h"

namespace bywash::rest {

// What a token that was found good says of its owner.
struct TokenOwner {
  std::string name;
  std::vector<std::string> roles;
};

class BearerTokens {
 public:
  // From rest.auth.jwt.*; null when neither rest.auth.jwt.jwks.file nor .url is set. Error: a key is missing or wrong, the file cannot be read.
  static Result<std::shared_ptr<BearerTokens>> make(const config::Properties& worker);
  virtual ~BearerTokens() = default;
  // nullopt: it is malformed, signed by nobody known or with another algorithm than RS256 and ES256, over, not yet valid, or for
  // somebody else. Asks for the keys anew when the token names one that is not known, once in ten seconds at most.
  virtual std::optional<TokenOwner> check(const std::string& token) = 0;
};

}  // namespace bywash::rest
