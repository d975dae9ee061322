// An instance of tables on a topic, a consumer and a clock of the test's own. Unit tests.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "analytics/table/instance.h"
#include "analytics/table/test_folder.h"

namespace bywash::analytics {

constexpr int64_t kDay = 86'400'000;
constexpr int64_t kNow = 20'000 * kDay;

// A topic in memory: partitions of texts. Grows under its lock while consumers read.
struct FakeTopic {
  std::mutex mutex;
  std::atomic<int64_t> slow_ms{0};  // until its end is known
  std::vector<std::vector<std::string>> partitions;
  std::atomic<int64_t> first{0};  // what is before it has been deleted from every partition
  std::atomic<bool> silent{false};  // gives no records
  void add(size_t partition, const std::string& value) {
    std::lock_guard lock(mutex);
    if (partitions.size() <= partition) partitions.resize(partition + 1);
    partitions[partition].push_back(value);
  }
};

class FakeBatch : public columnar::RawBatch {
 public:
  FakeBatch(TopicPartition origin, int64_t first, std::vector<std::string> values) : values_(std::move(values)) {
    origin_ = std::move(origin);
    for (const std::string& value : values_) {
      columnar::RawRecord record;
      record.offset = first++;
      record.timestamp_ms = kNow;
      record.value = value;
      records_.push_back(record);
    }
  }
  std::vector<columnar::RawHeader> headers(size_t) const override { return {}; }
  bool has_headers(size_t) const override { return false; }

 private:
  std::vector<std::string> values_;
};

class FakeConsumer : public kafka::Consumer {
 public:
  explicit FakeConsumer(std::shared_ptr<FakeTopic> topic) : topic_(std::move(topic)) {}
  Status subscribe(const std::vector<std::string>&) override { return {}; }
  Status assign(const std::vector<std::pair<TopicPartition, Offset>>& partitions) override {
    origin_ = partitions[0].first;
    polled_ = false;
    next_ = partitions[0].second.value;
    return {};
  }
  Result<std::vector<std::shared_ptr<const columnar::RawBatch>>> poll(int max_records, int) override {
    std::vector<std::shared_ptr<const columnar::RawBatch>> out;
    {
      std::lock_guard lock(topic_->mutex);
      const auto& all = topic_->partitions[static_cast<size_t>(origin_.partition.value)];
      const auto topic_end = static_cast<int64_t>(all.size());
      if (next_ < topic_->first || next_ > topic_end) next_ = topic_->first;  // auto.offset.reset=earliest
      polled_ = true;
      const auto end = std::min<int64_t>(topic_end, next_ + max_records);
      if (next_ < end && !topic_->silent) {
        out.push_back(std::make_shared<FakeBatch>(origin_, next_, std::vector<std::string>(all.begin() + next_, all.begin() + end)));
        next_ = end;
      }
    }
    if (out.empty()) std::this_thread::sleep_for(Millis(2));
    return out;
  }
  Status commit(const std::vector<std::pair<TopicPartition, Offset>>&) override { return {}; }
  Result<std::vector<std::pair<TopicPartition, Offset>>> committed(const std::vector<TopicPartition>&) override {
    return std::vector<std::pair<TopicPartition, Offset>>();
  }
  Status seek(const TopicPartition&, Offset offset) override {
    next_ = offset.value;
    return {};
  }
  Status pause(const std::vector<TopicPartition>&) override { return {}; }
  Status resume(const std::vector<TopicPartition>&) override { return {}; }
  std::vector<TopicPartition> assignment() const override { return {origin_}; }
  kafka::Watermarks watermarks(const TopicPartition& partition) override { return polled_ ? *query_watermarks(partition, 0) : kafka::Watermarks{}; }
  Result<kafka::Watermarks> query_watermarks(const TopicPartition& partition, int) override {
    std::this_thread::sleep_for(Millis(topic_->slow_ms.load()));
    std::lock_guard lock(topic_->mutex);
    return kafka::Watermarks{topic_->first, static_cast<int64_t>(topic_->partitions[static_cast<size_t>(partition.partition.value)].size())};
  }
  Result<Offset> offset_for_time(const TopicPartition&, int64_t, int) override { return Offset(0); }
  Result<int> partition_count(const std::string&, int) override {
    std::lock_guard lock(topic_->mutex);
    if (topic_->partitions.empty()) return Status::not_found("Topic 't' does not exist");
    return static_cast<int>(topic_->partitions.size());
  }
  std::string last_error() const override { return {}; }
  Status close() override { return {}; }
  void give_up() override {}

 private:
  std::shared_ptr<FakeTopic> topic_;
  TopicPartition origin_{"t", Partition(0)};
  int64_t next_ = 0;
  bool polled_ = false;  // what it knows of the topic's ends comes with answers
};

inline const char* const kSchema = R"({"schemaName":"s","dimensionFieldSpecs":[{"name":"id","dataType":"INT"}],
    "dateTimeFieldSpecs":[{"name":"at","dataType":"INT","format":"1:DAYS:EPOCH","granularity":"1:DAYS"}]})";

inline std::string table_json(const std::string& more) {
  return R"({"tableName":"s","tableType":"REALTIME","segmentsConfig":{"timeColumnName":"at","retentionTimeUnit":"DAYS","retentionTimeValue":"10"},
    "ingestionConfig":{"streamIngestionConfig":{"streamConfigMaps":[{"streamType":"kafka","stream.kafka.topic.name":"t","stream.kafka.broker.list":"b:1",
    "stream.kafka.decoder.class.name":"org.apache.pinot.plugin.inputformat.json.JSONMessageDecoder")" + more + "}]}}}";
}

inline const std::string kSmallSegments = R"(,"stream.kafka.consumer.prop.auto.offset.reset":"smallest","realtime.segment.flush.threshold.segment.rows":"10")";

struct Fixture {
  TestFolder folder;
  std::shared_ptr<FakeTopic> topic = std::make_shared<FakeTopic>();
  std::atomic<int64_t> now{kNow};
  std::unique_ptr<Instance> instance;

  void start() {
    instance.reset();
    InstanceOptions options;
    options.data_dir = folder.path() + "/data";
    options.now_ms = [this] { return now.load(); };
    options.consumers = [this](kafka::ConsumerOptions) -> Result<std::unique_ptr<kafka::Consumer>> {
      return std::unique_ptr<kafka::Consumer>(std::make_unique<FakeConsumer>(topic));
    };
    auto started = Instance::start(std::move(options));
    ASSERT_TRUE(started.ok()) << started.status().message();
    instance = *std::move(started);
  }
  void create(const std::string& more) {
    ASSERT_TRUE(instance->put_schema(kSchema).ok());
    auto added = instance->add_table(table_json(more));
    ASSERT_TRUE(added.ok()) << added.status().message();
  }
  int64_t count() {
    const QueryResponse answer = instance->query("SELECT COUNT(*) FROM s", {});
    return answer.has_table ? std::get<int64_t>(answer.table.rows[0][0].value) : -1;
  }
  // Waits until the condition holds; a test that can't go on says so after 20 s.
  template <class Condition>
  bool becomes(Condition condition) {
    for (int i = 0; i < 10'000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(Millis(2));
    }
    return false;
  }
  std::string segments() const { return folder.path() + "/data/tables/s_REALTIME/segments"; }
};

}  // namespace bywash::analytics
