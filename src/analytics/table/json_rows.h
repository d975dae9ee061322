// JSON records into the columns of a consuming segment: the decode and append steps of the table line. Runs on the partition's own
// thread. Coerces as Pinot does (org.apache.pinot.common.utils.PinotDataType, DataTypeTransformer 1.5.1); where Pinot wraps, cuts or
// drops in silence, the value becomes the column's null default instead, and a counter says why.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "analytics/segment/mutable_segment.h"
#include "analytics/table/schema_config.h"
#include "analytics/table/table_config.h"

namespace bywash::analytics {

// Why a record gave no row.
enum class DropReason { kNotJson, kNotAnObject, kTombstone, kFiltered, kTooManyRows, kUndecodable, kCount };
// Why a value of a row is not what the record says.
enum class ReplaceReason { kOutOfRange, kNotANumber, kFractional, kWrongType, kNested, kTooLong, kTimeOutOfRange, kNotTransformed, kCount };
std::string_view to_string(DropReason reason);     // "not_json", ...
std::string_view to_string(ReplaceReason reason);  // "out_of_range", ...

struct IngestCounts {
  int64_t rows = 0;
  std::array<int64_t, static_cast<size_t>(DropReason::kCount)> dropped{};
  std::array<int64_t, static_cast<size_t>(ReplaceReason::kCount)> replaced{};
};

class JsonRows {
 public:
  JsonRows(const SchemaConfig& schema, const TableConfig& table);
  ~JsonRows();
  JsonRows(const JsonRows&) = delete;
  JsonRows& operator=(const JsonRows&) = delete;

  // Appends the record's row to `segment` (made with segment_schema() of the same config), or its rows where complex types are unnested.
  // False: the record was dropped or filtered, nothing appended.
  bool append(std::optional<std::string_view> payload, MutableSegment& segment);
  // Counts a record that gave no text to append.
  void drop(DropReason reason);
  // At most how many rows one record becomes.
  int64_t rows_per_record() const;
  // Records that the table's filter left out, since the last take_counts().
  int64_t filtered() const;
  // What was counted since the last call.
  IngestCounts take_counts();

 private:
  bool append_row(std::string_view payload, MutableSegment& segment);
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The schema that a new consuming segment is made with: the table's, where a null of the time column becomes `now_ms` in the column's
// format, as Pinot's NullValueTransformer does unless the schema names a default within 1971..2071.
std::shared_ptr<const TableSchema> segment_schema(const SchemaConfig& schema, const TableConfig& table, int64_t now_ms);

}  // namespace bywash::analytics
