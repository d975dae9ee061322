// TaskSupervisor: restarts tasks that failed from what passes by itself (a server that was away), after a growing pause and only so
// often. It stands between the tasks and the herder's StatusListener. Own thread; calls come from tasks' and the herder's. Level 7.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "runtime/status_listener.h"

namespace bywash::runtime {

// Keys task.restart.*; no task is restarted when attempts_max is 0.
struct RestartPolicy {
  int64_t attempts_max = 0;
  int64_t backoff_ms = 0;      // before the first restart; twice as long before each further one
  int64_t backoff_max_ms = 0;
  int64_t reset_ms = 0;        // a task that ran for so long has all its attempts again
};

class TaskSupervisor : public StatusListener {
 public:
  enum class Outcome {
    kRestarted,
    kStillEnding,  // its thread has not ended yet: ask again
    kNotOurs,      // somebody has stopped or restarted it meanwhile
  };
  // Makes a failed task anew. Error: that cannot be done; the task stays failed.
  using Restart = std::function<Result<Outcome>(const TaskId& id)>;

  TaskSupervisor(RestartPolicy policy, StatusListener* next, Restart restart);
  ~TaskSupervisor() override;
  // No restart from here on; waits for one that is under way.
  void end();
  // The herder starts or stops the task itself: nothing is due, all attempts are there again.
  void forget(const TaskId& id);

  bool will_restart(const TaskId& id, const Status& failure) override;
  void on_task_state(const TaskId& id, State state, const std::string& trace) override;
  void on_task_problem(const TaskId& id, const std::string& problem) override { next_->on_task_problem(id, problem); }
  void on_connector_problem(const std::string& connector, const std::string& problem) override { next_->on_connector_problem(connector, problem); }
  void on_topic_used(const std::string& connector, const std::string& topic) override { next_->on_topic_used(connector, topic); }

 private:
  struct Watched {
    int64_t attempts = 0;
    uint64_t epoch = 0;
    std::optional<SteadyTime> running_since, due;
  };
  Watched& watched(const TaskId& id);
  void run();
  void restart(const TaskId& id, uint64_t epoch);

  const RestartPolicy policy_;
  StatusListener* const next_;
  const Restart restart_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<TaskId, Watched> watched_;
  uint64_t epochs_ = 0;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace bywash::runtime
