// AccessRules: who may use the REST API of a worker, for what, and from which web pages. Basic authentication by a file of users
// (org.apache.kafka.connect.rest.basic.auth.extension, Kafka 4.3), bearer tokens, clients' certificates, roles, and cross-origin requests
// (access.control.allow.*). Level 8, handler threads.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "config/config_def.h"
#include "rest/bearer_tokens.h"
#include "rest/http_message.h"

namespace bywash::rest {

// What a request needs: reading, changing how something runs, changing what there is. Each has those before it.
enum class AccessRole : uint8_t { kRead, kOperate, kWrite };
AccessRole role_needed(const HttpRequest& request);

class AccessRules {
 public:
  // From a worker's properties. Error: the users' file cannot be read, an extension is asked for that does not exist here.
  static Result<AccessRules> make(const config::Properties& worker);

  // 401 for a request of nobody known, 403 for one that its owner has no role for; nullopt: it may pass.
  std::optional<HttpResponse> refuse(const HttpRequest& request) const;
  // Adds the headers of response.http.headers.config, and those by which a browser lets a page of an allowed origin see the answer.
  void mark(const HttpRequest& request, HttpResponse* response) const;

 private:
  struct AddedHeader {
    bool replaces = false, is_date = false;  // a date: `value` is milliseconds from now
    std::string name, value;
  };
  Status read_users(const config::Properties& worker);
  Status read_roles(const config::Properties& worker);
  Status read_headers(const config::Properties& worker);
  std::optional<TokenOwner> owner_of(const HttpRequest& request) const;
  std::optional<std::string> known_user(const std::string& authorization) const;
  bool has_role(const TokenOwner& owner, AccessRole role) const;
  bool allows_origin(const std::string& origin) const;
  HttpResponse unauthorized() const;

  bool basic_ = false, certificates_ = false;
  std::shared_ptr<BearerTokens> tokens_;
  config::Properties users_;  // name to password
  bool roles_matter_ = false;
  std::map<AccessRole, std::set<std::string>> members_;  // names, "role:<name>", "*"
  std::vector<AddedHeader> headers_;
  std::vector<std::string> origins_;
  std::string methods_;
};

}  // namespace bywash::rest
