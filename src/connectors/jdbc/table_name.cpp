// Splitting and quoting of table names. Level 6, every thread.
#include "connectors/jdbc/table_name.h"

#include <algorithm>
#include <vector>

namespace bywash::jdbc {

std::string IdentifierRules::write(std::string_view name) const {
  if (!quoted) return std::string(name);
  const char end = closing ? closing : quote;
  std::string out(1, quote);
  for (char c : name) {
    if (c == end) out += end;
    if (c != '\0') out += c;
  }
  return out + end;
}

std::string IdentifierRules::write(const TableName& name) const {
  std::string out;
  if (!name.catalog.empty()) out += write(name.catalog) + ".";
  if (!name.schema.empty()) out += write(name.schema) + ".";
  return out + write(name.table);
}

Status IdentifierRules::check_plain(std::string_view name) const {
  if (quoted) return {};
  bool plain = !name.empty() && !(name[0] >= '0' && name[0] <= '9') && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '$' || c >= 0x80;
  });
  if (plain) return {};
  return Status::invalid(fmt::format(
      "The name '{}' is not a plain identifier: set quote.sql.identifiers=always, or rename it with an SMT", name));
}

Result<TableName> IdentifierRules::parse(std::string_view text) const {
  std::vector<std::string> parts(1);
  const char close = closing ? closing : quote;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == quote && parts.back().empty()) {
      size_t end = i + 1;
      for (; end < text.size(); ++end) {
        if (text[end] != close) parts.back() += text[end];
        else if (end + 1 < text.size() && text[end + 1] == close) parts.back() += text[++end];
        else break;
      }
      if (end >= text.size()) return Status::invalid(fmt::format("Table name has an open quote: '{}' (table.name.format)", text));
      i = end;
    } else if (text[i] == '.') {
      parts.emplace_back();
    } else {
      parts.back() += text[i];
    }
  }
  if (std::any_of(parts.begin(), parts.end(), [](const std::string& p) { return p.empty(); })) {
    return Status::invalid(fmt::format("Table name has an empty part: '{}' (table.name.format and the topic)", text));
  }
  if (parts.size() == 1) return TableName{"", "", parts[0]};
  if (parts.size() == 3) return TableName{parts[0], parts[1], parts[2]};
  return TableName{"", parts[0], parts[1]};
}

}  // namespace bywash::jdbc
