// Reading through an ODBC driver: the result as the driver gives it, row by row. Level 6, the task's thread.
#include <sql.h>
#include <sqlext.h>
#include <sqlucode.h>

#include <algorithm>

#include "base/clock.h"
#include "base/text.h"
#include "connectors/jdbc/dialects/odbc_session.h"
#include "connectors/jdbc/source/row_builder.h"
#include "connectors/jdbc/source/source_database.h"
#include "connectors/jdbc/time_zone.h"

namespace bywash::jdbc {
namespace {

// As JDBC's bridges map ODBC's types.
JdbcType jdbc_type_of(int type) {
  switch (type) {
    case SQL_BIT: case SQL_TINYINT: return JdbcType::kTinyint;
    case SQL_SMALLINT: return JdbcType::kSmallint;
    case SQL_INTEGER: return JdbcType::kInteger;
    case SQL_BIGINT: return JdbcType::kBigint;
    case SQL_REAL: return JdbcType::kReal;
    case SQL_FLOAT: case SQL_DOUBLE: return JdbcType::kDouble;
    case SQL_NUMERIC: case SQL_DECIMAL: return JdbcType::kNumeric;
    case SQL_CHAR: case SQL_VARCHAR: case SQL_LONGVARCHAR: case SQL_WCHAR: case SQL_WVARCHAR: case SQL_WLONGVARCHAR: case SQL_GUID: return JdbcType::kText;
    case SQL_BINARY: case SQL_VARBINARY: case SQL_LONGVARBINARY: return JdbcType::kBytes;
    case SQL_TYPE_DATE: return JdbcType::kDate;
    case SQL_TYPE_TIME: return JdbcType::kTime;
    case SQL_TYPE_TIMESTAMP: return JdbcType::kTimestamp;
    default: return JdbcType::kOther;
  }
}

std::string name_at(const odbc::Row& row, size_t i) { return i < row.size() && row[i] ? *row[i] : std::string(); }

// `text` like an SQL pattern with % and _.
bool like(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '%') {
    for (size_t skip = 0; skip <= text.size(); ++skip) {
      if (like(text.substr(skip), pattern.substr(1))) return true;
    }
    return false;
  }
  return !text.empty() && (pattern[0] == '_' || pattern[0] == text[0]) && like(text.substr(1), pattern.substr(1));
}

class OdbcSource final : public SourceDatabase {
 public:
  OdbcSource(const SourceConfig& config, std::unique_ptr<odbc::Connection> connection)
      : config_(config), connection_(std::move(connection)), product_(odbc::product_of(connection_->facts().dbms)) {}

  IdentifierRules identifiers() const override { return odbc::identifiers_of(connection_->facts(), config_.quote); }
  bool alive() const override { return connection_->alive(); }

  Result<std::vector<TableName>> tables() override {
    const bool catalogs = product_.kind == odbc::ProductKind::kMysql;
    ASSIGN_OR_RETURN(auto rows, connection_->tables(catalogs && !config_.catalog_pattern ? connection_->current_catalog() : "", "", "", ""));
    auto allowed = [](const std::optional<std::string>& pattern, const std::string& name) { return !pattern || pattern->empty() || like(name, *pattern); };
    std::vector<TableName> out;
    for (const odbc::Row& row : rows) {
      std::string kind = ascii_upper(name_at(row, 3)), catalog = name_at(row, 0), schema = name_at(row, 1);
      if (kind == "BASE TABLE") kind = "TABLE";
      bool wanted = std::any_of(config_.table_types.begin(), config_.table_types.end(), [&](const std::string& t) { return ascii_upper(t) == kind; });
      if (!wanted || !allowed(config_.catalog_pattern, catalog) || !allowed(config_.schema_pattern, schema)) continue;
      // Of one catalog there is nothing to tell apart, and some databases refuse it in a statement.
      out.push_back(catalogs ? TableName{"", catalog, name_at(row, 2)} : TableName{"", schema, name_at(row, 2)});
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  Result<std::vector<SourceColumn>> start(const std::string& sql) override {
    ASSIGN_OR_RETURN(auto columns, connection_->start(sql));
    if (columns.empty()) return Status::invalid("The statement gives no rows: query must be a SELECT");
    std::vector<SourceColumn> out;
    for (const odbc::ResultColumn& column : columns) {
      SourceColumn c;
      c.name = column.name;
      c.type = jdbc_type_of(column.type);
      c.type_name = column.type_name.empty() ? fmt::format("number {}", column.type) : column.type_name;
      c.is_unsigned = column.is_unsigned;
      c.nullable = column.nullable;
      c.with_zone = c.type == JdbcType::kTimestamp && odbc::is_instant(product_.kind, column.type_name);
      c.precision = static_cast<int32_t>(std::clamp<int64_t>(column.size, 0, 1000));
      c.scale = column.digits;
      out.push_back(std::move(c));
    }
    return out;
  }

  Result<bool> next(SourceRow* row) override {
    ASSIGN_OR_RETURN(bool more, connection_->next(&values_));
    if (!more) return false;
    row->resize(values_.size());
    for (size_t i = 0; i < values_.size(); ++i) (*row)[i] = values_[i] ? std::optional<std::string_view>(*values_[i]) : std::nullopt;
    return true;
  }
  void finish() override { connection_->finish(); }

  Result<int64_t> now_micros() override {
    if (product_.now.empty()) return wall_clock_ms() * 1000;
    ASSIGN_OR_RETURN(auto rows, connection_->query(product_.now));
    bool instant = false;
    auto micros = rows.empty() || rows[0].empty() || !rows[0][0] ? std::nullopt : timestamp_of_text(*rows[0][0], &instant);
    if (!micros) return Status::fatal("The database does not tell its time");
    return *micros;
  }

  std::string timestamp_literal(const SourceColumn& column, const ReadTime& time) const override {
    if (column.with_zone && product_.kind == odbc::ProductKind::kPostgresql) return "'" + timestamp_text(time.instant) + "+00'";
    int64_t micros = column.with_zone ? time.instant : time.local;
    // SQLite compares texts: the driver writes three digits.
    if (product_.kind == odbc::ProductKind::kSqlite) {
      int64_t of_second = (micros % 1'000'000 + 1'000'000) % 1'000'000;
      return "'" + timestamp_text(micros - of_second) + (of_second % 1000 ? fmt::format(".{:06}", of_second) : fmt::format(".{:03}", of_second / 1000)) + "'";
    }
    return "{ts '" + timestamp_text(micros) + "'}";
  }

 private:
  const SourceConfig& config_;
  std::unique_ptr<odbc::Connection> connection_;
  const odbc::Product& product_;
  odbc::Row values_;
};

}  // namespace

Result<std::unique_ptr<SourceDatabase>> open_source_odbc(const SourceConfig& config) {
  ASSIGN_OR_RETURN(auto connection, odbc::open_connection(config.url, config.user, config.password));
  if (ascii_upper(config.isolation) != "DEFAULT" && !config.isolation.empty()) RETURN_IF_ERROR(connection->set_isolation(config.isolation));
  return std::unique_ptr<SourceDatabase>(new OdbcSource(config, std::move(connection)));
}

}  // namespace bywash::jdbc
