// Tolerance, log, dead letter queue. Level 7; report() on the task's thread, acks on the producer's.
#include "runtime/error_reporter.h"

#include "base/log.h"
#include "config/typed_config.h"
#include "kafka/admin.h"

namespace bywash::runtime {
namespace {

constexpr int kLastLetterMs = 10'000;

// errors.log.include.messages: where the record was, in LogReporter's words; never its content.
std::string where_it_was(const ErrantRecord& record) {
  if (!record.raw) return record.topic.empty() ? "" : fmt::format(", where source record is {{topic='{}'}}", record.topic);
  const columnar::RawRecord& r = record.raw->records()[record.raw_row];
  static constexpr std::string_view kTypes[] = {"NoTimestampType", "CreateTime", "LogAppendTime"};
  return fmt::format(", where consumed record is {{topic='{}', partition={}, offset={}, timestamp={}, timestampType={}}}", record.raw->origin().topic,
                     record.raw->origin().partition.value, r.offset, r.timestamp_ms, kTypes[static_cast<size_t>(r.timestamp_type)]);
}

// Which record failed where: no part of its content.
std::string place_of(const ErrantRecord& record) {
  const std::string where = fmt::format(" ({} in {})", columnar::to_string(record.stage), record.component);
  if (!record.raw) return record.topic.empty() ? "" : fmt::format("source record for topic '{}'{}", record.topic, where);
  return fmt::format("topic '{}', partition {}, offset {}{}", record.raw->origin().topic, record.raw->origin().partition.value,
                     record.raw->records()[record.raw_row].offset, where);
}

}  // namespace

Result<ErrorPolicy> parse_error_policy(const config::Properties& connector) {
  struct Keys {
    std::string tolerance, dlq_topic;
    bool log = false, log_messages = false, headers = false;
    int32_t replication = 3;
    int64_t retry_timeout = 0, retry_delay = 60000;
  };
  config::TypedConfig<Keys> def;
  def.key("errors.tolerance", &Keys::tolerance).by_default("none").one_of({"none", "all"});
  def.key("errors.log.enable", &Keys::log).by_default("false");
  def.key("errors.log.include.messages", &Keys::log_messages).by_default("false");
  def.key("errors.deadletterqueue.topic.name", &Keys::dlq_topic).by_default("");
  def.key("errors.deadletterqueue.topic.replication.factor", &Keys::replication).by_default("3");
  def.key("errors.deadletterqueue.context.headers.enable", &Keys::headers).by_default("false");
  def.key("errors.retry.timeout", &Keys::retry_timeout).by_default("0");
  def.key("errors.retry.delay.max.ms", &Keys::retry_delay).by_default("60000");
  ASSIGN_OR_RETURN(Keys keys, def.parse(connector));
  ErrorPolicy policy;
  policy.tolerate_all = keys.tolerance == "all";
  policy.log = keys.log;
  policy.log_messages = keys.log_messages;
  policy.dlq_topic = keys.dlq_topic;
  policy.dlq_replication_factor = keys.replication;
  policy.dlq_context_headers = keys.headers;
  policy.retry_timeout_ms = keys.retry_timeout;
  policy.retry_delay_max_ms = keys.retry_delay;
  return policy;
}

Status ErrorReporter::open(const config::Properties& producer_config, const config::Properties& admin_config) {
  if (policy_.dlq_topic.empty()) return {};
  ASSIGN_OR_RETURN(auto admin, kafka::Admin::make(admin_config));
  ASSIGN_OR_RETURN(auto topics, admin->topics(30000));
  if (!topics.count(policy_.dlq_topic)) {
    kafka::NewTopic topic{policy_.dlq_topic, 1, policy_.dlq_replication_factor, {}};
    Status made = admin->create_topic(topic, 30000);
    if (!made.ok() && made.code() != Code::kConflict) {
      return made.with_context("Could not initialize dead letter queue (errors.deadletterqueue.topic.replication.factor must not exceed the number of brokers)");
    }
  }
  ASSIGN_OR_RETURN(producer_, kafka::Producer::make(producer_config));
  return {};
}

Status ErrorReporter::report(const ErrantRecord& record, std::function<void()> settled) {
  metrics_->record_error();
  metrics_->record_failure();
  if (policy_.log) {
    metrics_->error_logged();
    log::error("errors", "Error encountered in task {}. Executing stage '{}' with class '{}'{}. {}: {}", to_string(id_), columnar::to_string(record.stage),
               record.component, policy_.log_messages ? where_it_was(record) : "", java_failure(record.status).thrown.java_class, record.status.message());
  }
  if (!policy_.tolerate_all) {
    fatal_place_ = place_of(record);
    log::error("errors", "With errors.tolerance=none the task ends at {}", fatal_place_);
    // As the original: the record that ends the task is in the queue as well. It is not settled, so it is read again.
    if (producer_ && record.raw) {
      RETURN_IF_ERROR(send_to_dlq(record, [] {}));
      if (Status sent = flush(kLastLetterMs); !sent.ok()) log::warn("errors", "The record that ends the task may not be in its dead letter queue: {}", sent.message());
    }
    return record.status;
  }
  metrics_->record_skipped();
  if (producer_ && record.raw) return send_to_dlq(record, std::move(settled));
  settled();
  return {};
}

Status ErrorReporter::send_to_dlq(const ErrantRecord& record, std::function<void()> settled) {
  const columnar::RawRecord& original = record.raw->records()[record.raw_row];
  std::vector<columnar::RawHeader> headers = record.raw->headers(record.raw_row);
  if (policy_.dlq_context_headers) {
    auto add = [&](const char* name, std::string value) { headers.emplace_back(std::string("__connect.errors.") + name, std::move(value)); };
    add("topic", record.raw->origin().topic);
    add("partition", std::to_string(record.raw->origin().partition.value));
    add("offset", std::to_string(original.offset));
    add("connector.name", id_.connector);
    add("task.id", std::to_string(id_.task));
    add("stage", std::string(columnar::to_string(record.stage)));
    add("class.name", record.component);
    const JavaFailure failure = java_failure(record.status);
    add("exception.class.name", failure.thrown.java_class);
    add("exception.message", failure.thrown.message);
    add("exception.stacktrace", java_trace(record.status, place_of(record)));
  }
  metrics_->dlq_request();
  kafka::ProducerRecord out;
  out.topic = policy_.dlq_topic;
  out.key = original.key;
  out.value = original.value;
  out.timestamp_ms = original.timestamp_ms;
  out.headers = &headers;
  return producer_->produce(out, [this, settled = std::move(settled)](const Status& status) {
    if (status.ok()) return settled();
    log::Scope scope(id_.connector, std::to_string(id_.task));
    metrics_->dlq_failure();
    log::error("errors", "The dead letter queue '{}' did not take a record: {}. The task stops, so that it is not lost", policy_.dlq_topic, status.message());
    std::lock_guard lock(mutex_);
    if (failure_.ok()) failure_ = Status::fatal(fmt::format("The dead letter queue '{}' did not take a record: {}", policy_.dlq_topic, status.message()));
  });
}

Status ErrorReporter::flush(int timeout_ms) {
  if (producer_) RETURN_IF_ERROR(producer_->flush(timeout_ms));
  return failure();
}

Status ErrorReporter::failure() const {
  std::lock_guard lock(mutex_);
  return failure_;
}

}  // namespace bywash::runtime
