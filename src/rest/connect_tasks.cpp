// /connectors/{name}/tasks, and what workers of the original ask of each other (ConnectorsResource and InternalClusterResource, Kafka 4.3).
#include <algorithm>
#include <charconv>

#include "base/text.h"
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

// What java.util.Base64's decoder has against a text; empty: nothing.
std::string base64_problem(std::string_view text) {
  if (text.size() == 1) return "Input byte[] should at least have 2 bytes for base64 bytes";
  size_t digits = 0, at = 0;
  for (; at < text.size() && text[at] != '='; ++at, ++digits) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (!std::isalnum(c) && c != '+' && c != '/') return fmt::format("Illegal base64 character {:x}", c);
  }
  if (at == text.size()) return digits % 4 == 1 ? "Last unit does not have enough valid bits" : "";
  const size_t padding = digits % 4 == 2 ? 2 : digits % 4 == 3 ? 1 : 0;
  if (padding == 0 || text.substr(at, padding) != std::string_view("==").substr(0, padding)) return "Input byte array has wrong 4-byte ending unit";
  return at + padding == text.size() ? "" : fmt::format("Input byte array has incorrect ending byte at {}", at + padding);
}

// The original's workers sign what they ask of each other (InternalRequestSignature, KIP-507). Workers here need no such requests, so no
// signature is good; why one is refused is said as there.
HttpResponse refuse_internal(const ConnectContext* context, const HttpRequest& request, std::string_view standalone_cannot) {
  auto header = [&](const char* name) { auto it = request.headers.find(name); return it == request.headers.end() ? std::nullopt : std::optional(it->second); };
  const auto algorithm = header("x-connect-request-signature-algorithm"), signature = header("x-connect-authorization");
  const bool is_signed = algorithm && signature;
  if (is_signed) {
    static constexpr std::string_view kKnown[] = {"hmacmd5", "hmacsha1", "hmacsha224", "hmacsha256", "hmacsha384", "hmacsha512", "hmacsha512/224", "hmacsha512/256",
                                                  "hmacsha3-224", "hmacsha3-256", "hmacsha3-384", "hmacsha3-512"};
    if (std::find(std::begin(kKnown), std::end(kKnown), ascii_lower(*algorithm)) == std::end(kKnown)) return error_response(400, fmt::format("Algorithm {} not available", *algorithm));
    if (std::string problem = base64_problem(*signature); !problem.empty()) return error_response(400, problem);
  }
  if (!context->herder->distributed()) return error_response(500, standalone_cannot);
  if (!is_signed) return error_response(400, "Internal request missing required signature");
  if (*algorithm != "HmacSHA256") {
    return error_response(400, fmt::format("This worker does not support the '{}' key signing algorithm used by other workers. This worker is currently configured to use: [HmacSHA256]. "
                                           "Check that all workers' configuration files permit the same set of signature algorithms, and correct any misconfigured worker and restart it.", *algorithm));
  }
  return error_response(403, "Internal request contained invalid signature.");
}

HttpResponse post_tasks(const ConnectContext* context, const HttpRequest& request) {
  auto body = parse_texts(request);
  if (!body.ok()) return error_response(body.status());
  if (body->is_null() && request.body.find("null") == std::string::npos) return error_response(no_body(request));
  if (!body->is_null() && !body->is_array()) return error_response(wrong_type("list of objects", *body));
  for (const Json& item : *body) {
    if (item.is_null()) continue;
    if (auto task = string_map(item); !task.ok()) return error_response(task.status());
  }
  return refuse_internal(context, request, "Kafka Connect in standalone mode does not support externally setting task configurations.");
}

}  // namespace

void add_task_routes(HttpRouter* router, const ConnectContext* context) {
  router->add("GET", "/connectors/{}/tasks", [context](const HttpRequest&, const Params& p) { return task_configs(context, p[0]); }, {.takes_json = true});
  router->add("POST", "/connectors/{}/tasks", [context](const HttpRequest& request, const Params&) { return post_tasks(context, request); });
  router->add("PUT", "/connectors/{}/fence", [context](const HttpRequest& request, const Params&) {
    return refuse_internal(context, request, "Kafka Connect in standalone mode does not support exactly-once source connectors.");
  });
  router->add("GET", "/connectors/{}/tasks/{}/status", [context](const HttpRequest&, const Params& p) {
    int task = 0;
    if (!task_number(p[1], &task)) return error_response(404, "HTTP 404 Not Found");
    auto status = context->herder->task_status({p[0], task});
    return status.ok() ? json_response(200, to_json(*status)) : error_response(status.status());
  }, {.takes_json = true});
  router->add("POST", "/connectors/{}/tasks/{}/restart", [context](const HttpRequest&, const Params& p) {
    int task = 0;
    if (!task_number(p[1], &task)) return error_response(404, "HTTP 404 Not Found");
    Status status = context->herder->restart_task({p[0], task});
    return status.ok() ? no_content(204) : error_response(status);
  }, {.takes_json = true});
}

}  // namespace bywash::rest
