// A real PostgreSQL for tests: a private cluster in a temporary folder on a free loopback port, ended with the object.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace bywash::jdbc {

class PostgresqlServerForTests {
 public:
  // Starts the cluster. started() is false, and why() says why, where PostgreSQL is not installed or does not start.
  PostgresqlServerForTests();
  ~PostgresqlServerForTests();
  PostgresqlServerForTests(const PostgresqlServerForTests&) = delete;
  PostgresqlServerForTests& operator=(const PostgresqlServerForTests&) = delete;

  bool started() const { return why_.empty(); }
  const std::string& why() const { return why_; }
  int port() const { return port_; }
  // An empty database; the role `postgres` needs no password, the role `locked` (kLockedPassword) does.
  void create_database(const std::string& name);
  std::string jdbc_url(const std::string& database) const;
  // Rows of a query as text; null as "NULL". A failing statement throws.
  std::vector<std::vector<std::string>> query(const std::string& database, const std::string& sql) const;
  // Kills the server at once, and starts it again on the same data.
  void kill_server();
  void start_server();

  static constexpr const char* kLockedPassword = "opens-locked";

 private:
  void make_cluster();
  std::string folder_, bin_, why_;
  int port_ = 0;
  pid_t server_ = -1;
};

// The one server of a test program, started when first asked for.
PostgresqlServerForTests& shared_postgresql();

}  // namespace bywash::jdbc
