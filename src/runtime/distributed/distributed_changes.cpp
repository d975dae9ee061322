// What clients may change, in the order of checks and the words of the original. Level 7; the work is queued to the herder's thread.
#include "base/log.h"
#include "runtime/distributed/distributed_herder.h"

namespace bywash::runtime {
namespace {

constexpr int kChangeTimeoutMs = 30000;

// Each request has words of its own for it.
Status unknown_connector(const char* words, const std::string& name) { return Status::not_found(fmt::format(fmt::runtime(words), name)); }

}  // namespace

Result<PutResult> DistributedHerder::put(const ConnectorRequest& asked, bool replace) {
  ConnectorProperties properties = asked.properties;
  std::set<std::string> secrets = secrets_of(asked.name);
  {
    std::lock_guard lock(mutex_);
    if (const auto* stored = config_.find(asked.name)) unmask(&properties, stored->config, secrets);
  }
  RETURN_IF_ERROR(check_names_class(properties));
  // On the caller's thread: it may connect to a database and take its time.
  config::Properties plain = without_nulls(properties);
  ASSIGN_OR_RETURN(ConfigReport report, validate(plain));
  report_nulls(properties, registry_, &report);
  RETURN_IF_ERROR(report.problems());
  auto result = std::make_shared<PutResult>();
  Status done = request(By::kLeader, asked.name, "writing a config for connector " + asked.name + " to the config topic", [this, result, replace, asked, properties, report, plain]() -> Status {
    if (!leading_) return not_leader();
    {
      std::lock_guard lock(mutex_);
      result->created = !config_.find(asked.name);
    }
    if (!result->created && !replace) return Status::conflict(fmt::format("Connector {} already exists", asked.name));
    for (const std::string& warning : report.unknown_key_warnings(plain)) log::warn("connect", "Connector {}: {}", asked.name, warning);
    RETURN_IF_ERROR(write_config(connector_records(asked.name, properties, asked.initial_state)));
    log::info("connect", "Connector {} is created or changed", asked.name);
    ASSIGN_OR_RETURN(result->connector, connector(asked.name));
    return {};
  });
  if (!done.ok()) return done;
  return std::move(*result);
}

Result<ConnectorSummary> DistributedHerder::patch(const std::string& name, const ConnectorProperties& patch) {
  auto stored_config = std::make_shared<ConnectorProperties>();
  // On the leader only: what a follower has read may be older.
  Status read = request(By::kLeader, name, "patching connector " + name, [this, stored_config, name]() -> Status {
    if (!leading_) return not_leader();
    std::lock_guard lock(mutex_);
    const ConfigState::Connector* stored = config_.find(name);
    if (!stored) return no_connector(name);
    *stored_config = stored->config;
    return {};
  });
  if (!read.ok()) return read;
  ASSIGN_OR_RETURN(PutResult result, put({name, patched(std::move(*stored_config), patch), std::nullopt}, true));
  return std::move(result.connector);
}

Status DistributedHerder::remove(const std::string& name) {
  return request(By::kLeader, name, "removing the config for connector " + name + " from the config topic", [this, name]() -> Status {
    if (!leading_) return not_leader();
    {
      std::lock_guard lock(mutex_);
      if (!config_.find(name)) return no_connector(name);
    }
    RETURN_IF_ERROR(write_config(removal_records(name)));
    log::info("connect", "Connector {} is deleted", name);
    return {};
  });
}

Status DistributedHerder::set_target(const std::string& name, TargetState target) {
  By by = target == TargetState::kStopped ? By::kLeader : By::kAnyone;
  return request(by, name, "changing the state of connector " + name, [this, name, target]() -> Status {
    if (target == TargetState::kStopped && !leading_) return not_leader();
    {
      std::lock_guard lock(mutex_);
      if (!config_.find(name)) return unknown_connector("Unknown connector {}", name);
    }
    if (target == TargetState::kStopped) {
      // No tasks any more, then the state: whoever reads the state finds them gone.
      std::vector<kafka::KeyValue> records = task_records(name, {});
      records.push_back(target_record(name, target));
      return write_config(records);
    }
    // Any worker may write these, as in the original.
    RETURN_IF_ERROR(config_log_->write({target_record(name, target)}, kChangeTimeoutMs));
    return config_log_->read_to_end(kChangeTimeoutMs);
  });
}

Status DistributedHerder::restart_connector(const std::string& name) {
  return request(By::kLeader, name, "restarting connector " + name, [this, name]() -> Status {
    {
      std::lock_guard lock(mutex_);
      if (!config_.find(name)) return unknown_connector("Unknown connector: {}", name);
    }
    Unit unit{name, -1};
    if (!running_.contains(unit)) return elsewhere(unit);
    put_status(unit, State::kRestarting, "");
    start_unit(unit);
    return {};
  });
}

Status DistributedHerder::restart_task(const TaskId& id) {
  return request(By::kLeader, id.connector, "restarting task " + to_string(id), [this, id]() -> Status {
    {
      std::lock_guard lock(mutex_);
      if (!config_.find(id.connector)) return unknown_connector("Unknown connector: {}", id.connector);
      if (!config_.task(id)) return unknown_connector("Unknown task: {}", to_string(id));
    }
    Unit unit{id.connector, id.task};
    if (!running_.contains(unit)) return elsewhere(unit);
    put_status(unit, State::kRestarting, "");
    stop_units({unit}, false);
    start_unit(unit);
    return {};
  });
}

Result<ConnectorStatus> DistributedHerder::restart(const std::string& name, bool only_failed, bool include_tasks) {
  auto plan = std::make_shared<ConnectorStatus>();
  Status done = request(By::kLeader, name, "restarting connector " + name + " and its tasks", [this, name, only_failed, include_tasks, plan]() -> Status {
    {
      std::lock_guard lock(mutex_);
      if (!config_.find(name)) return unknown_connector("Unknown connector: {}", name);
    }
    if (!leading_) return not_leader();
    {
      std::lock_guard lock(mutex_);
      const StoredStatus* stored = statuses_.connector(name);
      if (!stored) return unknown_connector("Status for connector {} not found", name);
      *plan = status_locked(name, *stored);
      if (!only_failed || plan->state == State::kFailed) plan->state = State::kRestarting;
      for (TaskStatus& task : plan->tasks) {
        if (include_tasks && (!only_failed || task.state == State::kFailed)) task.state = State::kRestarting;
      }
    }
    return write_config({restart_record({name, only_failed, include_tasks})});
  });
  if (!done.ok()) return done;
  return std::move(*plan);
}

Status DistributedHerder::check_stopped(const std::string& name) const {
  std::lock_guard lock(mutex_);
  const ConfigState::Connector* connector = config_.find(name);
  if (!connector) return no_connector(name);
  if (config_.target(name) == TargetState::kStopped && connector->task_count == 0) return {};
  return must_be_stopped(name);
}

Status DistributedHerder::alter_offsets(const std::string& name, const OffsetEntries& entries) {
  RETURN_IF_ERROR(await_fencing(name));
  return request(By::kLeader, name, "altering offsets of connector " + name, [this, name, entries]() -> Status {
    if (!leading_) return not_leader();
    RETURN_IF_ERROR(check_stopped(name));
    ASSIGN_OR_RETURN(auto properties, properties_of(name));
    return worker_.alter_offsets(name, properties, entries);
  });
}

Status DistributedHerder::reset_offsets(const std::string& name) {
  RETURN_IF_ERROR(await_fencing(name));
  return request(By::kLeader, name, "resetting offsets of connector " + name, [this, name]() -> Status {
    if (!leading_) return not_leader();
    RETURN_IF_ERROR(check_stopped(name));
    ASSIGN_OR_RETURN(auto properties, properties_of(name));
    return worker_.reset_offsets(name, properties);
  });
}

Status DistributedHerder::set_cluster_logger(const std::string& logger, const std::string& level) {
  // Every worker hears it from the topic, this one too.
  return config_log_->write({logger_record(logger, level)}, kChangeTimeoutMs);
}

void DistributedHerder::on_logger_level(LoggerListener listener) {
  std::lock_guard lock(mutex_);
  logger_listener_ = std::move(listener);
}

}  // namespace bywash::runtime
