// A source that does not come back from being told that its records are committed: the task fails and says where, and the worker goes on.
// The broker is librdkafka's mock of one, written to by librdkafka.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "formats/plugins.h"
#include "runtime/mock_broker_test.h"
#include "runtime/standalone_herder.h"
#include "runtime/task_thread.h"

namespace bywash::runtime {
namespace {

std::atomic<bool> commits_end = false;
std::atomic<int> commits = 0;

// One record, then none; `committed` hangs where it is to.
class CommittedSource final : public plugin::SourceTask {
 public:
  explicit CommittedSource(bool hangs) : hangs_(hangs) {}
  Status start(plugin::SourceContext*) override { return {}; }
  Result<std::vector<plugin::SourceBatch>> poll() override {
    std::vector<plugin::SourceBatch> out;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    if (std::exchange(polled_, true)) return out;
    plugin::SourceBatch batch;
    batch.source_partition = R"({"p":1})";
    batch.source_offsets = {R"({"position":1})"};
    batch.batch.topic = "t";
    batch.batch.from_source = true;
    batch.batch.kafka_partition = -1;
    batch.batch.selected = columnar::RowMask(1);
    batch.batch.offsets = {0};
    batch.batch.timestamps_ms = {1};
    batch.batch.key = {columnar::ConnectSchema::schemaless(columnar::Type::kNull), std::make_shared<arrow::NullArray>(1)};
    batch.batch.value = batch.batch.key;
    out.push_back(std::move(batch));
    return out;
  }
  void committed() override {
    ++commits;
    while (hangs_ && !commits_end) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  void stop() override {}

 private:
  const bool hangs_;
  bool polled_ = false;
};

class HangingSourceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    commits_end = false;
    commits = 0;
    plugin::SourcePlugin source;
    source.info = {.name = "committed", .class_names = {"org.example.CommittedSourceConnector"}, .version = "1", .summary = "", .description = "", .examples = {}};
    source.task_configs = [](const plugin::Properties& p, int) -> Result<std::vector<plugin::Properties>> { return std::vector<plugin::Properties>{p}; };
    source.make = [](const plugin::Properties& p) -> Result<std::unique_ptr<plugin::SourceTask>> {
      return std::unique_ptr<plugin::SourceTask>(std::make_unique<CommittedSource>(p.at("mode") == "hangs"));
    };
    registry_.add(std::move(source));
    registry_.add(formats::string_converter());
    registry_.add(formats::string_header_converter());
    auto config = parse_worker_config({{"bootstrap.servers", broker_.address()}, {"key.converter", "StringConverter"}, {"value.converter", "StringConverter"},
                                       {"header.converter", "StringConverter"}, {"offset.flush.interval.ms", "20"}, {"producer.produce.client", "librdkafka"},
                                       {"topic.creation.enable", "false"}, {"task.call.timeout.ms", "100"}, {"task.shutdown.graceful.timeout.ms", "50"}});
    ASSERT_TRUE(config.ok()) << config.status().message();
    herder_ = std::make_unique<StandaloneHerder>(*std::move(config), registry_, HerderOptions());
    ASSERT_TRUE(herder_->start().ok());
  }
  void TearDown() override {
    herder_.reset();
    commits_end = true;
    for (int i = 0; i < 2000 && TaskThread::hanging_threads() > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(TaskThread::hanging_threads(), 0);
  }
  void create(const std::string& name, const std::string& mode) {
    ConnectorRequest asked;
    asked.name = name;
    asked.properties = {{"name", name}, {"connector.class", "CommittedSource"}, {"mode", mode}};
    auto made = herder_->put(asked, false);
    ASSERT_TRUE(made.ok()) << made.status().message();
  }
  template <class Check>
  static bool soon(Check check) {
    for (int i = 0; i < 4000 && !check(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return check();
  }
  bool is(const std::string& name, State state) {
    auto status = herder_->status(name);
    return status.ok() && !status->tasks.empty() && status->tasks[0].state == state;
  }
  testing_support::MockBroker broker_;
  plugin::Registry registry_;
  std::unique_ptr<StandaloneHerder> herder_;
};

TEST_F(HangingSourceTest, IsGivenUpInCommitAndTheWorkerGoesOn) {
  create("a", "hangs");
  ASSERT_TRUE(soon([&] { return is("a", State::kFailed); }));
  const std::string trace = herder_->task_status({"a", 0})->trace;
  EXPECT_NE(trace.find("in commit() of its connector"), std::string::npos) << trace;
  EXPECT_EQ(TaskThread::hanging_threads(), 1);
  create("b", "works");
  EXPECT_TRUE(soon([&] { return is("b", State::kRunning) && commits >= 2; }));
  EXPECT_TRUE(herder_->remove("a").ok());
}

}  // namespace
}  // namespace bywash::runtime
