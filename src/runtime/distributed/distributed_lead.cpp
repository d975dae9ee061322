// What the leader does besides: plans who runs what, makes the configurations of tasks, clears up statuses, writes to the config topic
// under a transactional id that fences the leader before it. Level 7, the herder's thread.
#include <algorithm>

#include "base/clock.h"
#include "base/log.h"
#include "config/properties.h"
#include "runtime/client_properties.h"
#include "runtime/distributed/distributed_herder.h"
#include "runtime/java_failure.h"

namespace bywash::runtime {
namespace {

constexpr int kLeaderReadTimeoutMs = 30000;
constexpr int kWriteTimeoutMs = 30000;
constexpr int kFenceTimeoutMs = 15000;

std::string worker_of_member(std::string_view url) {
  size_t scheme = url.find("://");
  return std::string(scheme == url.npos ? url : url.substr(scheme + 3));
}

}  // namespace

void DistributedHerder::lead() {
  bool leads = false, stable = false;
  {
    std::lock_guard lock(mutex_);
    leads = view_.leads();
    stable = view_.stable;
  }
  if (!stable) return;  // a rebalance is under way: who leads now will be known after it
  ready_ = true;
  if (!leads) {
    if (leading_) log::info("runtime", "This worker leads the group '{}' no longer", cluster_.group_id);
    for (const auto& [name, number] : asked_) worker_.leave_connector(name);
    asked_.clear();
    std::lock_guard lock(mutex_);
    leading_ = false;
    planner_.reset();
    fenced_.reset();
    made_.clear();
    return;
  }
  if (!leading_) {
    if (Status status = become_leader(); !status.ok()) {
      log::warn("runtime", "This worker is to lead the group '{}' and cannot yet: {}. It goes on trying", cluster_.group_id, status.message());
      return;
    }
  }
  make_tasks();
  fence_zombies();
  plan();
  sweep_statuses();
}

Status DistributedHerder::become_leader() {
  ASSIGN_OR_RETURN(auto topic, cluster_topic(worker_.config(), cluster_, cluster_.config_topic));
  topic.producer["client.id"] = cluster_.group_id + "-leader";
  // A worker that has stood still may take itself for the leader still. Before it fences the one that is; and once more behind that: whoever
  // leads since then fences this one.
  RETURN_IF_ERROR(still_leader());
  // Fenced first, read then: nothing that an earlier leader still writes can come after what is read here.
  auto fenced = links_.fence(topic.producer, "connect-cluster-" + cluster_.group_id, kFenceTimeoutMs);
  if (!fenced.ok()) {
    log::warn("runtime", "The leader cannot be fenced: {}. It goes on without; a leader that is cut off from the group may then write for a moment beside the next one. "
              "Transactions need transaction.state.log.replication.factor brokers and the right to the transactional id 'connect-cluster-{}'", fenced.status().message(), cluster_.group_id);
  } else {
    fenced_ = *std::move(fenced);
    if (Status leads = still_leader(); !leads.ok()) {
      fenced_.reset();
      return leads;
    }
  }
  RETURN_IF_ERROR(config_log_->read_to_end(kLeaderReadTimeoutMs));
  RETURN_IF_ERROR(status_log_->read_to_end(kLeaderReadTimeoutMs));
  std::lock_guard lock(mutex_);
  planner_.emplace(statuses_.assignment());
  leading_ = true;
  log::info("runtime", "This worker leads the group '{}' of {} workers", cluster_.group_id, view_.members.size());
  return {};
}

Status DistributedHerder::still_leader() const {
  if (member_->look().leads()) return {};
  return Status::retriable("The coordinator of the group does not say so");
}

Status DistributedHerder::write_config(const std::vector<kafka::KeyValue>& records) {
  if (!fenced_) {
    RETURN_IF_ERROR(config_log_->write(records, kWriteTimeoutMs));
    return config_log_->read_to_end(kLeaderReadTimeoutMs);
  }
  auto written = fenced_->write(cluster_.config_topic, records, kWriteTimeoutMs);
  // Not to the end: what was committed comes into sight a moment after the commit, and the end of a transaction takes a long poll to be seen.
  if (written.ok()) return config_log_->read_past(*written, kLeaderReadTimeoutMs);
  if (!written.status().retriable()) {
    // Fenced: another worker leads. What is true shows at the next turn.
    fenced_.reset();
    std::lock_guard lock(mutex_);
    leading_ = false;
    planner_.reset();
  }
  return written.status();
}

void DistributedHerder::plan() {
  std::optional<Assignment> next;
  {
    std::lock_guard lock(mutex_);
    if (!planner_) return;
    AssignmentPlanner::Input input{self_.worker_id, {}, {}, statuses_.acks(), 0, cluster_.rebalance_delay_ms};
    for (const auto& member : view_.members) input.members[worker_of_member(member.name)] = member.id;
    for (const auto& [name, connector] : config_.connectors()) {
      input.work.insert({name, -1});
      for (const TaskId& task : config_.tasks(name)) input.work.insert({task.connector, task.task});
    }
    input.now_ms = std::chrono::duration_cast<Millis>(steady_now().time_since_epoch()).count();
    next = planner_->next(input);
  }
  if (!next) return;
  const std::vector<kafka::KeyValue> record = {assignment_record(*next)};
  Status written = fenced_ ? fenced_->write(cluster_.status_topic, record, kWriteTimeoutMs).status() : status_log_->write(record, kWriteTimeoutMs);
  if (written.ok()) return;
  log::warn("runtime", "An assignment of work could not be published: {}. It is made anew", written.message());
  // The planner believes in what nobody has seen: begin from the log again.
  fenced_.reset();
  std::lock_guard lock(mutex_);
  leading_ = false;
  planner_.reset();
}

// Task configurations of connectors that run and were created, changed, resumed or restarted since the last time: they are asked for here,
// and taken where they have come.
void DistributedHerder::make_tasks() {
  take_tasks();
  std::vector<std::pair<std::string, int64_t>> todo;
  std::vector<std::string> gone;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [name, connector] : config_.connectors()) {
      const StoredStatus* status = statuses_.connector(name);
      bool runs = config_.target(name) == TargetState::kStarted && status && status->state == State::kRunning;
      Made& made = made_[name];
      if (status && status->state != State::kRunning) made.started = false;
      if (restarted_.erase(name)) made.config_epoch = 0;
      if (!runs || (made.started && made.config_epoch == connector.config_epoch)) continue;
      made = {connector.config_epoch, true};
      todo.emplace_back(name, connector.config_epoch);
    }
    for (const auto& [name, number] : asked_) {
      if (!config_.find(name) || !made_[name].started) gone.push_back(name);
    }
    std::erase_if(made_, [&](const auto& made) { return !config_.find(made.first); });
  }
  for (const std::string& name : gone) {
    worker_.leave_connector(name);
    asked_.erase(name);
  }
  for (const auto& [name, epoch] : todo) {
    log::Scope scope(name, "");
    ask_for_tasks(name, epoch);
  }
}

void DistributedHerder::ask_for_tasks(const std::string& name, int64_t config_epoch) {
  config::Properties properties;
  {
    std::lock_guard lock(mutex_);
    const ConfigState::Connector* connector = config_.find(name);
    if (!connector) return;
    properties = without_nulls(connector->config);
  }
  const int64_t number = ++asks_;
  asked_[name] = number;
  const std::string class_name = config::get_or(properties, "connector.class", "");
  auto plugin = find_connector(registry_, config::trim(class_name));
  if (!plugin) {
    return came_back({name, number, config_epoch, Status::fatal(fmt::format("Failed to find any class that implements Connector and which name matches {}", class_name))});
  }
  worker_.make_task_configs(name, *plugin, properties, [this, name, number, config_epoch](ConnectorCalls::Answer configs) {
    came_back({name, number, config_epoch, std::move(configs)});
  });
}

// Any thread: the herder's takes it at its next turn.
void DistributedHerder::came_back(CameBack answer) {
  {
    std::lock_guard lock(mutex_);
    came_back_.push_back(std::move(answer));
  }
  wake();
}

void DistributedHerder::take_tasks() {
  std::vector<CameBack> answers;
  {
    std::lock_guard lock(mutex_);
    answers.swap(came_back_);
  }
  for (CameBack& answer : answers) {
    auto asked = asked_.find(answer.connector);
    if (asked == asked_.end() || asked->second != answer.number) continue;
    asked_.erase(asked);
    const std::string name = answer.connector;
    log::Scope scope(name, "");
    Status status = write_tasks(std::move(answer));
    if (status.ok()) continue;
    if (status.retriable() || !leading_) {
      made_.erase(name);  // at the next turn again
      continue;
    }
    log::error("connect", "Connector {} cannot make its tasks: {}", name, status.message());
    put_leaders_status(name, State::kFailed, java_trace(status));
  }
}

// The leader's word on a connector that may run elsewhere.
void DistributedHerder::put_leaders_status(const std::string& name, State state, const std::string& trace) {
  StoredStatus status;
  {
    std::lock_guard lock(mutex_);
    if (const StoredStatus* stored = statuses_.connector(name)) status = *stored;
  }
  status.state = state;
  status.trace = trace;
  status_log_->write_later(status_record({name, -1}, status));
}

Status DistributedHerder::write_tasks(CameBack answer) {
  const std::string& name = answer.connector;
  ConnectorCalls::Answer& configs = answer.configs;
  config::Properties properties;
  ConnectorProperties raw, applied;
  std::vector<config::Properties> before;
  {
    std::lock_guard lock(mutex_);
    const ConfigState::Connector* connector = config_.find(name);
    // Of a configuration that is another by now they are made anew.
    if (!connector || connector->config_epoch != answer.config_epoch) return {};
    if (config_.target(name) != TargetState::kStarted) {
      made_.erase(name);
      return {};
    }
    raw = connector->config;
    applied = connector->applied;
    properties = without_nulls(raw);
    if (connector->consistent) {
      for (const TaskId& task : config_.tasks(name)) before.push_back(*config_.task(task));
    }
  }
  // Whatever it is: tried again where the connector is restarted only.
  if (!configs.ok()) return Status::fatal(configs.status().message()).with_java_class(configs.status().java_class());
  auto plugin = find_connector(registry_, config::trim(config::get_or(properties, "connector.class", "")));
  if (!plugin) return {};
  for (config::Properties& config : *configs) config["task.class"] = task_class(plugin->class_name);
  // Also where the tasks' own keys are the same: transforms and converters stand in the connector's configuration.
  if (*configs == before && (applied.empty() || applied == raw)) return {};
  return write_config(task_records(name, *configs));
}

// Statuses of what is no more, once nobody runs it any longer.
void DistributedHerder::sweep_statuses() {
  std::vector<kafka::KeyValue> records;
  {
    std::lock_guard lock(mutex_);
    std::set<Unit> held;
    for (const auto& member : view_.members) {
      auto ack = statuses_.acks().find(worker_of_member(member.name));
      if (ack != statuses_.acks().end()) held.insert(ack->second.owned.begin(), ack->second.owned.end());
    }
    // Its worker's last word may come behind the removal: now and then everything is looked at anew.
    if (++sweeps_ % 50 == 0) swept_.clear();
    std::set<Unit> there;
    std::set<std::string> gone;
    for (const Unit& unit : statuses_.units()) {
      there.insert(unit);
      const ConfigState::Connector* connector = config_.find(unit.connector);
      if (connector && (unit.is_connector() || !connector->consistent || unit.task < connector->task_count)) continue;
      if (!connector) gone.insert(unit.connector);
      if (held.contains(unit) || !swept_.insert(unit).second) continue;
      StoredStatus destroyed;
      destroyed.state = State::kDestroyed;
      records.push_back(status_record(unit, destroyed));
    }
    std::erase_if(swept_, [&](const Unit& unit) { return !there.contains(unit); });
    if (worker_.config().topic_tracking_enable) {
      for (const std::string& connector : gone) {
        for (const std::string& topic : statuses_.topics(connector)) records.push_back(topic_removal_record(connector, topic));
      }
    }
  }
  for (const kafka::KeyValue& record : records) status_log_->write_later(record);
}

}  // namespace bywash::runtime
