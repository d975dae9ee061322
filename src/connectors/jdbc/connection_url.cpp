// JDBC URLs as pgjdbc 42.7 (org.postgresql.Driver.parseURL), sqlite-jdbc 3.41, Connector/J 8, MariaDB Connector/J 3 and
// Microsoft's mssql-jdbc 12 read them. Level 6, every thread.
#include "connectors/jdbc/connection_url.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"

namespace bywash::jdbc {
namespace {

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

void parse_parameters(std::string_view query, ConnectionUrl* url) {
  while (!query.empty()) {
    size_t end = std::min(query.find('&'), query.size());
    std::string_view one = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (one.empty()) continue;
    size_t equals = one.find('=');
    std::string name = percent_decoded(one.substr(0, equals));
    url->parameters.emplace_back(std::move(name), equals == one.npos ? "" : percent_decoded(one.substr(equals + 1)));
  }
}

Status parse_hosts(std::string_view authority, std::string_view usual_port, ConnectionUrl* url) {
  std::string hosts, ports;
  while (true) {
    size_t comma = authority.find(',');
    std::string_view one = authority.substr(0, comma);
    size_t close = one.find(']');
    size_t colon = one.find(':', close == one.npos ? 0 : close);
    std::string_view host = one.substr(0, colon);
    std::string_view port = colon == one.npos ? usual_port : one.substr(colon + 1);
    if (host.size() > 1 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    if (port.empty()) port = usual_port;
    if (!std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; }) || port.size() > 5) {
      return Status::invalid(fmt::format("The port in connection.url is not a number: '{}'", port));
    }
    hosts += (hosts.empty() ? "" : ",") + std::string(host.empty() ? "localhost" : host);
    ports += (ports.empty() ? "" : ",") + std::string(port);
    if (comma == authority.npos) break;
    authority.remove_prefix(comma + 1);
  }
  url->host = std::move(hosts);
  url->port = std::move(ports);
  return {};
}

Result<ConnectionUrl> parse_postgresql(std::string_view rest) {
  ConnectionUrl url;
  url.kind = Database::kPostgresql;
  size_t question = rest.find('?');
  std::string_view place = rest.substr(0, question);
  if (question != rest.npos) parse_parameters(rest.substr(question + 1), &url);
  if (place.starts_with("//")) {
    place.remove_prefix(2);
    size_t slash = place.find('/');
    RETURN_IF_ERROR(parse_hosts(place.substr(0, slash), "5432", &url));
    place = slash == place.npos ? std::string_view() : place.substr(slash + 1);
  }
  url.database = percent_decoded(place);
  return url;
}

Result<ConnectionUrl> parse_sqlite(std::string_view rest) {
  ConnectionUrl url;
  url.kind = Database::kSqlite;
  size_t question = rest.find('?');
  url.database = std::string(rest.substr(0, question));
  if (question != rest.npos) parse_parameters(rest.substr(question + 1), &url);
  return url;
}

// Several hosts ("jdbc:mysql:replication://a,b/db", "jdbc:mariadb:loadbalance://...") are tried in their order.
Result<ConnectionUrl> parse_mysql(std::string_view rest) {
  ConnectionUrl url;
  url.kind = Database::kMysql;
  url.port = "3306";
  size_t slashes = rest.find("//");
  if (slashes == rest.npos) return Status::invalid("connection.url must be jdbc:mysql://host:port/database or jdbc:mariadb://host:port/database");
  rest.remove_prefix(slashes + 2);
  size_t question = rest.find('?');
  std::string_view place = rest.substr(0, question);
  if (question != rest.npos) parse_parameters(rest.substr(question + 1), &url);
  size_t slash = place.find('/');
  std::string_view authority = place.substr(0, slash);
  // user:password@host, as Connector/J has it.
  if (size_t at = authority.rfind('@'); at != authority.npos) {
    std::string_view who = authority.substr(0, at);
    url.parameters.emplace_back("user", percent_decoded(who.substr(0, who.find(':'))));
    if (who.find(':') != who.npos) url.parameters.emplace_back("password", percent_decoded(who.substr(who.find(':') + 1)));
    authority.remove_prefix(at + 1);
  }
  RETURN_IF_ERROR(parse_hosts(authority, "3306", &url));
  url.database = slash == place.npos ? std::string() : percent_decoded(place.substr(slash + 1));
  return url;
}

// "name=value;name={va;lue};...": a value in braces may hold semicolons, and "}}" for a brace. Names as they are.
Status parse_braced_properties(std::string_view text, std::string_view form, ConnectionUrl* url) {
  while (!text.empty()) {
    size_t equals = text.find_first_of("=;");
    if (equals == text.npos || text[equals] == ';') {
      if (!text.substr(0, equals).empty()) return Status::invalid(fmt::format("connection.url has a property without '=' ({})", form));
      text.remove_prefix(std::min(text.size(), equals == text.npos ? text.size() : equals + 1));
      continue;
    }
    std::string name(text.substr(0, equals)), value;
    text.remove_prefix(equals + 1);
    if (text.starts_with('{')) {
      size_t at = 1;
      while (at < text.size() && (text[at] != '}' || text.substr(at).starts_with("}}"))) {
        value += text[at];
        at += text[at] == '}' ? 2 : 1;
      }
      if (at >= text.size()) return Status::invalid(fmt::format("connection.url: the value of '{}' has an open brace", name));
      text.remove_prefix(at + 1);
      if (!text.empty() && text[0] != ';') return Status::invalid(fmt::format("connection.url: behind the braces of '{}' a semicolon is missing", name));
      text.remove_prefix(std::min<size_t>(1, text.size()));
    } else {
      size_t end = std::min(text.find(';'), text.size());
      value = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    while (name.starts_with(' ')) name.erase(0, 1);
    while (name.ends_with(' ')) name.pop_back();
    url->parameters.emplace_back(std::move(name), std::move(value));
  }
  return {};
}

Result<ConnectionUrl> parse_sqlserver(std::string_view rest) {
  ConnectionUrl url;
  url.kind = Database::kSqlserver;
  if (!rest.starts_with("//")) return Status::invalid("connection.url must be jdbc:sqlserver://host:port;databaseName=database;...");
  rest.remove_prefix(2);
  size_t semicolon = rest.find(';');
  std::string_view place = rest.substr(0, semicolon);
  if (semicolon != rest.npos) RETURN_IF_ERROR(parse_braced_properties(rest.substr(semicolon + 1), "jdbc:sqlserver://host:port;databaseName=...;...", &url));
  for (auto& [name, value] : url.parameters) name = ascii_lower(name);
  // jTDS has the database in the path.
  if (size_t slash = place.find('/'); slash != place.npos) {
    url.database = percent_decoded(place.substr(slash + 1));
    place = place.substr(0, slash);
  }
  size_t bar = place.find('\\');
  size_t colon = place.find(':', bar == place.npos ? place.find(']') == place.npos ? 0 : place.find(']') : bar);
  std::string host(place.substr(0, std::min(bar, colon)));
  std::string instance(bar == place.npos ? std::string_view() : place.substr(bar + 1, colon == place.npos ? place.npos : colon - bar - 1));
  std::string port(colon == place.npos ? std::string_view() : place.substr(colon + 1));
  auto given = [&](std::initializer_list<const char*> names, std::string* out) {
    for (const char* name : names) {
      if (auto* v = url.parameter(name); v && out->empty()) *out = *v;
    }
  };
  given({"servername", "server"}, &host);
  given({"instancename", "instance"}, &instance);
  given({"portnumber", "port"}, &port);
  given({"databasename", "database"}, &url.database);
  RETURN_IF_ERROR(parse_hosts(host + (port.empty() ? "" : ":" + port), "1433", &url));
  // A port says where the instance is; without one the server's browser service is asked.
  if (!instance.empty() && port.empty()) {
    url.host += "\\" + instance;
    url.port.clear();
  }
  return url;
}

Result<ConnectionUrl> parse_odbc(std::string_view rest) {
  ConnectionUrl url;
  url.kind = Database::kOdbc;
  url.host.clear();
  url.port.clear();
  std::string_view first = rest.substr(0, rest.find(';'));
  if (first.find('=') == first.npos) {
    if (first.empty()) return Status::invalid("connection.url names no data source: jdbc:odbc:NAME, or jdbc:odbc:Driver=NAME;name=value;...");
    url.parameters.emplace_back("DSN", first);
    rest.remove_prefix(std::min(rest.size(), first.size() + 1));
  }
  RETURN_IF_ERROR(parse_braced_properties(rest, "jdbc:odbc:NAME;name=value;... or jdbc:odbc:Driver=NAME;name=value;...", &url));
  return url;
}

}  // namespace

const std::string* ConnectionUrl::parameter(std::string_view name) const {
  for (auto it = parameters.rbegin(); it != parameters.rend(); ++it) {
    if (it->first == name) return &it->second;
  }
  return nullptr;
}

Result<ConnectionUrl> parse_connection_url(const std::string& url) {
  std::string_view rest = url;
  if (rest.starts_with("jdbc:postgresql:")) return parse_postgresql(rest.substr(16));
  if (rest.starts_with("jdbc:sqlite:")) return parse_sqlite(rest.substr(12));
  if (rest.starts_with("jdbc:mysql:")) return parse_mysql(rest.substr(11));
  if (rest.starts_with("jdbc:mariadb:")) return parse_mysql(rest.substr(13));
  for (std::string_view prefix : {"jdbc:sqlserver:", "jdbc:microsoft:sqlserver:", "jdbc:jtds:sqlserver:"}) {
    if (rest.starts_with(prefix)) return parse_sqlserver(rest.substr(prefix.size()));
  }
  if (rest.starts_with("jdbc:odbc:")) return parse_odbc(rest.substr(10));
  // Only what stands before any host, path or parameter is shown.
  std::string shown(rest.substr(0, rest.find_first_of("/?;@")));
  return Status::invalid(fmt::format(
      "No suitable driver found for {}: connection.url must be jdbc:postgresql://host:port/database, jdbc:mysql://host:port/database, jdbc:mariadb://host:port/database, "
      "jdbc:sqlserver://host:port;databaseName=database or jdbc:sqlite:FILE; other databases by their ODBC driver: jdbc:odbc:NAME or "
      "jdbc:odbc:Driver=NAME;...", shown));
}

void add_driver_properties(const config::Properties& properties, ConnectionUrl* url) {
  static constexpr std::string_view kOwn[] = {"connection.url", "connection.user", "connection.password", "connection.attempts",
                                              "connection.backoff.ms"};
  for (const auto& [key, value] : properties) {
    if (!key.starts_with("connection.") || std::find(std::begin(kOwn), std::end(kOwn), key) != std::end(kOwn)) continue;
    std::string name = key.substr(11);
    url->parameters.emplace_back(url->kind == Database::kSqlserver ? ascii_lower(name) : name, value);
  }
}

}  // namespace bywash::jdbc
