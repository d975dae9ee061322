// Wiring of the Connect REST API.
#include "rest/connect_service.h"

#include "base/log.h"
#include "config/properties.h"
#include "rest/connect_access.h"
#include "rest/connect_forward.h"
#include "rest/connect_try.h"

namespace bywash::rest {

Result<std::unique_ptr<ConnectService>> ConnectService::start(const runtime::WorkerConfig& config, runtime::Herder* herder, const plugin::Registry& registry,
                                                              Answers answers) {
  ASSIGN_OR_RETURN(auto listeners, parse_listeners(config.listeners));
  std::unique_ptr<ConnectService> service(new ConnectService());
  service->context_ = std::make_unique<ConnectContext>(ConnectContext{herder, &registry, ""});
  service->router_ = std::make_unique<HttpRouter>();
  HttpRouter* router = service->router_.get();
  service->open_ = answers == Answers::kAtOnce;
  const std::atomic<bool>* open = &service->open_;
  auto forwarder = std::make_shared<RequestForwarder>();
  ASSIGN_OR_RETURN(AccessRules read_rules, AccessRules::make(config.all));
  auto rules = std::make_shared<const AccessRules>(std::move(read_rules));
  add_root_routes(router, service->context_.get());
  add_connector_routes(router, service->context_.get());
  add_task_routes(router, service->context_.get());
  add_offset_routes(router, service->context_.get());
  add_plugin_routes(router, service->context_.get());
  add_logger_routes(router, service->context_.get());
  add_metrics_route(router);
  add_try_route(router, config.all, registry);
  ASSIGN_OR_RETURN(service->server_, HttpServer::start(listeners, [router, forwarder, rules, open](const HttpRequest& request) {
    open->wait(false);
    auto refusal = rules->refuse(request);
    HttpResponse response = refusal ? *std::move(refusal) : forwarder->resolve(request, router->handle(request));
    rules->mark(request, &response);
    return response;
  }));
  const ListenAddress& first = service->server_->addresses().front();
  std::string host = config::get_or(config.all, "rest.advertised.host.name", first.host == "0.0.0.0" || first.host == "::" ? "localhost" : first.host);
  std::string port = config::get_or(config.all, "rest.advertised.port", std::to_string(first.port));
  service->worker_id_ = host + ":" + port;
  service->context_->advertised_url = "http://" + service->worker_id_;
  log::info("rest", "REST API listens on {}:{}, advertised as {}", first.host, first.port, service->context_->advertised_url);
  return service;
}

ConnectService::~ConnectService() { stop(); }
void ConnectService::open() {
  open_ = true;
  open_.notify_all();
}
void ConnectService::stop() {
  open();
  if (server_) server_->stop();
}
const std::vector<ListenAddress>& ConnectService::addresses() const { return server_->addresses(); }

}  // namespace bywash::rest
