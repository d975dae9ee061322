// What a database is to the sink: SQL text (Dialect) and a connection that writes rows (Session). One file set per database under
// dialects/. A further database is one more Dialect and Session. Level 6, one session per task thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "columnar/column.h"
#include "connectors/jdbc/sink_config.h"
#include "connectors/jdbc/table_name.h"
#include "connectors/jdbc/time_zone.h"

namespace bywash::jdbc {

// A column that records have; where its values come from is the field plan's business.
struct WriteColumn {
  std::string name;
  columnar::SchemaPtr schema;
  bool is_key = false;
  bool is_timestamp = false;  // listed in timestamp.fields.list: int64 or string, written as a timestamp
  bool only_nulls = false;    // of a type that no column takes; the schema is a string's then, and every value null
  bool is_optional() const { return !is_key && schema->optional(); }
};

// A column of a table in the database.
struct TableColumn {
  std::string name;
  std::string type;      // as the database prints it: "character varying(20)"
  uint32_t type_id = 0;  // PostgreSQL's OID
  std::string cast_type = {};  // PostgreSQL: the type without a length, for casts that must not cut a value
  bool takes_copy = true;  // false for a domain, and for an identity column that refuses given values
  bool is_enum = false;    // PostgreSQL: texts need a cast
  bool holds_instants = false;  // ODBC: a timestamp with time zone, which the session has in UTC
  bool nullable = true;
  bool has_default = false;  // an identity or generated column too
  bool in_primary_key = false;
  std::string collation;   // SQL Server: of texts
  bool exact_text = true;  // texts are equal only where their bytes are (MySQL: by the collation)
};

struct TableDefinition {
  TableName name;
  std::string kind;  // "TABLE", "VIEW", "PARTITIONED TABLE", or another kind of relation
  bool plain_copy = true;  // nothing stands between the table and bulk rows: no rules, no row security
  std::vector<TableColumn> columns;
  const TableColumn* find(std::string_view column) const {
    for (const TableColumn& c : columns) {
      if (c.name == column) return &c;
    }
    return nullptr;
  }
};

// Rows of one kind, in order: to be written, or (key columns only) to be deleted.
struct RowBlock {
  bool deletes = false;
  int64_t row_count = 0;
  std::vector<columnar::Column> columns;  // in step with TableWrite::columns; for deletes the first key_count
};

// Rows for one table, in the order in which they must take effect.
struct TableWrite {
  bool truncates = false;  // all rows of the table go; nothing else here counts
  std::shared_ptr<const TableDefinition> table;
  InsertMode mode = InsertMode::kInsert;
  std::vector<WriteColumn> columns;  // the key's columns first
  size_t key_count = 0;
  // Columns of the table that these rows lack and that become null (schemaless rows are whole rows); upsert and update only.
  std::vector<std::string> null_columns;
  // A string without schema goes into a column of another type by that type's own text form.
  bool schemaless = false;
  std::vector<RowBlock> blocks;
};

// A connection. Its statuses say what may be done: kRetriable (the database's trouble, or the connection is lost), kData (a row's
// fault; the message has the SQLSTATE), kFatal or kUnauthorized (configuration, permissions). Never a value of a record, never a password.
class Session {
 public:
  virtual ~Session() = default;
  // The table or view of this name, nullopt when there is none. The definition's name is complete (with schema).
  virtual Result<std::optional<TableDefinition>> describe(const TableName& name) = 0;
  // Outside of a transaction; each statement takes effect at once.
  virtual Status execute(const std::vector<std::string>& statements) = 0;
  // The few rows of a statement, as texts; nullopt for a null.
  virtual Result<std::vector<std::vector<std::optional<std::string>>>> query(const std::string& sql) = 0;
  virtual Status begin() = 0;
  virtual Status write(const TableWrite& write) = 0;
  virtual Status commit() = 0;
  virtual void rollback() = 0;
  // False after the connection was lost.
  virtual bool alive() const = 0;
  // True once after a transaction that failed for the way it was written: the session has another way now. Asked after rollback().
  virtual bool wants_rerun() { return false; }
};

// What a session needs of the configuration.
struct SessionOptions {
  ConnectionUrl url;
  std::optional<std::string> user;
  config::Secret password;
  IdentifierRules identifiers;
  std::shared_ptr<const LocalTimes> times;
  bool replace_null_with_default = true;
  bool timestamp_nanos = false;
  int64_t rows_per_statement = 50'000;
  // Rows of one statement in the order of their keys: two tasks that meet take their locks in the same order.
  bool sorts_keys = false;
  bool merge_holdlock = true;  // mssql.use.merge.holdlock
};

class Dialect {
 public:
  virtual ~Dialect() = default;
  virtual std::string_view name() const = 0;  // "PostgreSqlDatabaseDialect"
  virtual IdentifierRules identifiers(bool quoted) const = 0;
  // Type for CREATE and ALTER. kData for a type that has no column type: "item (MAP) type doesn't have a mapping to the SQL database column type".
  virtual Result<std::string> column_type(const WriteColumn& column) const = 0;
  // Whether values of a type can be written, be there a column type or not; nulls always can.
  virtual bool writes(const columnar::ConnectSchema& schema) const {
    return schema.logical() != columnar::Logical::kNone || schema.type() < columnar::Type::kArray;
  }
  // A default as an SQL literal; dates and times as `times` has them.
  virtual Result<std::string> literal(const columnar::ConnectSchema& schema, const columnar::Value& value, const LocalTimes& times) const = 0;
  // The longest name of a table or column, in bytes; what is longer the database refuses, or cuts in silence.
  virtual size_t name_bytes_max() const = 0;
  virtual bool cuts_names() const { return false; }
  // The name under which the original looks for a table.
  virtual std::string table_name(std::string name) const { return name; }
  // Whether one ALTER TABLE adds all columns.
  virtual bool alters_at_once() const = 0;
  // Behind the table's name in an ALTER TABLE of one column.
  virtual std::string add_column(const std::string& clause) const { return "ADD " + clause; }
  // Before the second and further columns of such an ALTER TABLE.
  virtual std::string_view further_add() const { return ", ADD "; }
  // CREATE TABLE unless it is there; `columns` is what stands in the brackets.
  virtual std::string create_if_missing(const std::string& table, const std::string& columns) const {
    return "CREATE TABLE IF NOT EXISTS " + table + " (" + columns + ")";
  }
  // The statements that give a column another type; empty where columns hold any value as it is.
  virtual std::vector<std::string> change_type(const IdentifierRules& rules, const TableName& table, const TableColumn& column,
                                               const std::string& type) const = 0;
  // The type that holds fractions.
  virtual std::string double_type() const = 0;
  // Behind a SELECT: its rows stay locked until the transaction ends.
  virtual std::string_view row_lock() const { return " FOR UPDATE"; }
  // The same where the database has it behind the table's name.
  virtual std::string_view table_lock() const { return ""; }
  // Rows are locked by an UPDATE that changes nothing, where a SELECT has no words for it.
  virtual bool locks_by_update() const { return false; }
  // Whether insert.mode=upsert is served.
  virtual bool upserts() const { return true; }
  // Connects. kRetriable: not reachable now; kUnauthorized, kFatal: refused. The message is the reason alone.
  virtual Result<std::unique_ptr<Session>> open(const SessionOptions& options) const = 0;
};

const Dialect& postgresql_dialect();
const Dialect& sqlite_dialect();
const Dialect& mysql_dialect();
const Dialect& sqlserver_dialect();
const Dialect& odbc_dialect();
// GenericDatabaseDialect over a database: no column types, no upserts, else what `dialect` does.
std::shared_ptr<const Dialect> generic_dialect(std::shared_ptr<const Dialect> dialect);
// What is known by a URL's kind alone.
const Dialect& dialect_of(Database database);
// The dialect for a database: for ODBC what its driver says, which takes a connection; for the others that of their kind.
Result<std::shared_ptr<const Dialect>> find_dialect(const SessionOptions& options);
Result<std::shared_ptr<const Dialect>> make_odbc_dialect(const SessionOptions& options);

// The wider type that `column` needs for values of `schema`; empty when they fit, or when nothing wider is known.
std::string wider_type(const Dialect& dialect, const TableColumn& column, const WriteColumn& write);

// db.timezone, date.timezone and date.calendar.system.
std::shared_ptr<const LocalTimes> local_times_of(const SinkConfig& config);
// Of defaults, which the original writes as java.time has them: never as Julian dates.
std::shared_ptr<const LocalTimes> default_times_of(const SinkConfig& config);

// "doesn't have a mapping" in the original's words.
Status no_column_type(const columnar::ConnectSchema& schema);

}  // namespace bywash::jdbc
