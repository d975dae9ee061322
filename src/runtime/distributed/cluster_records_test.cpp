// Config and status topics: the records of a cluster of Apache Kafka Connect 4.3.1 and our own read back.
#include <gtest/gtest.h>

#include "runtime/distributed/config_records.h"
#include "runtime/distributed/status_records.h"

namespace bywash::runtime {
namespace {

kafka::TableRecord record(std::string key, std::optional<std::string> value) { return {std::move(key), std::move(value), 0}; }

void apply_all(ConfigState* state, const std::vector<kafka::KeyValue>& records) {
  for (const auto& [key, value] : records) state->apply({key, value, 0});
}

TEST(ConfigState, ReadsTheRecordsOfTheOriginal) {
  ConfigState state;
  EXPECT_EQ(state.apply(record("session-key", R"({"key":"vm+X=","algorithm":"HmacSHA256","creation-timestamp":1})")).kind, ConfigChange::Kind::kNone);
  EXPECT_EQ(state.apply(record("connector-src1", R"({"properties":{"connector.class":"FileStreamSource","tasks.max":"1","file":null,"name":"src1"}})")).kind, ConfigChange::Kind::kConnector);
  state.apply(record("task-src1-0", R"({"properties":{"file":"in1.txt","task.class":"X"}})"));
  EXPECT_TRUE(state.tasks("src1").empty()) << "not committed yet";
  EXPECT_EQ(state.apply(record("commit-src1", R"({"tasks":1})")).kind, ConfigChange::Kind::kTasks);
  ASSERT_EQ(state.tasks("src1").size(), 1u);
  EXPECT_EQ(state.task({"src1", 0})->at("file"), "in1.txt");
  EXPECT_EQ(state.find("src1")->config.at("file"), std::nullopt);
  EXPECT_EQ(state.target("src1"), TargetState::kStarted);
  state.apply(record("target-state-src1", R"({"state":"PAUSED","state.v2":"STOPPED"})"));
  EXPECT_EQ(state.target("src1"), TargetState::kStopped);
  state.apply(record("target-state-src1", R"({"state":"PAUSED"})"));
  EXPECT_EQ(state.target("src1"), TargetState::kPaused) << "written by a worker before 3.5";
}

TEST(ConfigState, KeepsTaskConfigurationsOfAStoppedConnector) {
  ConfigState state;
  apply_all(&state, connector_records("a", {{"name", "a"}}, std::nullopt));
  apply_all(&state, task_records("a", {{{"k", "0"}}, {{"k", "1"}}}));
  apply_all(&state, task_records("a", {}));
  EXPECT_TRUE(state.tasks("a").empty());
  EXPECT_NE(state.task({"a", 0}), nullptr);
  EXPECT_EQ(state.task({"a", 7}), nullptr);
}

TEST(ConfigState, ACommitOfTasksThatAreNotThereMakesNoTasks) {
  ConfigState state;
  apply_all(&state, connector_records("a", {{"name", "a"}}, std::nullopt));
  state.apply(record("task-a-1", R"({"properties":{}})"));
  state.apply(record("commit-a", R"({"tasks":2})"));
  EXPECT_TRUE(state.tasks("a").empty());
  EXPECT_FALSE(state.find("a")->consistent);
}

TEST(ConfigState, TakesACommitThatCompactionLeftBeforeItsConnector) {
  ConfigState state;
  apply_all(&state, task_records("a", {{{"k", "0"}}}));
  apply_all(&state, connector_records("a", {{"name", "a"}}, std::nullopt));
  EXPECT_EQ(state.tasks("a").size(), 1u);
}

TEST(ConfigState, TasksAwaitFencingFromTheirCommitToTheRoundsRecord) {
  ConfigState state;
  EXPECT_EQ(state.fenced_tasks("a"), std::nullopt);
  apply_all(&state, connector_records("a", {{"name", "a"}}, std::nullopt));
  EXPECT_FALSE(state.pending_fencing("a")) << "there are no tasks yet";
  apply_all(&state, task_records("a", {{{"k", "0"}}, {{"k", "1"}}}));
  EXPECT_TRUE(state.pending_fencing("a"));
  state.apply(record("tasks-fencing-a", R"({"task-count":2})"));  // as the original writes it
  EXPECT_FALSE(state.pending_fencing("a"));
  EXPECT_EQ(state.fenced_tasks("a"), 2);
  apply_all(&state, task_records("a", {}));
  EXPECT_TRUE(state.pending_fencing("a"));
  apply_all(&state, {fencing_record("a", 0)});
  EXPECT_EQ(state.fenced_tasks("a"), 0);
  apply_all(&state, task_records("a", {{{"k", "0"}}}));
  apply_all(&state, {fencing_record("a", 1)});
  apply_all(&state, removal_records("a"));
  EXPECT_EQ(state.fenced_tasks("a"), 1) << "a connector of that name may come back while a task of this one is cut off";
}

TEST(ConfigState, ARemovedConnectorLeavesNothing) {
  ConfigState state;
  apply_all(&state, connector_records("a", {{"name", "a"}}, TargetState::kPaused));
  apply_all(&state, task_records("a", {{{"k", "0"}}}));
  apply_all(&state, removal_records("a"));
  EXPECT_EQ(state.find("a"), nullptr);
  EXPECT_EQ(state.task({"a", 0}), nullptr);
  EXPECT_EQ(state.target("a"), TargetState::kStarted);
}

TEST(ConfigState, NamesWithDashesKeepTheirTasks) {
  ConfigState state;
  apply_all(&state, connector_records("my-sink-2", {{"name", "my-sink-2"}}, std::nullopt));
  apply_all(&state, task_records("my-sink-2", {{{"k", "0"}}}));
  EXPECT_EQ(state.tasks("my-sink-2"), (std::vector<TaskId>{{"my-sink-2", 0}}));
}

TEST(ConfigState, SaysWhatCannotBeUnderstoodAndGoesOn) {
  ConfigState state;
  for (const char* key : {"connector-a", "commit-a", "target-state-a", "task-a-0"}) {
    EXPECT_EQ(state.apply(record(key, "{")).kind, ConfigChange::Kind::kUnreadable) << key;
  }
  EXPECT_EQ(state.apply(record("task-a", "{}")).kind, ConfigChange::Kind::kUnreadable);
  EXPECT_EQ(state.apply(record("no-such-key", "{}")).kind, ConfigChange::Kind::kUnreadable);
  EXPECT_EQ(state.apply({std::nullopt, "x", 0}).kind, ConfigChange::Kind::kNone);
}

TEST(ConfigState, HandsOnRestartsAndLoggers) {
  ConfigState state;
  ConfigChange restart = state.apply(record("restart-connector-a", R"({"include-tasks":true,"only-failed":false})"));
  EXPECT_EQ(restart.kind, ConfigChange::Kind::kRestart);
  EXPECT_TRUE(restart.restart.include_tasks);
  EXPECT_FALSE(restart.restart.only_failed);
  auto [key, value] = logger_record("org.x", "WARN");
  ConfigChange logger = state.apply({key, value, 0});
  EXPECT_EQ(logger.kind, ConfigChange::Kind::kLogger);
  EXPECT_EQ(logger.connector, "org.x");
  EXPECT_EQ(logger.level, "WARN");
}

TEST(StatusTable, ReadsTheRecordsOfTheOriginal) {
  StatusTable table;
  table.apply(record("status-task-a-b-0", R"({"state":"FAILED","trace":"x\n\tat y","worker_id":"localhost:18083","generation":5,"version":"4.3.1"})"));
  table.apply(record("status-connector-a-b", R"({"state":"RUNNING","trace":null,"worker_id":"localhost:18083","generation":6,"version":null})"));
  table.apply(record("status-topic-rr-t1:connector-a-b", R"({"topic":{"name":"rr-t1","connector":"a-b","task":0,"discoverTimestamp":1}})"));
  ASSERT_NE(table.task({"a-b", 0}), nullptr);
  EXPECT_EQ(table.task({"a-b", 0})->trace, "x\n\tat y");
  ASSERT_NE(table.connector("a-b"), nullptr);
  EXPECT_EQ(table.connector("a-b")->generation, 6);
  EXPECT_EQ(table.tasks("a-b").size(), 1u);
  EXPECT_EQ(table.topics("a-b"), std::set<std::string>{"rr-t1"});
  table.apply(record("status-task-a-b-0", std::nullopt));
  EXPECT_EQ(table.task({"a-b", 0}), nullptr);
  table.apply(record("status-topic-rr-t1:connector-a-b", std::nullopt));
  EXPECT_TRUE(table.topics("a-b").empty());
}

TEST(StatusTable, AnOlderAssignmentDoesNotReplaceANewerOne) {
  StatusTable table;
  Assignment newer{7, "w1", {{"w1", {"m1", {{"a", -1}, {"a", 0}}}}}}, older{6, "w2", {}};
  for (const Assignment& each : {newer, older}) {
    auto [key, value] = assignment_record(each);
    table.apply({key, value, 0});
  }
  EXPECT_EQ(table.assignment().version, 7);
  EXPECT_EQ(table.assignment().workers, newer.workers);
}

TEST(StatusTable, AcksComeBackAsWritten) {
  StatusTable table;
  auto [key, value] = ack_record("localhost:1", {"m", 3, {{"a", 0}}});
  table.apply({key, value, 0});
  ASSERT_TRUE(table.acks().contains("localhost:1"));
  EXPECT_EQ(table.acks().at("localhost:1").version, 3);
  EXPECT_EQ(table.acks().at("localhost:1").owned, (std::set<Unit>{{"a", 0}}));
  auto removal = ack_removal_record("localhost:1");
  table.apply({removal.first, removal.second, 0});
  EXPECT_TRUE(table.acks().empty());
}

}  // namespace
}  // namespace bywash::runtime
