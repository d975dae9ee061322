// Values of variables from HashiCorp Vault over its HTTP API: the key-value engine, versions 1 and 2, and engines that make secrets with a
// lease (databases). One login for the process, renewed while it lasts. Level 2, every thread.
#pragma once

#include <memory>

#include "config/config_providers.h"

namespace bywash::net {

inline constexpr const char* kVaultProviderClasses[] = {
    "com.github.jcustenborder.kafka.config.vault.VaultConfigProvider",
    "io.lenses.connect.secrets.providers.VaultSecretProvider",
};

// A provider by parameters (vault_settings.h). It logs in at the first use. Its values are good for their lease, or for nine tenths of it
// where they end with it; without a lease for vault.secret.minimum.ttl.ms, after which they may have changed. A secret with a lease is
// shared by those who ask within a minute, so that the tasks of a connector do not each get a user of their own.
// Error: kInvalid, for the parameters. get() then answers kInvalid for a path that is not there or not allowed, kRetriable and kTimedOut
// when Vault does not answer, as HTTP codes say; no message has a value, a token or what Vault answered.
Result<std::shared_ptr<config::ConfigProvider>> make_vault_secrets(const config::Properties& parameters);

}  // namespace bywash::net
