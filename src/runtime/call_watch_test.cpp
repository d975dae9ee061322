// Calls that are under way, come back in time, or are given up.
#include "runtime/call_watch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

namespace bywash::runtime {
namespace {

TEST(CallWatch, NamesTheCallThatIsUnderWay) {
  CallWatch watch;
  EXPECT_FALSE(watch.current().has_value());
  Status status = watch.in_call("put", [&]() -> Status {
    EXPECT_EQ(watch.current()->name, "put");
    return Status::retriable("later");
  });
  EXPECT_EQ(status.code(), Code::kRetriable) << "the call's own answer";
  EXPECT_FALSE(watch.current().has_value());
}

TEST(CallWatch, ACallThatEndedIsNotGivenUp) {
  CallWatch watch;
  uint64_t number = 0;
  ASSERT_TRUE(watch.in_silent_call("flush", [&] { number = watch.current()->number; }).ok());
  Status status = watch.in_silent_call("put", [&] {
    EXPECT_FALSE(watch.give_up(number, [] { FAIL() << "another call"; }));
  });
  EXPECT_TRUE(status.ok());
}

TEST(CallWatch, WhatComesBackLateIsDroppedAndNothingIsCalledAnyMore) {
  CallWatch watch;
  std::atomic<bool> inside = false, end = false;
  Result<int> answer = 0;
  std::thread task([&] {
    answer = watch.in_call("poll", [&]() -> Result<int> {
      inside = true;
      while (!end) std::this_thread::sleep_for(Millis(1));
      return 7;
    });
  });
  while (!inside) std::this_thread::sleep_for(Millis(1));
  bool first = false;
  EXPECT_TRUE(watch.give_up(watch.current()->number, [&] { first = true; }));
  EXPECT_TRUE(first && watch.given_up());
  EXPECT_FALSE(watch.current().has_value()) << "told once";
  end = true;
  task.join();
  EXPECT_EQ(answer.status().code(), Code::kCancelled);
  EXPECT_EQ(watch.in_silent_call("stop", [] { FAIL() << "called"; }).code(), Code::kCancelled);
}

TEST(CallWatch, AnExceptionLeavesTheCall) {
  CallWatch watch;
  EXPECT_THROW(static_cast<void>(watch.in_silent_call("put", [] { throw std::runtime_error("x"); })), std::runtime_error);
  EXPECT_FALSE(watch.current().has_value());
}

}  // namespace
}  // namespace bywash::runtime
