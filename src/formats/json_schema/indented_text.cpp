// Objects over several lines, arrays on one. Encode step. Level 4.
#include "formats/json_schema/indented_text.h"

namespace bywash::formats::json_schema {

std::string indented(std::string_view json) {
  std::string out;
  std::string open;  // the brackets around
  size_t level = 0;
  auto new_line = [&] { out.append("\n").append(level * 2, ' '); };
  for (size_t i = 0; i < json.size(); ++i) {
    char c = json[i];
    switch (c) {
      case '"':
        out += c;
        for (++i; i < json.size() && json[i] != '"'; ++i) {
          out += json[i];
          if (json[i] == '\\' && i + 1 < json.size()) out += json[++i];
        }
        out += '"';
        break;
      case '{':
      case '[':
        out += c;
        if (i + 1 < json.size() && (json[i + 1] == '}' || json[i + 1] == ']')) {
          out.append(" ").push_back(json[++i]);
          break;
        }
        open += c;
        level += c == '{';
        if (c == '{') new_line();
        else out += ' ';
        break;
      case '}':
      case ']':
        level -= c == '}';
        if (c == '}') new_line();
        else out += ' ';
        if (!open.empty()) open.pop_back();
        out += c;
        break;
      case ',':
        out += c;
        if (!open.empty() && open.back() == '{') new_line();
        else out += ' ';
        break;
      case ':': out += " : "; break;
      default: out += c;
    }
  }
  return out;
}

}  // namespace bywash::formats::json_schema
