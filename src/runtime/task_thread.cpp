// A task's thread. Level 7.
#include "runtime/task_thread.h"

#include <pthread.h>

#include <atomic>
#include <exception>
#include <functional>

#include "base/log.h"
#include "base/threads.h"
#include "runtime/error_reporter.h"

namespace bywash::runtime {
namespace {

// Exceptions end where third-party code throws them; one that gets here all the same is this task's end, not the process's.
Status guarded(const std::function<Status()>& work) {
  try {
    return work();
  } catch (const std::exception& error) {
    return Status(Code::kFatal, Blame::kUs, fmt::format("Failed inside the program, which is a bug in Bywash: {}", error.what()));
  }
}

std::atomic<int> hanging_count = 0;

}  // namespace

int TaskThread::hanging_threads() { return hanging_count; }
void TaskThread::count_hanging(int change) { hanging_count += change; }

TaskThread::TaskThread(TaskId id, StatusListener* listener, bool paused) : id_(std::move(id)), listener_(listener), want_paused_(paused) {}

TaskThread::~TaskThread() { finish(); }

Status TaskThread::start() {
  ASSIGN_OR_RETURN(thread_, start_thread("task " + to_string(id_), [this] {
    run();
    if (!given_up()) return;
    // The last of it, maybe this object.
    std::shared_ptr<TaskRunner> self = std::move(self_);
    self.reset();
    --hanging_count;
  }));
  return {};
}

void TaskThread::set_paused(bool paused) {
  {
    std::lock_guard lock(mutex_);
    want_paused_ = paused;
  }
  ended_.notify_all();
}

void TaskThread::request_stop() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  ended_.notify_all();
}

// As the original's WorkerTask: one that is made paused starts once it is resumed.
bool TaskThread::await_unpause() {
  if (!want_paused_) return true;
  paused_ = true;
  on_paused(true);
  listener_->on_task_state(id_, State::kPaused, "");
  log::info("runtime", "Task is paused, and starts when it is resumed");
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] { return !want_paused_ || stop_; });
  return !stop_;
}

bool TaskThread::give_up(uint64_t number, std::shared_ptr<TaskRunner> self) {
  bool done = watch_.give_up(number, [&] {
    stop_ = true;
    self_ = self;
    ++hanging_count;
    thread_.detach();
  });
  if (!done) return false;
  {
    std::lock_guard lock(mutex_);
    done_ = true;
  }
  ended_.notify_all();
  auto thread = start_thread("the clients of task " + to_string(id_), [this, self = std::move(self)] { give_up_clients(); });
  if (thread.ok()) thread->detach();
  else log::warn("runtime", "The clients of task {} leave their groups by time-out only: {}", to_string(id_), thread.status().message());
  return true;
}

void TaskThread::finish() {
  request_stop();
  if (thread_.joinable()) thread_.join();
}

bool TaskThread::join(int64_t timeout_ms) {
  std::unique_lock lock(mutex_);
  return ended_.wait_for(lock, Millis(timeout_ms), [this] { return done_; });
}

std::string TaskThread::trace_of(const Status& failure) const { return java_trace(failure); }

void TaskThread::run() {
  // Linux keeps 15 characters of a thread's name.
  pthread_setname_np(pthread_self(), fmt::format("task-{}", to_string(id_)).substr(0, 15).c_str());
  log::Scope scope(id_.connector, std::to_string(id_.task));
  const bool wanted = await_unpause();
  Status status = wanted ? guarded([this] { return open(); }) : Status();
  if (wanted && status.ok()) {
    paused_ = want_paused_;
    if (paused_) on_paused(true);
    listener_->on_task_state(id_, paused_ ? State::kPaused : State::kRunning, "");
    log::info("runtime", "Task is {}", paused_ ? "paused" : "running");
  }
  while (status.ok() && !stop_) {
    if (bool want = want_paused_; want != paused_) {
      paused_ = want;
      on_paused(want);
      listener_->on_task_state(id_, want ? State::kPaused : State::kRunning, "");
      log::info("runtime", "Task is {}", want ? "paused" : "running");
    }
    status = guarded([this] { return step(); });
  }
  // It is to end, and was told so in the middle of something: that is no failure.
  if (stop_ && status.code() == Code::kCancelled) status = {};
  if (given_up()) return;
  if (!status.ok()) {
    bool restarts = !stop_ && listener_->will_restart(id_, status);
    log::error("runtime", "Task failed{}: {}", restarts ? "" : " and must be restarted by hand once the cause is gone", status.message());
  }
  close();
  if (given_up()) return;
  if (!status.ok()) listener_->on_task_state(id_, State::kFailed, trace_of(status));
  else log::info("runtime", "Task has stopped");
  std::lock_guard lock(mutex_);
  done_ = true;
  ended_.notify_all();
}

}  // namespace bywash::runtime
