// What the herder's thread does: create, change, pause, stop, restart and remove connectors. Level 7, the herder's thread (the public
// functions queue their work to it).
#include <utility>

#include "base/log.h"
#include "config/properties.h"
#include "runtime/error_reporter.h"
#include "runtime/standalone_herder.h"

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
  Status done = request_later(asked.name, "creating or updating connector " + asked.name, [this, result, replace, asked, properties, report, plain](After after) {
    bool created = false;
    {
      std::lock_guard lock(mutex_);
      created = !connectors_.contains(asked.name);
    }
    if (!created && !replace) return after(Status::conflict(fmt::format("Connector {} already exists", asked.name)));
    for (const std::string& warning : report.unknown_key_warnings(plain)) log::warn("connect", "Connector {}: {}", asked.name, warning);
    put_now(asked.name, properties, report, asked.initial_state, [this, result, created, name = asked.name, after](Status status) {
      if (!status.ok()) return after(std::move(status));
      auto summary = connector(name);
      if (summary.ok()) *result = {created, *std::move(summary)};
      after(summary.status());
    });
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

void StandaloneHerder::put_now(const std::string& name, ConnectorProperties config, const ConfigReport& report, std::optional<TargetState> initial, After after) {
  config::Properties plain = without_nulls(config);
  auto plugin = plugin_of(registry_, config);
  if (!plugin) return after(Status::invalid(fmt::format("Connector {} has no connector.class that exists here", name)));
  leave_start(name);
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
  if (Status kept = persist(name); !kept.ok()) return after(std::move(kept));
  log::info("connect", "Connector {} is created or changed", name);
  start_connector(name, had_tasks, std::move(after));
}

// Brings a connector without tasks to its target state. A paused one gets tasks only where it had some, as in Connect.
void StandaloneHerder::start_connector(const std::string& name, bool had_tasks, After after) {
  bool make_tasks = false;
  {
    std::lock_guard lock(mutex_);
    Entry& entry = connectors_[name];
    entry.trace.clear();
    entry.state = state_of(entry.target);
    make_tasks = entry.target == TargetState::kStarted || (entry.target == TargetState::kPaused && had_tasks);
  }
  make_tasks ? regenerate_tasks(name, true, std::move(after)) : after({});
}

// Asks the connector for task configurations, and goes on once it has answered; starts the tasks anew where they changed, or always with
// `force`.
void StandaloneHerder::regenerate_tasks(const std::string& name, bool force, After after) {
  leave_start(name);
  config::Properties properties;
  ConnectorPlugin plugin;
  uint64_t asked = 0;
  {
    std::lock_guard lock(mutex_);
    Entry& entry = connectors_[name];
    properties = without_nulls(entry.config);
    plugin = entry.plugin;
    asked = entry.asked = ++asked_;
    entry.after = std::move(after);
  }
  worker_.make_task_configs(name, plugin, properties, [this, name, asked, force](const ConnectorCalls::Answer& configs) {
    post([this, name, asked, force, configs] {
      log::Scope scope(name, "");
      tasks_made(name, asked, force, configs);
    });
  });
}

// What a connector is asked for its start is not wanted any more. Whoever waits for it is told.
void StandaloneHerder::leave_start(const std::string& name) {
  After after;
  {
    std::lock_guard lock(mutex_);
    auto it = connectors_.find(name);
    if (it == connectors_.end() || !it->second.after) return;
    after = std::exchange(it->second.after, nullptr);
  }
  worker_.leave_connector(name);
  after(Status::fatal(fmt::format("Connector {} was changed, stopped or removed before its start had come back", name)));
}

void StandaloneHerder::tasks_made(const std::string& name, uint64_t asked, bool force, const ConnectorCalls::Answer& configs) {
  After after;
  {
    std::lock_guard lock(mutex_);
    auto it = connectors_.find(name);
    if (it == connectors_.end() || !it->second.after || it->second.asked != asked) return;
    after = std::exchange(it->second.after, nullptr);
  }
  after(take_tasks(name, force, configs));
}

Status StandaloneHerder::take_tasks(const std::string& name, bool force, const ConnectorCalls::Answer& configs) {
  std::vector<config::Properties> before;
  {
    std::lock_guard lock(mutex_);
    for (const TaskEntry& task : connectors_[name].tasks) before.push_back(task.config);
  }
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
    for (const auto& config : *configs) {
      which.push_back(static_cast<int>(entry.tasks.size()));
      entry.tasks.push_back({config, State::kUnassigned, ""});
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
    leave_start(name);
    stop_tasks(name, all_tasks(name));
    std::lock_guard lock(mutex_);
    connectors_.erase(name);
    log::info("connect", "Connector {} is deleted", name);
    return {};
  });
}

Status StandaloneHerder::set_target(const std::string& name, TargetState target) {
  return request_later(name, "changing the state of connector " + name, [this, name, target](const After& after) {
    TargetState before;
    bool has_tasks = false, failed = false, starting = false;
    {
      std::lock_guard lock(mutex_);
      auto it = connectors_.find(name);
      // The original finds none when it looks for the configuration of what it stops, a 500.
      if (it == connectors_.end() && target == TargetState::kStopped) return after(Status::fatal(fmt::format("No connector `{}` configured", name)));
      if (it == connectors_.end()) return after(Status::not_found(fmt::format("Unknown connector {}", name)));
      Entry& entry = it->second;
      before = entry.target;
      failed = entry.state == State::kFailed;
      has_tasks = !entry.tasks.empty();
      starting = entry.after != nullptr;
      entry.target = target;
      if (!failed) entry.state = state_of(target);
    }
    if (before != target) {
      if (Status kept = persist(name); !kept.ok()) return after(kept);
      log::info("connect", "Connector {} is to be {} from now on", name, to_string(target));
    }
    if (target == TargetState::kStopped) {
      stop_connector(name);
      return after({});
    }
    worker_.set_paused(name, target == TargetState::kPaused);
    // One that is being started gets its tasks in the new state.
    if (target == TargetState::kStarted && !starting && (!has_tasks || failed)) return start_connector(name, true, after);
    after({});
  });
}

void StandaloneHerder::stop_connector(const std::string& name) {
  leave_start(name);
  stop_tasks(name, all_tasks(name));
  std::lock_guard lock(mutex_);
  Entry& entry = connectors_[name];
  entry.tasks.clear();
  entry.state = State::kStopped;
  entry.trace.clear();
}

Status StandaloneHerder::restart_connector(const std::string& name) {
  return request_later(name, "restarting connector " + name, [this, name](const After& after) {
    bool started = false;
    {
      std::lock_guard lock(mutex_);
      auto it = connectors_.find(name);
      // The original answers with the text of a NullPointerException here, as a 500.
      if (it == connectors_.end()) return after(Status::fatal(fmt::format("Cannot invoke \"restart\" on connector {}: there is no such connector", name)));
      started = it->second.target == TargetState::kStarted;
      if (started && it->second.state == State::kFailed) it->second.state = State::kRunning;
      it->second.trace.clear();
    }
    started ? regenerate_tasks(name, false, after) : after({});
  });
}

Result<ConnectorStatus> StandaloneHerder::restart(const std::string& name, bool only_failed, bool include_tasks) {
  auto plan = std::make_shared<ConnectorStatus>();
  Status done = request_later(name, "restarting connector " + name + " and its tasks", [this, name, only_failed, include_tasks, plan](const After& after) {
    bool restart_it = false, started = false;
    std::vector<int> which;
    {
      std::lock_guard lock(mutex_);
      auto it = connectors_.find(name);
      if (it == connectors_.end()) return after(Status::not_found(fmt::format("Unknown connector: {}", name)));
      Entry& entry = it->second;
      started = entry.target == TargetState::kStarted;
      // One that does not come back from its start counts as failed.
      restart_it = !only_failed || entry.state == State::kFailed || entry.after;
      *plan = status_locked(name, entry);
      if (restart_it) plan->state = State::kRestarting;
      for (size_t i = 0; include_tasks && i < entry.tasks.size(); ++i) {
        // The restart before this one has not come to those that are RESTARTING.
        if (only_failed && entry.tasks[i].state != State::kFailed && entry.tasks[i].state != State::kRestarting) continue;
        which.push_back(static_cast<int>(i));
        entry.tasks[i].state = State::kRestarting;
        plan->tasks[i].state = State::kRestarting;
      }
    }
    stop_tasks(name, which);
    if (!restart_it || !started) {
      start_tasks(name, which);
      return after({});
    }
    {
      std::lock_guard lock(mutex_);
      connectors_[name].state = State::kRunning;
      connectors_[name].trace.clear();
    }
    regenerate_tasks(name, false, [this, name, which, after](Status status) {
      if (status.ok()) start_tasks(name, still_restarting(name, which));
      after(std::move(status));
    });
  });
  if (!done.ok()) return done;
  return std::move(*plan);
}

// Tasks that a change of their configuration has started meanwhile need no second start.
std::vector<int> StandaloneHerder::still_restarting(const std::string& name, const std::vector<int>& which) const {
  std::vector<int> out;
  std::lock_guard lock(mutex_);
  auto it = connectors_.find(name);
  if (it == connectors_.end()) return out;
  const std::vector<TaskEntry>& tasks = it->second.tasks;
  for (int task : which) {
    if (static_cast<size_t>(task) < tasks.size() && tasks[static_cast<size_t>(task)].state == State::kRestarting) out.push_back(task);
  }
  return out;
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
