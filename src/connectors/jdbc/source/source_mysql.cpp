// Reading from MySQL and MariaDB: an unbuffered result, row by row off the wire. Level 6, the task's thread.
#include <mysql.h>

#include <cstdlib>

#include "connectors/jdbc/dialects/mysql_session.h"
#include "connectors/jdbc/source/source_database.h"
#include "connectors/jdbc/time_zone.h"

namespace bywash::jdbc {
namespace {

constexpr unsigned kBinaryCharset = 63;

JdbcType type_of_field(const MYSQL_FIELD& f) {
  bool binary = f.charsetnr == kBinaryCharset;
  switch (f.type) {
    // TINYINT(1) is a BIT to Connector/J (tinyInt1isBit), which the source makes an INT8 of.
    case MYSQL_TYPE_TINY: return JdbcType::kTinyint;
    case MYSQL_TYPE_SHORT: return JdbcType::kSmallint;
    case MYSQL_TYPE_YEAR: return JdbcType::kDate;
    case MYSQL_TYPE_INT24: case MYSQL_TYPE_LONG: return JdbcType::kInteger;
    case MYSQL_TYPE_LONGLONG: return JdbcType::kBigint;
    case MYSQL_TYPE_FLOAT: return JdbcType::kReal;
    case MYSQL_TYPE_DOUBLE: return JdbcType::kDouble;
    case MYSQL_TYPE_DECIMAL: case MYSQL_TYPE_NEWDECIMAL: return JdbcType::kNumeric;
    case MYSQL_TYPE_BIT: return f.length == 1 ? JdbcType::kTinyint : JdbcType::kBytes;
    case MYSQL_TYPE_DATE: case MYSQL_TYPE_NEWDATE: return JdbcType::kDate;
    case MYSQL_TYPE_TIME: return JdbcType::kTime;
    case MYSQL_TYPE_DATETIME: case MYSQL_TYPE_TIMESTAMP: return JdbcType::kTimestamp;
    case MYSQL_TYPE_JSON: case MYSQL_TYPE_ENUM: case MYSQL_TYPE_SET: return JdbcType::kText;
    case MYSQL_TYPE_STRING: case MYSQL_TYPE_VAR_STRING: case MYSQL_TYPE_VARCHAR: case MYSQL_TYPE_BLOB: case MYSQL_TYPE_TINY_BLOB:
    case MYSQL_TYPE_MEDIUM_BLOB: case MYSQL_TYPE_LONG_BLOB: return binary ? JdbcType::kBytes : JdbcType::kText;
    default: return JdbcType::kOther;
  }
}

class MysqlSource final : public SourceDatabase {
 public:
  MysqlSource(const SourceConfig& config, MYSQL* connection) : config_(config), connection_(connection) {}
  ~MysqlSource() override {
    finish();
    mysql_close(connection_);
  }

  IdentifierRules identifiers() const override { return {'`', config_.quote}; }
  bool alive() const override { return alive_; }

  Result<std::vector<TableName>> tables() override {
    std::string kinds;
    for (const std::string& type : config_.table_types) {
      kinds += (kinds.empty() ? "'" : ",'") + std::string(type == "TABLE" || type == "table" ? "BASE TABLE" : type == "view" ? "VIEW" : escaped(type)) + "'";
    }
    if (kinds.empty()) return std::vector<TableName>();
    std::string sql = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type IN (" + kinds + ")";
    if (config_.catalog_pattern && !config_.catalog_pattern->empty()) sql += " AND table_schema LIKE '" + escaped(*config_.catalog_pattern) + "'";
    else sql += " AND table_schema = DATABASE()";
    RETURN_IF_ERROR(run(sql + " ORDER BY 1, 2"));
    MYSQL_RES* result = mysql_store_result(connection_);
    if (!result) return failed();
    std::vector<TableName> out;
    while (MYSQL_ROW row = mysql_fetch_row(result)) out.push_back({row[0], "", row[1]});
    mysql_free_result(result);
    return out;
  }

  Result<std::vector<SourceColumn>> start(const std::string& sql) override {
    finish();
    RETURN_IF_ERROR(run(sql));
    rows_ = mysql_use_result(connection_);
    if (!rows_) return mysql_errno(connection_) ? failed() : Status::invalid("The statement gives no rows: query must be a SELECT");
    std::vector<SourceColumn> out;
    bits_.clear();
    years_.clear();
    for (unsigned i = 0; i < mysql_num_fields(rows_); ++i) {
      const MYSQL_FIELD& f = *mysql_fetch_field_direct(rows_, i);
      SourceColumn c;
      c.name = f.name;
      c.type = type_of_field(f);
      c.type_name = fmt::format("number {}", static_cast<int>(f.type));
      c.is_unsigned = f.flags & UNSIGNED_FLAG;
      c.nullable = !(f.flags & NOT_NULL_FLAG);
      c.with_zone = f.type == MYSQL_TYPE_TIMESTAMP;
      c.scale = static_cast<int32_t>(f.decimals);
      c.precision = static_cast<int32_t>(f.length) - (f.decimals > 0) - !c.is_unsigned;
      // BIGINT UNSIGNED is a number of 20 digits.
      if (f.type == MYSQL_TYPE_LONGLONG && c.is_unsigned) { c.type = JdbcType::kNumeric; c.precision = 20; c.scale = 0; }
      bits_.push_back(f.type == MYSQL_TYPE_BIT && f.length == 1);
      years_.push_back(f.type == MYSQL_TYPE_YEAR);
      out.push_back(std::move(c));
    }
    return out;
  }

  Result<bool> next(SourceRow* row) override {
    MYSQL_ROW values = mysql_fetch_row(rows_);
    if (!values) {
      if (mysql_errno(connection_)) return failed();
      return false;
    }
    unsigned long* lengths = mysql_fetch_lengths(rows_);
    row->resize(mysql_num_fields(rows_));
    made_.assign(row->size(), {});
    for (size_t i = 0; i < row->size(); ++i) {
      auto& value = (*row)[i];
      if (!values[i]) { value.reset(); continue; }
      value = std::string_view(values[i], lengths[i]);
      if (bits_[i]) value = (*value)[0] ? "1" : "0";
      if (years_[i]) value = made_[i] = std::string(*value) + "-01-01";
      // "0000-00-00" has no day; Connector/J refuses it, or gives null (zeroDateTimeBehavior).
      if (value->starts_with("0000-00-00")) value.reset();
    }
    return true;
  }

  void finish() override {
    if (rows_) mysql_free_result(rows_);  // reads the rest off the wire
    rows_ = nullptr;
  }

  Result<int64_t> now_micros() override {
    RETURN_IF_ERROR(run("SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)"));
    MYSQL_RES* result = mysql_store_result(connection_);
    MYSQL_ROW row = result ? mysql_fetch_row(result) : nullptr;
    if (!row) return failed();
    int64_t micros = std::strtoll(row[0], nullptr, 10);
    mysql_free_result(result);
    return micros;
  }

  std::string timestamp_literal(const SourceColumn& column, const ReadTime& time) const override {
    return "'" + timestamp_text(column.with_zone ? time.instant : time.local) + "'";
  }

 private:
  std::string escaped(const std::string& text) const {
    std::string out(text.size() * 2 + 1, '\0');
    out.resize(mysql_real_escape_string(connection_, out.data(), text.data(), static_cast<unsigned long>(text.size())));
    return out;
  }
  Status failed() {
    unsigned number = mysql_errno(connection_);
    if (mysql::connection_lost(number)) alive_ = false;
    return mysql::status_of(number, mysql_sqlstate(connection_), mysql_error(connection_));
  }
  Status run(const std::string& sql) {
    return mysql_real_query(connection_, sql.data(), static_cast<unsigned long>(sql.size())) == 0 ? Status() : failed();
  }

  friend Result<std::unique_ptr<SourceDatabase>> bywash::jdbc::open_source_mysql(const SourceConfig& config);
  const SourceConfig& config_;
  MYSQL* connection_;
  MYSQL_RES* rows_ = nullptr;
  bool alive_ = true;
  std::vector<bool> bits_, years_;
  std::vector<std::string> made_;
};

}  // namespace

Result<std::unique_ptr<SourceDatabase>> open_source_mysql(const SourceConfig& config) {
  ASSIGN_OR_RETURN(MYSQL * connection, mysql::connect(config.url, config.user, config.password));
  auto out = std::make_unique<MysqlSource>(config, connection);
  RETURN_IF_ERROR(out->run("SET SESSION time_zone = '+00:00', autocommit = 1"));
  std::string level;
  for (char c : config.isolation) level += c == '_' ? ' ' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (level != "DEFAULT" && !level.empty()) RETURN_IF_ERROR(out->run("SET SESSION TRANSACTION ISOLATION LEVEL " + level));
  return std::unique_ptr<SourceDatabase>(std::move(out));
}

}  // namespace bywash::jdbc
