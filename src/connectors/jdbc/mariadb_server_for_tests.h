// A real MariaDB of the tests' own: a data folder under /tmp, on a free port of the loopback interface. Not part of the program.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace bywash::jdbc {

class MariadbServerForTests {
 public:
  static constexpr const char* kPassword = "sesame";

  MariadbServerForTests();
  ~MariadbServerForTests();
  // Why there is no server; empty when it runs.
  const std::string& why() const { return why_; }
  void create_database(const std::string& name) const { query("mysql", "CREATE DATABASE `" + name + "` CHARACTER SET utf8mb4"); }
  std::string jdbc_url(const std::string& database) const { return "jdbc:mariadb://127.0.0.1:" + std::to_string(port_) + "/" + database; }
  // All rows as text, NULL as "NULL", in the time zone UTC; throws on an error.
  std::vector<std::vector<std::string>> query(const std::string& database, const std::string& sql) const;

 private:
  void start();

  std::string folder_, why_;
  int port_ = 0;
  pid_t server_ = -1;
};

// One server for a test program; user "bywash" with kPassword.
MariadbServerForTests& shared_mariadb();

}  // namespace bywash::jdbc
