// SQLite: types, literals and statements (SqliteDatabaseDialect, kafka-connect-jdbc 10.9). Level 6.
#include <cstdint>

#include "connectors/jdbc/dialects/sqlite_session.h"
#include "connectors/jdbc/sql_literal.h"

namespace bywash::jdbc {
namespace {

using columnar::Logical;
using columnar::Type;

class SqliteDialect final : public Dialect {
 public:
  std::string_view name() const override { return "SqliteDatabaseDialect"; }
  IdentifierRules identifiers(bool quoted) const override { return {'`', quoted}; }

  Result<std::string> column_type(const WriteColumn& column) const override {
    const columnar::ConnectSchema& schema = *column.schema;
    if (schema.logical() != Logical::kNone) return std::string("NUMERIC");
    switch (schema.type()) {
      // Listed fields of every whole type, of which only those of 64 bits are written as timestamps.
      case Type::kInt8: case Type::kInt16: case Type::kInt32: case Type::kInt64: case Type::kBoolean: return std::string(column.is_timestamp ? "NUMERIC" : "INTEGER");
      case Type::kFloat32: case Type::kFloat64: return std::string("REAL");
      case Type::kString: return std::string(column.is_timestamp ? "NUMERIC" : "TEXT");
      case Type::kBytes: return std::string("BLOB");
      default: return no_column_type(schema);
    }
  }

  Result<std::string> literal(const columnar::ConnectSchema& schema, const columnar::Value& value, const LocalTimes& times) const override {
    if (auto* v = value.get_if<bool>()) return std::string(*v ? "1" : "0");
    if (auto* v = value.get_if<std::string>()) {
      if (v->find('\0') != v->npos) return Status::data("A default holds U+0000, which an SQL literal cannot");
      return quoted_text(*v);
    }
    if (auto* v = value.get_if<columnar::Value::Bytes>()) return "x'" + hex_digits(v->data) + "'";
    if (auto* v = value.get_if<columnar::Value::Millis>()) return temporal_literal(schema, v->ms, times);
    std::string number = number_literal(value);
    if (!number.empty()) return number;
    return Status::data(fmt::format("A default of type {} has no SQL literal", to_string(schema.type())));
  }

  size_t name_bytes_max() const override { return SIZE_MAX; }
  bool alters_at_once() const override { return false; }
  // A column of SQLite holds a value of any type.
  std::vector<std::string> change_type(const IdentifierRules&, const TableName&, const TableColumn&, const std::string&) const override { return {}; }
  std::string double_type() const override { return "REAL"; }
  // BEGIN IMMEDIATE has locked the database.
  std::string_view row_lock() const override { return ""; }

  Result<std::unique_ptr<Session>> open(const SessionOptions& options) const override { return sqlite::SqliteSession::open(options); }
};

}  // namespace

const Dialect& sqlite_dialect() {
  static const SqliteDialect dialect;
  return dialect;
}

}  // namespace bywash::jdbc
