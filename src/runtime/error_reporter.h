// ErrorReporter: what becomes of a record that fails, by errors.tolerance, errors.log.* and errors.deadletterqueue.*
// (org.apache.kafka.connect.runtime.errors, Kafka 4.3). The settle step of both lines. Level 7.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "columnar/batch.h"
#include "config/config_def.h"
#include "kafka/producer.h"
#include "runtime/java_failure.h"
#include "runtime/task_metrics.h"
#include "runtime/worker.h"

namespace bywash::runtime {

struct ErrorPolicy {
  bool tolerate_all = false;
  bool log = false;
  bool log_messages = false;
  std::string dlq_topic;  // empty: none
  int dlq_replication_factor = 3;
  bool dlq_context_headers = false;
  int64_t retry_timeout_ms = 0;
  int64_t retry_delay_max_ms = 60000;
};
Result<ErrorPolicy> parse_error_policy(const config::Properties& connector);

// A record on its way out.
struct ErrantRecord {
  const columnar::RawBatch* raw = nullptr;  // null on the source line
  uint32_t raw_row = 0;
  columnar::Stage stage = columnar::Stage::kTaskPut;
  std::string component;
  Status status;
  std::string topic = {};  // source line: where it was to go
};

class ErrorReporter {
 public:
  ErrorReporter(TaskId id, ErrorPolicy policy, TaskMetrics* metrics) : id_(std::move(id)), policy_(std::move(policy)), metrics_(metrics) {}
  // Opens the dead letter queue where there is one: the topic is created if it is missing.
  Status open(const config::Properties& producer_config, const config::Properties& admin_config);

  // Reports a failed record. Ok: tolerated; `settled` runs once when it is safe to commit past it (at once without a DLQ, else with the
  // broker's ack, on another thread). Not ok: errors.tolerance is none; the status says why the task must fail.
  Status report(const ErrantRecord& record, std::function<void()> settled);
  // Data faults of a sink's put are tolerated only where they leave a trace: with a DLQ or a log (as Connect's
  // errantRecordReporter(), which is null without).
  bool tolerates_put() const { return policy_.tolerate_all && (policy_.log || !policy_.dlq_topic.empty()); }
  const ErrorPolicy& policy() const { return policy_; }
  // Waits for the DLQ's acks. Error: the DLQ did not take a record.
  Status flush(int timeout_ms);
  // The first failure of the DLQ, if there was one: the task must stop, or records would be lost.
  Status failure() const;
  // The record that report() did not tolerate: "topic 'orders', partition 3, offset 8812 (VALUE_CONVERTER in <class>)"; empty: none.
  // The task's thread.
  const std::string& fatal_place() const { return fatal_place_; }

 private:
  Status send_to_dlq(const ErrantRecord& record, std::function<void()> settled);
  TaskId id_;
  ErrorPolicy policy_;
  TaskMetrics* metrics_;
  mutable std::mutex mutex_;
  Status failure_;
  std::string fatal_place_;
  std::unique_ptr<kafka::Producer> producer_;  // last: its callbacks use the members above
};

}  // namespace bywash::runtime
