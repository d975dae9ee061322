// TlsContexts: what an https listener shows and asks for, by Kafka Connect's keys
// (org.apache.kafka.connect.runtime.rest.util.SSLUtils, Kafka 4.3). Level 8, every thread.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/status.h"
#include "config/config_def.h"
#include "net/tls_stores.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace bywash::rest {

// The prefix of the worker's keys for its listeners: "listeners.https." when any key has it, then only those count; else "".
std::string listener_tls_prefix(const config::Properties& worker);

class TlsContexts {
 public:
  // From <prefix>ssl.keystore.*, .truststore.*, .key.password, .client.auth, .enabled.protocols, .protocol and .cipher.suites.
  // Error: kInvalid naming the key.
  static Result<std::shared_ptr<TlsContexts>> make(const config::Properties& worker);
  // For one more connection: with the certificates that the files have now. Never null.
  std::shared_ptr<ssl_ctx_st> current();

 private:
  TlsContexts(config::Properties keys, std::string prefix);

  const std::string prefix_;
  net::TlsStoreFiles files_;
  std::mutex mutex_;
  std::shared_ptr<const net::TlsStores> stores_;  // those of context_
  std::shared_ptr<ssl_ctx_st> context_;
};

}  // namespace bywash::rest
