// Records without schema become records with one, at the sink's edge: typed columns by the shape that the batch shows. Level 6.
//
//   int64 → BIGINT, double → DOUBLE PRECISION, boolean → BOOLEAN, string → TEXT, bytes → BYTEA, other widths and logical types as they are;
//   objects, arrays, maps → TEXT with their JSON; a field of mixed numbers → DOUBLE PRECISION, of other mixtures → TEXT (strings as they
//   are, everything else as JSON); a field that is null in every row makes no column yet. Every field is optional.
#pragma once

#include "columnar/column.h"

namespace bywash::jdbc {

// A kObject column as a struct with schema; a primitive one as the same type with schema; null rows stay null.
// kData: a shape that is no record (an array).
Result<columnar::Column> with_schema(const columnar::Column& column);

}  // namespace bywash::jdbc
