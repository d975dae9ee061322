// db-lib behind Connection. Its handlers are the process's, so messages are collected per thread: each call is made and answered on one.
// What a connection needs beyond the login record (TLS, time limits) FreeTDS takes only from a freetds.conf: ours is in memory, a section per
// connection, and only grows. Level 6, the task's thread.
#include "connectors/jdbc/dialects/sqlserver_connection.h"

#include <sybdb.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>

#include "base/log.h"
#include "base/text.h"
#include "connectors/jdbc/time_zone.h"

namespace bywash::jdbc::sqlserver {
namespace {

constexpr std::string_view kSqlserverLogger = "jdbc.sqlserver";
constexpr int kUnique = 36, kXml = 241;  // TDS types that the header does not name
constexpr int64_t kDaysTo1900 = 25'567;  // from 1900-01-01, where SQL Server counts, to 1970-01-01

// Parameters of mssql-jdbc and jTDS that are looked at here, or that only tune the Java driver.
constexpr std::string_view kSqlserverParameters[] = {
    "user", "username", "password", "databasename", "database", "servername", "server", "portnumber", "port", "instancename", "instance", "encrypt", "ssl",
    "trustservercertificate", "servercertificate", "hostnameincertificate", "logintimeout", "sockettimeout", "querytimeout", "locktimeout",
    "applicationname", "appname", "applicationintent", "integratedsecurity", "authentication", "authenticationscheme", "domain",
    "sendstringparametersasunicode", "selectmethod", "responsebuffering", "packetsize", "lastupdatecount", "xopenstates", "workstationid",
    "columnencryptionsetting", "multisubnetfailover", "usebulkcopyforbatchinsert", "statementpoolingcachesize", "disablestatementpooling",
    "sendtimeasdatetime", "sendtemporaldatatypesasstringforbulkcopy", "connectretrycount", "connectretryinterval", "delayloadinglobs", "tcpnodelay",
    "sslprotocol", "usefmtonly", "preparestmt", "calcbigdecimalprecision", "maxresultbuffer"};

thread_local std::vector<ServerMessage> said;

int on_error(DBPROCESS*, int severity, int number, int, char* text, char*) {
  said.push_back({number, severity, true, text ? text : ""});
  return INT_CANCEL;
}

int on_message(DBPROCESS*, DBINT number, int, int severity, char* text, char*, char*, int) {
  // Up to severity 10 it is information (the database was changed, a statement was ended).
  if (severity > 10) said.push_back({static_cast<int>(number), severity, false, text ? text : ""});
  return 0;
}

// A configuration file that every thread may add sections to: dbopen() opens it anew, and reads whole sections.
class ServerSections {
 public:
  static Result<std::string> add(const std::string& settings) {
    static ServerSections sections;
    if (sections.file_ < 0) return Status::host("Cannot set up FreeTDS: no memory for its configuration");
    static std::mutex one_at_a_time;
    std::lock_guard lock(one_at_a_time);
    // The same settings have the same section: a connector that comes back for years takes no more room.
    for (size_t i = 0; i < sections.known_.size(); ++i) {
      if (sections.known_[i] == settings) return "bywash" + std::to_string(i);
    }
    std::string name = "bywash" + std::to_string(sections.known_.size());
    std::string text = "[" + name + "]\n" + settings;
    if (write(sections.file_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) return Status::host("Cannot set up FreeTDS: no memory");
    sections.known_.push_back(settings);
    return name;
  }

 private:
  ServerSections() : file_(memfd_create("freetds.conf", MFD_CLOEXEC)) {
    dbinit();
    dberrhandle(on_error);
    dbmsghandle(on_message);
    dbsetifile(("/proc/self/fd/" + std::to_string(file_)).data());
  }
  int file_;
  std::vector<std::string> known_;
};

bool one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == '#' || c == ';'; });
}

// The name that the certificate is to have is the host's; "*.database.windows.net", as Azure's examples have it, says the same.
bool names_host(std::string_view pattern, std::string_view host) {
  if (pattern.starts_with("*.")) return host.ends_with(pattern.substr(1));
  return pattern == host;
}

Result<std::string> tls_settings(const ConnectionUrl& url) {
  auto given = [&](const char* name) { auto* v = url.parameter(name); return v ? ascii_lower(*v) : std::string(); };
  std::string encrypt = given("encrypt");
  if (encrypt == "strict") return Status::invalid("encrypt=strict (TDS 8.0) is not supported: use encrypt=true");
  if (encrypt.empty() && (given("ssl") == "require" || given("ssl") == "authenticate")) encrypt = "true";
  // Without the word the login is encrypted where the server offers it.
  if (encrypt.empty() || encrypt == "false" || encrypt == "no" || encrypt == "optional") return std::string("encryption = request\n");
  std::string out = "encryption = require\n";
  if (given("trustservercertificate") == "true" || given("ssl") == "require") return out;
  std::string name = given("hostnameincertificate");
  if (!name.empty() && !names_host(name, ascii_lower(url.host))) {
    return Status::invalid("hostNameInCertificate must be the host of connection.url: connect by that name, or set trustServerCertificate=true");
  }
  auto* file = url.parameter("servercertificate");
  if (file && !one_line(*file)) return Status::invalid("serverCertificate must be the path of a PEM file, without ';' and '#'");
  return out + "ca file = " + (file && !file->empty() ? *file : "system") + "\ncheck certificate hostname = yes\n";
}

Result<std::string> settings_of(const ConnectionUrl& url, const std::string& host, const std::string& port) {
  if (host.empty() || !one_line(host)) return Status::invalid("connection.url holds no host");
  auto number = [&](const char* name) { auto* v = url.parameter(name); return v ? std::strtol(v->c_str(), nullptr, 10) : 0; };
  size_t bar = host.find('\\');
  std::string out = "host = " + host.substr(0, bar) + "\n";
  if (bar != host.npos) out += "instance = " + host.substr(bar + 1) + "\n";
  else out += "port = " + port + "\n";
  long login = number("logintimeout");
  out += fmt::format("tds version = 7.4\nclient charset = UTF-8\ntext size = 2147483647\nconnect timeout = {}\n", login > 0 ? login : 15);
  long seconds = (number("sockettimeout") + 999) / 1000;
  if (seconds > 0) out += fmt::format("timeout = {}\n", seconds);
  if (auto* intent = url.parameter("applicationintent"); intent && ascii_lower(*intent) == "readonly") out += "read-only intent = yes\n";
  ASSIGN_OR_RETURN(std::string tls, tls_settings(url));
  return out + tls;
}

Status check_login_kind(const ConnectionUrl& url) {
  auto given = [&](const char* name) { auto* v = url.parameter(name); return v ? ascii_lower(*v) : std::string(); };
  std::string kind = given("authentication");
  if (given("integratedsecurity") == "true" || (!kind.empty() && kind != "notspecified" && kind != "sqlpassword")) {
    return Status::invalid("Only SQL Server logins are supported: leave out integratedSecurity and authentication, and set connection.user and connection.password");
  }
  if (given("columnencryptionsetting") == "enabled") {
    return Status::invalid("columnEncryptionSetting=Enabled (Always Encrypted) is not supported: encrypted columns cannot be read or written");
  }
  return {};
}

FieldKind kind_of(int type) {
  switch (type) {
    case SYBBIT: return FieldKind::kBit;
    case SYBINT1: return FieldKind::kTinyint;
    case SYBINT2: return FieldKind::kSmallint;
    case SYBINT4: return FieldKind::kInt;
    case SYBINT8: return FieldKind::kBigint;
    case SYBREAL: return FieldKind::kReal;
    case SYBFLT8: return FieldKind::kFloat;
    case SYBNUMERIC: case SYBDECIMAL: case SYBMONEY: case SYBMONEY4: return FieldKind::kDecimal;
    case SYBCHAR: case SYBVARCHAR: case SYBTEXT: case SYBNTEXT: case SYBNVARCHAR: case kUnique: case kXml: return FieldKind::kText;
    case SYBBINARY: case SYBVARBINARY: case SYBIMAGE: return FieldKind::kBytes;
    case SYBMSDATE: return FieldKind::kDate;
    case SYBMSTIME: return FieldKind::kTime;
    case SYBDATETIME: case SYBDATETIME4: return FieldKind::kDatetime;
    case SYBMSDATETIME2: return FieldKind::kDatetime2;
    case SYBMSDATETIMEOFFSET: return FieldKind::kDatetimeoffset;
    default: return FieldKind::kOther;
  }
}

template <class T>
T value_at(const BYTE* data) {
  T out;
  std::memcpy(&out, data, sizeof out);
  return out;
}

std::string money_text(int64_t ten_thousandths) {
  uint64_t size = ten_thousandths < 0 ? uint64_t{0} - static_cast<uint64_t>(ten_thousandths) : static_cast<uint64_t>(ten_thousandths);
  return fmt::format("{}{}.{:04}", ten_thousandths < 0 ? "-" : "", size / 10'000, size % 10'000);
}

// "10:00:00.1234567", as many digits as needed.
std::string hundred_nanos_text(uint64_t of_day) {
  uint64_t seconds = of_day / 10'000'000, rest = of_day % 10'000'000;
  std::string out = fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (rest == 0) return out;
  out += fmt::format(".{:07}", rest);
  while (out.back() == '0') out.pop_back();
  return out;
}

std::string time_text_of(int type, const BYTE* data) {
  if (type == SYBDATETIME) {
    auto v = value_at<DBDATETIME>(data);
    // 300 ticks a second; shown in whole milliseconds, as SQL Server does.
    int64_t ms = (int64_t{v.dttime} * 10 + 1) / 3;
    return date_text(v.dtdays - kDaysTo1900) + " " + hundred_nanos_text(static_cast<uint64_t>(ms) * 10'000);
  }
  if (type == SYBDATETIME4) {
    auto v = value_at<DBDATETIME4>(data);
    return date_text(v.days - kDaysTo1900) + " " + hundred_nanos_text(uint64_t{v.minutes} * 600'000'000);
  }
  auto v = value_at<DBDATETIMEALL>(data);
  if (type == SYBMSTIME) return hundred_nanos_text(v.time);
  std::string date = date_text(v.date - kDaysTo1900);
  if (type == SYBMSDATE) return date;
  return date + " " + hundred_nanos_text(v.time) + (type == SYBMSDATETIMEOFFSET ? "+00" : "");
}

std::string text_of(DBPROCESS* process, int type, const BYTE* data, DBINT size) {
  switch (type) {
    case SYBBIT: return data[0] ? "1" : "0";
    case SYBINT1: return std::to_string(data[0]);
    case SYBINT2: return std::to_string(value_at<int16_t>(data));
    case SYBINT4: return std::to_string(value_at<int32_t>(data));
    case SYBINT8: return std::to_string(value_at<int64_t>(data));
    case SYBREAL: return fmt::format("{}", value_at<float>(data));
    case SYBFLT8: return fmt::format("{}", value_at<double>(data));
    case SYBMONEY: {
      auto v = value_at<DBMONEY>(data);
      return money_text(static_cast<int64_t>(static_cast<uint64_t>(static_cast<uint32_t>(v.mnyhigh)) << 32 | v.mnylow));
    }
    case SYBMONEY4: return money_text(value_at<DBMONEY4>(data).mny4);
    case SYBMSDATE: case SYBMSTIME: case SYBDATETIME: case SYBDATETIME4: case SYBMSDATETIME2: case SYBMSDATETIMEOFFSET: return time_text_of(type, data);
    default: break;
  }
  char text[128] = "";  // a number of 38 digits, or a uniqueidentifier
  dbconvert(process, type, data, size, SYBCHAR, reinterpret_cast<BYTE*>(text), -1);
  return text;
}

}  // namespace

struct Connection::Handle {
  DBPROCESS* process = nullptr;
  ~Handle() {
    if (process) dbclose(process);
  }
};

Connection::Connection(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
Connection::~Connection() = default;

bool Connection::alive() const { return !dbdead(handle_->process); }

Status Connection::failed() {
  auto messages = std::move(said);
  said.clear();
  reading_ = false;
  bool dead = !alive();
  if (!dead) dbcancel(handle_->process);
  said.clear();
  return status_of(messages, dead || !alive());
}

Result<std::unique_ptr<Connection>> Connection::open(const ConnectionUrl& url, const std::optional<std::string>& user, const config::Secret& password) {
  RETURN_IF_ERROR(check_login_kind(url));
  for (const auto& [name, value] : url.parameters) {
    bool known = std::find(std::begin(kSqlserverParameters), std::end(kSqlserverParameters), name) != std::end(kSqlserverParameters);
    if (!known) log::warn(kSqlserverLogger, "Parameter '{}' of the connection has no effect", name);
  }
  auto given = [&](std::initializer_list<const char*> names) {
    for (const char* name : names) {
      if (auto* v = url.parameter(name)) return *v;
    }
    return std::string();
  };
  std::string name = user ? *user : given({"user", "username"}), secret = password.empty() ? given({"password"}) : password.text();
  // FreeTDS would try a Kerberos ticket.
  if (name.empty()) return Status::unauthorized("SQL Server needs a login: set connection.user and connection.password");
  std::string_view hosts = url.host, ports = url.port;
  while (true) {
    std::string host(hosts.substr(0, hosts.find(','))), port(ports.substr(0, ports.find(',')));
    ASSIGN_OR_RETURN(std::string settings, settings_of(url, host, port));
    ASSIGN_OR_RETURN(std::string section, ServerSections::add(settings));
    LOGINREC* login = dblogin();
    if (!login) return Status::host("Out of memory");
    DBSETLUSER(login, name.c_str());
    DBSETLPWD(login, secret.c_str());
    std::string application = given({"applicationname", "appname"});
    DBSETLAPP(login, application.empty() ? "bywash" : application.c_str());
    if (!url.database.empty()) DBSETLDBNAME(login, url.database.c_str());
    said.clear();
    auto handle = std::make_unique<Handle>();
    handle->process = dbopen(login, section.c_str());
    dbloginfree(login);
    auto messages = std::move(said);
    said.clear();
    if (handle->process) return std::unique_ptr<Connection>(new Connection(std::move(handle)));
    bool told = std::any_of(messages.begin(), messages.end(), [](const ServerMessage& m) { return !m.local; });
    size_t comma = hosts.find(',');
    if (told) return status_of(messages, false);
    if (comma == hosts.npos) {
      std::string why = messages.empty() ? "no answer" : messages.front().text;
      if (size_t own = why.find(" (" + section); own != why.npos) why.erase(own);
      std::string tls = settings.find("ca file") == settings.npos ? "" : ", or its certificate was not accepted (trustServerCertificate, serverCertificate)";
      return Status::retriable(fmt::format("{}{}: {}: the server cannot be reached{}", host, port.empty() ? "" : ":" + port, why, tls));
    }
    hosts.remove_prefix(comma + 1);
    ports.remove_prefix(std::min(ports.size(), ports.find(',') == ports.npos ? size_t{0} : ports.find(',') + 1));
  }
}

Status Connection::send(const std::string& sql) {
  finish();
  said.clear();
  dbfreebuf(handle_->process);
  if (dbcmd(handle_->process, sql.c_str()) != SUCCEED || dbsqlexec(handle_->process) != SUCCEED) return failed();
  return {};
}

Status Connection::run(const std::string& sql) {
  RETURN_IF_ERROR(send(sql));
  while (true) {
    RETCODE code = dbresults(handle_->process);
    if (code == NO_MORE_RESULTS) break;
    if (code != SUCCEED) return failed();
    while ((code = dbnextrow(handle_->process)) != NO_MORE_ROWS) {
      if (code == FAIL) return failed();
    }
  }
  return said.empty() ? Status() : failed();
}

Result<std::vector<std::vector<std::optional<std::string>>>> Connection::query(const std::string& sql) {
  ASSIGN_OR_RETURN(auto fields, start(sql));
  std::vector<std::vector<std::optional<std::string>>> rows;
  Values row;
  while (!fields.empty()) {
    ASSIGN_OR_RETURN(bool more, next(&row));
    if (!more) break;
    auto& out = rows.emplace_back();
    for (const auto& value : row) out.push_back(value ? std::optional<std::string>(*value) : std::nullopt);
  }
  finish();
  return rows;
}

Result<std::vector<Field>> Connection::start(const std::string& sql) {
  RETURN_IF_ERROR(send(sql));
  fields_.clear();
  DBPROCESS* process = handle_->process;
  while (fields_.empty()) {
    RETCODE code = dbresults(process);
    if (code == NO_MORE_RESULTS) return said.empty() ? Result<std::vector<Field>>(fields_) : failed();
    if (code != SUCCEED) return failed();
    for (int i = 1; i <= dbnumcols(process); ++i) {
      Field f;
      f.name = dbcolname(process, i);
      f.type_number = dbcoltype(process, i);
      f.kind = kind_of(f.type_number);
      if (DBTYPEINFO* type = dbcoltypeinfo(process, i)) {
        f.precision = type->precision;
        f.scale = type->scale;
      }
      if (f.type_number == SYBMONEY || f.type_number == SYBMONEY4) {
        f.precision = f.type_number == SYBMONEY ? 19 : 10;
        f.scale = 4;
      }
      DBCOL column{};
      column.SizeOfStruct = sizeof column;
      f.nullable = dbtablecolinfo(process, i, &column) != SUCCEED || column.Null != FALSE;
      fields_.push_back(std::move(f));
    }
  }
  reading_ = true;
  return fields_;
}

Result<bool> Connection::next(Values* row) {
  DBPROCESS* process = handle_->process;
  RETCODE code = dbnextrow(process);
  if (code == NO_MORE_ROWS) {
    // An error behind the rows (a conversion, a deadlock) ends them early.
    while ((code = dbresults(process)) == SUCCEED) {
    }
    if (code != NO_MORE_RESULTS || !said.empty()) return failed();
    reading_ = false;
    return false;
  }
  if (code == FAIL || code == BUF_FULL) return failed();
  row->resize(fields_.size());
  made_.resize(fields_.size());
  for (size_t i = 0; i < fields_.size(); ++i) {
    int column = static_cast<int>(i) + 1;
    const BYTE* data = dbdata(process, column);
    DBINT size = dbdatlen(process, column);
    auto& value = (*row)[i];
    if (!data || size < 0) { value.reset(); continue; }
    const Field& f = fields_[i];
    bool plain = (f.kind == FieldKind::kText && f.type_number != kUnique) || f.kind == FieldKind::kBytes;
    if (plain) { value = std::string_view(reinterpret_cast<const char*>(data), static_cast<size_t>(size)); continue; }
    if (f.kind == FieldKind::kOther) { value = std::string_view(); continue; }
    made_[i] = text_of(process, f.type_number, data, size);
    value = made_[i];
  }
  return true;
}

void Connection::finish() {
  if (reading_ && alive()) dbcancel(handle_->process);
  reading_ = false;
  said.clear();
}

}  // namespace bywash::jdbc::sqlserver
