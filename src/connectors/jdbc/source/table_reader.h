// One table (or query) of the source: the statement of the mode, its rows in batches, and the offset behind each row
// (TableQuerier and its kin of kafka-connect-jdbc 10.9). Level 6, one per table of a task.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "connectors/jdbc/source/row_builder.h"
#include "connectors/jdbc/source/source_database.h"
#include "plugin/source.h"

namespace bywash::jdbc {

// Where reading stands: the greatest number and the latest timestamp given out.
struct ReadPosition {
  std::optional<int64_t> incrementing;
  std::optional<int64_t> timestamp_micros;
  int32_t nanos = 0;  // beyond the microseconds, 0..999: SQL Server counts 100 ns
  friend bool operator==(const ReadPosition&, const ReadPosition&) = default;
};

// As Connect's offset: {"incrementing":5,"timestamp":1718445600123,"timestamp_nanos":123456000}. 
std::string offset_json(const ReadPosition& position);
// kFatal: no such offset.
Result<ReadPosition> position_of_json(const std::string& json);

class TableReader {
 public:
  // A table, or config.query when `table` is empty.
  TableReader(const SourceConfig& config, std::optional<TableName> table);

  // The source partitions under which the original may have kept this table's offset, the one to use first.
  std::vector<std::string> partition_candidates() const;
  // Goes on at a stored offset, under the partition that it was found with.
  Status resume(std::string partition, const std::optional<std::string>& offset);
  // Refuses columns that may be null (validate.non.null).
  Status check_columns(SourceDatabase& database);

  // Sends the statement. kRetriable: the database's trouble.
  Status begin(SourceDatabase& database);
  bool reading() const { return reading_; }
  // Up to batch.max.rows rows; after the last ones reading() is false. An empty batch at the end.
  Result<plugin::SourceBatch> read(SourceDatabase& database);
  // After a fault: the statement is sent anew, behind what was given out.
  void abandon(SourceDatabase* database);

  SteadyTime due{};  // not before
  const std::optional<TableName>& table() const { return table_; }
  std::string shown_name() const { return table_ ? table_->table : "query"; }
  const std::string& statement() const { return sql_; }

 private:
  Status choose_columns(SourceDatabase& database, const std::vector<SourceColumn>& columns);
  Result<std::string> make_statement(SourceDatabase& database);
  Status advance(const SourceRow& row, ReadPosition* position) const;
  Result<plugin::SourceBatch> finish_batch(plugin::SourceBatch out);
  void write_offsets(bool closed, const std::vector<ReadPosition>& positions, std::vector<std::string>* out);

  const SourceConfig& config_;
  std::optional<TableName> table_;
  std::string topic_, partition_, incrementing_name_, sql_;
  std::vector<std::string> timestamp_names_;
  std::vector<SourceColumn> timestamp_columns_;  // as the table has them
  SourceClock clock_;
  ReadPosition position_;     // of the last row given out
  ReadPosition committable_;  // timestamp mode: the latest timestamp that has no more rows
  int incrementing_at_ = -1;
  std::vector<int> timestamps_at_;
  SourceColumn incrementing_in_rows_;              // as the statement's rows have them
  std::vector<SourceColumn> timestamps_in_rows_;
  std::unique_ptr<RowBuilder> builder_;
  SourceRow row_;
  bool reading_ = false, peeked_ = false;
  int64_t next_number_ = 0;
};

}  // namespace bywash::jdbc
