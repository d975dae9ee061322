// GET / and GET /health (RootResource, Kafka 4.3).
#include "base/log.h"
#include "rest/connect_json.h"
#include "rest/connect_service.h"

namespace bywash::rest {
namespace {

// The version of Kafka Connect whose API this is; clients look at it. Our own stands in `commit`.
constexpr const char* kConnectVersion = "4.3.1";

}  // namespace

void add_root_routes(HttpRouter* router, const ConnectContext* context) {
  router->add("GET", "/", [context](const HttpRequest&, const auto&) {
    auto cluster = context->herder->kafka_cluster_id();
    if (!cluster.ok()) log::warn("rest", "The id of the Kafka cluster is not known: {}", cluster.status().message());
    Json out;
    out["version"] = kConnectVersion;
    out["commit"] = "bywash-" BYWASH_VERSION;
    out["kafka_cluster_id"] = cluster.ok() ? Json(*cluster) : Json(nullptr);
    return json_response(200, out);
  });
  router->add("GET", "/health", [context](const HttpRequest&, const auto&) {
    bool ready = context->herder->ready();
    Json out;
    if (const std::string trouble = ready ? context->herder->trouble() : ""; !trouble.empty()) {
      out["status"] = "unhealthy";
      out["message"] = "Worker was unable to handle this request and may be unable to handle other requests. " + trouble;
      return json_response(500, out);
    }
    out["status"] = ready ? "healthy" : "starting";
    out["message"] = ready ? "Worker has completed startup and is ready to handle requests." : "Worker is still starting up.";
    return json_response(ready ? 200 : 503, out);
  });
}

}  // namespace bywash::rest
