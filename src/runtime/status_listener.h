// What a worker tells of its tasks: who they are, their states, and the listener that hears of them. Level 7.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace bywash::runtime {

struct TaskId {
  std::string connector;
  int task = 0;
  friend auto operator<=>(const TaskId&, const TaskId&) = default;
};
std::string to_string(const TaskId& id);  // "orders-sink-0", as Connect prints it

// AbstractStatus.State (Kafka 4.3).
enum class State { kUnassigned, kRunning, kPaused, kFailed, kDestroyed, kRestarting, kStopped };
std::string_view to_string(State state);  // "RUNNING", ...

// Hears about tasks, from their threads.
class StatusListener {
 public:
  virtual ~StatusListener() = default;
  // `trace` is empty but for kFailed: why, in the form of a Java trace's lines ("<class>: <message>\nCaused by: ...").
  virtual void on_task_state(const TaskId& id, State state, const std::string& trace) = 0;
  // Asked before kFailed: whether somebody restarts the task that failed so; by default nobody does.
  virtual bool will_restart(const TaskId&, const Status&) { return false; }
  // Why a task that runs gets nowhere just now (a broker or database does not answer): stands as its trace until '' takes it back.
  virtual void on_task_problem(const TaskId& id, const std::string& problem) = 0;
  // The same of a connector that is being started; in its own trace.
  virtual void on_connector_problem(const std::string& connector, const std::string& problem) = 0;
  // A connector's task has read from or written to this topic (GET /connectors/x/topics).
  virtual void on_topic_used(const std::string& connector, const std::string& topic) = 0;
};

}  // namespace bywash::runtime
