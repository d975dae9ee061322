// A connection to a SQLite database through libsqlite3. Level 6, the task's thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "connectors/jdbc/dialect.h"

struct sqlite3;
struct sqlite3_stmt;

namespace bywash::jdbc::sqlite {

class SqliteSession final : public Session {
 public:
  static Result<std::unique_ptr<Session>> open(const SessionOptions& options);
  ~SqliteSession() override;

  Result<std::optional<TableDefinition>> describe(const TableName& name) override;
  Status execute(const std::vector<std::string>& statements) override;
  Result<std::vector<std::vector<std::optional<std::string>>>> query(const std::string& sql) override;
  Status begin() override;
  Status write(const TableWrite& write) override;
  Status commit() override;
  void rollback() override;
  bool alive() const override { return database_ != nullptr; }

 private:
  explicit SqliteSession(SessionOptions options) : options_(std::move(options)) {}
  Status apply_parameters();
  Status run(const std::string& sql);
  // Prepared once per text; the cache is small, since texts depend on tables and columns only.
  Result<sqlite3_stmt*> prepare(const std::string& sql);
  Status write_rows(const TableWrite& write, const RowBlock& block, sqlite3_stmt* statement, const std::vector<size_t>& order);
  Status status_of(int code) const;

  SessionOptions options_;
  sqlite3* database_ = nullptr;
  std::map<std::string, sqlite3_stmt*> statements_;
};

}  // namespace bywash::jdbc::sqlite
