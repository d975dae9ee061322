// What clients may read of the cluster's connectors; any worker answers from its own copy of the topics. Level 7, any thread.
#include "runtime/distributed/distributed_herder.h"

namespace bywash::runtime {

std::vector<std::string> DistributedHerder::connectors() {
  std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [name, connector] : config_.connectors()) out.push_back(name);
  return out;
}

// Which keys of a stored configuration are secret: found once for each configuration.
std::set<std::string> DistributedHerder::secrets_of(const std::string& name) {
  config::Properties properties;
  int64_t epoch = 0;
  {
    std::lock_guard lock(mutex_);
    const ConfigState::Connector* connector = config_.find(name);
    if (!connector) return {};
    epoch = connector->config_epoch;
    auto known = secrets_.find(name);
    if (known != secrets_.end() && known->second.config_epoch == epoch) return known->second.keys;
    properties = without_nulls(connector->config);
  }
  auto report = validate_connector(properties, worker_.config(), registry_, Reach::kLocal);
  // Of a plugin that is not here the keys' names have to do.
  std::set<std::string> keys = report.ok() ? report->secret_keys(properties) : ConfigReport().secret_keys(properties);
  std::lock_guard lock(mutex_);
  secrets_[name] = {epoch, keys};
  return keys;
}

ConnectorSummary DistributedHerder::summary_locked(const std::string& name, const std::set<std::string>& secrets) const {
  ConnectorSummary out;
  const ConfigState::Connector* connector = config_.find(name);
  if (!connector) return out;
  out.name = name;
  out.config = masked(connector->config, secrets);
  out.tasks = config_.tasks(name);
  auto plugin = plugin_of(registry_, connector->config);
  out.type = plugin ? to_string(plugin->kind) : "unknown";
  return out;
}

Result<ConnectorSummary> DistributedHerder::connector(const std::string& name) {
  std::set<std::string> secrets = secrets_of(name);
  std::lock_guard lock(mutex_);
  if (!config_.find(name)) return no_connector(name);
  return summary_locked(name, secrets);
}

ConnectorStatus DistributedHerder::status_locked(const std::string& name, const StoredStatus& stored) const {
  ConnectorStatus out;
  out.name = name;
  out.state = stored.state;
  out.worker_id = stored.worker_id;
  out.version = stored.version;
  out.trace = stored.trace;
  const ConfigState::Connector* connector = config_.find(name);
  auto plugin = connector ? plugin_of(registry_, connector->config) : std::nullopt;
  out.type = plugin ? to_string(plugin->kind) : "unknown";
  for (const auto& [id, task] : statuses_.tasks(name)) {
    if (connector && connector->consistent && id >= connector->task_count) continue;
    out.tasks.push_back({id, task.state, task.worker_id, task.version, task.trace});
  }
  return out;
}

Result<ConnectorStatus> DistributedHerder::status(const std::string& name) {
  std::lock_guard lock(mutex_);
  const StoredStatus* stored = statuses_.connector(name);
  if (!stored || !config_.find(name)) return Status::not_found(fmt::format("No status found for connector {}", name));
  return status_locked(name, *stored);
}

std::vector<WorkerMetrics::Watched> DistributedHerder::watched() const {
  std::lock_guard lock(mutex_);
  std::vector<WorkerMetrics::Watched> out;
  for (const auto& [name, connector] : config_.connectors()) {
    const StoredStatus* stored = statuses_.connector(name);
    auto plugin = plugin_of(registry_, connector.config);
    if (!stored || stored->worker_id != self_.worker_id) continue;
    out.push_back({status_locked(name, *stored), plugin ? plugin->class_name : ""});
  }
  return out;
}

Result<TaskStatus> DistributedHerder::task_status(const TaskId& id) {
  std::lock_guard lock(mutex_);
  const StoredStatus* stored = statuses_.task(id);
  if (!stored || !config_.find(id.connector)) return Status::not_found(fmt::format("No status found for task {}", to_string(id)));
  return TaskStatus{id.task, stored->state, stored->worker_id, stored->version, stored->trace};
}

Result<std::vector<std::pair<TaskId, config::Properties>>> DistributedHerder::task_configs(const std::string& name) {
  std::set<std::string> secrets = secrets_of(name);
  std::lock_guard lock(mutex_);
  if (!config_.find(name)) return no_connector(name);
  std::vector<std::pair<TaskId, config::Properties>> out;
  for (const TaskId& id : config_.tasks(name)) {
    out.emplace_back(id, masked_task(*config_.task(id), secrets));
  }
  return out;
}

Result<std::vector<std::string>> DistributedHerder::topics(const std::string& name) {
  RETURN_IF_ERROR(check_topic_tracking(worker_.config()));
  std::lock_guard lock(mutex_);
  std::set<std::string> topics = statuses_.topics(name);
  return std::vector<std::string>(topics.begin(), topics.end());
}

Status DistributedHerder::reset_topics(const std::string& name) {
  RETURN_IF_ERROR(check_topic_reset(worker_.config()));
  std::vector<kafka::KeyValue> records;
  {
    std::lock_guard lock(mutex_);
    for (const std::string& topic : statuses_.topics(name)) records.push_back(topic_removal_record(name, topic));
  }
  for (const kafka::KeyValue& record : records) status_log_->write_later(record);
  return {};
}

Result<ConnectorKind> DistributedHerder::kind(const std::string& name) {
  std::lock_guard lock(mutex_);
  const ConfigState::Connector* connector = config_.find(name);
  if (!connector) return no_connector(name);
  auto plugin = plugin_of(registry_, connector->config);
  if (!plugin) return Status::fatal(fmt::format("The class of connector {} does not exist here", name));
  return plugin->kind;
}

Result<config::Properties> DistributedHerder::properties_of(const std::string& name) const {
  std::lock_guard lock(mutex_);
  const ConfigState::Connector* connector = config_.find(name);
  if (!connector) return no_connector(name);
  return without_nulls(connector->config);
}

Result<OffsetEntries> DistributedHerder::offsets(const std::string& name) {
  ASSIGN_OR_RETURN(auto properties, properties_of(name));
  return worker_.offsets(name, properties);
}


Result<std::string> DistributedHerder::kafka_cluster_id() { return worker_.kafka_cluster_id(); }

}  // namespace bywash::runtime
