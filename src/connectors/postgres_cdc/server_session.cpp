#include "connectors/postgres_cdc/server_session.h"

#include <algorithm>
#include <cstring>

#include "config/properties.h"

namespace bywash::postgres_cdc {
namespace {

// The text forms of values that field_types.cpp reads, whatever the server's settings are.
constexpr const char* kTextForms = "-c DateStyle=ISO -c IntervalStyle=postgres -c extra_float_digits=1 -c bytea_output=hex -c TimeZone=UTC -c lc_monetary=C";

std::string in_one_line(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\n' || c == '\t') c = ' ';
    if (c == ' ' && (out.empty() || out.back() == ' ')) continue;
    out += c;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

Status connect_error(PGconn* connection) {
  std::string text = in_one_line(connection ? PQerrorMessage(connection) : "out of memory");
  size_t fatal = text.rfind("FATAL:");
  static constexpr std::string_view kPasses[] = {"starting up", "shutting down", "recovery mode", "too many", "connection slots", "slots are in use",
                                                 "not yet accepting", "terminating connection", "number of requested standby connections"};
  bool passes = std::any_of(std::begin(kPasses), std::end(kPasses), [&](std::string_view sign) { return text.find(sign) != text.npos; });
  static constexpr std::string_view kSettings[] = {"no password supplied", "invalid sslmode", "root certificate", "does not support SSL", "certificate verify failed"};
  bool settings = std::any_of(std::begin(kSettings), std::end(kSettings), [&](std::string_view sign) { return text.find(sign) != text.npos; });
  if (!passes && (fatal != text.npos || settings)) return Status::unauthorized(text + ". Check database.user, database.password, database.dbname and the server's pg_hba.conf");
  return Status::retriable(text);
}

bool may_pass(std::string_view state) {
  static constexpr std::string_view kPrefixes[] = {"08", "40", "53", "57", "58", "55006", "55P03", "25P03", "XX"};
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes), [&](std::string_view prefix) { return state.starts_with(prefix); });
}

std::string advice_for(std::string_view state, std::string_view message) {
  if (state == "42501") return ": the role of database.user needs REPLICATION, SELECT on the tables, and for publication.autocreate.mode=all_tables to be a superuser";
  if (state == "55000" && message.find("wal_level") != message.npos) return ": set wal_level = logical in postgresql.conf and restart the server";
  if (state == "53400") return ": raise max_replication_slots, or drop a slot that nobody reads";
  return "";
}

}  // namespace

Result<std::unique_ptr<ServerSession>> ServerSession::open(const ChangeConfig& c, Kind kind) {
  std::vector<std::pair<const char*, std::string>> settings = {
      {"host", c.hostname}, {"port", std::to_string(c.port)}, {"dbname", c.database}, {"user", c.user}, {"client_encoding", "UTF8"}, {"connect_timeout", "10"},
      {"application_name", "Bywash"}, {"keepalives", c.tcp_keepalive ? "1" : "0"}, {"keepalives_idle", "30"}, {"tcp_user_timeout", "60000"},
      {"gssencmode", "disable"}, {"sslmode", c.ssl_mode}, {"options", kTextForms}};
  auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) settings.emplace_back(key, value);
  };
  add("password", c.password.text());
  add("sslcert", c.ssl_cert);
  add("sslkey", c.ssl_key);
  add("sslpassword", c.ssl_password.text());
  add("sslrootcert", c.ssl_root_cert);
  if (kind == Kind::kReplication) settings.emplace_back("replication", "database");
  std::vector<const char*> keys, values;
  for (const auto& [key, value] : settings) {
    keys.push_back(key);
    values.push_back(value.c_str());
  }
  keys.push_back(nullptr);
  values.push_back(nullptr);
  PGconn* connection = PQconnectdbParams(keys.data(), values.data(), 0);
  std::unique_ptr<ServerSession> out(new ServerSession(connection));
  if (PQstatus(connection) != CONNECTION_OK) return connect_error(connection).with_context("Could not connect to PostgreSQL");
  PQsetNoticeProcessor(connection, [](void*, const char*) {}, nullptr);
  if (kind == Kind::kStatements && !config::trim(c.initial_statements).empty()) {
    RETURN_IF_ERROR(out->run(c.initial_statements).with_context("database.initial.statements"));
  }
  return out;
}

ServerSession::~ServerSession() { PQfinish(connection_); }

Result<Rows> ServerSession::query(const std::string& sql) {
  ServerResult result(PQexec(connection_, sql.c_str()));
  ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY) return failure(result.get());
  Rows out(static_cast<size_t>(PQntuples(result.get())));
  for (size_t i = 0; i < out.size(); ++i) {
    for (int j = 0; j < PQnfields(result.get()); ++j) {
      int row = static_cast<int>(i);
      if (PQgetisnull(result.get(), row, j)) out[i].push_back(std::nullopt);
      else out[i].emplace_back(std::string(PQgetvalue(result.get(), row, j), static_cast<size_t>(PQgetlength(result.get(), row, j))));
    }
  }
  return out;
}

Status ServerSession::run(const std::string& sql) { return query(sql).status(); }

Status ServerSession::start_copy(const std::string& sql, ExecStatusType expected) {
  ServerResult result(PQexec(connection_, sql.c_str()));
  return PQresultStatus(result.get()) == expected ? Status() : failure(result.get());
}

std::string ServerSession::literal(const std::string& text) const {
  char* escaped = PQescapeLiteral(connection_, text.data(), text.size());
  std::string out = escaped ? escaped : "''";
  PQfreemem(escaped);
  return out;
}

std::string ServerSession::identifier(const std::string& name) const {
  std::string out = "\"";
  for (char c : name) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

Status ServerSession::failure(const PGresult* result) const {
  auto field = [&](int code) -> std::string {
    const char* text = result ? PQresultErrorField(result, code) : nullptr;
    return text ? text : "";
  };
  std::string state = field(PG_DIAG_SQLSTATE);
  if (state.empty()) return Status::retriable("Connection to PostgreSQL was lost: " + in_one_line(PQerrorMessage(connection_)));
  std::string primary = field(PG_DIAG_MESSAGE_PRIMARY);
  std::string message = fmt::format("SQLSTATE {}: {}{}", state, primary, advice_for(state, primary));
  if (may_pass(state) && state != "53400") return Status::retriable(message);
  if (state == "42501" || state.starts_with("28")) return Status::unauthorized(message);
  return Status(Code::kFatal, Blame::kUser, message);
}

}  // namespace bywash::postgres_cdc
