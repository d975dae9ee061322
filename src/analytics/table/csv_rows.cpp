// See csv_rows.h.
#include "analytics/table/csv_rows.h"

#include <nlohmann/json.hpp>
#include <vector>

namespace bywash::analytics {
namespace {

// Reads one record from the front of `text`. False: a quoted field does not end.
bool take_record(std::string_view& text, char delimiter, std::vector<std::string>* fields) {
  fields->assign(1, {});
  bool quoted = false;
  size_t i = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"') fields->back() += c;
      else if (i + 1 < text.size() && text[i + 1] == '"') fields->back() += text[++i];
      else quoted = false;
    } else if (c == '"' && fields->back().empty()) {
      quoted = true;
    } else if (c == delimiter) {
      fields->emplace_back();
    } else if (c == '\n') {
      ++i;
      break;
    } else if (c != '\r') {
      fields->back() += c;
    }
  }
  text.remove_prefix(i);
  return !quoted;
}

void append_json_string(std::string_view text, std::string& out) {
  out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void append_field(const std::string& value, bool multi, const std::string& by, std::string& out) {
  if (!multi || by.empty()) return append_json_string(value, out);
  out += '[';
  for (size_t at = 0; at <= value.size();) {
    const size_t end = std::min(value.find(by, at), value.size());
    if (at > 0) out += ',';
    append_json_string(std::string_view(value).substr(at, end - at), out);
    at = end + by.size();
  }
  out += ']';
}

}  // namespace

Result<std::string> csv_to_json_rows(std::string_view text, const CsvOptions& options, const TableSchema& schema) {
  if (options.delimiter.size() != 1) return Status::invalid("recordReader.prop.delimiter must be one character");
  const char delimiter = options.delimiter[0];
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  std::vector<std::string> names, fields;
  std::string_view header = options.header;
  if (!take_record(options.header.empty() ? text : header, delimiter, &names)) return Status::invalid("The CSV header does not end");
  std::vector<bool> multi;
  for (const std::string& name : names) {
    const int at = schema.find(name);
    multi.push_back(at >= 0 && !schema.fields[static_cast<size_t>(at)].single_value);
  }
  std::string out;
  for (int64_t record = 1; !text.empty(); ++record) {
    if (!take_record(text, delimiter, &fields)) return Status::invalid(fmt::format("CSV record {} does not end", record));
    if (fields.size() == 1 && fields[0].empty()) continue;
    if (fields.size() > names.size()) return Status::invalid(fmt::format("CSV record {} has {} fields, the header {}", record, fields.size(), names.size()));
    out += '{';
    bool first = true;
    for (size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].empty()) continue;
      if (!first) out += ',';
      first = false;
      append_json_string(names[i], out);
      out += ':';
      append_field(fields[i], multi[i], options.multi_value_delimiter, out);
    }
    out += "}\n";
  }
  return out;
}

}  // namespace bywash::analytics
