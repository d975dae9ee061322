// java.util.Properties' text format (JDK 17). Level 1.
#include "config/properties.h"

#include <cstdio>
#include <fstream>
#include <sstream>

namespace bywash::config {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\f'; }

// Joins continuation lines into logical lines; drops comments and blank lines.
std::vector<std::pair<int, std::string>> logical_lines(std::string_view text) {
  std::vector<std::pair<int, std::string>> out;
  std::string line;
  bool continued = false;
  int number = 0, start = 0;
  while (!text.empty()) {
    size_t end = text.find_first_of("\r\n");
    std::string_view physical = text.substr(0, end);
    size_t skip = end == text.npos ? text.size() : end + (text.substr(end, 2) == "\r\n" ? 2 : 1);
    text.remove_prefix(skip);
    ++number;
    while (!physical.empty() && is_blank(physical[0])) physical.remove_prefix(1);
    if (!continued) {
      if (physical.empty() || physical[0] == '#' || physical[0] == '!') continue;
      line.clear();
      start = number;
    }
    size_t slashes = 0;
    while (slashes < physical.size() && physical[physical.size() - 1 - slashes] == '\\') ++slashes;
    continued = slashes % 2 == 1;
    line += continued ? physical.substr(0, physical.size() - 1) : physical;
    if (!continued) out.emplace_back(start, line);
  }
  if (continued) out.emplace_back(start, line);
  return out;
}

void append_utf8(std::string& out, uint32_t c) {
  if (c < 0x80) out += static_cast<char>(c);
  else if (c < 0x800) { out += static_cast<char>(0xc0 | c >> 6); out += static_cast<char>(0x80 | (c & 0x3f)); }
  else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  }
}

bool read_hex4(std::string_view in, size_t at, uint32_t* out) {
  if (at + 4 > in.size()) return false;
  *out = 0;
  for (size_t i = at; i < at + 4; ++i) {
    char c = in[i];
    uint32_t digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
    if (digit == 16) return false;
    *out = *out * 16 + digit;
  }
  return true;
}

Result<std::string> unescape(std::string_view in, int line) {
  std::string out;
  for (size_t i = 0; i < in.size(); ++i) {
    if (in[i] != '\\' || i + 1 == in.size()) { out += in[i]; continue; }
    char c = in[++i];
    if (c == 't') out += '\t';
    else if (c == 'n') out += '\n';
    else if (c == 'r') out += '\r';
    else if (c == 'f') out += '\f';
    else if (c == 'u') {
      uint32_t code = 0, low = 0;
      if (!read_hex4(in, i + 1, &code)) return Status::invalid(fmt::format("Malformed \\uxxxx encoding (line {})", line));
      i += 4;
      if (code >= 0xd800 && code < 0xdc00 && in.substr(i + 1, 2) == "\\u" && read_hex4(in, i + 3, &low) && low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        i += 6;
      }
      append_utf8(out, code);
    } else out += c;
  }
  return out;
}

}  // namespace

std::string_view trim(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

Result<Properties> parse_properties(std::string_view text) {
  Properties out;
  for (const auto& [number, line] : logical_lines(text)) {
    size_t end = 0;
    while (end < line.size() && !is_blank(line[end]) && line[end] != '=' && line[end] != ':') end += line[end] == '\\' ? 2 : 1;
    end = std::min(end, line.size());
    size_t value = end;
    while (value < line.size() && is_blank(line[value])) ++value;
    if (value < line.size() && (line[value] == '=' || line[value] == ':')) {
      ++value;
      while (value < line.size() && is_blank(line[value])) ++value;
    }
    ASSIGN_OR_RETURN(std::string key, unescape(std::string_view(line).substr(0, end), number));
    ASSIGN_OR_RETURN(out[key], unescape(std::string_view(line).substr(value), number));
  }
  return out;
}

Result<Properties> read_properties_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Status::not_found(fmt::format("Cannot read properties file: '{}'. Check that it exists and is readable", path));
  std::stringstream text;
  text << in.rdbuf();
  auto parsed = parse_properties(text.str());
  if (!parsed.ok()) return parsed.status().with_context(fmt::format("Cannot parse properties file '{}'", path));
  return parsed;
}

Properties with_prefix(const Properties& properties, std::string_view prefix) {
  Properties out;
  for (auto it = properties.lower_bound(prefix); it != properties.end() && it->first.starts_with(prefix); ++it) {
    out[it->first.substr(prefix.size())] = it->second;
  }
  return out;
}

std::string get_or(const Properties& properties, std::string_view key, std::string_view fallback) {
  auto it = properties.find(key);
  return it == properties.end() ? std::string(fallback) : it->second;
}

}  // namespace bywash::config
