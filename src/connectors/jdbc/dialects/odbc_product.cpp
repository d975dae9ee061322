// Products, statements and types behind ODBC. Level 6, every thread.
#include "connectors/jdbc/dialects/odbc_product.h"

#include <sql.h>
#include <sqlext.h>

#include <algorithm>

#include "base/text.h"

namespace bywash::jdbc::odbc {
namespace {

using columnar::Logical;
using columnar::Type;

// OracleDatabaseDialect, Db2DatabaseDialect (and Derby's), SapHanaDatabaseDialect, SybaseDatabaseDialect, VerticaDatabaseDialect of
// kafka-connect-jdbc 10.9. {} is a Decimal's scale.
constexpr TypeNames kOracleTypes = {"NUMBER(3,0)", "NUMBER(5,0)", "NUMBER(10,0)", "NUMBER(19,0)", "BINARY_FLOAT", "BINARY_DOUBLE", "NUMBER(1,0)", "VARCHAR2(4000)",
                                    "VARCHAR2(4000)", "BLOB", "NUMBER(*,{})", "DATE", "DATE", "TIMESTAMP", "TIMESTAMP(6)"};
constexpr TypeNames kDb2Types = {"SMALLINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "SMALLINT", "VARCHAR(32672)",
                                 "VARCHAR(1024)", "BLOB(64000)", "DECIMAL(31,{})", "DATE", "TIME", "TIMESTAMP", "TIMESTAMP"};
constexpr TypeNames kHanaTypes = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "REAL", "DOUBLE", "BOOLEAN", "VARCHAR(1000)",
                                  "VARCHAR(1000)", "BLOB", "DECIMAL", "DATE", "DATE", "TIMESTAMP", "TIMESTAMP"};
constexpr TypeNames kSybaseTypes = {"smallint", "smallint", "int", "bigint", "real", "float", "bit", "text",
                                    "varchar(512)", "image", "decimal(38,{})", "date", "time", "datetime", "datetime"};
constexpr TypeNames kVerticaTypes = {"INT", "INT", "INT", "INT", "FLOAT", "FLOAT", "BOOLEAN", "VARCHAR(1024)",
                                     "VARCHAR(1024)", "VARBINARY(1024)", "DECIMAL(18,{})", "DATE", "TIME", "TIMESTAMP", "TIMESTAMP"};

// Strict, and without backslashes or double quotes of MySQL's own, as the MySQL session has it.
constexpr const char* kMysqlSetup =
    "SET SESSION sql_mode = CONCAT(REPLACE(REPLACE(@@sql_mode, 'NO_BACKSLASH_ESCAPES', ''), 'ANSI_QUOTES', ''), ',STRICT_TRANS_TABLES'), time_zone = '+00:00'";

std::vector<Product> all_products() {
  std::vector<Product> out(10);
  for (size_t i = 0; i < out.size(); ++i) out[i].kind = static_cast<ProductKind>(i);
  auto of = [&](ProductKind kind) -> Product& { return out[static_cast<size_t>(kind)]; };
  Product& postgresql = of(ProductKind::kPostgresql);
  postgresql.dialect = &postgresql_dialect();
  postgresql.setup = {"SET TIME ZONE 'UTC'"};
  postgresql.current_schema = "SELECT current_schema()";
  postgresql.now = "SELECT clock_timestamp() AT TIME ZONE 'UTC'";
  Product& mysql = of(ProductKind::kMysql);
  mysql.dialect = &mysql_dialect();
  mysql.setup = {kMysqlSetup};
  mysql.now = "SELECT UTC_TIMESTAMP(6)";
  Product& sqlserver = of(ProductKind::kSqlserver);
  sqlserver.dialect = &sqlserver_dialect();
  sqlserver.current_schema = "SELECT SCHEMA_NAME()";
  sqlserver.now = "SELECT SYSUTCDATETIME()";
  Product& oracle = of(ProductKind::kOracle);
  oracle.types = &kOracleTypes;
  oracle.setup = {"ALTER SESSION SET TIME_ZONE = 'UTC'"};
  oracle.current_schema = "SELECT SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA') FROM DUAL";
  oracle.now = "SELECT SYS_EXTRACT_UTC(SYSTIMESTAMP) FROM DUAL";
  Product& db2 = of(ProductKind::kDb2);
  db2.types = &kDb2Types;
  db2.current_schema = "VALUES CURRENT SCHEMA";
  db2.now = "VALUES CURRENT TIMESTAMP - CURRENT TIMEZONE";
  Product& hana = of(ProductKind::kHana);
  hana.types = &kHanaTypes;
  hana.current_schema = "SELECT CURRENT_SCHEMA FROM DUMMY";
  hana.now = "SELECT CURRENT_UTCTIMESTAMP FROM DUMMY";
  Product& sybase = of(ProductKind::kSybase);
  sybase.types = &kSybaseTypes;
  sybase.current_schema = "SELECT USER_NAME()";
  sybase.now = "SELECT GETUTCDATE()";
  Product& vertica = of(ProductKind::kVertica);
  vertica.types = &kVerticaTypes;
  vertica.setup = {"SET TIME ZONE TO 'UTC'"};
  vertica.current_schema = "SELECT CURRENT_SCHEMA()";
  vertica.now = "SELECT CLOCK_TIMESTAMP() AT TIME ZONE 'UTC'";
  return out;
}

// Statement parts of a write.
struct Parts {
  Parts(const TableWrite& write, const IdentifierRules& rules) : target(rules.write(write.table->name)) {
    for (const WriteColumn& column : write.columns) names.push_back(rules.write(column.name));
    for (const std::string& null : write.null_columns) nulls.push_back(rules.write(null));
    keys = write.key_count;
  }
  // `each` of every column from `from` to `to`, its name for {0}.
  std::string list(std::string_view each, std::string_view between, size_t from, size_t to) const {
    std::string out;
    for (size_t i = from; i < to; ++i) {
      if (!out.empty()) out += between;
      for (size_t at = 0; at < each.size(); ++at) {
        if (each[at] == '@') out += names[i];
        else out += each[at];
      }
    }
    return out;
  }
  std::string all(std::string_view each) const { return list(each, ",", 0, names.size()); }
  std::string others(std::string_view each) const { return list(each, ",", keys, names.size()); }
  std::string match(std::string_view each) const { return list(each, " AND ", 0, keys); }

  std::string target;
  std::vector<std::string> names, nulls;
  size_t keys = 0;
};

std::string where_keys(const Parts& p) { return p.keys == 0 ? "" : " WHERE " + p.match("@ = ?"); }

// Rows of SQLGetTypeInfo by the types that would do, the best first; the driver gives the closest name of a type first.
const TypeRow* first_of(const std::vector<TypeRow>& types, std::initializer_list<int> wanted) {
  for (int type : wanted) {
    for (const TypeRow& row : types) {
      if (row.type == type && !row.counts_itself && !row.is_unsigned) return &row;
    }
  }
  return nullptr;
}

const TypeRow* decimal_row(const std::vector<TypeRow>& types) {
  if (auto* row = first_of(types, {SQL_DECIMAL, SQL_NUMERIC})) return row;
  for (const TypeRow& row : types) {
    std::string name = ascii_lower(row.name);
    if (name == "numeric" || name == "decimal") return &row;
  }
  return nullptr;
}

std::string sized(const TypeRow& row, int64_t most) {
  if (row.parameters.empty()) return row.name;
  return fmt::format("{}({})", row.name, row.size > 0 ? std::min(row.size, most) : most);
}

}  // namespace

const Product& product_of(const std::string& dbms) {
  static const std::vector<Product> products = all_products();
  std::string name = ascii_lower(dbms);
  auto of = [&](ProductKind kind) -> const Product& { return products[static_cast<size_t>(kind)]; };
  if (name == "postgresql") return of(ProductKind::kPostgresql);
  if (name == "mysql" || name == "mariadb") return of(ProductKind::kMysql);
  if (name.starts_with("microsoft sql server")) return of(ProductKind::kSqlserver);
  if (name == "sqlite") return of(ProductKind::kSqlite);
  if (name.starts_with("oracle")) return of(ProductKind::kOracle);
  if (name.starts_with("db2") || name == "apache derby") return of(ProductKind::kDb2);
  if (name.starts_with("hdb") || name.find("hana") != name.npos) return of(ProductKind::kHana);
  if (name.starts_with("adaptive server") || name == "ase" || name.starts_with("sybase")) return of(ProductKind::kSybase);
  if (name.starts_with("vertica")) return of(ProductKind::kVertica);
  return of(ProductKind::kOther);
}

bool is_instant(ProductKind kind, const std::string& type_name) {
  std::string name = ascii_lower(type_name);
  if (kind == ProductKind::kMysql) return name == "timestamp";
  return name == "timestamptz" || name.find("with time zone") != name.npos || name == "datetimeoffset";
}

std::string insert_sql(const TableWrite& write, const IdentifierRules& rules) {
  Parts p(write, rules);
  std::string names = p.all("@"), marks = p.all("?");
  if (write.mode == InsertMode::kUpsert) {
    for (const std::string& null : p.nulls) {
      names += "," + null;
      marks += ",NULL";
    }
  }
  return "INSERT INTO " + p.target + "(" + names + ") VALUES(" + marks + ")";
}

std::string update_sql(const TableWrite& write, const IdentifierRules& rules) {
  Parts p(write, rules);
  std::string sets = p.others("@ = ?");
  for (const std::string& null : p.nulls) sets += (sets.empty() ? "" : ",") + null + " = NULL";
  return sets.empty() ? "" : "UPDATE " + p.target + " SET " + sets + where_keys(p);
}

std::string delete_sql(const TableWrite& write, const IdentifierRules& rules) {
  Parts p(write, rules);
  return "DELETE FROM " + p.target + where_keys(p);
}

std::string count_sql(const TableWrite& write, const IdentifierRules& rules) {
  Parts p(write, rules);
  return "SELECT COUNT(*) FROM " + p.target + where_keys(p);
}

std::string merge_sql(ProductKind kind, const TableWrite& write, const IdentifierRules& rules, bool holdlock) {
  Parts p(write, rules);
  const bool microsoft = kind == ProductKind::kSqlserver, sybase = kind == ProductKind::kSybase;
  std::string source, target = p.target, incoming = "incoming";
  if (kind == ProductKind::kHana) {
    std::string names = p.all("@"), marks = p.all("?");
    for (const std::string& null : p.nulls) { names += "," + null; marks += ",NULL"; }
    return "UPSERT " + p.target + "(" + names + ") VALUES(" + marks + ") WITH PRIMARY KEY";
  }
  if (kind == ProductKind::kOracle) source = " using (select " + p.all("? @") + " FROM dual) incoming on(";
  else if (kind == ProductKind::kDb2) { source = " using (values(" + p.all("?") + ")) as DAT(" + p.all("@") + ") on("; incoming = "DAT"; }
  else if (microsoft || sybase) source = std::string(microsoft && holdlock ? " with (HOLDLOCK)" : "") + " AS target using (select " + p.all("? AS @") + ") AS incoming on (";
  else return "";
  if (microsoft || sybase) target = "target";
  std::string sql = "merge into " + p.target + source + p.match(target + ".@=" + incoming + ".@") + ")";
  // Only a column's bare name stands left of a SET in SQL Server and Sybase.
  std::string left = microsoft || sybase ? "" : target + ".", sets = p.others(left + "@=" + incoming + ".@");
  for (const std::string& null : p.nulls) sets += (sets.empty() ? "" : ",") + left + null + "=NULL";
  if (!sets.empty()) sql += " when matched then update set " + sets;
  std::string names = p.all("@"), values = p.all(incoming + ".@");
  for (const std::string& null : p.nulls) { names += "," + null; values += ",NULL"; }
  // SQL Server wants the end of a MERGE to be marked.
  return sql + " when not matched then insert (" + names + ") values (" + values + ")" + (microsoft ? ";" : "");
}

Result<std::string> named_type(const TypeNames& names, const WriteColumn& column) {
  const columnar::ConnectSchema& schema = *column.schema;
  auto of = [](std::string_view name) { return std::string(name); };
  switch (schema.logical()) {
    case Logical::kDecimal: {
      std::string name(names.decimal);
      if (size_t at = name.find("{}"); at != name.npos) name.replace(at, 2, std::to_string(schema.decimal_scale()));
      return name;
    }
    case Logical::kDate: return of(names.date);
    case Logical::kTime: return of(names.time);
    case Logical::kTimestamp: return of(names.timestamp);
    case Logical::kNone: break;
  }
  if (column.is_timestamp && (schema.type() == Type::kInt64 || schema.type() == Type::kString)) return of(names.listed_timestamp);
  switch (schema.type()) {
    case Type::kInt8: return of(names.int8);
    case Type::kInt16: return of(names.int16);
    case Type::kInt32: return of(names.int32);
    case Type::kInt64: return of(names.int64);
    case Type::kFloat32: return of(names.float32);
    case Type::kFloat64: return of(names.float64);
    case Type::kBoolean: return of(names.boolean);
    case Type::kString: return of(column.is_key ? names.key_text : names.text);
    case Type::kBytes: return of(names.bytes);
    default: return no_column_type(schema);
  }
}

Result<std::string> offered_type(const std::vector<TypeRow>& types, const WriteColumn& column) {
  const columnar::ConnectSchema& schema = *column.schema;
  auto name = [&](std::initializer_list<int> wanted) -> Result<std::string> {
    const TypeRow* row = first_of(types, wanted);
    return row ? Result<std::string>(row->name) : Result<std::string>(no_column_type(schema));
  };
  // Whole numbers where there is no type of so many bits: as many digits.
  auto whole = [&](std::initializer_list<int> wanted, int digits) -> Result<std::string> {
    if (const TypeRow* row = first_of(types, wanted)) return row->name;
    const TypeRow* row = decimal_row(types);
    return row ? Result<std::string>(fmt::format("{}({},0)", row->name, digits)) : Result<std::string>(no_column_type(schema));
  };
  switch (schema.logical()) {
    case Logical::kDecimal: {
      const TypeRow* row = decimal_row(types);
      if (!row) return no_column_type(schema);
      if (row->parameters.find("scale") == std::string::npos) return row->name;
      return fmt::format("{}({},{})", row->name, std::max<int64_t>(row->size, schema.decimal_scale()), schema.decimal_scale());
    }
    case Logical::kDate: return name({SQL_TYPE_DATE, SQL_TYPE_TIMESTAMP});
    case Logical::kTime: return name({SQL_TYPE_TIME, SQL_TYPE_TIMESTAMP});
    case Logical::kTimestamp: return name({SQL_TYPE_TIMESTAMP});
    case Logical::kNone: break;
  }
  if (column.is_timestamp && (schema.type() == Type::kInt64 || schema.type() == Type::kString)) return name({SQL_TYPE_TIMESTAMP});
  switch (schema.type()) {
    case Type::kInt8: case Type::kInt16: return whole({SQL_SMALLINT, SQL_INTEGER}, 5);
    case Type::kInt32: return whole({SQL_INTEGER, SQL_BIGINT}, 10);
    case Type::kInt64: return whole({SQL_BIGINT}, 19);
    case Type::kFloat32: return name({SQL_REAL, SQL_DOUBLE, SQL_FLOAT});
    case Type::kFloat64: return name({SQL_DOUBLE, SQL_FLOAT});
    case Type::kBoolean: return name({SQL_BIT, SQL_SMALLINT, SQL_INTEGER});
    case Type::kString: case Type::kBytes: {
      bool text = schema.type() == Type::kString;
      const TypeRow* row = column.is_key ? nullptr : text ? first_of(types, {SQL_WLONGVARCHAR, SQL_LONGVARCHAR}) : first_of(types, {SQL_LONGVARBINARY});
      if (row) return row->name;
      row = text ? first_of(types, {SQL_WVARCHAR, SQL_VARCHAR}) : first_of(types, {SQL_VARBINARY, SQL_LONGVARBINARY});
      return row ? Result<std::string>(sized(*row, column.is_key ? 255 : INT64_MAX)) : Result<std::string>(no_column_type(schema));
    }
    default: return no_column_type(schema);
  }
}

}  // namespace bywash::jdbc::odbc
