// Wiring of the Connect REST API.
#include "rest/connect_service.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "config/properties.h"
#include "rest/connect_access.h"
#include "rest/connect_forward.h"
#include "rest/connect_try.h"
#include "rest/tls_contexts.h"

namespace bywash::rest {
namespace {

// Where other workers and clients reach this one: RestServer.advertisedUrl. Of listeners of both kinds the http one is told, unless
// rest.advertised.listener says https.
Result<std::string> advertised_url_of(const config::Properties& worker, const std::vector<ListenAddress>& addresses) {
  const std::string wish = ascii_lower(config::get_or(worker, "rest.advertised.listener", ""));
  if (!wish.empty() && wish != "http" && wish != "https") {
    return Status::invalid(fmt::format("Invalid value {} for configuration rest.advertised.listener: String must be one of: http, https", wish));
  }
  const bool any_plain = std::any_of(addresses.begin(), addresses.end(), [](const ListenAddress& each) { return !each.tls; });
  const bool tls = wish.empty() ? !any_plain : wish == "https";
  auto found = std::find_if(addresses.begin(), addresses.end(), [&](const ListenAddress& each) { return each.tls == tls; });
  const ListenAddress& address = found == addresses.end() ? addresses.front() : *found;
  const bool all = address.host == "0.0.0.0" || address.host == "::";
  const std::string bound = all ? "localhost" : address.host.find(':') != std::string::npos ? "[" + address.host + "]" : address.host;
  const std::string name = config::get_or(worker, "rest.advertised.host.name", "");
  return fmt::format("{}://{}:{}", tls ? "https" : "http", name.empty() ? bound : name,
                     config::get_or(worker, "rest.advertised.port", std::to_string(address.port)));
}

// Of the keys for the admin listeners' TLS, as the others are named: RestServerConfig.ADMIN_LISTENERS_HTTPS_CONFIGS_PREFIX.
config::Properties admin_tls_keys(const config::Properties& worker) {
  const config::Properties own = config::with_prefix(worker, "admin.listeners.https.");
  if (own.empty()) return worker;
  config::Properties out = worker;
  std::erase_if(out, [](const auto& entry) { return entry.first.starts_with("listeners.https."); });
  for (const auto& [key, value] : own) out["listeners.https." + key] = value;
  return out;
}

bool any_tls(const std::vector<ListenAddress>& listeners) {
  return std::any_of(listeners.begin(), listeners.end(), [](const ListenAddress& each) { return each.tls; });
}

}  // namespace

Result<std::unique_ptr<ConnectService>> ConnectService::start(const runtime::WorkerConfig& config, runtime::Herder* herder, const plugin::Registry& registry,
                                                              Answers answers) {
  ASSIGN_OR_RETURN(auto listeners, parse_listeners(config.listeners));
  std::unique_ptr<ConnectService> service(new ConnectService());
  service->context_ = std::make_unique<ConnectContext>(ConnectContext{herder, &registry, ""});
  service->router_ = std::make_unique<HttpRouter>();
  HttpRouter* router = service->router_.get();
  service->open_ = answers == Answers::kAtOnce;
  const std::atomic<bool>* open = &service->open_;
  auto forwarder = std::make_shared<RequestForwarder>(config.all);
  ASSIGN_OR_RETURN(AccessRules read_rules, AccessRules::make(config.all));
  auto rules = std::make_shared<const AccessRules>(std::move(read_rules));
  add_root_routes(router, service->context_.get());
  add_connector_routes(router, service->context_.get());
  add_task_routes(router, service->context_.get());
  add_offset_routes(router, service->context_.get());
  add_plugin_routes(router, service->context_.get());
  const bool admin_apart = config.all.contains("admin.listeners");
  if (!admin_apart) add_logger_routes(router, service->context_.get());
  add_metrics_route(router);
  add_description_route(router, service->context_.get());
  add_try_route(router, config.all, registry);
  HttpServerOptions options;
  if (any_tls(listeners)) {
    ASSIGN_OR_RETURN(options.tls, TlsContexts::make(config.all));
  }
  auto answer_from = [forwarder, rules, open](const HttpRouter* routes) -> HttpHandler {
    return [routes, forwarder, rules, open](const HttpRequest& request) {
      open->wait(false);
      auto refusal = rules->refuse(request);
      HttpResponse response = refusal ? *std::move(refusal) : forwarder->resolve(request, routes->handle(request));
      rules->mark(request, &response);
      return response;
    };
  };
  service->admin_router_ = std::make_unique<HttpRouter>();
  if (admin_apart) {
    add_logger_routes(service->admin_router_.get(), service->context_.get());
    RETURN_IF_ERROR(service->listen_for_admin(config, answer_from(service->admin_router_.get())));
  }
  ASSIGN_OR_RETURN(service->server_, HttpServer::start(listeners, answer_from(router), options));
  ASSIGN_OR_RETURN(service->context_->advertised_url, advertised_url_of(config.all, service->server_->addresses()));
  service->worker_id_ = service->context_->advertised_url.substr(service->context_->advertised_url.find("://") + 3);
  for (const ListenAddress& each : service->server_->addresses()) {
    log::info("rest", "REST API listens on {}://{}:{}, advertised as {}", each.tls ? "https" : "http", each.host, each.port, service->context_->advertised_url);
  }
  return service;
}

Status ConnectService::listen_for_admin(const runtime::WorkerConfig& config, const HttpHandler& answer) {
  ASSIGN_OR_RETURN(auto names, config::parse_value(config::KeyType::kList, config::get_or(config.all, "admin.listeners", "")));
  const auto& list = std::get<config::List>(names);
  if (list.empty()) return {};
  auto listeners = parse_listeners(list);
  if (!listeners.ok()) return listeners.status().with_context("admin.listeners");
  HttpServerOptions options;
  options.name = "admin";
  options.handler_threads = 2;
  if (any_tls(*listeners)) {
    ASSIGN_OR_RETURN(options.tls, TlsContexts::make(admin_tls_keys(config.all)));
  }
  auto started = HttpServer::start(*listeners, answer, options);
  if (!started.ok()) return started.status().with_context("admin.listeners");
  admin_server_ = *std::move(started);
  for (const ListenAddress& each : admin_server_->addresses()) log::info("rest", "/admin is on {}://{}:{} alone (admin.listeners)", each.tls ? "https" : "http", each.host, each.port);
  return {};
}

ConnectService::~ConnectService() { stop(); }
void ConnectService::open() {
  open_ = true;
  open_.notify_all();
}
void ConnectService::stop() {
  open();
  if (admin_server_) admin_server_->stop();
  if (server_) server_->stop();
}
const std::vector<ListenAddress>& ConnectService::addresses() const { return server_->addresses(); }

}  // namespace bywash::rest
