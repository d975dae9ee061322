// GET /metrics: every metric of the process in Prometheus' text format. Level 8.
#include "base/metrics.h"
#include "rest/connect_service.h"

namespace bywash::rest {

void add_metrics_route(HttpRouter* router) {
  router->add("GET", "/metrics", [](const HttpRequest&, const auto&) {
    HttpResponse out;
    out.content_type = "text/plain; version=0.0.4; charset=utf-8";
    out.body = metrics::Registry::process().render();
    return out;
  }, {.produces_json = false});
}

}  // namespace bywash::rest
