// Java's own key store format, JKS (sun.security.provider.JavaKeyStore and KeyProtector, OpenJDK 17): certificates and private keys as PEM
// text. Its protection of keys is weak, so nothing here writes it. Level 2, every thread.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "config/config_def.h"

namespace bywash::net {

struct JavaKeyStore {
  std::string chain;    // PEM of the first private key's certificates, its own first; empty: there is no key
  config::Secret key;   // PEM of that key, not encrypted
  std::string trusted;  // PEM of every trusted certificate
};

bool is_java_key_store(std::string_view bytes);
// `password` empty: the store's integrity is not checked, and no key can be read. `key_password` empty: it is the store's. Keys are read
// where `keys` is true. Error: kInvalid: damaged, a wrong password; never a part of the store.
Result<JavaKeyStore> read_java_key_store(std::string_view bytes, const std::string& password, const std::string& key_password, bool keys);

}  // namespace bywash::net
