// SecretReloads: when the values that a task got from config providers are to be looked at again (KIP-297, config.action.reload). A
// schedule with a thread of its own, which runs from the first value with an end on. Level 7, any thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "runtime/status_listener.h"

namespace bywash::runtime {

class SecretReloads {
 public:
  // Looks at a task's values anew, on the schedule's thread; when to look the next time, nullopt: never.
  using Look = std::function<std::optional<Millis>(const TaskId& id)>;
  // `tend` is called once a minute while the thread runs.
  SecretReloads(Look look, std::function<void()> tend);
  ~SecretReloads();
  // From now on. A task that was expected already is looked at then instead.
  void expect(const TaskId& id, Millis in);
  void forget(const TaskId& id);
  // The thread runs, for tend(), though nothing is to be looked at.
  void start();
  // No look from here on; waits for one that is under way.
  void end();

 private:
  void run();
  const Look look_;
  const std::function<void()> tend_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<TaskId, SteadyTime> due_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace bywash::runtime
