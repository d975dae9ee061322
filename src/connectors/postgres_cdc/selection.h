// Which tables and columns are read, what their keys are, and what topics and schemas are called. Level 6, every thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "connectors/postgres_cdc/change_config.h"

namespace bywash::postgres_cdc {

// A comma-separated list of Java regular expressions ("\," is a comma of an expression) that match whole names, whatever the case.
class NamePatterns {
 public:
  NamePatterns();
  ~NamePatterns();
  NamePatterns(NamePatterns&&) noexcept;
  NamePatterns& operator=(NamePatterns&&) noexcept;
  // kInvalid: an expression cannot be read.
  static Result<NamePatterns> make(const std::string& list);
  bool empty() const;
  bool match(const std::string& name) const;

 private:
  struct Compiled;
  std::vector<std::unique_ptr<Compiled>> patterns_;
};

// message.key.columns.
class KeyColumns {
 public:
  static Result<KeyColumns> make(const std::string& text);
  // The columns of a table's key ("schema.table"); null when none are given for it.
  const std::vector<std::string>* of(const std::string& table) const;

 private:
  std::vector<std::pair<NamePatterns, std::vector<std::string>>> entries_;
};

class Selection {
 public:
  static Result<Selection> make(const ChangeConfig& config);

  bool has_table(const std::string& schema, const std::string& table) const;
  bool in_snapshot(const std::string& schema, const std::string& table) const;
  bool has_column(const std::string& schema, const std::string& table, const std::string& column) const;
  bool has_message(const std::string& prefix) const;
  const std::vector<std::string>* key_columns(const std::string& schema, const std::string& table) const { return keys_.of(schema + "." + table); }
  // The rule for a column's text; null when there is none.
  const ChangeConfig::ColumnRule* rule_of(const std::string& schema, const std::string& table, const std::string& column) const;

 private:
  std::string signal_table_;
  NamePatterns table_include_, table_exclude_, schema_include_, schema_exclude_, column_include_, column_exclude_, snapshot_, message_include_, message_exclude_;
  KeyColumns keys_;
  std::vector<std::pair<NamePatterns, ChangeConfig::ColumnRule>> rules_;
};

// "<prefix>.<schema>.<table>", what Kafka does not allow as "_".
std::string topic_of_table(const ChangeConfig& config, const std::string& schema, const std::string& table);
// A schema's or field's name as *.name.adjustment.mode wants it.
std::string adjusted_schema_name(NameAdjustment mode, std::string_view name);
std::string adjusted_field_name(NameAdjustment mode, std::string_view name);

}  // namespace bywash::postgres_cdc
