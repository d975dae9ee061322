// Connectors that do not come back from what the herder asks of them, as Kafka's BlockingConnectorTest has them: the start and the task
// configurations. Others go on, and the one that hangs can be changed, restarted, stopped and removed. No broker is needed.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <future>

#include "runtime/fake_plugins_test.h"
#include "runtime/standalone_herder.h"
#include "runtime/task_thread.h"

namespace bywash::runtime {
namespace {

// What hangs: the class and its mode.
struct Hang {
  const char* name;
  const char* class_name;
  const char* mode;
  const char* call;  // as it is told
};

class HangingConnectorTest : public ::testing::TestWithParam<Hang> {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/hanging-connector-XXXXXX";
    folder_ = mkdtemp(pattern);
    testing::add_fake_plugins(&registry_);
  }
  void TearDown() override {
    herder_.reset();
    testing::hangs_end = true;
    for (int i = 0; i < 2000 && TaskThread::hanging_threads() > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(TaskThread::hanging_threads(), 0);
    testing::hangs_end = false;
    testing::task_config_calls = 0;
    std::filesystem::remove_all(folder_);
  }
  void start(const config::Properties& more = {}, int64_t request_timeout_ms = 500) {
    config::Properties properties = {{"bootstrap.servers", "127.0.0.1:1"}, {"key.converter", "FakeConverter"}, {"value.converter", "FakeConverter"}, {"header.converter", "FakeHeaderConverter"}};
    properties.insert(more.begin(), more.end());
    auto config = parse_worker_config(properties);
    ASSERT_TRUE(config.ok()) << config.status().message();
    HerderOptions options;
    options.store_folder = folder_;
    options.request_timeout_ms = request_timeout_ms;
    herder_ = std::make_unique<StandaloneHerder>(*std::move(config), registry_, options);
    Status status = herder_->start();
    ASSERT_TRUE(status.ok()) << status.message();
  }
  static ConnectorRequest connector(const std::string& name, const std::string& class_name, const std::string& mode) {
    ConnectorRequest out;
    out.name = name;
    out.properties = {{"name", name}, {"connector.class", class_name}, {"mode", mode}};
    if (class_name == "FakeSink") out.properties["topics"] = "t";
    else out.properties["topic"] = "t";
    return out;
  }
  static ConnectorRequest hanging(const std::string& name) { return connector(name, GetParam().class_name, GetParam().mode); }
  std::string states(const std::string& name, const std::string& wanted) {
    std::string have;
    for (int i = 0; i < 2000; ++i) {
      have.clear();
      auto status = herder_->status(name);
      if (status.ok()) {
        have = to_string(status->state);
        for (const auto& task : status->tasks) have += " " + std::string(to_string(task.state));
      }
      if (have == wanted) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return have;
  }
  void expect_that_others_go_on() {
    const std::string name = "other" + std::to_string(others_++);
    auto made = herder_->put(connector(name, "FakeSource", "idle"), false);
    ASSERT_TRUE(made.ok()) << made.status().message();
    EXPECT_EQ(states(name, "RUNNING RUNNING"), "RUNNING RUNNING");
    EXPECT_TRUE(herder_->restart(name, false, true).ok());
    EXPECT_EQ(states(name, "RUNNING RUNNING"), "RUNNING RUNNING");
  }

  std::string folder_;
  int others_ = 0;
  plugin::Registry registry_;
  std::unique_ptr<StandaloneHerder> herder_;
};

TEST_P(HangingConnectorTest, HoldsUpNobodyAndItsRequestTimesOut) {
  start();
  auto asked = herder_->put(hanging("a"), false);
  EXPECT_EQ(asked.status().code(), Code::kTimedOut);
  EXPECT_EQ(asked.status().message(), "Request timed out. The worker is currently creating or updating connector a.");
  EXPECT_EQ(states("a", "RUNNING"), "RUNNING");
  expect_that_others_go_on();
  EXPECT_EQ(TaskThread::hanging_threads(), 0) << "it is waited for";
}

TEST_P(HangingConnectorTest, IsRemovedStoppedPausedAndRestarted) {
  start();
  EXPECT_EQ(herder_->put(hanging("a"), false).status().code(), Code::kTimedOut);
  EXPECT_TRUE(herder_->set_target("a", TargetState::kPaused).ok());
  EXPECT_EQ(states("a", "PAUSED"), "PAUSED");
  EXPECT_TRUE(herder_->set_target("a", TargetState::kStarted).ok()) << "its start is under way already";
  EXPECT_EQ(herder_->restart("a", true, true).status().code(), Code::kTimedOut);
  EXPECT_EQ(herder_->restart_connector("a").code(), Code::kTimedOut);
  EXPECT_EQ(TaskThread::hanging_threads(), 2);
  EXPECT_TRUE(herder_->set_target("a", TargetState::kStopped).ok());
  EXPECT_EQ(states("a", "STOPPED"), "STOPPED");
  EXPECT_EQ(herder_->set_target("a", TargetState::kStarted).code(), Code::kTimedOut);
  EXPECT_TRUE(herder_->remove("a").ok());
  EXPECT_EQ(TaskThread::hanging_threads(), 4);
  EXPECT_EQ(herder_->connectors(), std::vector<std::string>{});
  expect_that_others_go_on();
}

TEST_P(HangingConnectorTest, IsFailedAfterTheLimitAndSaysInWhichCall) {
  start({{"task.call.timeout.ms", "60"}}, 60000);
  auto asked = herder_->put(hanging("a"), false);
  ASSERT_FALSE(asked.ok());
  EXPECT_TRUE(asked.status().message().starts_with("Failed to start connector: a: The connector has been in " + std::string(GetParam().call) + "() for ")) << asked.status().message();
  EXPECT_EQ(states("a", "FAILED"), "FAILED");
  EXPECT_NE(herder_->status("a")->trace.find("task.call.timeout.ms=60"), std::string::npos) << herder_->status("a")->trace;
  expect_that_others_go_on();
  auto changed = herder_->put(connector("a", "FakeSource", "idle"), true);
  ASSERT_TRUE(changed.ok()) << changed.status().message();
  EXPECT_EQ(states("a", "RUNNING RUNNING"), "RUNNING RUNNING");
  EXPECT_TRUE(herder_->status("a")->trace.empty());
}

TEST_P(HangingConnectorTest, WhatItSaysWhenItIsReplacedIsNobodysAnyLonger) {
  start();
  EXPECT_EQ(herder_->put(hanging("a"), false).status().code(), Code::kTimedOut);
  ASSERT_TRUE(herder_->put(connector("a", "FakeSource", "idle"), true).ok());
  EXPECT_EQ(states("a", "RUNNING RUNNING"), "RUNNING RUNNING");
  const int starts = testing::fake_starts;
  testing::hangs_end = true;
  for (int i = 0; i < 2000 && TaskThread::hanging_threads() > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  expect_that_others_go_on();
  EXPECT_EQ(states("a", "RUNNING RUNNING"), "RUNNING RUNNING");
  EXPECT_EQ(testing::fake_starts, starts + 2) << "those of the other, which is restarted once";
}

TEST_P(HangingConnectorTest, WhoeverWaitsForItIsToldWhenItIsRemoved) {
  start({}, 60000);
  auto waiting = std::async(std::launch::async, [&] { return herder_->put(hanging("a"), false).status(); });
  EXPECT_EQ(states("a", "RUNNING"), "RUNNING");
  EXPECT_TRUE(herder_->remove("a").ok());
  EXPECT_EQ(waiting.get().message(), "Connector a was changed, stopped or removed before its start had come back");
}

TEST_P(HangingConnectorTest, TheWorkerStops) {
  start({}, 60000);
  auto waiting = std::async(std::launch::async, [&] { return herder_->put(hanging("a"), false).status(); });
  EXPECT_EQ(states("a", "RUNNING"), "RUNNING");
  herder_->stop();
  EXPECT_EQ(waiting.get().code(), Code::kCancelled);
  EXPECT_EQ(TaskThread::hanging_threads(), 1);
}

TEST_P(HangingConnectorTest, HoldsUpNoOtherWhenTheWorkerStarts) {
  start();
  EXPECT_EQ(herder_->put(hanging("a"), false).status().code(), Code::kTimedOut);
  ASSERT_TRUE(herder_->put(connector("b", "FakeSource", "idle"), false).ok());
  herder_.reset();
  start();
  EXPECT_EQ(states("b", "RUNNING RUNNING"), "RUNNING RUNNING");
  EXPECT_EQ(states("a", "RUNNING"), "RUNNING");
}

INSTANTIATE_TEST_SUITE_P(Each, HangingConnectorTest,
                         ::testing::Values(Hang{"SourceTaskConfigs", "FakeSource", "hang-task-configs", "taskConfigs"}, Hang{"SinkStart", "FakeSink", "hang-check-start", "start"}),
                         [](const auto& each) { return std::string(each.param.name); });

class HangingRestartTest : public HangingConnectorTest {};

TEST_P(HangingRestartTest, BringsBackTheTasksThatARestartBeforeItHasStopped) {
  start();
  ASSERT_TRUE(herder_->put(hanging("a"), false).ok());
  EXPECT_EQ(states("a", "RUNNING RUNNING"), "RUNNING RUNNING");
  EXPECT_EQ(herder_->restart("a", false, true).status().code(), Code::kTimedOut);
  EXPECT_EQ(states("a", "RUNNING RESTARTING"), "RUNNING RESTARTING");
  auto plan = herder_->restart("a", true, true);
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_EQ(plan->state, State::kRestarting);
  EXPECT_EQ(plan->tasks[0].state, State::kRestarting);
  EXPECT_EQ(states("a", "RUNNING RUNNING"), "RUNNING RUNNING");
}

INSTANTIATE_TEST_SUITE_P(SecondCall, HangingRestartTest, ::testing::Values(Hang{"SourceTaskConfigs", "FakeSource", "hang-second-task-configs", "taskConfigs"}),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace bywash::runtime
