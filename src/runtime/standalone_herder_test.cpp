// The herder with fake plugins: states, tasks, secrets, persistence, and connector files. No broker is needed: sources that read
// nothing produce nothing.
#include "runtime/standalone_herder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "runtime/fake_plugins_test.h"
#include "runtime/task_thread.h"

namespace bywash::runtime {
namespace {

WorkerConfig worker_config(const config::Properties& more = {}) {
  config::Properties properties = {{"bootstrap.servers", "127.0.0.1:1"},
                                   {"key.converter", "org.example.FakeConverter"},
                                   {"value.converter", "org.example.FakeConverter"},
                                   {"header.converter", "org.example.FakeHeaderConverter"}};
  properties.insert(more.begin(), more.end());
  auto config = parse_worker_config(properties);
  EXPECT_TRUE(config.ok()) << config.status().message();
  return *std::move(config);
}

class StandaloneHerderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/herder-test-XXXXXX";
    folder_ = mkdtemp(pattern);
    testing::add_fake_plugins(&registry_, &validations_);
  }
  void TearDown() override {
    herder_.reset();
    // What was given up ends while its plugin is there.
    testing::hangs_end = true;
    for (int i = 0; i < 2000 && TaskThread::hanging_threads() > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(TaskThread::hanging_threads(), 0);
    testing::hangs_end = false;
    testing::fake_starts = 0;
    std::filesystem::remove_all(folder_);
  }
  void start(bool durable = false, const config::Properties& worker = {}) {
    HerderOptions options;
    options.worker_id = "here:1";
    if (durable) options.store_folder = folder_ + "/connectors";
    herder_ = std::make_unique<StandaloneHerder>(worker_config(worker), registry_, options);
    Status status = herder_->start();
    ASSERT_TRUE(status.ok()) << status.message();
  }
  static ConnectorRequest fake(const std::string& name, ConnectorProperties more = {}) {
    ConnectorRequest out;
    out.name = name;
    out.properties = {{"name", name}, {"connector.class", "FakeSource"}, {"topic", "t"}};
    for (auto& [key, value] : more) out.properties[key] = value;
    return out;
  }
  // The state of connector and tasks as one text, once it is `wanted` or after ten seconds.
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

  std::string folder_;
  std::atomic<int> validations_ = 0;
  plugin::Registry registry_;
  std::unique_ptr<StandaloneHerder> herder_;
};

TEST_F(StandaloneHerderTest, CreatesPausesStopsResumesAndRemoves) {
  start();
  auto made = herder_->put(fake("a", {{"tasks.max", "2"}}), false);
  ASSERT_TRUE(made.ok()) << made.status().message();
  EXPECT_TRUE(made->created);
  EXPECT_EQ(made->connector.type, "source");
  EXPECT_EQ(made->connector.tasks.size(), 2u);
  EXPECT_EQ(states("a", "RUNNING RUNNING RUNNING"), "RUNNING RUNNING RUNNING");
  EXPECT_EQ(herder_->status("a")->tasks[0].worker_id, "here:1");
  EXPECT_EQ(herder_->status("a")->tasks[0].version, "1.2");
  ASSERT_TRUE(herder_->set_target("a", TargetState::kPaused).ok());
  EXPECT_EQ(states("a", "PAUSED PAUSED PAUSED"), "PAUSED PAUSED PAUSED");
  ASSERT_TRUE(herder_->set_target("a", TargetState::kStopped).ok());
  EXPECT_EQ(states("a", "STOPPED"), "STOPPED");
  EXPECT_TRUE(herder_->worker().tasks().empty());
  ASSERT_TRUE(herder_->set_target("a", TargetState::kStarted).ok());
  EXPECT_EQ(states("a", "RUNNING RUNNING RUNNING"), "RUNNING RUNNING RUNNING");
  ASSERT_TRUE(herder_->remove("a").ok());
  EXPECT_TRUE(herder_->connectors().empty());
  EXPECT_TRUE(herder_->worker().tasks().empty());
  EXPECT_EQ(herder_->remove("a").message(), "Connector a not found");
  EXPECT_EQ(herder_->set_target("a", TargetState::kPaused).message(), "Unknown connector a");
  EXPECT_EQ(herder_->status("a").status().message(), "No status found for connector a");
}

TEST_F(StandaloneHerderTest, AConnectorCreatedPausedGetsTasksWhenItIsResumed) {
  start();
  ConnectorRequest request = fake("a");
  request.initial_state = TargetState::kPaused;
  ASSERT_TRUE(herder_->put(request, false).ok());
  EXPECT_EQ(states("a", "PAUSED"), "PAUSED");
  ASSERT_TRUE(herder_->set_target("a", TargetState::kStarted).ok());
  EXPECT_EQ(states("a", "RUNNING RUNNING"), "RUNNING RUNNING");
}

TEST_F(StandaloneHerderTest, RefusesASecondConnectorOfANameAndReplacesWhenAsked) {
  start();
  ASSERT_TRUE(herder_->put(fake("a"), false).ok());
  auto again = herder_->put(fake("a"), false);
  EXPECT_EQ(again.status().code(), Code::kConflict);
  EXPECT_EQ(again.status().message(), "Connector a already exists");
  auto replaced = herder_->put(fake("a", {{"tasks.max", "3"}}), true);
  ASSERT_TRUE(replaced.ok());
  EXPECT_FALSE(replaced->created);
  EXPECT_EQ(replaced->connector.tasks.size(), 3u);
}

TEST_F(StandaloneHerderTest, AFailedTaskSaysWhyAndIsRestartedAlone) {
  start();
  ASSERT_TRUE(herder_->put(fake("a", {{"mode", "no-start"}}), false).ok());
  EXPECT_EQ(states("a", "RUNNING FAILED"), "RUNNING FAILED");
  EXPECT_TRUE(herder_->task_status({"a", 0})->trace.starts_with("org.apache.kafka.connect.errors.ConnectException: The system is closed today"));
  auto plan = herder_->restart("a", true, true);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->state, State::kRunning);
  EXPECT_EQ(plan->tasks[0].state, State::kRestarting);
  EXPECT_EQ(states("a", "RUNNING FAILED"), "RUNNING FAILED");
  ASSERT_TRUE(herder_->put(fake("a", {{"mode", "idle"}}), true).ok());
  EXPECT_EQ(states("a", "RUNNING RUNNING"), "RUNNING RUNNING");
  EXPECT_TRUE(herder_->task_status({"a", 0})->trace.empty());
  ASSERT_TRUE(herder_->restart_task({"a", 0}).ok());
  EXPECT_EQ(states("a", "RUNNING RUNNING"), "RUNNING RUNNING");
  EXPECT_EQ(herder_->restart_task({"a", 5}).message(), "Task a-5 not found");
  auto nothing = herder_->restart("a", true, true);
  EXPECT_EQ(nothing->tasks[0].state, State::kRunning);
  EXPECT_EQ(herder_->restart("b", true, true).status().message(), "Unknown connector: b");
}

TEST_F(StandaloneHerderTest, ATaskThatFailsFromATransientCauseIsRestartedAsOftenAsAllowed) {
  start(false, {{"task.restart.max.attempts", "2"}, {"task.restart.backoff.ms", "10"}});
  ASSERT_TRUE(herder_->put(fake("a", {{"mode", "third-start"}}), false).ok());
  EXPECT_EQ(states("a", "RUNNING RUNNING"), "RUNNING RUNNING");
  EXPECT_TRUE(herder_->task_status({"a", 0})->trace.empty());
  EXPECT_EQ(herder_->worker().tasks().size(), 1u);
  ASSERT_TRUE(herder_->put(fake("b", {{"mode", "no-start"}}), false).ok());
  ASSERT_TRUE(herder_->set_target("b", TargetState::kStopped).ok());
  EXPECT_EQ(states("b", "STOPPED"), "STOPPED");
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  EXPECT_EQ(herder_->worker().tasks().size(), 1u) << "a stopped connector's task came back";
}

TEST_F(StandaloneHerderTest, ATaskThatIsMadePausedStartsWhenItIsResumed) {
  start();
  ASSERT_TRUE(herder_->put(fake("a"), false).ok());
  EXPECT_EQ(states("a", "RUNNING RUNNING"), "RUNNING RUNNING");
  ASSERT_TRUE(herder_->set_target("a", TargetState::kPaused).ok());
  EXPECT_EQ(states("a", "PAUSED PAUSED"), "PAUSED PAUSED");
  const int starts = testing::fake_starts;
  ASSERT_TRUE(herder_->restart("a", false, true).ok());
  EXPECT_EQ(states("a", "PAUSED PAUSED"), "PAUSED PAUSED");
  ASSERT_TRUE(herder_->restart_task({"a", 0}).ok()) << "one that has not started is stopped";
  EXPECT_EQ(states("a", "PAUSED PAUSED"), "PAUSED PAUSED");
  EXPECT_EQ(testing::fake_starts, starts);
  ASSERT_TRUE(herder_->set_target("a", TargetState::kStarted).ok());
  EXPECT_EQ(states("a", "RUNNING RUNNING"), "RUNNING RUNNING");
  EXPECT_EQ(testing::fake_starts, starts + 1);
}

TEST_F(StandaloneHerderTest, ATaskThatHangsInACallFailsAndSaysInWhich) {
  start(false, {{"task.call.timeout.ms", "60"}, {"task.shutdown.graceful.timeout.ms", "50"}});
  for (const char* call : {"initialize", "start", "poll"}) {
    ASSERT_TRUE(herder_->put(fake(call, {{"mode", std::string("hang-") + call}}), false).ok());
    EXPECT_EQ(states(call, "RUNNING FAILED"), "RUNNING FAILED");
    std::string trace = herder_->task_status({call, 0})->trace;
    EXPECT_NE(trace.find(std::string("in ") + call + "() of its connector"), std::string::npos) << trace;
    EXPECT_NE(trace.find("task.call.timeout.ms=60"), std::string::npos) << trace;
  }
  ASSERT_TRUE(herder_->put(fake("other"), false).ok());
  EXPECT_EQ(states("other", "RUNNING RUNNING"), "RUNNING RUNNING");
  EXPECT_EQ(TaskThread::hanging_threads(), 3);
}

TEST_F(StandaloneHerderTest, ATaskThatHangsIsReplacedWhereRestartsAreOn) {
  start(false, {{"task.call.timeout.ms", "60"}, {"task.restart.max.attempts", "2"}, {"task.restart.backoff.ms", "10"}});
  ASSERT_TRUE(herder_->put(fake("a", {{"mode", "hang-first-poll"}}), false).ok());
  for (int i = 0; i < 2000 && testing::fake_starts < 2; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(states("a", "RUNNING RUNNING"), "RUNNING RUNNING");
  EXPECT_EQ(testing::fake_starts, 2);
  EXPECT_EQ(TaskThread::hanging_threads(), 1);
  // What it says when it comes back is nobody's any longer.
  testing::hangs_end = true;
  for (int i = 0; i < 2000 && TaskThread::hanging_threads() > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(states("a", "RUNNING RUNNING"), "RUNNING RUNNING");
  EXPECT_TRUE(herder_->task_status({"a", 0})->trace.empty());
}

TEST_F(StandaloneHerderTest, AStopHasADeadlineWhateverATaskHangsIn) {
  start(false, {{"task.shutdown.graceful.timeout.ms", "50"}});
  for (const char* call : {"initialize", "start", "poll", "stop"}) {
    const int begun = testing::hangs_begun;
    ASSERT_TRUE(herder_->put(fake(call, {{"mode", std::string("hang-") + call}}), false).ok());
    if (std::string(call) == "stop") {
      EXPECT_EQ(states(call, "RUNNING RUNNING"), "RUNNING RUNNING");
    }
    for (int i = 0; i < 2000 && std::string(call) != "stop" && testing::hangs_begun == begun; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_TRUE(herder_->remove(call).ok());
    EXPECT_TRUE(herder_->worker().tasks().empty());
  }
  EXPECT_EQ(TaskThread::hanging_threads(), 4);
}

TEST_F(StandaloneHerderTest, AConnectorWhoseTasksCannotBeMadeFailsAndRecovers) {
  start();
  EXPECT_FALSE(herder_->put(fake("a", {{"mode", "no-tasks"}}), false).ok());
  EXPECT_EQ(states("a", "FAILED"), "FAILED");
  EXPECT_NE(herder_->status("a")->trace.find("There is nothing to read"), std::string::npos);
  EXPECT_FALSE(herder_->put(fake("a", {{"mode", "many-tasks"}}), true).ok());
  EXPECT_NE(herder_->status("a")->trace.find("TooManyTasksException"), std::string::npos);
  EXPECT_TRUE(herder_->put(fake("a", {{"mode", "many-tasks"}, {"tasks.max.enforce", "false"}}), true).ok());
  EXPECT_EQ(states("a", "RUNNING RUNNING RUNNING"), "RUNNING RUNNING RUNNING");
}

TEST_F(StandaloneHerderTest, ReportsEveryProblemOfAConfigurationAtOnce) {
  start();
  auto bad = herder_->put(fake("a", {{"tasks.max", "0"}, {"batch.size", "abc"}}), false);
  EXPECT_EQ(bad.status().code(), Code::kInvalid);
  EXPECT_EQ(bad.status().message(),
            "Connector configuration is invalid and contains the following 2 error(s):\nInvalid value 0 for configuration tasks.max: Value must be at least 1\n"
            "Invalid value abc for configuration batch.size: Not a number of type INT\n"
            "You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`");
  EXPECT_EQ(validations_, 0) << "nothing is connected to with values that are wrong";
  EXPECT_TRUE(herder_->connectors().empty());
}

TEST_F(StandaloneHerderTest, HidesSecretsInEveryAnswer) {
  start();
  auto made = herder_->put(fake("a", {{"password", "geheim"}, {"producer.override.sasl.jaas.config", "x password=\"geheim\";"}}), false);
  ASSERT_TRUE(made.ok()) << made.status().message();
  EXPECT_EQ(made->connector.config.at("password"), "[hidden]");
  EXPECT_EQ(made->connector.config.at("producer.override.sasl.jaas.config"), "[hidden]");
  EXPECT_EQ(herder_->connector("a")->config.at("password"), "[hidden]");
  EXPECT_EQ((*herder_->task_configs("a"))[0].second.at("password"), "[hidden]");
}

TEST_F(StandaloneHerderTest, KeepsASecretWhenItsMaskIsSentBack) {
  start(true);
  ASSERT_TRUE(herder_->put(fake("a", {{"password", "geheim"}}), false).ok());
  ConnectorRequest back{"a", herder_->connector("a")->config, std::nullopt};
  back.properties["batch.size"] = "7";
  ASSERT_TRUE(herder_->put(back, true).ok());
  ASSERT_TRUE(herder_->patch("a", {{"batch.size", "8"}}).ok());
  auto stored = ConnectorStore::open(folder_ + "/connectors")->load();
  ASSERT_TRUE(stored.ok());
  EXPECT_EQ((*stored)[0].config.at("password"), "geheim");
  EXPECT_EQ((*stored)[0].config.at("batch.size"), "8");
}

TEST_F(StandaloneHerderTest, ConnectorsAndTheirStatesSurviveARestart) {
  start(true);
  ASSERT_TRUE(herder_->put(fake("a", {{"password", "geheim"}, {"batch.size", std::nullopt}}), false).ok());
  ASSERT_TRUE(herder_->put(fake("b / ünï %"), false).ok());
  ASSERT_TRUE(herder_->put(fake("gone"), false).ok());
  ASSERT_TRUE(herder_->put(fake(std::string(400, 'x')), false).ok());
  ASSERT_TRUE(herder_->set_target("a", TargetState::kPaused).ok());
  ASSERT_TRUE(herder_->remove("gone").ok());
  for (const auto& file : std::filesystem::directory_iterator(folder_ + "/connectors")) {
    struct stat st {};
    ASSERT_EQ(stat(file.path().c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0777, 0600u) << file.path();
  }
  herder_.reset();
  start(true);
  EXPECT_EQ(herder_->connectors(), (std::vector<std::string>{"a", "b / ünï %", std::string(400, 'x')}));
  EXPECT_EQ(states("a", "PAUSED"), "PAUSED");
  EXPECT_EQ(states("b / ünï %", "RUNNING RUNNING"), "RUNNING RUNNING");
  EXPECT_EQ(herder_->connector("a")->config.at("batch.size"), std::nullopt);
  EXPECT_EQ(validations_, 4) << "a restart does not ask remote systems";
}

TEST_F(StandaloneHerderTest, TakesNullForAKeyOfThePluginOnly) {
  start();
  auto refused = herder_->put(fake("a", {{"nothing", std::nullopt}}), false);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.status().message().find("Null value can not be supplied as the configuration value."), std::string::npos) << refused.status().message();
  EXPECT_TRUE(herder_->put(fake("a", {{"batch.size", std::nullopt}}), false).ok());
}

TEST_F(StandaloneHerderTest, NamesAStoredConnectorThatCannotBeUnderstood) {
  std::filesystem::create_directories(folder_ + "/connectors");
  std::ofstream(folder_ + "/connectors/a.json") << "{\"name\": \"a\"";
  HerderOptions options;
  options.store_folder = folder_ + "/connectors";
  StandaloneHerder herder(worker_config(), registry_, options);
  Status status = herder.start();
  EXPECT_NE(status.message().find("a.json' cannot be understood"), std::string::npos) << status.message();
}

TEST_F(StandaloneHerderTest, PatchSetsAndRemovesKeys) {
  start();
  ASSERT_TRUE(herder_->put(fake("a", {{"batch.size", "5"}}), false).ok());
  auto patched = herder_->patch("a", {{"batch.size", std::nullopt}, {"q", "1"}});
  ASSERT_TRUE(patched.ok());
  EXPECT_FALSE(patched->config.contains("batch.size"));
  EXPECT_EQ(patched->config.at("q"), "1");
  EXPECT_EQ(herder_->patch("b", {}).status().message(), "Connector b not found");
}

TEST_F(StandaloneHerderTest, OffsetsChangeOnlyWhileStopped) {
  start();
  ASSERT_TRUE(herder_->put(fake("a"), false).ok());
  EXPECT_TRUE(herder_->alter_offsets("a", {{"{\"f\":1}", "{\"p\":2}"}}).message().starts_with("Connectors must be in the STOPPED state"));
  ASSERT_TRUE(herder_->set_target("a", TargetState::kStopped).ok());
  EXPECT_TRUE(herder_->alter_offsets("a", {{"{\"f\":1}", "{\"p\":2}"}}).ok());
  ASSERT_EQ(herder_->offsets("a")->size(), 1u);
  EXPECT_TRUE(herder_->reset_offsets("a").ok());
  EXPECT_TRUE(herder_->offsets("a")->empty());
}

TEST_F(StandaloneHerderTest, SaysThatItIsBusyAfterTheDeadlineAndForgetsWhatNobodyWaitsFor) {
  HerderOptions options;
  options.request_timeout_ms = 50;
  herder_ = std::make_unique<StandaloneHerder>(worker_config({{"task.shutdown.graceful.timeout.ms", "500"}}), registry_, options);
  ASSERT_TRUE(herder_->start().ok());
  ASSERT_TRUE(herder_->put(fake("a", {{"mode", "hang-stop"}}), false).ok());
  ASSERT_TRUE(herder_->put(fake("b"), false).ok());
  EXPECT_EQ(states("a", "RUNNING RUNNING"), "RUNNING RUNNING");
  Status slow = herder_->remove("a");
  EXPECT_EQ(slow.code(), Code::kTimedOut);
  EXPECT_EQ(slow.message(), "Request timed out. The worker is currently deleting connector a.");
  Status behind = herder_->remove("b");
  EXPECT_EQ(behind.code(), Code::kTimedOut);
  EXPECT_EQ(behind.message(), "Request timed out. The worker is currently deleting connector a.");
  for (int i = 0; i < 2000 && herder_->connectors().size() > 1; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(states("b", "RUNNING RUNNING"), "RUNNING RUNNING") << "its removal was given up before it began";
}

TEST_F(StandaloneHerderTest, OneThatIsSlowToSayItsTasksHasThemAfterTheDeadline) {
  HerderOptions options;
  options.request_timeout_ms = 50;
  herder_ = std::make_unique<StandaloneHerder>(worker_config(), registry_, options);
  ASSERT_TRUE(herder_->start().ok());
  EXPECT_EQ(herder_->put(fake("a", {{"mode", "slow-tasks"}}), false).status().code(), Code::kTimedOut);
  EXPECT_EQ(states("a", "RUNNING RUNNING"), "RUNNING RUNNING");
}

TEST_F(StandaloneHerderTest, AValidationThatHangsCostsItsRequestOnly) {
  HerderOptions options;
  options.request_timeout_ms = 50;
  herder_ = std::make_unique<StandaloneHerder>(worker_config(), registry_, options);
  ASSERT_TRUE(herder_->start().ok());
  auto hanging = fake("a", {{"mode", "hang-validate"}});
  for (const Status& status : {herder_->validate(without_nulls(hanging.properties)).status(), herder_->put(hanging, false).status()}) {
    EXPECT_EQ(status.code(), Code::kTimedOut);
    EXPECT_EQ(status.message(), "Request timed out. The worker is currently performing multi-property validation for the connector.");
  }
  EXPECT_TRUE(herder_->connectors().empty());
  EXPECT_EQ(TaskThread::hanging_threads(), 2);
  ASSERT_TRUE(herder_->put(fake("b"), false).ok());
  EXPECT_EQ(states("b", "RUNNING RUNNING"), "RUNNING RUNNING");
}

TEST_F(StandaloneHerderTest, RefusesRequestsOnceItIsStopped) {
  start();
  herder_->stop();
  EXPECT_EQ(herder_->remove("a").code(), Code::kCancelled);
}

TEST_F(StandaloneHerderTest, CountsTheTopicsUsed) {
  start();
  ASSERT_TRUE(herder_->put(fake("a"), false).ok());
  herder_->on_topic_used("a", "t2");
  herder_->on_topic_used("a", "t1");
  EXPECT_EQ(*herder_->topics("a"), (std::vector<std::string>{"t1", "t2"}));
  EXPECT_TRUE(herder_->reset_topics("a").ok());
  EXPECT_TRUE(herder_->topics("a")->empty());
}

TEST(ConnectorFile, TakesPropertiesAndBothFormsOfJson) {
  char pattern[] = "/tmp/connector-file-XXXXXX";
  std::string folder = mkdtemp(pattern);
  auto write = [&](const std::string& name, const std::string& text) {
    std::ofstream(folder + "/" + name) << text;
    return folder + "/" + name;
  };
  auto properties = read_connector_file(write("a.properties", "name=a\nconnector.class=X\n"));
  ASSERT_TRUE(properties.ok());
  EXPECT_EQ(properties->name, "a");
  auto nested = read_connector_file(write("b.json", R"({"name": "b", "config": {"connector.class": "X", "tasks.max": 2}, "initial_state": "stopped"})"));
  ASSERT_TRUE(nested.ok()) << nested.status().message();
  EXPECT_EQ(nested->properties.at("tasks.max"), "2");
  EXPECT_EQ(nested->properties.at("name"), "b");
  EXPECT_EQ(nested->initial_state, TargetState::kStopped);
  auto flat = read_connector_file(write("c.json", R"({"name": "c", "connector.class": "X"})"));
  ASSERT_TRUE(flat.ok());
  EXPECT_EQ(flat->name, "c");
  for (std::string bad : {"[1]", "{", R"({"name":"x","config":{"a":{}}})", R"({"name":"x","config":{},"initial_state":"FAILED"})"}) {
    auto read = read_connector_file(write("bad.json", bad));
    ASSERT_FALSE(read.ok()) << bad;
    EXPECT_NE(read.status().message().find("bad.json"), std::string::npos);
  }
  EXPECT_EQ(read_connector_file(folder + "/absent.properties").status().code(), Code::kNotFound);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace bywash::runtime
