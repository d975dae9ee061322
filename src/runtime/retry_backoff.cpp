// Doubling with a jittered ceiling. Level 7.
#include "runtime/retry_backoff.h"

#include <algorithm>
#include <random>

namespace bywash::runtime {

std::optional<int64_t> RetryBackoff::next(SteadyTime now) {
  constexpr int64_t kFirstMs = 300;
  constexpr int kDoublingsMax = 40;
  if (attempts_ == 0) first_failure_ = now;
  int64_t delay = kFirstMs << std::min(attempts_, kDoublingsMax);
  ++attempts_;
  if (delay > delay_max_ms_) {
    thread_local std::minstd_rand random{std::random_device{}()};
    delay = delay_max_ms_ > 0 ? std::uniform_int_distribution<int64_t>(0, delay_max_ms_ - 1)(random) : 0;
  }
  if (timeout_ms_ <= 0) return delay;
  const int64_t left = timeout_ms_ - std::chrono::duration_cast<Millis>(now - first_failure_).count();
  if (left <= 0) return std::nullopt;
  return std::min(delay, left);
}

}  // namespace bywash::runtime
