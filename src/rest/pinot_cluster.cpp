// What a cluster of one controller, one broker and one server says of itself; clients discover the broker here (PinotInstanceRestletResource,
// PinotTenantRestletResource, PinotBrokerRestletResource, PinotControllerHealthCheck, PinotBrokerDebug 1.5.1). See pinot_api.h.
#include <fmt/chrono.h>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "rest/pinot_api.h"

namespace bywash::rest {

using Json = nlohmann::ordered_json;

namespace {

constexpr const char* kTenant = "DefaultTenant";

HttpResponse listed(Json body) { return pinot::json(body.dump(-1, ' ', false, Json::error_handler_t::replace)); }

Json instance_json(const std::string& name, const std::string& host, int port, const std::vector<std::string>& tags) {
  return {{"instanceName", name}, {"hostName", host}, {"enabled", true}, {"port", std::to_string(port)}, {"tags", tags}, {"pools", nullptr}, {"grpcPort", -1}, {"adminPort", -1},
          {"queryServicePort", -1}, {"queryMailboxPort", -1}, {"queriesDisabled", false}, {"systemResourceInfo", nullptr}};
}

}  // namespace

// Since when the process serves: of both ports.
std::optional<HttpResponse> PinotApi::age(const Path& path) const {
  if (path.size() != 1) return std::nullopt;
  const int64_t seconds = (wall_clock_ms() - started_ms_) / 1000;
  if (path[0] == "uptime") return pinot::text(200, std::to_string(seconds));
  if (path[0] == "start-time") return pinot::text(200, fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(started_ms_ / 1000)), started_ms_ % 1000));
  return std::nullopt;
}

HttpResponse PinotApi::cluster(const HttpRequest& request, const Path& path) {
  if (request.method != "GET") return pinot::not_found();
  const std::string server = fmt::format("Server_{}_8098", options_.host), controller = fmt::format("Controller_{}_{}", options_.host, options_.controller_port);
  const std::string first = path.empty() ? "" : path[0];
  if (path.size() == 1 && first == "health") return pinot::text(200, "OK");
  if (path.size() == 2 && first == "pinot-controller" && path[1] == "admin") return pinot::text(200, "GOOD");
  if (std::optional<HttpResponse> since = age(path)) return *std::move(since);
  if (path.size() == 1 && first == "version") {
    Json versions = Json::object();
    for (const char* part : {"pinot-controller", "pinot-broker", "pinot-server", "pinot-common"}) versions[part] = "1.5.1-bywash";
    return listed(versions);
  }
  if (path.size() == 1 && (first == "instances" || first == "liveinstances")) return listed({{"instances", {server, broker_id(), controller}}});
  if (path.size() == 2 && first == "instances") {
    if (path[1] == server) return listed(instance_json(server, options_.host, 8098, {"DefaultTenant_OFFLINE", "DefaultTenant_REALTIME"}));
    if (path[1] == broker_id()) return listed(instance_json(path[1], options_.host, options_.broker_port, {"DefaultTenant_BROKER"}));
    if (path[1] == controller) return listed(instance_json(path[1], options_.host, options_.controller_port, {"controller"}));
    return pinot::error(404, fmt::format("Instance {} not found", path[1]));
  }
  if (first == "tenants") return tenants(path, server);
  if (path.size() == 2 && first == "cluster" && path[1] == "info") return listed({{"clusterName", "Bywash"}});
  if (path.size() == 2 && first == "cluster" && path[1] == "configs") return listed(Json::object());
  if (path.size() == 2 && first == "auth" && path[1] == "info") return listed({{"workflow", "NONE"}});
  if (first == "auth" && path.size() >= 2 && path[1] == "verify") return listed(true);
  if (path.size() == 1 && first == "databases") return listed(Json::array({"default"}));
  if (path.size() == 1 && first == "logicalTables") return listed(Json::array());
  if (path.size() == 2 && first == "tasks" && path[1] == "tasktypes") return listed(Json::array());
  if (path.size() == 3 && first == "table" && path[2] == "jobs") return instance_.tables(path[1]).empty() ? pinot::error(404, fmt::format("Table {} does not exist", path[1])) : listed(Json::object());
  const bool second = first == "v2" && path.size() > 1 && path[1] == "brokers";
  return first == "brokers" || second ? brokers(path, second) : pinot::not_found();
}

HttpResponse PinotApi::brokers(const Path& path, bool second) {
  const Json one = second ? Json{{"port", options_.broker_port}, {"host", options_.host}, {"instanceName", broker_id()}} : Json(broker_id());
  const size_t at = second ? 2 : 1;
  if (path.size() == at + 2 && path[at] == "tables") {
    if (instance_.tables(path[at + 1]).empty()) return pinot::error(404, fmt::format("Table {} does not exist", path[at + 1]));
    return listed(Json::array({one}));
  }
  if (path.size() == at + 2 && path[at] == "tenants") return path[at + 1] == kTenant ? listed(Json::array({one})) : pinot::error(404, fmt::format("Tenant '{}' not found.", path[at + 1]));
  Json by_table = Json::object();
  for (const std::string& name : instance_.table_names()) by_table[name] = Json::array({one});
  if (path.size() == at + 1 && path[at] == "tables") return listed(by_table);
  const Json by_tenant = {{kTenant, Json::array({one})}};
  if (path.size() == at + 1 && path[at] == "tenants") return listed(by_tenant);
  if (path.size() == at) return listed({{"tenants", by_tenant}, {"tables", by_table}});
  return pinot::not_found();
}

HttpResponse PinotApi::tenants(const Path& path, const std::string& server) {
  if (path.size() == 1) return listed({{"SERVER_TENANTS", {kTenant}}, {"BROKER_TENANTS", {kTenant}}});
  if (path[1] != kTenant) return pinot::error(404, fmt::format("Failed to find tenant: {}", path[1]));
  if (path.size() == 2) return listed({{"ServerInstances", {server}}, {"BrokerInstances", {broker_id()}}, {"tenantName", kTenant}});
  if (path.size() == 3 && path[2] == "metadata") {
    return listed({{"ServerInstances", {server}}, {"OfflineServerInstances", {server}}, {"RealtimeServerInstances", {server}}, {"BrokerInstances", {broker_id()}}, {"tenantName", kTenant}});
  }
  if (path.size() != 3 || path[2] != "tables") return pinot::not_found();
  Json names = Json::array();
  for (const std::string& name : instance_.table_names()) {
    for (const auto& table : instance_.tables(name)) names.push_back(table->config().name_with_type);
  }
  return listed({{"tables", names}});
}

// GET /debug/timeBoundary/{table} and /debug/routingTable/{table} of the broker. Nothing: it is none of these.
std::optional<HttpResponse> PinotApi::broker_debug(const HttpRequest& request, const Path& path) {
  if (request.method != "GET" || path.size() != 3 || path[0] != "debug") return std::nullopt;
  if (path[1] == "timeBoundary") {
    const auto boundary = instance_.time_boundary(path[2]);
    if (!boundary) return pinot::error(404, "Cannot find time boundary for table: " + path[2]);
    return listed({{"timeColumn", boundary->first}, {"timeValue", boundary->second}});
  }
  if (path[1] != "routingTable") return std::nullopt;
  Json out = Json::object();
  for (const auto& table : instance_.tables(path[2])) {
    Json names = Json::array();
    for (const auto& segment : table->segments().list()) names.push_back(segment.name);
    out[table->config().name_with_type] = {{fmt::format("Server_{}_8098", options_.host), names}};
  }
  return out.empty() ? pinot::error(404, "Cannot find routing for table: " + path[2]) : listed(out);
}

}  // namespace bywash::rest
