#include "connectors/postgres_cdc/catalog.h"

#include <algorithm>

namespace bywash::postgres_cdc {
namespace {

constexpr const char* kTypes = R"(
SELECT t.oid, t.typname, t.typtype, CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE 0 END, t.typbasetype, t.typtypmod
FROM pg_catalog.pg_type t WHERE t.typtype <> 'p' AND (t.typtype <> 'c' OR NOT EXISTS
  (SELECT 1 FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid AND c.relkind <> 'c')))";
constexpr const char* kLabels = "SELECT enumtypid, enumlabel FROM pg_catalog.pg_enum ORDER BY enumtypid, enumsortorder";

uint32_t oid_of(const std::optional<std::string>& text) { return text ? static_cast<uint32_t>(std::stoul(*text)) : 0; }

// The key's columns in its order. Unique indexes count when they are whole: no expression, no condition.
constexpr const char* kKey = R"(
SELECT i.indisprimary, i.indexrelid, a.attname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
CROSS JOIN LATERAL unnest(i.indkey[0:i.indnkeyatts - 1]) WITH ORDINALITY k(attnum, place)
JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
WHERE i.indrelid = {} AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
ORDER BY i.indisprimary DESC, c.relname, k.place)";

constexpr const char* kColumns = R"(
SELECT a.attname, a.atttypid, a.atttypmod, a.attnotnull, CASE WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END
FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = {} AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum)";

}  // namespace

int TableStructure::column_index(const std::string& column) const {
  auto it = std::find_if(columns.begin(), columns.end(), [&](const TableColumn& c) { return c.name == column; });
  return it == columns.end() ? -1 : static_cast<int>(it - columns.begin());
}

Status Catalog::load_types() {
  ASSIGN_OR_RETURN(Rows rows, session_->query(kTypes));
  ASSIGN_OR_RETURN(Rows labels, session_->query(kLabels));
  types_.clear();
  for (const Row& row : rows) {
    ServerType type{oid_of(row[0]), row[1].value_or(""), row[2].value_or("b")[0], oid_of(row[3]), oid_of(row[4]), std::stoi(row[5].value_or("-1")), {}};
    types_[type.oid] = std::move(type);
  }
  for (const Row& row : labels) types_[oid_of(row[0])].labels.push_back(row[1].value_or(""));
  return {};
}

Result<const ServerType*> Catalog::type(uint32_t oid) {
  auto it = types_.find(oid);
  if (it == types_.end()) {
    RETURN_IF_ERROR(load_types());
    it = types_.find(oid);
  }
  return it == types_.end() ? nullptr : &it->second;
}

Result<std::vector<std::string>> Catalog::key_of(const std::string& relation) {
  ASSIGN_OR_RETURN(Rows rows, session_->query(fmt::format(kKey, relation)));
  std::vector<std::string> out;
  for (const Row& row : rows) {
    if (row[1] != rows[0][1]) break;
    out.push_back(row[2].value_or(""));
  }
  return out;
}

Result<std::optional<TableStructure>> Catalog::table(const std::string& schema, const std::string& table) {
  std::string quoted = session_->identifier(schema) + "." + session_->identifier(table);
  ASSIGN_OR_RETURN(Rows found, session_->query("SELECT to_regclass(" + session_->literal(quoted) + ")::oid"));
  if (found.empty() || !found[0][0]) return std::optional<TableStructure>();
  ASSIGN_OR_RETURN(Rows rows, session_->query(fmt::format(kColumns, *found[0][0])));
  TableStructure out{schema, table, {}, {}};
  for (Row& row : rows) out.columns.push_back({row[0].value_or(""), oid_of(row[1]), std::stoi(row[2].value_or("-1")), row[3] == "f", std::move(row[4])});
  ASSIGN_OR_RETURN(out.key, key_of(*found[0][0]));
  return std::optional(std::move(out));
}

Result<TableStructure> Catalog::table_of(const RelationMessage& relation) {
  ASSIGN_OR_RETURN(auto now, table(relation.schema, relation.table));
  TableStructure out{relation.schema, relation.table, {}, {}};
  for (const RelationColumn& column : relation.columns) {
    TableColumn described{column.name, column.type, column.modifier, true, std::nullopt};
    int i = now ? now->column_index(column.name) : -1;
    if (i >= 0) {
      const TableColumn& known = now->columns[static_cast<size_t>(i)];
      described.optional = known.optional;
      described.default_expression = known.default_expression;
    }
    out.columns.push_back(std::move(described));
  }
  // A key that has a column from a later time is not this relation's.
  for (const std::string& name : now ? now->key : std::vector<std::string>()) {
    if (out.column_index(name) >= 0) out.key.push_back(name);
  }
  return out;
}

}  // namespace bywash::postgres_cdc
