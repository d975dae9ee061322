// bywash standalone and bywash serve: a Kafka Connect standalone worker, alone or with the analytics engine in the same process.
// Above all layers, the main thread.
#include <CLI/CLI.hpp>

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/log.h"
#include "config/properties.h"
#include "rest/connect_service.h"
#include "rest/pinot_service.h"
#include "runtime/client_properties.h"
#include "runtime/standalone_herder.h"
#include "verbs/verbs.h"

namespace bywash::verbs {
namespace {

struct WorkerOptions {
  std::string properties_file;
  std::vector<std::string> connector_files;
  std::string data_dir;  // serve only
  std::optional<uint16_t> controller_port, broker_port;
};

// As in Connect a worker starts all the same: sinks need no such file. Said here, before a source connector loses its place.
void warn_unless_writable(const std::string& offsets_file) {
  std::error_code ignored;
  std::string path = offsets_file;
  if (!std::filesystem::exists(path, ignored)) path = std::filesystem::absolute(path, ignored).parent_path().string();
  if (::access(path.c_str(), W_OK) == 0) return;
  log::warn("runtime", "Offsets of source connectors cannot be kept in '{}' (offset.storage.file.filename): {}", offsets_file, std::strerror(errno));
}

// The worker's configuration from its file, with what the command line says over it.
Result<runtime::WorkerConfig> read_config(const WorkerOptions& options, bool serve) {
  ASSIGN_OR_RETURN(config::Properties properties, config::read_properties_file(options.properties_file));
  if (!options.data_dir.empty()) properties["data.dir"] = options.data_dir;
  ASSIGN_OR_RETURN(runtime::WorkerConfig config, runtime::parse_worker_config(properties));
  if (serve && config.data_dir.empty()) return Status::invalid("data.dir is not set. Name a folder with --data-dir, or the key data.dir in the worker's properties");
  if (!serve && config.offset_storage_file.empty()) {
    return Status::invalid("Missing required configuration \"offset.storage.file.filename\" which has no default value.");
  }
  RETURN_IF_ERROR(runtime::check_worker_clients(config));
  if (!serve) warn_unless_writable(config.offset_storage_file);
  if (!config.plugin_path.empty()) log::info("runtime", "plugin.path is not read: plugins are built in; GET /connector-plugins lists them");
  return config;
}

Status create_from_files(runtime::StandaloneHerder& herder, const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    ASSIGN_OR_RETURN(runtime::ConnectorRequest request, runtime::read_connector_file(file));
    auto put = herder.put(request, true);
    if (!put.ok()) return put.status().with_context(fmt::format("Cannot create the connector of '{}'", file));
    log::info("runtime", "Created connector {}", request.name);
  }
  return {};
}

// Exit codes of org.apache.kafka.connect.cli.ConnectStandalone (Kafka 4.3): what scripts around a worker look at.
constexpr int kCannotStart = 2;
constexpr int kConnectorRefused = 3;

int run_worker(const WorkerOptions& options, bool serve) {
  block_stop_signals();
  auto config = read_config(options, serve);
  if (!config.ok()) return fail(fmt::format("{}: {}", options.properties_file, config.status().message()), kCannotStart);

  std::unique_ptr<rest::PinotService> tables;
  if (serve) {
    std::error_code error;
    std::filesystem::create_directories(config->data_dir, error);
    rest::PinotServiceOptions pinot;
    pinot.data_dir = config->data_dir + "/tables";
    if (options.controller_port) pinot.controller_port = *options.controller_port;
    if (options.broker_port) pinot.broker_port = *options.broker_port;
    auto started = rest::PinotService::start(pinot);
    if (!started.ok()) return fail(started.status().message(), kCannotStart);
    tables = *std::move(started);
    log::info("analytics", "Controller on http://{}:{}, broker on http://{}:{}", pinot.host, tables->controller_port(), pinot.host, tables->broker_port());
  }

  runtime::HerderOptions herder_options;
  if (serve) herder_options.store_folder = config->data_dir + "/connectors";
  runtime::StandaloneHerder herder(*config, plugin::Registry::process(), herder_options);
  // The original answers while the connectors of its files are being created; those of a data folder are there from the first answer on.
  auto service = rest::ConnectService::start(*config, &herder, plugin::Registry::process(),
                                             serve ? rest::ConnectService::Answers::kWhenOpened : rest::ConnectService::Answers::kAtOnce);
  if (!service.ok()) return fail(service.status().message(), kCannotStart);
  herder.set_worker_id((*service)->worker_id());
  if (Status status = herder.start(); !status.ok()) return fail(status.message(), kCannotStart);
  if (Status status = create_from_files(herder, options.connector_files); !status.ok()) return fail(status.message(), kConnectorRefused);
  herder.set_ready();
  (*service)->open();
  log::info("rest", "Listening on {}", (*service)->advertised_url());

  log::info("runtime", "Stopping on signal {}", wait_for_stop_signal());
  // REST first, so that nothing new starts; then the tasks, which flush and commit; then the tables.
  (*service)->stop();
  herder.stop();
  if (tables) tables->stop();
  return 0;
}

CLI::App* add_worker_verb(CLI::App& app, Run* run, const char* name, const char* text, bool serve) {
  auto options = std::make_shared<WorkerOptions>();
  CLI::App* verb = app.add_subcommand(name, text);
  verb->add_option("worker.properties", options->properties_file, "The worker's properties, as Kafka Connect's")->required();
  verb->add_option("connectors", options->connector_files, "Connectors to create at start: .json or .properties");
  if (serve) {
    verb->add_option("--data-dir", options->data_dir, "Folder for connectors, offsets and tables (the key data.dir)");
    verb->add_option("--controller-port", options->controller_port, "Port of the tables' controller REST (9000)");
    verb->add_option("--broker-port", options->broker_port, "Port of the tables' broker REST (8099)");
  }
  add_log_options(*verb);
  verb->callback([options, run, serve] { *run = [options, serve] { return run_worker(*options, serve); }; });
  return verb;
}

}  // namespace

void add_standalone(CLI::App& app, Run* run) {
  add_worker_verb(app, run, "standalone", "A Kafka Connect standalone worker: sinks and sources, REST on 8083", false);
}

void add_serve(CLI::App& app, Run* run) {
  add_worker_verb(app, run, "serve", "Worker and real-time tables in one process; connectors are kept in data.dir", true);
}

}  // namespace bywash::verbs
