// The keys that every converter with a Schema Registry has (Confluent's AbstractKafkaSchemaSerDeConfig and SchemaRegistryClientConfig
// 7.7). A converter embeds registry_keys() into its own definition and parses both. Level 4, every thread.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/config_def.h"

namespace bywash::formats::schema_registry {

enum class SubjectStrategy : uint8_t { kTopic, kRecord, kTopicRecord };

struct RegistryConfig {
  config::List urls;
  bool url_randomize = false;
  int32_t schemas_max = 1000;
  bool normalize_schemas = false;
  bool auto_register_schemas = true;
  int32_t use_schema_id = -1;
  bool id_compatibility_strict = true;
  bool use_latest_version = false;
  config::List use_latest_with_metadata;  // "name=value"
  bool latest_compatibility_strict = true;
  int32_t latest_cache_size = 1000;
  int32_t latest_cache_ttl_seconds = -1;  // -1: for ever
  int32_t connect_timeout_ms = 60'000;
  int32_t read_timeout_ms = 60'000;
  int32_t retries_max = 3;
  int32_t retries_wait_ms = 1000;
  int32_t retries_wait_ms_max = 20'000;
  std::string key_strategy, value_strategy;  // class names
  std::string context_strategy;

  std::optional<std::string> basic_auth_source;  // URL, USER_INFO, SASL_INHERIT
  config::Secret user_info, old_user_info;       // "name:password"
  config::Secret sasl_jaas_config;
  std::optional<std::string> bearer_auth_source;  // STATIC_TOKEN, OAUTHBEARER
  config::Secret bearer_token;
  std::string bearer_issuer_url, bearer_client_id, bearer_scope, bearer_logical_cluster, bearer_identity_pool;
  config::Secret bearer_client_secret;
  int32_t bearer_expiry_buffer_seconds = 300;

  std::string proxy_host;
  int32_t proxy_port = -1;
  std::string ssl_truststore_location, ssl_truststore_type, ssl_keystore_location, ssl_keystore_type, ssl_endpoint_identification;
  config::Secret ssl_truststore_password, ssl_truststore_certificates, ssl_keystore_password, ssl_keystore_chain, ssl_keystore_key, ssl_key_password;
  std::vector<std::pair<std::string, std::string>> request_headers;  // request.header.NAME

  SubjectStrategy strategy(bool is_key) const;
};

// Declarations and rules of the keys above, without prefix.
const config::ConfigDef& registry_keys();
// The values, or every problem at once. Keys of others are left alone.
Result<RegistryConfig> parse_registry_config(const config::Properties& properties);

}  // namespace bywash::formats::schema_registry
