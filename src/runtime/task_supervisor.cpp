// When failed tasks are restarted. Level 7.
#include "runtime/task_supervisor.h"

#include <algorithm>

#include "base/log.h"
#include "runtime/java_failure.h"

namespace bywash::runtime {
namespace {

constexpr int64_t kStillEndingMs = 20;

// What a restart can help: neither a wrong configuration or record, nor a bug.
bool passes_by_itself(const Status& failure) {
  return failure.retriable() || (failure.code() == Code::kFatal && (failure.blame() == Blame::kRemote || failure.blame() == Blame::kHost));
}

}  // namespace

TaskSupervisor::TaskSupervisor(RestartPolicy policy, StatusListener* next, Restart restart) : policy_(policy), next_(next), restart_(std::move(restart)) {
  if (policy_.attempts_max > 0) thread_ = std::thread([this] { run(); });
}

TaskSupervisor::~TaskSupervisor() { end(); }

void TaskSupervisor::end() {
  {
    std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

// Under the lock. What is known of a task, from its first start that the herder did on.
TaskSupervisor::Watched& TaskSupervisor::watched(const TaskId& id) {
  Watched& task = watched_[id];
  if (task.epoch == 0) task.epoch = ++epochs_;
  return task;
}

void TaskSupervisor::forget(const TaskId& id) {
  std::lock_guard lock(mutex_);
  watched_.erase(id);
}

bool TaskSupervisor::will_restart(const TaskId& id, const Status& failure) {
  if (policy_.attempts_max == 0 || !passes_by_itself(failure)) return false;
  std::lock_guard lock(mutex_);
  if (ended_) return false;
  Watched& task = watched(id);
  SteadyTime now = steady_now();
  if (task.running_since && now - *task.running_since >= Millis(policy_.reset_ms)) task.attempts = 0;
  task.running_since.reset();
  if (task.attempts >= policy_.attempts_max) {
    log::error("runtime", "Task {} was restarted {} times (task.restart.max.attempts) and failed again", to_string(id), task.attempts);
    return false;
  }
  int64_t pause = policy_.backoff_ms;
  for (int64_t i = 0; i < task.attempts && pause < policy_.backoff_max_ms; ++i) pause *= 2;
  pause = std::min(pause, std::max(policy_.backoff_max_ms, policy_.backoff_ms));
  ++task.attempts;
  task.due = now + Millis(pause);
  log::warn("runtime", "Task {} is restarted in {} ms, attempt {} of {} (task.restart.max.attempts)", to_string(id), pause, task.attempts, policy_.attempts_max);
  changed_.notify_all();
  return true;
}

void TaskSupervisor::on_task_state(const TaskId& id, State state, const std::string& trace) {
  if (state == State::kRunning && policy_.attempts_max > 0) {
    std::lock_guard lock(mutex_);
    watched(id).running_since = steady_now();
  }
  next_->on_task_state(id, state, trace);
}

void TaskSupervisor::restart(const TaskId& id, uint64_t epoch) {
  auto outcome = restart_(id);
  if (!outcome.ok()) {
    log::error("runtime", "Task {} cannot be restarted: {}", to_string(id), outcome.status().message());
    will_restart(id, outcome.status());
    next_->on_task_state(id, State::kFailed, java_trace(outcome.status()));
    return;
  }
  if (*outcome != Outcome::kStillEnding) return;
  std::lock_guard lock(mutex_);
  auto task = watched_.find(id);
  if (task != watched_.end() && task->second.epoch == epoch && !task->second.due) task->second.due = steady_now() + Millis(kStillEndingMs);
}

void TaskSupervisor::run() {
  std::unique_lock lock(mutex_);
  while (!ended_) {
    auto first = watched_.end();
    for (auto task = watched_.begin(); task != watched_.end(); ++task) {
      if (task->second.due && (first == watched_.end() || *task->second.due < *first->second.due)) first = task;
    }
    if (first == watched_.end()) {
      changed_.wait(lock);
      continue;
    }
    if (SteadyTime due = *first->second.due; steady_now() < due) {
      changed_.wait_until(lock, due);
      continue;
    }
    TaskId id = first->first;
    uint64_t epoch = first->second.epoch;
    first->second.due.reset();
    lock.unlock();
    restart(id, epoch);
    lock.lock();
  }
}

}  // namespace bywash::runtime
