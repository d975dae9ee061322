// mariadb-install-db and mariadbd, as an unprivileged user where the tests run as root.
#include "connectors/jdbc/mariadb_server_for_tests.h"

#include <arpa/inet.h>
#include <mysql.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace bywash::jdbc {
namespace {

int free_loopback_port() {
  int s = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(s, reinterpret_cast<sockaddr*>(&address), size) != 0) throw std::runtime_error("no free port");
  getsockname(s, reinterpret_cast<sockaddr*>(&address), &size);
  close(s);
  return ntohs(address.sin_port);
}

const passwd* mariadb_user() {
  if (geteuid() != 0) return nullptr;
  for (const char* name : {"mysql", "postgres", "nobody"}) {
    if (const passwd* user = getpwnam(name)) return user;
  }
  return nullptr;
}

pid_t spawn_mariadb(const std::vector<std::string>& command, const std::string& log) {
  fflush(nullptr);  // or the child writes it out once more
  const passwd* user = mariadb_user();
  pid_t child = fork();
  if (child != 0) return child;
  if (user && (setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)) _exit(126);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (!freopen("/dev/null", "r", stdin) || !freopen(log.c_str(), "a", stdout) || !freopen(log.c_str(), "a", stderr)) _exit(126);
  if (chdir("/") != 0) _exit(126);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

}  // namespace

MariadbServerForTests::MariadbServerForTests() {
  if (access("/usr/sbin/mariadbd", X_OK) != 0) {
    why_ = "MariaDB's server is not installed (apt install mariadb-server-core)";
    return;
  }
  try {
    start();
  } catch (const std::exception& e) {
    why_ = e.what();
  }
}

void MariadbServerForTests::start() {
  char name[] = "/tmp/bywash-mariadb-XXXXXX";
  if (!mkdtemp(name)) throw std::runtime_error("no temporary folder");
  folder_ = name;
  std::ofstream(folder_ + "/init.sql") << "CREATE USER 'bywash'@'%' IDENTIFIED BY '" << kPassword << "';\nGRANT ALL ON *.* TO 'bywash'@'%' WITH GRANT OPTION;\n";
  if (const passwd* user = mariadb_user(); user && chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0) throw std::runtime_error("chown");
  pid_t install = spawn_mariadb({"mariadb-install-db", "--no-defaults", "--datadir=" + folder_ + "/data", "--tmpdir=" + folder_, "--auth-root-authentication-method=normal",
                                 "--skip-test-db"}, folder_ + "/log");
  int status = 0;
  waitpid(install, &status, 0);
  if (status != 0) throw std::runtime_error("mariadb-install-db failed");
  port_ = free_loopback_port();
  server_ = spawn_mariadb({"/usr/sbin/mariadbd", "--no-defaults", "--datadir=" + folder_ + "/data", "--tmpdir=" + folder_, "--port=" + std::to_string(port_),
                           "--bind-address=127.0.0.1", "--socket=" + folder_ + "/socket", "--pid-file=" + folder_ + "/pid", "--skip-name-resolve",
                           "--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync", "--innodb-doublewrite=0", "--innodb-buffer-pool-size=32M", "--init-file=" + folder_ + "/init.sql"},
                          folder_ + "/log");
  for (int i = 0; i < 300; ++i) {
    try {
      query("mysql", "SELECT 1");
      return;
    } catch (const std::exception&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
  throw std::runtime_error("MariaDB does not take connections");
}

MariadbServerForTests::~MariadbServerForTests() {
  if (server_ > 0) {
    kill(server_, SIGKILL);
    waitpid(server_, nullptr, 0);
  }
  std::error_code error;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, error);
}

std::vector<std::vector<std::string>> MariadbServerForTests::query(const std::string& database, const std::string& sql) const {
  MYSQL* c = mysql_init(nullptr);
  mysql_options(c, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_options(c, MYSQL_INIT_COMMAND, "SET time_zone = '+00:00'");
  bool good = mysql_real_connect(c, "127.0.0.1", "bywash", kPassword, database.c_str(), static_cast<unsigned>(port_), nullptr, 0) &&
              mysql_query(c, sql.c_str()) == 0;
  std::vector<std::vector<std::string>> rows;
  if (MYSQL_RES* r = good ? mysql_store_result(c) : nullptr) {
    while (MYSQL_ROW row = mysql_fetch_row(r)) {
      auto& out = rows.emplace_back();
      for (unsigned i = 0; i < mysql_num_fields(r); ++i) out.emplace_back(row[i] ? row[i] : "NULL");
    }
    mysql_free_result(r);
  }
  std::string error = mysql_error(c);
  mysql_close(c);
  if (!good) throw std::runtime_error(error);
  return rows;
}

MariadbServerForTests& shared_mariadb() {
  static MariadbServerForTests server;
  return server;
}

}  // namespace bywash::jdbc
