// Names of tables as table.name.format and topics give them, and their form in SQL. Level 6, every thread.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace bywash::jdbc {

struct TableName {
  std::string catalog, schema;  // empty: not given
  std::string table;
  friend auto operator<=>(const TableName&, const TableName&) = default;
};

// How a database writes identifiers.
struct IdentifierRules {
  char quote = '"';
  bool quoted = true;  // quote.sql.identifiers=always
  char closing = '\0';  // where it is another one than `quote`: ']'

  // The name for an SQL statement, safe whatever it holds: quotes in it are doubled. Unquoted mode gives the bare name:
  // check_plain() has to have passed.
  std::string write(std::string_view name) const;
  std::string write(const TableName& name) const;
  // In unquoted mode: kInvalid unless the name is a plain identifier, which nothing hostile is.
  Status check_plain(std::string_view name) const;
  // `text` split at the dots outside of quotes, quotes taken off: table, schema.table or catalog.schema.table
  // (IdentifierRules.parseQualifiedIdentifier, kafka-connect-jdbc 10.9: parts after the second of more than three are ignored).
  Result<TableName> parse(std::string_view text) const;
};

}  // namespace bywash::jdbc
