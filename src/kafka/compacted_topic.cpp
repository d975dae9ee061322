// The table's reader: a consumer without a group, every partition by hand, and ends of partitions as events. Level 3.
#include "kafka/compacted_topic.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "base/threads.h"
#include "kafka/client.h"
#include "kafka/producer.h"

namespace bywash::kafka {
namespace {

constexpr int kOpenTimeoutMs = 30000;

class RdCompactedTopic final : public CompactedTopic, public ClientHealth {
 public:
  RdCompactedTopic(CompactedTopicOptions options, Listener listener) : options_(std::move(options)), listener_(std::move(listener)) {}
  ~RdCompactedTopic() override {
    stop();
    if (rk_) rd_kafka_consumer_close(rk_.get());
  }

  Status open() {
    Properties java = options_.consumer;
    java["isolation.level"] = "read_committed";
    java["auto.offset.reset"] = "earliest";
    Properties ours = {{"enable.partition.eof", "true"}, {"fetch.wait.max.ms", "500"}, {"fetch.error.backoff.ms", "100"}};
    ASSIGN_OR_RETURN(rd_kafka_t * rk, make_handle(ClientKind::kConsumer, java, ours, this, nullptr));
    rk_.reset(rk);
    rd_kafka_poll_set_consumer(rk);
    ASSIGN_OR_RETURN(int partitions, partition_count());
    reached_.assign(static_cast<size_t>(partitions), 0);
    PartitionList list = all_partitions(RD_KAFKA_OFFSET_BEGINNING);
    RETURN_IF_ERROR(to_status(rd_kafka_assign(rk, list.get()), "Cannot read topic " + options_.topic));
    Properties producer = options_.producer;
    producer["linger.ms"] = "0";
    ASSIGN_OR_RETURN(producer_, Producer::make(producer));
    ASSIGN_OR_RETURN(thread_, start_thread("topic " + options_.topic, [this] { run(); }));
    return {};
  }

  Status read_to_end(int timeout_ms) override {
    const SteadyTime deadline = steady_now() + Millis(timeout_ms);
    const std::string what = fmt::format("Cannot read topic '{}' to its end", options_.topic);
    PartitionList ends;
    while (true) {
      Status asked = ask_ends(timeout_ms, what, &ends);
      if (asked.ok()) break;
      // A topic that has just been made, or whose leader moves, has none for a moment.
      if (stopping_ || (!asked.retriable() && asked.code() != Code::kNotFound) || steady_now() >= deadline) return asked;
      std::this_thread::sleep_for(Millis(100));
    }
    WrittenEnds wanted;
    for (int i = 0; i < ends->cnt; ++i) wanted[ends->elems[i].partition] = ends->elems[i].offset;
    return read_past(wanted, static_cast<int>(std::max<int64_t>(0, std::chrono::ceil<Millis>(deadline - steady_now()).count())));
  }

  Status read_past(const WrittenEnds& ends, int timeout_ms) override {
    std::unique_lock lock(mutex_);
    const bool done = progress_.wait_for(lock, Millis(timeout_ms), [&] {
      return stopping_ || std::all_of(ends.begin(), ends.end(), [&](const auto& end) { return end.second <= reached_[static_cast<size_t>(end.first)]; });
    });
    if (stopping_) return Status::cancelled(fmt::format("Cannot read topic '{}': it is being closed", options_.topic));
    return done ? Status() : Status::timed_out(fmt::format("Cannot read topic '{}' in {} ms. {}", options_.topic, timeout_ms, last_error()));
  }

  Status write(const std::vector<KeyValue>& records, int timeout_ms) override {
    struct Outcome {
      std::mutex mutex;
      std::condition_variable answered;
      size_t left = 0;
      Status first;
    };
    auto outcome = std::make_shared<Outcome>();
    outcome->left = records.size();
    auto answer = [outcome](const Status& status) {
      std::lock_guard lock(outcome->mutex);
      if (!status.ok() && outcome->first.ok()) outcome->first = status;
      --outcome->left;
      outcome->answered.notify_all();
    };
    for (const KeyValue& record : records) {
      if (Status status = produce(record, answer); !status.ok()) answer(status);
    }
    std::unique_lock lock(outcome->mutex);
    if (!outcome->answered.wait_for(lock, Millis(timeout_ms), [&] { return outcome->left == 0; })) {
      return Status::timed_out(fmt::format("Cannot write to topic '{}': no answer from the brokers in {} ms", options_.topic, timeout_ms));
    }
    return outcome->first;
  }

  void write_later(const KeyValue& record) override {
    auto complain = [topic = options_.topic](const Status& status) {
      if (!status.ok()) log::warn("kafka", "A record for topic '{}' is lost: {}", topic, status.message());
    };
    if (Status status = produce(record, complain); !status.ok()) complain(status);
  }

  Status flush(int timeout_ms) override { return producer_->flush(timeout_ms); }

  void stop() override {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    progress_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

 private:
  Status produce(const KeyValue& record, std::function<void(const Status&)> done) {
    ProducerRecord out;
    out.topic = options_.topic;
    out.key = record.first;
    if (record.second) out.value = *record.second;
    return producer_->produce(out, std::move(done));
  }

  // LATEST under read_committed: the last stable offset, which is as far as the reader can get.
  Status ask_ends(int timeout_ms, const std::string& what, PartitionList* ends) {
    *ends = all_partitions(RD_KAFKA_OFFSET_END);
    RETURN_IF_ERROR(to_status(rd_kafka_offsets_for_times(rk_.get(), ends->get(), timeout_ms), what, last_error()));
    for (int i = 0; i < (*ends)->cnt; ++i) RETURN_IF_ERROR(to_status((*ends)->elems[i].err, what));
    return {};
  }

  Result<int> partition_count() {
    const SteadyTime deadline = steady_now() + Millis(kOpenTimeoutMs);
    while (true) {
      const rd_kafka_metadata_t* metadata = nullptr;
      rd_kafka_topic_t* handle = rd_kafka_topic_new(rk_.get(), options_.topic.c_str(), nullptr);
      rd_kafka_resp_err_t error = rd_kafka_metadata(rk_.get(), 0, handle, &metadata, kOpenTimeoutMs);
      rd_kafka_topic_destroy(handle);
      int count = 0;
      if (!error) {
        if (metadata->topic_cnt == 1 && !metadata->topics[0].err) count = metadata->topics[0].partition_cnt;
        else if (metadata->topic_cnt == 1) error = metadata->topics[0].err;
        rd_kafka_metadata_destroy(metadata);
      }
      if (count > 0) return count;
      // A topic that has just been made takes a moment to be known everywhere.
      if (steady_now() >= deadline) return to_status(error ? error : RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, fmt::format("Cannot look up topic '{}'", options_.topic), last_error());
      std::this_thread::sleep_for(Millis(50));
    }
  }

  PartitionList all_partitions(int64_t offset) const {
    PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(reached_.size())));
    for (size_t i = 0; i < reached_.size(); ++i) {
      rd_kafka_topic_partition_list_add(list.get(), options_.topic.c_str(), static_cast<int32_t>(i))->offset = offset;
    }
    return list;
  }

  void run() {
    pthread_setname_np(pthread_self(), ("log-" + options_.topic).substr(0, 15).c_str());
    while (!stopping_) {
      rd_kafka_message_t* m = rd_kafka_consumer_poll(rk_.get(), 100);
      if (!m) continue;
      if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) take(*m);
      else if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) advance(m->partition, m->offset);
      else report(m->err, rd_kafka_message_errstr(m));
      rd_kafka_message_destroy(m);
    }
  }

  void take(const rd_kafka_message_t& m) {
    TableRecord record;
    if (m.key) record.key.emplace(static_cast<const char*>(m.key), m.key_len);
    if (m.payload) record.value.emplace(static_cast<const char*>(m.payload), m.len);
    rd_kafka_timestamp_type_t type;
    record.timestamp_ms = rd_kafka_message_timestamp(&m, &type);
    listener_(record);
    clear();
    advance(m.partition, m.offset + 1);
  }

  void advance(int32_t partition, int64_t offset) {
    {
      std::lock_guard lock(mutex_);
      int64_t& reached = reached_[static_cast<size_t>(partition)];
      reached = std::max(reached, offset);
    }
    progress_.notify_all();
  }

  const CompactedTopicOptions options_;
  const Listener listener_;
  std::unique_ptr<rd_kafka_t, HandleDeleter> rk_;
  std::mutex mutex_;
  std::condition_variable progress_;
  std::vector<int64_t> reached_;  // next offset of each partition; its size never changes once open
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
  std::unique_ptr<Producer> producer_;
};

}  // namespace

Result<std::unique_ptr<CompactedTopic>> CompactedTopic::open(CompactedTopicOptions options, Listener listener) {
  auto topic = std::make_unique<RdCompactedTopic>(std::move(options), std::move(listener));
  RETURN_IF_ERROR(topic->open());
  return std::unique_ptr<CompactedTopic>(std::move(topic));
}

}  // namespace bywash::kafka
