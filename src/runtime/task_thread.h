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
  void start();

  void set_paused(bool paused) override { want_paused_ = paused; }
  void request_stop() override { stop_ = true; }
  bool join(int64_t timeout_ms) override;

 protected:
  // On the task's thread. open() once; then step() again and again, each well under a second; close() always, after open() too when
  // that failed half-way.
  virtual Status open() = 0;
  virtual Status step() = 0;
  virtual void close() = 0;
  // The wish to pause changed; takes effect before the next step.
  virtual void on_paused(bool paused) = 0;
  // Subclasses call it first in their destructor: waits for the thread.
  void finish();

  bool stopping() const { return stop_; }
  bool paused() const { return paused_; }
  StatusListener* listener() { return listener_; }
  // The trace of a failure: by default "<class>: <message>".
  virtual std::string trace_of(const Status& failure) const;

 private:
  void run();
  TaskId id_;
  StatusListener* listener_;
  std::atomic<bool> want_paused_;
  std::atomic<bool> stop_{false};
  bool paused_ = false;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace bywash::runtime
