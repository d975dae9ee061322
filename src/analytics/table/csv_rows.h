// CSV files as rows for /ingestFromFile: each record becomes a JSON object of texts, which the columns' types then coerce.
// Source: org.apache.pinot.plugin.inputformat.csv.CSVRecordReader 1.5.1. Level 5.
#pragma once

#include <string>
#include <string_view>

#include "analytics/segment/table_schema.h"
#include "base/status.h"

namespace bywash::analytics {

struct CsvOptions {
  std::string delimiter = ",";              // one character
  std::string header;                       // names, by the delimiter; empty: the first line
  std::string multi_value_delimiter = ";";  // within a multi-value column's field; empty: never split
};

// One JSON object a line; empty fields are left out (null). kInvalid: a quoted field does not end, a record has more fields than names.
Result<std::string> csv_to_json_rows(std::string_view text, const CsvOptions& options, const TableSchema& schema);

}  // namespace bywash::analytics
