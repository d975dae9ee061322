// A connection to MySQL or MariaDB through libmariadb. Level 6, the task's thread.
#pragma once

#include <mysql.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "connectors/jdbc/dialect.h"
#include "connectors/jdbc/dialects/mysql_parameters.h"

namespace bywash::jdbc::mysql {

// What an error means: code by SQLSTATE and error number, message without any value of a row.
Status status_of(unsigned int number, std::string_view state, std::string_view message);
// True when the connection is gone after this error.
bool connection_lost(unsigned int number);

// A connected handle. kRetriable: not reachable now; kUnauthorized: refused.
// `loads`: the server may ask for data of LOAD DATA LOCAL.
Result<MYSQL*> connect(const ConnectionUrl& url, const std::optional<std::string>& user, const config::Secret& password, bool loads = false);

class MysqlSession final : public Session {
 public:
  static Result<std::unique_ptr<Session>> open(const SessionOptions& options);
  ~MysqlSession() override;

  Result<std::optional<TableDefinition>> describe(const TableName& name) override;
  Status execute(const std::vector<std::string>& statements) override;
  Result<std::vector<std::vector<std::optional<std::string>>>> query(const std::string& sql) override;
  Status begin() override { return run("START TRANSACTION"); }
  Status write(const TableWrite& write) override;
  Status commit() override { return run("COMMIT"); }
  void rollback() override;
  bool alive() const override { return alive_; }

 private:
  // A row of a block.
  struct RowRef {
    uint32_t block = 0, row = 0;
  };
  using Blocks = std::vector<std::vector<Parameters>>;  // per block, per column

  explicit MysqlSession(SessionOptions options) : options_(std::move(options)) {}
  Status run(const std::string& sql);
  Status failed();
  Status failed(MYSQL_STMT* statement);
  Result<MYSQL_STMT*> prepare(const std::string& sql);
  std::string delete_sql(const TableWrite& write) const;
  std::string write_sql(const TableWrite& write) const;
  Status write_in_order(const TableWrite& write, const Blocks& blocks);
  Status write_by_key(const TableWrite& write, const Blocks& blocks);
  Status write_rows(const TableWrite& write, const Blocks& blocks, const std::vector<RowRef>& refs, bool deletes);
  // One statement over all of refs; `columns`: the columns behind its parameters, in their order.
  Status apply(const std::string& sql, const std::vector<size_t>& columns, const Blocks& blocks, const std::vector<RowRef>& refs);
  // The columns behind the parameters of write_sql() or delete_sql(), in their order.
  static std::vector<size_t> columns_of(const TableWrite& write, bool deletes);
  // Inserts or upserts refs by LOAD DATA. False: nothing was written, by parameters it can be.
  Result<bool> load_rows(const TableWrite& write, const Blocks& blocks, const std::vector<RowRef>& refs);
  // False: the server does not take it, or had to change values.
  Result<bool> load_text(const std::string& sql, const std::string& text);
  std::string load_insert_sql(const TableWrite& write, const std::string& names) const;
  // No file is given to the server, whatever it asks for.
  void refuse_files();
  Status apply_singly(MYSQL_STMT* statement, const std::vector<size_t>& columns, const Blocks& blocks, const std::vector<RowRef>& refs);
  Status apply_array(MYSQL_STMT* statement, const std::vector<size_t>& columns, const Blocks& blocks, const RowRef* refs, size_t count);

  SessionOptions options_;
  MYSQL* connection_ = nullptr;
  bool alive_ = true;
  bool loads_ = false;  // LOAD DATA LOCAL is allowed
  bool arrays_ = true;  // the server takes arrays of parameters (MariaDB)
  size_t send_bytes_max_ = 4 << 20;
  std::map<std::string, MYSQL_STMT*> statements_;
};

}  // namespace bywash::jdbc::mysql
