// TaskThread: the life of a task on its own thread: open, steps until it is asked to stop, close; its states reach the
// StatusListener. Level 7.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "runtime/worker.h"

namespace bywash::runtime {

class TaskThread : public TaskRunner {
 public:
  TaskThread(TaskId id, StatusListener* listener, bool paused);
  ~TaskThread() override;
  // Error: the system gives the process no thread.
  Status start();

  void set_paused(bool paused) override;
  void request_stop() override;
  bool join(int64_t timeout_ms) override;
  std::optional<RunningCall> current_call() const override { return watch_.current(); }
  bool give_up(uint64_t number, std::shared_ptr<TaskRunner> self) override;
  // Threads of the process that were given up and have not come back.
  static int hanging_threads();
  // One more or less of them that is no task's: a validation that its request has given up.
  static void count_hanging(int change);

 protected:
  // On the task's thread. open() once, not while it is paused; then step() again and again, each well under a second; close() always, after open() too when
  // that failed half-way.
  virtual Status open() = 0;
  virtual Status step() = 0;
  virtual void close() = 0;
  // The wish to pause changed; takes effect before the next step.
  virtual void on_paused(bool paused) = 0;
  // The thread was given up: leaves groups, so that another can take over. On a thread of its own; may take long.
  virtual void give_up_clients() {}
  // Every call of the connector goes through it; see CallWatch.
  CallWatch& calls() { return watch_; }
  bool given_up() const { return watch_.given_up(); }
  // Subclasses call it first in their destructor: waits for the thread.
  void finish();

  bool stopping() const { return stop_; }
  bool paused() const { return paused_; }
  bool wants_pause() const { return want_paused_; }
  StatusListener* listener() { return listener_; }
  // The trace of a failure: by default "<class>: <message>".
  virtual std::string trace_of(const Status& failure) const;

 private:
  void run();
  // False: it is to stop without having started.
  bool await_unpause();
  TaskId id_;
  StatusListener* listener_;
  std::atomic<bool> want_paused_;
  std::atomic<bool> stop_{false};
  bool paused_ = false;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool done_ = false;
  CallWatch watch_;
  std::shared_ptr<TaskRunner> self_;  // of one that was given up, until its thread ends
  std::thread thread_;
};

}  // namespace bywash::runtime
