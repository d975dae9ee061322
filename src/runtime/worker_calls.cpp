// The worker's watch over calls that do not come back: told in the log, the status and a gauge; past task.call.timeout.ms the task is given
// up, so that its supervisor may put another in its place. Level 7, the watch's thread.
#include <pthread.h>

#include "base/log.h"
#include "base/metrics.h"
#include "runtime/java_failure.h"
#include "runtime/worker.h"

namespace bywash::runtime {
namespace {

constexpr Millis kLook{500};
constexpr Millis kLookOften{20};           // where the limit is short
constexpr int64_t kFirstToldMs = 30'000;   // longer than the time-outs of most systems
constexpr int64_t kShownMs = 2'000;
constexpr const char* kCallGauge = "bywash_task_call_age_ms";

metrics::Labels labels_of(const TaskId& id) { return {{"connector", id.connector}, {"task", std::to_string(id.task)}}; }

}  // namespace

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

void Worker::watch_calls() {
  std::vector<std::pair<TaskId, RunningCall>> calls;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [id, task] : tasks_) {
      if (auto call = task->current_call(); call && call->age_ms >= std::min(kShownMs, std::max<int64_t>(1, config_.task_call_timeout_ms))) calls.emplace_back(id, *call);
    }
  }
  std::map<TaskId, Hanging> now;
  for (const auto& [id, call] : calls) {
    if (config_.task_call_timeout_ms > 0 && call.age_ms >= config_.task_call_timeout_ms) {
      give_up_call(id, call);
      continue;
    }
    auto known = hanging_.find(id);
    Hanging entry = known != hanging_.end() && known->second.number == call.number ? known->second : Hanging{call.number, kFirstToldMs};
    metrics::Registry::process().set_gauge(kCallGauge, "How long a task has been in its present call of its connector, where that is long, in milliseconds.", labels_of(id),
                                           static_cast<double>(call.age_ms));
    if (call.age_ms >= entry.tell_at_ms) {
      entry.tell_at_ms = 2 * call.age_ms;
      log::Scope scope(id.connector, std::to_string(id.task));
      Status problem = hanging(call, " and has not come back yet");
      log::warn("runtime", "{}", problem.message());
      listener_->on_task_problem(id, java_trace(problem));
    }
    now[id] = entry;
  }
  for (const auto& [id, entry] : hanging_) {
    auto still = now.find(id);
    if (still == now.end()) metrics::Registry::process().remove_gauge(kCallGauge, labels_of(id));
    if (entry.tell_at_ms > kFirstToldMs && (still == now.end() || still->second.number != entry.number)) listener_->on_task_problem(id, "");
  }
  hanging_ = std::move(now);
}

void Worker::give_up_call(const TaskId& id, const RunningCall& call) {
  {
    std::lock_guard lock(mutex_);
    auto task = tasks_.find(id);
    if (task == tasks_.end() || !task->second->give_up(call.number, task->second)) return;
  }
  log::Scope scope(id.connector, std::to_string(id.task));
  Status failure = hanging(call, fmt::format(" and is given up (task.call.timeout.ms={})", config_.task_call_timeout_ms));
  const bool restarts = listener_->will_restart(id, failure);
  log::error("runtime", "Task failed{}: {}", restarts ? "" : " and must be restarted by hand once the cause is gone", failure.message());
  listener_->on_task_state(id, State::kFailed, java_trace(failure));
}

}  // namespace bywash::runtime
