// GET /docs/openapi.json: the API's own description (OpenAPI 3.0.3). Connect has none to ask for, and answers 404 at /openapi.json; so do we.
#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"
#include "rest/connect_json.h"
#include "rest/connect_service.h"

namespace bywash::rest {
namespace {

struct Operation {
  std::string_view method, path, summary;
  std::string_view query = {};    // "expand=status,info;x=y": parameters and what they may be
  std::string_view body = {};     // the name of its schema
  std::string_view answers = {};  // statuses of success and of what is particular to it
};

constexpr auto kOperations = std::to_array<Operation>({
    {"GET", "/", "Version of the worker and id of its Kafka cluster", {}, {}, "200"},
    {"GET", "/health", "Whether the worker does its part", {}, {}, "200 503"},
    {"GET", "/metrics", "Metrics in the Prometheus text format", {}, {}, "200"},
    {"GET", "/docs/openapi.json", "This description", {}, {}, "200"},
    {"GET", "/connectors", "Names of connectors, or what `expand` asks for of each", "expand=status,info", {}, "200"},
    {"POST", "/connectors", "Makes a connector", {}, "CreateConnectorRequest", "201 409"},
    {"GET", "/connectors/{connector}", "A connector's configuration and tasks", {}, {}, "200"},
    {"DELETE", "/connectors/{connector}", "Removes a connector", {}, {}, "204 409"},
    {"GET", "/connectors/{connector}/config", "A connector's configuration; secrets are masked", {}, {}, "200"},
    {"PUT", "/connectors/{connector}/config", "Makes a connector or replaces its configuration", {}, "ConnectorConfig", "200 201 409"},
    {"PATCH", "/connectors/{connector}/config", "Changes keys of a configuration; null removes one", {}, "ConnectorConfigPatch", "200 409"},
    {"GET", "/connectors/{connector}/status", "States of a connector and its tasks", {}, {}, "200"},
    {"GET", "/connectors/{connector}/tasks", "The configurations of a connector's tasks", {}, {}, "200"},
    {"POST", "/connectors/{connector}/tasks", "Between workers: the configurations of tasks", {}, "TaskConfigs", "200"},
    {"PUT", "/connectors/{connector}/fence", "Between workers: fences the tasks of a source off", {}, {}, "200"},
    {"GET", "/connectors/{connector}/tasks/{task}/status", "A task's state", {}, {}, "200"},
    {"POST", "/connectors/{connector}/tasks/{task}/restart", "Restarts a task", {}, {}, "204 409"},
    {"PUT", "/connectors/{connector}/pause", "Pauses a connector and its tasks", {}, {}, "202"},
    {"PUT", "/connectors/{connector}/resume", "Lets a connector that is paused or stopped go on", {}, {}, "202"},
    {"PUT", "/connectors/{connector}/stop", "Stops a connector: its tasks are taken down, its offsets stay", {}, {}, "204"},
    {"POST", "/connectors/{connector}/restart", "Restarts a connector, and tasks", "includeTasks=true,false;onlyFailed=true,false", {}, "202 204 409"},
    {"GET", "/connectors/{connector}/topics", "Topics that a connector has used", {}, {}, "200"},
    {"PUT", "/connectors/{connector}/topics/reset", "Forgets the topics that a connector has used", {}, {}, "202"},
    {"GET", "/connectors/{connector}/offsets", "A connector's offsets", {}, {}, "200"},
    {"PATCH", "/connectors/{connector}/offsets", "Alters offsets of a stopped connector", {}, "ConnectorOffsets", "200"},
    {"DELETE", "/connectors/{connector}/offsets", "Forgets the offsets of a stopped connector", {}, {}, "200"},
    {"GET", "/connector-plugins", "Plug-ins", "connectorsOnly=true,false", {}, "200"},
    {"GET", "/connector-plugins/{plugin}/config", "The keys of a plug-in", "version=4.3.1,latest", {}, "200"},
    {"PUT", "/connector-plugins/{plugin}/config/validate", "Validates a configuration", {}, "ConnectorConfig", "200"},
    {"GET", "/admin/loggers", "Loggers whose level was set, and the root", {}, {}, "200"},
    {"GET", "/admin/loggers/{logger}", "A logger's level", {}, {}, "200"},
    {"PUT", "/admin/loggers/{logger}", "Sets the level of a logger and those below it", "scope=worker,cluster", "LoggerLevel", "200 204"},
    {"POST", "/try", "Runs records through a connector's converters and transforms, without delivering them", {}, "Trial", "200"},
});

// What any request may be answered: bad paths, bodies and configurations, what is not there, a method or type that does not fit, sizes, faults.
constexpr std::array<int, 12> kRefusals{400, 404, 405, 406, 408, 413, 414, 415, 431, 500, 501, 505};

std::vector<std::string> parts_of(std::string_view text, char between) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const size_t end = text.find(between);
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return out;
}

Json text_map(bool nullable) {
  Json value{{"type", "string"}};
  if (nullable) value["nullable"] = true;
  return {{"type", "object"}, {"additionalProperties", std::move(value)}};
}

Json object_of(Json properties, Json required) { return {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}}; }

Json schemas() {
  const Json text{{"type", "string"}};
  Json any{{"type", "object"}, {"nullable", true}};
  Json out;
  out["ConnectorConfig"] = text_map(false);
  out["ConnectorConfigPatch"] = text_map(true);
  out["CreateConnectorRequest"] = object_of({{"name", text}, {"config", text_map(false)}, {"initial_state", {{"type", "string"}, {"enum", {"RUNNING", "PAUSED", "STOPPED"}}}}}, {"name", "config"});
  out["TaskConfigs"] = {{"type", "array"}, {"items", text_map(false)}};
  out["ConnectorOffsets"] = object_of({{"offsets", {{"type", "array"}, {"items", object_of({{"partition", any}, {"offset", any}}, {"partition"})}}}}, {"offsets"});
  out["LoggerLevel"] = object_of({{"level", text}}, {"level"});
  out["Trial"] = object_of({{"config", text_map(false)}, {"records", {{"type", "array"}, {"items", Json::object()}}}}, {"config", "records"});
  out["Error"] = object_of({{"error_code", {{"type", "integer"}}}, {"message", text}}, {"error_code", "message"});
  return out;
}

Json parameters_of(const Operation& operation) {
  Json out = Json::array();
  for (const std::string& part : parts_of(operation.path, '/')) {
    if (part.starts_with('{')) out.push_back({{"name", part.substr(1, part.size() - 2)}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}});
  }
  for (const std::string& one : parts_of(operation.query, ';')) {
    const size_t equals = one.find('=');
    Json examples;
    for (const std::string& value : parts_of(one.substr(equals + 1), ',')) examples[value] = {{"value", value}};
    out.push_back({{"name", one.substr(0, equals)}, {"in", "query"}, {"schema", {{"type", "string"}}}, {"examples", std::move(examples)}});
  }
  return out;
}

Json describe(const Operation& operation) {
  Json out{{"summary", operation.summary}};
  if (Json parameters = parameters_of(operation); !parameters.empty()) out["parameters"] = std::move(parameters);
  if (!operation.body.empty()) {
    out["requestBody"] = {{"required", true}, {"content", {{"application/json", {{"schema", {{"$ref", "#/components/schemas/" + std::string(operation.body)}}}}}}}};
  }
  for (const std::string& status : parts_of(operation.answers, ' ')) out["responses"][status] = {{"description", status.starts_with('2') ? "Done" : "Not now"}};
  const Json refusal{{"description", "Refused, with the reason"}, {"content", {{"application/json", {{"schema", {{"$ref", "#/components/schemas/Error"}}}}}}}};
  for (const int status : kRefusals) out["responses"][std::to_string(status)] = refusal;
  return out;
}

// "/connectors/{connector}" as a router has it: "/connectors/{}".
std::string pattern_of(std::string_view path) {
  std::string out;
  bool inside = false;
  for (const char c : path) {
    if (!inside || c == '}') out += c;
    inside = c == '{' || (inside && c != '}');
  }
  return out;
}

// What `router` answers, and no more: /admin may be elsewhere (admin.listeners).
Json description(const HttpRouter& router, std::string_view url) {
  Json out{{"openapi", "3.0.3"},
           {"info", {{"title", "Bywash worker"}, {"description", "Kafka Connect's REST API, with /metrics, /try and this description"}, {"version", BYWASH_VERSION}}},
           {"servers", Json::array({Json{{"url", url}}})}};
  for (const auto& [method, pattern] : router.routes()) {
    const auto* found = std::find_if(kOperations.begin(), kOperations.end(), [&, &m = method, &p = pattern](const Operation& o) { return o.method == m && pattern_of(o.path) == p; });
    const Operation operation = found == kOperations.end() ? Operation{method, pattern, ""} : *found;
    out["paths"][std::string(operation.path)][ascii_lower(method)] = describe(operation);
  }
  out["components"]["schemas"] = schemas();
  return out;
}

}  // namespace

void add_description_route(HttpRouter* router, const ConnectContext* context) {
  router->add("GET", "/docs/openapi.json", [router, context](const HttpRequest&, const auto&) { return json_response(200, description(*router, context->advertised_url)); });
}

}  // namespace bywash::rest
