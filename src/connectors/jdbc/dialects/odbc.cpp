// ODBC: a dialect made of what the driver says (the original's GenericDatabaseDialect, which leaves types and upserts to be wished for). The
// static one, before a driver was asked, serves to connect and to take names apart. Level 6.
#include <algorithm>

#include "connectors/jdbc/dialects/odbc_session.h"
#include "connectors/jdbc/sql_literal.h"

namespace bywash::jdbc {
namespace {

class OdbcDialect final : public Dialect {
 public:
  OdbcDialect() = default;
  OdbcDialect(odbc::Facts facts, std::vector<odbc::TypeRow> types) : facts_(std::move(facts)), types_(std::move(types)), product_(&odbc::product_of(facts_.dbms)) {}

  std::string_view name() const override { return "GenericDatabaseDialect"; }
  IdentifierRules identifiers(bool quoted) const override { return odbc::identifiers_of(facts_, quoted); }

  Result<std::string> column_type(const WriteColumn& column) const override {
    if (column.schema->type() == columnar::Type::kArray) return no_column_type(*column.schema);  // of which ODBC has no values
    if (product_->dialect) return product_->dialect->column_type(column);
    return product_->types ? odbc::named_type(*product_->types, column) : odbc::offered_type(types_, column);
  }

  Result<std::string> literal(const columnar::ConnectSchema& schema, const columnar::Value& value, const LocalTimes& times) const override {
    if (product_->dialect) return product_->dialect->literal(schema, value, times);
    if (auto* v = value.get_if<bool>()) {
      auto type = column_type({"", columnar::ConnectSchema::of(columnar::Type::kBoolean), false, false});
      bool words = type.ok() && (type->starts_with("BOOL") || type->starts_with("bool"));
      return std::string(words ? (*v ? "TRUE" : "FALSE") : (*v ? "1" : "0"));
    }
    if (auto* v = value.get_if<std::string>()) {
      if (v->find('\0') != v->npos) return Status::data("A default holds U+0000, which an SQL literal cannot");
      return quoted_text(*v);
    }
    if (auto* v = value.get_if<columnar::Value::Bytes>()) return "X'" + hex_digits(v->data) + "'";
    if (auto* v = value.get_if<columnar::Value::Millis>()) {
      // SQL's own form with the type's word in front; SQLite knows no such words.
      std::string text = temporal_literal(schema, v->ms, times);
      if (product_->kind == odbc::ProductKind::kSqlite || product_->kind == odbc::ProductKind::kSybase) return text;
      bool date = schema.logical() == columnar::Logical::kDate, time = schema.logical() == columnar::Logical::kTime;
      return (date ? "DATE " : time ? "TIME " : "TIMESTAMP ") + text;
    }
    std::string number = number_literal(value);
    if (!number.empty() && number[0] != '\'') return number;
    return Status::data(fmt::format("A default of type {} has no SQL literal", to_string(schema.type())));
  }

  size_t name_bytes_max() const override {
    size_t most = std::max(facts_.table_name_max, facts_.column_name_max);
    if (most == 0) return SIZE_MAX;
    // PostgreSQL counts bytes, others characters, of up to three bytes; those refuse what is too long themselves.
    return product_->kind == odbc::ProductKind::kPostgresql ? 63 : most * 3;
  }
  bool cuts_names() const override { return product_->kind == odbc::ProductKind::kPostgresql; }
  std::string table_name(std::string name) const override { return cuts_names() ? product_->dialect->table_name(std::move(name)) : name; }
  bool alters_at_once() const override { return false; }
  std::string add_column(const std::string& clause) const override {
    return product_->kind == odbc::ProductKind::kHana ? "ADD (" + clause + ")" : "ADD " + clause;
  }

  std::string create_if_missing(const std::string& table, const std::string& columns) const override {
    if (product_->dialect) return product_->dialect->create_if_missing(table, columns);
    if (product_->kind == odbc::ProductKind::kSqlite) return Dialect::create_if_missing(table, columns);
    return "CREATE TABLE " + table + " (" + columns + ")";
  }

  std::vector<std::string> change_type(const IdentifierRules& rules, const TableName& table, const TableColumn& column, const std::string& type) const override {
    if (product_->dialect) return product_->dialect->change_type(rules, table, column, type);
    std::string alter = "ALTER TABLE " + rules.write(table) + " ", name = rules.write(column.name);
    switch (product_->kind) {
      case odbc::ProductKind::kSqlite: return {};  // holds values of any type
      case odbc::ProductKind::kOracle: return {alter + "MODIFY (" + name + " " + type + ")"};
      case odbc::ProductKind::kHana: return {alter + "ALTER (" + name + " " + type + ")"};
      case odbc::ProductKind::kSybase: return {alter + "MODIFY " + name + " " + type};
      default: return {alter + "ALTER COLUMN " + name + " SET DATA TYPE " + type};
    }
  }
  std::string double_type() const override {
    if (product_->dialect) return product_->dialect->double_type();
    return column_type({"", columnar::ConnectSchema::of(columnar::Type::kFloat64), false, false}).value_or("DOUBLE PRECISION");
  }
  // What every database has: an UPDATE that changes nothing keeps the row locked.
  bool locks_by_update() const override { return true; }
  std::string_view row_lock() const override { return ""; }

  Result<std::unique_ptr<Session>> open(const SessionOptions& options) const override { return odbc::OdbcSession::open(options); }

 private:
  odbc::Facts facts_;
  std::vector<odbc::TypeRow> types_;
  const odbc::Product* product_ = &odbc::product_of("");
};

}  // namespace

const Dialect& odbc_dialect() {
  static const OdbcDialect dialect;
  return dialect;
}

Result<std::shared_ptr<const Dialect>> make_odbc_dialect(const SessionOptions& options) {
  ASSIGN_OR_RETURN(auto connection, odbc::open_connection(options.url, options.user, options.password));
  ASSIGN_OR_RETURN(auto types, connection->type_info());
  return std::shared_ptr<const Dialect>(std::make_shared<const OdbcDialect>(connection->facts(), std::move(types)));
}

}  // namespace bywash::jdbc
