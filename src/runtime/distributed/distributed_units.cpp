// What this worker runs: from the assignment and the configurations to tasks, and their states into the status topic. Level 7, the
// herder's thread, but for what tasks report.
#include "base/log.h"
#include "config/properties.h"
#include "runtime/distributed/distributed_herder.h"
#include "runtime/java_failure.h"

namespace bywash::runtime {
namespace {

constexpr Millis kSayAgain{1000};

std::string name_of(const Unit& unit) { return unit.is_connector() ? "connector " + unit.connector : fmt::format("task {}-{}", unit.connector, unit.task); }

}  // namespace

// Takes over a new share of the work: gives up what is no longer its own and says so. What is new is started by reconcile().
void DistributedHerder::follow() {
  {
    std::lock_guard lock(mutex_);
    const Assignment& assignment = statuses_.assignment();
    auto share = assignment.workers.find(self_.worker_id);
    // A share for an earlier life of this worker is not its own.
    if (share == assignment.workers.end() || share->second.member != view_.self) return;
    if (assignment.version == applied_version_ && share->second.member == applied_member_) return say_ack_again();
    mine_ = share->second.units;
    applied_version_ = assignment.version;
    applied_member_ = share->second.member;
  }
  std::vector<Unit> given_up;
  for (const auto& [unit, running] : running_) {
    if (!mine_.contains(unit)) given_up.push_back(unit);
  }
  stop_units(given_up, true);
  say_ack();
}

void DistributedHerder::say_ack() {
  ack_said_ = steady_now();
  status_log_->write_later(ack_record(self_.worker_id, {applied_member_, applied_version_, mine_}));
}

// Under the lock. The leader waits for it: one that was lost on its way is said until it is there.
void DistributedHerder::say_ack_again() {
  auto stored = statuses_.acks().find(self_.worker_id);
  const bool there = stored != statuses_.acks().end() && stored->second.member == applied_member_ && stored->second.version >= applied_version_;
  if (!there && steady_now() >= ack_said_ + kSayAgain) say_ack();
}

// Brings what runs to what is configured. Runs every turn: nothing is missed for good.
void DistributedHerder::reconcile() {
  std::vector<Unit> stop, start;
  std::vector<std::pair<std::string, TargetState>> targets;
  std::vector<RestartRequest> restarts;
  {
    std::lock_guard lock(mutex_);
    restarts.swap(restarts_);
    for (auto& [unit, running] : running_) {
      const ConfigState::Connector* connector = config_.find(unit.connector);
      bool there = connector && (unit.is_connector() || (connector->consistent && unit.task < connector->task_count));
      if (!there || running.epoch != (unit.is_connector() ? connector->config_epoch : connector->tasks_epoch)) {
        stop.push_back(unit);
        continue;
      }
      TargetState target = config_.target(unit.connector);
      if (running.target == target) continue;
      running.target = target;
      if (unit.is_connector() || targets.empty() || targets.back().first != unit.connector) targets.emplace_back(unit.connector, target);
    }
  }
  stop_units(stop, true);
  for (const auto& [name, target] : targets) {
    if (running_.contains({name, -1})) put_status({name, -1}, state_of(target), "");
    worker_.set_paused(name, target != TargetState::kStarted);
    log::info("connect", "Connector {} is {} from now on", name, to_string(target));
  }
  {
    std::lock_guard lock(mutex_);
    // A share of an earlier life in the group may be others' by now: what runs goes on until there is another, and nothing starts.
    const bool current = applied_member_ == view_.self;
    for (const Unit& unit : mine_) {
      if (!current) break;
      const ConfigState::Connector* connector = config_.find(unit.connector);
      bool there = connector && (unit.is_connector() || (connector->consistent && unit.task < connector->task_count));
      if (!unit.is_connector() && awaits_fencing(unit.connector)) continue;
      if (there && !running_.contains(unit)) start.push_back(unit);
    }
  }
  for (const Unit& unit : start) start_unit(unit);
  for (const RestartRequest& request : restarts) restart_units(request);
  correct_statuses();
}

// A worker that was cut off, and comes back after its work was given to others, says how that ended for it. Whoever runs it now says so
// again; and what was lost on its way. The leader's word on a connector that cannot make its tasks stands.
void DistributedHerder::correct_statuses() {
  std::vector<kafka::KeyValue> records;
  {
    std::lock_guard lock(mutex_);
    if (!view_.stable) return;
    const SteadyTime now = steady_now();
    for (auto& [unit, running] : running_) {
      auto said = said_.find(unit);
      const StoredStatus* stored = unit.is_connector() ? statuses_.connector(unit.connector) : statuses_.task({unit.connector, unit.task});
      if (said == said_.end() || now < said->second.at + kSayAgain) continue;
      const bool told = stored && stored->worker_id == self_.worker_id && (stored->state == said->second.status.state || (unit.is_connector() && stored->state == State::kFailed));
      if (told) continue;
      said->second.at = now;
      records.push_back(status_record(unit, said->second.status));
    }
  }
  for (const kafka::KeyValue& record : records) status_log_->write_later(record);
}

void DistributedHerder::stop_units(const std::vector<Unit>& units, bool say_so) {
  std::vector<TaskId> tasks;
  for (const Unit& unit : units) {
    if (!unit.is_connector()) tasks.push_back({unit.connector, unit.task});
  }
  if (!tasks.empty()) worker_.stop_tasks(tasks);
  for (const Unit& unit : units) {
    running_.erase(unit);
    bool mine = false;
    {
      std::lock_guard lock(mutex_);
      const StoredStatus* stored = unit.is_connector() ? statuses_.connector(unit.connector) : statuses_.task({unit.connector, unit.task});
      mine = stored && stored->worker_id == self_.worker_id;
      said_.erase(unit);
    }
    // Not over what another worker has said since.
    if (say_so && mine) put_status(unit, State::kUnassigned, "");
    log::info("runtime", "Stopped {}", name_of(unit));
  }
}

void DistributedHerder::start_unit(const Unit& unit) {
  log::Scope scope(unit.connector, unit.is_connector() ? "" : std::to_string(unit.task));
  unit.is_connector() ? start_connector(unit) : start_task(unit);
}

void DistributedHerder::start_connector(const Unit& unit) {
  Running running;
  config::Properties properties;
  {
    std::lock_guard lock(mutex_);
    const ConfigState::Connector* connector = config_.find(unit.connector);
    if (!connector) return;
    properties = without_nulls(connector->config);
    running = {connector->config_epoch, config_.target(unit.connector)};
  }
  running_[unit] = running;
  const std::string class_name(config::trim(config::get_or(properties, "connector.class", "")));
  bool found = find_connector(registry_, class_name).has_value();
  metrics_.connector_startup(found);
  if (!found) {
    Status missing = Status::fatal(fmt::format("Failed to find any class that implements Connector and which name matches {}", class_name)).with_java_class("org.apache.kafka.connect.errors.ConnectException");
    log::error("connect", "Connector {} cannot be started: {}", unit.connector, missing.message());
    return put_status(unit, State::kFailed, java_trace(missing));
  }
  put_status(unit, state_of(running.target), "");
  log::info("connect", "Connector {} is {}", unit.connector, to_string(running.target));
}

void DistributedHerder::start_task(const Unit& unit) {
  Running running;
  config::Properties connector, task;
  TaskId id{unit.connector, unit.task};
  {
    std::lock_guard lock(mutex_);
    const ConfigState::Connector* stored = config_.find(unit.connector);
    const config::Properties* own = config_.task(id);
    if (!stored || !own) return;
    // What the tasks were made from: a newer configuration that is not committed yet is not theirs.
    connector = without_nulls(stored->applied.empty() ? stored->config : stored->applied);
    task = *own;
    running = {stored->tasks_epoch, config_.target(unit.connector)};
    started_epochs_[id] = running.epoch;
  }
  task.erase("task.class");
  running_[unit] = running;
  Status status = worker_.start_task(id, connector, task, running.target != TargetState::kStarted);
  metrics_.task_startup(status.ok());
  if (status.ok()) return;
  log::error("connect", "Task {} cannot be started: {}", to_string(id), status.message());
  put_status(unit, State::kFailed, java_trace(status));
}

// Every worker reads the request and restarts its own part of it.
void DistributedHerder::restart_units(const RestartRequest& request) {
  std::vector<Unit> units;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [unit, running] : running_) {
      if (unit.connector != request.connector || (!unit.is_connector() && !request.include_tasks)) continue;
      const StoredStatus* stored = unit.is_connector() ? statuses_.connector(unit.connector) : statuses_.task({unit.connector, unit.task});
      if (request.only_failed && (!stored || stored->state != State::kFailed)) continue;
      units.push_back(unit);
    }
  }
  for (const Unit& unit : units) put_status(unit, State::kRestarting, "");
  stop_units(units, false);
  for (const Unit& unit : units) start_unit(unit);
}

void DistributedHerder::put_status(const Unit& unit, State state, const std::string& trace) {
  StoredStatus status{state, self_.worker_id, "", trace, 0};
  {
    std::lock_guard lock(mutex_);
    status.version = version_of(unit.connector);
    status.generation = statuses_.assignment().version;
    if (state == State::kUnassigned) said_.erase(unit);
    else said_[unit] = {status, steady_now()};
  }
  status_log_->write_later(status_record(unit, status));
}

// Under the lock.
std::string DistributedHerder::version_of(const std::string& connector) const {
  const ConfigState::Connector* stored = config_.find(connector);
  if (!stored) return "";
  auto plugin = plugin_of(registry_, stored->config);
  return plugin ? plugin->info->version : "";
}

void DistributedHerder::on_task_state(const TaskId& id, State state, const std::string& trace) {
  put_status({id.connector, id.task}, state, state == State::kFailed ? trace : "");
}

void DistributedHerder::on_task_problem(const TaskId& id, const std::string& problem) {
  {
    std::lock_guard lock(mutex_);
    const StoredStatus* stored = statuses_.task(id);
    if (!stored || stored->state != State::kRunning || stored->worker_id != self_.worker_id) return;
  }
  put_status({id.connector, id.task}, State::kRunning, problem);
}

// The leader's, which makes the tasks.
void DistributedHerder::on_connector_problem(const std::string& connector, const std::string& problem) {
  {
    std::lock_guard lock(mutex_);
    const StoredStatus* stored = statuses_.connector(connector);
    if (!stored || stored->state != State::kRunning) return;
  }
  put_leaders_status(connector, State::kRunning, problem);
}

void DistributedHerder::on_topic_used(const std::string& connector, const std::string& topic) {
  if (!worker_.config().topic_tracking_enable) return;
  {
    std::lock_guard lock(topics_mutex_);
    if (!told_topics_.emplace(connector, topic).second) return;
  }
  status_log_->write_later(topic_record(connector, topic, 0));
}

}  // namespace bywash::runtime
