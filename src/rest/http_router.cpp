// Matching of paths. What Jetty 12 finds ambiguous or suspicious in a path is refused before anything is matched.
#include "rest/http_router.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace bywash::rest {
namespace {

std::string_view strip(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// "Ambiguous URI ..." or null when the path can be taken literally (org.eclipse.jetty.http.UriCompliance, Jetty 12).
const char* path_violation(std::string_view path) {
  std::string all = ascii_lower(path);
  if (all.find("%2f") != all.npos) return "Ambiguous URI path separator";
  if (all.find("%25") != all.npos) return "Ambiguous URI path encoding";
  if (all.find("%5c") != all.npos || all.find('\\') != all.npos) return "Suspicious Path Character";
  std::vector<std::string> segments = split_path(all);
  for (size_t i = 0; i < segments.size(); ++i) {
    std::string_view segment = std::string_view(segments[i]).substr(0, segments[i].find(';'));
    if (segment.empty() && i + 1 < segments.size()) return "Ambiguous URI empty segment";
    if (segment != segments[i] && (segment == "." || segment == "..")) return "Ambiguous URI path parameter";
    std::string plain;
    if (!percent_decode(segment, &plain)) return "Bad Request";
    if (segment.find('%') != segment.npos && (plain == "." || plain == "..")) return "Ambiguous URI path segment";
    if (!is_utf8(plain)) return "Bad UTF-8 encoding";
    if (std::any_of(plain.begin(), plain.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; })) return "Suspicious Path Character";
  }
  return nullptr;
}

// The decoded segments, path parameters (";x=y") left out, one slash at the end forgiven.
std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> out;
  for (const std::string& raw : split_path(path)) {
    std::string plain;
    percent_decode(std::string_view(raw).substr(0, raw.find(';')), &plain);
    out.push_back(std::move(plain));
  }
  if (!out.empty() && out.back().empty()) out.pop_back();
  return out;
}

bool accepts_json(const HttpRequest& request) {
  auto it = request.headers.find("accept");
  if (it == request.headers.end() || strip(it->second).empty()) return true;
  std::string_view all = it->second;
  while (!all.empty()) {
    size_t comma = all.find(',');
    std::string_view range = all.substr(0, comma);
    all.remove_prefix(comma == all.npos ? all.size() : comma + 1);
    std::string type = ascii_lower(strip(range.substr(0, range.find(';'))));
    if (type == "*/*" || type == "application/*" || type == "application/json") return true;
  }
  return false;
}

std::optional<HttpResponse> wrong_body_type(const HttpRequest& request) {
  auto it = request.headers.find("content-type");
  if (it == request.headers.end()) {
    if (request.body.empty()) return std::nullopt;
    HttpResponse out = plain_refusal(415);
    out.content_type = "application/json";
    return out;
  }
  std::string_view value = it->second;
  if (ascii_lower(strip(value.substr(0, value.find(';')))) == "application/json") return std::nullopt;
  return plain_refusal(415);
}

HttpResponse options_answer(std::vector<std::string> methods) {
  methods.push_back("OPTIONS");
  if (std::find(methods.begin(), methods.end(), "GET") != methods.end()) methods.push_back("HEAD");
  // The order of the original's set of them.
  static constexpr std::string_view kOrder[] = {"HEAD", "DELETE", "POST", "GET", "OPTIONS", "PUT", "PATCH"};
  auto place = [](const std::string& method) { return std::find(std::begin(kOrder), std::end(kOrder), method) - std::begin(kOrder); };
  std::sort(methods.begin(), methods.end(), [&](const std::string& a, const std::string& b) { return place(a) < place(b); });
  methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
  HttpResponse out;
  out.content_type = "text/plain";
  out.headers = {{"Allow", fmt::format("{}", fmt::join(methods, ","))}};
  out.body = fmt::format("{}", fmt::join(methods, ", "));
  return out;
}

}  // namespace

HttpResponse plain_refusal(int status) {
  HttpResponse out;
  out.status = status;
  out.content_type.clear();
  out.body = fmt::format(R"({{"error_code":{},"message":"HTTP {} {}"}})", status, status, reason_phrase(status));
  return out;
}

void HttpRouter::add(std::string method, std::string_view pattern, RouteHandler handler, RouteOptions options) {
  std::vector<std::string> segments = split_path(pattern);
  if (segments.size() == 1 && segments[0].empty()) segments.clear();
  routes_.push_back({std::move(method), std::move(segments), std::move(handler), options});
}

HttpResponse HttpRouter::handle(const HttpRequest& request) const {
  if (const char* violation = path_violation(request.path)) return error_page(400, violation, request.method);
  std::vector<std::string> segments = segments_of(request.path);
  const std::string& asked = request.method == "HEAD" ? "GET" : request.method;
  std::vector<std::string> methods;
  for (const Route& route : routes_) {
    if (route.segments.size() != segments.size()) continue;
    bool fits = std::equal(segments.begin(), segments.end(), route.segments.begin(), [](const std::string& have, const std::string& want) { return want == "{}" || want == have; });
    if (!fits) continue;
    methods.push_back(route.method);
    if (route.method != asked) continue;
    if (route.options.takes_json) {
      if (auto refusal = wrong_body_type(request)) return *refusal;
    }
    if (route.options.produces_json && !accepts_json(request)) return plain_refusal(406);
    std::vector<std::string> params;
    for (size_t i = 0; i < segments.size(); ++i) {
      if (route.segments[i] == "{}") params.push_back(segments[i]);
    }
    return route.handler(request, params);
  }
  if (methods.empty()) return plain_refusal(404);
  if (request.method == "OPTIONS") return options_answer(std::move(methods));
  return plain_refusal(405);
}

}  // namespace bywash::rest
