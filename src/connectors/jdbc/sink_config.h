// Configuration of the JDBC sink: every key of JdbcSinkConfig (kafka-connect-jdbc 10.9) bound to a member. Level 6, every thread.
#pragma once

#include <optional>
#include <string>

#include "config/typed_config.h"
#include "connectors/jdbc/connection_url.h"

namespace bywash::jdbc {

enum class InsertMode : uint8_t { kInsert, kUpsert, kUpdate };
enum class PkMode : uint8_t { kNone, kKafka, kRecordKey, kRecordValue };

struct SinkConfig {
  // As given.
  std::string connection_url;
  std::optional<std::string> user;
  config::Secret password;
  std::string credentials_provider;
  std::string dialect_name;
  int32_t connection_attempts = 3;
  int64_t connection_backoff_ms = 10000;
  std::string insert_mode_text, pk_mode_text;
  int32_t batch_size = 3000;
  bool delete_enabled = false;
  config::List table_types;
  bool replace_null_with_default = true;
  std::string table_name_format;
  config::List pk_fields, fields_whitelist;
  std::string db_timezone, date_timezone;
  config::List timestamp_fields;
  std::string timestamp_precision, date_calendar, string_column, quote_identifiers;
  bool auto_create = false, auto_evolve = false;
  bool merge_holdlock = true;
  int32_t max_retries = 10;
  int32_t retry_backoff_ms = 3000;
  bool trim_sensitive_log = false;
  // Ours.
  std::string change_events_text;
  bool truncate_enabled = false;
  bool flatten_structs = false;
  std::string flatten_delimiter;
  bool widen = false;
  bool exactly_once = false;
  std::string offsets_table;

  // Derived by read_sink_config.
  std::string connector_name;
  int64_t tasks_max = 1;
  ConnectionUrl url;
  InsertMode insert_mode = InsertMode::kInsert;
  PkMode pk_mode = PkMode::kNone;
  bool quote = true;
  bool change_events = true;  // envelopes are understood

  bool timestamp_nanos() const { return timestamp_precision == "NANOSECONDS" || timestamp_precision == "nanoseconds"; }
  bool takes_table_type(std::string_view type) const;  // "TABLE", "VIEW", "PARTITIONED TABLE"
};

const config::TypedConfig<SinkConfig>& sink_config_def();

// Parses and derives. Error: every problem in one status; what only the connection would tell begins with "Could not connect to database".
Result<SinkConfig> read_sink_config(const config::Properties& properties);

}  // namespace bywash::jdbc
