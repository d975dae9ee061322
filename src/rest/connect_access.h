// AccessRules: who may use the REST API of a worker, and from which web pages. Basic authentication by a file of users
// (org.apache.kafka.connect.rest.basic.auth.extension, Kafka 4.3) and cross-origin requests (access.control.allow.*). Level 8, handler threads.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "config/config_def.h"
#include "rest/http_message.h"

namespace bywash::rest {

class AccessRules {
 public:
  // From a worker's properties. Error: the users' file cannot be read, an extension is asked for that does not exist here.
  static Result<AccessRules> make(const config::Properties& worker);

  // 401 for a request without the name and password of a user; nullopt: it may pass.
  std::optional<HttpResponse> refuse(const HttpRequest& request) const;
  // Adds the headers by which a browser lets a page of an allowed origin see the answer.
  void mark(const HttpRequest& request, HttpResponse* response) const;

 private:
  bool known_user(const std::string& authorization) const;
  bool authenticates_ = false;
  config::Properties users_;  // name to password
  std::vector<std::string> origins_;
  std::string methods_;
};

}  // namespace bywash::rest
