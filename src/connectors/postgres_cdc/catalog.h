// What the database says about its types and tables. Level 6, the task's thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "connectors/postgres_cdc/pgoutput.h"
#include "connectors/postgres_cdc/server_session.h"

namespace bywash::postgres_cdc {

struct ServerType {
  uint32_t oid = 0;
  std::string name;        // pg_type.typname
  char kind = 'b';         // pg_type.typtype: b, c, d, e, m, p, r
  uint32_t element = 0;    // of an array, 0 for others
  uint32_t base = 0;       // of a domain
  int32_t modifier = -1;   // of a domain
  std::vector<std::string> labels;  // of an enum, in order
};

struct TableColumn {
  std::string name;
  uint32_t type = 0;
  int32_t modifier = -1;
  bool optional = true;
  std::optional<std::string> default_expression;
};

struct TableStructure {
  std::string schema, table;
  std::vector<TableColumn> columns;
  std::vector<std::string> key;  // the primary key, in its order; without one, the first unique index

  std::string name() const { return schema + "." + table; }
  int column_index(const std::string& name) const;
};

class Catalog {
 public:
  explicit Catalog(ServerSession* session) : session_(session) {}

  // Null when there is no such type (any more). Looks again once for one that is not known.
  Result<const ServerType*> type(uint32_t oid);
  // A table as it is now. Empty: it is gone.
  Result<std::optional<TableStructure>> table(const std::string& schema, const std::string& table);
  // A table as a relation message describes it; what the message does not say is looked up as it is now.
  Result<TableStructure> table_of(const RelationMessage& relation);
  // Forgets types: an enum may have got labels.
  void forget_types() { types_.clear(); }

 private:
  Status load_types();
  Result<std::vector<std::string>> key_of(const std::string& relation);
  ServerSession* session_;
  std::map<uint32_t, ServerType> types_;
};

}  // namespace bywash::postgres_cdc
