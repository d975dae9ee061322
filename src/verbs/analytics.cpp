// bywash analytics: tables and Pinot's REST alone. Above all layers, the main thread.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

#include "base/log.h"
#include "rest/pinot_service.h"
#include "verbs/verbs.h"

namespace bywash::verbs {

void add_analytics(CLI::App& app, Run* run) {
  auto options = std::make_shared<rest::PinotServiceOptions>();
  CLI::App* verb = app.add_subcommand("analytics", "Real-time tables: Apache Pinot's schema and table JSON, SQL and REST");
  verb->add_option("--data-dir", options->data_dir, "Folder for schemas, tables and segments (needed to serve)");
  verb->add_option("--controller-port", options->controller_port, "Port of the controller's REST (9000; 0: any free one)");
  verb->add_option("--broker-port", options->broker_port, "Port of the broker's REST (8099; 0: any free one)");
  verb->add_option("--host", options->host, "Address to listen on (127.0.0.1)");
  add_log_options(*verb);
  add_analytics_import(*verb, run);
  add_analytics_hand_over(*verb, run);
  verb->callback([options, verb, run] {
    if (!verb->get_subcommands().empty()) return;
    if (options->data_dir.empty()) throw CLI::RequiredError("--data-dir");
    *run = [options] {
      block_stop_signals();
      auto service = rest::PinotService::start(*options);
      if (!service.ok()) return fail(service.status().message());
      log::info("analytics", "Controller on http://{}:{}, broker on http://{}:{}", options->host, (*service)->controller_port(), options->host, (*service)->broker_port());
      log::info("analytics", "Stopping on signal {}", wait_for_stop_signal());
      (*service)->stop();
      return 0;
    };
  });
}

}  // namespace bywash::verbs
