// A table's schema as Pinot describes it, in plain structs: fields, types, null defaults. No JSON here: analytics/table parses it.
// Read by every stage of the table line (append, seal) and the query line (bind). Immutable once shared.
#pragma once

#include "base/status.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bywash::analytics {

enum class DataType : uint8_t { kInt, kLong, kFloat, kDouble, kBoolean, kTimestamp, kString, kJson, kBytes, kBigDecimal };
enum class FieldKind : uint8_t { kDimension, kMetric, kDateTime };

// How values of a type lie in memory: INT and BOOLEAN as int32, LONG and TIMESTAMP (ms) as int64, the textual types as bytes.
enum class Stored : uint8_t { kI32, kI64, kF32, kF64, kBytes };

constexpr Stored stored_as(DataType type) {
  switch (type) {
    case DataType::kInt:
    case DataType::kBoolean: return Stored::kI32;
    case DataType::kLong:
    case DataType::kTimestamp: return Stored::kI64;
    case DataType::kFloat: return Stored::kF32;
    case DataType::kDouble: return Stored::kF64;
    default: return Stored::kBytes;
  }
}
constexpr bool is_integer(DataType type) { return stored_as(type) == Stored::kI32 || stored_as(type) == Stored::kI64; }
constexpr bool is_real(DataType type) { return type == DataType::kFloat || type == DataType::kDouble; }
constexpr bool is_text(DataType type) { return stored_as(type) == Stored::kBytes; }
constexpr int stored_width(Stored stored) {
  return stored == Stored::kBytes ? 0 : (stored == Stored::kI32 || stored == Stored::kF32) ? 4 : 8;
}

// "INT", "BIG_DECIMAL", ...: Pinot's FieldSpec.DataType names.
std::string_view to_string(DataType type);
// The type that such a name means; kInvalid when there is none.
Result<DataType> data_type_from(std::string_view name);

// One value of any type: `integer` for INT, LONG, BOOLEAN, TIMESTAMP; `real` for FLOAT, DOUBLE; `text` for the rest
// (BYTES raw, not hex; BIG_DECIMAL as plain decimal text).
struct Scalar {
  int64_t integer = 0;
  double real = 0;
  std::string text;
  friend bool operator==(const Scalar&, const Scalar&) = default;
};

// Reads `text` as a value of `type` ("true"/"1" for BOOLEAN, millis or 'yyyy-MM-dd HH:mm:ss[.SSS]' for TIMESTAMP, hex for BYTES).
// Does not narrow: text that does not fit is kInvalid.
Result<Scalar> parse_scalar(DataType type, std::string_view text);

// What a null of this kind and type becomes when the schema names no default (org.apache.pinot.spi.data.FieldSpec, 1.5.1).
Scalar default_null_of(FieldKind kind, DataType type);

struct FieldIndexes;

struct FieldSpec {
  std::string name;
  DataType type = DataType::kString;
  FieldKind kind = FieldKind::kDimension;
  bool single_value = true;
  bool not_null = false;
  int32_t max_length = 512;
  bool trailing_zeros = false;  // allowTrailingZeros: BIG_DECIMAL values keep them
  Scalar default_null;      // resolved: from the schema's defaultNullValue, else default_null_of()
  std::string format;       // of a dateTime field: "1:MILLISECONDS:EPOCH", "TIMESTAMP", "SIMPLE_DATE_FORMAT|yyyy-MM-dd", ...
  std::string granularity;  // of a dateTime field: "1:MILLISECONDS", ...
  std::shared_ptr<const FieldIndexes> indexes;  // of its documents, in one table; nullptr: none
};

struct TableSchema {
  std::string name;
  bool column_based_null_handling = false;
  std::vector<std::string> primary_key_columns;
  std::vector<FieldSpec> fields;  // names are unique

  // Index into `fields`, or -1. The second form ignores ASCII case, as Pinot's broker does.
  int find(std::string_view field) const;
  int find_ignoring_case(std::string_view field) const;
};

}  // namespace bywash::analytics
