// Per-value rules over a column. Level 4, the task's thread.
#include "transforms/column_map.h"

namespace bywash::transforms {

Result<Column> map_column(Batch& batch, const Column& column, const SchemaPtr& out, const std::function<Result<Value>(const Value&)>& f) {
  std::vector<Value> values(static_cast<size_t>(column.row_count()));
  for (int64_t row = 0; row < column.row_count(); ++row) {
    if (!batch.selected.test(row) || column.is_null(row)) continue;
    auto changed = f(value_at(column, row));
    if (changed.ok()) values[static_cast<size_t>(row)] = *std::move(changed);
    else fail_row(batch, row, changed.status());
  }
  if (!out) return columnar::infer_column(values);
  columnar::ValueAppender appender(out);
  for (const Value& value : values) RETURN_IF_ERROR(appender.append(value));
  return appender.finish();
}

}  // namespace bywash::transforms
