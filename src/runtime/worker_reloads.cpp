// Values of config providers in tasks: put in at the start, looked at again when they end, and a task whose values have changed replaced by
// one with the new ones (KIP-297). Level 7, the schedule's thread.
#include <algorithm>

#include "base/log.h"
#include "config/properties.h"
#include "config/variables.h"
#include "runtime/java_failure.h"
#include "runtime/task_thread.h"
#include "runtime/worker.h"

namespace bywash::runtime {
namespace {

constexpr Millis kProviderAwayPause{5000};

}  // namespace

Result<Worker::Values> Worker::resolve(const config::Properties& connector, const config::Properties& task) {
  ASSIGN_OR_RETURN(config::Resolved of_connector, config::resolve_with_time(config_.all, connector));
  ASSIGN_OR_RETURN(config::Resolved of_task, config::resolve_with_time(config_.all, task));
  Values out{std::move(of_connector.properties), std::move(of_task.properties), of_connector.good_for};
  if (of_task.good_for) out.look_in = std::min(out.look_in.value_or(*of_task.good_for), *of_task.good_for);
  if (!out.look_in) return out;
  reloads_.start();
  if (config::trim(config::get_or(out.connector, "config.action.reload", "restart")) == "none") out.look_in.reset();
  return out;
}

std::optional<Millis> Worker::look_at_values(const TaskId& id) {
  Written written;
  {
    std::lock_guard lock(mutex_);
    auto entry = written_.find(id);
    if (entry == written_.end()) return std::nullopt;
    written = entry->second;
  }
  log::Scope scope(id.connector, std::to_string(id.task));
  auto values = resolve(written.connector, written.task);
  if (!values.ok()) {
    log::warn("runtime", "Values of config providers cannot be read again, the task goes on with those it has: {}", values.status().message());
    return kProviderAwayPause;
  }
  if (values->connector == written.values.connector && values->task == written.values.task) return values->look_in;
  log::info("runtime", "Values of config providers have changed: the task is restarted with the new ones (config.action.reload)");
  Status replaced = replace_task(id, written.life, *std::move(values));
  if (replaced.ok()) return std::nullopt;  // expected already
  const bool restarts = supervisor_->will_restart(id, replaced);
  log::error("runtime", "Task cannot be started with new values{}: {}", restarts ? "" : " and must be restarted by hand once the cause is gone", replaced.message());
  listener_->on_task_state(id, State::kFailed, java_trace(replaced));
  return std::nullopt;
}

// Ok too where somebody has stopped or started the task meanwhile.
Status Worker::replace_task(const TaskId& id, uint64_t life, Values values) {
  std::lock_guard restarting(restarting_);
  std::shared_ptr<TaskRunner> old;
  bool paused = false;
  {
    std::lock_guard lock(mutex_);
    auto entry = written_.find(id);
    if (entry == written_.end() || entry->second.life != life) return {};
    paused = entry->second.paused;
    supervisor_->forget(id);
    if (auto task = tasks_.find(id); task != tasks_.end()) {
      old = std::move(task->second);
      tasks_.erase(task);
    }
  }
  listener_->on_task_state(id, State::kRestarting, "");
  if (old) {
    old->request_stop();
    await_end(id, old, steady_now() + Millis(config_.task_shutdown_graceful_timeout_ms));
    old.reset();
  }
  ASSIGN_OR_RETURN(auto made, make_task(id, values, paused));
  std::lock_guard lock(mutex_);
  return take_in(id, std::move(made), std::move(values));
}

}  // namespace bywash::runtime
