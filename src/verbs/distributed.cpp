// bywash distributed: a worker of a Kafka Connect cluster. Above all layers, the main thread.
#include <CLI/CLI.hpp>

#include <memory>

#include "base/log.h"
#include "config/properties.h"
#include "rest/connect_service.h"
#include "runtime/client_properties.h"
#include "runtime/distributed/distributed_herder.h"
#include "verbs/verbs.h"

namespace bywash::verbs {
namespace {

// Exit codes of org.apache.kafka.connect.cli.ConnectDistributed (Kafka 4.3).
constexpr int kNoArguments = 1;
constexpr int kNoStart = 2;

int run_distributed(const std::string& file) {
  block_stop_signals();
  if (file.empty()) return fail("Usage: bywash distributed worker.properties", kNoArguments);
  auto properties = config::read_properties_file(file);
  if (!properties.ok()) return fail(fmt::format("{}: {}", file, properties.status().message()), kNoStart);
  auto worker = runtime::parse_worker_config(*properties);
  if (!worker.ok()) return fail(fmt::format("{}: {}", file, worker.status().message()), kNoStart);
  auto cluster = runtime::parse_cluster_config(worker->all);
  if (!cluster.ok()) return fail(fmt::format("{}: {}", file, cluster.status().message()), kNoStart);
  if (Status status = runtime::check_worker_clients(*worker); !status.ok()) return fail(fmt::format("{}: {}", file, status.message()), kNoStart);
  if (!worker->plugin_path.empty()) log::info("runtime", "plugin.path is not read: plugins are built in; GET /connector-plugins lists them");

  runtime::DistributedHerder herder(*worker, *cluster, plugin::Registry::process());
  auto service = rest::ConnectService::start(*worker, &herder, plugin::Registry::process());
  if (!service.ok()) return fail(service.status().message(), kNoStart);
  if (Status status = herder.start({(*service)->worker_id(), (*service)->advertised_url()}); !status.ok()) return fail(status.message(), kNoStart);
  log::info("rest", "Listening on {}", (*service)->advertised_url());

  log::info("runtime", "Stopping on signal {}", wait_for_stop_signal());
  // REST first, so that nothing new starts; then the tasks, which flush and commit; then the group is left.
  (*service)->stop();
  herder.stop();
  return 0;
}

}  // namespace

void add_distributed(CLI::App& app, Run* run) {
  auto file = std::make_shared<std::string>();
  CLI::App* verb = app.add_subcommand("distributed", "A worker of a Kafka Connect cluster: the same group.id and topics share the work");
  verb->add_option("worker.properties", *file, "The worker's properties, as Kafka Connect's");
  add_log_options(*verb);
  verb->callback([file, run] { *run = [file] { return run_distributed(*file); }; });
}

}  // namespace bywash::verbs
