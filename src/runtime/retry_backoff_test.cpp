#include "runtime/retry_backoff.h"

#include <gtest/gtest.h>

namespace bywash::runtime {
namespace {

TEST(RetryBackoff, DoublesFrom300Milliseconds) {
  RetryBackoff backoff(0, 60'000);
  const SteadyTime now = steady_now();
  EXPECT_EQ(backoff.next(now), 300);
  EXPECT_EQ(backoff.next(now), 600);
  EXPECT_EQ(backoff.next(now), 1200);
}

TEST(RetryBackoff, StaysBelowTheLongestDelay) {
  RetryBackoff backoff(0, 500);
  const SteadyTime now = steady_now();
  EXPECT_EQ(backoff.next(now), 300);
  for (int i = 0; i < 100; ++i) {
    auto delay = backoff.next(now);
    ASSERT_TRUE(delay);
    EXPECT_GE(*delay, 0);
    EXPECT_LT(*delay, 500);
  }
}

TEST(RetryBackoff, EndsWithTheTimeout) {
  RetryBackoff backoff(1000, 60'000);
  const SteadyTime start = steady_now();
  EXPECT_EQ(backoff.next(start), 300);
  EXPECT_EQ(backoff.next(start + Millis(900)), 100) << "no longer than what is left";
  EXPECT_FALSE(backoff.next(start + Millis(1000)));
}

TEST(RetryBackoff, BeginsAnewAfterASuccess) {
  RetryBackoff backoff(1000, 60'000);
  const SteadyTime start = steady_now();
  EXPECT_TRUE(backoff.next(start));
  backoff.reset();
  EXPECT_EQ(backoff.next(start + Millis(5000)), 300);
}

TEST(RetryBackoff, NeverEndsWithoutATimeout) {
  for (int64_t timeout : {int64_t{0}, int64_t{-1}}) {
    RetryBackoff backoff(timeout, 100);
    const SteadyTime start = steady_now();
    for (int hour = 0; hour < 200; ++hour) EXPECT_TRUE(backoff.next(start + Millis(hour * 3'600'000)));
  }
}

}  // namespace
}  // namespace bywash::runtime
