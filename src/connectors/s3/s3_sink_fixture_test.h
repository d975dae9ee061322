// What the tests of the S3 sink's task share: a fake context, a folder whose writes fail as told, batches.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "columnar/value.h"
#include "connectors/s3/s3_config.h"
#include "connectors/s3/s3_sink_task.h"
#include "storage/local_store.h"

namespace bywash::connectors::s3 {

class Context : public plugin::SinkContext {
 public:
  const std::string& connector_name() const override { return name_; }
  int task_id() const override { return 0; }
  void ack(const TopicPartition& origin, Generation, OffsetRange range) override {
    std::lock_guard lock(mutex_);
    for (int64_t o = range.first; o < range.end; ++o) acked_.insert({origin, o});
  }
  void ack(const columnar::Batch& batch, Generation g) override {
    for (int64_t o : batch.offsets) ack(batch.origin, g, {o, o + 1});
  }
  Status errant(const columnar::Batch&, int64_t, const Status& error) override {
    ++errants;
    return tolerant ? Status() : error;
  }
  bool tolerates_errors() const override { return tolerant; }
  void seek(const TopicPartition&, Offset offset) override { sought = offset.value; }
  Result<std::optional<Offset>> committed(const TopicPartition&) override { return committed_offset; }
  size_t acked() {
    std::lock_guard lock(mutex_);
    return acked_.size();
  }
  bool acked(const TopicPartition& origin, int64_t offset) {
    std::lock_guard lock(mutex_);
    return acked_.contains({origin, offset});
  }
  bool tolerant = false;
  int errants = 0;
  int64_t sought = -1;
  std::optional<Offset> committed_offset;

 private:
  std::string name_ = "sink";
  std::mutex mutex_;
  std::set<std::pair<TopicPartition, int64_t>> acked_;
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

inline columnar::Batch numbered_rows(int64_t first, int64_t count, const char* topic = "t") {
  std::vector<columnar::Value> values;
  columnar::Batch batch;
  for (int64_t i = first; i < first + count; ++i) {
    values.push_back(columnar::Value::map({{columnar::Value::string("id"), columnar::Value(i)}, {columnar::Value::string("s"), columnar::Value::string(i % 2 ? "odd" : "even")}}));
    batch.offsets.push_back(i);
    batch.timestamps_ms.push_back(1718445600000 + i * 1000);
  }
  batch.origin = {topic, Partition(0)};
  batch.topic = topic;
  batch.value = *columnar::infer_column(values);
  batch.key = *columnar::infer_column(std::vector<columnar::Value>(values.size()));
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

inline columnar::Batch with_keys(columnar::Batch batch, std::vector<columnar::Value> keys) {
  batch.key = *columnar::infer_column(keys);
  return batch;
}

}  // namespace bywash::connectors::s3
