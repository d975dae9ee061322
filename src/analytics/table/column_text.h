// Rows of a column as the JSON that tables ingest: as Pinot's record extractors see them. Decode step.
#pragma once

#include <string>

#include "base/status.h"
#include "columnar/column.h"

namespace bywash::analytics {

class ColumnText {
 public:
  // `column` as it is, but for fields of bytes at the top, which become hex, as BYTES columns take them.
  static Result<ColumnText> make(const columnar::Column& column);
  // Times are numbers (days, milliseconds), decimals numbers, bytes further inside base64.
  Status append(int64_t row, std::string* out) const;
  int64_t row_count() const { return column_.row_count(); }

 private:
  explicit ColumnText(columnar::Column column) : column_(std::move(column)) {}
  columnar::Column column_;
};

}  // namespace bywash::analytics
