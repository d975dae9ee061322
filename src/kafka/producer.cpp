// The producer over librdkafka: transactions, sequence numbers, and brokers that record_sender.h does not reach. Level 3; any thread.
#include "kafka/producer.h"

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <thread>

#include "base/threads.h"
#include "kafka/client.h"
#include "kafka/record_sender.h"
#include "kafka/transactional_producer.h"

namespace bywash::kafka {
namespace {

using Done = std::function<void(const Status&)>;

constexpr auto kQueueFullPause = std::chrono::milliseconds(1);

// What a record's answer goes to travels in its opaque pointer: a Done of its own, or, with the lowest bit set, the record's number.
void* opaque_of_number(int64_t number) { return reinterpret_cast<void*>(static_cast<uintptr_t>(number) << 1 | 1); }  // NOLINT(performance-no-int-to-ptr)

// An empty value is not a null one: it needs a pointer.
char* start_of(const std::optional<std::string_view>& v) { return v ? const_cast<char*>(v->data() ? v->data() : "") : nullptr; }

rd_kafka_headers_t* headers_of(const ProducerRecord& r) {
  size_t count = (r.headers ? r.headers->size() : 0) + (r.more_headers ? r.more_headers->size() : 0);
  if (count == 0) return nullptr;
  rd_kafka_headers_t* headers = rd_kafka_headers_new(count);
  for (const auto* list : {r.headers, r.more_headers}) {
    if (!list) continue;
    for (const auto& [name, text] : *list) {
      rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), text ? text->data() : nullptr,
                          text ? static_cast<ssize_t>(text->size()) : 0);
    }
  }
  return headers;
}

using Topic = std::shared_ptr<rd_kafka_topic_t>;

class RdProducer : public Producer, public ClientHealth {
 public:
  explicit RdProducer(DeliveryListener* listener) : listener_(listener) {}
  ~RdProducer() override {
    stop_ = true;
    if (poller_.joinable()) poller_.join();
    if (rk_) {
      rd_kafka_purge(rk_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
      rd_kafka_flush(rk_.get(), 1000);
    }
  }
  Status open(const Properties& java) {
    ASSIGN_OR_RETURN(rd_kafka_t * rk, make_handle(ClientKind::kProducer, java, {}, this, [](rd_kafka_conf_t* conf) {
      rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    }));
    rk_.reset(rk);
    ASSIGN_OR_RETURN(poller_, start_thread("a producer", [this] { while (!stop_) rd_kafka_poll(rk_.get(), 100); }));
    return {};
  }
  Status produce(const ProducerRecord& r, Done done) override {
    auto opaque = std::make_unique<Done>(std::move(done));
    Status queued = queue(r, opaque.get());
    if (queued.ok()) (void)opaque.release();
    return queued;
  }
  Status produce_numbered(const ProducerRecord& r, int64_t number) override { return queue(r, opaque_of_number(number)); }
  Status flush(int timeout_ms) override {
    rd_kafka_resp_err_t error = rd_kafka_flush(rk_.get(), timeout_ms);
    RETURN_IF_ERROR(failure());
    return to_status(error, "Cannot flush the producer", last_error());
  }

  rd_kafka_t* handle() const { return rk_.get(); }

 private:
  static void on_delivery(rd_kafka_t* rk, const rd_kafka_message_t* m, void*) {
    auto answer = [m] { return to_status(m->err, fmt::format("Cannot write to topic '{}'", rd_kafka_topic_name(m->rkt))); };
    auto bits = reinterpret_cast<uintptr_t>(m->_private);
    auto* self = static_cast<RdProducer*>(health_of(rk));
    if (m->err) self->forget(rd_kafka_topic_name(m->rkt));
    if (bits & 1) {
      DeliveryListener* listener = self->listener_;
      auto number = static_cast<int64_t>(bits >> 1);
      if (!m->err) listener->delivered({&number, 1});
      else listener->refused(number, rd_kafka_topic_name(m->rkt), answer());
      return;
    }
    std::unique_ptr<Done> done(static_cast<Done*>(m->_private));
    if (done && *done) (*done)(m->err ? answer() : Status());
  }

  // Looking a topic up by name, as librdkafka does without a handle, walks over all of them.
  Topic topic_of(std::string_view name) {
    std::lock_guard lock(topics_mutex_);
    if (last_topic_ != topics_.end() && last_topic_->first == name) return last_topic_->second;
    auto known = topics_.find(name);
    if (known == topics_.end()) {
      std::string text(name);
      rd_kafka_topic_t* made = rd_kafka_topic_new(rk_.get(), text.c_str(), nullptr);
      if (!made) return nullptr;
      known = topics_.emplace(std::move(text), Topic(made, rd_kafka_topic_destroy)).first;
    }
    last_topic_ = known;
    return known->second;
  }
  // A handle of a topic that was missing goes on saying so for a while.
  void forget(std::string_view name) {
    std::lock_guard lock(topics_mutex_);
    last_topic_ = topics_.end();
    if (auto known = topics_.find(name); known != topics_.end()) topics_.erase(known);
  }

  Status queue(const ProducerRecord& r, void* opaque) {
    const size_t key_size = r.key ? r.key->size() : 0, value_size = r.value ? r.value->size() : 0;
    Topic topic = topic_of(r.topic);
    if (!topic) return to_status(rd_kafka_last_error(), fmt::format("Cannot write to topic '{}'", r.topic));
    while (true) {
      rd_kafka_headers_t* headers = headers_of(r);
      rd_kafka_resp_err_t error = rd_kafka_producev(
          rk_.get(), RD_KAFKA_V_RKT(topic.get()), RD_KAFKA_V_PARTITION(r.partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
          RD_KAFKA_V_KEY(start_of(r.key), key_size), RD_KAFKA_V_VALUE(start_of(r.value), value_size),
          RD_KAFKA_V_TIMESTAMP(r.timestamp_ms < 0 ? 0 : r.timestamp_ms), RD_KAFKA_V_OPAQUE(opaque), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
      if (headers) rd_kafka_headers_destroy(headers);
      if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        forget(r.topic);
        return to_status(error, fmt::format("Cannot write to topic '{}'", r.topic));
      }
      std::this_thread::sleep_for(kQueueFullPause);
    }
  }

  DeliveryListener* const listener_;
  std::unique_ptr<rd_kafka_t, HandleDeleter> rk_;
  std::mutex topics_mutex_;
  using Topics = std::map<std::string, Topic, std::less<>>;
  Topics topics_;  // they go before the handle does
  Topics::iterator last_topic_ = topics_.end();
  std::thread poller_;
  std::atomic<bool> stop_{false};
};

class RdTransactionalProducer final : public TransactionalProducer {
 public:
  explicit RdTransactionalProducer(DeliveryListener* listener) : inner_(listener) {}
  Status open(const Properties& java) {
    id_ = java.at("transactional.id");
    return inner_.open(java);
  }
  Status produce(const ProducerRecord& record, Done done) override { return inner_.produce(record, std::move(done)); }
  Status produce_numbered(const ProducerRecord& record, int64_t number) override { return inner_.produce_numbered(record, number); }
  Status flush(int timeout_ms) override { return inner_.flush(timeout_ms); }
  Status begin_life(int timeout_ms) override {
    Status status = to_status(RdError(rd_kafka_init_transactions(inner_.handle(), timeout_ms)), fmt::format("Cannot register the transactional id '{}'", id_));
    RETURN_IF_ERROR(inner_.failure());
    return status;
  }
  Status begin() override { return to_status(RdError(rd_kafka_begin_transaction(inner_.handle())), what("begin")); }
  Status commit(int timeout_ms) override { return to_status(RdError(rd_kafka_commit_transaction(inner_.handle(), timeout_ms)), what("commit")); }
  Status abort(int timeout_ms) override { return to_status(RdError(rd_kafka_abort_transaction(inner_.handle(), timeout_ms)), what("abort")); }

 private:
  std::string what(std::string_view step) const { return fmt::format("Cannot {} a transaction of '{}'", step, id_); }
  RdProducer inner_;
  std::string id_;
};

}  // namespace

Result<std::unique_ptr<TransactionalProducer>> TransactionalProducer::make(const Properties& java, DeliveryListener* listener) {
  auto producer = std::make_unique<RdTransactionalProducer>(listener);
  RETURN_IF_ERROR(producer->open(java));
  return std::unique_ptr<TransactionalProducer>(std::move(producer));
}

Result<std::unique_ptr<Producer>> Producer::make(const Properties& java, DeliveryListener* listener) {
  ASSIGN_OR_RETURN(auto settings, SendSettings::of(java));
  if (settings) return make_record_sender(std::move(*settings), listener);
  auto producer = std::make_unique<RdProducer>(listener);
  RETURN_IF_ERROR(producer->open(java));
  return std::unique_ptr<Producer>(std::move(producer));
}

}  // namespace bywash::kafka
