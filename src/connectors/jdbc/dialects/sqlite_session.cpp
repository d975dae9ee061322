// Rows into SQLite: one prepared statement per kind, bound row by row in order, one transaction per put. Binds as sqlite-jdbc 3.41 does:
// booleans as 0 and 1, dates and times as epoch milliseconds, decimals as their text. Level 6, the task's thread.
#include "connectors/jdbc/dialects/sqlite_session.h"

#include <arrow/array.h>
#include <sqlite3.h>

#include <algorithm>

#include "base/log.h"
#include "columnar/decimal.h"

namespace bywash::jdbc::sqlite {
namespace {

using columnar::Column;
using columnar::Logical;
using columnar::Type;

constexpr std::string_view kSqliteLogger = "jdbc.sqlite";

// How one column's values are bound.
enum class Bind : uint8_t { kInt8, kInt16, kInt32, kInt64, kFloat32, kFloat64, kBool, kText, kBytes, kDecimal, kDate, kTime, kTimestamp, kNull };

struct Binder {
  Bind bind = Bind::kNull;
  int parameter = 0;
  const arrow::Array* data = nullptr;
  const LocalTimes* times = nullptr;
  bool nulls = false;
  bool is_micros = false, is_nanos = false;  // int64 of timestamp.fields.list: bound as milliseconds
  // What a null becomes when the schema has a default; its own column of one row.
  Column default_value;
};

Result<Bind> bind_of(const columnar::ConnectSchema& schema) {
  switch (schema.logical()) {
    case Logical::kDecimal: return Bind::kDecimal;
    case Logical::kDate: return Bind::kDate;
    case Logical::kTime: return Bind::kTime;
    case Logical::kTimestamp: return Bind::kTimestamp;
    case Logical::kNone: break;
  }
  switch (schema.type()) {
    case Type::kInt8: return Bind::kInt8;
    case Type::kInt16: return Bind::kInt16;
    case Type::kInt32: return Bind::kInt32;
    case Type::kInt64: return Bind::kInt64;
    case Type::kFloat32: return Bind::kFloat32;
    case Type::kFloat64: return Bind::kFloat64;
    case Type::kBoolean: return Bind::kBool;
    case Type::kString: return Bind::kText;
    case Type::kBytes: return Bind::kBytes;
    default: {
      std::string type(to_string(schema.type()));
      for (char& c : type) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      return Status::data("Unsupported source data type: " + type).with_java_class("org.apache.kafka.connect.errors.ConnectException");
    }
  }
}

// Towards the past, as java.sql.Timestamp.getTime() has it.
int64_t whole_part(int64_t value, int64_t unit) { return value / unit - (value % unit < 0); }

template <class A>
auto raw(const arrow::Array& data, int64_t row) { return static_cast<const A&>(data).Value(row); }

int bind_text(sqlite3_stmt* statement, int at, std::string_view text) {
  return sqlite3_bind_text64(statement, at, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

// Binds row `row` of `data`; the array outlives the step.
int bind_value(sqlite3_stmt* s, const Binder& b, const arrow::Array& data, int64_t row) {
  switch (b.bind) {
    case Bind::kInt8: return sqlite3_bind_int(s, b.parameter, raw<arrow::Int8Array>(data, row));
    case Bind::kInt16: return sqlite3_bind_int(s, b.parameter, raw<arrow::Int16Array>(data, row));
    case Bind::kInt32: return sqlite3_bind_int(s, b.parameter, raw<arrow::Int32Array>(data, row));
    case Bind::kInt64: {
      int64_t v = raw<arrow::Int64Array>(data, row);
      if (b.is_nanos) v = whole_part(v, 1'000'000);
      else if (b.is_micros) v = whole_part(v, 1000);
      return sqlite3_bind_int64(s, b.parameter, v);
    }
    case Bind::kFloat32: return sqlite3_bind_double(s, b.parameter, static_cast<double>(raw<arrow::FloatArray>(data, row)));
    case Bind::kFloat64: return sqlite3_bind_double(s, b.parameter, raw<arrow::DoubleArray>(data, row));
    case Bind::kBool: return sqlite3_bind_int(s, b.parameter, raw<arrow::BooleanArray>(data, row));
    case Bind::kText: {
      auto text = static_cast<const arrow::StringArray&>(data).GetView(row);
      if (b.is_micros) {
        auto micros = parse_timestamp(text, b.is_nanos);
        return micros ? sqlite3_bind_int64(s, b.parameter, whole_part(*micros, 1000)) : SQLITE_MISMATCH;
      }
      return bind_text(s, b.parameter, text);
    }
    case Bind::kBytes: {
      auto bytes = static_cast<const arrow::BinaryArray&>(data).GetView(row);
      return sqlite3_bind_blob64(s, b.parameter, bytes.empty() ? "" : bytes.data(), bytes.size(), SQLITE_STATIC);
    }
    case Bind::kDecimal: {
      std::string text = columnar::to_java_string(columnar::decode_decimal(static_cast<const arrow::BinaryArray&>(data).GetView(row)));
      return sqlite3_bind_text64(s, b.parameter, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    }
    case Bind::kDate: return sqlite3_bind_int64(s, b.parameter, b.times->hybrid_ms(int64_t{raw<arrow::Date32Array>(data, row)} * 86'400'000, true));
    case Bind::kTime: return sqlite3_bind_int64(s, b.parameter, raw<arrow::Time32Array>(data, row));
    case Bind::kTimestamp: return sqlite3_bind_int64(s, b.parameter, b.times->hybrid_ms(raw<arrow::TimestampArray>(data, row), false));
    case Bind::kNull: return sqlite3_bind_null(s, b.parameter);
  }
  return SQLITE_MISUSE;
}

std::string one_of_pragmas(std::string_view name) {
  static constexpr std::string_view kPragmas[] = {"journal_mode", "synchronous", "foreign_keys", "cache_size", "temp_store", "locking_mode",
                                                  "page_size", "auto_vacuum", "encoding", "recursive_triggers", "secure_delete", "mmap_size"};
  return std::find(std::begin(kPragmas), std::end(kPragmas), name) != std::end(kPragmas) ? std::string(name) : "";
}

bool plain_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-'; });
}

}  // namespace

Status SqliteSession::status_of(int code) const {
  std::string text = database_ ? sqlite3_errmsg(database_) : sqlite3_errstr(code);
  auto of_sql = [](Status s) { return std::move(s).with_java_class("java.sql.SQLException"); };
  switch (code & 0xff) {
    case SQLITE_BUSY: case SQLITE_LOCKED: case SQLITE_IOERR: case SQLITE_FULL: case SQLITE_NOMEM: case SQLITE_INTERRUPT: case SQLITE_PROTOCOL:
      return Status::retriable(fmt::format("SQLite: {}", text));
    case SQLITE_CONSTRAINT: return of_sql(Status::data(fmt::format("SQLSTATE 23000: {}", text)));
    case SQLITE_MISMATCH: case SQLITE_TOOBIG: case SQLITE_RANGE: return of_sql(Status::data(fmt::format("SQLSTATE 22000: {}", text)));
    case SQLITE_READONLY: case SQLITE_PERM: case SQLITE_AUTH: case SQLITE_CANTOPEN:
      return of_sql(Status::unauthorized(fmt::format("SQLite: {}: check the file of connection.url, its folder and their permissions", text)));
    default: return of_sql(Status(Code::kFatal, Blame::kUser, fmt::format("SQLite: {}", text)));
  }
}

Result<std::unique_ptr<Session>> SqliteSession::open(const SessionOptions& options) {
  std::unique_ptr<SqliteSession> session(new SqliteSession(options));
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  if (options.url.database.starts_with("file:")) flags |= SQLITE_OPEN_URI;
  int code = sqlite3_open_v2(options.url.database.c_str(), &session->database_, flags, nullptr);
  if (code == SQLITE_OK) {
    sqlite3_extended_result_codes(session->database_, 1);
    sqlite3_busy_timeout(session->database_, 3000);
    RETURN_IF_ERROR(session->apply_parameters());
    // The file is looked at only now: not a database, no permission.
    code = sqlite3_exec(session->database_, "SELECT count(*) FROM sqlite_master", nullptr, nullptr, nullptr);
  }
  if (code != SQLITE_OK) return session->status_of(code);
  return std::unique_ptr<Session>(std::move(session));
}

Status SqliteSession::apply_parameters() {
  for (const auto& [name, value] : options_.url.parameters) {
    if (!plain_word(value)) return Status::invalid(fmt::format("The value of SQLite's parameter '{}' in connection.url is not a plain word", name));
    if (name == "busy_timeout") sqlite3_busy_timeout(database_, std::atoi(value.c_str()));
    else if (std::string pragma = one_of_pragmas(name); !pragma.empty()) RETURN_IF_ERROR(run("PRAGMA " + pragma + "=" + value));
    else log::warn(kSqliteLogger, "Parameter '{}' of the connection has no effect", name);
  }
  return {};
}

SqliteSession::~SqliteSession() {
  for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(database_);
}

Status SqliteSession::run(const std::string& sql) {
  int code = sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Status() : status_of(code);
}

Status SqliteSession::execute(const std::vector<std::string>& statements) {
  for (const std::string& sql : statements) RETURN_IF_ERROR(run(sql));
  return {};
}

Result<std::vector<std::vector<std::optional<std::string>>>> SqliteSession::query(const std::string& sql) {
  sqlite3_stmt* s = nullptr;
  if (int code = sqlite3_prepare_v2(database_, sql.c_str(), -1, &s, nullptr); code != SQLITE_OK) return status_of(code);
  std::vector<std::vector<std::optional<std::string>>> rows;
  int code;
  while ((code = sqlite3_step(s)) == SQLITE_ROW) {
    auto& row = rows.emplace_back();
    for (int i = 0; i < sqlite3_column_count(s); ++i) {
      auto* text = reinterpret_cast<const char*>(sqlite3_column_text(s, i));
      row.push_back(text ? std::optional<std::string>(text) : std::nullopt);
    }
  }
  Status status = code == SQLITE_DONE ? Status() : status_of(code);
  sqlite3_finalize(s);
  RETURN_IF_ERROR(status);
  return rows;
}

Result<sqlite3_stmt*> SqliteSession::prepare(const std::string& sql) {
  auto it = statements_.find(sql);
  if (it != statements_.end()) return it->second;
  if (statements_.size() >= 256) {
    for (auto& [text, old] : statements_) sqlite3_finalize(old);
    statements_.clear();
  }
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v3(database_, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return status_of(code);
  statements_[sql] = statement;
  return statement;
}

Result<std::optional<TableDefinition>> SqliteSession::describe(const TableName& name) {
  std::string schema = name.schema.empty() ? "main" : name.schema;
  IdentifierRules quoting{'`', true};
  sqlite3_stmt* s = nullptr;
  std::string sql = "SELECT m.name, m.type, c.name, c.type, c.\"notnull\", c.dflt_value IS NOT NULL OR c.hidden <> 0, c.pk FROM " +
                    quoting.write(schema) + ".sqlite_master m JOIN pragma_table_xinfo(m.name, ?2) c "
                    "WHERE m.name = ?1 COLLATE NOCASE AND m.type IN ('table', 'view') ORDER BY c.cid";
  int code = sqlite3_prepare_v2(database_, sql.c_str(), -1, &s, nullptr);
  // Of a database that is not attached there is no table.
  if (code == SQLITE_ERROR && std::string_view(sqlite3_errmsg(database_)).find("no such table") != std::string_view::npos) return std::optional<TableDefinition>();
  if (code != SQLITE_OK) return status_of(code);
  bind_text(s, 1, name.table);
  bind_text(s, 2, schema);
  TableDefinition table;
  auto text = [&](int column) {
    auto* t = reinterpret_cast<const char*>(sqlite3_column_text(s, column));
    return std::string(t ? t : "");
  };
  while ((code = sqlite3_step(s)) == SQLITE_ROW) {
    table.name = {"", name.schema, text(0)};
    table.kind = text(1) == "view" ? "VIEW" : "TABLE";
    TableColumn column;
    column.name = text(2);
    column.type = text(3);
    column.nullable = sqlite3_column_int(s, 4) == 0;
    column.has_default = sqlite3_column_int(s, 5) != 0;
    column.in_primary_key = sqlite3_column_int(s, 6) != 0;
    table.columns.push_back(std::move(column));
  }
  Status status = code == SQLITE_DONE ? Status() : status_of(code);
  sqlite3_finalize(s);
  RETURN_IF_ERROR(status);
  if (table.columns.empty()) return std::optional<TableDefinition>();
  return std::optional(std::move(table));
}

Status SqliteSession::begin() { return run("BEGIN IMMEDIATE"); }
Status SqliteSession::commit() { return run("COMMIT"); }
void SqliteSession::rollback() {
  for (auto& [sql, statement] : statements_) sqlite3_reset(statement);
  if (sqlite3_get_autocommit(database_)) return;
  if (Status s = run("ROLLBACK"); !s.ok()) log::warn(kSqliteLogger, "Could not roll back: {}", s.message());
}

Status SqliteSession::write_rows(const TableWrite& write, const RowBlock& block, sqlite3_stmt* statement, const std::vector<size_t>& order) {
  std::vector<Binder> binders;
  for (size_t i = 0; i < order.size(); ++i) {
    const Column& column = block.columns[order[i]];
    Binder b;
    ASSIGN_OR_RETURN(b.bind, bind_of(*column.schema));
    b.parameter = static_cast<int>(i) + 1;
    b.data = column.data.get();
    b.times = options_.times.get();
    b.nulls = column.data->null_count() > 0;
    b.is_micros = write.columns[order[i]].is_timestamp;
    b.is_nanos = b.is_micros && options_.timestamp_nanos;
    const auto& value = column.schema->default_value();
    bool replaces = options_.replace_null_with_default || write.columns[order[i]].is_key;  // a key's default always counts
    if (b.nulls && replaces && value && !value->is_null()) {
      ASSIGN_OR_RETURN(b.default_value, columnar::constant_column(column.schema, *value, 1));
    }
    binders.push_back(std::move(b));
  }
  for (int64_t row = 0; row < block.row_count; ++row) {
    for (const Binder& b : binders) {
      int code;
      if (!b.nulls || !b.data->IsNull(row)) code = bind_value(statement, b, *b.data, row);
      else if (b.default_value.data) code = bind_value(statement, b, *b.default_value.data, 0);
      else code = sqlite3_bind_null(statement, b.parameter);
      if (code == SQLITE_MISMATCH) {
        return Status::data(fmt::format("Field '{}' of timestamp.fields.list holds no timestamp", write.columns[order[static_cast<size_t>(b.parameter) - 1]].name));
      }
      if (code != SQLITE_OK) return status_of(code);
    }
    int code = sqlite3_step(statement);
    if (code != SQLITE_DONE) {
      Status failed = status_of(code);
      sqlite3_reset(statement);
      return failed;
    }
    sqlite3_reset(statement);
  }
  return {};
}

Status SqliteSession::write(const TableWrite& write) {
  const IdentifierRules& rules = options_.identifiers;
  std::string target = rules.write(write.table->name);
  if (write.truncates) return run("DELETE FROM " + target);
  std::string names, marks, sets, match;
  std::vector<size_t> in_order, keys_last, keys_only;
  for (size_t i = 0; i < write.columns.size(); ++i) {
    std::string name = rules.write(write.columns[i].name);
    names += (i ? "," : "") + name;
    marks += i ? ",?" : "?";
    in_order.push_back(i);
    if (i >= write.key_count) {
      sets += (sets.empty() ? "" : ", ") + name + " = ?";
      keys_last.push_back(i);
    } else {
      match += (match.empty() ? "" : " AND ") + name + " = ?";
      keys_only.push_back(i);
    }
  }
  for (size_t i = 0; i < write.key_count; ++i) keys_last.push_back(i);
  if (write.mode == InsertMode::kUpdate) {
    for (const std::string& name : write.null_columns) sets += (sets.empty() ? "" : ", ") + rules.write(name) + " = NULL";
  }
  for (const RowBlock& block : write.blocks) {
    std::string sql;
    const std::vector<size_t>* order = &in_order;
    if (block.deletes) {
      sql = "DELETE FROM " + target + " WHERE " + match;
      order = &keys_only;
    } else if (write.mode == InsertMode::kUpdate) {
      if (sets.empty()) continue;
      sql = "UPDATE " + target + " SET " + sets + (match.empty() ? "" : " WHERE " + match);  // every row without a key
      order = &keys_last;
    } else {
      sql = (write.mode == InsertMode::kUpsert ? "INSERT OR REPLACE INTO " : "INSERT INTO ") + target + "(" + names + ") VALUES(" + marks + ")";
    }
    ASSIGN_OR_RETURN(sqlite3_stmt* statement, prepare(sql));
    Status status = write_rows(write, block, statement, *order);
    sqlite3_clear_bindings(statement);
    if (!status.ok()) return status.with_context("Write to table " + target);
  }
  return {};
}

}  // namespace bywash::jdbc::sqlite
