// /connector-plugins (ConnectorPluginsResource, Kafka 4.3).
#include "base/text.h"
#include "config/properties.h"
#include "rest/connect_json.h"
#include "rest/connect_service.h"
#include "runtime/plugin_listing.h"

namespace bywash::rest {
namespace {

using Params = std::vector<std::string>;

HttpResponse list_plugins(const ConnectContext* context, const HttpRequest& request) {
  auto it = request.query.find("connectorsOnly");
  const std::string value = it == request.query.end() || it->second.empty() ? "true" : ascii_lower(it->second);
  Json out = Json::array();
  for (const auto& plugin : runtime::list_plugins(*context->registry, value == "true")) {
    out.push_back({{"class", plugin.class_name}, {"type", plugin.type}, {"version", plugin.version}});
  }
  return json_response(200, out);
}

HttpResponse keys(const ConnectContext* context, const HttpRequest& request, const std::string& name) {
  auto version = request.query.find("version");
  auto keys = runtime::plugin_keys(*context->registry, name, version == request.query.end() ? std::nullopt : std::optional(version->second));
  if (!keys.ok()) return error_response(keys.status());
  Json out = Json::array();
  for (const auto& key : *keys) out.push_back(to_json(key));
  return json_response(200, out);
}

std::string_view without_suffix(std::string_view name) {
  constexpr std::string_view kSuffix = "Connector";
  return name.ends_with(kSuffix) && name.size() > kSuffix.size() ? name.substr(0, name.size() - kSuffix.size()) : name;
}

HttpResponse validate(const ConnectContext* context, const HttpRequest& request, const std::string& name) {
  auto body = parse_texts(request);
  if (!body.ok()) return error_response(body.status());
  if (body->is_null()) return error_response(no_body(request));
  auto properties = string_map(*body);
  if (!properties.ok()) return error_response(properties.status());
  config::Properties plain = runtime::without_nulls(*properties);
  if (auto it = plain.find("connector.class"); it != plain.end() && !without_suffix(it->second).ends_with(without_suffix(name))) {
    return error_response(400, fmt::format("Included connector type {} does not match request type {}", it->second, name));
  }
  Status named = runtime::check_names_class(*properties);
  auto report = named.ok() ? context->herder->validate(plain) : Result<runtime::ConfigReport>(named);
  if (report.ok()) {
    runtime::report_nulls(*properties, *context->registry, &*report);
    return json_response(200, to_json(*report));
  }
  // The original wraps what its validation thread throws, which makes it a 500.
  if (report.status().code() == Code::kInvalid) {
    return error_response(500, "org.apache.kafka.connect.runtime.rest.errors.BadRequestException: " + report.status().message());
  }
  if (const std::string& java = report.status().java_class(); !java.empty()) return error_response(500, java + ": " + report.status().message());
  return error_response(report.status());
}

}  // namespace

void add_plugin_routes(HttpRouter* router, const ConnectContext* context) {
  router->add("GET", "/connector-plugins", [context](const HttpRequest& r, const Params&) { return list_plugins(context, r); }, {.takes_json = true});
  router->add("GET", "/connector-plugins/{}/config", [context](const HttpRequest& r, const Params& p) { return keys(context, r, p[0]); }, {.takes_json = true});
  router->add("PUT", "/connector-plugins/{}/config/validate", [context](const HttpRequest& r, const Params& p) { return validate(context, r, p[0]); }, {.takes_json = true, .reads_body = true});
}

}  // namespace bywash::rest
