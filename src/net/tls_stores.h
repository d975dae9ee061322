// Certificates and keys that Kafka's `ssl.` keys name: PEM text in the configuration, PEM files, PKCS12 stores; and the same read
// again when their files change, so that a renewed certificate needs no restart. Level 2, every thread.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "config/config_def.h"

namespace bywash::net {

// All as PEM text, whatever form it was stored in.
struct TlsStores {
  std::string certificates;  // its own, leaf first; empty: none
  config::Secret key;        // of the leaf, not encrypted
  std::string trusted;       // empty: none named
};

// Reads ssl.keystore.(location|password|certificate.chain|key), ssl.key.password and ssl.truststore.(location|password|certificates).
// PEM or PKCS12 is found out from the file; ssl.keystore.type and ssl.truststore.type may say it. `prefix` stands before the keys in messages.
// Error: kInvalid naming the key: a file that cannot be read, a wrong password, a JKS store (with how to convert it), a certificate without its key.
Result<TlsStores> read_tls_stores(const config::Properties& keys, const std::string& prefix);

// The stores of one set of keys as their files are now.
class TlsStoreFiles {
 public:
  TlsStoreFiles(config::Properties keys, std::string prefix);
  // The same object until a file has changed; files are looked at once a second at most. A changed file that cannot be read leaves
  // what was there, with a warning in the log. Error: the first reading fails.
  Result<std::shared_ptr<const TlsStores>> current();
  const config::Properties& keys() const { return keys_; }

 private:
  struct Stamp {
    int64_t inode = 0, modified_ns = 0, size = 0;
    bool operator==(const Stamp&) const = default;
  };
  std::vector<Stamp> stamps() const;

  const config::Properties keys_;
  const std::string prefix_;
  std::mutex mutex_;
  std::shared_ptr<const TlsStores> stores_;
  std::vector<Stamp> read_at_;
  SteadyTime next_look_{};
};

}  // namespace bywash::net
