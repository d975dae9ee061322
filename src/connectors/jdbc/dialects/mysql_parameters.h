// Columns as arrays of statement parameters for MySQL and MariaDB: fixed-width numbers, or texts by pointer and length. Level 6, the
// task's thread.
#pragma once

#include <mysql.h>

#include <string>
#include <string_view>
#include <vector>

#include "connectors/jdbc/dialect.h"

namespace bywash::jdbc::mysql {

struct ParameterOptions {
  const LocalTimes* times = nullptr;
  bool replace_null_with_default = true;
  bool timestamp_nanos = false;  // unit of timestamp.fields.list
};

// The values of one column of a block, row by row.
struct Parameters {
  enum_field_types type = MYSQL_TYPE_NULL;
  size_t width = 0;                   // bytes of a fixed value; 0: texts
  std::string fixed;                  // width bytes a row, as the machine has them
  std::vector<const char*> starts;    // texts; into the column's own buffers or into `made`
  std::vector<unsigned long> lengths;
  std::vector<char> nulls;            // 1 where the value is null
  std::string made;                   // texts that were written for the purpose
  columnar::Column source, default_value;  // keep the buffers alive

  size_t byte_count(size_t row) const { return width ? width : nulls[row] ? 1 : lengths[row] + 9; }
  // Appends row `row`'s value so that equal keys have equal bytes, which sort as the database sorts numbers and binary texts.
  // The trailing blanks of a text do not count, as in collations that pad.
  void append_key(size_t row, std::string* out) const;
};

// kData: a type that no column can take, or an unreadable timestamp text.
Result<Parameters> parameters_of(const columnar::Column& column, const WriteColumn& write, const TableColumn* target,
                                 const ParameterOptions& options);

}  // namespace bywash::jdbc::mysql
