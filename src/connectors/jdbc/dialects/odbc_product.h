// What is known of the databases behind ODBC drivers, by the name that SQLGetInfo gives: their column types as the original's dialects have
// them, upserts, and the few statements that SQL's standard says nothing about. What is not known is asked of the driver. Level 6, every thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connectors/jdbc/dialect.h"
#include "connectors/jdbc/dialects/odbc_connection.h"

namespace bywash::jdbc::odbc {

enum class ProductKind : uint8_t { kOther, kPostgresql, kMysql, kSqlserver, kSqlite, kOracle, kDb2, kHana, kSybase, kVertica };

// Column types by what a record holds; empty: asked of the driver.
struct TypeNames {
  std::string_view int8, int16, int32, int64, float32, float64, boolean, text, key_text, bytes, decimal, date, time, timestamp, listed_timestamp;
};

struct Product {
  ProductKind kind = ProductKind::kOther;
  const TypeNames* types = nullptr;
  const Dialect* dialect = nullptr;  // whose types and literals count
  std::vector<std::string> setup;    // statements at the start of a connection
  std::string current_schema;        // a query; empty: not known
  std::string now;                   // a query for the time in UTC; empty: the worker's clock counts
};

const Product& product_of(const std::string& dbms);

// Whether a type holds instants, which come and go in the session's time zone: UTC (Product::setup).
bool is_instant(ProductKind kind, const std::string& type_name);

// Oracle, DB2, SQL Server, Sybase ASE and HANA: one statement, values of the columns in their order. Empty for others: UPDATE, then INSERT.
std::string merge_sql(ProductKind kind, const TableWrite& write, const IdentifierRules& rules, bool holdlock);
// `columns` in their order.
std::string insert_sql(const TableWrite& write, const IdentifierRules& rules);
// Values of the other columns, then of the keys; empty when there is nothing to set.
std::string update_sql(const TableWrite& write, const IdentifierRules& rules);
// Values of the keys.
std::string delete_sql(const TableWrite& write, const IdentifierRules& rules);
std::string count_sql(const TableWrite& write, const IdentifierRules& rules);

// The type for CREATE and ALTER by what the driver offers. kData: none.
Result<std::string> offered_type(const std::vector<TypeRow>& types, const WriteColumn& column);
// The same by `names`.
Result<std::string> named_type(const TypeNames& names, const WriteColumn& column);

}  // namespace bywash::jdbc::odbc
