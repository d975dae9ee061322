// Basic authentication and cross-origin headers.
#include "rest/connect_access.h"

#include <algorithm>

#include "base/text.h"
#include "config/properties.h"

namespace bywash::rest {
namespace {

constexpr std::string_view kBasicExtension = "BasicAuthSecurityRestExtension";
constexpr const char* kUsersFile = "rest.basic.auth.file";

config::List list_of(const config::Properties& worker, std::string_view key) {
  auto parsed = config::parse_value(config::KeyType::kList, config::get_or(worker, key, ""));
  return parsed.ok() && std::holds_alternative<config::List>(*parsed) ? std::get<config::List>(*parsed) : config::List();
}

std::optional<std::string> decode_base64(std::string_view text) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    int digit = c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? c - 'a' + 26 : c >= '0' && c <= '9' ? c - '0' + 52 : c == '+' ? 62 : c == '/' ? 63 : -1;
    if (c == '=') break;
    if (digit < 0) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    if (++count % 4 != 1) out += static_cast<char>(bits >> (count % 4 == 2 ? 4 : count % 4 == 3 ? 2 : 0) & 0xff);
  }
  return out;
}

// In a time that does not tell how much of it is right.
bool same_text(std::string_view a, std::string_view b) {
  size_t difference = a.size() ^ b.size();
  for (size_t i = 0; i < a.size(); ++i) difference |= static_cast<size_t>(static_cast<unsigned char>(a[i] ^ (i < b.size() ? b[i] : 0)));
  return difference == 0;
}

}  // namespace

Result<AccessRules> AccessRules::make(const config::Properties& worker) {
  AccessRules out;
  for (const std::string& extension : list_of(worker, "rest.extension.classes")) {
    if (!std::string_view(extension).ends_with(kBasicExtension)) {
      return Status::invalid(fmt::format("Invalid value {} for configuration rest.extension.classes: Java extensions cannot run here; there is {} of Kafka", extension, kBasicExtension));
    }
    out.authenticates_ = true;
  }
  const std::string file = config::get_or(worker, kUsersFile, "");
  if (out.authenticates_ && file.empty()) {
    return Status::invalid(fmt::format("{} needs the key '{}': the file of users (name=password, a line each) that the login module PropertyFileLoginModule has as its option 'file'", kBasicExtension, kUsersFile));
  }
  if (!file.empty()) {
    out.authenticates_ = true;
    auto users = config::read_properties_file(file);
    if (!users.ok()) return users.status().with_context(fmt::format("Key '{}'", kUsersFile));
    out.users_ = *std::move(users);
  }
  out.origins_ = list_of(worker, "access.control.allow.origin");
  config::List methods = list_of(worker, "access.control.allow.methods");
  out.methods_ = methods.empty() ? "GET,POST,HEAD" : fmt::format("{}", fmt::join(methods, ","));
  return out;
}

bool AccessRules::known_user(const std::string& authorization) const {
  constexpr std::string_view kScheme = "basic ";
  if (ascii_lower(authorization.substr(0, kScheme.size())) != kScheme) return false;
  auto plain = decode_base64(config::trim(std::string_view(authorization).substr(kScheme.size())));
  size_t colon = plain ? plain->find(':') : std::string::npos;
  if (colon == std::string::npos) return false;
  auto user = users_.find(plain->substr(0, colon));
  return user != users_.end() && same_text(user->second, std::string_view(*plain).substr(colon + 1));
}

std::optional<HttpResponse> AccessRules::refuse(const HttpRequest& request) const {
  if (!authenticates_) return std::nullopt;
  auto given = request.headers.find("authorization");
  if (given != request.headers.end() && known_user(given->second)) return std::nullopt;
  HttpResponse out;
  out.status = 401;
  out.headers = {{"WWW-Authenticate", "Basic realm=\"connect\""}};
  out.body = "User cannot access the resource.";
  return out;
}

void AccessRules::mark(const HttpRequest& request, HttpResponse* response) const {
  auto origin = request.headers.find("origin");
  if (origins_.empty() || origin == request.headers.end()) return;
  response->headers.emplace_back("Vary", "Origin");
  bool allowed = std::any_of(origins_.begin(), origins_.end(), [&](const std::string& each) { return each == "*" || each == origin->second; });
  if (!allowed) return;
  response->headers.emplace_back("Access-Control-Allow-Origin", origin->second);
  if (request.method != "OPTIONS" || !request.headers.contains("access-control-request-method")) return;
  response->headers.emplace_back("Access-Control-Allow-Methods", methods_);
  response->headers.emplace_back("Access-Control-Allow-Headers", "Content-Type,Authorization");
  response->headers.emplace_back("Access-Control-Max-Age", "60");
}

}  // namespace bywash::rest
