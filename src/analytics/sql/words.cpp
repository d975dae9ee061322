#include "analytics/sql/words.h"

namespace bywash::analytics::sql {

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return out;
}

std::string function_name(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '_') continue;
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return out;
}

bool reserved(std::string_view word) {
  static constexpr std::string_view kWords[] = {
      "SELECT", "FROM",  "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT",  "OFFSET", "AND",   "OR",     "NOT",       "IN",    "BETWEEN", "LIKE",
      "IS",     "CASE",  "WHEN",  "THEN",  "ELSE",   "END",   "AS",     "NULL",   "TRUE",  "FALSE",  "ASC",       "DESC",  "OPTION",  "UNION",
      "JOIN",   "INNER", "LEFT",  "RIGHT", "FULL",   "CROSS", "NATURAL", "ON",    "USING", "EXCEPT", "INTERSECT", "OVER",  "DISTINCT", "BY",
      "NULLS",  "WITH",  "SET",   "FETCH", "WINDOW", "QUALIFY", "FILTER", "CAST"};
  for (std::string_view candidate : kWords) {
    if (candidate == word) return true;
  }
  return false;
}

}  // namespace bywash::analytics::sql
