// Every key of the S3 sink: those of Confluent's kafka-connect-s3 12.1.9 (io.confluent.connect.s3.S3SinkConnectorConfig and the storage
// configurations of kafka-connect-storage-common 12.0.12), and ours. Level 6.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/typed_config.h"

namespace bywash::connectors::s3 {

struct S3SinkConfig {
  std::string format_class;
  int32_t flush_size = 0;
  int64_t rotate_interval_ms = -1;
  int64_t rotate_schedule_interval_ms = -1;
  int32_t schemas_cache_config = 1000;
  bool enhanced_avro_schema_support = true;
  bool connect_meta_data = true;
  int64_t retry_backoff_ms = 5000;
  int32_t filename_offset_zero_pad_width = 10;
  std::string avro_codec;
  bool allow_optional_map_keys = false;
  std::string schema_compatibility;
  std::string parquet_codec;
  int64_t parquet_row_group_bytes = int64_t{32} << 20;
  int64_t parquet_page_bytes = int64_t{1} << 20;
  std::optional<std::string> bucket;
  bool object_tagging = false;
  config::List object_tagging_pairs;
  std::string behavior_on_tagging_error;
  std::string region;
  int32_t part_size = 0;
  std::string credentials_provider_class;
  std::string access_key_id;
  config::Secret secret_access_key;
  std::string ssea_name;
  config::Secret sse_customer_key;
  std::string sse_kms_key_id;
  std::optional<std::string> acl_canned;
  bool wan_mode = false;
  std::string compression_type;
  int32_t compression_level = -1;
  std::string json_decimal_format;
  int32_t part_retries = 3;
  int64_t s3_retry_backoff_ms = 200;
  std::string bytearray_extension;
  std::optional<std::string> bytearray_separator;
  std::string proxy_url;
  std::optional<std::string> proxy_user;
  config::Secret proxy_password;
  bool send_expect_continue = true;
  std::string behavior_on_null_values;
  bool report_null_values_to_dlq = true;
  int64_t max_write_duration_ms = 0;
  bool rotate_file_on_partition_change = true;
  std::string tombstone_encoded_partition;
  std::string schema_partition_affix_type;
  bool send_digest = false;
  bool enable_conditional_writes = true;
  int32_t max_files_scan_limit = 100;
  bool store_kafka_keys = false;
  bool store_kafka_headers = false;
  std::string keys_format_class;
  std::string headers_format_class;
  bool path_style_access = true;
  bool elastic_buffer_enable = false;
  int32_t elastic_buffer_init_capacity = 0;
  int32_t max_open_files = -1;
  std::optional<std::string> storage_class;
  std::string topics_dir;
  std::optional<std::string> store_url;
  std::string directory_delim;
  std::string file_delim;
  std::string partitioner_class;
  config::List partition_field_name;
  int64_t partition_duration_ms = -1;
  std::string path_format;
  std::string locale;
  std::string timezone;
  std::string timestamp_extractor;
  std::string timestamp_field;
  // Ours.
  bool path_include_topic = true;
  int64_t rotate_size_bytes = -1;
  int64_t rotate_age_ms = -1;
  int64_t rotate_idle_ms = -1;
  bool rotate_file_on_schema_change = true;
  std::string spill_folder;
  int64_t compact_interval_ms = -1;
  int64_t compact_target_bytes = 0;
  int64_t compact_min_age_ms = 0;

  // store.url names a folder of this machine.
  bool is_local() const { return store_url && store_url->starts_with("file:"); }
  // Files end by something else than the records: a restart would cut them elsewhere.
  bool cuts_by_clock_or_size() const { return rotate_schedule_interval_ms > 0 || rotate_size_bytes > 0 || rotate_age_ms > 0 || rotate_idle_ms > 0; }
};

const config::TypedConfig<S3SinkConfig>& s3_sink_config();
// The parsed configuration; white space in format.bytearray.separator counts, as in the original.
Result<S3SinkConfig> read_s3_sink(const config::Properties& properties);
// Not ok: rotate.schedule.interval.ms without a time zone, which the original's connector finds when it starts.
Status check_schedule(const S3SinkConfig& config);

// The simple class names that this sink knows; anything else fails validation.
enum class Format { kAvro, kParquet, kJson, kByteArray };
enum class PartitionerKind { kDefault, kField, kTimeBased, kDaily, kHourly, kFieldAndTime };
enum class ExtractorKind { kWallclock, kRecord, kRecordField };
std::optional<Format> format_of(std::string_view class_name);
std::optional<PartitionerKind> partitioner_of(std::string_view class_name);
std::optional<ExtractorKind> extractor_of(std::string_view name);

}  // namespace bywash::connectors::s3
