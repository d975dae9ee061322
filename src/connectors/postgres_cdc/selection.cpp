#include "connectors/postgres_cdc/selection.h"

#include <unicode/regex.h>

#include <algorithm>
#include <cctype>

#include "config/properties.h"

namespace bywash::postgres_cdc {
namespace {

constexpr size_t kTopicLengthMax = 249;

// At commas that no backslash stands before.
std::vector<std::string> split_patterns(const std::string& list) {
  std::vector<std::string> out;
  std::string one;
  auto end = [&] {
    if (auto trimmed = config::trim(one); !trimmed.empty()) out.emplace_back(trimmed);
    one.clear();
  };
  for (size_t i = 0; i < list.size(); ++i) {
    if (list[i] == '\\' && i + 1 < list.size() && list[i + 1] == ',') one += list[++i];
    else if (list[i] == ',') end();
    else one += list[i];
  }
  end();
  return out;
}

// First character of an Avro name, and the others.
bool avro_start(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool avro_part(char c) { return avro_start(c) || std::isdigit(static_cast<unsigned char>(c)); }

std::string adjusted(NameAdjustment mode, std::string_view name, bool dots) {
  if (mode == NameAdjustment::kNone) return std::string(name);
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    char c = name[i];
    if (i == 0 ? avro_start(c) : avro_part(c) || (dots && c == '.')) out += c;
    else if (mode == NameAdjustment::kAvroUnicode) out += fmt::format("_u{:04x}", static_cast<unsigned char>(c));
    // A digit in front stays behind an underscore; every other character becomes one.
    else out += i == 0 && avro_part(c) ? std::string("_") + c : "_";
  }
  return out;
}

}  // namespace

struct NamePatterns::Compiled {
  std::unique_ptr<icu::RegexPattern> pattern;
};

NamePatterns::NamePatterns() = default;
NamePatterns::~NamePatterns() = default;
NamePatterns::NamePatterns(NamePatterns&&) noexcept = default;
NamePatterns& NamePatterns::operator=(NamePatterns&&) noexcept = default;

Result<NamePatterns> NamePatterns::make(const std::string& list) {
  NamePatterns out;
  for (const std::string& expression : split_patterns(list)) {
    UErrorCode error = U_ZERO_ERROR;
    UParseError where;
    std::unique_ptr<icu::RegexPattern> pattern(icu::RegexPattern::compile(icu::UnicodeString::fromUTF8(expression), UREGEX_CASE_INSENSITIVE, where, error));
    if (U_FAILURE(error)) return Status::invalid(fmt::format("Not a regular expression: '{}'", expression));
    out.patterns_.push_back(std::make_unique<Compiled>(Compiled{std::move(pattern)}));
  }
  return out;
}

bool NamePatterns::empty() const { return patterns_.empty(); }

bool NamePatterns::match(const std::string& name) const {
  icu::UnicodeString text = icu::UnicodeString::fromUTF8(name);
  return std::any_of(patterns_.begin(), patterns_.end(), [&](const auto& compiled) {
    UErrorCode error = U_ZERO_ERROR;
    std::unique_ptr<icu::RegexMatcher> matcher(compiled->pattern->matcher(text, error));
    if (U_FAILURE(error)) return false;
    matcher->setTimeLimit(1000, error);
    return static_cast<bool>(matcher->matches(error)) && U_SUCCESS(error);
  });
}

Result<KeyColumns> KeyColumns::make(const std::string& text) {
  KeyColumns out;
  std::string_view rest = text;
  while (!config::trim(rest).empty()) {
    std::string_view one = config::trim(rest.substr(0, rest.find(';')));
    rest.remove_prefix(std::min(rest.find(';') == rest.npos ? rest.size() : rest.find(';') + 1, rest.size()));
    if (one.empty()) continue;
    size_t colon = one.rfind(':');
    if (colon == one.npos || colon + 1 == one.size()) return Status::invalid("Each entry must be expression:column,column");
    ASSIGN_OR_RETURN(NamePatterns pattern, NamePatterns::make(std::string(one.substr(0, colon))));
    out.entries_.emplace_back(std::move(pattern), split_patterns(std::string(one.substr(colon + 1))));
  }
  return out;
}

const std::vector<std::string>* KeyColumns::of(const std::string& table) const {
  for (const auto& [pattern, columns] : entries_) {
    if (pattern.match(table)) return &columns;
  }
  return nullptr;
}

Result<Selection> Selection::make(const ChangeConfig& c) {
  Selection out;
  out.signal_table_ = c.signal_table;
  ASSIGN_OR_RETURN(out.table_include_, NamePatterns::make(c.table_include));
  ASSIGN_OR_RETURN(out.table_exclude_, NamePatterns::make(c.table_exclude));
  ASSIGN_OR_RETURN(out.schema_include_, NamePatterns::make(c.schema_include));
  ASSIGN_OR_RETURN(out.schema_exclude_, NamePatterns::make(c.schema_exclude));
  ASSIGN_OR_RETURN(out.column_include_, NamePatterns::make(c.column_include));
  ASSIGN_OR_RETURN(out.column_exclude_, NamePatterns::make(c.column_exclude));
  ASSIGN_OR_RETURN(out.snapshot_, NamePatterns::make(c.snapshot_tables));
  ASSIGN_OR_RETURN(out.message_include_, NamePatterns::make(c.message_prefix_include));
  ASSIGN_OR_RETURN(out.message_exclude_, NamePatterns::make(c.message_prefix_exclude));
  ASSIGN_OR_RETURN(out.keys_, KeyColumns::make(c.message_key_columns));
  for (const auto& rule : c.column_rules) {
    ASSIGN_OR_RETURN(NamePatterns patterns, NamePatterns::make(rule.expressions));
    out.rules_.emplace_back(std::move(patterns), rule);
  }
  return out;
}

bool Selection::has_table(const std::string& schema, const std::string& table) const {
  if (schema == "pg_catalog" || schema == "information_schema" || schema.starts_with("pg_toast") || schema.starts_with("pg_temp")) return false;
  // As in Debezium the table of signals is read whatever the lists say.
  if (!signal_table_.empty() && schema + "." + table == signal_table_) return true;
  if (!schema_include_.empty() && !schema_include_.match(schema)) return false;
  if (schema_exclude_.match(schema)) return false;
  std::string name = schema + "." + table;
  if (!table_include_.empty() && !table_include_.match(name)) return false;
  return !table_exclude_.match(name);
}

bool Selection::in_snapshot(const std::string& schema, const std::string& table) const {
  return snapshot_.empty() || snapshot_.match(schema + "." + table);
}

bool Selection::has_column(const std::string& schema, const std::string& table, const std::string& column) const {
  if (column_include_.empty() && column_exclude_.empty()) return true;
  std::string name = schema + "." + table + "." + column;
  return column_include_.empty() ? !column_exclude_.match(name) : column_include_.match(name);
}

bool Selection::has_message(const std::string& prefix) const {
  return message_include_.empty() ? !message_exclude_.match(prefix) : message_include_.match(prefix);
}

const ChangeConfig::ColumnRule* Selection::rule_of(const std::string& schema, const std::string& table, const std::string& column) const {
  for (const auto& [patterns, rule] : rules_) {
    if (patterns.match(schema + "." + table + "." + column)) return &rule;
  }
  return nullptr;
}

std::string topic_of_table(const ChangeConfig& config, const std::string& schema, const std::string& table) {
  std::string name = config.topic_prefix + config.topic_delimiter + schema + config.topic_delimiter + table, out;
  for (size_t i = 0; i < name.size(); ++i) {
    unsigned char c = static_cast<unsigned char>(name[i]);
    // One underscore per UTF-16 unit, as in Java: none for the bytes that continue a character.
    if ((c & 0xc0) == 0x80) continue;
    bool good = std::isalnum(c) || c == '.' || c == '_' || c == '-';
    out += good ? std::string(1, static_cast<char>(c)) : std::string(c >= 0xf0 ? 2 : 1, '_');
  }
  return out.substr(0, kTopicLengthMax);
}

std::string adjusted_schema_name(NameAdjustment mode, std::string_view name) { return adjusted(mode, name, true); }
std::string adjusted_field_name(NameAdjustment mode, std::string_view name) { return adjusted(mode, name, false); }

}  // namespace bywash::postgres_cdc
