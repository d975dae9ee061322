// Configuration of the change source: the keys of Debezium's PostgreSQL connector (3.6) bound to members. Level 6, every thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/typed_config.h"

namespace bywash::postgres_cdc {

enum class DecimalMode : uint8_t { kPrecise, kDouble, kString };
enum class TimeMode : uint8_t { kAdaptive, kAdaptiveTimeMicros, kConnect, kIso, kMicros, kNanos };
enum class BinaryMode : uint8_t { kBytes, kBase64, kBase64Url, kHex };
enum class SnapshotMode : uint8_t { kInitial, kAlways, kInitialOnly, kNoData, kWhenNeeded };
enum class PublicationMode : uint8_t { kAllTables, kFiltered, kDisabled, kNoTables };
enum class NameAdjustment : uint8_t { kNone, kAvro, kAvroUnicode };

struct ChangeConfig {
  // As given.
  std::string hostname, user, database;
  int32_t port = 5432;
  config::Secret password;
  std::string ssl_mode, ssl_cert, ssl_key, ssl_root_cert, initial_statements;
  config::Secret ssl_password;
  bool tcp_keepalive = true;
  std::string plugin_name, slot_name, slot_parameters, publication_name, publication_mode_text, replica_identities;
  bool drop_slot = false, failover_slot = false, publish_via_root = false;
  int32_t slot_max_retries = 6;
  int64_t slot_retry_delay_ms = 10000;
  std::string topic_prefix, topic_delimiter, topic_transaction, topic_heartbeat_prefix, topic_heartbeat_name;
  std::string table_include, table_exclude, schema_include, schema_exclude, column_include, column_exclude;
  std::string message_key_columns, message_prefix_include, message_prefix_exclude;
  std::string snapshot_mode_text, snapshot_tables, snapshot_overrides;
  int64_t snapshot_delay_ms = 0, streaming_delay_ms = 0;
  std::string signal_table;  // "schema.table"; empty: no signals
  config::List signal_channels;
  std::string decimal_text, time_text, binary_text, hstore_text, interval_text, schema_adjustment_text, field_adjustment_text;
  int32_t money_digits = 2;
  bool unknown_types = false;
  std::string unavailable;  // stands for an unchanged value that was not sent
  bool tombstones = true, transaction_metadata = false, extended_headers = true, skip_unchanged = false;
  config::List skipped_operations;
  int64_t heartbeat_ms = 0;
  std::string heartbeat_query;
  int32_t batch_max = 2048, retries_max = -1;
  int64_t status_interval_ms = 10000;
  std::string flush_mode, failure_mode;

  // Derived by read_change_config.
  DecimalMode decimals = DecimalMode::kPrecise;
  TimeMode times = TimeMode::kAdaptive;
  BinaryMode binaries = BinaryMode::kBytes;
  bool hstore_as_map = false, interval_as_text = false;
  SnapshotMode snapshot = SnapshotMode::kInitial;
  PublicationMode publication = PublicationMode::kAllTables;
  NameAdjustment schema_names = NameAdjustment::kNone, field_names = NameAdjustment::kNone;
  bool skips_create = false, skips_update = false, skips_delete = false, skips_truncate = false;
  // "schema.table" to the statement that reads its rows in the snapshot.
  config::Properties select_statements;
  // column.mask.with.N.chars and column.truncate.to.N.chars: what to do, and the expression of the columns.
  struct ColumnRule {
    bool mask = false;  // else truncate
    int64_t length = 0;
    std::string expressions;
  };
  std::vector<ColumnRule> column_rules;
};

const config::TypedConfig<ChangeConfig>& change_config_def();
// Parses and derives. Error: every problem in one status.
Result<ChangeConfig> read_change_config(const config::Properties& properties);

}  // namespace bywash::postgres_cdc
