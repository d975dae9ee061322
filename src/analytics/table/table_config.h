// Pinot's table JSON: read into what tables need, with every problem at once, and rendered back as Pinot stores it (defaults filled).
// Source: org.apache.pinot.spi.config.table.TableConfig, TableConfigUtils 1.5.1. Level 5, REST threads and start.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/segment/segment_file.h"
#include "analytics/segment/table_schema.h"
#include "analytics/table/record_shaping.h"
#include "analytics/table/stream_config.h"
#include "analytics/table/upsert_config.h"
#include "base/status.h"

namespace bywash::analytics {

enum class TableType { kOffline, kRealtime };
std::string_view to_string(TableType type);  // "OFFLINE", "REALTIME"

struct TableConfig {
  std::string name;            // without the suffix
  std::string name_with_type;  // stock_transactions_REALTIME
  TableType type = TableType::kOffline;
  std::string time_column;     // empty: none
  std::optional<int64_t> retention_ms;
  SealOptions indexes;             // which indexes and encodings sealed segments have
  bool null_handling = false;
  bool row_time_check = false;     // ingestionConfig.rowTimeValueCheck: rows outside 1971..2071 are errors
  IngestionRules ingestion;        // transforms, filter, complex types
  bool prune_by_partition = false;  // routing.segmentPrunerTypes
  bool dimension = false;           // isDimTable: LOOKUP finds its rows by primary key
  bool unique_keys = false;         // dimensionTableConfig.errorOnDuplicatePrimaryKey
  bool hourly_push = false;        // segmentIngestionFrequency: a hybrid table's time boundary lies an hour back, else a day
  UpsertConfig upsert;
  std::vector<StreamConfig> streams;
  std::string stored;              // as Pinot stores it, compact JSON
  std::string unrecognized = "{}";
  std::vector<std::string> warnings;  // what was filled in, or has no effect here
};

// Reads the document without looking at a schema. kInvalid names every problem, one per line.
Result<TableConfig> parse_table_config(std::string_view text, int64_t now_ms);

// Holds the config against its schema: time column, index columns. kInvalid with Pinot's words, one problem per line.
Status check_table_config(const TableConfig& config, const TableSchema& schema);

}  // namespace bywash::analytics
