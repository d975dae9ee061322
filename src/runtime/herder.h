// Herder: what a REST request, a connector file or a cluster may ask of the connectors of a worker. Standalone or distributed: the same
// calls. Level 7. Calls are for any thread; those that change something wait for the herder's own thread, with a
// deadline.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "runtime/connector_config.h"
#include "runtime/worker.h"

namespace bywash::runtime {

struct ConnectorSummary {
  std::string name;
  ConnectorProperties config;  // secrets masked
  std::vector<TaskId> tasks;
  std::string type;            // "sink", "source"
};

struct TaskStatus {
  int id = 0;
  State state = State::kUnassigned;
  std::string worker_id;
  std::string version;
  std::string trace;
};

struct ConnectorStatus {
  std::string name;
  State state = State::kUnassigned;
  std::string worker_id;
  std::string version;
  std::string trace;
  std::vector<TaskStatus> tasks;
  std::string type;
};

struct PutResult {
  bool created = false;
  ConnectorSummary connector;
};

// The java_class of a Status that says: another worker of the cluster answers this. Its message is that worker's URL, empty where there
// is none to be known just now.
inline constexpr std::string_view kElsewhere = "org.apache.kafka.connect.runtime.distributed.RequestTargetException";

// Errors everywhere: kNotFound (404), kInvalid (400), kConflict (409), everything else is 500; messages in Connect's words.
class Herder {
 public:
  virtual ~Herder() = default;

  // Whether this is one worker of a cluster.
  virtual bool distributed() const { return false; }
  // Tells every worker of the cluster a logger's level; each calls what it was given by on_logger_level.
  virtual Status set_cluster_logger(const std::string& logger, const std::string& level) { return Status::invalid(logger + ": there is no cluster: " + level); }
  using LoggerListener = std::function<void(const std::string& logger, const std::string& level)>;
  virtual void on_logger_level(LoggerListener listener) { static_cast<void>(listener); }

  virtual std::vector<std::string> connectors() = 0;
  virtual Result<ConnectorSummary> connector(const std::string& name) = 0;
  virtual Result<ConnectorStatus> status(const std::string& name) = 0;
  virtual Result<TaskStatus> task_status(const TaskId& id) = 0;
  // Task configurations, secrets masked, with task.class.
  virtual Result<std::vector<std::pair<TaskId, config::Properties>>> task_configs(const std::string& name) = 0;

  // Creates a connector, or replaces its configuration where `replace` allows it. A secret sent as the mask keeps its stored value.
  virtual Result<PutResult> put(const ConnectorRequest& request, bool replace) = 0;
  // Sets keys, removes those that are null.
  virtual Result<ConnectorSummary> patch(const std::string& name, const ConnectorProperties& patch) = 0;
  virtual Status remove(const std::string& name) = 0;
  virtual Status set_target(const std::string& name, TargetState target) = 0;
  virtual Status restart_connector(const std::string& name) = 0;
  // Restarts connector and tasks as asked; answers what it is restarting.
  virtual Result<ConnectorStatus> restart(const std::string& name, bool only_failed, bool include_tasks) = 0;
  virtual Status restart_task(const TaskId& id) = 0;

  // Topics used since creation or the last reset.
  virtual Result<std::vector<std::string>> topics(const std::string& name) = 0;
  virtual Status reset_topics(const std::string& name) = 0;

  virtual Result<OffsetEntries> offsets(const std::string& name) = 0;
  virtual Status alter_offsets(const std::string& name, const OffsetEntries& entries) = 0;
  virtual Status reset_offsets(const std::string& name) = 0;
  // Is the connector a sink (offsets are validated by kind)? Errors as connector().
  virtual Result<ConnectorKind> kind(const std::string& name) = 0;

  virtual Result<ConfigReport> validate(const config::Properties& properties) = 0;
  virtual Result<std::string> kafka_cluster_id() = 0;
  // False until the connectors that were asked for at start have been created.
  virtual bool ready() const = 0;
  // Why the worker cannot do its part now, though it has started; empty: it can.
  virtual std::string trouble() const { return {}; }
};

// For those who implement it, in Connect's words.
Status no_connector(const std::string& name);
// Why the offsets of a connector that runs cannot be changed.
Status must_be_stopped(const std::string& name);
// Whether topic.tracking.enable, and for the other topic.tracking.allow.reset too, let a request be answered.
Status check_topic_tracking(const WorkerConfig& worker);
Status check_topic_reset(const WorkerConfig& worker);
// The state of a connector that is what it is to be.
State state_of(TargetState target);
// The plugin that the configuration names; nullopt: it names none that is here.
std::optional<ConnectorPlugin> plugin_of(const plugin::Registry& registry, const ConnectorProperties& connector);
// The configuration with a patch over it, in which null takes a key away.
ConnectorProperties patched(ConnectorProperties properties, const ConnectorProperties& patch);
// A task's configuration with the values of secret keys hidden.
config::Properties masked_task(config::Properties task, const std::set<std::string>& secret_keys);

}  // namespace bywash::runtime
