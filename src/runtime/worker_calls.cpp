// The worker's watch over calls that do not come back: told in the log, the status and a gauge; past task.call.timeout.ms the task is given
// up, so that its supervisor may put another in its place, or the start of its connector counts as failed. Level 7, the watch's thread.
#include <pthread.h>

#include "base/log.h"
#include "base/threads.h"
#include "base/metrics.h"
#include "runtime/java_failure.h"
#include "runtime/task_configs.h"
#include "runtime/worker.h"

namespace bywash::runtime {
namespace {

constexpr Millis kLook{500};
constexpr Millis kLookOften{20};           // where the limit is short
constexpr int64_t kFirstToldMs = 30'000;   // longer than the time-outs of most systems
constexpr int64_t kShownMs = 2'000;

// One that is a connector's own has no task.
bool of_connector(const TaskId& id) { return id.task < 0; }

const char* gauge_of(const TaskId& id) { return of_connector(id) ? "bywash_connector_call_age_ms" : "bywash_task_call_age_ms"; }

const char* gauge_doc(const TaskId& id) {
  return of_connector(id) ? "How long a connector has been in a call for its start, where that is long, in milliseconds."
                          : "How long a task has been in its present call of its connector, where that is long, in milliseconds.";
}

metrics::Labels labels_of(const TaskId& id) {
  if (of_connector(id)) return {{"connector", id.connector}};
  return {{"connector", id.connector}, {"task", std::to_string(id.task)}};
}

}  // namespace

void Worker::make_task_configs(const std::string& connector, const ConnectorPlugin& plugin, const config::Properties& properties, ConnectorCalls::Done done) {
  {
    std::lock_guard lock(mutex_);
    begin_watch();
  }
  auto work = [&registry = registry_, all = config_.all, plugin, properties](const ConnectorCalls::Enter& enter) {
    return runtime::make_task_configs(registry, all, plugin, properties, enter);
  };
  connector_calls_.begin(connector, std::move(work), std::move(done));
}

// Under the lock.
void Worker::begin_watch() {
  if (watch_.joinable()) return;
  auto thread = start_thread("the watch over connectors' calls", [this] { watch(); });
  if (thread.ok()) watch_ = *std::move(thread);
  else log::warn("runtime", "Calls that hang are not seen until the next task starts: {}", thread.status().message());
}

void Worker::watch() {
  pthread_setname_np(pthread_self(), "call-watch");
  const Millis pause = config_.task_call_timeout_ms > 0 && config_.task_call_timeout_ms < 4 * kLook.count() ? kLookOften : kLook;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      if (watch_wake_.wait_for(lock, pause, [this] { return watch_ends_; })) return;
    }
    watch_calls();
  }
}

std::vector<std::pair<TaskId, RunningCall>> Worker::long_calls() const {
  const int64_t looked_at_ms = std::min(kShownMs, std::max<int64_t>(1, config_.task_call_timeout_ms));
  std::vector<std::pair<TaskId, RunningCall>> out;
  for (auto& [connector, call] : connector_calls_.running()) {
    if (call.age_ms >= looked_at_ms) out.emplace_back(TaskId{connector, -1}, std::move(call));
  }
  std::lock_guard lock(mutex_);
  for (const auto& [id, task] : tasks_) {
    if (auto call = task->current_call(); call && call->age_ms >= looked_at_ms) out.emplace_back(id, *call);
  }
  return out;
}

void Worker::tell_problem(const TaskId& id, const std::string& problem) {
  of_connector(id) ? listener_->on_connector_problem(id.connector, problem) : listener_->on_task_problem(id, problem);
}

void Worker::watch_calls() {
  std::map<TaskId, Hanging> now;
  for (const auto& [id, call] : long_calls()) {
    if (config_.task_call_timeout_ms > 0 && call.age_ms >= config_.task_call_timeout_ms) {
      give_up_call(id, call);
      continue;
    }
    auto known = hanging_.find(id);
    Hanging entry = known != hanging_.end() && known->second.number == call.number ? known->second : Hanging{call.number, kFirstToldMs};
    metrics::Registry::process().set_gauge(gauge_of(id), gauge_doc(id), labels_of(id), static_cast<double>(call.age_ms));
    if (call.age_ms >= entry.tell_at_ms) {
      entry.tell_at_ms = 2 * call.age_ms;
      log::Scope scope(id.connector, of_connector(id) ? "" : std::to_string(id.task));
      Status problem = hanging(of_connector(id) ? "connector" : "task", call, " and has not come back yet");
      log::warn("runtime", "{}", problem.message());
      tell_problem(id, java_trace(problem));
    }
    now[id] = entry;
  }
  for (const auto& [id, entry] : hanging_) {
    auto still = now.find(id);
    if (still == now.end()) metrics::Registry::process().remove_gauge(gauge_of(id), labels_of(id));
    if (entry.tell_at_ms > kFirstToldMs && (still == now.end() || still->second.number != entry.number)) tell_problem(id, "");
  }
  hanging_ = std::move(now);
}

void Worker::give_up_call(const TaskId& id, const RunningCall& call) {
  const std::string limit = fmt::format(" and is given up (task.call.timeout.ms={})", config_.task_call_timeout_ms);
  if (of_connector(id)) {
    connector_calls_.fail(id.connector, call.number, hanging("connector", call, limit));
    return;
  }
  {
    std::lock_guard lock(mutex_);
    auto task = tasks_.find(id);
    if (task == tasks_.end() || !task->second->give_up(call.number, task->second)) return;
  }
  log::Scope scope(id.connector, std::to_string(id.task));
  Status failure = hanging("task", call, limit);
  const bool restarts = listener_->will_restart(id, failure);
  log::error("runtime", "Task failed{}: {}", restarts ? "" : " and must be restarted by hand once the cause is gone", failure.message());
  listener_->on_task_state(id, State::kFailed, java_trace(failure));
}

}  // namespace bywash::runtime
