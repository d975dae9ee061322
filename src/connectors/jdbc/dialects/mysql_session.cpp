// Connecting, looking up tables, transactions, errors. Writing rows is mysql_write.cpp's. Level 6, the task's thread.
#include "connectors/jdbc/dialects/mysql_session.h"

#include <algorithm>
#include <cstdlib>

#include "base/log.h"

namespace bywash::jdbc::mysql {
namespace {

constexpr std::string_view kMysqlLogger = "jdbc.mysql";

// Parameters of Connector/J and MariaDB Connector/J that only tune the Java driver, or that the session looks at itself.
constexpr std::string_view kMysqlWithoutEffect[] = {
    "user", "password", "useSSL", "requireSSL", "verifyServerCertificate", "sslMode", "serverSslCert", "connectTimeout", "socketTimeout",
    "useBulkStmts", "rewriteBatchedStatements", "useUnicode", "characterEncoding", "serverTimezone", "connectionTimeZone",
    "useLegacyDatetimeCode", "allowPublicKeyRetrieval", "cachePrepStmts", "prepStmtCacheSize", "prepStmtCacheSqlLimit", "useServerPrepStmts",
    "autoReconnect", "tcpKeepAlive", "useCompression", "zeroDateTimeBehavior", "nullCatalogMeansCurrent", "defaultFetchSize", "useCursorFetch",
    "permitMysqlScheme", "allowLoadLocalInfile", "allowLocalInfile", "tinyInt1isBit", "useAffectedRows", "maxPerformance"};

bool is_true(const std::string* value) { return value && (*value == "true" || *value == "1" || *value == "yes"); }

std::string lowered(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

void set_tls(MYSQL* handle, const ConnectionUrl& url) {
  const std::string* given = url.parameter("sslMode");
  std::string mode = given ? lowered(*given) : "";
  std::replace(mode.begin(), mode.end(), '_', '-');
  if (!given && (is_true(url.parameter("useSSL")) || is_true(url.parameter("requireSSL")))) {
    mode = is_true(url.parameter("verifyServerCertificate")) ? "verify-full" : "required";
  }
  if (mode.empty() || mode == "disabled" || mode == "disable" || mode == "preferred") return;
  my_bool on = 1, verify = mode.starts_with("verify");
  mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, &on);
  mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
  if (auto* file = url.parameter("serverSslCert")) mysql_options(handle, MYSQL_OPT_SSL_CA, file->c_str());
}

void set_timeouts(MYSQL* handle, const ConnectionUrl& url) {
  auto seconds = [&](const char* name, unsigned int otherwise) {
    auto* ms = url.parameter(name);
    long given = ms ? std::strtol(ms->c_str(), nullptr, 10) : 0;
    return given > 0 ? static_cast<unsigned int>((given + 999) / 1000) : otherwise;
  };
  unsigned int connect = seconds("connectTimeout", 10), socket = seconds("socketTimeout", 0);
  mysql_options(handle, MYSQL_OPT_CONNECT_TIMEOUT, &connect);
  if (socket == 0) return;
  mysql_options(handle, MYSQL_OPT_READ_TIMEOUT, &socket);
  mysql_options(handle, MYSQL_OPT_WRITE_TIMEOUT, &socket);
}

// The name in quotes behind `word`: columns and keys, which are no values.
std::string named(std::string_view message, std::string_view word) {
  size_t at = message.rfind(std::string(word) + " '");
  if (at == message.npos) return "";
  std::string_view rest = message.substr(at + word.size() + 2);
  return std::string(rest.substr(0, rest.find('\'')));
}

// Texts that hold no value of a row; everything else of classes 22 and 23 is told by its meaning.
std::string data_reason(unsigned int number, std::string_view message) {
  switch (number) {
    case 1062: case 1586: {
      std::string key = named(message, "key");
      return "duplicate entry for key" + (key.empty() ? std::string() : " '" + key + "'");
    }
    case 1048: case 1364: case 1406: case 1264: case 1265: case 1451: case 1452: case 3819: case 4025: {
      std::string column = named(message, number == 1048 ? "Column" : number == 1364 ? "Field" : "column");
      std::string what = number == 1048 || number == 1364 ? "a value is needed" : number == 1406 ? "value too long"
                         : number == 1264 ? "value out of range" : number == 1265 ? "value does not fit the column's type"
                         : number == 1451 || number == 1452 ? "a foreign key constraint fails" : "a CHECK constraint fails";
      return what + (column.empty() ? std::string() : ", column '" + column + "'");
    }
    case 1292: case 1411: return "invalid date, time or number for the column's type";
    case 1366: case 1367: return "invalid text representation for the column's type";
    case 1300: case 3988: return "invalid or untranslatable characters";
    case 1690: return "value out of range";
    case 3140: return "invalid JSON text";
    default: return "data exception";
  }
}

std::string_view advice(unsigned int number) {
  switch (number) {
    case 1142: case 1143: case 1044: case 1227: return ": grant it to the user of connection.user (CREATE, ALTER, INSERT, UPDATE, DELETE and SELECT)";
    case 1054: return ": rename the field (ReplaceField), or the column";
    case 1049: return ": create the database, or change connection.url or table.name.format";
    case 1059: return ": choose a shorter name (table.name.format, ReplaceField)";
    case 1064: return ": with quote.sql.identifiers=never, names must not be reserved words";
    default: return "";
  }
}

}  // namespace

bool connection_lost(unsigned int number) {
  return number == 2006 || number == 2013 || number == 2055 || number == 1927 || number == 1053 || number == 4031 || number == 2014 ||
         (number >= 1158 && number <= 1161);
}

Status status_of(unsigned int number, std::string_view state, std::string_view message) {
  auto of_sql = [](Status s) { return std::move(s).with_java_class("java.sql.SQLException"); };
  if (connection_lost(number)) return Status::retriable(fmt::format("Connection to the database was lost: {}", message));
  static constexpr unsigned int kTransient[] = {1205, 1213, 1040, 1203, 1021, 1114, 1037, 1038, 1041, 1047, 1135, 1180, 1317, 1290, 1836, 1969, 3024, 2002,
                                                2003, 2005, 2011};
  bool transient = std::find(std::begin(kTransient), std::end(kTransient), number) != std::end(kTransient) || state.starts_with("08") ||
                   state.starts_with("40") || state.starts_with("53");
  if (transient) return Status::retriable(fmt::format("SQLSTATE {}: {}", state, message));
  static constexpr unsigned int kData[] = {1062, 1048, 1364, 1406, 1264, 1265, 1292, 1366, 1367, 1411, 1451, 1452, 1586, 1690, 3140, 3819, 3988, 4025, 1300,
                                           1644};
  bool data = std::find(std::begin(kData), std::end(kData), number) != std::end(kData) || state.starts_with("22") || state.starts_with("23");
  if (data) {
    return of_sql(Status::data(number == 1644 ? fmt::format("SQLSTATE {}: refused by a trigger or function", state)
                                              : fmt::format("SQLSTATE {}: {}", state, data_reason(number, message))));
  }
  std::string text = fmt::format("SQLSTATE {}: {}{}", state, message, advice(number));
  bool refused = state.starts_with("28") || number == 1142 || number == 1143 || number == 1044 || number == 1227;
  return of_sql(refused ? Status::unauthorized(text) : Status(Code::kFatal, Blame::kUser, text));
}

Result<MYSQL*> connect(const ConnectionUrl& url, const std::optional<std::string>& user, const config::Secret& password, bool loads) {
  auto given = [&](const char* name) { auto* v = url.parameter(name); return v ? *v : std::string(); };
  std::string name = user ? *user : given("user"), secret = password.empty() ? given("password") : password.text();
  std::string_view hosts = url.host, ports = url.port;
  Status last;
  while (true) {
    std::string host(hosts.substr(0, hosts.find(','))), port(ports.substr(0, ports.find(',')));
    MYSQL* handle = mysql_init(nullptr);
    if (!handle) return Status::host("Out of memory");
    set_tls(handle, url);
    set_timeouts(handle, url);
    mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    unsigned int local_infile = loads;
    mysql_options(handle, MYSQL_OPT_LOCAL_INFILE, &local_infile);
    // libmariadb takes "localhost" for the local socket; JDBC means TCP.
    if (host == "localhost") host = "127.0.0.1";
    if (mysql_real_connect(handle, host.c_str(), name.c_str(), secret.c_str(), url.database.empty() ? nullptr : url.database.c_str(),
                           static_cast<unsigned int>(std::strtoul(port.c_str(), nullptr, 10)), nullptr, CLIENT_FOUND_ROWS)) {
      return handle;
    }
    unsigned int number = mysql_errno(handle);
    std::string why = mysql_error(handle);
    bool later = number == 2002 || number == 2003 || number == 2005 || number == 2006 || number == 2013 || number == 1040 || number == 1053 || number == 2012;
    last = later ? Status::retriable(fmt::format("{}:{}: {}", host, port, why)) : Status::unauthorized(why);
    mysql_close(handle);
    size_t comma = hosts.find(',');
    if (!later || comma == hosts.npos) return last;
    hosts.remove_prefix(comma + 1);
    ports.remove_prefix(std::min(ports.size(), ports.find(',') == ports.npos ? size_t{0} : ports.find(',') + 1));
  }
}

Result<std::unique_ptr<Session>> MysqlSession::open(const SessionOptions& options) {
  std::unique_ptr<MysqlSession> session(new MysqlSession(options));
  // Connector/J's name, and MariaDB Connector/J's.
  session->loads_ = is_true(options.url.parameter("allowLoadLocalInfile")) || is_true(options.url.parameter("allowLocalInfile"));
  ASSIGN_OR_RETURN(session->connection_, connect(options.url, options.user, options.password, session->loads_));
  session->refuse_files();
  for (const auto& [name, value] : options.url.parameters) {
    bool known = std::find(std::begin(kMysqlWithoutEffect), std::end(kMysqlWithoutEffect), name) != std::end(kMysqlWithoutEffect);
    if (!known) log::warn(kMysqlLogger, "Parameter '{}' of the connection has no effect", name);
  }
  // Strict, as Connector/J's jdbcCompliantTruncation: what does not fit is refused, never cut. Backslashes in literals escape.
  RETURN_IF_ERROR(session->run("SET SESSION sql_mode = CONCAT(REPLACE(REPLACE(@@sql_mode, 'NO_BACKSLASH_ESCAPES', ''), 'ANSI_QUOTES', ''), "
                               "',STRICT_TRANS_TABLES'), time_zone = '+00:00', autocommit = 1"));
  unsigned long long packet = 16 << 20;
  RETURN_IF_ERROR(session->run("SELECT @@max_allowed_packet"));
  if (MYSQL_RES* result = mysql_store_result(session->connection_)) {
    if (MYSQL_ROW row = mysql_fetch_row(result)) packet = std::strtoull(row[0], nullptr, 10);
    mysql_free_result(result);
  }
  session->send_bytes_max_ = std::min<size_t>(session->send_bytes_max_, static_cast<size_t>(packet / 2));
  unsigned long capabilities = 0;
  mariadb_get_infov(session->connection_, MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES, &capabilities);
  auto* bulk = options.url.parameter("useBulkStmts");
  session->arrays_ = (capabilities & (MARIADB_CLIENT_STMT_BULK_OPERATIONS >> 32)) && !(bulk && *bulk == "false");
  // Arrays are faster: rows are written once.
  session->loads_ = session->loads_ && !session->arrays_;
  return std::unique_ptr<Session>(std::move(session));
}

MysqlSession::~MysqlSession() {
  for (auto& [sql, statement] : statements_) mysql_stmt_close(statement);
  if (connection_) mysql_close(connection_);
}

Status MysqlSession::failed() {
  unsigned int number = mysql_errno(connection_);
  if (connection_lost(number)) alive_ = false;
  return status_of(number, mysql_sqlstate(connection_), mysql_error(connection_));
}

Status MysqlSession::failed(MYSQL_STMT* statement) {
  unsigned int number = mysql_stmt_errno(statement);
  if (connection_lost(number)) alive_ = false;
  return status_of(number, mysql_stmt_sqlstate(statement), mysql_stmt_error(statement));
}

Status MysqlSession::run(const std::string& sql) {
  return mysql_real_query(connection_, sql.data(), static_cast<unsigned long>(sql.size())) == 0 ? Status() : failed();
}

Status MysqlSession::execute(const std::vector<std::string>& statements) {
  for (const std::string& sql : statements) RETURN_IF_ERROR(run(sql));
  return {};
}

Result<std::vector<std::vector<std::optional<std::string>>>> MysqlSession::query(const std::string& sql) {
  RETURN_IF_ERROR(run(sql));
  std::vector<std::vector<std::optional<std::string>>> rows;
  MYSQL_RES* result = mysql_store_result(connection_);
  if (!result) return failed();
  while (MYSQL_ROW row = mysql_fetch_row(result)) {
    auto& out = rows.emplace_back();
    for (unsigned i = 0; i < mysql_num_fields(result); ++i) out.push_back(row[i] ? std::optional<std::string>(row[i]) : std::nullopt);
  }
  mysql_free_result(result);
  return rows;
}

void MysqlSession::rollback() {
  if (!alive_) return;
  if (Status s = run("ROLLBACK"); !s.ok()) log::warn(kMysqlLogger, "Could not roll back: {}", s.message());
}

Result<std::optional<TableDefinition>> MysqlSession::describe(const TableName& name) {
  auto quoted = [&](const std::string& text) {
    std::string out(text.size() * 2 + 1, '\0');
    out.resize(mysql_real_escape_string(connection_, out.data(), text.data(), static_cast<unsigned long>(text.size())));
    return "'" + out + "'";
  };
  const std::string& database = name.schema.empty() ? name.catalog : name.schema;
  std::string schema = database.empty() ? "DATABASE()" : quoted(database), table = quoted(name.table);
  RETURN_IF_ERROR(run(fmt::format(
      "SELECT t.table_schema, t.table_name, t.table_type, c.column_name, c.data_type, c.is_nullable, "
      "c.column_default IS NOT NULL OR c.extra LIKE '%auto_increment%' OR c.extra LIKE '%GENERATED%', "
      "c.column_key = 'PRI', c.collation_name IS NULL OR c.collation_name LIKE '%\\_bin' OR c.data_type LIKE '%binary' "
      "FROM information_schema.tables t JOIN information_schema.columns c ON c.table_schema = t.table_schema AND c.table_name = t.table_name "
      "WHERE t.table_schema = {} AND t.table_name = {} AND (@@lower_case_table_names <> 0 OR BINARY t.table_name = {}) "
      "ORDER BY c.ordinal_position", schema, table, table)));
  MYSQL_RES* result = mysql_store_result(connection_);
  if (!result) return failed();
  TableDefinition found;
  while (MYSQL_ROW row = mysql_fetch_row(result)) {
    auto text = [&](int i) { return std::string(row[i] ? row[i] : ""); };
    found.name = {"", database.empty() ? "" : text(0), text(1)};
    found.kind = text(2) == "BASE TABLE" ? "TABLE" : text(2).find("VIEW") != std::string::npos ? "VIEW" : text(2);
    TableColumn column;
    column.name = text(3);
    column.type = lowered(text(4));
    column.nullable = text(5) == "YES";
    column.has_default = text(6) == "1";
    column.in_primary_key = text(7) == "1";
    column.exact_text = text(8) == "1";
    found.columns.push_back(std::move(column));
  }
  mysql_free_result(result);
  if (found.columns.empty()) return std::optional<TableDefinition>();
  return std::optional(std::move(found));
}

Result<MYSQL_STMT*> MysqlSession::prepare(const std::string& sql) {
  auto it = statements_.find(sql);
  if (it != statements_.end()) return it->second;
  if (statements_.size() >= 128) {
    for (auto& [text, old] : statements_) mysql_stmt_close(old);
    statements_.clear();
  }
  MYSQL_STMT* statement = mysql_stmt_init(connection_);
  if (!statement) return Status::host("Out of memory");
  if (mysql_stmt_prepare(statement, sql.data(), static_cast<unsigned long>(sql.size())) != 0) {
    Status status = failed(statement);
    mysql_stmt_close(statement);
    return status;
  }
  statements_[sql] = statement;
  return statement;
}

}  // namespace bywash::jdbc::mysql
