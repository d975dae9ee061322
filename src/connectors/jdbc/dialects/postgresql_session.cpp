// Connecting, looking up tables, transactions. Writing rows is postgresql_write.cpp's. Level 6, the task's thread.
#include "connectors/jdbc/dialects/postgresql_session.h"

#include <algorithm>

#include "base/log.h"
#include "config/properties.h"
#include "connectors/jdbc/dialects/postgresql_connect.h"

namespace bywash::jdbc::postgresql {
namespace {

constexpr std::string_view kPostgresqlSessionLogger = "jdbc.postgresql";

struct Mapped {
  std::string_view jdbc, libpq;
};
// pgjdbc's parameters that libpq has under another or the same name.
constexpr Mapped kParameters[] = {
    {"ApplicationName", "application_name"}, {"connectTimeout", "connect_timeout"}, {"loginTimeout", "connect_timeout"},
    {"options", "options"}, {"sslmode", "sslmode"}, {"sslcert", "sslcert"}, {"sslkey", "sslkey"}, {"sslrootcert", "sslrootcert"},
    {"sslpassword", "sslpassword"}, {"gssEncMode", "gssencmode"}, {"kerberosServerName", "krbsrvname"}, {"user", "user"},
    {"password", "password"}, {"channelBinding", "channel_binding"},
};
// Those that only tune the Java driver, or that the session looks at itself.
constexpr std::string_view kWithoutEffect[] = {
    "reWriteBatchedInserts", "prepareThreshold", "preparedStatementCacheQueries", "preparedStatementCacheSizeMiB", "binaryTransfer",
    "defaultRowFetchSize", "tcpKeepAlive", "loggerLevel", "loggerFile", "logServerErrorDetail", "assumeMinServerVersion",
    "adaptiveFetch", "currentSchema", "stringtype", "ssl", "socketTimeout", "targetServerType", "sslfactory"};

void add_parameters(const ConnectionUrl& url, std::vector<std::pair<std::string, std::string>>* out) {
  for (const auto& [name, value] : url.parameters) {
    auto it = std::find_if(std::begin(kParameters), std::end(kParameters), [&n = name](const Mapped& m) { return m.jdbc == n; });
    if (it != std::end(kParameters)) {
      out->emplace_back(it->libpq, value);
    } else if (std::find(std::begin(kWithoutEffect), std::end(kWithoutEffect), name) == std::end(kWithoutEffect)) {
      log::warn(kPostgresqlSessionLogger, "Parameter '{}' of the connection has no effect", name);
    }
  }
  if (auto* ssl = url.parameter("ssl"); ssl && *ssl != "false" && !url.parameter("sslmode")) out->emplace_back("sslmode", "verify-full");
  if (auto* type = url.parameter("targetServerType")) {
    out->emplace_back("target_session_attrs", *type == "primary" || *type == "master" ? "read-write" : *type == "secondary" ? "standby" : "any");
  }
  if (auto* seconds = url.parameter("socketTimeout"); seconds && *seconds != "0") out->emplace_back("tcp_user_timeout", *seconds + "000");
}

std::string one_line(std::string text) {
  std::string out;
  for (char c : text) {
    char d = c == '\n' || c == '\t' ? ' ' : c;
    if (d == ' ' && (out.empty() || out.back() == ' ')) continue;
    out += d;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// Why PQconnectdb failed, in pgjdbc's words where it has some.
Status connect_failure(PGconn* connection, const ConnectionUrl& url) {
  std::string text = one_line(connection ? PQerrorMessage(connection) : "out of memory");
  size_t fatal = text.rfind("FATAL:");
  if (fatal == text.npos) {
    if (text.find("Connection refused") != text.npos) {
      return Status::retriable(fmt::format("Connection to {}:{} refused. Check that the hostname and port are correct and that the "
                                           "postmaster is accepting TCP/IP connections.", url.host, url.port));
    }
    bool config = text.find("no password supplied") != text.npos || text.find("invalid sslmode") != text.npos ||
                  text.find("root certificate") != text.npos || text.find("does not support SSL") != text.npos ||
                  text.starts_with("invalid ") || text.find("certificate verify failed") != text.npos;
    return config ? Status::unauthorized(text) : Status::retriable(text);
  }
  std::string reason = text.substr(fatal);
  static constexpr std::string_view kTransient[] = {"starting up", "shutting down", "recovery mode", "too many", "connection slots",
                                                    "not yet accepting", "terminating connection", "the database system is"};
  for (std::string_view sign : kTransient) {
    if (reason.find(sign) != reason.npos) return Status::retriable(reason);
  }
  return Status::unauthorized(reason);
}

std::string kind_of(char relkind) {
  switch (relkind) {
    case 'r': return "TABLE";
    case 'p': return "PARTITIONED TABLE";
    case 'v': return "VIEW";
    case 'm': return "MATERIALIZED VIEW";
    default: return "FOREIGN TABLE";
  }
}

constexpr const char* kDescribe = R"(
SELECT n.nspname, c.relname, c.relkind, c.relhasrules OR c.relrowsecurity, a.attname, format_type(a.atttypid, a.atttypmod), a.atttypid,
       t.typtype <> 'd' AND a.attidentity <> 'a', t.typtype = 'e', a.attnotnull, a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> '',
       COALESCE(a.attnum = ANY(i.indkey), false), format_type(a.atttypid, -1)
FROM (SELECT c.* FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE CASE WHEN $3 THEN lower($2) ELSE $2 END = c.relname AND c.relkind IN ('r','p','v','m','f')
        AND CASE WHEN $1 = '' THEN n.nspname = ANY(current_schemas(false))
                 ELSE n.nspname = CASE WHEN $3 THEN lower($1) ELSE $1 END END
      ORDER BY array_position(current_schemas(false), n.nspname) LIMIT 1) c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
ORDER BY a.attnum)";

}  // namespace

Result<PGconn*> connect(const ConnectionUrl& url, const std::optional<std::string>& user, const config::Secret& password) {
  std::vector<std::pair<std::string, std::string>> settings = {
      {"host", url.host}, {"port", url.port}, {"client_encoding", "UTF8"}, {"connect_timeout", "10"},
      {"application_name", "Bywash"}, {"keepalives_idle", "30"}, {"tcp_user_timeout", "60000"}, {"gssencmode", "disable"}};
  add_parameters(url, &settings);
  if (user) settings.emplace_back("user", *user);
  if (!password.empty()) settings.emplace_back("password", password.text());
  if (!url.database.empty()) settings.emplace_back("dbname", url.database);
  std::vector<const char*> keys, values;
  for (const auto& [key, value] : settings) {
    keys.push_back(key.c_str());
    values.push_back(value.c_str());
  }
  keys.push_back(nullptr);
  values.push_back(nullptr);
  PGconn* connection = PQconnectdbParams(keys.data(), values.data(), 0);
  auto refuse = [&](Status status) {
    PQfinish(connection);
    return status;
  };
  if (PQstatus(connection) != CONNECTION_OK) return refuse(connect_failure(connection, url));
  PQsetNoticeProcessor(connection, [](void*, const char*) {}, nullptr);
  std::string setup = "SET TIME ZONE 'UTC'";
  if (auto* schema = url.parameter("currentSchema")) {
    setup += "; SET search_path TO ";
    std::string_view rest = *schema;
    for (bool first = true; !rest.empty(); first = false) {
      size_t comma = rest.find(',');
      setup += (first ? "" : ", ") + IdentifierRules{}.write(config::trim(rest.substr(0, comma)));
      rest.remove_prefix(comma == rest.npos ? rest.size() : comma + 1);
    }
  }
  PgResult result(PQexec(connection, setup.c_str()));
  if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) return refuse(status_of(result.get(), connection));
  return connection;
}

Result<std::unique_ptr<Session>> PostgresqlSession::open(const SessionOptions& options) {
  std::unique_ptr<PostgresqlSession> session(new PostgresqlSession(options));
  ASSIGN_OR_RETURN(session->connection_, connect(options.url, options.user, options.password));
  auto* type = options.url.parameter("stringtype");
  session->string_type_unspecified_ = type && *type == "unspecified";
  return std::unique_ptr<Session>(std::move(session));
}

PostgresqlSession::~PostgresqlSession() {
  if (connection_) PQfinish(connection_);
}

bool PostgresqlSession::alive() const { return PQstatus(connection_) == CONNECTION_OK; }

Status PostgresqlSession::run(const std::string& sql) {
  PgResult result(PQexec(connection_, sql.c_str()));
  ExecStatusType status = PQresultStatus(result.get());
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return {};
  return status_of(result.get(), connection_);
}

Result<std::optional<TableDefinition>> PostgresqlSession::describe(const TableName& name) {
  if (!name.catalog.empty() && name.catalog != PQdb(connection_)) return std::optional<TableDefinition>();
  const char* values[] = {name.schema.c_str(), name.table.c_str(), options_.identifiers.quoted ? "false" : "true"};
  const Oid types[] = {25, 25, 16};
  PgResult result(PQexecParams(connection_, kDescribe, 3, types, values, nullptr, nullptr, 0));
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) return status_of(result.get(), connection_);
  int rows = PQntuples(result.get());
  if (rows == 0) return std::optional<TableDefinition>();
  auto text = [&](int row, int column) { return std::string(PQgetvalue(result.get(), row, column)); };
  auto flag = [&](int row, int column) { return text(row, column) == "t"; };
  TableDefinition table;
  table.name = {"", text(0, 0), text(0, 1)};
  table.kind = kind_of(text(0, 2)[0]);
  table.plain_copy = !flag(0, 3) && (table.kind == "TABLE" || table.kind == "PARTITIONED TABLE");
  for (int row = 0; row < rows; ++row) {
    if (PQgetisnull(result.get(), row, 4)) continue;
    TableColumn column;
    column.name = text(row, 4);
    column.type = text(row, 5);
    column.type_id = static_cast<uint32_t>(std::stoul(text(row, 6)));
    column.takes_copy = flag(row, 7);
    column.is_enum = flag(row, 8);
    column.nullable = !flag(row, 9);
    column.has_default = flag(row, 10);
    column.in_primary_key = flag(row, 11);
    column.cast_type = text(row, 12);
    table.columns.push_back(std::move(column));
  }
  return std::optional(std::move(table));
}

Status PostgresqlSession::execute(const std::vector<std::string>& statements) {
  for (const std::string& sql : statements) RETURN_IF_ERROR(run(sql));
  return {};
}

Result<std::vector<std::vector<std::optional<std::string>>>> PostgresqlSession::query(const std::string& sql) {
  PgResult result(PQexec(connection_, sql.c_str()));
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) return status_of(result.get(), connection_);
  std::vector<std::vector<std::optional<std::string>>> rows(static_cast<size_t>(PQntuples(result.get())));
  for (size_t row = 0; row < rows.size(); ++row) {
    for (int i = 0; i < PQnfields(result.get()); ++i) {
      bool null = PQgetisnull(result.get(), static_cast<int>(row), i);
      rows[row].push_back(null ? std::nullopt : std::optional<std::string>(PQgetvalue(result.get(), static_cast<int>(row), i)));
    }
  }
  return rows;
}

Status PostgresqlSession::begin() {
  stages_.clear();
  filled_stages_.clear();
  return run("BEGIN");
}

Status PostgresqlSession::commit() { return run("COMMIT"); }

void PostgresqlSession::rollback() {
  if (!alive()) return;
  if (Status s = run("ROLLBACK"); !s.ok()) log::warn(kPostgresqlSessionLogger, "Could not roll back: {}", s.message());
}

}  // namespace bywash::jdbc::postgresql
