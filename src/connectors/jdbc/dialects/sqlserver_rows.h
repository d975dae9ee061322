// Columns as the JSON rows and the column list of an OPENJSON, through which SQL Server takes many typed rows in one statement. Level 6, the
// task's thread.
#pragma once

#include <string>
#include <vector>

#include "connectors/jdbc/dialect.h"

namespace bywash::jdbc::sqlserver {

struct RowOptions {
  const LocalTimes* times = nullptr;
  bool replace_null_with_default = true;
  bool timestamp_nanos = false;  // unit of timestamp.fields.list
};

// The type of a column in OPENJSON's WITH; what the value becomes by assignment to the table's column is the server's business.
// kData: a type that no column can take.
Result<std::string> json_type(const WriteColumn& column);

// The value of OPENJSON's column `name` as an SQL expression. A key's column (`target`) has the target's type, so that equal keys are equal.
std::string value_of_json(const std::string& name, const WriteColumn& column, const TableColumn* target);

// Appends values of one block's column to rows of JSON: `null`, `12`, `"it's"`. One per column and block.
class JsonValues {
 public:
  // kData: a type that no column can take.
  static Result<JsonValues> make(const columnar::Column& column, const WriteColumn& write, const RowOptions& options);
  // kData: not a number, an unreadable timestamp text, text that is no UTF-8. The message names the field.
  Status append(int64_t row, std::string* out) const;

 private:
  JsonValues() = default;
  Status append_value(const arrow::Array& data, int64_t row, std::string* out) const;
  Status append_time(const arrow::Array& data, int64_t row, std::string* out) const;
  columnar::Column column_, default_value_;
  const WriteColumn* write_ = nullptr;
  RowOptions options_;
  bool listed_ = false, nulls_ = false;
};

}  // namespace bywash::jdbc::sqlserver
