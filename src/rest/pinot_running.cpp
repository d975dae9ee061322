// Queries that run, and their end: GET /queries, DELETE /query/{id} of the broker (PinotClientRequest 1.5.1), the same and DELETE /clientQuery
// of the controller (PinotRunningQueryResource). Answered on the I/O thread, so that a port whose threads all run queries still ends them.
#include <charconv>
#include <nlohmann/json.hpp>

#include "rest/pinot_api.h"

namespace bywash::rest {
namespace {

using Json = nlohmann::ordered_json;

std::optional<int64_t> number_of(const std::string& text) {
  int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() ? std::optional<int64_t>(out) : std::nullopt;
}

// A text under the type that Pinot's resources declare.
HttpResponse said(int status, std::string body) {
  HttpResponse out;
  out.status = status;
  out.body = std::move(body);
  return out;
}

}  // namespace

std::string PinotApi::broker_id() const { return fmt::format("Broker_{}_{}", options_.host, options_.broker_port); }

HttpResponse PinotApi::cancelled(const HttpRequest& request, std::string message) const {
  if (pinot::query_value(request, "verbose") == "true") message += fmt::format(" with responses from servers: {{Server_{}_8098=200}}", options_.host);
  return said(200, std::move(message));
}

std::optional<HttpResponse> PinotApi::running_of_broker(const HttpRequest& request, const Path& path) {
  analytics::RunningQueries& running = instance_.running_queries();
  if (path.size() == 1 && path[0] == "queries" && request.method == "GET") {
    Json out = Json::object();
    for (const auto& [id, sql] : running.list()) out[std::to_string(id)] = sql;
    return pinot::json(out.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  if (path.size() != 2 || path[0] != "query" || request.method != "DELETE") return std::nullopt;
  const std::string& id = path[1];
  if (pinot::query_value(request, "client") == "true") {
    if (running.cancel_client(id)) return cancelled(request, "Cancelled client query: " + id);
  } else {
    const std::optional<int64_t> number = number_of(id);
    if (!number) return pinot::error(400, "Invalid internal query id: " + id);
    if (running.cancel(*number)) return cancelled(request, "Cancelled query: " + id);
  }
  return said(404, fmt::format("Query: {} not found on the broker", id));
}

std::optional<HttpResponse> PinotApi::running_of_controller(const HttpRequest& request, const Path& path) {
  analytics::RunningQueries& running = instance_.running_queries();
  if (path.size() == 1 && path[0] == "queries" && request.method == "GET") {
    Json own = Json::object();
    for (const auto& [id, sql] : running.list()) own[std::to_string(id)] = sql;
    return pinot::json(Json{{broker_id(), own}}.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  const bool by_client = path.size() >= 2 && path[0] == "clientQuery";
  if (request.method != "DELETE" || path.size() > 3 || !(by_client || (path.size() == 3 && path[0] == "query"))) return std::nullopt;
  if (path.size() == 3 && path[1] != broker_id()) return said(400, "Unknown broker: " + path[1]);
  const std::string& id = path.back();
  const std::string where = path.size() == 3 ? "the broker: " + path[1] : "any broker";
  if (by_client) {
    if (running.cancel_client(id)) return cancelled(request, "Cancelled client query: " + id);
    return said(404, fmt::format("Client query: {} not found on {}", id, where));
  }
  const std::optional<int64_t> number = number_of(id);
  if (!number) return pinot::not_found();
  if (running.cancel(*number)) return cancelled(request, "Cancelled query: " + id);
  return said(404, fmt::format("Query: {} not found on {}", id, where));
}

std::optional<HttpResponse> PinotApi::quick_of_broker(const HttpRequest& request) {
  if (request.method == "DELETE" || request.path == "/queries") {
    Path path;
    return segments_of(request, &path) ? running_of_broker(request, path) : std::nullopt;
  }
  return short_query(request);
}

std::optional<HttpResponse> PinotApi::quick_of_controller(const HttpRequest& request) {
  if (request.method != "DELETE" && request.path != "/queries") return std::nullopt;
  Path path;
  return segments_of(request, &path) ? running_of_controller(request, path) : std::nullopt;
}

}  // namespace bywash::rest
