// Calls of connectors that come back, are failed or given up.
#include "runtime/connector_calls.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "runtime/task_thread.h"

namespace bywash::runtime {
namespace {

using Answer = ConnectorCalls::Answer;

template <class Condition>
bool wait_until(Condition condition) {
  for (int i = 0; i < 4000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return condition();
}

class ConnectorCallsTest : public ::testing::Test {
 protected:
  void TearDown() override {
    go_on_ = true;
    EXPECT_TRUE(wait_until([] { return TaskThread::hanging_threads() == 0; }));
  }
  ConnectorCalls::Work waits() {
    return [this](const ConnectorCalls::Enter& enter) -> Answer {
      enter("taskConfigs");
      while (!go_on_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      return std::vector<config::Properties>(2);
    };
  }
  ConnectorCalls::Done counts() {
    return [this](const Answer& answer) {
      status_ = answer.status();
      ++answers_;
    };
  }
  std::atomic<bool> go_on_ = false;
  std::atomic<int> answers_ = 0;
  Status status_;
  ConnectorCalls calls_;
};

TEST_F(ConnectorCallsTest, AnAnswerComesOnceAndTheCallIsNamedUntilThen) {
  calls_.begin("a", waits(), counts());
  ASSERT_TRUE(wait_until([&] { return calls_.running().size() == 1 && calls_.running()[0].second.name == "taskConfigs"; }));
  EXPECT_EQ(calls_.running()[0].first, "a");
  go_on_ = true;
  EXPECT_TRUE(wait_until([&] { return answers_ == 1; }));
  EXPECT_TRUE(status_.ok());
  EXPECT_TRUE(calls_.running().empty());
}

TEST_F(ConnectorCallsTest, OneThatIsFailedAnswersSoAndWhatItSaysLaterIsDropped) {
  calls_.begin("a", waits(), counts());
  ASSERT_TRUE(wait_until([&] { return calls_.running().size() == 1 && calls_.running()[0].second.name == "taskConfigs"; }));
  const uint64_t number = calls_.running()[0].second.number;
  EXPECT_FALSE(calls_.fail("a", number - 1, Status::timed_out("an earlier stage")));
  EXPECT_FALSE(calls_.fail("b", number, Status::timed_out("another connector")));
  EXPECT_TRUE(calls_.fail("a", number, Status::timed_out("too long")));
  EXPECT_EQ(status_.message(), "too long");
  EXPECT_EQ(TaskThread::hanging_threads(), 1);
  EXPECT_FALSE(calls_.fail("a", number, Status::timed_out("again")));
  go_on_ = true;
  EXPECT_TRUE(wait_until([] { return TaskThread::hanging_threads() == 0; }));
  EXPECT_EQ(answers_, 1);
}

TEST_F(ConnectorCallsTest, ANewCallGivesTheOneBeforeUp) {
  calls_.begin("a", waits(), [](const Answer&) { FAIL() << "given up"; });
  calls_.begin("a", [](const ConnectorCalls::Enter&) -> Answer { return Status::fatal("no"); }, counts());
  EXPECT_TRUE(wait_until([&] { return answers_ == 1; }));
  EXPECT_EQ(status_.message(), "no");
  EXPECT_EQ(TaskThread::hanging_threads(), 1);
}

TEST_F(ConnectorCallsTest, NobodyHearsOfWhatWasGivenUp) {
  calls_.begin("a", waits(), [](const Answer&) { FAIL() << "given up"; });
  calls_.begin("b", waits(), [](const Answer&) { FAIL() << "ended"; });
  calls_.give_up("a");
  calls_.end();
  calls_.begin("c", waits(), [](const Answer&) { FAIL() << "after the end"; });
  EXPECT_TRUE(calls_.running().empty());
  EXPECT_EQ(TaskThread::hanging_threads(), 2);
}

TEST_F(ConnectorCallsTest, AnExceptionIsAnAnswer) {
  calls_.begin("a", [](const ConnectorCalls::Enter&) -> Answer { throw std::runtime_error("unexpected"); }, counts());
  EXPECT_TRUE(wait_until([&] { return answers_ == 1; }));
  EXPECT_NE(status_.message().find("unexpected"), std::string::npos);
}

}  // namespace
}  // namespace bywash::runtime
