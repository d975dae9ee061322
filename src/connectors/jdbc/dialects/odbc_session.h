// The sink's session with a database behind an ODBC driver, and the dialect that the driver's answers make. Level 6, the task's thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/jdbc/dialect.h"
#include "connectors/jdbc/dialects/odbc_connection.h"
#include "connectors/jdbc/dialects/odbc_product.h"
#include "connectors/jdbc/dialects/odbc_rows.h"

namespace bywash::jdbc::odbc {

// How names are written and compared.
IdentifierRules identifiers_of(const Facts& facts, bool quoted);
// Opens a connection and gives it the product's settings.
Result<std::unique_ptr<Connection>> open_connection(const ConnectionUrl& url, const std::optional<std::string>& user, const config::Secret& password);

class OdbcSession final : public Session {
 public:
  static Result<std::unique_ptr<Session>> open(const SessionOptions& options);

  Result<std::optional<TableDefinition>> describe(const TableName& name) override;
  Status execute(const std::vector<std::string>& statements) override;
  Result<std::vector<std::vector<std::optional<std::string>>>> query(const std::string& sql) override { return connection_->query(sql); }
  Status begin() override { return connection_->begin(); }
  Status write(const TableWrite& write) override;
  Status commit() override;
  void rollback() override { connection_->rollback(); }
  bool alive() const override { return connection_->alive(); }
  // After an INSERT of an upsert that met a row which its UPDATE had not found: another task was there between the two.
  bool wants_rerun() override;

 private:
  using Block = std::vector<Cells>;  // per column
  OdbcSession(SessionOptions options, std::unique_ptr<Connection> connection);
  Status write_rows(const std::string& sql, const std::vector<size_t>& order, const Block& cells, size_t row_count);
  Status upsert_rows(const TableWrite& write, const Block& cells, size_t row_count);
  Result<bool> update_row(const std::string& update, const std::string& count, const TableWrite& write, const Block& cells, size_t row);

  SessionOptions options_;
  std::unique_ptr<Connection> connection_;
  const Product& product_;
  std::string schema_;  // in which unqualified names are looked for; empty: not known
  bool has_bigint_ = true;
  bool collided_ = false, reran_ = false;
};

}  // namespace bywash::jdbc::odbc
