// SourceTask: one task of a source connector on its own thread: poll → transform → encode → produce → commit source offsets.
// At least once: an offset is stored when every record up to it has the broker's ack. Exactly once with transactions, where the worker
// says so: records and offsets are committed together. Level 7.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "kafka/producer.h"
#include "plugin/source.h"
#include "runtime/error_reporter.h"
#include "runtime/offset_store.h"
#include "runtime/record_encoder.h"
#include "runtime/source_transactions.h"
#include "runtime/task_metrics.h"
#include "runtime/task_thread.h"
#include "runtime/topic_creator.h"
#include "transforms/transform_chain.h"

namespace bywash::runtime {

struct SourceTaskParts {
  TaskId id;
  config::Properties connector;
  std::function<Result<std::unique_ptr<plugin::SourceTask>>()> make_source;
  RecordEncoder encoder;
  transforms::TransformChain chain;
  ErrorPolicy errors;
  config::Properties producer;
  OffsetStore* offsets = nullptr;  // the worker's
  std::unique_ptr<TopicCreator> topics;  // null: the brokers make topics, or nobody
  int64_t commit_interval_ms = 60000;
  int64_t flush_timeout_ms = 5000;
  std::optional<TransactionRules> transactions;  // exactly once; `producer` then has the transactional.id
};

class SourceTask final : public TaskThread, public plugin::SourceContext, private kafka::DeliveryListener {
 public:
  SourceTask(SourceTaskParts parts, StatusListener* listener, bool paused);
  ~SourceTask() override;

  const std::string& connector_name() const override { return parts_.id.connector; }
  int task_id() const override { return parts_.id.task; }
  std::optional<std::string> stored_offset(const std::string& source_partition) override;
  bool may_wait() const override;

 private:
  Status open() override;
  Status step() override;
  void close() override;
  void on_paused(bool paused) override;
  std::string trace_of(const Status& failure) const override;

  Status open_producer();
  Status next_step();
  Status send(plugin::SourceBatch polled);
  // Sets shared_headers_, or gives each row its own copy of what all share: transforms look at records one by one.
  void place_shared_headers(plugin::SourceBatch* polled);
  Status produce(const columnar::Batch& batch);
  Status ensure_topic(const std::string& topic);
  Status commit(int timeout_ms);
  Status commit_transaction();
  void end_transaction();
  void set_next_commit();
  void give_back(OffsetStore::Offsets offsets);
  void tell(const Status& problem);

  Status report_refused(const columnar::Batch& batch, const std::vector<EncodeError>& errors, std::vector<bool>* failed);
  Status queue_record(const columnar::Batch& batch, int64_t row, int64_t* sent);
  void delivered(std::span<const int64_t> sequences) override;
  void refused(int64_t sequence, const std::string& topic, const Status& answer) override;

  // Polled records on their way, in the order of polling: those of one batch, numbered from `first` on.
  struct InFlight {
    int64_t first = 0;
    std::string source_partition;
    std::vector<std::string> source_offsets;
    std::vector<bool> settled;
    int64_t end() const { return first + static_cast<int64_t>(settled.size()); }
  };
  void settle(int64_t sequence) { settle(std::span(&sequence, 1)); }
  void settle(std::span<const int64_t> sequences);
  void take_offset(InFlight* batch, int64_t end);
  int64_t records_in_flight() const { return next_sequence_ - first_sequence_; }

  SourceTaskParts parts_;
  std::unique_ptr<plugin::SourceTask> source_;
  TaskMetrics metrics_;
  ErrorReporter reporter_;
  std::mutex mutex_;
  std::deque<InFlight> in_flight_;
  int64_t first_sequence_ = 0;  // everything before it is settled
  int64_t next_sequence_ = 0;
  int64_t transaction_records_ = 0;  // sent since the last commit, exactly once
  std::vector<std::pair<std::string, std::optional<std::string>>> to_store_;
  std::string problem_;  // as it was told; the task's thread
  Status produce_failure_;
  SteadyTime next_commit_{};
  bool started_ = false;
  bool tolerance_exceeded_ = false;
  bool sound_ = false;  // the last step ended well
  std::vector<EncodedRecord> encoded_;  // its memory is used batch after batch
  int64_t sent_at_ms_ = 0;  // the time of records that have none, read once a batch
  const std::vector<columnar::RawHeader>* shared_headers_ = nullptr;  // of the batch that is sent; the encoder's
  std::optional<SourceTransactions> transactions_;
  std::unique_ptr<kafka::Producer> producer_;  // last: its callbacks use the members above
};

}  // namespace bywash::runtime
