// A connection to PostgreSQL through libpq. Level 6, the task's thread.
#pragma once

#include <libpq-fe.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "connectors/jdbc/dialect.h"
#include "connectors/jdbc/dialects/postgresql_copy.h"

namespace bywash::jdbc::postgresql {

struct ResultDeleter {
  void operator()(PGresult* r) const { PQclear(r); }
};
using PgResult = std::unique_ptr<PGresult, ResultDeleter>;

// What a failed result means: code by SQLSTATE, message with SQLSTATE and its name, no value of any row.
Status status_of(const PGresult* result, PGconn* connection);

// How the columns of one TableWrite go over.
struct WritePlan {
  std::vector<WireType> wires;        // in step with TableWrite::columns
  std::vector<std::string> selected;  // per column: its expression out of the staging table ("s.c0", "s.c1::jsonb")
  std::vector<std::string> names;     // per column: quoted
  std::string target;                 // quoted
  bool direct = false;                // the wire types are the table's own: COPY needs no staging table
};

class PostgresqlSession final : public Session {
 public:
  static Result<std::unique_ptr<Session>> open(const SessionOptions& options);
  ~PostgresqlSession() override;

  Result<std::optional<TableDefinition>> describe(const TableName& name) override;
  Status execute(const std::vector<std::string>& statements) override;
  Result<std::vector<std::vector<std::optional<std::string>>>> query(const std::string& sql) override;
  Status begin() override;
  Status write(const TableWrite& write) override;
  Status commit() override;
  void rollback() override;
  bool alive() const override;
  bool wants_rerun() override { return std::exchange(wants_rerun_, false); }

 private:
  // A row to write or delete: block and row of the encoded blocks.
  struct RowRef {
    uint32_t block = 0, row = 0;
  };
  using Encoded = std::vector<EncodedRows>;

  explicit PostgresqlSession(SessionOptions options) : options_(std::move(options)) {}
  Status run(const std::string& sql);
  Result<WritePlan> plan(const TableWrite& write) const;

  Status write_inserts(const TableWrite& write, const WritePlan& plan, const Encoded& rows);
  Status write_by_key(const TableWrite& write, const WritePlan& plan, const Encoded& rows);
  Status insert(const TableWrite& write, const WritePlan& plan, const Encoded& rows, const std::vector<RowRef>& refs);
  Status merge(const TableWrite& write, const WritePlan& plan, const Encoded& rows, const std::vector<RowRef>& refs);
  Status remove(const TableWrite& write, const WritePlan& plan, const Encoded& rows, const std::vector<RowRef>& refs);
  std::string merge_statement(const TableWrite& write, const WritePlan& plan, const std::string& stage) const;

  // The staging table for these types, there and empty.
  Result<std::string> stage(const WritePlan& plan, size_t column_count);
  Status copy(const std::string& target, const Encoded& rows, const std::vector<RowRef>& refs, size_t key_only_columns);

  SessionOptions options_;
  PGconn* connection_ = nullptr;
  bool string_type_unspecified_ = false;
  // Staging tables live as long as a transaction: nothing of the sink's stands in the database between two puts.
  std::map<std::string, std::string> stages_;  // types → name
  std::set<std::string> filled_stages_;
  std::set<std::string> row_by_row_;                  // tables that deem keys equal whose bytes differ
  bool wants_rerun_ = false;
  std::string send_buffer_;
};

}  // namespace bywash::jdbc::postgresql
