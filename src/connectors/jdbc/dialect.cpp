// The list of dialects. Level 6.
#include "connectors/jdbc/dialect.h"

#include <algorithm>

namespace bywash::jdbc {
namespace {

class GenericDialect final : public Dialect {
 public:
  explicit GenericDialect(std::shared_ptr<const Dialect> inner) : inner_(std::move(inner)) {}
  std::string_view name() const override { return "GenericDatabaseDialect"; }
  IdentifierRules identifiers(bool quoted) const override { return inner_->identifiers(quoted); }
  Result<std::string> column_type(const WriteColumn& column) const override { return no_column_type(*column.schema); }
  bool upserts() const override { return false; }
  bool writes(const columnar::ConnectSchema& schema) const override { return inner_->writes(schema); }
  Result<std::string> literal(const columnar::ConnectSchema& schema, const columnar::Value& value, const LocalTimes& times) const override {
    return inner_->literal(schema, value, times);
  }
  size_t name_bytes_max() const override { return inner_->name_bytes_max(); }
  bool cuts_names() const override { return inner_->cuts_names(); }
  bool alters_at_once() const override { return inner_->alters_at_once(); }
  std::vector<std::string> change_type(const IdentifierRules& rules, const TableName& table, const TableColumn& column, const std::string& type) const override {
    return inner_->change_type(rules, table, column, type);
  }
  std::string double_type() const override { return inner_->double_type(); }
  std::string_view row_lock() const override { return inner_->row_lock(); }
  std::string_view table_lock() const override { return inner_->table_lock(); }
  Result<std::unique_ptr<Session>> open(const SessionOptions& options) const override { return inner_->open(options); }

 private:
  std::shared_ptr<const Dialect> inner_;
};

}  // namespace

std::shared_ptr<const Dialect> generic_dialect(std::shared_ptr<const Dialect> dialect) { return std::make_shared<GenericDialect>(std::move(dialect)); }

const Dialect& dialect_of(Database database) {
  switch (database) {
    case Database::kPostgresql: return postgresql_dialect();
    case Database::kMysql: return mysql_dialect();
    case Database::kSqlserver: return sqlserver_dialect();
    case Database::kOdbc: return odbc_dialect();
    case Database::kSqlite: break;
  }
  return sqlite_dialect();
}

Result<std::shared_ptr<const Dialect>> find_dialect(const SessionOptions& options) {
  if (options.url.kind == Database::kOdbc) return make_odbc_dialect(options);
  // Static: nobody's to delete.
  return std::shared_ptr<const Dialect>(std::shared_ptr<const void>(), &dialect_of(options.url.kind));
}

std::shared_ptr<const LocalTimes> local_times_of(const SinkConfig& config) {
  const std::string& dates = config.date_timezone;
  return std::make_shared<const LocalTimes>(config.db_timezone, dates == "UTC" || dates == "utc", config.date_calendar == "LEGACY");
}

std::shared_ptr<const LocalTimes> default_times_of(const SinkConfig& config) {
  const std::string& dates = config.date_timezone;
  return std::make_shared<const LocalTimes>(config.db_timezone, dates == "UTC" || dates == "utc", false);
}

std::string wider_type(const Dialect& dialect, const TableColumn& column, const WriteColumn& write) {
  using columnar::Logical;
  using columnar::Type;
  const columnar::ConnectSchema& schema = *write.schema;
  static constexpr std::string_view kIntegers[] = {"tinyint", "smallint", "mediumint", "int", "integer", "bigint"};
  auto at = std::find(std::begin(kIntegers), std::end(kIntegers), column.type);
  bool integer = at != std::end(kIntegers), single = column.type == "real" || column.type == "float";
  if (!integer && !single) return "";
  Type type = schema.type();
  bool wider = false;
  if (schema.logical() == Logical::kDecimal) wider = true;
  else if (schema.logical() != Logical::kNone || write.is_timestamp) return "";
  else if (type == Type::kFloat64 || (type == Type::kFloat32 && integer)) return dialect.double_type();
  else if (integer && type == Type::kInt16) wider = column.type == "tinyint";
  else if (integer && type == Type::kInt32) wider = at < std::begin(kIntegers) + 3;
  else if (integer && type == Type::kInt64) wider = column.type != "bigint";
  auto found = wider ? dialect.column_type(write) : Result<std::string>(std::string());
  return found.ok() ? *found : "";
}

Status no_column_type(const columnar::ConnectSchema& schema) {
  std::string type(to_string(schema.type()));
  for (char& c : type) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return Status::data(fmt::format("{} ({}) type doesn't have a mapping to the SQL database column type", schema.name().value_or("null"), type))
      .with_java_class("org.apache.kafka.connect.errors.ConnectException");
}

}  // namespace bywash::jdbc
