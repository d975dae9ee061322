// RetryBackoff: the pauses between attempts of something that may succeed later, by errors.retry.timeout and errors.retry.delay.max.ms
// (RetryWithToleranceOperator of Kafka 4.3). Level 7, the task's thread.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace bywash::runtime {

class RetryBackoff {
 public:
  // `timeout_ms`: 0 or less is without end. The original gives up at once with 0, its default; here an outage is waited out.
  RetryBackoff(int64_t timeout_ms, int64_t delay_max_ms) : timeout_ms_(timeout_ms), delay_max_ms_(delay_max_ms) {}

  // An attempt has failed: milliseconds until the next, 300, 600, 1200, ...; past the longest delay a random time below it, so that
  // tasks do not come back together. nullopt: the time for retries is over.
  std::optional<int64_t> next(SteadyTime now);
  // An attempt has succeeded.
  void reset() { attempts_ = 0; }

 private:
  int64_t timeout_ms_;
  int64_t delay_max_ms_;
  int attempts_ = 0;
  SteadyTime first_failure_{};
};

}  // namespace bywash::runtime
