// Configuration of the JDBC source: every key of JdbcSourceConnectorConfig (kafka-connect-jdbc 10.9) bound to a member. Level 6, every thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/typed_config.h"
#include "connectors/jdbc/connection_url.h"
#include "connectors/jdbc/table_name.h"

namespace bywash::jdbc {

enum class SourceMode : uint8_t { kBulk, kIncrementing, kTimestamp, kTimestampIncrementing };
enum class NumericMapping : uint8_t { kNone, kPrecisionOnly, kBestFit, kBestFitEagerDouble };
enum class Granularity : uint8_t { kLogical, kMicrosLong, kMicrosString, kMicrosIso, kNanosLong, kNanosString, kNanosIso };

struct SourceConfig {
  // As given.
  std::string connection_url;
  std::optional<std::string> user;
  config::Secret password;
  std::string credentials_provider, dialect_name;
  int32_t connection_attempts = 3;
  int64_t connection_backoff_ms = 10000;
  config::List table_whitelist, table_blacklist, table_include, table_exclude;
  std::optional<std::string> catalog_pattern, schema_pattern;
  bool numeric_precision_mapping = false;
  std::optional<std::string> numeric_mapping_text;
  std::string date_calendar, mode_text, incrementing_column;
  config::List timestamp_columns, timestamp_mapping, incrementing_mapping;
  std::optional<int64_t> timestamp_initial;
  bool validate_non_null = true;
  std::string query;
  config::Secret query_masked;
  std::string quote_identifiers, query_suffix, isolation;
  int32_t query_retries = -1;
  config::List table_types;
  int32_t poll_interval_ms = 5000;
  int32_t batch_max_rows = 1000;
  int32_t max_buffer_size = 0;
  int64_t poll_linger_ms = 5000, startup_limit_ms = 10000, table_poll_interval_ms = 60000;
  std::string topic_prefix;
  int64_t timestamp_delay_ms = 0;
  std::string db_timezone, granularity_text;

  // Derived by read_source_config.
  ConnectionUrl url;
  SourceMode mode = SourceMode::kBulk;
  NumericMapping numerics = NumericMapping::kNone;
  Granularity granularity = Granularity::kLogical;
  bool quote = true;
  // The tables of one task, quoted (the property `tables` of a task's configuration); empty with a query.
  std::vector<std::string> tables;
  // Of the first task alone, which takes up new tables: what the other tasks read (the property `tables.of.others`).
  std::vector<std::string> tables_of_others;

  // What identifies new rows of a table: the mappings' first match, else the plain keys.
  std::string incrementing_column_of(const std::string& table) const;
  std::vector<std::string> timestamp_columns_of(const std::string& table) const;
};

const config::TypedConfig<SourceConfig>& source_config_def();
// Parses and derives. Error: every problem in one status.
Result<SourceConfig> read_source_config(const config::Properties& properties);
// Whether a name as a whole is what the Java regular expression means. kInvalid: the expression cannot be read.
Result<bool> matches_whole(const std::string& expression, const std::string& name);

}  // namespace bywash::jdbc
