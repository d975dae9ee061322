// What every converter promises of any bytes, for its fuzzer: each payload in exactly one group or among the errors, columns whole, and
// what was read can be written. Level 4, tests only.
#pragma once

#include <arrow/array.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/converter.h"

namespace bywash::formats {

// Aborts when the promise is broken. `writes_schemaless`: the converter takes data without schema too.
inline void check_any_messages(plugin::Converter& converter, const std::vector<std::optional<std::string_view>>& payloads, bool writes_schemaless) {
  auto out = converter.decode("t", payloads);
  if (!out.ok()) std::abort();
  std::vector<int> seen(payloads.size());
  for (const auto& error : out->errors) {
    if (error.status.message().empty()) std::abort();
    ++seen.at(error.row);
  }
  for (const auto& group : out->groups) {
    if (!group.column.data->ValidateFull().ok()) std::abort();
    for (int64_t i = 0; i < group.column.row_count(); ++i) ++seen.at(group.rows.empty() ? static_cast<size_t>(i) : group.rows.at(static_cast<size_t>(i)));
    std::vector<std::optional<std::string>> written;
    std::vector<plugin::ConvertError> errors;
    if (group.column.schema->schemaless() && !writes_schemaless) continue;
    if (!converter.encode("out", group.column, &written, &errors).ok()) std::abort();
  }
  for (int n : seen) {
    if (n != 1) std::abort();
  }
}

}  // namespace bywash::formats
