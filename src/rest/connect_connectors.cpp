// /connectors and what hangs below a connector, but for tasks and offsets (ConnectorsResource, Kafka 4.3).
#include "base/encoding.h"
#include "base/text.h"
#include "config/java_order.h"
#include "config/properties.h"
#include "rest/connect_json.h"
#include "rest/connect_service.h"

namespace bywash::rest {
namespace {

using runtime::ConnectorProperties;
using runtime::ConnectorRequest;
using Params = std::vector<std::string>;

// A name as the original's UriBuilder puts it into a path: what RFC 3986 allows there stays, slashes too.
std::string encode_path(std::string_view text) { return percent_encoded(text, "-._~!$&'()*+,;=:@/"); }

bool flag(const HttpRequest& request, const std::string& name) {
  auto it = request.query.find(name);
  if (it == request.query.end() || it->second.size() != 4) return false;
  return ascii_lower(it->second) == "true";
}

// ConnectorsResource.checkAndPutConnectorConfigName.
Status put_name(const std::string& name, ConnectorProperties* config) {
  auto it = config->find("name");
  if (it == config->end() || !it->second) {
    (*config)["name"] = name;
    return {};
  }
  if (*it->second == name) return {};
  return Status::invalid(fmt::format("Connector name configuration ({}) doesn't match connector name in the URL ({})", *it->second, name));
}

HttpResponse created(const ConnectContext* context, const runtime::PutResult& result) {
  HttpResponse out = json_response(result.created ? 201 : 200, to_json(result.connector));
  if (result.created) out.headers.emplace_back("Location", context->advertised_url + "/connectors/" + encode_path(result.connector.name));
  return out;
}

HttpResponse list_connectors(const ConnectContext* context, const HttpRequest& request) {
  auto [begin, end] = request.query.equal_range("expand");
  std::vector<std::string> names = context->herder->connectors();
  if (begin == end) {
    // A cluster's worker answers from a copy of its map, a standalone one from a map it fills.
    const size_t capacity = context->herder->distributed() ? config::java_copy_capacity(names.size()) : 16;
    return json_response(200, Json(config::java_hash_order(std::move(names), capacity)));
  }
  Json out = Json::object();
  for (const std::string& name : config::java_hash_order(std::move(names))) {
    Json item = Json::object();
    for (auto it = begin; it != end; ++it) {
      if (it->second == "status") {
        if (auto status = context->herder->status(name); status.ok()) item["status"] = to_json(*status);
      } else if (it->second == "info") {
        if (auto connector = context->herder->connector(name); connector.ok()) item["info"] = to_json(*connector);
      }
    }
    out[name] = std::move(item);
  }
  return json_response(200, out);
}

// The fields of CreateConnectorRequest.
Result<ConnectorRequest> read_create(const HttpRequest& request) {
  ASSIGN_OR_RETURN(Json body, parse_texts(request));
  if (body.is_null()) return no_body(request);
  if (!body.is_object()) return wrong_type("object with 'name' and 'config'", body);
  ConnectorRequest out;
  bool has_config = false;
  for (const auto& [key, value] : body.items()) {
    if (key == "name") {
      if (value.is_structured()) return wrong_type("string (field 'name')", value);
      if (value.is_string()) out.name = value.get<std::string>();
      else if (!value.is_null()) out.name = value.dump();
    } else if (key == "config") {
      if (value.is_null()) continue;
      ASSIGN_OR_RETURN(out.properties, string_map(value));
      has_config = true;
    } else if (key == "initial_state") {
      if (value.is_null()) continue;
      runtime::TargetState state;
      if (!value.is_string() || !runtime::parse_target_state(value.get<std::string>(), &state)) {
        return Status::fatal("Cannot construct instance of initial_state: it has to be RUNNING, PAUSED or STOPPED");
      }
      out.initial_state = state;
    } else {
      return Status::fatal(fmt::format("Unrecognized field \"{}\": there are 'name', 'config' and 'initial_state'", key));
    }
  }
  if (!has_config) return Status::fatal("Cannot invoke \"POST /connectors\" without a 'config'");
  out.name = std::string(config::trim(out.name));
  RETURN_IF_ERROR(put_name(out.name, &out.properties));
  return out;
}

HttpResponse create(const ConnectContext* context, const HttpRequest& request) {
  auto asked = read_create(request);
  if (!asked.ok()) return error_response(asked.status());
  auto result = context->herder->put(*asked, false);
  return result.ok() ? created(context, *result) : error_response(result.status());
}

HttpResponse put_config(const ConnectContext* context, const HttpRequest& request, const std::string& name) {
  auto body = parse_texts(request);
  if (!body.ok()) return error_response(body.status());
  if (body->is_null()) return error_response(no_body(request));
  auto properties = string_map(*body);
  if (!properties.ok()) return error_response(properties.status());
  ConnectorRequest asked{name, *std::move(properties), std::nullopt};
  if (Status status = put_name(name, &asked.properties); !status.ok()) return error_response(status);
  auto result = context->herder->put(asked, true);
  return result.ok() ? created(context, *result) : error_response(result.status());
}

HttpResponse patch_config(const ConnectContext* context, const HttpRequest& request, const std::string& name) {
  auto body = parse_texts(request);
  if (!body.ok()) return error_response(body.status());
  if (body->is_null()) {
    auto connector = context->herder->connector(name);
    return error_response(connector.ok() ? no_body(request) : connector.status());
  }
  auto properties = string_map(*body);
  if (!properties.ok()) return error_response(properties.status());
  auto result = context->herder->patch(name, *properties);
  return result.ok() ? json_response(200, to_json(*result)) : error_response(result.status());
}

HttpResponse restart(const ConnectContext* context, const HttpRequest& request, const std::string& name) {
  bool include_tasks = flag(request, "includeTasks"), only_failed = flag(request, "onlyFailed");
  if (!include_tasks && !only_failed) {
    Status status = context->herder->restart_connector(name);
    return status.ok() ? no_content(204) : error_response(status);
  }
  auto plan = context->herder->restart(name, only_failed, include_tasks);
  return plan.ok() ? json_response(202, to_json(*plan)) : error_response(plan.status());
}

HttpResponse topics(const ConnectContext* context, const std::string& name) {
  auto topics = context->herder->topics(name);
  if (!topics.ok()) return error_response(topics.status());
  Json out;
  out[name] = {{"topics", *topics}};
  return json_response(200, out);
}

HttpResponse answer(const Status& status, int code) { return status.ok() ? no_content(code) : error_response(status); }

void add_state_routes(HttpRouter* router, const ConnectContext* context) {
  using runtime::TargetState;
  router->add("PUT", "/connectors/{}/pause", [context](const HttpRequest&, const Params& p) { return answer(context->herder->set_target(p[0], TargetState::kPaused), 202); }, {.takes_json = true});
  router->add("PUT", "/connectors/{}/resume", [context](const HttpRequest&, const Params& p) { return answer(context->herder->set_target(p[0], TargetState::kStarted), 202); }, {.takes_json = true});
  router->add("PUT", "/connectors/{}/stop", [context](const HttpRequest&, const Params& p) { return answer(context->herder->set_target(p[0], TargetState::kStopped), 204); }, {.takes_json = true});
  router->add("POST", "/connectors/{}/restart", [context](const HttpRequest& r, const Params& p) { return restart(context, r, p[0]); }, {.takes_json = true});
}

}  // namespace

void add_connector_routes(HttpRouter* router, const ConnectContext* context) {
  router->add("GET", "/connectors", [context](const HttpRequest& r, const Params&) { return list_connectors(context, r); }, {.takes_json = true});
  router->add("POST", "/connectors", [context](const HttpRequest& r, const Params&) { return create(context, r); }, {.takes_json = true, .reads_body = true});
  router->add("GET", "/connectors/{}", [context](const HttpRequest&, const Params& p) {
    auto connector = context->herder->connector(p[0]);
    return connector.ok() ? json_response(200, to_json(*connector)) : error_response(connector.status());
  }, {.takes_json = true});
  router->add("DELETE", "/connectors/{}", [context](const HttpRequest&, const Params& p) { return answer(context->herder->remove(p[0]), 204); }, {.takes_json = true});
  router->add("GET", "/connectors/{}/config", [context](const HttpRequest&, const Params& p) {
    auto connector = context->herder->connector(p[0]);
    return connector.ok() ? json_response(200, to_json(connector->config)) : error_response(connector.status());
  }, {.takes_json = true});
  router->add("PUT", "/connectors/{}/config", [context](const HttpRequest& r, const Params& p) { return put_config(context, r, p[0]); }, {.takes_json = true, .reads_body = true});
  router->add("PATCH", "/connectors/{}/config", [context](const HttpRequest& r, const Params& p) { return patch_config(context, r, p[0]); }, {.takes_json = true, .reads_body = true});
  router->add("GET", "/connectors/{}/status", [context](const HttpRequest&, const Params& p) {
    auto status = context->herder->status(p[0]);
    return status.ok() ? json_response(200, to_json(*status)) : error_response(status.status());
  }, {.takes_json = true});
  router->add("GET", "/connectors/{}/topics", [context](const HttpRequest&, const Params& p) { return topics(context, p[0]); }, {.takes_json = true});
  router->add("PUT", "/connectors/{}/topics/reset", [context](const HttpRequest&, const Params& p) { return answer(context->herder->reset_topics(p[0]), 202); }, {.takes_json = true});
  add_state_routes(router, context);
}

}  // namespace bywash::rest
