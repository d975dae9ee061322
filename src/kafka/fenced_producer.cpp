// Transactions over librdkafka. Level 3.
#include "kafka/fenced_producer.h"

#include <algorithm>

#include "kafka/client.h"

namespace bywash::kafka {
namespace {

class RdFencedProducer final : public FencedProducer, public ClientHealth {
 public:
  Status open(Properties java, const std::string& transactional_id, int timeout_ms) {
    java["transactional.id"] = transactional_id;
    java["enable.idempotence"] = "true";
    java["acks"] = "all";
    java["linger.ms"] = "0";
    java.erase("delivery.timeout.ms");  // librdkafka wants it below the transaction's time-out
    ASSIGN_OR_RETURN(rd_kafka_t * rk, make_handle(ClientKind::kProducer, java, {}, this, [](rd_kafka_conf_t* conf) {
      rd_kafka_conf_set_dr_msg_cb(conf, on_delivered);
    }));
    rk_.reset(rk);
    return to_status(RdError(rd_kafka_init_transactions(rk, timeout_ms)), fmt::format("Cannot register the transactional id '{}'", transactional_id));
  }

  Result<WrittenEnds> write(const std::string& topic, const std::vector<KeyValue>& records, int timeout_ms) override {
    ends_.clear();
    RETURN_IF_ERROR(transact(topic, records, timeout_ms));
    return std::move(ends_);
  }

 private:
  // Called on the writer's own thread, while a transaction is committed.
  static void on_delivered(rd_kafka_t* rk, const rd_kafka_message_t* m, void*) {
    if (m->err) return;
    int64_t& end = static_cast<RdFencedProducer*>(health_of(rk))->ends_[m->partition];
    end = std::max(end, m->offset + 1);
  }

  Status transact(const std::string& topic, const std::vector<KeyValue>& records, int timeout_ms) {
    const std::string what = fmt::format("Cannot write to topic '{}'", topic);
    RETURN_IF_ERROR(to_status(RdError(rd_kafka_begin_transaction(rk_.get())), what));
    Status status;
    for (const auto& [key, value] : records) {
      char* bytes = value ? const_cast<char*>(value->data()) : nullptr;
      const size_t size = value ? value->size() : 0;
      rd_kafka_resp_err_t error = rd_kafka_producev(rk_.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                                    RD_KAFKA_V_KEY(key.data(), key.size()), RD_KAFKA_V_VALUE(bytes, size), RD_KAFKA_V_END);
      status = to_status(error, what);
      if (!status.ok()) break;
    }
    if (status.ok()) {
      RdError error(rd_kafka_commit_transaction(rk_.get(), timeout_ms));
      bool abort = error && rd_kafka_error_txn_requires_abort(error.get());
      // What has to be aborted may be tried again: nothing else is in the transaction.
      status = abort && !rd_kafka_error_is_fatal(error.get()) ? Status::retriable(fmt::format("{}: {}", what, rd_kafka_error_string(error.get()))) : to_status(error, what);
      if (status.ok() || !abort) return status;
    }
    if (RdError error(rd_kafka_abort_transaction(rk_.get(), timeout_ms)); error && rd_kafka_error_is_fatal(error.get())) return to_status(error, what);
    return status;
  }

  WrittenEnds ends_;  // of the transaction
  std::unique_ptr<rd_kafka_t, HandleDeleter> rk_;
};

}  // namespace

Result<std::unique_ptr<FencedProducer>> FencedProducer::make(const Properties& java, const std::string& transactional_id, int timeout_ms) {
  auto producer = std::make_unique<RdFencedProducer>();
  RETURN_IF_ERROR(producer->open(java, transactional_id, timeout_ms));
  return std::unique_ptr<FencedProducer>(std::move(producer));
}

}  // namespace bywash::kafka
