// See json_lines.h.
#include "analytics/table/json_lines.h"

namespace bywash::analytics {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

size_t end_of_json_value(std::string_view text, size_t from) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = from; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      else if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (--depth <= 0) return i + 1;
    } else if (depth == 0 && c == '\n') {
      return i;
    }
  }
  return depth == 0 && !in_string ? text.size() : std::string_view::npos;
}

Status split_json_rows(std::string_view text, std::vector<std::string_view>* rows) {
  size_t at = 0;
  if (text.starts_with("\xef\xbb\xbf")) at = 3;
  auto skip = [&](bool commas) {
    while (at < text.size() && (is_blank(text[at]) || (commas && text[at] == ','))) ++at;
  };
  skip(false);
  const bool array = at < text.size() && text[at] == '[';
  if (array) ++at;
  for (skip(array); at < text.size(); skip(array)) {
    if (array && text[at] == ']') return {};
    const size_t end = end_of_json_value(text, at);
    if (end == std::string_view::npos || end == at) return Status::invalid(fmt::format("Row {} of the file does not end", rows->size() + 1));
    rows->push_back(text.substr(at, end - at));
    at = end;
  }
  if (array) return Status::invalid("The array of rows does not end");
  return {};
}

}  // namespace bywash::analytics
