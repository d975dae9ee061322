// librdkafka handles: logs and errors reach our log once, with their meaning. Level 3.
#include "kafka/client.h"

#include <algorithm>

#include "base/log.h"
#include "base/threads.h"

namespace bywash::kafka {
namespace {

// librdkafka's own threads of one client, but for those of bootstrap.servers: main, coordinator, and brokers that it finds; and some that
// clients made a moment ago have still to start.
constexpr int kThreadsOfClient = 6;

void on_log(const rd_kafka_t* rk, int level, const char* facility, const char* text) {
  // Without a handle while one is being made, on the maker's own thread.
  log::OwnerScope scope(rk ? health_of(const_cast<rd_kafka_t*>(rk))->owner() : log::Owner());
  // Connection troubles come with every retry: the error callback tells them once.
  if (level <= 3) log::warn("kafka", "{}: {}", facility, text);
  else log::debug("kafka", "{}: {}", facility, text);
}

void on_error(rd_kafka_t* rk, int code, const char* reason, void*) {
  log::OwnerScope scope(health_of(rk)->owner());
  health_of(rk)->report(static_cast<rd_kafka_resp_err_t>(code), reason);
}

}  // namespace

PartitionList to_list(const std::vector<TopicPartition>& partitions) {
  PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const auto& tp : partitions) rd_kafka_topic_partition_list_add(list.get(), tp.topic.c_str(), tp.partition.value);
  return list;
}

PartitionList to_list(const std::vector<std::pair<TopicPartition, Offset>>& offsets) {
  PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const auto& [tp, offset] : offsets) {
    rd_kafka_topic_partition_list_add(list.get(), tp.topic.c_str(), tp.partition.value)->offset = offset.value;
  }
  return list;
}

void ClientHealth::report(rd_kafka_resp_err_t code, const char* reason) {
  std::lock_guard lock(mutex_);
  if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED) unauthorized_ = true;
  if (code == RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE) without_thread_ = true;
  // It comes after the error of each broker, which says more.
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && !last_error_.empty()) return;
  std::string text = fmt::format("{} ({})", reason, rd_kafka_err2name(code));
  if (last_error_.empty()) log::warn("kafka", "Kafka client: {}{}", text, code == RD_KAFKA_RESP_ERR__FATAL ? "" : ". It goes on trying");
  last_error_ = std::move(text);
}
void ClientHealth::clear() {
  std::lock_guard lock(mutex_);
  last_error_.clear();
}
std::string ClientHealth::last_error() const {
  std::lock_guard lock(mutex_);
  return last_error_;
}
Status ClientHealth::failure() const {
  std::lock_guard lock(mutex_);
  if (unauthorized_) return Status::unauthorized(fmt::format("The Kafka brokers refuse the credentials: {}", last_error_));
  if (without_thread_) return Status::host(fmt::format("The Kafka client has too few threads: {}. {}", last_error_, kAllowThreads));
  return {};
}

Status to_status(rd_kafka_resp_err_t code, std::string_view what, std::string_view detail) {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  std::string text = detail.empty() ? fmt::format("{}: {}", what, rd_kafka_err2str(code)) : fmt::format("{}: {} ({})", what, rd_kafka_err2str(code), detail);
  switch (code) {
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND: return Status::not_found(text);
    case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS: return Status::conflict(text);
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED: return Status::unauthorized(text);
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT: return Status::timed_out(text);
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_INVALID_MSG: return Status::data(text);
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
    case RD_KAFKA_RESP_ERR__INVALID_ARG: return Status::fatal(text);
    default: return Status::retriable(text);
  }
}

Status to_status(const RdError& error, std::string_view what) {
  if (!error) return {};
  std::string text = fmt::format("{}: {}", what, rd_kafka_error_string(error.get()));
  if (rd_kafka_error_is_fatal(error.get())) return Status::fatal(text);
  switch (rd_kafka_error_code(error.get())) {
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED: return Status::unauthorized(text);
    default: break;
  }
  if (rd_kafka_error_txn_requires_abort(error.get())) return Status::fatal(text);
  if (rd_kafka_error_code(error.get()) == RD_KAFKA_RESP_ERR__TIMED_OUT) return Status::timed_out(text);
  return Status::retriable(text);
}

Result<rd_kafka_t*> make_handle(ClientKind kind, const Properties& java, const Properties& ours, ClientHealth* health,
                                void (*configure)(rd_kafka_conf_t*)) {
  ASSIGN_OR_RETURN(Translated translated, translate_java_keys(kind, java));
  for (const std::string& warning : translated.warnings) log::warn("kafka", "{}", warning);
  for (const auto& [key, value] : ours) translated.librdkafka.insert({key, value});
  // librdkafka (2.0 to 2.16) ends the process, or never comes back, where it gets no thread in the middle of this.
  const std::string& bootstrap = translated.librdkafka["bootstrap.servers"];
  std::unique_lock<std::mutex> alone;
  RETURN_IF_ERROR(check_threads(kThreadsOfClient + static_cast<int>(std::count(bootstrap.begin(), bootstrap.end(), ',')), "a Kafka client", &alone));
  ASSIGN_OR_RETURN(rd_kafka_conf_t* conf, make_conf(translated.librdkafka));
  rd_kafka_conf_set_opaque(conf, health);
  rd_kafka_conf_set_log_cb(conf, on_log);
  rd_kafka_conf_set_error_cb(conf, on_error);
  if (configure) configure(conf);
  char reason[512];
  // Admin on a consumer handle: on one without a group, librdkafka (2.0 to 2.16) crashes when it reads a group's offsets while the
  // coordinator moves.
  rd_kafka_t* rk = rd_kafka_new(kind == ClientKind::kProducer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
  if (!rk) {
    rd_kafka_conf_destroy(conf);
    return Status::invalid(fmt::format("Cannot make a Kafka client: {}", reason));
  }
  return rk;
}

ClientHealth* health_of(rd_kafka_t* rk) { return static_cast<ClientHealth*>(rd_kafka_opaque(rk)); }

}  // namespace bywash::kafka
