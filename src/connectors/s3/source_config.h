// Keys of the S3 source: those of Confluent's kafka-connect-s3-source (docs.confluent.io, "Configuration Reference for Amazon S3 Source
// Connector"), the sink's where they say how the objects were written, and ours. Level 6.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "connectors/s3/s3_config.h"

namespace bywash::connectors::s3 {

struct S3SourceConfig {
  // The store, by the sink's keys.
  std::optional<std::string> store_url, bucket, proxy_user, acl_canned;
  std::string region, access_key_id, proxy_url, ssea_name, sse_kms_key_id, credentials_provider_class;
  config::Secret secret_access_key, sse_customer_key, proxy_password;
  bool wan_mode = false, path_style_access = true, send_expect_continue = true, send_digest = false;
  int32_t part_retries = 3;
  int64_t s3_retry_backoff_ms = 200;
  // What to read.
  std::string mode, topics_dir, directory_delim, file_delim, format_class, behavior_on_error, partitioner_class;
  config::List topic_regex_list;
  std::optional<std::string> filename_regex;
  std::string bytearray_extension;
  std::optional<std::string> bytearray_separator;
  int64_t poll_interval_ms = 60'000, discovery_starting_timestamp = 0;
  int32_t record_batch_max_size = 200;
  // Keys and headers beside the values.
  std::optional<bool> store_kafka_keys, store_kafka_headers;
  std::string keys_format_class, headers_format_class, tombstone_encoded_partition;
  // Which task of how many; set by task_configs.
  int32_t task_number = 0, task_count = 1;

  bool is_local() const { return store_url && store_url->starts_with("file:"); }
  bool is_generic() const { return mode == "GENERIC"; }
};

const config::TypedConfig<S3SourceConfig>& s3_source_config();

inline constexpr const char* kSourceTaskNumber = "bywash.s3.source.task.number";
inline constexpr const char* kSourceTaskCount = "bywash.s3.source.task.count";

}  // namespace bywash::connectors::s3
