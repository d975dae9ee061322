// CallWatch: which call of its connector a task is in and since when, so that one that does not come back is seen and given up. The
// task's thread enters and leaves; everything else is for any thread. Level 7.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/status.h"

namespace bywash::runtime {

struct RunningCall {
  std::string name;  // "put"
  int64_t age_ms = 0;
  uint64_t number = 0;
};

class CallWatch {
 public:
  std::optional<RunningCall> current() const;
  // Gives the task up, if it still is in the call `number`: whatever comes back from it is dropped, and no further call is made. `first`
  // runs before the task's thread can know. False: it has come back.
  bool give_up(uint64_t number, const std::function<void()>& first);
  bool given_up() const { return given_up_; }

  // The task's thread: makes the call, unless the task is given up. kCancelled: it was given up, before or meanwhile; do nothing more.
  // `name` has to be a literal.
  template <class Call>
  auto in_call(const char* name, Call&& call) -> decltype(call()) {
    if (!enter(name)) return dropped();
    Inside inside{this};
    auto answer = call();
    if (!inside.leave()) return dropped();
    return answer;
  }
  // The same for calls that answer nothing.
  template <class Call>
  Status in_silent_call(const char* name, Call&& call) {
    return in_call(name, [&]() -> Status {
      call();
      return {};
    });
  }

 private:
  // Leaves on exceptions too.
  struct Inside {
    CallWatch* watch;
    bool leave() {
      CallWatch* left = std::exchange(watch, nullptr);
      return left->leave();
    }
    ~Inside() {
      if (watch) watch->leave();
    }
  };
  bool enter(const char* name);
  bool leave();
  static Status dropped();
  mutable std::mutex mutex_;
  const char* name_ = nullptr;
  SteadyTime since_{};
  uint64_t number_ = 0;
  std::atomic<bool> given_up_{false};
};

// What is said of a call that is too long, of a "task" or a "connector": in the status, the trace and the log.
Status hanging(std::string_view who, const RunningCall& call, const std::string& more);

}  // namespace bywash::runtime
