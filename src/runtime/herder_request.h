// HerderRequest: a change that waits for a herder's thread, and is done once or not at all. The asker waits with a deadline; what it has
// given up is not done behind its back. Level 7.
#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/status.h"
#include "runtime/connector_config.h"

namespace bywash::runtime {

class HerderRequest {
 public:
  // The herder's thread. False: the asker has given up.
  bool begin() {
    Stage waiting = Stage::kWaiting;
    return stage_.compare_exchange_strong(waiting, Stage::kBegun);
  }
  // What the asker is told; once, with or without begin(), on any thread.
  void finish(Status status) { answer_.set_value(std::move(status)); }

  // The asker. Once.
  std::future<Status> answer() { return answer_.get_future(); }
  bool begun() const { return stage_ == Stage::kBegun; }
  // Before begin() the work is never done.
  void give_up() {
    Stage waiting = Stage::kWaiting;
    stage_.compare_exchange_strong(waiting, Stage::kGivenUp);
  }

 private:
  enum class Stage { kWaiting, kBegun, kGivenUp };
  std::atomic<Stage> stage_{Stage::kWaiting};
  std::promise<Status> answer_;
};

// Waits for a request that only the herder holds: dropped with it, the answer is kCancelled. nullopt: not within the time; the request is
// given up.
std::optional<Status> await(const std::weak_ptr<HerderRequest>& request, std::future<Status> answer, Millis timeout);

// Validates on a thread of its own, so that a connector that hangs in it costs a request no more than its time: kTimedOut, and the thread is
// left behind. It works on copies; `registry` has to outlive it.
Result<ConfigReport> validate_in_time(const config::Properties& properties, const WorkerConfig& worker, const plugin::Registry& registry, Millis timeout);

}  // namespace bywash::runtime
