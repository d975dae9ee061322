// What events share beside their rows: the source block, headers, the place in a transaction. Level 6, the task's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/batch.h"
#include "columnar/connect_schema.h"
#include "connectors/postgres_cdc/change_config.h"
#include "formats/json/column_builder.h"
#include "plugin/source.h"

namespace bywash::postgres_cdc {

// Debezium's version whose events these are: the `version` of the source block.
inline constexpr std::string_view kEventVersion = "3.6.1.Final";

// Where one event comes from.
struct EventMark {
  std::string_view snapshot = "false";
  int64_t commit_micros = 0;
  int64_t tx_id = -1;
  uint64_t lsn = 0, commit_lsn = 0;  // 0: none
  std::string_view origin;           // empty: none
  uint64_t origin_lsn = 0;
  // With provide.transaction.metadata.
  std::string_view transaction;      // its id; empty: none
  int64_t total_order = 0, collection_order = 0;
};

columnar::SchemaPtr source_schema(const ChangeConfig& config);
columnar::SchemaPtr transaction_block_schema(const ChangeConfig& config);
void append_source(const ChangeConfig& config, const EventMark& mark, std::string_view schema, std::string_view table, formats::json::ColumnBuilder* out);
void append_transaction(const EventMark& mark, formats::json::ColumnBuilder* out);

// Headers `__debezium.context.*` of one run of a task; null when extended.headers.enabled is false.
std::shared_ptr<const std::vector<columnar::Header>> context_headers(const ChangeConfig& config, int task);

// A batch of one topic from finished columns, its offsets still empty. `key` may be empty: all keys are null; `value` likewise: tombstones.
struct BatchParts {
  std::string topic;
  std::optional<columnar::Column> key, value;
  std::vector<std::vector<columnar::Header>> headers;  // empty, or one list per row
  std::shared_ptr<const std::vector<columnar::Header>> shared_headers;
  int64_t rows = 0;
};
plugin::SourceBatch make_batch(const ChangeConfig& config, BatchParts parts);
// One record of its own.
Result<plugin::SourceBatch> make_record(const ChangeConfig& config, const std::string& topic, const columnar::Value& key, const columnar::Value& value);

}  // namespace bywash::postgres_cdc
