// ZombieFence: the rounds of fencing of sources that deliver exactly once (KIP-618, DistributedHerder.fenceZombieSourceTasks of Kafka 4.3):
// before the tasks of a new configuration start, what tasks of the one before may still write is ended. The leader's; rounds run on a
// thread of its own, as brokers may take their time. Level 7, any thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "runtime/status_listener.h"

namespace bywash::runtime {

// The tasks whose transactional ids have to be fenced: all that the last round let run (nullopt: none so far). None where one task follows
// one, as the next one's start fences the last one's.
std::vector<TaskId> tasks_to_fence(const std::string& connector, std::optional<int> before, int now);

class ZombieFence {
 public:
  using FenceOne = std::function<Status(const TaskId& id)>;
  // `done` is called on the fence's thread when a round has ended.
  ZombieFence(FenceOne fence_one, std::function<void()> done) : fence_one_(std::move(fence_one)), done_(std::move(done)) {}
  ~ZombieFence() { stop(); }
  // The outcome of the round that belongs to the connector's `epoch`; nullopt: it is under way, begun now where it was not. A failed round
  // is told once and begins again at a later call.
  std::optional<Status> round(const std::string& connector, int64_t epoch, const std::vector<TaskId>& ids);
  // Waits for the call that is under way. Idempotent.
  void stop();

 private:
  struct Round {
    int64_t epoch = 0;
    std::vector<TaskId> ids;
    std::optional<Status> outcome;
    bool told = false;
    SteadyTime again{};  // of a failed one
  };
  void run();
  Status fence_all(const std::vector<TaskId>& ids);
  const FenceOne fence_one_;
  const std::function<void()> done_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Round> rounds_;
  bool stopping_ = false;
  std::thread thread_;  // from the first round that has something to do
};

}  // namespace bywash::runtime
