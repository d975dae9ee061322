// A connection to PostgreSQL: for statements, or for replication commands. Level 6, one per task thread.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "connectors/postgres_cdc/change_config.h"

namespace bywash::postgres_cdc {

struct ResultCloser {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ServerResult = std::unique_ptr<PGresult, ResultCloser>;

// Rows of a small answer as text; a null is nullopt.
using Row = std::vector<std::optional<std::string>>;
using Rows = std::vector<Row>;

class ServerSession {
 public:
  enum class Kind : uint8_t { kStatements, kReplication };
  // kRetriable: not reachable now; kUnauthorized: refused.
  static Result<std::unique_ptr<ServerSession>> open(const ChangeConfig& config, Kind kind);
  ~ServerSession();
  ServerSession(const ServerSession&) = delete;
  ServerSession& operator=(const ServerSession&) = delete;

  // Statements and replication commands. kRetriable: the connection is lost, or the server is short of something.
  Result<Rows> query(const std::string& sql);
  Status run(const std::string& sql);
  // Starts COPY ... TO STDOUT or START_REPLICATION; the data comes by PQgetCopyData.
  Status start_copy(const std::string& sql, ExecStatusType expected);
  bool alive() const { return PQstatus(connection_) == CONNECTION_OK; }
  PGconn* connection() { return connection_; }
  int version() const { return PQserverVersion(connection_); }

  std::string literal(const std::string& text) const;
  std::string identifier(const std::string& name) const;
  // What went wrong on this connection, by SQLSTATE.
  Status failure(const PGresult* result) const;

 private:
  explicit ServerSession(PGconn* connection) : connection_(connection) {}
  PGconn* connection_;
};

}  // namespace bywash::postgres_cdc
