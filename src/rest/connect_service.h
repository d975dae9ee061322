// ConnectService: Kafka Connect's REST API over a herder, and /metrics, on a worker's listeners. Level 8.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/status.h"
#include "plugin/registry.h"
#include "rest/http_router.h"
#include "rest/http_server.h"
#include "runtime/herder.h"
#include "runtime/worker_config.h"

namespace bywash::rest {

// What the resources work with; outlives the router.
struct ConnectContext {
  runtime::Herder* herder;
  const plugin::Registry* registry;
  std::string advertised_url;  // "http://localhost:8083", for Location
};

// The routes of each resource (one file each).
void add_root_routes(HttpRouter* router, const ConnectContext* context);
void add_connector_routes(HttpRouter* router, const ConnectContext* context);
void add_task_routes(HttpRouter* router, const ConnectContext* context);
void add_offset_routes(HttpRouter* router, const ConnectContext* context);
void add_plugin_routes(HttpRouter* router, const ConnectContext* context);
void add_logger_routes(HttpRouter* router, const ConnectContext* context);
void add_metrics_route(HttpRouter* router);
void add_description_route(HttpRouter* router, const ConnectContext* context);

class ConnectService {
 public:
  // kWhenOpened: requests wait for open(), so that none sees a part of what the worker keeps.
  enum class Answers : uint8_t { kAtOnce, kWhenOpened };
  // Listens on the worker's `listeners`, and on `admin.listeners` where that is given: then /admin is there only (empty: nowhere). `herder` and `registry` have to outlive the service. Error: a listener is wrong or occupied.
  static Result<std::unique_ptr<ConnectService>> start(const runtime::WorkerConfig& config, runtime::Herder* herder, const plugin::Registry& registry,
                                                       Answers answers = Answers::kAtOnce);
  ~ConnectService();
  void open();
  void stop();
  // "host:port" by rest.advertised.host.name, .port and .listener, or a listener: what statuses show as worker_id.
  const std::string& worker_id() const { return worker_id_; }
  const std::string& advertised_url() const { return context_->advertised_url; }
  const std::vector<ListenAddress>& addresses() const;

 private:
  ConnectService() = default;
  Status listen_for_admin(const runtime::WorkerConfig& config, const HttpHandler& answer);
  std::unique_ptr<ConnectContext> context_;
  std::unique_ptr<HttpRouter> router_;
  std::unique_ptr<HttpRouter> admin_router_;
  std::unique_ptr<HttpServer> server_, admin_server_;
  std::string worker_id_;
  std::atomic<bool> open_ = false;
};

}  // namespace bywash::rest
