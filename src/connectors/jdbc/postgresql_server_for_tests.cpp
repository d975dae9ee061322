// initdb and postgres run as an unprivileged user, since PostgreSQL refuses root.
#include "connectors/jdbc/postgresql_server_for_tests.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

namespace fs = std::filesystem;

std::string find_programs() {
  std::string best;
  for (const char* root : {"/usr/lib/postgresql"}) {
    std::error_code error;
    for (const auto& version : fs::directory_iterator(root, error)) {
      std::string bin = version.path().string() + "/bin";
      if (fs::exists(bin + "/initdb") && bin > best) best = bin;
    }
  }
  return best;
}

int free_port() {
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

const passwd* server_user() {
  if (geteuid() != 0) return nullptr;
  const passwd* user = getpwnam("postgres");
  return user ? user : getpwnam("nobody");
}

pid_t spawn(const std::vector<std::string>& command, const std::string& log) {
  fflush(nullptr);  // or the child writes it out once more
  pid_t child = fork();
  if (child != 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (const passwd* user = server_user()) {
    if (setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0) _exit(126);
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
  }
  if (!freopen("/dev/null", "r", stdin) || !freopen(log.c_str(), "a", stdout) || !freopen(log.c_str(), "a", stderr)) _exit(126);
  if (chdir("/") != 0) _exit(126);
  setenv("LC_ALL", "C.UTF-8", 1);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execv(arguments[0], arguments.data());
  _exit(127);
}

}  // namespace

PostgresqlServerForTests::PostgresqlServerForTests() {
  bin_ = find_programs();
  if (bin_.empty()) {
    why_ = "PostgreSQL's server programs are not installed (apt install postgresql-15)";
    return;
  }
  try {
    char name[] = "/tmp/bywash-postgresql-XXXXXX";
    if (!mkdtemp(name)) throw std::runtime_error("no temporary folder");
    folder_ = name;
    if (const passwd* user = server_user(); user && chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0) throw std::runtime_error("chown");
    make_cluster();
    start_server();
    query("postgres", std::string("CREATE ROLE locked LOGIN PASSWORD '") + kLockedPassword + "'");
  } catch (const std::exception& e) {
    why_ = e.what();
  }
}

void PostgresqlServerForTests::make_cluster() {
  pid_t init = spawn({bin_ + "/initdb", "-D", folder_ + "/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync"},
                     folder_ + "/log");
  int status = 0;
  waitpid(init, &status, 0);
  if (status != 0) throw std::runtime_error("initdb failed");
  std::ofstream hba(folder_ + "/data/pg_hba.conf");
  hba << "host all locked 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n";
}

void PostgresqlServerForTests::start_server() {
  if (port_ == 0) port_ = free_port();
  server_ = spawn({bin_ + "/postgres", "-D", folder_ + "/data", "-p", std::to_string(port_), "-c", "listen_addresses=127.0.0.1",
                   "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "shared_buffers=64MB", "-c", "max_connections=50"},
                  folder_ + "/log");
  for (int i = 0; i < 300; ++i) {
    std::string target = "host=127.0.0.1 user=postgres dbname=postgres port=" + std::to_string(port_);
    PGconn* c = PQconnectdb(target.c_str());
    bool good = PQstatus(c) == CONNECTION_OK;
    PQfinish(c);
    if (good) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  throw std::runtime_error("PostgreSQL does not take connections");
}

void PostgresqlServerForTests::kill_server() {
  if (server_ <= 0) return;
  kill(server_, SIGQUIT);
  waitpid(server_, nullptr, 0);
  server_ = -1;
}

PostgresqlServerForTests::~PostgresqlServerForTests() {
  kill_server();
  std::error_code error;
  if (!folder_.empty()) fs::remove_all(folder_, error);
}

void PostgresqlServerForTests::create_database(const std::string& name) { query("postgres", "CREATE DATABASE \"" + name + "\""); }

std::string PostgresqlServerForTests::jdbc_url(const std::string& database) const {
  return "jdbc:postgresql://127.0.0.1:" + std::to_string(port_) + "/" + database;
}

std::vector<std::vector<std::string>> PostgresqlServerForTests::query(const std::string& database, const std::string& sql) const {
  std::string target = "host=127.0.0.1 user=postgres dbname='" + database + "' options='-c timezone=UTC' port=" + std::to_string(port_);
  PGconn* c = PQconnectdb(target.c_str());
  PGresult* r = PQexec(c, sql.c_str());
  auto status = PQresultStatus(r);
  std::string error = PQerrorMessage(c);
  std::vector<std::vector<std::string>> rows;
  for (int i = 0; i < PQntuples(r); ++i) {
    auto& row = rows.emplace_back();
    for (int j = 0; j < PQnfields(r); ++j) row.push_back(PQgetisnull(r, i, j) ? "NULL" : PQgetvalue(r, i, j));
  }
  PQclear(r);
  PQfinish(c);
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) throw std::runtime_error(error);
  return rows;
}

PostgresqlServerForTests& shared_postgresql() {
  static PostgresqlServerForTests server;
  return server;
}

}  // namespace bywash::jdbc
