// Batch: the unit of work of the sink line (poll → decode → transform → settle errors → put → flush → commit).
// Records of one origin partition with one key schema and one value schema, as columns, with a mark per row. Owned and changed by
// one task thread at a time. Level 1.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "columnar/column.h"
#include "columnar/row_mask.h"

namespace bywash::columnar {

// One record as the broker gave it. Views into memory that the RawBatch keeps alive.
struct RawRecord {
  int64_t offset = 0;
  int64_t timestamp_ms = -1;  // -1: none
  enum class TimestampType : uint8_t { kNone, kCreate, kLogAppend } timestamp_type = TimestampType::kCreate;
  std::optional<std::string_view> key;    // nullopt: a null key
  std::optional<std::string_view> value;  // nullopt: a tombstone
};

// Header of a record as bytes; the value may be null.
using RawHeader = std::pair<std::string, std::optional<std::string>>;

// The original bytes of one fetch from one partition, in offset order; lives until the sink has acked them (a DLQ needs them).
class RawBatch {
 public:
  virtual ~RawBatch() = default;
  const TopicPartition& origin() const { return origin_; }
  const std::vector<RawRecord>& records() const { return records_; }
  // Headers of record i, read when asked for.
  virtual std::vector<RawHeader> headers(size_t i) const = 0;
  virtual bool has_headers(size_t i) const = 0;

 protected:
  TopicPartition origin_;
  std::vector<RawRecord> records_;
};

// Where in the pipeline a record failed: Connect's Stage (org.apache.kafka.connect.runtime.errors.Stage).
enum class Stage : uint8_t { kHeaderConverter, kKeyConverter, kValueConverter, kTransformation, kTaskPut, kKafkaProduce, kTaskPoll };
std::string_view to_string(Stage stage);  // "VALUE_CONVERTER", ...

// Why a row is marked failed.
struct RowError {
  uint32_t row = 0;
  Stage stage = Stage::kTransformation;
  std::string component;  // Java class name of the converter, transform or connector, as Connect's DLQ headers name it
  Status status;
};

// A header as Connect data, after the header converter and the SMTs.
struct Header {
  std::string key;
  SchemaPtr schema;  // null: schemaless
  Value value;
};

struct Batch {
  TopicPartition origin;  // never changed by a transform: what is acked and committed
  Column key;             // schema of type kNull, schemaless: all keys are null
  Column value;
  std::vector<int64_t> offsets;        // per row, ascending; original offsets, never rewritten
  std::vector<int64_t> timestamps_ms;  // per row; -1: none
  RawRecord::TimestampType timestamp_type = RawRecord::TimestampType::kCreate;
  // The destination topic, constant until a transform routes rows; then `topics` has one per row.
  std::string topic;
  std::vector<std::string> topics;
  // The partition that transforms and sinks see (the origin's).
  int32_t kafka_partition = 0;
  // True on the source line: the rows are SourceRecords, which have no offset that a transform could read.
  bool from_source = false;
  std::vector<std::vector<Header>> headers;  // empty when no row has any; else one list per row
  std::vector<uint32_t> raw_rows;            // per row: its index in raw->records(); empty: row i is record i
  std::shared_ptr<const RawBatch> raw;       // may be null in tests and after a sink needs it no more
  RowMask selected;                          // rows still on their way; a filtered or failed row is not
  std::vector<RowError> errors;              // one per failed row, in row order of marking

  int64_t row_count() const { return static_cast<int64_t>(offsets.size()); }
  const std::string& topic_of(int64_t row) const { return topics.empty() ? topic : topics[static_cast<size_t>(row)]; }
  uint32_t raw_row(int64_t row) const { return raw_rows.empty() ? static_cast<uint32_t>(row) : raw_rows[static_cast<size_t>(row)]; }

  // Marks a row as filtered out: it is neither delivered nor an error.
  void drop(int64_t row) { selected.clear(row); }
  // Marks a row as failed.
  void fail(int64_t row, Stage stage, std::string component, Status status);
  // Aborts unless the invariants of the architecture hold: equal row counts, offsets ascending, errors only on unselected rows.
  void check_invariants() const;
};

// Rows `rows` (ascending) of `batch` with their marks and errors; nothing is lost when every row goes to one part of a split.
Batch take(const Batch& batch, const std::vector<uint32_t>& rows);

// The selected rows of `batch` only, as a batch with every row selected and no errors; shares columns when nothing was dropped.
Batch compact(Batch batch);

}  // namespace bywash::columnar
