// Reading from SQL Server: the result as it comes off the wire, row by row. Level 6, the task's thread.
#include "base/text.h"
#include "connectors/jdbc/dialects/sqlserver_connection.h"
#include "connectors/jdbc/sql_literal.h"
#include "connectors/jdbc/source/source_database.h"
#include "connectors/jdbc/time_zone.h"

namespace bywash::jdbc {
namespace {

using sqlserver::FieldKind;

// As mssql-jdbc reports them.
JdbcType type_of_kind(FieldKind kind) {
  switch (kind) {
    case FieldKind::kBit: case FieldKind::kTinyint: return JdbcType::kTinyint;
    case FieldKind::kSmallint: return JdbcType::kSmallint;
    case FieldKind::kInt: return JdbcType::kInteger;
    case FieldKind::kBigint: return JdbcType::kBigint;
    case FieldKind::kReal: return JdbcType::kReal;
    case FieldKind::kFloat: return JdbcType::kDouble;
    case FieldKind::kDecimal: return JdbcType::kNumeric;
    case FieldKind::kText: return JdbcType::kText;
    case FieldKind::kBytes: return JdbcType::kBytes;
    case FieldKind::kDate: return JdbcType::kDate;
    case FieldKind::kTime: return JdbcType::kTime;
    case FieldKind::kDatetime: case FieldKind::kDatetime2: case FieldKind::kDatetimeoffset: return JdbcType::kTimestamp;
    case FieldKind::kOther: break;
  }
  return JdbcType::kOther;
}

class SqlserverSource final : public SourceDatabase {
 public:
  SqlserverSource(const SourceConfig& config, std::unique_ptr<sqlserver::Connection> connection) : config_(config), connection_(std::move(connection)) {}

  IdentifierRules identifiers() const override { return {'[', config_.quote, ']'}; }
  bool alive() const override { return connection_->alive(); }

  Result<std::vector<TableName>> tables() override {
    std::string kinds;
    for (const std::string& type : config_.table_types) {
      std::string upper = ascii_upper(type), kind = upper == "TABLE" ? "U" : upper == "VIEW" ? "V" : upper == "SYSTEM TABLE" ? "S" : "";
      if (!kind.empty()) kinds += (kinds.empty() ? "'" : ",'") + kind + "'";
    }
    if (kinds.empty()) return std::vector<TableName>();
    std::string sql = "SELECT DB_NAME(), s.name, o.name FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id WHERE o.type IN (" + kinds +
                      ") AND o.is_ms_shipped = 0";
    if (config_.schema_pattern && !config_.schema_pattern->empty()) sql += " AND s.name LIKE N" + quoted_text(*config_.schema_pattern);
    if (config_.catalog_pattern && !config_.catalog_pattern->empty()) sql += " AND DB_NAME() LIKE N" + quoted_text(*config_.catalog_pattern);
    ASSIGN_OR_RETURN(auto rows, connection_->query(sql + " ORDER BY 2, 3"));
    std::vector<TableName> out;
    for (const auto& row : rows) out.push_back({row.at(0).value_or(""), row.at(1).value_or(""), row.at(2).value_or("")});
    return out;
  }

  Result<std::vector<SourceColumn>> start(const std::string& sql) override {
    ASSIGN_OR_RETURN(auto fields, connection_->start(sql));
    if (fields.empty()) return Status::invalid("The statement gives no rows: query must be a SELECT");
    std::vector<SourceColumn> out;
    for (const sqlserver::Field& f : fields) {
      SourceColumn c;
      c.name = f.name;
      c.type = type_of_kind(f.kind);
      // The form of the type that literals of conditions need.
      c.type_name = f.kind == FieldKind::kDatetime ? "datetime" : fmt::format("number {}", f.type_number);
      c.is_unsigned = f.kind == FieldKind::kTinyint;
      c.nullable = f.nullable;
      c.with_zone = f.kind == FieldKind::kDatetimeoffset;
      c.precision = f.precision;
      c.scale = f.scale;
      out.push_back(std::move(c));
    }
    return out;
  }

  Result<bool> next(SourceRow* row) override { return connection_->next(row); }
  void finish() override { connection_->finish(); }

  Result<int64_t> now_micros() override {
    ASSIGN_OR_RETURN(auto rows, connection_->query("SELECT DATEDIFF_BIG(microsecond, '1970-01-01', SYSUTCDATETIME())"));
    if (rows.empty() || !rows[0].at(0)) return Status::fatal("The database does not tell its time");
    return static_cast<int64_t>(std::strtoll(rows[0][0]->c_str(), nullptr, 10));
  }

  std::string timestamp_literal(const SourceColumn& column, const ReadTime& time) const override {
    // All seven digits: a datetime2 is compared by 100 ns.
    auto text = [&](int64_t micros) {
      std::string out = timestamp_text(micros);
      if (time.nanos < 100) return out;
      return out.substr(0, 19) + fmt::format(".{:06}{}", (micros % 1'000'000 + 1'000'000) % 1'000'000, time.nanos / 100);
    };
    if (column.with_zone) return "CAST('" + text(time.instant) + " +00:00' AS datetimeoffset)";
    // A datetime counts 1/300 seconds, of which milliseconds are shown: as a datetime2 it would always be later than what was shown.
    if (column.type_name == "datetime") return "CAST(CAST('" + timestamp_text(time.local) + "' AS datetime2(3)) AS datetime)";
    return "CAST('" + text(time.local) + "' AS datetime2)";
  }

 private:
  const SourceConfig& config_;
  std::unique_ptr<sqlserver::Connection> connection_;
};

}  // namespace

Result<std::unique_ptr<SourceDatabase>> open_source_sqlserver(const SourceConfig& config) {
  ASSIGN_OR_RETURN(auto connection, sqlserver::Connection::open(config.url, config.user, config.password));
  RETURN_IF_ERROR(connection->run("SET NOCOUNT ON; SET LANGUAGE us_english; SET DATEFORMAT ymd; SET ANSI_NULLS, ANSI_WARNINGS, QUOTED_IDENTIFIER ON"));
  std::string level = ascii_upper(config.isolation);
  if (level == "SQL_SERVER_SNAPSHOT") level = "SNAPSHOT";
  for (char& c : level) c = c == '_' ? ' ' : c;
  if (level != "DEFAULT" && !level.empty()) RETURN_IF_ERROR(connection->run("SET TRANSACTION ISOLATION LEVEL " + level));
  return std::unique_ptr<SourceDatabase>(new SqlserverSource(config, std::move(connection)));
}

}  // namespace bywash::jdbc
