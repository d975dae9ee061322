// The consumer: the group, its offsets and its coordinator by librdkafka; the records by kafka/fetcher.h, or by librdkafka too, as batches
// from its one queue, where the fetcher cannot read (OAUTHBEARER, GSSAPI, old brokers). Level 3; one polling thread.
#include "kafka/consumer.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <map>

#include "base/log.h"
#include "base/memory_budget.h"
#include "config/properties.h"
#include "kafka/client.h"
#include "kafka/fetcher.h"

namespace bywash::kafka {
namespace {

using columnar::RawBatch;
using columnar::RawHeader;
using columnar::RawRecord;

// Messages of one partition; gives them back to librdkafka when the last user is done.
class MessageBatch final : public RawBatch {
 public:
  MessageBatch(TopicPartition origin, size_t capacity) {
    origin_ = std::move(origin);
    messages_.reserve(capacity);
    records_.reserve(capacity);
  }
  ~MessageBatch() override {
    for (rd_kafka_message_t* m : messages_) rd_kafka_message_destroy(m);
  }
  void add(rd_kafka_message_t* m) {
    RawRecord r;
    r.offset = m->offset;
    rd_kafka_timestamp_type_t type;
    r.timestamp_ms = rd_kafka_message_timestamp(m, &type);
    r.timestamp_type = type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME ? RawRecord::TimestampType::kLogAppend
                       : type == RD_KAFKA_TIMESTAMP_CREATE_TIME   ? RawRecord::TimestampType::kCreate
                                                                  : RawRecord::TimestampType::kNone;
    if (m->key) r.key = std::string_view(static_cast<const char*>(m->key), m->key_len);
    if (m->payload) r.value = std::string_view(static_cast<const char*>(m->payload), m->len);
    records_.push_back(r);
    messages_.push_back(m);
  }
  bool has_headers(size_t i) const override {
    rd_kafka_headers_t* headers = nullptr;
    return rd_kafka_message_headers(messages_[i], &headers) == RD_KAFKA_RESP_ERR_NO_ERROR && rd_kafka_header_cnt(headers) > 0;
  }
  std::vector<RawHeader> headers(size_t i) const override {
    std::vector<RawHeader> out;
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(messages_[i], &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return out;
    const char* name = nullptr;
    const void* value = nullptr;
    size_t size = 0;
    for (size_t k = 0; rd_kafka_header_get_all(headers, k, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++k) {
      out.emplace_back(name, value ? std::optional(std::string(static_cast<const char*>(value), size)) : std::nullopt);
    }
    return out;
  }

 private:
  std::vector<rd_kafka_message_t*> messages_;
};

// The bytes that one consumer may fetch ahead, reserved while it lives. All consumers together stay below half of the budget, each new
// one taking an eighth of what is left there: were queues alone to fill the budget, every task would be held back for good.
class FetchAhead {
 public:
  explicit FetchAhead(int64_t wanted)
      : bytes_(std::min(wanted, std::max(kLeast, (MemoryBudget::process().limit() / 2 - all_.load(std::memory_order_relaxed)) / 8))),
        reserved_(MemoryBudget::process(), bytes_) {
    all_.fetch_add(bytes_, std::memory_order_relaxed);
  }
  ~FetchAhead() { all_.fetch_sub(bytes_, std::memory_order_relaxed); }
  FetchAhead(const FetchAhead&) = delete;
  FetchAhead& operator=(const FetchAhead&) = delete;
  int64_t bytes() const { return bytes_; }

 private:
  static constexpr int64_t kLeast = 256 << 10;
  static inline std::atomic<int64_t> all_{0};
  const int64_t bytes_;
  Reservation reserved_;
};

std::vector<TopicPartition> from_list(const rd_kafka_topic_partition_list_t* list) {
  std::vector<TopicPartition> out;
  for (int i = 0; i < list->cnt; ++i) out.push_back({list->elems[i].topic, Partition(list->elems[i].partition)});
  return out;
}

constexpr int kOffsetsTimeoutMs = 1000;
constexpr Millis kOffsetsRetry{200};

class RdConsumer final : public Consumer, public ClientHealth {
 public:
  explicit RdConsumer(ConsumerOptions options) : options_(std::move(options)), fetch_ahead_(options_.prefetch_bytes) {}
  ~RdConsumer() override {
    closing_ = true;
    options_.on_assigned = nullptr;
    options_.on_revoked = nullptr;
    if (rk_ && !closed_) rd_kafka_consumer_close(rk_.get());
    queue_.reset();
    rk_.reset();
    if (wake_ >= 0) ::close(wake_);
  }

  Status open() {
    Properties ours;
    // Fetch far enough ahead in count that bytes are what limits.
    ours["queued.min.messages"] = "200000";
    ours["queued.max.messages.kbytes"] = std::to_string(std::max<int64_t>(fetch_ahead_.bytes() / 1024, 64));
    ours["fetch.message.max.bytes"] = "1048576";
    ours["topic.metadata.refresh.interval.ms"] = "30000";
    ASSIGN_OR_RETURN(rd_kafka_t * rk, make_handle(ClientKind::kConsumer, options_.java, ours, this, [](rd_kafka_conf_t* conf) {
      rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    }));
    rk_.reset(rk);
    rd_kafka_poll_set_consumer(rk);
    queue_.reset(rd_kafka_queue_get_consumer(rk));
    return open_fetcher();
  }

  Status subscribe(const std::vector<std::string>& topics) override {
    PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(topics.size())));
    for (const auto& t : topics) rd_kafka_topic_partition_list_add(list.get(), t.c_str(), RD_KAFKA_PARTITION_UA);
    return to_status(rd_kafka_subscribe(rk_.get(), list.get()), "Cannot subscribe");
  }

  Status assign(const std::vector<std::pair<TopicPartition, Offset>>& partitions) override {
    if (fetcher_) {
      std::vector<std::pair<TopicPartition, int64_t>> starts;
      for (const auto& [tp, offset] : partitions) starts.emplace_back(tp, offset.value);
      fetcher_->assign(starts);
      return {};
    }
    return to_status(rd_kafka_assign(rk_.get(), to_list(partitions).get()), "Cannot assign partitions");
  }

  Result<std::vector<std::shared_ptr<const RawBatch>>> poll(int max_records, int timeout_ms) override {
    if (given_up_) return given_up();
    auto out = fetcher_ ? poll_fetcher(max_records, timeout_ms) : poll_queue(max_records, timeout_ms);
    if (!out.ok()) return out;
    RETURN_IF_ERROR(failure());
    // A topic at rest gives no records: that its brokers answer is enough.
    if (!out->empty() || (fetcher_ && fetcher_->all_answer())) clear();
    return out;
  }

  Status commit(const std::vector<std::pair<TopicPartition, Offset>>& offsets) override {
    if (offsets.empty()) return {};
    if (given_up_) return given_up();
    PartitionList list = to_list(offsets);
    RETURN_IF_ERROR(to_status(rd_kafka_commit(rk_.get(), list.get(), 0), "Cannot commit offsets"));
    for (int i = 0; i < list->cnt; ++i) {
      RETURN_IF_ERROR(to_status(list->elems[i].err, fmt::format("Cannot commit the offset of {}-{}", list->elems[i].topic, list->elems[i].partition)));
    }
    return {};
  }

  Result<std::vector<std::pair<TopicPartition, Offset>>> committed(const std::vector<TopicPartition>& partitions) override {
    PartitionList list = to_list(partitions);
    RETURN_IF_ERROR(to_status(rd_kafka_committed(rk_.get(), list.get(), 10000), "Cannot read committed offsets"));
    std::vector<std::pair<TopicPartition, Offset>> out;
    for (int i = 0; i < list->cnt; ++i) {
      out.push_back({partitions[static_cast<size_t>(i)], Offset(list->elems[i].offset < 0 ? -1 : list->elems[i].offset)});
    }
    return out;
  }

  Status seek(const TopicPartition& partition, Offset offset) override {
    if (in_assign_) {
      seeks_[partition] = offset;
      return {};
    }
    if (fetcher_) return fetcher_->seek(partition, offset.value) ? Status() : Status::not_found(fmt::format("Cannot seek {}: it is not assigned", to_string(partition)));
    PartitionList list = to_list({partition});
    list->elems[0].offset = offset.value;
    rd_kafka_error_t* error = rd_kafka_seek_partitions(rk_.get(), list.get(), 10000);
    if (error) {
      Status status = to_status(rd_kafka_error_code(error), fmt::format("Cannot seek {}", to_string(partition)), rd_kafka_error_string(error));
      rd_kafka_error_destroy(error);
      return status;
    }
    return to_status(list->elems[0].err, fmt::format("Cannot seek {}", to_string(partition)));
  }

  Status pause(const std::vector<TopicPartition>& partitions) override {
    if (fetcher_) {
      fetcher_->pause(partitions, true);
      return {};
    }
    PartitionList list = to_list(partitions);
    return to_status(rd_kafka_pause_partitions(rk_.get(), list.get()), "Cannot pause partitions");
  }
  Status resume(const std::vector<TopicPartition>& partitions) override {
    if (fetcher_) {
      fetcher_->pause(partitions, false);
      return {};
    }
    PartitionList list = to_list(partitions);
    return to_status(rd_kafka_resume_partitions(rk_.get(), list.get()), "Cannot resume partitions");
  }

  std::vector<TopicPartition> assignment() const override {
    if (fetcher_) return fetcher_->assignment();
    rd_kafka_topic_partition_list_t* list = nullptr;
    if (rd_kafka_assignment(rk_.get(), &list) != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    PartitionList owned(list);
    return from_list(list);
  }

  Watermarks watermarks(const TopicPartition& partition) override {
    if (fetcher_) return fetcher_->watermarks(partition);
    Watermarks w;
    rd_kafka_get_watermark_offsets(rk_.get(), partition.topic.c_str(), partition.partition.value, &w.low, &w.high);
    return w;
  }
  Result<Watermarks> query_watermarks(const TopicPartition& partition, int timeout_ms) override {
    Watermarks w;
    RETURN_IF_ERROR(to_status(
        rd_kafka_query_watermark_offsets(rk_.get(), partition.topic.c_str(), partition.partition.value, &w.low, &w.high, timeout_ms),
        fmt::format("Cannot read the offsets of {}", to_string(partition))));
    return w;
  }
  Result<Offset> offset_for_time(const TopicPartition& partition, int64_t timestamp_ms, int timeout_ms) override {
    PartitionList list = to_list({partition});
    list->elems[0].offset = timestamp_ms;
    RETURN_IF_ERROR(to_status(rd_kafka_offsets_for_times(rk_.get(), list.get(), timeout_ms), "Cannot look up offsets by time"));
    RETURN_IF_ERROR(to_status(list->elems[0].err, "Cannot look up offsets by time"));
    if (list->elems[0].offset >= 0) return Offset(list->elems[0].offset);
    ASSIGN_OR_RETURN(Watermarks w, query_watermarks(partition, timeout_ms));
    return Offset(w.high);
  }
  Result<int> partition_count(const std::string& topic, int timeout_ms) override {
    const rd_kafka_metadata_t* metadata = nullptr;
    rd_kafka_topic_t* handle = rd_kafka_topic_new(rk_.get(), topic.c_str(), nullptr);
    rd_kafka_resp_err_t error = rd_kafka_metadata(rk_.get(), 0, handle, &metadata, timeout_ms);
    rd_kafka_topic_destroy(handle);
    RETURN_IF_ERROR(to_status(error, fmt::format("Cannot look up topic '{}'", topic)));
    int count = metadata->topic_cnt ? metadata->topics[0].partition_cnt : 0;
    rd_kafka_resp_err_t topic_error = metadata->topic_cnt ? metadata->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    rd_kafka_metadata_destroy(metadata);
    RETURN_IF_ERROR(to_status(topic_error, fmt::format("Cannot look up topic '{}'", topic)));
    if (count == 0) return Status::not_found(fmt::format("Topic '{}' does not exist", topic));
    return count;
  }
  std::string last_error() const override { return ClientHealth::last_error(); }

  Status close() override {
    if (closed_.exchange(true)) return {};
    closing_ = true;
    Status status = to_status(rd_kafka_consumer_close(rk_.get()), "Cannot leave the consumer group");
    if (!callback_status_.ok()) return std::exchange(callback_status_, Status());
    return status;
  }

  void give_up() override {
    given_up_ = true;
    if (closed_.exchange(true)) return;
    closing_ = true;
    rd_kafka_consumer_close(rk_.get());
  }

 private:
  Status open_fetcher() {
    if (config::get_or(options_.java, kFetchClient, "direct") == "librdkafka") return {};
    ASSIGN_OR_RETURN(auto settings, FetchSettings::of(rk_.get(), options_.java, fetch_ahead_.bytes()));
    if (!settings) return {};
    wake_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wake_ < 0) return Status::host(fmt::format("Cannot make an event descriptor: {}", std::strerror(errno)));
    static constexpr uint64_t kOne = 1;
    rd_kafka_queue_io_event_enable(queue_.get(), wake_, &kOne, sizeof kOne);
    fetcher_ = std::make_unique<Fetcher>(std::move(*settings), [this](rd_kafka_resp_err_t code, const std::string& reason) { report(code, reason.c_str()); });
    return {};
  }

  // Records by the fetcher; librdkafka, whose partitions are held, has only news of the group.
  Result<std::vector<std::shared_ptr<const RawBatch>>> poll_fetcher(int max_records, int timeout_ms) {
    const SteadyTime deadline = steady_now() + Millis(timeout_ms);
    while (true) {
      RETURN_IF_ERROR(serve_group());
      RETURN_IF_ERROR(find_starts());
      RETURN_IF_ERROR(fetcher_->step());
      if (fetcher_->unsupported()) {
        RETURN_IF_ERROR(fall_back());
        return poll_queue(max_records, timeout_ms);
      }
      ASSIGN_OR_RETURN(auto out, fetcher_->take(static_cast<size_t>(max_records)));
      // What was taken made room: the broker works on the next answer while the caller does on this one. What goes wrong with it is told by
      // the next poll, not in place of what was taken.
      if (!out.empty()) keep(fetcher_->step());
      const auto left = std::chrono::ceil<Millis>(deadline - steady_now()).count();
      if (!out.empty() || left <= 0) return out;
      fetcher_->wait(wake_, static_cast<int>(fetcher_->without_start().empty() ? left : std::min<int64_t>(left, kOffsetsRetry.count())));
    }
  }

  Status serve_group() {
    uint64_t events = 0;
    while (::read(wake_, &events, sizeof events) > 0) {}
    std::array<rd_kafka_message_t*, 16> messages;
    for (ssize_t n = 1; n > 0;) {
      n = rd_kafka_consume_batch_queue(queue_.get(), 0, messages.data(), messages.size());
      if (n < 0) return to_status(rd_kafka_last_error(), "Cannot poll");
      Status problem;
      for (ssize_t i = 0; i < n; ++i) {
        if (messages[i]->err && problem.ok()) problem = message_error(*messages[i]);
        rd_kafka_message_destroy(messages[i]);
      }
      RETURN_IF_ERROR(std::move(problem));
    }
    return std::exchange(callback_status_, Status());
  }

  // The committed offsets of partitions that came without one; where there is none, auto.offset.reset.
  Status find_starts() {
    const SteadyTime now = steady_now();
    if (now < next_find_) return {};
    const std::vector<TopicPartition> partitions = fetcher_->without_start();
    if (partitions.empty()) return {};
    next_find_ = now + kOffsetsRetry;
    PartitionList list = to_list(partitions);
    const rd_kafka_resp_err_t error = rd_kafka_committed(rk_.get(), list.get(), kOffsetsTimeoutMs);
    if (error) report(error, "The group's offsets cannot be read");
    for (int i = 0; !error && i < list->cnt; ++i) {
      const auto& element = list->elems[i];
      const TopicPartition& partition = partitions[static_cast<size_t>(i)];
      if (element.err) report(element.err, fmt::format("The group's offset of {} cannot be read", to_string(partition)).c_str());
      else if (element.offset >= 0) fetcher_->seek(partition, element.offset);
      else RETURN_IF_ERROR(fetcher_->reset(partition));
    }
    return {};
  }

  // librdkafka goes on where the fetcher stopped.
  Status fall_back() {
    const auto positions = fetcher_->positions();
    fetcher_.reset();
    std::vector<TopicPartition> held, read;
    std::vector<std::pair<TopicPartition, Offset>> offsets;
    for (const Fetcher::Position& at : positions) {
      offsets.emplace_back(at.partition, Offset(at.offset));
      (at.paused ? held : read).push_back(at.partition);
    }
    PartitionList list = to_list(offsets);
    assigned_.reset(rd_kafka_topic_partition_list_copy(list.get()));
    RETURN_IF_ERROR(to_status(rd_kafka_assign(rk_.get(), list.get()), "Cannot assign partitions"));
    RETURN_IF_ERROR(resume(read));
    return pause(held);
  }

  Result<std::vector<std::shared_ptr<const RawBatch>>> poll_queue(int max_records, int timeout_ms) {
    if (messages_.size() < static_cast<size_t>(max_records)) messages_.resize(static_cast<size_t>(max_records));
    revoked_in_poll_ = false;
    ssize_t n = rd_kafka_consume_batch_queue(queue_.get(), timeout_ms, messages_.data(), static_cast<size_t>(max_records));
    if (n < 0) return to_status(rd_kafka_last_error(), "Cannot poll");
    std::vector<std::shared_ptr<const RawBatch>> out;
    Status problem = collect(static_cast<size_t>(n), &out);
    if (revoked_in_poll_ && n > 0 && assigned_) keep(to_status(rd_kafka_assign(rk_.get(), assigned_.get()), "Cannot assign partitions"));
    if (!callback_status_.ok()) return std::exchange(callback_status_, Status());
    if (!problem.ok()) return problem;
    return out;
  }

  // Groups messages by partition. After a revoke inside this poll all of it is dropped: nothing tells what was taken before the revoke from
  // what came after the next assignment, so an assignment that began inside this poll is begun again. (rd_kafka_yield() in the callback
  // would end the poll in time, but loses the message after it: librdkafka 2.0.)
  Status collect(size_t n, std::vector<std::shared_ptr<const RawBatch>>* out) {
    Status problem;
    MessageBatch* last = nullptr;
    const rd_kafka_topic_t* last_topic = nullptr;
    for (size_t i = 0; i < n; ++i) {
      rd_kafka_message_t* m = messages_[i];
      if (m->err || revoked_in_poll_) {
        if (m->err && problem.ok()) problem = message_error(*m);
        rd_kafka_message_destroy(m);
        continue;
      }
      if (!last || m->rkt != last_topic || last->origin().partition.value != m->partition) {
        last = find_batch(*m, n - i, out);
        last_topic = m->rkt;
      }
      last->add(m);
    }
    return problem;
  }

  MessageBatch* find_batch(const rd_kafka_message_t& m, size_t capacity, std::vector<std::shared_ptr<const RawBatch>>* out) {
    const char* topic = rd_kafka_topic_name(m.rkt);
    for (auto& batch : *out) {
      if (batch->origin().partition.value == m.partition && batch->origin().topic == topic) {
        return const_cast<MessageBatch*>(static_cast<const MessageBatch*>(batch.get()));
      }
    }
    auto made = std::make_shared<MessageBatch>(TopicPartition{topic, Partition(m.partition)}, capacity);
    MessageBatch* pointer = made.get();
    out->push_back(std::move(made));
    return pointer;
  }

  Status message_error(const rd_kafka_message_t& m) {
    switch (m.err) {
      // The topic is not there yet, or a broker is away: the client goes on trying.
      case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
      case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        report(m.err, rd_kafka_message_errstr(&m));
        return {};
      case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
        log::warn("kafka", "The group took the partitions away: max.poll.interval.ms passed between two polls. They are asked for again");
        return {};
      case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
        return Status::fatal(fmt::format("Offsets are out of range and auto.offset.reset is none: {}", rd_kafka_message_errstr(&m)));
      case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      case RD_KAFKA_RESP_ERR__FATAL: return to_status(m.err, "Cannot consume", rd_kafka_message_errstr(&m));
      default: report(m.err, rd_kafka_message_errstr(&m)); return {};
    }
  }

  static void on_rebalance(rd_kafka_t* rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* list, void*) {
    static_cast<RdConsumer*>(health_of(rk))->rebalance(code, list);
  }

  static Status given_up() { return Status::cancelled("The consumer was given up: its task hung"); }

  void rebalance(rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* list) {
    if (given_up_) {
      rd_kafka_assign(rk_.get(), nullptr);
      return;
    }
    std::vector<TopicPartition> partitions = from_list(list);
    if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
      in_assign_ = true;
      seeks_.clear();
      if (options_.on_assigned) keep(options_.on_assigned(partitions));
      in_assign_ = false;
      for (auto& [tp, offset] : seeks_) {
        auto* element = rd_kafka_topic_partition_list_find(list, tp.topic.c_str(), tp.partition.value);
        if (element) element->offset = offset.value;
      }
      if (fetcher_) return assign_fetcher(list);
      assigned_.reset(rd_kafka_topic_partition_list_copy(list));
      keep(to_status(rd_kafka_assign(rk_.get(), list), "Cannot assign partitions"));
    } else {
      revoked_in_poll_ = true;
      assigned_.reset();
      bool lost = rd_kafka_assignment_lost(rk_.get());
      if (options_.on_revoked) keep(options_.on_revoked(partitions, lost));
      if (fetcher_) fetcher_->assign({});
      keep(to_status(rd_kafka_assign(rk_.get(), nullptr), "Cannot give partitions up"));
    }
  }

  // librdkafka keeps the assignment for the group's sake and reads nothing of it: every partition has an offset, so that none is looked up,
  // and is held at once.
  void assign_fetcher(rd_kafka_topic_partition_list_t* list) {
    std::vector<std::pair<TopicPartition, int64_t>> starts;
    for (int i = 0; i < list->cnt; ++i) {
      const TopicPartition partition{list->elems[i].topic, Partition(list->elems[i].partition)};
      auto sought = seeks_.find(partition);
      starts.emplace_back(partition, sought == seeks_.end() ? kStartUnknown : sought->second.value);
      list->elems[i].offset = 0;
    }
    fetcher_->assign(starts);
    next_find_ = {};
    keep(to_status(rd_kafka_assign(rk_.get(), list), "Cannot assign partitions"));
    keep(to_status(rd_kafka_pause_partitions(rk_.get(), list), "Cannot hold librdkafka's partitions"));
  }

  void keep(Status status) {
    if (!status.ok() && callback_status_.ok()) callback_status_ = std::move(status);
  }

  ConsumerOptions options_;
  FetchAhead fetch_ahead_;
  std::unique_ptr<rd_kafka_t, HandleDeleter> rk_;
  Queue queue_;
  std::unique_ptr<Fetcher> fetcher_;  // null: librdkafka reads
  int wake_ = -1;                     // librdkafka has news
  SteadyTime next_find_{};
  std::vector<rd_kafka_message_t*> messages_;
  std::map<TopicPartition, Offset> seeks_;
  PartitionList assigned_;  // as the group gave it, with the offsets to start from
  Status callback_status_;
  bool in_assign_ = false;
  bool revoked_in_poll_ = false;
  std::atomic<bool> closing_ = false;
  std::atomic<bool> closed_ = false;
  std::atomic<bool> given_up_ = false;
};

}  // namespace

Result<std::unique_ptr<Consumer>> Consumer::make(ConsumerOptions options) {
  auto consumer = std::make_unique<RdConsumer>(std::move(options));
  RETURN_IF_ERROR(consumer->open());
  return std::unique_ptr<Consumer>(std::move(consumer));
}

}  // namespace bywash::kafka
