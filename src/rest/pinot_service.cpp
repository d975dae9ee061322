// See pinot_service.h.
#include "rest/pinot_service.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "analytics/table/instance.h"
#include "base/log.h"
#include "base/metrics.h"
#include "rest/http_server.h"
#include "rest/pinot_api.h"

namespace bywash::rest {
namespace {

constexpr std::string_view kLogger = "analytics";
constexpr std::chrono::seconds kOpenWait(60);
bool is_upload(std::string_view method, std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  return method == "POST" && (path == "/ingestFromFile" || path == "/segments" || path == "/v2/segments");
}

}  // namespace

struct PinotService::Parts {
  std::unique_ptr<analytics::Instance> instance;
  std::unique_ptr<PinotApi> api;
  // Requests that come while the tables are being opened wait; after a failed start they are answered 503.
  std::mutex mutex;
  std::condition_variable opened;
  bool decided = false;
  std::unique_ptr<HttpServer> controller, broker;

  ~Parts() { decide(); }
  void decide() {
    {
      std::lock_guard lock(mutex);
      decided = true;
    }
    opened.notify_all();
  }
  PinotApi* wait() {
    std::unique_lock lock(mutex);
    opened.wait_for(lock, kOpenWait, [this] { return decided; });
    return decided ? api.get() : nullptr;
  }
  PinotApi* now() {
    std::lock_guard lock(mutex);
    return api.get();
  }
};

PinotService::PinotService(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
PinotService::~PinotService() { stop(); }

Result<std::unique_ptr<PinotService>> PinotService::start(const PinotServiceOptions& options) {
  auto parts = std::make_unique<Parts>();
  Parts* raw = parts.get();
  auto handler = [raw](HttpResponse (PinotApi::*face)(const HttpRequest&)) {
    return [raw, face](const HttpRequest& request) {
      if (request.path == "/metrics" && request.method == "GET") return pinot::text(200, metrics::Registry::process().render());
      PinotApi* api = raw->wait();
      return api ? (api->*face)(request) : pinot::error(503, "Starting");
    };
  };
  HttpServerOptions controller;
  controller.name = "controller";
  controller.handler_threads = 4;
  controller.spools = is_upload;
  controller.spool_folder = options.data_dir + "/uploads";
  controller.header_limit_bytes = 64 << 10;  // GET /sql?sql=...
  controller.quick = [raw](const HttpRequest& request) -> std::optional<HttpResponse> {
    PinotApi* api = raw->now();
    return api ? api->quick_of_controller(request) : std::nullopt;
  };
  ASSIGN_OR_RETURN(parts->controller, HttpServer::start({{options.host, options.controller_port}}, handler(&PinotApi::controller), controller));
  HttpServerOptions broker;
  broker.name = "broker";
  broker.header_limit_bytes = 64 << 10;
  broker.quick = [raw](const HttpRequest& request) -> std::optional<HttpResponse> {
    PinotApi* api = raw->now();
    return api ? api->quick_of_broker(request) : std::nullopt;
  };
  ASSIGN_OR_RETURN(parts->broker, HttpServer::start({{options.host, options.broker_port}}, handler(&PinotApi::broker), broker));

  PinotApi::Options api;
  api.controller_port = parts->controller->addresses()[0].port;
  api.broker_port = parts->broker->addresses()[0].port;
  analytics::InstanceOptions instance;
  instance.data_dir = options.data_dir;
  instance.broker_id = fmt::format("Broker_{}_{}", api.host, api.broker_port);
  ASSIGN_OR_RETURN(parts->instance, analytics::Instance::start(std::move(instance)));
  log::info(kLogger, "Analytics on {}: controller port {}, broker port {}, data in {}", options.host, api.controller_port, api.broker_port, options.data_dir);
  {
    std::lock_guard lock(parts->mutex);
    parts->api = std::make_unique<PinotApi>(*parts->instance, std::move(api));
  }
  parts->decide();
  return std::unique_ptr<PinotService>(new PinotService(std::move(parts)));
}

void PinotService::stop() {
  if (parts_->instance) parts_->instance->interrupt();
  if (parts_->controller) parts_->controller->stop();
  if (parts_->broker) parts_->broker->stop();
  if (parts_->instance) parts_->instance->stop();
}

uint16_t PinotService::controller_port() const { return parts_->controller->addresses()[0].port; }
uint16_t PinotService::broker_port() const { return parts_->broker->addresses()[0].port; }

}  // namespace bywash::rest
