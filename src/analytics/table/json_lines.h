// The rows of a JSON file: one object a line, or one array of objects, as Pinot's JSONRecordReader takes them. Level 5.
#pragma once

#include <string_view>
#include <vector>

#include "base/status.h"

namespace bywash::analytics {

// Appends the text of each row, pointing into `text`. Blank lines are skipped. Objects may span lines.
// kInvalid when a value does not end.
Status split_json_rows(std::string_view text, std::vector<std::string_view>* rows);

// The end of the JSON value that begins at `from`: brackets are counted, strings skipped. npos: it does not end.
size_t end_of_json_value(std::string_view text, size_t from);

}  // namespace bywash::analytics
