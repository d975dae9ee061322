// SinkTask: one task of a sink connector on its own thread: poll → decode → transform → settle errors → put → flush → commit.
// Level 7. The loop is in sink_task.cpp; what the sink sees of the runtime is sink_task_context.cpp.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "kafka/consumer.h"
#include "plugin/sink.h"
#include "runtime/ack_tracker.h"
#include "runtime/error_reporter.h"
#include "runtime/record_balance.h"
#include "runtime/record_decoder.h"
#include "runtime/retry_backoff.h"
#include "runtime/task_metrics.h"
#include "runtime/task_thread.h"
#include "runtime/worker.h"
#include "transforms/transform_chain.h"

namespace bywash::runtime {

// Everything a sink task is made of; built on the herder's thread, but for the plugin's own part.
struct SinkTaskParts {
  TaskId id;
  config::Properties connector;
  std::string class_name;  // of the connector
  std::function<Result<std::unique_ptr<plugin::SinkTask>>()> make_sink;
  std::unique_ptr<RecordDecoder> decoder;
  transforms::TransformChain chain;
  ErrorPolicy errors;
  config::Properties consumer, dlq_producer, admin;
  int64_t commit_interval_ms = 60000;
};

class SinkTask final : public TaskThread, public plugin::SinkContext {
 public:
  SinkTask(SinkTaskParts parts, StatusListener* listener, bool paused);
  ~SinkTask() override;

  // SinkContext.
  const std::string& connector_name() const override { return parts_.id.connector; }
  int task_id() const override { return parts_.id.task; }
  void ack(const TopicPartition& origin, Generation generation, OffsetRange range) override;
  void ack(const columnar::Batch& batch, Generation generation) override;
  Status errant(const columnar::Batch& batch, int64_t row, const Status& error) override;
  bool tolerates_errors() const override { return reporter_.tolerates_put(); }
  void seek(const TopicPartition& origin, Offset offset) override;
  Result<std::optional<Offset>> committed(const TopicPartition& origin) override;

 private:
  // The line, in order; each returns why the task must fail.
  Status open() override;
  Status step() override;
  void close() override;
  void on_paused(bool paused) override;
  std::string trace_of(const Status& failure) const override;
  void give_up_clients() override;

  Status deliver();
  Status prepare(const std::shared_ptr<const columnar::RawBatch>& raw, std::vector<columnar::Batch>* ready);
  Status settle(const columnar::RawBatch& raw, std::vector<DecodeError> refused);
  void settle_filtered(const columnar::Batch& batch);
  Status put(std::vector<columnar::Batch> batches);
  Status put_halves(const std::vector<columnar::Batch>& batches, const Status& refusal);
  Status wait_to_convert(const Status& trouble);
  Status retry_put();
  Status commit();
  Status on_assigned(const std::vector<TopicPartition>& partitions);
  Status on_revoked(const std::vector<TopicPartition>& partitions, bool lost);
  void hold(bool should_hold);
  int poll_wait_ms(bool busy) const;
  void update_lag();
  // What keeps the task from going on, in its status; '' when nothing does.
  void tell(const Status& problem);

  SinkTaskParts parts_;
  std::unique_ptr<plugin::SinkTask> sink_;
  TaskMetrics metrics_;
  AckTracker tracker_;  // outlives reporter_, whose last answers of the dead letter queue ack here
  ErrorReporter reporter_;
  RetryBackoff convert_backoff_;
  SteadyTime convert_at_{};  // when what a converter could not do is tried again
  RecordBalance balance_;
  Generation generation_;
  std::unique_ptr<kafka::Consumer> consumer_;
  std::vector<columnar::Batch> pending_;  // refused as retriable: put again at retry_at_
  SteadyTime retry_at_{};
  int64_t retry_delay_ms_ = 0;
  SteadyTime next_commit_{}, next_tick_{}, next_lag_{}, last_read_{};
  std::vector<std::shared_ptr<const columnar::RawBatch>> fetched_;  // polled, not yet delivered
  bool held_ = false;
  bool was_assigned_ = false;
  std::string problem_;  // as told last
  const char* failing_ = nullptr;  // what a worker of the original wraps the cause of a failure in, while it can happen
  bool started_ = false;
};

}  // namespace bywash::runtime
