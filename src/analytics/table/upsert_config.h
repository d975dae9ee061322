// upsertConfig and dedupConfig of a table's JSON, and what Pinot's TableConfigUtils 1.5.1 asks of them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "analytics/segment/table_schema.h"
#include "analytics/table/json_document.h"
#include "analytics/table/row_merge.h"

namespace bywash::analytics {

enum class KeyMode { kNone, kUpsert, kDedup };

struct UpsertConfig {
  KeyMode mode = KeyMode::kNone;
  std::vector<std::string> comparison_columns;  // empty: the time column; of dedup what its time to live goes by.
                                                // Of several a record has one, and the others stay what they were
  std::string delete_column;                    // empty: none
  bool drop_out_of_order = false;
  std::string out_of_order_column;              // says of each row whether it came too late; empty: none
  double metadata_ttl = 0, deleted_keys_ttl = 0;  // in the comparison column's unit; 0: for ever

  bool partial = false;                           // new rows are merged with their key's row
  std::map<std::string, MergeStrategy> strategies;
  MergeStrategy default_strategy = MergeStrategy::kOverwrite;
  bool null_handling = false;                     // of the table; partial upserts need it

  // How a column is merged. Keys and the comparison column are the new row's.
  MergeStrategy strategy_of(const std::string& column, const TableSchema& schema, const std::string& time_column) const;
  bool compares_by(const std::string& column) const;
  bool on() const { return mode != KeyMode::kNone; }
};

// Reads both out of a table's document. Problems that need no schema are added to `problems`, keys without effect to `warnings`.
UpsertConfig read_upsert_config(const Json& document, bool realtime, std::vector<std::string>& problems, std::vector<std::string>& warnings);

// Adds what does not fit the schema, in Pinot's words where Pinot has them.
void check_upsert_config(const UpsertConfig& config, const TableSchema& schema, const std::string& time_column, std::vector<std::string>& problems);

}  // namespace bywash::analytics
