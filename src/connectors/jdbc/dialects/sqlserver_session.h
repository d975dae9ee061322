// The sink's session with SQL Server, and the statements that it writes rows by. Level 6, the task's thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/jdbc/dialect.h"
#include "connectors/jdbc/dialects/sqlserver_connection.h"
#include "connectors/jdbc/dialects/sqlserver_rows.h"

namespace bywash::jdbc::sqlserver {

// The statements over `@rows`, a JSON array of rows: [row number, deletes, key fields, other fields] by key, else the fields alone.
struct WriteStatements {
  bool by_key = false;   // per key the last row counts, and a key that is deleted anywhere is deleted first
  std::string rows;      // insert, merge or update; empty: nothing to be done
  std::string removes;   // DELETE by the keys
};

// How `write` is written: merge and update by key, inserts in order. kData: a type that no column can take.
Result<WriteStatements> statements_of(const TableWrite& write, const IdentifierRules& rules, bool holdlock);

class SqlserverSession final : public Session {
 public:
  static Result<std::unique_ptr<Session>> open(const SessionOptions& options);

  Result<std::optional<TableDefinition>> describe(const TableName& name) override;
  Status execute(const std::vector<std::string>& statements) override;
  Result<std::vector<std::vector<std::optional<std::string>>>> query(const std::string& sql) override { return connection_->query(sql); }
  Status begin() override { return connection_->run("BEGIN TRANSACTION"); }
  Status write(const TableWrite& write) override;
  Status commit() override { return connection_->run("COMMIT TRANSACTION"); }
  void rollback() override;
  bool alive() const override { return connection_->alive(); }

 private:
  SqlserverSession(SessionOptions options, std::unique_ptr<Connection> connection) : options_(std::move(options)), connection_(std::move(connection)) {}
  Status write_blocks(const TableWrite& write, const WriteStatements& statements);

  SessionOptions options_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace bywash::jdbc::sqlserver
