// Which failures are followed by a restart, when, and how often.
#include "runtime/task_supervisor.h"

#include <gtest/gtest.h>

#include <atomic>

namespace bywash::runtime {
namespace {

const TaskId kTask{"orders", 0};
const Status kAway = Status::retriable("the server is away");

class Heard : public StatusListener {
 public:
  void on_task_state(const TaskId&, State state, const std::string& trace) override {
    std::lock_guard lock(mutex);
    states += std::string(to_string(state)) + (trace.empty() ? " " : "(" + trace + ") ");
  }
  void on_task_problem(const TaskId&, const std::string&) override {}
  void on_connector_problem(const std::string&, const std::string&) override {}
  void on_topic_used(const std::string&, const std::string&) override {}
  std::mutex mutex;
  std::string states;
};

class TaskSupervisorTest : public ::testing::Test {
 protected:
  std::unique_ptr<TaskSupervisor> make(RestartPolicy policy) {
    return std::make_unique<TaskSupervisor>(policy, &heard_, [this](const TaskId&) -> Result<TaskSupervisor::Outcome> {
      ++asked_;
      if (broken_) return Status::invalid("no such table");
      return asked_ <= endings_ ? TaskSupervisor::Outcome::kStillEnding : TaskSupervisor::Outcome::kRestarted;
    });
  }
  // The number of restarts asked for, once it is `wanted` or after ten seconds.
  int asked(int wanted) {
    for (int i = 0; i < 2000 && asked_ != wanted; ++i) std::this_thread::sleep_for(Millis(5));
    return asked_;
  }

  Heard heard_;
  std::atomic<int> asked_ = 0, endings_ = 0;
  std::atomic<bool> broken_ = false;
};

TEST_F(TaskSupervisorTest, RestartsNothingByDefault) {
  auto supervisor = make({});
  EXPECT_FALSE(supervisor->will_restart(kTask, kAway));
  supervisor->on_task_state(kTask, State::kFailed, "why");
  EXPECT_EQ(heard_.states, "FAILED(why) ");
}

TEST_F(TaskSupervisorTest, OnlyWhatPassesByItself) {
  auto supervisor = make({5, 60'000, 60'000, 60'000});
  EXPECT_TRUE(supervisor->will_restart(kTask, kAway));
  EXPECT_TRUE(supervisor->will_restart(kTask, Status::timed_out("too slow")));
  EXPECT_TRUE(supervisor->will_restart(kTask, Status::host("disk full")));
  EXPECT_FALSE(supervisor->will_restart(kTask, Status::invalid("no such key")));
  EXPECT_FALSE(supervisor->will_restart(kTask, Status::data("not a number")));
  EXPECT_FALSE(supervisor->will_restart(kTask, Status::unauthorized("wrong password")));
  EXPECT_FALSE(supervisor->will_restart(kTask, Status(Code::kFatal, Blame::kUs, "a bug")));
}

TEST_F(TaskSupervisorTest, AttemptsAreUsedUpAndComeBackAfterALongRun) {
  auto supervisor = make({2, 1, 1, 600'000});
  for (int attempt = 1; attempt <= 2; ++attempt) {
    EXPECT_TRUE(supervisor->will_restart(kTask, kAway));
    EXPECT_EQ(asked(attempt), attempt);
    supervisor->on_task_state(kTask, State::kRunning, "");
  }
  EXPECT_FALSE(supervisor->will_restart(kTask, kAway));
  EXPECT_EQ(asked_, 2);
  supervisor = make({1, 1, 1, 10});
  for (int attempt = 3; attempt <= 5; ++attempt) {
    EXPECT_TRUE(supervisor->will_restart(kTask, kAway));
    EXPECT_EQ(asked(attempt), attempt);
    supervisor->on_task_state(kTask, State::kRunning, "");
    std::this_thread::sleep_for(Millis(20));
  }
}

TEST_F(TaskSupervisorTest, AThreadThatHasNotEndedIsAskedForAgain) {
  endings_ = 3;
  auto supervisor = make({1, 1, 1, 1000});
  EXPECT_TRUE(supervisor->will_restart(kTask, kAway));
  EXPECT_EQ(asked(4), 4);
}

TEST_F(TaskSupervisorTest, WhatTheHerderTakesUpIsNotRestarted) {
  auto supervisor = make({3, 500, 500, 1000});
  EXPECT_TRUE(supervisor->will_restart(kTask, kAway));
  supervisor->forget(kTask);
  std::this_thread::sleep_for(Millis(700));
  EXPECT_EQ(asked_, 0);
  supervisor->end();
  EXPECT_FALSE(supervisor->will_restart(kTask, kAway));
}

TEST_F(TaskSupervisorTest, WhatCannotBeMadeStaysFailedAndSaysWhy) {
  broken_ = true;
  auto supervisor = make({3, 1, 1, 1000});
  EXPECT_TRUE(supervisor->will_restart(kTask, kAway));
  EXPECT_EQ(asked(1), 1);
  supervisor->end();
  EXPECT_NE(heard_.states.find("FAILED("), std::string::npos);
  EXPECT_NE(heard_.states.find("no such table"), std::string::npos);
}

}  // namespace
}  // namespace bywash::runtime
