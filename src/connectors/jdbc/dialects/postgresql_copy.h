// Rows in the format of COPY ... (FORMAT BINARY), made column by column out of Arrow arrays. Level 6, the task's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/jdbc/dialect.h"

namespace bywash::jdbc::postgresql {

// How a value looks on the wire, which is also the type of its column in the staging table.
enum class Wire : uint8_t {
  kInt2, kInt4, kInt8, kFloat4, kFloat8, kBool, kText, kBytes, kNumeric, kDate, kTime, kTimestamp, kTimestamptz,
  kTemporalText,  // a date, time or timestamp as pgjdbc writes it, for columns of other types
  kArray,         // of a primitive type
};

struct WireType {
  Wire wire = Wire::kText;
  Wire element = Wire::kText;  // kArray
  std::string_view sql() const;  // "int4", "text[]"
  uint32_t oid() const;
};

struct EncodedRows {
  std::unique_ptr<uint8_t[]> bytes;
  std::vector<size_t> starts;      // row i is [starts[i], starts[i + 1])
  std::vector<uint32_t> key_ends;  // per row: where its key columns end, relative to its start
  std::vector<bool> null_keys;     // rows with a null in the key; empty: none
  int64_t row_count() const { return static_cast<int64_t>(starts.size()) - 1; }
  std::string_view row(int64_t i) const {
    auto at = static_cast<size_t>(i);
    return {reinterpret_cast<const char*>(bytes.get()) + starts[at], starts[at + 1] - starts[at]};
  }
  // The key columns' fields of row i, without the field count before them.
  std::string_view key(int64_t i) const { return row(i).substr(2, key_ends[static_cast<size_t>(i)] - 2); }
};

struct EncodeOptions {
  const LocalTimes* times = nullptr;
  bool replace_null_with_default = true;
  bool timestamp_nanos = false;  // unit of timestamp.fields.list
};

inline constexpr std::string_view kCopyHeader{"PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19};
inline constexpr std::string_view kCopyTrailer{"\377\377", 2};

// Encodes the first `column_count` columns of a block. kData: a value that has no such form (an unreadable timestamp string).
Result<EncodedRows> encode_rows(const RowBlock& block, const std::vector<WriteColumn>& columns, const std::vector<WireType>& wires,
                                size_t column_count, size_t key_count, const EncodeOptions& options);

}  // namespace bywash::jdbc::postgresql
