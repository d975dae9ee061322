// See pinot_api.h: routing, and the answers that all resources share.
#include "rest/pinot_api.h"

#include <nlohmann/json.hpp>

namespace bywash::rest {

using Json = nlohmann::ordered_json;

namespace pinot {

HttpResponse json(std::string body) {
  HttpResponse out;
  out.body = std::move(body);
  return out;
}

HttpResponse text(int status, std::string body) {
  HttpResponse out;
  out.status = status;
  out.content_type = "text/plain";
  out.body = std::move(body);
  return out;
}

HttpResponse error(int status, std::string_view message) {
  HttpResponse out;
  out.status = status;
  out.body = Json{{"code", status}, {"error", message}}.dump(-1, ' ', false, Json::error_handler_t::replace);
  return out;
}

HttpResponse error(const Status& status) {
  switch (status.code()) {
    case Code::kInvalid:
    case Code::kData: return error(400, status.message());
    case Code::kNotFound: return error(404, status.message());
    case Code::kConflict: return error(409, status.message());
    case Code::kUnauthorized: return error(403, status.message());
    default: return error(500, status.message());
  }
}

HttpResponse not_found() { return error(404, "HTTP 404 Not Found"); }
HttpResponse method_not_allowed() { return error(405, "HTTP 405 Method Not Allowed"); }

HttpResponse changed(const analytics::ChangeAnswer& answer) {
  Json body = {{"unrecognizedProperties", Json::parse(answer.unrecognized)}, {"status", answer.status}};
  if (!answer.warnings.empty()) body["warnings"] = answer.warnings;
  return json(body.dump(-1, ' ', false, Json::error_handler_t::replace));
}

HttpResponse done(std::string_view status) { return json(Json{{"status", status}}.dump()); }

std::string query_value(const HttpRequest& request, const std::string& name) {
  auto found = request.query.find(name);
  return found == request.query.end() ? std::string() : found->second;
}

}  // namespace pinot

bool PinotApi::segments_of(const HttpRequest& request, Path* out) {
  for (const std::string& raw : split_path(request.path)) {
    std::string segment;
    if (!percent_decode(raw, &segment)) return false;
    if (!segment.empty()) out->push_back(std::move(segment));
  }
  return true;
}

HttpResponse PinotApi::controller(const HttpRequest& request) {
  Path path;
  if (!segments_of(request, &path)) return pinot::error(400, "Malformed escape in the path");
  if (path.empty()) return cluster(request, path);
  const std::string& first = path[0];
  if (std::optional<HttpResponse> running = running_of_controller(request, path)) return *std::move(running);
  if (first == "schemas") return schemas(request, path);
  if (first == "tables") return tables(request, path);
  if (first == "tableConfigs") return table_configs(request, path);
  if (first == "segments") return segments(request, path);
  if (first == "debug") return debug(request, path);
  if (first == "v2" && path.size() == 2 && path[1] == "segments" && request.method == "POST") return upload_segment(request);
  if (first == "ingestFromFile" && path.size() == 1) return request.method == "POST" ? ingest_file(request) : pinot::method_not_allowed();
  if (first == "ingestFromURI" && path.size() == 1) return request.method == "POST" ? ingest_uri(request) : pinot::method_not_allowed();
  if ((first == "sql" && path.size() == 1) || (first == "query" && path.size() == 2 && path[1] == "sql")) return query(request);
  return cluster(request, path);
}

HttpResponse PinotApi::broker(const HttpRequest& request) {
  Path path;
  if (!segments_of(request, &path)) return pinot::error(400, "Malformed escape in the path");
  if (path.empty()) return pinot::not_found();
  if (std::optional<HttpResponse> running = running_of_broker(request, path)) return *std::move(running);
  if (path.size() == 2 && path[0] == "query" && path[1] == "sql") return query(request);
  if (path.size() == 1 && path[0] == "query") return query(request);
  if (path.size() == 1 && path[0] == "health") return pinot::text(200, "OK");
  if (path[0] == "responseStore") return response_store(request, path);
  if (std::optional<HttpResponse> debug = broker_debug(request, path)) return *std::move(debug);
  if (std::optional<HttpResponse> since = request.method == "GET" ? age(path) : std::nullopt) return *std::move(since);
  return pinot::not_found();
}

}  // namespace bywash::rest
