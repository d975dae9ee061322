// The task with a fake context: cuts, acks, outages, a store that fails for good, restarts.
#include "connectors/s3/s3_sink_task.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <mutex>
#include <set>
#include <thread>

#include "base/clock.h"
#include "columnar/value.h"
#include "connectors/s3/plugins.h"
#include "connectors/s3/s3_config.h"
#include "storage/local_store.h"

namespace bywash::connectors::s3 {
namespace {

using columnar::Batch;
using columnar::Value;

class Context : public plugin::SinkContext {
 public:
  const std::string& connector_name() const override { return name_; }
  int task_id() const override { return 0; }
  void ack(const TopicPartition&, Generation, OffsetRange range) override {
    std::lock_guard lock(mutex_);
    for (int64_t o = range.first; o < range.end; ++o) acked_.insert(o);
  }
  void ack(const Batch& batch, Generation g) override {
    for (int64_t o : batch.offsets) ack(batch.origin, g, {o, o + 1});
  }
  Status errant(const Batch&, int64_t, const Status& error) override {
    ++errants;
    return tolerant ? Status() : error;
  }
  bool tolerates_errors() const override { return tolerant; }
  void seek(const TopicPartition&, Offset) override {}
  size_t acked() {
    std::lock_guard lock(mutex_);
    return acked_.size();
  }
  bool tolerant = false;
  int errants = 0;

 private:
  std::string name_ = "sink";
  std::mutex mutex_;
  std::set<int64_t> acked_;
};

// A folder whose writes fail as told.
class FlakyStore : public storage::LocalStore {
 public:
  using LocalStore::LocalStore;
  Status put(const std::string& key, std::string_view bytes, const storage::ObjectAttributes& attributes) override {
    if (failures.fetch_sub(1) > 0) return broken_for_good ? Status::unauthorized("no") : Status::retriable("down");
    return LocalStore::put(key, bytes, attributes);
  }
  std::atomic<int> failures{0};
  bool broken_for_good = false;
};

Batch batch_of(int64_t first, int64_t count, const char* topic = "t") {
  std::vector<Value> values;
  Batch batch;
  for (int64_t i = first; i < first + count; ++i) {
    values.push_back(Value::map({{Value::string("id"), Value(i)}, {Value::string("s"), Value::string(i % 2 ? "odd" : "even")}}));
    batch.offsets.push_back(i);
    batch.timestamps_ms.push_back(1718445600000 + i * 1000);
  }
  batch.origin = {topic, Partition(0)};
  batch.topic = topic;
  batch.value = *columnar::infer_column(values);
  batch.key = *columnar::infer_column(std::vector<Value>(values.size()));
  batch.selected = columnar::RowMask(count);
  return batch;
}

class S3SinkTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "bywash-s3sink-" + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    store_ = std::make_shared<FlakyStore>(folder_);
    properties_ = {{"topics", "t"}, {"store.url", "file://" + folder_}, {"format.class", "io.confluent.connect.s3.format.json.JsonFormat"},
                   {"flush.size", "10"}, {"retry.backoff.ms", "10"}};
  }
  void TearDown() override {
    if (task_) task_->stop();
    std::filesystem::remove_all(folder_);
  }
  Status begin() {
    auto config = s3_sink_config().parse(properties_);
    if (!config.ok()) return config.status();
    task_ = make_s3_sink_task(*config, store_);
    RETURN_IF_ERROR(task_->start(&context_));
    return task_->open({{"t", Partition(0)}}, Generation(1));
  }
  std::vector<std::string> keys() {
    std::vector<std::string> out;
    auto page = store_->list({});
    for (const auto& o : page->objects) out.push_back(o.key);
    return out;
  }
  void settle() { (void)task_->close({{"t", Partition(0)}}); }

  std::string folder_;
  std::shared_ptr<FlakyStore> store_;
  config::Properties properties_;
  Context context_;
  std::unique_ptr<plugin::SinkTask> task_;
};

TEST_F(S3SinkTest, CutsByCountWhateverTheBatches) {
  for (int64_t size : {1, 7, 25}) {
    SetUp();
    Context fresh;
    auto config = s3_sink_config().parse(properties_);
    auto task = make_s3_sink_task(*config, store_);
    ASSERT_TRUE(task->start(&fresh).ok());
    ASSERT_TRUE(task->open({{"t", Partition(0)}}, Generation(1)).ok());
    for (int64_t at = 0; at < 25; at += size) ASSERT_TRUE(task->put({batch_of(at, std::min<int64_t>(size, 25 - at))}).ok());
    ASSERT_TRUE(task->close({{"t", Partition(0)}}).ok());
    EXPECT_EQ(keys(), (std::vector<std::string>{"topics/t/partition=0/t+0+0000000000.json", "topics/t/partition=0/t+0+0000000010.json"})) << size;
    EXPECT_EQ(fresh.acked(), 20u);
    EXPECT_EQ(store_->get("topics/t/partition=0/t+0+0000000000.json").value_or("").substr(0, 21), "{\"id\":0,\"s\":\"even\"}\n{");
    task->stop();
  }
}

TEST_F(S3SinkTest, AnOutageLosesNothing) {
  store_->failures = 3;
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(task_->put({batch_of(0, 20)}).ok());
  settle();
  EXPECT_EQ(keys().size(), 2u);
  EXPECT_EQ(context_.acked(), 20u);
}

TEST_F(S3SinkTest, AFailureThatNoRetryMendsFailsTheTask) {
  store_->failures = 1;
  store_->broken_for_good = true;
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(task_->put({batch_of(0, 10)}).ok());
  settle();
  EXPECT_EQ(task_->tick().code(), Code::kUnauthorized);
  EXPECT_EQ(context_.acked(), 0u);
}

TEST_F(S3SinkTest, ARestartWritesTheSameObjects) {
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(task_->put({batch_of(0, 17)}).ok());
  settle();
  auto first = keys();
  task_->stop();
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(task_->put({batch_of(0, 5)}).ok());
  ASSERT_TRUE(task_->put({batch_of(5, 12)}).ok());
  settle();
  EXPECT_EQ(keys(), first);
}

TEST_F(S3SinkTest, WithoutTheTopicInThePathObjectsLieUnderThePartition) {
  properties_["path.include.topic"] = "false";
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(task_->put({batch_of(0, 10)}).ok());
  settle();
  EXPECT_EQ(keys(), std::vector<std::string>{"partition=0/t+0+0000000000.json"});
}

TEST_F(S3SinkTest, RoutedTopicsDoNotShareNames) {
  properties_["flush.size"] = "2";
  ASSERT_TRUE(begin().ok());
  Batch a = batch_of(0, 2, "t"), b = batch_of(0, 2, "u");
  a.topic = b.topic = "merged";
  ASSERT_TRUE(task_->put({a}).ok());
  ASSERT_TRUE(task_->put({b}).ok());
  settle();
  EXPECT_EQ(keys(), (std::vector<std::string>{"topics/merged/partition=0/t+0+0000000000.json", "topics/merged/partition=0/u+0+0000000000.json"}));
}

TEST_F(S3SinkTest, PlainJsonBecomesParquet) {
  properties_["format.class"] = "io.confluent.connect.s3.format.parquet.ParquetFormat";
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(task_->put({batch_of(0, 10)}).ok());
  settle();
  ASSERT_EQ(keys(), std::vector<std::string>{"topics/t/partition=0/t+0+0000000000.snappy.parquet"});
  EXPECT_EQ(store_->get(keys()[0]).value_or("").substr(0, 4), "PAR1");
}

TEST_F(S3SinkTest, ANullValueFailsIsIgnoredOrGoesToTheDeadLetterQueue) {
  Batch batch = batch_of(0, 1);
  batch.value = *columnar::infer_column({Value()});
  ASSERT_TRUE(begin().ok());
  Status failed = task_->put({batch});
  EXPECT_EQ(failed.code(), Code::kFatal);
  EXPECT_NE(failed.message().find("behavior.on.null.values"), std::string::npos);
  properties_["behavior.on.null.values"] = "ignore";
  ASSERT_TRUE(begin().ok());
  EXPECT_TRUE(task_->put({batch}).ok());
  EXPECT_EQ(context_.acked(), 1u);
  context_.tolerant = true;
  int before = context_.errants;
  EXPECT_TRUE(task_->put({batch}).ok());
  EXPECT_EQ(context_.errants, before + 1);
}

TEST_F(S3SinkTest, WallclockRotationEndsAnIdleFile) {
  properties_["partitioner.class"] = "io.confluent.connect.storage.partitioner.DailyPartitioner";
  properties_["locale"] = "en";
  properties_["timezone"] = "UTC";
  properties_["rotate.interval.ms"] = "20";
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(task_->put({batch_of(0, 3)}).ok());
  std::this_thread::sleep_for(Millis(30));
  ASSERT_TRUE(task_->tick().ok());
  settle();
  EXPECT_EQ(context_.acked(), 3u);
}

TEST_F(S3SinkTest, ADiscardedFileIsNotAcked) {
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(task_->put({batch_of(0, 13)}).ok());
  settle();
  EXPECT_EQ(context_.acked(), 10u);
  EXPECT_EQ(keys().size(), 1u);
}

TEST(S3SinkPlugin, ItsExamplesAreValidAndBadOnesNameTheirKeys) {
  auto plugin = s3_sink();
  EXPECT_TRUE(plugin.def.find("path.include.topic"));
  auto values = plugin.def.validate({{"format.class", "no.such.Format"}, {"flush.size", "x"}});
  std::set<std::string> wrong;
  for (const auto& v : values) {
    if (!v.errors.empty()) wrong.insert(v.name);
  }
  EXPECT_TRUE(wrong.contains("format.class"));
  EXPECT_TRUE(wrong.contains("flush.size"));
}

}  // namespace
}  // namespace bywash::connectors::s3
