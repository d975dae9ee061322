// MySQL and MariaDB: types, literals and statements (MySqlDatabaseDialect, kafka-connect-jdbc 10.9). Level 6.
#include "connectors/jdbc/dialects/mysql_session.h"
#include "connectors/jdbc/sql_literal.h"

namespace bywash::jdbc {
namespace {

using columnar::Logical;
using columnar::Type;

class MysqlDialect final : public Dialect {
 public:
  std::string_view name() const override { return "MySqlDatabaseDialect"; }
  IdentifierRules identifiers(bool quoted) const override { return {'`', quoted}; }

  Result<std::string> column_type(const WriteColumn& column) const override {
    const columnar::ConnectSchema& schema = *column.schema;
    switch (schema.logical()) {
      case Logical::kDecimal: return fmt::format("DECIMAL(65,{})", schema.decimal_scale());
      case Logical::kDate: return std::string("DATE");
      case Logical::kTime: return std::string("TIME(3)");
      case Logical::kTimestamp: return std::string("DATETIME(3)");
      case Logical::kNone: break;
    }
    if (column.is_timestamp && (schema.type() == Type::kInt64 || schema.type() == Type::kString)) return std::string("DATETIME(6)");
    switch (schema.type()) {
      case Type::kInt8: case Type::kBoolean: return std::string("TINYINT");
      case Type::kInt16: return std::string("SMALLINT");
      case Type::kInt32: return std::string("INT");
      case Type::kInt64: return std::string("BIGINT");
      case Type::kFloat32: return std::string("FLOAT");
      case Type::kFloat64: return std::string("DOUBLE");
      // A TEXT cannot be a key, and keys of records differ when their bytes do.
      case Type::kString: return std::string(column.is_key ? "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin" : "TEXT");
      case Type::kBytes: return std::string("VARBINARY(1024)");
      default: return no_column_type(schema);
    }
  }

  Result<std::string> literal(const columnar::ConnectSchema& schema, const columnar::Value& value, const LocalTimes& times) const override {
    if (auto* v = value.get_if<bool>()) return std::string(*v ? "1" : "0");
    if (auto* v = value.get_if<std::string>()) {
      std::string escaped;
      for (char c : *v) escaped += c == '\\' ? "\\\\" : c == '\0' ? "\\0" : std::string(1, c);
      // In brackets MySQL takes it for a TEXT too.
      return "(" + quoted_text(escaped) + ")";
    }
    if (auto* v = value.get_if<columnar::Value::Bytes>()) return "x'" + hex_digits(v->data) + "'";
    if (auto* v = value.get_if<columnar::Value::Millis>()) return temporal_literal(schema, v->ms, times);
    std::string number = number_literal(value);
    if (!number.empty()) return number;
    return Status::data(fmt::format("A default of type {} has no SQL literal", to_string(schema.type())));
  }

  // 64 characters, of up to three bytes; a longer name is refused by the server, not cut.
  size_t name_bytes_max() const override { return 192; }
  bool alters_at_once() const override { return true; }

  std::vector<std::string> change_type(const IdentifierRules& rules, const TableName& table, const TableColumn& column,
                                       const std::string& type) const override {
    return {"ALTER TABLE " + rules.write(table) + " MODIFY COLUMN " + rules.write(column.name) + " " + type + (column.nullable ? " NULL" : " NOT NULL")};
  }
  std::string double_type() const override { return "DOUBLE"; }

  Result<std::unique_ptr<Session>> open(const SessionOptions& options) const override { return mysql::MysqlSession::open(options); }
};

}  // namespace

const Dialect& mysql_dialect() {
  static const MysqlDialect dialect;
  return dialect;
}

}  // namespace bywash::jdbc
