// Per-value rules over a column: the form of transforms that compute rather than rearrange. Level 4, the task's thread.
#pragma once

#include <functional>

#include "transforms/record_side.h"

namespace bywash::transforms {

// `f` over the value of each selected row where `column` is not null. The result is a column of `out`; `out` null: schemaless, of
// the shape the results have. Rows for which `f` fails are marked in `batch`.
Result<Column> map_column(Batch& batch, const Column& column, const SchemaPtr& out, const std::function<Result<Value>(const Value&)>& f);

}  // namespace bywash::transforms
