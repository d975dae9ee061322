// SQL Server: types, literals and statements (SqlServerDatabaseDialect, kafka-connect-jdbc 10.9). Level 6.
#include "connectors/jdbc/dialects/sqlserver_session.h"
#include "connectors/jdbc/sql_literal.h"

namespace bywash::jdbc {
namespace {

using columnar::Logical;
using columnar::Type;

class SqlserverDialect final : public Dialect {
 public:
  std::string_view name() const override { return "SqlServerDatabaseDialect"; }
  IdentifierRules identifiers(bool quoted) const override { return {'[', quoted, ']'}; }

  Result<std::string> column_type(const WriteColumn& column) const override {
    const columnar::ConnectSchema& schema = *column.schema;
    switch (schema.logical()) {
      case Logical::kDecimal: return fmt::format("decimal(38,{})", schema.decimal_scale());
      case Logical::kDate: return std::string("date");
      case Logical::kTime: return std::string("time");
      case Logical::kTimestamp: return std::string("datetime2");
      case Logical::kNone: break;
    }
    if (column.is_timestamp && (schema.type() == Type::kInt64 || schema.type() == Type::kString)) return std::string("datetime2");
    switch (schema.type()) {
      case Type::kInt8: return std::string("tinyint");
      case Type::kInt16: return std::string("smallint");
      case Type::kInt32: return std::string("int");
      case Type::kInt64: return std::string("bigint");
      case Type::kFloat32: return std::string("real");
      case Type::kFloat64: return std::string("float");
      case Type::kBoolean: return std::string("bit");
      case Type::kString: return std::string(column.is_key ? "varchar(900)" : "varchar(max)");
      // The original's varbinary(max) cannot be a key.
      case Type::kBytes: return std::string(column.is_key ? "varbinary(900)" : "varbinary(max)");
      default: return no_column_type(schema);
    }
  }

  Result<std::string> literal(const columnar::ConnectSchema& schema, const columnar::Value& value, const LocalTimes& times) const override {
    if (auto* v = value.get_if<bool>()) return std::string(*v ? "1" : "0");
    if (auto* v = value.get_if<std::string>()) {
      if (v->find('\0') != v->npos) return Status::data("A default holds U+0000, which an SQL literal cannot");
      // A backslash before a line end would join the lines.
      std::string text = "N" + quoted_text(*v);
      for (size_t at = text.find("\\\n"); at != text.npos; at = text.find("\\\n", at + 5)) text.replace(at, 2, "\\'+N'\n");
      return text.find("\\'+N'\n") == text.npos ? text : "(" + text + ")";
    }
    if (auto* v = value.get_if<columnar::Value::Bytes>()) return "0x" + hex_digits(v->data);
    if (auto* v = value.get_if<columnar::Value::Millis>()) return temporal_literal(schema, v->ms, times);
    std::string number = number_literal(value);
    if (!number.empty() && number[0] != '\'') return number;
    return Status::data(fmt::format("A default of type {} has no SQL literal", to_string(schema.type())));
  }

  // 128 characters, of up to three bytes; a longer name is refused by the server, not cut.
  size_t name_bytes_max() const override { return 384; }
  bool alters_at_once() const override { return true; }
  std::string_view further_add() const override { return ", "; }

  std::string create_if_missing(const std::string& table, const std::string& columns) const override {
    return "IF OBJECT_ID(N" + quoted_text(table) + ") IS NULL CREATE TABLE " + table + " (" + columns + ")";
  }
  std::vector<std::string> change_type(const IdentifierRules& rules, const TableName& table, const TableColumn& column,
                                       const std::string& type) const override {
    return {"ALTER TABLE " + rules.write(table) + " ALTER COLUMN " + rules.write(column.name) + " " + type + (column.nullable ? " NULL" : " NOT NULL")};
  }
  std::string double_type() const override { return "float"; }
  std::string_view row_lock() const override { return ""; }
  std::string_view table_lock() const override { return " WITH (UPDLOCK, ROWLOCK)"; }

  Result<std::unique_ptr<Session>> open(const SessionOptions& options) const override { return sqlserver::SqlserverSession::open(options); }
};

}  // namespace

const Dialect& sqlserver_dialect() {
  static const SqlserverDialect dialect;
  return dialect;
}

}  // namespace bywash::jdbc
