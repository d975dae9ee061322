// Authentication, roles and added headers.
#include "rest/connect_access.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>

#include "base/log.h"
#include "base/text.h"
#include "config/properties.h"
#include "rest/base64_digits.h"
#include "rest/connect_json.h"

namespace bywash::rest {
namespace {

constexpr std::string_view kBasicExtension = "BasicAuthSecurityRestExtension";
constexpr const char* kUsersFile = "rest.basic.auth.file";
constexpr const char* kLoginConfig = "java.security.auth.login.config";

config::List list_of(const config::Properties& worker, std::string_view key) {
  auto parsed = config::parse_value(config::KeyType::kList, config::get_or(worker, key, ""));
  return parsed.ok() && std::holds_alternative<config::List>(*parsed) ? std::get<config::List>(*parsed) : config::List();
}

// What stands before the padding.
std::optional<std::string> decode_base64(std::string_view text) {
  auto digits = read_base64_digits(text.substr(0, text.find('=')), "+/");
  return digits ? std::optional(std::move(digits->bytes)) : std::nullopt;
}

// In a time that does not tell how much of it is right.
bool same_text(std::string_view a, std::string_view b) {
  size_t difference = a.size() ^ b.size();
  for (size_t i = 0; i < a.size(); ++i) difference |= static_cast<size_t>(static_cast<unsigned char>(a[i] ^ (i < b.size() ? b[i] : 0)));
  return difference == 0;
}

// The words, quoted texts and signs of a JAAS file, without its comments.
std::vector<std::string> jaas_words(std::string_view text) {
  std::vector<std::string> out;
  for (size_t i = 0; i < text.size();) {
    if (text.substr(i, 2) == "//" || text[i] == '#') {
      i = std::min(text.find('\n', i), text.size());
    } else if (text.substr(i, 2) == "/*") {
      size_t end = text.find("*/", i + 2);
      i = end == text.npos ? text.size() : end + 2;
    } else if (text[i] == '"') {
      std::string word;
      for (++i; i < text.size() && text[i] != '"'; ++i) word += text[i] == '\\' && i + 1 < text.size() ? text[++i] : text[i];
      ++i;
      out.push_back(word);
    } else if (std::string_view("{};=").find(text[i]) != std::string_view::npos) {
      out.emplace_back(1, text[i++]);
    } else if (std::string_view(" \t\r\n").find(text[i]) != std::string_view::npos) {
      ++i;
    } else {
      size_t end = std::min(text.find_first_of(" \t\r\n{};=\"", i), text.size());
      out.emplace_back(text.substr(i, end - i));
      i = end;
    }
  }
  return out;
}

// The file of users that the login module of the entry KafkaConnect names.
Result<std::string> users_of_jaas(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  if (!in) return Status::invalid(fmt::format("Cannot read '{}' (key '{}'). Check the path and its permissions", path, kLoginConfig));
  const std::vector<std::string> words = jaas_words(text.str());
  auto entry = std::find(words.begin(), words.end(), "KafkaConnect");
  auto end = std::find(entry, words.end(), "}");
  auto module = std::find_if(entry, end, [](const std::string& word) { return std::string_view(word).ends_with("PropertyFileLoginModule"); });
  for (auto at = module; end - at > 2; ++at) {
    if (*at == "file" && at[1] == "=") return at[2];
  }
  return Status::invalid(fmt::format("'{}' has no entry KafkaConnect with a PropertyFileLoginModule and its option 'file' (key '{}'). Other login modules cannot run here", path, kLoginConfig));
}

// Where the JVM would have been told of its login configuration.
std::string login_config_path(const config::Properties& worker) {
  if (std::string given = config::get_or(worker, kLoginConfig, ""); !given.empty()) return given;
  const char* options = std::getenv("KAFKA_OPTS");
  std::stringstream words(options ? options : "");
  const std::string start = fmt::format("-D{}=", kLoginConfig);
  for (std::string word; words >> word;) {
    if (word.starts_with(start)) return word.substr(start.size() + (word.substr(start.size()).starts_with('=') ? 1 : 0));
  }
  return "";
}

// Entries between commas; one in double quotes may have commas of its own.
std::vector<std::string> header_entries(std::string_view text) {
  std::vector<std::string> out(1);
  bool quoted = false;
  for (char c : text) {
    if (c == '"') quoted = !quoted;
    else if (c == ',' && !quoted) out.emplace_back();
    else out.back() += c;
  }
  for (std::string& each : out) each = std::string(config::trim(each));
  std::erase(out, "");
  return out;
}

std::string date_after(int64_t ms) {
  std::time_t when = std::time(nullptr) + ms / 1000;
  std::tm parts{};
  gmtime_r(&when, &parts);
  char text[40];
  return std::string(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts));
}

bool is_true(const config::Properties& worker, const char* key) { return ascii_lower(config::get_or(worker, key, "false")) == "true"; }

// Requests between workers have a signature of their own (JaasBasicAuthFilter.INTERNAL_REQUEST_MATCHERS).
bool between_workers(const HttpRequest& request) {
  const std::vector<std::string> parts = split_path(request.path);
  if (parts.size() != 3 || parts[0] != "connectors") return false;
  return (request.method == "POST" && parts[2] == "tasks") || (request.method == "PUT" && parts[2] == "fence");
}

}  // namespace

AccessRole role_needed(const HttpRequest& request) {
  if (request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS") return AccessRole::kRead;
  std::vector<std::string> parts = split_path(request.path);
  while (!parts.empty() && parts.back().empty()) parts.pop_back();
  if (parts.size() >= 3 && parts[0] == "connectors") {
    // Segments are compared as the router does, decoded.
    std::string last, third;
    if (!percent_decode(parts.back(), &last) || !percent_decode(parts[2], &third)) return AccessRole::kWrite;
    const bool change = parts.size() == 3 && request.method == "PUT" && (last == "pause" || last == "resume" || last == "stop");
    const bool restart = request.method == "POST" && last == "restart" && (parts.size() == 3 || (parts.size() == 5 && third == "tasks"));
    const bool offsets = parts.size() == 3 && last == "offsets" && (request.method == "PATCH" || request.method == "DELETE");
    const bool topics = parts.size() == 4 && request.method == "PUT" && third == "topics" && last == "reset";
    if (change || restart || offsets || topics) return AccessRole::kOperate;
  }
  if (parts.size() == 3 && parts[0] == "admin" && parts[1] == "loggers") return AccessRole::kOperate;
  return AccessRole::kWrite;
}

Status AccessRules::read_users(const config::Properties& worker) {
  for (const std::string& extension : list_of(worker, "rest.extension.classes")) {
    if (!std::string_view(extension).ends_with(kBasicExtension)) {
      return Status::invalid(fmt::format("Invalid value {} for configuration rest.extension.classes: Java extensions cannot run here; there is {} of Kafka", extension, kBasicExtension));
    }
    basic_ = true;
  }
  std::string file = config::get_or(worker, kUsersFile, "");
  if (basic_ && file.empty()) {
    const std::string login = login_config_path(worker);
    if (login.empty()) {
      return Status::invalid(fmt::format("{} needs the key '{}': the file of users (name=password, a line each) that the login module PropertyFileLoginModule has as its option 'file'; "
                                         "or '{}', here or in KAFKA_OPTS: the JAAS file that names it", kBasicExtension, kUsersFile, kLoginConfig));
    }
    ASSIGN_OR_RETURN(file, users_of_jaas(login));
  }
  if (file.empty()) return {};
  basic_ = true;
  auto users = config::read_properties_file(file);
  if (!users.ok()) return users.status().with_context(fmt::format("Key '{}'", kUsersFile));
  users_ = *std::move(users);
  return {};
}

Status AccessRules::read_roles(const config::Properties& worker) {
  constexpr std::pair<const char*, AccessRole> kKeys[] = {{"rest.auth.roles.read", AccessRole::kRead}, {"rest.auth.roles.operate", AccessRole::kOperate}, {"rest.auth.roles.write", AccessRole::kWrite}};
  for (const auto& [key, role] : kKeys) {
    if (!worker.contains(key)) continue;
    roles_matter_ = true;
    for (const std::string& member : list_of(worker, key)) members_[role].insert(member);
  }
  if (roles_matter_ && !basic_ && !tokens_ && !certificates_) {
    return Status::invalid("Roles need users: beside rest.auth.roles.* set rest.basic.auth.file, rest.auth.jwt.jwks.file or .url, or rest.auth.certificate");
  }
  return {};
}

// The form of Jetty's HeaderFilter (HttpHeadersConfig): "set X-A: b, add X-C: d, setDate Expires: 3600000".
Status AccessRules::read_headers(const config::Properties& worker) {
  constexpr const char* kKey = "response.http.headers.config";
  for (const std::string& entry : header_entries(config::get_or(worker, kKey, ""))) {
    auto bad = [&](std::string_view why) { return Status::invalid(fmt::format("Invalid value {} for configuration {}: {}", entry, kKey, why)); };
    const size_t blank = entry.find_first_of(" \t"), colon = entry.find(':');
    if (blank == entry.npos || colon == entry.npos || colon < blank) return bad("a header is written as [action] [header name]:[header value]");
    const std::string action = entry.substr(0, blank);
    AddedHeader header{action.starts_with("set"), action.ends_with("Date"), std::string(config::trim(std::string_view(entry).substr(blank, colon - blank))), std::string(config::trim(std::string_view(entry).substr(colon + 1)))};
    if (action != "set" && action != "add" && action != "setDate" && action != "addDate") return bad("Header action must be one of set, add, setDate, addDate");
    if (header.name.empty() || header.name.find_first_of(" \t\r\n") != std::string::npos || header.value.find_first_of("\r\n") != std::string::npos) return bad("this is no name and value of a header");
    int64_t ms = 0;
    auto [end, error] = std::from_chars(header.value.data(), header.value.data() + header.value.size(), ms);
    if (header.is_date && (error != std::errc() || end != header.value.data() + header.value.size())) return bad("a date is written as milliseconds from now");
    headers_.push_back(std::move(header));
  }
  return {};
}

Result<AccessRules> AccessRules::make(const config::Properties& worker) {
  AccessRules out;
  RETURN_IF_ERROR(out.read_users(worker));
  ASSIGN_OR_RETURN(out.tokens_, BearerTokens::make(worker));
  out.certificates_ = is_true(worker, "rest.auth.certificate");
  RETURN_IF_ERROR(out.read_roles(worker));
  RETURN_IF_ERROR(out.read_headers(worker));
  out.origins_ = list_of(worker, "access.control.allow.origin");
  config::List methods = list_of(worker, "access.control.allow.methods");
  out.methods_ = methods.empty() ? "GET,POST,HEAD" : fmt::format("{}", fmt::join(methods, ","));
  return out;
}

std::optional<std::string> AccessRules::known_user(const std::string& authorization) const {
  constexpr std::string_view kScheme = "basic ";
  if (ascii_lower(authorization.substr(0, kScheme.size())) != kScheme) return std::nullopt;
  auto plain = decode_base64(config::trim(std::string_view(authorization).substr(kScheme.size())));
  size_t colon = plain ? plain->find(':') : std::string::npos;
  if (colon == std::string::npos) return std::nullopt;
  auto user = users_.find(plain->substr(0, colon));
  const bool good = user != users_.end() && same_text(user->second, std::string_view(*plain).substr(colon + 1));
  return good ? std::optional(user->first) : std::nullopt;
}

std::optional<TokenOwner> AccessRules::owner_of(const HttpRequest& request) const {
  auto given = request.headers.find("authorization");
  if (given != request.headers.end() && !given->second.empty()) {
    constexpr std::string_view kScheme = "bearer ";
    if (tokens_ && ascii_lower(given->second.substr(0, kScheme.size())) == kScheme) {
      return tokens_->check(std::string(config::trim(std::string_view(given->second).substr(kScheme.size()))));
    }
    auto user = basic_ ? known_user(given->second) : std::nullopt;
    // Who has sent a wrong password is not let in by the certificate.
    return user ? std::optional(TokenOwner{*user, {}}) : std::nullopt;
  }
  if (certificates_ && !request.client_name.empty()) return TokenOwner{request.client_name, {}};
  return std::nullopt;
}

bool AccessRules::has_role(const TokenOwner& owner, AccessRole role) const {
  if (!roles_matter_) return true;
  for (AccessRole each : {AccessRole::kRead, AccessRole::kOperate, AccessRole::kWrite}) {
    auto members = members_.find(each);
    if (each < role || members == members_.end()) continue;
    const std::set<std::string>& names = members->second;
    if (names.contains("*") || (!owner.name.starts_with("role:") && names.contains(owner.name))) return true;
    if (std::any_of(owner.roles.begin(), owner.roles.end(), [&](const std::string& name) { return names.contains("role:" + name); })) return true;
  }
  return false;
}

bool AccessRules::allows_origin(const std::string& origin) const {
  return std::any_of(origins_.begin(), origins_.end(), [&](const std::string& each) { return each == "*" || each == origin; });
}

HttpResponse AccessRules::unauthorized() const {
  HttpResponse out;
  if (basic_ && !tokens_) {
    out.status = 401;
    out.body = "User cannot access the resource.";
  } else {
    out = error_response(401, "User cannot access the resource.");
  }
  if (tokens_) out.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"connect\"");
  if (basic_) out.headers.emplace_back("WWW-Authenticate", "Basic realm=\"connect\"");
  return out;
}

std::optional<HttpResponse> AccessRules::refuse(const HttpRequest& request) const {
  if (!basic_ && !tokens_ && !certificates_) return std::nullopt;
  if (between_workers(request)) return std::nullopt;
  // A browser asks without credentials whether it may ask.
  auto origin = request.headers.find("origin");
  if (request.method == "OPTIONS" && origin != request.headers.end() && request.headers.contains("access-control-request-method") && allows_origin(origin->second)) return std::nullopt;
  auto owner = owner_of(request);
  if (!owner) return unauthorized();
  if (has_role(*owner, role_needed(request))) return std::nullopt;
  constexpr std::string_view kRoles[] = {"read", "operate", "write"};
  return error_response(403, fmt::format("User '{}' does not have the role '{}' that {} {} needs", owner->name, kRoles[static_cast<size_t>(role_needed(request))], request.method, request.path));
}

void AccessRules::mark(const HttpRequest& request, HttpResponse* response) const {
  for (const AddedHeader& each : headers_) {
    if (each.replaces) std::erase_if(response->headers, [&](const auto& header) { return ascii_lower(header.first) == ascii_lower(each.name); });
    int64_t ms = 0;
    if (each.is_date) std::from_chars(each.value.data(), each.value.data() + each.value.size(), ms);
    response->headers.emplace_back(each.name, each.is_date ? date_after(ms) : each.value);
  }
  auto origin = request.headers.find("origin");
  if (origins_.empty() || origin == request.headers.end()) return;
  response->headers.emplace_back("Vary", "Origin");
  if (!allows_origin(origin->second)) return;
  response->headers.emplace_back("Access-Control-Allow-Origin", origin->second);
  if (request.method != "OPTIONS" || !request.headers.contains("access-control-request-method")) return;
  response->headers.emplace_back("Access-Control-Allow-Methods", methods_);
  response->headers.emplace_back("Access-Control-Allow-Headers", "Content-Type,Authorization");
  response->headers.emplace_back("Access-Control-Max-Age", "60");
}

}  // namespace bywash::rest
