// Arrow columns as parameters of ODBC statements: the values of a block first as the driver's C types have them, then, a portion of rows at a
// time, in arrays of equal places. Level 6, the task's thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connectors/jdbc/dialect.h"
#include "connectors/jdbc/dialects/odbc_connection.h"
#include "connectors/jdbc/dialects/odbc_product.h"

namespace bywash::jdbc::odbc {

struct CellOptions {
  const LocalTimes* times = nullptr;
  bool replace_null_with_default = true;
  bool timestamp_nanos = false;  // unit of timestamp.fields.list
  ProductKind product = ProductKind::kOther;
  bool has_bigint = true;        // else whole numbers of 64 bits go as decimals
};

// The values of one column of a block.
class Cells {
 public:
  // kData: a type that no column can take, text that is no UTF-8 or holds U+0000, a year that ODBC has no value for, an unreadable timestamp
  // text. The message names the field.
  static Result<Cells> make(const columnar::Column& column, const WriteColumn& write, const TableColumn* target, const CellOptions& options);
  // Bytes of row `row`.
  size_t width(size_t row) const { return ends_[row] - (row ? ends_[row - 1] : 0); }
  // Rows `from` to `to` as an array.
  Parameter array(size_t from, size_t to) const;

 private:
  Cells(const WriteColumn& write, const TableColumn* target, const CellOptions& options)
      : write_(&write), to_instant_(target && target->holds_instants), options_(options) {}
  int64_t clock(int64_t instant_micros) const;
  Status choose(const columnar::ConnectSchema& schema);
  Status add(const columnar::ConnectSchema& schema, const arrow::Array& data, int64_t row);
  Status add_text(std::string_view text);
  Status add_decimal(std::string_view encoded);
  Status add_time(const columnar::ConnectSchema& schema, const arrow::Array& data, int64_t row);
  Status add_timestamp(int64_t local_micros);
  void end(bool null);

  const WriteColumn* write_;
  bool to_instant_;  // a column whose values are instants
  CellOptions options_;
  int c_type_ = 0, sql_type_ = 0, digits_ = 0;
  uint64_t size_ = 0;  // 0: by the longest value
  bool listed_ = false;
  size_t precision_ = 0;  // of decimals: the most digits before and behind the point together
  std::string bytes_;
  std::vector<size_t> ends_;
  std::vector<char> nulls_;
};

}  // namespace bywash::jdbc::odbc
