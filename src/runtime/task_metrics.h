// Metrics of one task under Kafka Connect's names (sink-task-metrics, source-task-metrics, connector-task-metrics,
// task-error-metrics; Kafka 4.3) as JMX exporters spell them for Prometheus. Updated by the task's thread. Level 7.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "runtime/worker.h"

namespace bywash::runtime {

class TaskMetrics {
 public:
  TaskMetrics(const TaskId& id, bool is_sink);
  // Forgets the series, unless another task of this id is there.
  ~TaskMetrics();

  void read(int64_t records);                       // sink: polled; source: polled
  void sent(int64_t records);                       // sink: put; source: written
  void filtered(int64_t records);
  void refused(int64_t records);                    // sink: put, and refused by the destination
  void given_up(int64_t records);                   // sink: read, and left to whoever owns the partitions next
  void in_hand(int64_t records);                    // sink: read, and not handed over, filtered or refused yet
  void active(int64_t records);                     // taken, not yet settled
  void batch(int64_t records, double put_ms);
  void committed(bool ok, double ms);
  void transaction(int64_t records);                // source, exactly once: committed with so many records
  void partitions(int count);
  void lag(const std::string& topic, int partition, int64_t records);
  void record_error();
  void record_failure();
  void record_skipped();
  void error_logged();
  void retry();
  void dlq_request();
  void dlq_failure();
  // The task is running, paused or neither (it starts, has failed or ends).
  void in_state(State state);
  // Rates and ratios anew; to be called about once a second.
  void sample();

 private:
  // What a total grew by a second, over the last minute or since the task began.
  struct Rate {
    metrics::Counter* total = nullptr;
    metrics::Gauge* gauge = nullptr;
    std::deque<std::pair<SteadyTime, double>> samples;
    void sample(SteadyTime now);
  };
  void rate(const char* group, const char* name, const char* doc, metrics::Counter* total);
  metrics::Counter* counter(const char* group, const char* name, const char* doc);
  metrics::Gauge* gauge(const char* group, const char* name, const char* doc);
  metrics::Labels labels_;
  metrics::Counter *read_, *sent_, *filtered_, *refused_ = nullptr, *given_up_ = nullptr, *commits_, *commit_failures_, *errors_, *failures_, *skipped_, *logged_, *retries_, *dlq_requests_, *dlq_failures_;
  metrics::Gauge *active_, *partitions_, *lag_max_, *batch_avg_, *batch_max_, *put_avg_, *put_max_, *commit_avg_, *commit_max_, *last_error_, *running_;
  metrics::Gauge *active_max_, *active_avg_, *commit_success_, *commit_failure_, *running_ratio_, *pause_ratio_, *commit_seq_ = nullptr, *in_hand_ = nullptr;
  metrics::Gauge *transaction_min_ = nullptr, *transaction_max_ = nullptr, *transaction_avg_ = nullptr;
  std::vector<Rate> rates_;
  State state_ = State::kUnassigned;
  const SteadyTime born_ = steady_now();
  SteadyTime state_since_ = born_, next_sample_ = born_;
  double running_ms_ = 0, paused_ms_ = 0, active_samples_ = 0, active_sum_ = 0, active_most_ = 0, commits_ok_ = 0;
  double batches_ = 0, batch_rows_ = 0, batch_max_rows_ = 0, put_ms_ = 0, put_max_ms_ = 0, commit_count_ = 0, commit_ms_ = 0, commit_max_ms_ = 0;
  double transactions_ = 0, transaction_records_ = 0, transaction_least_ = 0, transaction_most_ = 0;
  std::map<std::pair<std::string, int>, metrics::Gauge*> lags_;
};

}  // namespace bywash::runtime
