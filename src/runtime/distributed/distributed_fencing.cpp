// Sources that deliver exactly once in a cluster (exactly.once.source.support=enabled, KIP-618): the leader's rounds of fencing, and what a
// task asks before it starts. Rounds go through the config topic (tasks-fencing-*), so that every worker sees when tasks may start, whoever
// leads; the original's workers ask their leader over REST instead. Level 7, the herder's thread, but for still_owner().
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "runtime/distributed/distributed_herder.h"
#include "runtime/java_failure.h"

namespace bywash::runtime {
namespace {

constexpr int kOwnerReadTimeoutMs = 30000;
constexpr int64_t kFenceSlackMs = 1000;
constexpr Millis kFencingWait{20000};

}  // namespace

// Under the lock.
bool DistributedHerder::awaits_fencing(const std::string& name) const {
  if (!worker_.config().exactly_once_sources || !config_.pending_fencing(name)) return false;
  const ConfigState::Connector* connector = config_.find(name);
  auto plugin = connector ? plugin_of(registry_, connector->config) : std::nullopt;
  return plugin && plugin->kind == ConnectorKind::kSource;
}

// Under the lock. Whether tasks of the configuration before still run on workers that are there: they are about to stop, and would fail if
// they were fenced before that.
bool DistributedHerder::still_stopping(const std::string& name, int before) const {
  for (int i = 0; i < before; ++i) {
    const StoredStatus* stored = statuses_.task({name, i});
    if (!stored || (stored->state != State::kRunning && stored->state != State::kPaused)) continue;
    for (const auto& member : view_.members) {
      if (member.name.ends_with("://" + stored->worker_id)) return true;
    }
  }
  return false;
}

void DistributedHerder::fence_zombies() {
  struct Due {
    std::string name;
    int64_t epoch;
    int count;
    std::vector<TaskId> ids;
  };
  std::vector<Due> due;
  {
    std::lock_guard lock(mutex_);
    if (!leading_) return;
    std::erase_if(fencing_since_, [&](const auto& entry) { return !awaits_fencing(entry.first); });
    for (const auto& [name, connector] : config_.connectors()) {
      if (!awaits_fencing(name) || !connector.consistent) continue;
      auto ids = tasks_to_fence(name, config_.fenced_tasks(name), connector.task_count);
      auto since = fencing_since_.try_emplace(name, steady_now()).first->second;
      const Millis patience(worker_.config().task_shutdown_graceful_timeout_ms + kFenceSlackMs);
      if (!ids.empty() && steady_now() < since + patience && still_stopping(name, static_cast<int>(ids.size()))) continue;
      due.push_back({name, connector.tasks_epoch, connector.task_count, std::move(ids)});
    }
  }
  std::vector<kafka::KeyValue> done;
  for (const Due& each : due) {
    log::Scope scope(each.name, "");
    auto outcome = fence_.round(each.name, each.epoch, each.ids);
    if (!outcome) continue;
    if (outcome->ok()) {
      done.push_back(fencing_record(each.name, each.count));
      if (!each.ids.empty()) log::info("runtime", "Fenced {} earlier tasks of connector {}", each.ids.size(), each.name);
    } else {
      not_fenced(each.name, each.count, *outcome);
    }
  }
  if (done.empty()) return;
  if (Status written = write_config(done); !written.ok()) log::warn("runtime", "Rounds of fencing could not be noted: {}. They are made anew", written.message());
}

// The tasks cannot start and say why; the round is tried again.
void DistributedHerder::not_fenced(const std::string& name, int task_count, const Status& why) {
  log::error("runtime", "{}. Its tasks wait, and it is tried again", why.message());
  if (why.retriable()) return;
  for (int i = 0; i < task_count; ++i) put_status({name, i}, State::kFailed, java_trace(why));
}

Status DistributedHerder::fence_task(const TaskId& id) {
  ASSIGN_OR_RETURN(auto properties, properties_of(id.connector));
  return worker_.fence_task(id, properties);
}

// Before offsets are changed: what a task that is cut off has sent must not come after it. On the caller's thread.
Status DistributedHerder::await_fencing(const std::string& name) {
  const SteadyTime deadline = steady_now() + kFencingWait;
  while (true) {
    {
      std::lock_guard lock(mutex_);
      if (stopping_ || !awaits_fencing(name)) return {};
    }
    if (steady_now() >= deadline) return Status::timed_out(fmt::format("The earlier tasks of connector {} are not fenced yet: see the log of the leader. Try again later", name));
    std::this_thread::sleep_for(Millis(20));
  }
}

Status DistributedHerder::still_owner(const TaskId& id) {
  RETURN_IF_ERROR(config_log_->read_to_end(kOwnerReadTimeoutMs));
  RETURN_IF_ERROR(status_log_->read_to_end(kOwnerReadTimeoutMs));
  std::lock_guard lock(mutex_);
  const ConfigState::Connector* connector = config_.find(id.connector);
  auto started = started_epochs_.find(id);
  if (!connector || started == started_epochs_.end() || connector->tasks_epoch != started->second) {
    return Status::cancelled(fmt::format("Source task {} does not start: its connector has a new set of task configurations already", to_string(id)));
  }
  const auto& workers = statuses_.assignment().workers;
  auto share = workers.find(self_.worker_id);
  if (share == workers.end() || !share->second.units.contains({id.connector, id.task})) {
    return Status::cancelled(fmt::format("Source task {} does not start: it is another worker's by now", to_string(id)));
  }
  return {};
}

}  // namespace bywash::runtime
