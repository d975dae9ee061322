// The producer over librdkafka. Level 3; any thread.
#include "kafka/producer.h"

#include <atomic>
#include <chrono>
#include <thread>

#include "kafka/client.h"
#include "kafka/transactional_producer.h"

namespace bywash::kafka {
namespace {

using Done = std::function<void(const Status&)>;

void on_delivery(rd_kafka_t*, const rd_kafka_message_t* m, void*) {
  std::unique_ptr<Done> done(static_cast<Done*>(m->_private));
  if (done && *done) (*done)(to_status(m->err, fmt::format("Cannot write to topic '{}'", rd_kafka_topic_name(m->rkt))));
}

class RdProducer : public Producer, public ClientHealth {
 public:
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
    poller_ = std::thread([this] { while (!stop_) rd_kafka_poll(rk_.get(), 100); });
    return {};
  }
  Status produce(const ProducerRecord& r, Done done) override {
    std::string topic(r.topic);
    // An empty value is not a null one: it needs a pointer.
    auto bytes = [](const std::optional<std::string_view>& v) { return v ? const_cast<char*>(v->data() ? v->data() : "") : nullptr; };
    char* key = bytes(r.key);
    char* value = bytes(r.value);
    const size_t key_size = r.key ? r.key->size() : 0, value_size = r.value ? r.value->size() : 0;
    while (true) {
      rd_kafka_headers_t* headers = nullptr;
      if (r.headers && !r.headers->empty()) {
        headers = rd_kafka_headers_new(r.headers->size());
        for (const auto& [name, text] : *r.headers) {
          rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), text ? text->data() : nullptr,
                              text ? static_cast<ssize_t>(text->size()) : 0);
        }
      }
      auto* opaque = new Done(done);
      rd_kafka_resp_err_t error = rd_kafka_producev(
          rk_.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(r.partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
          RD_KAFKA_V_KEY(key, key_size), RD_KAFKA_V_VALUE(value, value_size),
          RD_KAFKA_V_TIMESTAMP(r.timestamp_ms < 0 ? 0 : r.timestamp_ms), RD_KAFKA_V_OPAQUE(opaque), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
      delete opaque;
      if (headers) rd_kafka_headers_destroy(headers);
      if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) return to_status(error, fmt::format("Cannot write to topic '{}'", topic));
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  Status flush(int timeout_ms) override {
    rd_kafka_resp_err_t error = rd_kafka_flush(rk_.get(), timeout_ms);
    if (unauthorized()) return Status::unauthorized(fmt::format("The Kafka brokers refuse the credentials: {}", last_error()));
    return to_status(error, "Cannot flush the producer", last_error());
  }

  rd_kafka_t* handle() const { return rk_.get(); }

 private:
  std::unique_ptr<rd_kafka_t, HandleDeleter> rk_;
  std::thread poller_;
  std::atomic<bool> stop_{false};
};

class RdTransactionalProducer final : public TransactionalProducer {
 public:
  Status open(const Properties& java) {
    id_ = java.at("transactional.id");
    return inner_.open(java);
  }
  Status produce(const ProducerRecord& record, Done done) override { return inner_.produce(record, std::move(done)); }
  Status flush(int timeout_ms) override { return inner_.flush(timeout_ms); }
  Status begin_life(int timeout_ms) override {
    Status status = to_status(RdError(rd_kafka_init_transactions(inner_.handle(), timeout_ms)), fmt::format("Cannot register the transactional id '{}'", id_));
    if (inner_.unauthorized()) return Status::unauthorized(fmt::format("The Kafka brokers refuse the credentials: {}", inner_.last_error()));
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

Result<std::unique_ptr<TransactionalProducer>> TransactionalProducer::make(const Properties& java) {
  auto producer = std::make_unique<RdTransactionalProducer>();
  RETURN_IF_ERROR(producer->open(java));
  return std::unique_ptr<TransactionalProducer>(std::move(producer));
}

Result<std::unique_ptr<Producer>> Producer::make(const Properties& java) {
  auto producer = std::make_unique<RdProducer>();
  RETURN_IF_ERROR(producer->open(java));
  return std::unique_ptr<Producer>(std::move(producer));
}

}  // namespace bywash::kafka
