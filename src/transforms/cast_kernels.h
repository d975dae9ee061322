// Cast of whole columns between numbers, booleans and texts: the fast form of cast_value for columns of one type. Level 4, the
// transform step; the task's thread.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "transforms/record_side.h"

namespace arrow {
class Array;
class Buffer;
}

namespace bywash::transforms {

// The array's null bitmap from bit 0 on; null when nothing is null.
std::shared_ptr<arrow::Buffer> validity_of(const arrow::Array& array);

// `column` as `target`, by the rules of cast_value; `out` null: schemaless. Rows whose text is no such number are null in the result and
// named in `refused`, in order. Nullopt: this pair of types goes value by value.
std::optional<Column> cast_column(const Column& column, const SchemaPtr& out, columnar::Type target, std::vector<int64_t>* refused);

}  // namespace bywash::transforms
