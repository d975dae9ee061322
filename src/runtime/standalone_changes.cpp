// What the herder's thread does: create, change, pause, stop, restart and remove connectors. Level 7, the herder's thread (the public
// functions queue their work to it).
#include <algorithm>

#include "base/log.h"
#include "config/properties.h"
#include "runtime/error_reporter.h"
#include "runtime/standalone_herder.h"
#include "runtime/task_configs.h"

namespace bywash::runtime {

Result<PutResult> StandaloneHerder::put(const ConnectorRequest& asked, bool replace) {
  ConnectorProperties properties = asked.properties;
  {
    std::lock_guard lock(mutex_);
    if (auto it = connectors_.find(asked.name); it != connectors_.end()) unmask(&properties, it->second.config, it->second.secrets);
  }
  RETURN_IF_ERROR(check_names_class(properties));
  // On the caller's thread: it may connect to a database and take its time.
  config::Properties plain = without_nulls(properties);
  ASSIGN_OR_RETURN(ConfigReport report, validate(plain));
  report_nulls(properties, registry_, &report);
  RETURN_IF_ERROR(report.problems());
  auto result = std::make_shared<PutResult>();
  Status done = request(asked.name, "creating or updating connector " + asked.name, [this, result, replace, asked, properties, report, plain]() -> Status {
    {
      std::lock_guard lock(mutex_);
      result->created = !connectors_.contains(asked.name);
      if (!result->created && !replace) return Status::conflict(fmt::format("Connector {} already exists", asked.name));
    }
    for (const std::string& warning : report.unknown_key_warnings(plain)) log::warn("connect", "Connector {}: {}", asked.name, warning);
    RETURN_IF_ERROR(put_now(asked.name, properties, report, asked.initial_state));
    ASSIGN_OR_RETURN(result->connector, connector(asked.name));
    return {};
  });
  if (!done.ok()) return done;
  return std::move(*result);
}

Result<ConnectorSummary> StandaloneHerder::patch(const std::string& name, const ConnectorProperties& patch) {
  ConnectorRequest whole;
  whole.name = name;
  {
    std::lock_guard lock(mutex_);
    auto it = connectors_.find(name);
    if (it == connectors_.end()) return no_connector(name);
    whole.properties = patched(it->second.config, patch);
  }
  ASSIGN_OR_RETURN(PutResult result, put(whole, true));
  return std::move(result.connector);
}

Status StandaloneHerder::put_now(const std::string& name, ConnectorProperties config, const ConfigReport& report, std::optional<TargetState> initial) {
  config::Properties plain = without_nulls(config);
  auto plugin = plugin_of(registry_, config);
  if (!plugin) return Status::invalid(fmt::format("Connector {} has no connector.class that exists here", name));
  bool had_tasks = false;
  {
    std::lock_guard lock(mutex_);
    if (auto it = connectors_.find(name); it != connectors_.end()) had_tasks = !it->second.tasks.empty();
  }
  if (had_tasks) stop_tasks(name, all_tasks(name));
  {
    std::lock_guard lock(mutex_);
    Entry& entry = connectors_[name];
    entry.config = std::move(config);
    entry.secrets = report.secret_keys(plain);
    entry.plugin = *plugin;
    entry.tasks.clear();
    if (initial) entry.target = *initial;
  }
  RETURN_IF_ERROR(persist(name));
  log::info("connect", "Connector {} is created or changed", name);
  return start_connector(name, had_tasks);
}

// Brings a connector without tasks to its target state. A paused one gets tasks only where it had some, as in Connect.
Status StandaloneHerder::start_connector(const std::string& name, bool had_tasks) {
  bool make_tasks = false;
  {
    std::lock_guard lock(mutex_);
    Entry& entry = connectors_[name];
    entry.trace.clear();
    entry.state = state_of(entry.target);
    make_tasks = entry.target == TargetState::kStarted || (entry.target == TargetState::kPaused && had_tasks);
  }
  return make_tasks ? regenerate_tasks(name, true) : Status();
}

// Asks the plugin for task configurations; starts the tasks anew where they changed, or always with `force`.
Status StandaloneHerder::regenerate_tasks(const std::string& name, bool force) {
  config::Properties properties;
  std::optional<ConnectorPlugin> plugin;
  std::vector<config::Properties> before;
  {
    std::lock_guard lock(mutex_);
    const Entry& entry = connectors_[name];
    properties = without_nulls(entry.config);
    plugin = entry.plugin;
    for (const TaskEntry& task : entry.tasks) before.push_back(task.config);
  }
  auto configs = make_task_configs(registry_, worker_.config().all, *plugin, properties);
  if (!configs.ok()) {
    std::lock_guard lock(mutex_);
    connectors_[name].state = State::kFailed;
    connectors_[name].trace = java_trace(configs.status());
    metrics_.connector_startup(false);
    log::error("connect", "Connector {} cannot make its tasks: {}", name, configs.status().message());
    return Status::fatal(fmt::format("Failed to start connector: {}: {}", name, configs.status().message()));
  }
  metrics_.connector_startup(true);
  if (!force && *configs == before) return {};
  stop_tasks(name, all_tasks(name));
  std::vector<int> which;
  {
    std::lock_guard lock(mutex_);
    Entry& entry = connectors_[name];
    entry.tasks.clear();
    for (auto& config : *configs) {
      which.push_back(static_cast<int>(entry.tasks.size()));
      entry.tasks.push_back({std::move(config), State::kUnassigned, ""});
    }
  }
  start_tasks(name, which);
  return {};
}

void StandaloneHerder::start_tasks(const std::string& name, const std::vector<int>& which) {
  config::Properties properties;
  std::vector<config::Properties> configs;
  bool paused = false;
  {
    std::lock_guard lock(mutex_);
    const Entry& entry = connectors_[name];
    properties = without_nulls(entry.config);
    for (const TaskEntry& task : entry.tasks) configs.push_back(task.config);
    paused = entry.target == TargetState::kPaused;
  }
  for (int task : which) {
    TaskId id{name, task};
    Status status = worker_.start_task(id, properties, configs[static_cast<size_t>(task)], paused);
    metrics_.task_startup(status.ok());
    if (!status.ok()) {
      log::error("connect", "Task {} cannot be started: {}", to_string(id), status.message());
      on_task_state(id, State::kFailed, java_trace(status));
    }
  }
}

void StandaloneHerder::stop_tasks(const std::string& name, const std::vector<int>& which) {
  std::vector<TaskId> ids;
  for (int task : which) ids.push_back({name, task});
  if (!ids.empty()) worker_.stop_tasks(ids);
}

std::vector<int> StandaloneHerder::all_tasks(const std::string& name) const {
  std::lock_guard lock(mutex_);
  std::vector<int> out;
  if (auto it = connectors_.find(name); it != connectors_.end()) {
    for (size_t i = 0; i < it->second.tasks.size(); ++i) out.push_back(static_cast<int>(i));
  }
  return out;
}

Status StandaloneHerder::persist(const std::string& name) {
  if (!store_) return {};
  StoredConnector stored;
  stored.name = name;
  {
    std::lock_guard lock(mutex_);
    stored.config = connectors_[name].config;
    stored.target = connectors_[name].target;
  }
  return store_->save(stored);
}

Status StandaloneHerder::remove(const std::string& name) {
  return request(name, "deleting connector " + name, [this, name]() -> Status {
    {
      std::lock_guard lock(mutex_);
      if (!connectors_.contains(name)) return no_connector(name);
    }
    // The file goes first: after a crash in between the connector is gone, as its client was or will be told.
    if (store_) RETURN_IF_ERROR(store_->remove(name));
    stop_tasks(name, all_tasks(name));
    std::lock_guard lock(mutex_);
    connectors_.erase(name);
    log::info("connect", "Connector {} is deleted", name);
    return {};
  });
}

Status StandaloneHerder::set_target(const std::string& name, TargetState target) {
  return request(name, "changing the state of connector " + name, [this, name, target]() -> Status {
    TargetState before;
    bool has_tasks = false, failed = false;
    {
      std::lock_guard lock(mutex_);
      auto it = connectors_.find(name);
      // The original finds none when it looks for the configuration of what it stops, a 500.
      if (it == connectors_.end() && target == TargetState::kStopped) return Status::fatal(fmt::format("No connector `{}` configured", name));
      if (it == connectors_.end()) return Status::not_found(fmt::format("Unknown connector {}", name));
      Entry& entry = it->second;
      before = entry.target;
      failed = entry.state == State::kFailed;
      has_tasks = !entry.tasks.empty();
      entry.target = target;
      if (!failed) entry.state = state_of(target);
    }
    if (before != target) {
      RETURN_IF_ERROR(persist(name));
      log::info("connect", "Connector {} is to be {} from now on", name, to_string(target));
    }
    if (target == TargetState::kStopped) {
      stop_tasks(name, all_tasks(name));
      std::lock_guard lock(mutex_);
      Entry& entry = connectors_[name];
      entry.tasks.clear();
      entry.state = State::kStopped;
      entry.trace.clear();
      return {};
    }
    worker_.set_paused(name, target == TargetState::kPaused);
    if (target == TargetState::kStarted && (!has_tasks || failed)) return start_connector(name, true);
    return {};
  });
}

Status StandaloneHerder::restart_connector(const std::string& name) {
  return request(name, "restarting connector " + name, [this, name]() -> Status {
    bool started = false;
    {
      std::lock_guard lock(mutex_);
      auto it = connectors_.find(name);
      // The original answers with the text of a NullPointerException here, as a 500.
      if (it == connectors_.end()) return Status::fatal(fmt::format("Cannot invoke \"restart\" on connector {}: there is no such connector", name));
      started = it->second.target == TargetState::kStarted;
      if (started && it->second.state == State::kFailed) it->second.state = State::kRunning;
      it->second.trace.clear();
    }
    return started ? regenerate_tasks(name, false) : Status();
  });
}

Result<ConnectorStatus> StandaloneHerder::restart(const std::string& name, bool only_failed, bool include_tasks) {
  auto plan = std::make_shared<ConnectorStatus>();
  Status done = request(name, "restarting connector " + name + " and its tasks", [this, name, only_failed, include_tasks, plan]() -> Status {
    bool restart_it = false, started = false;
    std::vector<int> which;
    {
      std::lock_guard lock(mutex_);
      auto it = connectors_.find(name);
      if (it == connectors_.end()) return Status::not_found(fmt::format("Unknown connector: {}", name));
      Entry& entry = it->second;
      started = entry.target == TargetState::kStarted;
      restart_it = !only_failed || entry.state == State::kFailed;
      *plan = status_locked(name, entry);
      if (restart_it) plan->state = State::kRestarting;
      for (size_t i = 0; include_tasks && i < entry.tasks.size(); ++i) {
        if (only_failed && entry.tasks[i].state != State::kFailed) continue;
        which.push_back(static_cast<int>(i));
        entry.tasks[i].state = State::kRestarting;
        plan->tasks[i].state = State::kRestarting;
      }
    }
    stop_tasks(name, which);
    if (restart_it && started) {
      {
        std::lock_guard lock(mutex_);
        connectors_[name].state = State::kRunning;
        connectors_[name].trace.clear();
      }
      RETURN_IF_ERROR(regenerate_tasks(name, false));
    }
    // Tasks that a change of their configuration has started meanwhile need no second start.
    std::vector<int> left;
    {
      std::lock_guard lock(mutex_);
      const Entry& entry = connectors_[name];
      for (int task : which) {
        if (static_cast<size_t>(task) < entry.tasks.size() && entry.tasks[static_cast<size_t>(task)].state == State::kRestarting) left.push_back(task);
      }
    }
    start_tasks(name, left);
    return {};
  });
  if (!done.ok()) return done;
  return std::move(*plan);
}

Status StandaloneHerder::restart_task(const TaskId& id) {
  return request(id.connector, "restarting task " + to_string(id), [this, id]() -> Status {
    {
      std::lock_guard lock(mutex_);
      auto it = connectors_.find(id.connector);
      // A 500 of the original, which starts the task before it knows of its connector.
      if (it == connectors_.end()) return Status::fatal(fmt::format("Failed to start task {} since it is not a recognizable type (source or sink)", to_string(id)));
      if (id.task < 0 || static_cast<size_t>(id.task) >= it->second.tasks.size()) return Status::not_found(fmt::format("Task {} not found", to_string(id)));
      it->second.tasks[static_cast<size_t>(id.task)].state = State::kRestarting;
    }
    stop_tasks(id.connector, {id.task});
    start_tasks(id.connector, {id.task});
    return {};
  });
}

}  // namespace bywash::runtime
