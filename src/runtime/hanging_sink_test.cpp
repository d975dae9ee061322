// A sink that does not come back from a call (as Kafka's BlockingConnectorTest): the task fails and says where, or is left behind when it is
// to stop, and the worker goes on. The broker is librdkafka's mock of one, read by librdkafka.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "formats/plugins.h"
#include "runtime/mock_broker_test.h"
#include "runtime/standalone_herder.h"
#include "runtime/task_thread.h"

namespace bywash::runtime {
namespace {

std::atomic<bool> all_end = false;
std::atomic<int> opened = 0;

void hang_in(const std::string& call, const std::string& mode) {
  while (call == mode && !all_end) std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

class HangingSink final : public plugin::SinkTask {
 public:
  explicit HangingSink(std::string mode) : mode_(std::move(mode)) {}
  Status start(plugin::SinkContext* context) override {
    context_ = context;
    hang_in("start", mode_);
    return {};
  }
  Status open(const std::vector<TopicPartition>&, Generation generation) override {
    generation_ = generation;
    ++opened;
    hang_in("open", mode_);
    return {};
  }
  Status put(const std::vector<columnar::Batch>& batches) override {
    hang_in("put", mode_);
    for (const columnar::Batch& batch : batches) context_->ack(batch, generation_);
    return {};
  }
  void committed(const std::vector<std::pair<TopicPartition, Offset>>&) override { hang_in("committed", mode_); }
  Status tick() override {
    hang_in("tick", mode_);
    return {};
  }
  Status flush() override {
    hang_in("flush", mode_);
    return {};
  }
  Status close(const std::vector<TopicPartition>&) override {
    hang_in("close", mode_);
    return {};
  }
  void stop() override { hang_in("stop", mode_); }

 private:
  const std::string mode_;
  plugin::SinkContext* context_ = nullptr;
  Generation generation_;
};

class HangingSinkTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    all_end = false;
    opened = 0;
    plugin::SinkPlugin sink;
    sink.info = {.name = "hanging", .class_names = {"org.example.HangingSinkConnector"}, .version = "1", .summary = "", .description = "", .examples = {}};
    sink.make = [](const plugin::Properties& p) -> Result<std::unique_ptr<plugin::SinkTask>> {
      hang_in("initialize", p.at("mode"));
      return std::unique_ptr<plugin::SinkTask>(std::make_unique<HangingSink>(p.at("mode")));
    };
    registry_.add(std::move(sink));
    registry_.add(formats::string_converter());
    registry_.add(formats::string_header_converter());
  }
  void TearDown() override {
    herder_.reset();
    all_end = true;
    for (int i = 0; i < 2000 && TaskThread::hanging_threads() > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(TaskThread::hanging_threads(), 0);
  }
  void start(config::Properties more) {
    more.insert({{"bootstrap.servers", broker_.address()}, {"key.converter", "StringConverter"}, {"value.converter", "StringConverter"}, {"header.converter", "StringConverter"},
                 {"offset.flush.interval.ms", "50"}, {"consumer.auto.offset.reset", "earliest"}, {"consumer.fetch.client", "librdkafka"}});
    auto config = parse_worker_config(more);
    ASSERT_TRUE(config.ok()) << config.status().message();
    herder_ = std::make_unique<StandaloneHerder>(*std::move(config), registry_, HerderOptions());
    ASSERT_TRUE(herder_->start().ok());
  }
  void create(const std::string& name, const std::string& mode) {
    ConnectorRequest asked;
    asked.name = name;
    asked.properties = {{"name", name}, {"connector.class", "HangingSink"}, {"topics", "t"}, {"mode", mode}};
    auto made = herder_->put(asked, false);
    ASSERT_TRUE(made.ok()) << made.status().message();
  }
  bool becomes(const std::string& name, State state) {
    for (int i = 0; i < 4000; ++i) {
      auto status = herder_->status(name);
      if (status.ok() && !status->tasks.empty() && status->tasks[0].state == state) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }
  testing_support::MockBroker broker_;
  plugin::Registry registry_;
  std::unique_ptr<StandaloneHerder> herder_;
};

class FailingInACall : public HangingSinkTest {};
class StoppingInACall : public HangingSinkTest {};

TEST_P(FailingInACall, SaysInWhichAndTheWorkerGoesOn) {
  start({{"task.call.timeout.ms", "100"}, {"task.shutdown.graceful.timeout.ms", "50"}});
  create("a", GetParam());
  ASSERT_TRUE(becomes("a", State::kFailed));
  const std::string trace = herder_->task_status({"a", 0})->trace;
  EXPECT_NE(trace.find(std::string("in ") + GetParam() + "() of its connector"), std::string::npos) << trace;
  EXPECT_EQ(TaskThread::hanging_threads(), 1);
  create("b", "none");
  EXPECT_TRUE(becomes("b", State::kRunning));
  EXPECT_TRUE(herder_->remove("a").ok());
}

INSTANTIATE_TEST_SUITE_P(EveryCall, FailingInACall, ::testing::Values("initialize", "start", "open", "put", "tick", "flush", "committed"), [](const auto& each) { return std::string(each.param); });

TEST_P(StoppingInACall, IsLeftBehindAtTheDeadline) {
  start({{"task.shutdown.graceful.timeout.ms", "50"}});
  create("a", GetParam());
  // Until it has partitions to close.
  ASSERT_TRUE(becomes("a", State::kRunning));
  for (int i = 0; i < 4000 && opened == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ASSERT_EQ(opened, 1);
  EXPECT_TRUE(herder_->remove("a").ok());
  EXPECT_TRUE(herder_->worker().tasks().empty());
  EXPECT_EQ(TaskThread::hanging_threads(), 1);
  create("b", "none");
  EXPECT_TRUE(becomes("b", State::kRunning));
}

INSTANTIATE_TEST_SUITE_P(EveryCall, StoppingInACall, ::testing::Values("close", "stop"), [](const auto& each) { return std::string(each.param); });

}  // namespace
}  // namespace bywash::runtime
