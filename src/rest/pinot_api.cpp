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
  if (first == "ingestFromFile" && path.size() == 1) return request.method == "POST" ? ingest_file(request) : pinot::method_not_allowed();
  if (first == "ingestFromURI" && path.size() == 1) return request.method == "POST" ? ingest_uri(request) : pinot::method_not_allowed();
  if ((first == "sql" && path.size() == 1) || (first == "query" && path.size() == 2 && path[1] == "sql")) return query(request);
  return cluster(request, path);
}

HttpResponse PinotApi::broker(const HttpRequest& request) {
  Path path;
  if (!segments_of(request, &path)) return pinot::error(400, "Malformed escape in the path");
  if (std::optional<HttpResponse> running = running_of_broker(request, path)) return *std::move(running);
  if (path.size() == 2 && path[0] == "query" && path[1] == "sql") return query(request);
  if (path.size() == 1 && path[0] == "query") return query(request);
  if (path.size() == 1 && path[0] == "health") return pinot::text(200, "OK");
  return pinot::not_found();
}

// What a cluster of one controller, one broker and one server says of itself; clients discover the broker here.
HttpResponse PinotApi::cluster(const HttpRequest& request, const Path& path) {
  if (request.method != "GET") return pinot::not_found();
  const std::string broker = broker_id();
  const std::string server = fmt::format("Server_{}_8098", options_.host);
  const std::string controller = fmt::format("Controller_{}_{}", options_.host, options_.controller_port);
  const std::string joined = fmt::format("{}", path.empty() ? "" : path[0]);
  if (joined == "health" && path.size() == 1) return pinot::text(200, "OK");
  if (joined == "version" && path.size() == 1) {
    Json versions = Json::object();
    for (const char* part : {"pinot-controller", "pinot-broker", "pinot-server", "pinot-common"}) versions[part] = "1.5.1-bywash";
    return pinot::json(versions.dump());
  }
  if (joined == "instances" && path.size() == 1) return pinot::json(Json{{"instances", {server, broker, controller}}}.dump());
  if (joined == "tenants" && path.size() == 1) {
    return pinot::json(Json{{"SERVER_TENANTS", {"DefaultTenant"}}, {"BROKER_TENANTS", {"DefaultTenant"}}}.dump());
  }
  if (joined == "cluster" && path.size() == 2 && path[1] == "info") return pinot::json(Json{{"clusterName", "Bywash"}}.dump());
  const bool second = joined == "v2" && path.size() > 1 && path[1] == "brokers";
  if (joined != "brokers" && !second) return pinot::not_found();
  const Json one = second ? Json{{"port", options_.broker_port}, {"host", options_.host}, {"instanceName", broker}} : Json(broker);
  const size_t at = second ? 2 : 1;
  if (path.size() == at + 2 && path[at] == "tables") {
    if (instance_.tables(path[at + 1]).empty()) return pinot::error(404, fmt::format("Table {} does not exist", path[at + 1]));
    return pinot::json(Json::array({one}).dump());
  }
  Json by_table = Json::object();
  for (const std::string& name : instance_.table_names()) by_table[name] = Json::array({one});
  if (path.size() == at + 1 && path[at] == "tables") return pinot::json(by_table.dump());
  if (path.size() == at) return pinot::json(Json{{"tenants", {{"DefaultTenant", Json::array({one})}}}, {"tables", by_table}}.dump());
  return pinot::not_found();
}

}  // namespace bywash::rest
