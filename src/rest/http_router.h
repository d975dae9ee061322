// HttpRouter: from method and path to a handler, with the answers that Connect's Jetty and Jersey give for what fits none (400, 404,
// 405, 406, 415, OPTIONS, HEAD). Level 8; filled before the server starts, then read by every handler thread.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "rest/http_message.h"

namespace bywash::rest {

// `params`: the decoded segments that stood at the pattern's {}.
using RouteHandler = std::function<HttpResponse(const HttpRequest& request, const std::vector<std::string>& params)>;

struct RouteOptions {
  bool takes_json = false;                    // what says that its body is of another type than application/json is refused (415)
  bool reads_body = false;                    // so is a body that does not say its type
  bool produces_json = true;                  // the client has to accept application/json (406)
};

class HttpRouter {
 public:
  // `pattern`: "/connectors/{}/status".
  void add(std::string method, std::string_view pattern, RouteHandler handler, RouteOptions options = {});
  HttpResponse handle(const HttpRequest& request) const;
  // Method and pattern of each route.
  std::vector<std::pair<std::string, std::string>> routes() const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;
    RouteHandler handler;
    RouteOptions options;
  };
  std::vector<Route> routes_;
};

// {"error_code":404,"message":"HTTP 404 Not Found"}: what Jersey makes of its own refusals; without a content type, as there.
HttpResponse plain_refusal(int status);

}  // namespace bywash::rest
