// HttpRequest and HttpResponse: what a handler gets and gives, free of the HTTP library. Level 8, every handler thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bywash::rest {

class SpooledBody;

struct HttpRequest {
  std::string method;                               // as sent: "GET"
  std::string target;                               // as sent: "/connectors/a%20b?expand=status"
  std::string path;                                 // before '?', still percent-encoded: split it, then decode each segment
  std::multimap<std::string, std::string> query;    // decoded names and values
  std::map<std::string, std::string> headers;       // names in lower case; repeated ones joined by ", "
  std::string body;
  std::shared_ptr<SpooledBody> spooled;             // holds the body instead, for requests that HttpServerOptions::spools names
  std::string client_name;                          // common name in the client's trusted certificate; empty: it showed none
};

struct HttpResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;  // beside Content-Type and Content-Length, which the server writes
  std::string body;
  std::string content_type = "application/json";  // empty: no Content-Type header
};

// Answers one request. Runs on a handler thread and may block for some seconds; never throws.
using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

// Percent-decoding of a path segment ("a%20b" → "a b"; '+' stays). False: a malformed escape.
bool percent_decode(std::string_view text, std::string* out);
// The same for query names and values, where '+' is a blank.
bool form_decode(std::string_view text, std::string* out);
// "a=1&b" → {a:1, b:""}; malformed escapes are kept as sent.
std::multimap<std::string, std::string> parse_query(std::string_view text);
// Raw, still encoded segments of a path: "/a//b/" → {"a", "", "b", ""}.
std::vector<std::string> split_path(std::string_view path);
bool is_utf8(std::string_view text);
std::string_view reason_phrase(int status);
// What the HTTP layer itself refuses (malformed requests), as Jetty 12 does: an HTML page for GET, POST and HEAD (or an unknown
// method), no body for others; the connection is closed after it.
HttpResponse error_page(int status, std::string_view message, std::string_view method);

}  // namespace bywash::rest
