// connection.url in JDBC's forms, taken apart. Nothing here connects. Level 6, every thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "config/config_def.h"

namespace bywash::jdbc {

enum class Database : uint8_t { kPostgresql, kSqlite, kMysql, kSqlserver, kOdbc };

struct ConnectionUrl {
  Database kind = Database::kSqlite;
  std::string host = "localhost";  // several hosts and ports: comma-separated, in step
  std::string port = "5432";
  std::string database;            // SQLite: the file's path, ":memory:" or "" for a temporary database
  // Driver parameters in the order given, names as the driver spells them (sslmode, currentSchema, journal_mode ...).
  std::vector<std::pair<std::string, std::string>> parameters;

  // The last value of a parameter; null when it was not given.
  const std::string* parameter(std::string_view name) const;
};

// jdbc:postgresql://host[:port][,host[:port]]/database[?parameters], jdbc:postgresql:database, jdbc:sqlite:FILE[?parameters],
// jdbc:mysql://host[:port][,host[:port]]/database[?parameters] and the same with jdbc:mariadb,
// jdbc:sqlserver://host[\instance][:port][;name=value...], jdbc:microsoft:sqlserver:// likewise, jdbc:jtds:sqlserver://host[:port]/database[;...].
// jdbc:odbc:DSN[;name=value...] and jdbc:odbc:Driver=NAME;name=value;...: everything is a parameter, the first one DSN where it is a bare name.
// SQL Server's names are case-insensitive: they come out in lower case, and `host` holds host\instance; an instance alone has the port "".
// kInvalid for every other form; the message never holds parameters' values (a password may be among them).
Result<ConnectionUrl> parse_connection_url(const std::string& url);

// Every further connection.<property> of the configuration is a parameter of the driver, as in the original.
void add_driver_properties(const config::Properties& properties, ConnectionUrl* url);

}  // namespace bywash::jdbc
