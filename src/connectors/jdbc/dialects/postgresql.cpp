// PostgreSQL: types, literals and statements (PostgreSqlDatabaseDialect, kafka-connect-jdbc 10.9). Level 6.
#include "connectors/jdbc/dialects/postgresql_session.h"
#include "connectors/jdbc/sql_literal.h"

namespace bywash::jdbc {
namespace {

using columnar::Logical;
using columnar::Type;

Result<std::string> type_of(const columnar::ConnectSchema& schema) {
  switch (schema.logical()) {
    case Logical::kDecimal: return std::string("DECIMAL");
    case Logical::kDate: return std::string("DATE");
    case Logical::kTime: return std::string("TIME");
    case Logical::kTimestamp: return std::string("TIMESTAMP");
    case Logical::kNone: break;
  }
  switch (schema.type()) {
    case Type::kInt8: case Type::kInt16: return std::string("SMALLINT");
    case Type::kInt32: return std::string("INT");
    case Type::kInt64: return std::string("BIGINT");
    case Type::kFloat32: return std::string("REAL");
    case Type::kFloat64: return std::string("DOUBLE PRECISION");
    case Type::kBoolean: return std::string("BOOLEAN");
    case Type::kString: return std::string("TEXT");
    case Type::kBytes: return std::string("BYTEA");
    case Type::kArray: {
      ASSIGN_OR_RETURN(std::string element, type_of(*schema.value_schema()));
      return element + "[]";
    }
    default: return no_column_type(schema);
  }
}

std::string text_literal(const std::string& text) {
  // With a backslash the E'' form says the same whatever standard_conforming_strings is.
  std::string quoted = quoted_text(text);
  if (text.find('\\') == text.npos) return quoted;
  std::string escaped = "E";
  for (char c : quoted) escaped += c == '\\' ? "\\\\" : std::string(1, c);
  return escaped;
}

class PostgresqlDialect final : public Dialect {
 public:
  std::string_view name() const override { return "PostgreSqlDatabaseDialect"; }
  IdentifierRules identifiers(bool quoted) const override { return {'"', quoted}; }

  Result<std::string> column_type(const WriteColumn& column) const override {
    Type type = column.schema->type();
    bool plain = column.schema->logical() == Logical::kNone && (type == Type::kInt64 || type == Type::kString);
    if (column.is_timestamp && plain) return std::string("TIMESTAMP");
    return type_of(*column.schema);
  }

  bool writes(const columnar::ConnectSchema& schema) const override {
    if (schema.type() != Type::kArray) return Dialect::writes(schema);
    const columnar::ConnectSchema& element = *schema.value_schema();
    return element.logical() == Logical::kNone && element.type() < Type::kArray && element.type() != Type::kBytes;
  }

  Result<std::string> literal(const columnar::ConnectSchema& schema, const columnar::Value& value, const LocalTimes& times) const override {
    if (auto* v = value.get_if<bool>()) return std::string(*v ? "TRUE" : "FALSE");
    if (auto* v = value.get_if<std::string>()) {
      if (v->find('\0') != v->npos) return Status::data("A default holds U+0000, which PostgreSQL's texts cannot");
      return text_literal(*v);
    }
    if (auto* items = value.as_list()) {
      if (items->empty()) return std::string("'{}'");
      std::string out = "ARRAY[";
      for (const columnar::Value& item : *items) {
        auto text = item.is_null() ? Result<std::string>("NULL") : literal(*schema.value_schema(), item, times);
        RETURN_IF_ERROR(text.status());
        out += (out.back() == '[' ? "" : ",") + *text;
      }
      return out + "]";
    }
    if (auto* v = value.get_if<columnar::Value::Bytes>()) return "decode('" + hex_digits(v->data) + "', 'hex')";
    if (auto* v = value.get_if<columnar::Value::Millis>()) return temporal_literal(schema, v->ms, times);
    std::string number = number_literal(value);
    if (!number.empty()) return number;
    return Status::data(fmt::format("A default of type {} has no SQL literal", to_string(schema.type())));
  }

  size_t name_bytes_max() const override { return 63; }
  bool cuts_names() const override { return true; }
  // PostgreSqlDatabaseDialect.parseTableIdentifier: 63 UTF-16 units.
  std::string table_name(std::string name) const override {
    size_t units = 0;
    for (size_t at = 0; at < name.size(); ++at) {
      auto byte = static_cast<unsigned char>(name[at]);
      if ((byte & 0xC0) == 0x80) continue;
      units += byte >= 0xF0 ? 2 : 1;
      if (units <= name_bytes_max()) continue;
      name.resize(at);
      break;
    }
    return name;
  }
  bool alters_at_once() const override { return true; }

  std::vector<std::string> change_type(const IdentifierRules& rules, const TableName& table, const TableColumn& column,
                                       const std::string& type) const override {
    return {"ALTER TABLE " + rules.write(table) + " ALTER COLUMN " + rules.write(column.name) + " TYPE " + type};
  }
  std::string double_type() const override { return "DOUBLE PRECISION"; }

  Result<std::unique_ptr<Session>> open(const SessionOptions& options) const override {
    return postgresql::PostgresqlSession::open(options);
  }
};

}  // namespace

const Dialect& postgresql_dialect() {
  static const PostgresqlDialect dialect;
  return dialect;
}

}  // namespace bywash::jdbc
