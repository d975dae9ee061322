// Any Arrow record batch as a Connect column of structs, so that one JSON writer serves every source of rows. Level 6.
#pragma once

#include <memory>

#include "base/status.h"
#include "columnar/column.h"

namespace arrow {
class RecordBatch;
}

namespace bywash::processing {

// Rows of `batch` as one struct column. Unsigned 64-bit and 128-bit integers become decimals, times of any unit milliseconds,
// timestamps without zone text in ISO form (they are no instants), dictionaries their values. Error: a type with no counterpart, named.
Result<columnar::Column> to_column(const arrow::RecordBatch& batch);

}  // namespace bywash::processing
