// A connection through an ODBC driver manager (unixODBC), whose headers stay in odbc_connection.cpp and odbc_rows.cpp: their type names are
// everybody's. Texts are UTF-8 here and UTF-16 for the driver. Level 6, the task's thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "config/config_def.h"
#include "connectors/jdbc/connection_url.h"

namespace bywash::jdbc::odbc {

using Row = std::vector<std::optional<std::string>>;

// What the driver says about itself and its database (SQLGetInfo).
struct Facts {
  std::string dbms;    // "PostgreSQL", "MariaDB", "Oracle", ...
  std::string driver;  // its file's name: "psqlodbcw.so"
  std::string quote;   // of identifiers; empty: none
  std::string pattern_escape;
  bool any_case = false;  // quoted names are equal whatever their case
  char folds = ' ';       // names without quotes become 'l'ower or 'u'pper case; ' ': stay
  size_t table_name_max = 0, column_name_max = 0;  // characters; 0: not known
};

// A row of SQLGetTypeInfo.
struct TypeRow {
  std::string name;
  int type = 0;  // SQL_VARCHAR, ...
  int64_t size = 0;
  std::string prefix, suffix;  // of literals
  std::string parameters;      // "length", "precision,scale", ...; empty: none
  bool counts_itself = false, is_unsigned = false;
};

// One diagnostic record.
struct Diagnosis {
  std::string state;  // SQLSTATE
  int number = 0;     // the database's own
  std::string text;
};

// What the records of a failed call mean: kRetriable, kData, kUnauthorized or kFatal; never a value of a row. `dead`: the connection is gone.
Status status_of(const std::string& dbms, const std::vector<Diagnosis>& records, bool dead);
// Whether one of them says that the connection is gone.
bool tells_of_loss(const std::string& dbms, const std::vector<Diagnosis>& records);

// A column of a result.
struct ResultColumn {
  std::string name, type_name;
  int type = 0;  // SQL_INTEGER, ...
  int64_t size = 0;
  int digits = 0;
  bool nullable = true, is_unsigned = false;
};

// Values of one statement parameter, row by row.
struct Parameter {
  int c_type = 0, sql_type = 0;
  uint64_t size = 0;  // precision, or the most characters
  int digits = 0;     // scale
  size_t width = 0;   // bytes of a row's place in `values`
  std::string values;
  std::vector<long> lengths;  // bytes of each value; SQL_NULL_DATA for a null (SQLLEN)
};

class Connection {
 public:
  // kRetriable: not reachable now; kUnauthorized, kFatal, kInvalid: refused, or no such driver.
  static Result<std::unique_ptr<Connection>> open(const ConnectionUrl& url, const std::optional<std::string>& user, const config::Secret& password);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  const Facts& facts() const { return facts_; }
  bool alive() const { return alive_; }

  Status run(const std::string& sql);
  Result<std::vector<Row>> query(const std::string& sql);

  // SQLTables, SQLColumns, SQLPrimaryKeys and SQLGetTypeInfo, with ODBC's columns. Empty: any. `table` is a name, no pattern.
  Result<std::vector<Row>> tables(const std::string& catalog, const std::string& schema, const std::string& table, const std::string& types);
  Result<std::vector<Row>> columns(const std::string& catalog, const std::string& schema, const std::string& table);
  Result<std::vector<Row>> primary_keys(const std::string& catalog, const std::string& schema, const std::string& table);
  Result<std::vector<TypeRow>> type_info();
  std::string current_catalog() const;

  Status begin();
  Status commit();
  void rollback();
  // `level`: SERIALIZABLE, READ_COMMITTED, ...; kInvalid for another one.
  Status set_isolation(const std::string& level);

  // A prepared statement over `count` rows of parameters, in order. The number of affected rows of a single row, else -1.
  Result<int64_t> apply(const std::string& sql, std::vector<Parameter>& parameters, size_t count);
  // The first value of the first row that a prepared statement over one row of parameters gives.
  Result<std::optional<std::string>> ask(const std::string& sql, std::vector<Parameter>& parameters);
  // The most rows of one call: 1 where the driver takes no arrays.
  size_t rows_per_call() const { return rows_per_call_; }

  // The rows of a statement, one by one; no other call until finish().
  Result<std::vector<ResultColumn>> start(const std::string& sql);
  Result<bool> next(Row* row);
  void finish();

 private:
  struct Handles;
  explicit Connection(std::unique_ptr<Handles> handles);
  Status connect(const std::string& text);
  void ask_for_facts();
  Status failed(int handle_type, void* handle);
  Result<void*> statement();
  Result<void*> prepared(const std::string& sql);
  Status bind(void* statement, std::vector<Parameter>& parameters);
  Result<std::vector<Row>> all_rows(void* statement, int code);
  Result<Row> read_row(void* statement, const std::vector<ResultColumn>& columns);
  std::vector<ResultColumn> describe(void* statement);

  std::unique_ptr<Handles> handles_;
  Facts facts_;
  std::map<std::string, void*> prepared_;
  void* reading_ = nullptr;
  std::vector<ResultColumn> columns_;
  size_t rows_per_call_ = 1000;
  bool alive_ = true;
};

// A `connection.url` of ODBC as a connection string for the driver manager: DSN=...;UID=...; values in braces where needed.
std::string connection_string(const ConnectionUrl& url, const std::optional<std::string>& user, const config::Secret& password);

// Between UTF-8 and UTF-16; nullopt: no UTF-8.
std::optional<std::u16string> utf16_of(std::string_view text);
std::string utf8_of(std::u16string_view text);

}  // namespace bywash::jdbc::odbc
