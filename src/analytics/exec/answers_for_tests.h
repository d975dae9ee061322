// Answers as short texts: rows by ';', cells by '|'. Test code only.
#pragma once

#include "analytics/exec/broker_response.h"

#include <fmt/format.h>

#include <string>

namespace bywash::analytics {

inline std::string shown(const Cell& cell) {
  if (std::holds_alternative<std::monostate>(cell.value)) return "null";
  if (auto* d = std::get_if<double>(&cell.value)) return fmt::format("{:.10g}", *d);
  if (auto* f = std::get_if<float>(&cell.value)) return fmt::format("{:.6g}", *f);
  if (auto* i = std::get_if<int64_t>(&cell.value)) return std::to_string(*i);
  if (auto* b = std::get_if<bool>(&cell.value)) return *b ? "true" : "false";
  if (auto* s = std::get_if<std::string>(&cell.value)) return *s;
  std::string out = "[";
  for (const Cell& item : std::get<CellArray>(cell.value)) out += (out.size() > 1 ? "," : "") + shown(item);
  return out + "]";
}

inline std::string shown(const QueryResponse& response) {
  if (!response.exceptions.empty()) return "error: " + response.exceptions[0].message;
  std::string out;
  for (const auto& row : response.table.rows) {
    if (!out.empty()) out += ";";
    for (size_t i = 0; i < row.size(); ++i) out += (i > 0 ? "|" : "") + shown(row[i]);
  }
  return out;
}

}  // namespace bywash::analytics
