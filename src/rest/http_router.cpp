// Matching of paths. What Jetty 12 finds ambiguous or suspicious in a path is refused before anything is matched.
#include "rest/http_router.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <optional>

#include "base/text.h"

namespace bywash::rest {
namespace {

std::string_view strip(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// What RFC 3986 lets stand in a path, slashes and escapes included.
bool may_stand_in_path(unsigned char c) { return std::isalnum(c) || std::string_view("-._~!$&'()*+,;=:@/%").find(static_cast<char>(c)) != std::string_view::npos; }

// "Ambiguous URI ..." or null when the path can be taken literally (org.eclipse.jetty.http.UriCompliance, Jetty 12).
const char* path_violation(std::string_view path) {
  std::string all = ascii_lower(path);
  if (all.find("%2f") != all.npos) return "Ambiguous URI path separator";
  if (all.find("%25") != all.npos) return "Ambiguous URI path encoding";
  if (all.find("%5c") != all.npos || all.find('\\') != all.npos) return "Suspicious Path Character";
  if (!std::all_of(all.begin(), all.end(), may_stand_in_path)) return "Illegal Path Character";
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

// The segments as they were sent, path parameters (";x=y") left out, one slash at the end forgiven.
std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> out;
  for (const std::string& raw : split_path(path)) out.push_back(raw.substr(0, raw.find(';')));
  if (!out.empty() && out.back().empty()) out.pop_back();
  return out;
}

std::string decoded(std::string_view segment) {
  std::string plain;
  percent_decode(segment, &plain);
  return plain;
}

// One of the types that a client accepts.
struct MediaRange {
  std::string type;        // in lower case
  std::string parameters;  // ";charset=utf-8", those of quality left out
  double quality = 1;
};

// In the order of the client's preference.
std::vector<MediaRange> accepted_types(const HttpRequest& request) {
  std::vector<MediaRange> out;
  auto it = request.headers.find("accept");
  std::string_view all = it == request.headers.end() ? std::string_view() : it->second;
  while (!all.empty()) {
    const size_t comma = all.find(',');
    std::string_view range = all.substr(0, comma);
    all.remove_prefix(comma == all.npos ? all.size() : comma + 1);
    MediaRange each;
    each.type = ascii_lower(strip(range.substr(0, range.find(';'))));
    while (range.find(';') != range.npos) {
      range.remove_prefix(range.find(';') + 1);
      std::string_view parameter = strip(range.substr(0, range.find(';')));
      if (parameter.starts_with("q=")) each.quality = std::atof(std::string(parameter.substr(2)).c_str());
      else if (!parameter.empty()) each.parameters += ";" + std::string(parameter);
    }
    if (!each.type.empty()) out.push_back(std::move(each));
  }
  std::stable_sort(out.begin(), out.end(), [](const MediaRange& a, const MediaRange& b) { return a.quality > b.quality; });
  return out;
}

// The content type of a JSON answer, as the client wants it; nullopt: it wants none.
std::optional<std::string> json_type_for(const HttpRequest& request) {
  constexpr const char* kJson = "application/json";
  const std::vector<MediaRange> accepted = accepted_types(request);
  if (accepted.empty()) return kJson;
  for (const MediaRange& each : accepted) {
    if (each.type == kJson) return kJson + each.parameters;
    if (each.type == "*/*" || each.type == "application/*" || each.type == "*/json") return kJson;
  }
  return std::nullopt;
}

std::optional<HttpResponse> wrong_body_type(const HttpRequest& request, bool reads_body) {
  auto typed = plain_refusal(415);
  typed.content_type = "application/json";
  auto it = request.headers.find("content-type");
  if (it == request.headers.end()) return request.body.empty() || !reads_body ? std::nullopt : std::optional(typed);
  std::string_view value = it->second;
  const std::string type = ascii_lower(strip(value.substr(0, value.find(';'))));
  if (type == "application/json") return std::nullopt;
  if (type == "*/*" || type == "application/*") return reads_body ? std::optional(typed) : std::nullopt;
  if (type.find('/') == type.npos) return error_page(400, "Bad Request", request.method);
  return plain_refusal(415);
}

// What Jersey says of the methods is text, whatever type the client asks for.
HttpResponse options_answer(const HttpRequest& request, std::vector<std::string> methods) {
  methods.push_back("OPTIONS");
  if (std::find(methods.begin(), methods.end(), "GET") != methods.end()) methods.push_back("HEAD");
  // The order of the original's set of them.
  static constexpr std::string_view kOrder[] = {"HEAD", "DELETE", "POST", "GET", "OPTIONS", "PUT", "PATCH"};
  auto place = [](const std::string& method) { return std::find(std::begin(kOrder), std::end(kOrder), method) - std::begin(kOrder); };
  std::sort(methods.begin(), methods.end(), [&](const std::string& a, const std::string& b) { return place(a) < place(b); });
  methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
  HttpResponse out;
  const std::string allowed = fmt::format("{}", fmt::join(methods, ","));
  const std::vector<MediaRange> accepted = accepted_types(request);
  out.content_type.clear();
  const bool text = accepted.empty() || accepted[0].type == "*/*" || accepted[0].type == "text/*" || accepted[0].type == "text/plain";
  if (text) {
    out.headers = {{"Content-Type", "text/plain"}, {"Allow", allowed}};
    out.body = fmt::format("{}", fmt::join(methods, ", "));
  } else {
    out.headers = {{"Allow", allowed}, {"Content-Type", accepted[0].type + (accepted[0].type.find('/') == std::string::npos ? "/*" : "") + accepted[0].parameters}};
  }
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

std::vector<std::pair<std::string, std::string>> HttpRouter::routes() const {
  std::vector<std::pair<std::string, std::string>> out;
  for (const Route& route : routes_) out.emplace_back(route.method, fmt::format("/{}", fmt::join(route.segments, "/")));
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
    // Jersey compares what is not a parameter as it was sent.
    bool fits = std::equal(segments.begin(), segments.end(), route.segments.begin(), [](const std::string& have, const std::string& want) { return want == "{}" || want == have; });
    if (!fits) continue;
    methods.push_back(route.method);
    if (route.method != asked) continue;
    if (route.options.takes_json) {
      if (auto refusal = wrong_body_type(request, route.options.reads_body)) return *refusal;
    }
    const std::optional<std::string> json_type = json_type_for(request);
    if (route.options.produces_json && !json_type) return plain_refusal(406);
    std::vector<std::string> params;
    for (size_t i = 0; i < segments.size(); ++i) {
      if (route.segments[i] == "{}") params.push_back(decoded(segments[i]));
    }
    HttpResponse answer = route.handler(request, params);
    if (json_type && answer.content_type == "application/json") answer.content_type = *json_type;
    return answer;
  }
  if (methods.empty()) return plain_refusal(404);
  if (request.method == "OPTIONS") return options_answer(request, std::move(methods));
  return plain_refusal(405);
}

}  // namespace bywash::rest
