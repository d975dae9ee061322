// The parameters of a HashiCorp Vault config provider, under the names of the two that Kafka Connect users have: VaultConfigProvider of
// jcustenborder/kafka-config-provider-vault and VaultSecretProvider of lensesio/secret-provider. Either's names are taken under both classes.
// Level 2, every thread.
#pragma once

#include <optional>
#include <string>

#include "config/config_def.h"
#include "net/http_client.h"

namespace bywash::net {

struct VaultSettings {
  std::string address;           // without a slash at its end
  std::string namespace_name;    // empty: none
  std::optional<int> engine;     // version of the KV engine; nullopt: Vault is asked
  int mount_segments = 0;        // parts of a path before the secret's own; 0: Vault is asked, or one
  // How to log in: a token, or a request to auth/<login_path>.
  config::Secret token;
  std::string login_path;        // empty: by the token
  config::Secret login_body;     // JSON; a token file's content is put in at the login
  std::string login_token_file;  // kubernetes: where its "jwt" stands
  int64_t retry_count = 0, retry_interval_ms = 0;
  int64_t look_again_ms = 0;     // for secrets of which Vault does not say how long they are good
  int64_t token_renewal_ms = 0;
  HttpClientOptions http;
};

// Error: every problem at once; a method of logging in that is not there, with those that are.
Result<VaultSettings> parse_vault_settings(const config::Properties& parameters);

}  // namespace bywash::net
