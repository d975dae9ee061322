// Reading from SQLite. Columns go by their declared types, as sqlite-jdbc 3.41 names them. Level 6, the task's thread.
#include <sqlite3.h>

#include <algorithm>
#include <cstdlib>

#include "base/clock.h"
#include "connectors/jdbc/source/source_database.h"
#include "connectors/jdbc/time_zone.h"

namespace bywash::jdbc {
namespace {

JdbcType type_of_declaration(std::string declared, int value_type) {
  for (char& c : declared) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  declared = declared.substr(0, declared.find_first_of(" ("));
  auto is = [&](std::initializer_list<std::string_view> names) { return std::find(names.begin(), names.end(), declared) != names.end(); };
  if (is({"BOOLEAN", "BOOL"})) return JdbcType::kBoolean;
  if (is({"TINYINT"})) return JdbcType::kTinyint;
  if (is({"SMALLINT", "INT2"})) return JdbcType::kSmallint;
  if (is({"BIGINT", "INT8", "UNSIGNED"})) return JdbcType::kBigint;
  if (is({"INT", "INTEGER", "MEDIUMINT"})) return JdbcType::kInteger;
  if (is({"DATE", "DATETIME"})) return JdbcType::kDate;
  if (is({"TIMESTAMP"})) return JdbcType::kTimestamp;
  if (is({"TIME"})) return JdbcType::kTime;
  if (is({"REAL"})) return JdbcType::kReal;
  if (is({"DOUBLE", "FLOAT"})) return JdbcType::kDouble;
  if (is({"DECIMAL", "NUMERIC"})) return JdbcType::kNumeric;
  if (is({"CHAR", "CHARACTER", "NCHAR", "VARCHAR", "VARYING", "NVARCHAR", "TEXT", "CLOB", "NATIVE"})) return JdbcType::kText;
  if (is({"BLOB", "BINARY", "VARBINARY"})) return JdbcType::kBytes;
  // An expression: by its first value.
  switch (value_type) {
    case SQLITE_INTEGER: return JdbcType::kBigint;
    case SQLITE_FLOAT: return JdbcType::kDouble;
    case SQLITE_BLOB: return JdbcType::kBytes;
    default: return JdbcType::kText;
  }
}

class SqliteSource final : public SourceDatabase {
 public:
  SqliteSource(const SourceConfig& config, sqlite3* database) : config_(config), database_(database) {}
  ~SqliteSource() override {
    finish();
    sqlite3_close(database_);
  }

  IdentifierRules identifiers() const override { return {'`', config_.quote}; }
  bool alive() const override { return true; }

  Result<std::vector<TableName>> tables() override {
    std::string kinds;
    for (const std::string& type : config_.table_types) {
      if (type == "TABLE" || type == "table") kinds += kinds.empty() ? "'table'" : ",'table'";
      if (type == "VIEW" || type == "view") kinds += kinds.empty() ? "'view'" : ",'view'";
    }
    std::vector<TableName> out;
    if (kinds.empty()) return out;
    RETURN_IF_ERROR(prepare("SELECT name FROM sqlite_master WHERE type IN (" + kinds + ") AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"));
    int code;
    while ((code = sqlite3_step(statement_)) == SQLITE_ROW) out.push_back({"", "", reinterpret_cast<const char*>(sqlite3_column_text(statement_, 0))});
    Status status = code == SQLITE_DONE ? Status() : failed(code);
    finish();
    RETURN_IF_ERROR(status);
    return out;
  }

  Result<std::vector<SourceColumn>> start(const std::string& sql) override {
    finish();
    RETURN_IF_ERROR(prepare(sql));
    first_ = sqlite3_step(statement_);
    if (first_ != SQLITE_ROW && first_ != SQLITE_DONE) {
      Status status = failed(first_);
      finish();
      return status;
    }
    std::vector<SourceColumn> out;
    for (int i = 0; i < sqlite3_column_count(statement_); ++i) {
      SourceColumn c;
      c.name = sqlite3_column_name(statement_, i);
      const char* declared = sqlite3_column_decltype(statement_, i);
      c.type_name = declared ? declared : "";
      c.type = type_of_declaration(c.type_name, first_ == SQLITE_ROW ? sqlite3_column_type(statement_, i) : SQLITE_NULL);
      int required = 0, key = 0, automatic = 0;
      const char* table = sqlite3_column_table_name(statement_, i);
      if (table) {
        sqlite3_table_column_metadata(database_, sqlite3_column_database_name(statement_, i), table, sqlite3_column_origin_name(statement_, i), nullptr,
                                      nullptr, &required, &key, &automatic);
      }
      c.nullable = !required;
      if (c.type == JdbcType::kNumeric) read_precision(c.type_name, &c);
      out.push_back(std::move(c));
    }
    return out;
  }

  Result<bool> next(SourceRow* row) override {
    int code = std::exchange(first_, 0);
    if (code == 0) code = sqlite3_step(statement_);
    if (code == SQLITE_DONE) return false;
    if (code != SQLITE_ROW) return failed(code);
    row->resize(static_cast<size_t>(sqlite3_column_count(statement_)));
    for (size_t i = 0; i < row->size(); ++i) {
      auto column = static_cast<int>(i);
      if (sqlite3_column_type(statement_, column) == SQLITE_NULL) { (*row)[i].reset(); continue; }
      bool blob = sqlite3_column_type(statement_, column) == SQLITE_BLOB;
      const void* bytes = blob ? sqlite3_column_blob(statement_, column) : static_cast<const void*>(sqlite3_column_text(statement_, column));
      (*row)[i] = std::string_view(bytes ? static_cast<const char*>(bytes) : "", static_cast<size_t>(sqlite3_column_bytes(statement_, column)));
    }
    return true;
  }

  void finish() override {
    sqlite3_finalize(statement_);
    statement_ = nullptr;
    first_ = 0;
  }

  Result<int64_t> now_micros() override { return wall_clock_ms() * 1000; }

  // sqlite-jdbc writes timestamps as milliseconds; others write texts.
  Status note_timestamp_column(const TableName& table, SourceColumn* column) override {
    RETURN_IF_ERROR(prepare("SELECT typeof(" + identifiers().write(column->name) + ") FROM " + identifiers().write(table) + " WHERE " +
                            identifiers().write(column->name) + " IS NOT NULL LIMIT 1"));
    if (sqlite3_step(statement_) == SQLITE_ROW) column->with_zone = std::string_view(reinterpret_cast<const char*>(sqlite3_column_text(statement_, 0))) != "text";
    finish();
    return {};
  }

  std::string timestamp_literal(const SourceColumn& column, const ReadTime& time) const override {
    if (column.with_zone) return std::to_string(time.instant / 1000);
    std::string text = timestamp_text(time.local);
    return "'" + text + "'";
  }

  Status failed(int code) const {
    std::string text = fmt::format("SQLite: {}", sqlite3_errmsg(database_));
    switch (code & 0xff) {
      case SQLITE_BUSY: case SQLITE_LOCKED: case SQLITE_IOERR: case SQLITE_NOMEM: case SQLITE_INTERRUPT: return Status::retriable(text);
      default: return Status(Code::kFatal, Blame::kUser, text).with_java_class("java.sql.SQLException");
    }
  }

 private:
  // "DECIMAL(10,2)".
  static void read_precision(const std::string& declared, SourceColumn* c) {
    size_t open = declared.find('('), comma = declared.find(',');
    c->any_scale = open == declared.npos;
    if (c->any_scale) return;
    c->precision = std::atoi(declared.c_str() + open + 1);
    c->scale = comma == declared.npos ? 0 : std::atoi(declared.c_str() + comma + 1);
  }

  Status prepare(const std::string& sql) {
    int code = sqlite3_prepare_v2(database_, sql.c_str(), -1, &statement_, nullptr);
    return code == SQLITE_OK ? Status() : failed(code);
  }

  const SourceConfig& config_;
  sqlite3* database_;
  sqlite3_stmt* statement_ = nullptr;
  int first_ = 0;  // what the first step answered; 0 once it was given out
};

}  // namespace

Result<std::unique_ptr<SourceDatabase>> open_source_sqlite(const SourceConfig& config) {
  sqlite3* database = nullptr;
  int code = sqlite3_open_v2(config.url.database.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, nullptr);
  auto out = std::make_unique<SqliteSource>(config, database);
  if (code == SQLITE_OK) {
    auto* wait = config.url.parameter("busy_timeout");
    sqlite3_busy_timeout(database, wait ? std::atoi(wait->c_str()) : 3000);
    code = sqlite3_exec(database, "SELECT count(*) FROM sqlite_master", nullptr, nullptr, nullptr);
  }
  if (code == SQLITE_OK) return std::unique_ptr<SourceDatabase>(std::move(out));
  if (Status status = out->failed(code); status.retriable()) return status;
  return Status::unauthorized(fmt::format("SQLite: {}: check the file of connection.url, its folder and their permissions", database ? sqlite3_errmsg(database) : sqlite3_errstr(code)));
}

}  // namespace bywash::jdbc
