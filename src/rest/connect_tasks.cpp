// /connectors/{name}/tasks (ConnectorsResource, Kafka 4.3).
#include <charconv>

#include "rest/connect_json.h"
#include "rest/connect_service.h"

namespace bywash::rest {
namespace {

using Params = std::vector<std::string>;

// A task's number; false where Jersey finds no number in the path (404).
bool task_number(std::string_view text, int* out) {
  if (text.size() > 1 && text[0] == '+') text.remove_prefix(1);
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size();
}

HttpResponse task_configs(const ConnectContext* context, const std::string& name) {
  auto configs = context->herder->task_configs(name);
  if (!configs.ok()) return error_response(configs.status());
  Json out = Json::array();
  for (const auto& [id, properties] : *configs) {
    Json config = Json::object();
    for (const auto& [key, value] : properties) config[key] = value;
    Json item;
    item["id"] = {{"connector", id.connector}, {"task", id.task}};
    item["config"] = std::move(config);
    out.push_back(std::move(item));
  }
  return json_response(200, out);
}

// The original's workers tell their leader of task configurations here; ours keep them in the config topic, and nobody else may.
HttpResponse post_tasks(const ConnectContext* context, const HttpRequest& request) {
  if (!context->herder->distributed()) return error_response(500, "Kafka Connect in standalone mode does not support externally setting task configurations.");
  auto body = parse_body(request);
  if (!body.ok()) return error_response(body.status());
  if (body->is_null()) return error_response(no_body(request));
  if (!body->is_array()) return error_response(wrong_type("list of objects", *body));
  return error_response(400, "Internal request missing required signature");
}

}  // namespace

void add_task_routes(HttpRouter* router, const ConnectContext* context) {
  router->add("GET", "/connectors/{}/tasks", [context](const HttpRequest&, const Params& p) { return task_configs(context, p[0]); }, {.takes_json = true});
  router->add("POST", "/connectors/{}/tasks", [context](const HttpRequest& request, const Params&) { return post_tasks(context, request); });
  router->add("GET", "/connectors/{}/tasks/{}/status", [context](const HttpRequest&, const Params& p) {
    int task = 0;
    if (!task_number(p[1], &task)) return plain_refusal(404);
    auto status = context->herder->task_status({p[0], task});
    return status.ok() ? json_response(200, to_json(*status)) : error_response(status.status());
  }, {.takes_json = true});
  router->add("POST", "/connectors/{}/tasks/{}/restart", [context](const HttpRequest&, const Params& p) {
    int task = 0;
    if (!task_number(p[1], &task)) return plain_refusal(404);
    Status status = context->herder->restart_task({p[0], task});
    return status.ok() ? no_content(204) : error_response(status);
  }, {.takes_json = true});
}

}  // namespace bywash::rest
