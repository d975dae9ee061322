// SQL's words: upper case, Pinot's spelling of function names, keywords. Query line, parse stage.
#pragma once

#include <string>
#include <string_view>

namespace bywash::analytics::sql {

// ASCII letters in upper case.
std::string upper(std::string_view text);
// Whether upper(text) is `keyword`.
inline bool is_word(std::string_view text, std::string_view keyword) {
  if (text.size() != keyword.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c) != keyword[i]) return false;
  }
  return true;
}
// Pinot's canonical function name (org.apache.pinot.sql.parsers.CalciteSqlParser, 1.5.1): lower case, no underscores.
std::string function_name(std::string_view text);
// Words (in upper case) that end an expression or have a place of their own; as names they must be quoted.
bool reserved(std::string_view word);

}  // namespace bywash::analytics::sql
