// Calls of a task's connector. Level 7.
#include "runtime/call_watch.h"

namespace bywash::runtime {

std::optional<RunningCall> CallWatch::current() const {
  std::lock_guard lock(mutex_);
  if (!name_ || given_up_) return std::nullopt;
  return RunningCall{name_, std::chrono::duration_cast<Millis>(steady_now() - since_).count(), number_};
}

bool CallWatch::give_up(uint64_t number, const std::function<void()>& first) {
  std::lock_guard lock(mutex_);
  if (!name_ || number_ != number || given_up_) return false;
  first();
  given_up_ = true;
  return true;
}

bool CallWatch::enter(const char* name) {
  std::lock_guard lock(mutex_);
  if (given_up_) return false;
  name_ = name;
  since_ = steady_now();
  ++number_;
  return true;
}

bool CallWatch::leave() {
  std::lock_guard lock(mutex_);
  name_ = nullptr;
  return !given_up_;
}

Status CallWatch::dropped() { return Status::cancelled("The task was given up in a call that did not come back"); }

Status hanging(std::string_view who, const RunningCall& call, const std::string& more) {
  return Status::timed_out(fmt::format("The {} has been in {}(){} for {} ms{}", who, call.name, who == "task" ? " of its connector" : "", call.age_ms, more))
      .with_java_class("org.apache.kafka.connect.errors.ConnectException");
}

}  // namespace bywash::runtime
