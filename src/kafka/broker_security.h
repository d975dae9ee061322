// How a connection to a broker proves who is at either end: TLS by OpenSSL, SASL PLAIN and SCRAM (RFC 5802, 7677). Level 3; not included
// outside kafka/. The settings are shared by all connections of a client, any thread; an exchange belongs to one connection.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "config/config_def.h"

namespace bywash::kafka {

struct SslDeleter {
  void operator()(SSL_CTX* p) const { SSL_CTX_free(p); }
  void operator()(SSL* p) const { SSL_free(p); }
};

struct BrokerSecurity {
  std::unique_ptr<SSL_CTX, SslDeleter> tls;  // null: without TLS
  bool verify_host = true;
  std::string mechanism;                     // PLAIN, SCRAM-SHA-256, SCRAM-SHA-512; empty: without SASL
  std::string user;
  config::Secret password;
};

// From a Java client's keys. None: what they ask for is left to librdkafka (OAUTHBEARER, GSSAPI, cipher suites, keys of its own).
// Error: kInvalid naming the key, a store that cannot be read.
Result<std::optional<std::shared_ptr<const BrokerSecurity>>> broker_security(const config::Properties& java);

// The client's side of one SASL exchange.
class SaslExchange {
 public:
  virtual ~SaslExchange() = default;
  // What the client says to `challenge` (empty at first); none: it is done, after the server's last word was checked.
  // Error: kUnauthorized, the server is not who it should be, or what it says is no answer.
  virtual Result<std::optional<std::string>> next(std::string_view challenge) = 0;
};
// `nonce`: the client's, fresh for each exchange.
std::unique_ptr<SaslExchange> make_sasl_exchange(const BrokerSecurity& security, std::string nonce);
std::string sasl_nonce();

}  // namespace bywash::kafka
