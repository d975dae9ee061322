// Task metrics. Level 7, the task's thread.
#include "runtime/task_metrics.h"

#include <algorithm>
#include <chrono>
#include <mutex>

namespace bywash::runtime {
namespace {

// Tasks of one id that there are at once: one that was given up lives beside the one in its place, and both hold the same series.
std::mutex holders_mutex;
std::map<metrics::Labels, int> holders;

metrics::Labels held(metrics::Labels labels) {
  std::lock_guard lock(holders_mutex);
  ++holders[labels];
  return labels;
}

}  // namespace

metrics::Counter* TaskMetrics::counter(const char* group, const char* name, const char* doc) {
  return metrics::Registry::process().counter(std::string("kafka_connect_") + group + "_" + name, doc, labels_);
}
metrics::Gauge* TaskMetrics::gauge(const char* group, const char* name, const char* doc) {
  return metrics::Registry::process().gauge(std::string("kafka_connect_") + group + "_" + name, doc, labels_);
}

TaskMetrics::TaskMetrics(const TaskId& id, bool is_sink) : labels_(held({{"connector", id.connector}, {"task", std::to_string(id.task)}})) {
  const char* group = is_sink ? "sink_task_metrics" : "source_task_metrics";
  const char* task = "connector_task_metrics";
  const char* error = "task_error_metrics";
  read_ = counter(group, is_sink ? "sink_record_read_total" : "source_record_poll_total", "Records read by this task.");
  sent_ = counter(group, is_sink ? "sink_record_send_total" : "source_record_write_total", "Records that came out of the transforms and were handed over.");
  filtered_ = counter(group, "record_filtered_total", "Records that transforms dropped.");
  if (is_sink) refused_ = metrics::Registry::process().counter("bywash_sink_task_record_refused_total", "Records among those sent that the destination refused.", labels_);
  if (is_sink) {
    given_up_ = metrics::Registry::process().counter("bywash_sink_task_record_given_up_total", "Records read that were left to the partitions' next owner.", labels_);
    in_hand_ = metrics::Registry::process().gauge("bywash_sink_task_record_in_hand", "Records read that are not yet handed over, filtered or refused.", labels_);
  }
  active_ = gauge(group, is_sink ? "sink_record_active_count" : "source_record_active_count", "Records taken that are not settled yet.");
  partitions_ = gauge(group, "partition_count", "Partitions assigned to this task.");
  lag_max_ = gauge(group, "sink_record_lag_max", "Greatest lag of this task's partitions, in records.");
  put_avg_ = gauge(group, is_sink ? "put_batch_avg_time_ms" : "poll_batch_avg_time_ms", "Mean time of a batch, in milliseconds.");
  put_max_ = gauge(group, is_sink ? "put_batch_max_time_ms" : "poll_batch_max_time_ms", "Longest time of a batch, in milliseconds.");
  commits_ = counter(group, "offset_commit_completion_total", "Offset commits that completed.");
  commit_failures_ = counter(group, "offset_commit_failure_total", "Offset commits that failed.");
  commit_avg_ = gauge(task, "offset_commit_avg_time_ms", "Mean time of an offset commit, in milliseconds.");
  commit_max_ = gauge(task, "offset_commit_max_time_ms", "Longest time of an offset commit, in milliseconds.");
  batch_avg_ = gauge(task, "batch_size_avg", "Mean number of records in a batch.");
  batch_max_ = gauge(task, "batch_size_max", "Greatest number of records in a batch.");
  running_ = gauge(task, "running", "1 while the task runs, 0 while it is paused or failed.");
  errors_ = counter(error, "total_record_errors", "Record processing errors.");
  failures_ = counter(error, "total_record_failures", "Record processing failures.");
  skipped_ = counter(error, "total_records_skipped", "Records skipped because of errors.");
  logged_ = counter(error, "total_errors_logged", "Errors that were logged.");
  retries_ = counter(error, "total_retries", "Operations retried.");
  dlq_requests_ = counter(error, "deadletterqueue_produce_requests", "Records sent to the dead letter queue.");
  dlq_failures_ = counter(error, "deadletterqueue_produce_failures", "Records that the dead letter queue did not take.");
  last_error_ = gauge(error, "last_error_timestamp", "When the last error was, in milliseconds since the epoch.");
  active_max_ = gauge(group, is_sink ? "sink_record_active_count_max" : "source_record_active_count_max", "Most records taken that were not settled yet.");
  active_avg_ = gauge(group, is_sink ? "sink_record_active_count_avg" : "source_record_active_count_avg", "Mean number of records taken that were not settled yet.");
  commit_success_ = gauge(task, "offset_commit_success_percentage", "Part of the offset commits that succeeded, from 0 to 1.");
  commit_failure_ = gauge(task, "offset_commit_failure_percentage", "Part of the offset commits that failed, from 0 to 1.");
  running_ratio_ = gauge(task, "running_ratio", "Part of its time that the task has been running, from 0 to 1.");
  pause_ratio_ = gauge(task, "pause_ratio", "Part of its time that the task has been paused, from 0 to 1.");
  rate(group, is_sink ? "sink_record_read_rate" : "source_record_poll_rate", "Records read a second, over the last minute.", read_);
  rate(group, is_sink ? "sink_record_send_rate" : "source_record_write_rate", "Records handed over a second, over the last minute.", sent_);
  if (!is_sink) {
    transaction_min_ = gauge(group, "transaction_size_min", "Records in the smallest transaction that was committed.");
    transaction_max_ = gauge(group, "transaction_size_max", "Records in the greatest transaction that was committed.");
    transaction_avg_ = gauge(group, "transaction_size_avg", "Mean number of records in a transaction that was committed.");
    return;
  }
  commit_seq_ = gauge(group, "offset_commit_seq_no", "Number of the last offset commit.");
  rate(group, "offset_commit_completion_rate", "Offset commits a second, over the last minute.", commits_);
  // A commit is waited for here, so none can come too late.
  auto* skipped = counter(group, "offset_commit_skip_total", "Offset commits that came too late and were ignored.");
  rate(group, "offset_commit_skip_rate", "Offset commits a second that came too late, over the last minute.", skipped);
}

void TaskMetrics::transaction(int64_t records) {
  const auto size = static_cast<double>(records);
  transaction_least_ = transactions_ == 0 ? size : std::min(transaction_least_, size);
  transaction_most_ = std::max(transaction_most_, size);
  transaction_records_ += size;
  transactions_ += 1;
  transaction_min_->set(transaction_least_);
  transaction_max_->set(transaction_most_);
  transaction_avg_->set(transaction_records_ / transactions_);
}

void TaskMetrics::rate(const char* group, const char* name, const char* doc, metrics::Counter* total) {
  rates_.push_back({total, gauge(group, name, doc), {{born_, total->value()}}});
}

void TaskMetrics::Rate::sample(SteadyTime now) {
  constexpr std::chrono::seconds kWindow(60);
  while (samples.size() > 1 && samples[1].first <= now - kWindow) samples.pop_front();
  const double seconds = std::chrono::duration<double>(now - samples.front().first).count();
  gauge->set(seconds > 0 ? (total->value() - samples.front().second) / seconds : 0);
  samples.emplace_back(now, total->value());
}

void TaskMetrics::sample() {
  const SteadyTime now = steady_now();
  if (now < next_sample_) return;
  next_sample_ = now + std::chrono::seconds(1);
  for (Rate& r : rates_) r.sample(now);
  active_samples_ += 1;
  active_sum_ += active_->value();
  active_avg_->set(active_sum_ / active_samples_);
  in_state(state_);
}

void TaskMetrics::in_state(State state) {
  const SteadyTime now = steady_now();
  const double passed = std::chrono::duration<double, std::milli>(now - std::exchange(state_since_, now)).count();
  if (state_ == State::kRunning) running_ms_ += passed;
  if (state_ == State::kPaused) paused_ms_ += passed;
  state_ = state;
  running_->set(state == State::kRunning ? 1 : 0);
  const double age = std::chrono::duration<double, std::milli>(now - born_).count();
  if (age <= 0) return;
  running_ratio_->set(running_ms_ / age);
  pause_ratio_->set(paused_ms_ / age);
}

TaskMetrics::~TaskMetrics() {
  std::lock_guard lock(holders_mutex);
  if (--holders[labels_] > 0) return;
  holders.erase(labels_);
  metrics::Registry::process().remove(labels_);
}

void TaskMetrics::read(int64_t records) { read_->add(static_cast<double>(records)); }
void TaskMetrics::sent(int64_t records) { sent_->add(static_cast<double>(records)); }
void TaskMetrics::filtered(int64_t records) { filtered_->add(static_cast<double>(records)); }
void TaskMetrics::refused(int64_t records) {
  if (refused_) refused_->add(static_cast<double>(records));
}
void TaskMetrics::given_up(int64_t records) {
  if (given_up_) given_up_->add(static_cast<double>(records));
}
void TaskMetrics::in_hand(int64_t records) {
  if (in_hand_) in_hand_->set(static_cast<double>(records));
}
void TaskMetrics::active(int64_t records) {
  active_->set(static_cast<double>(records));
  active_most_ = std::max(active_most_, static_cast<double>(records));
  active_max_->set(active_most_);
}
void TaskMetrics::batch(int64_t records, double put_ms) {
  batches_ += 1;
  batch_rows_ += static_cast<double>(records);
  batch_max_rows_ = std::max(batch_max_rows_, static_cast<double>(records));
  put_ms_ += put_ms;
  put_max_ms_ = std::max(put_max_ms_, put_ms);
  batch_avg_->set(batch_rows_ / batches_);
  batch_max_->set(batch_max_rows_);
  put_avg_->set(put_ms_ / batches_);
  put_max_->set(put_max_ms_);
}
void TaskMetrics::committed(bool ok, double ms) {
  (ok ? commits_ : commit_failures_)->add();
  commit_count_ += 1;
  if (ok) commits_ok_ += 1;
  if (commit_seq_) commit_seq_->set(commit_count_);
  commit_success_->set(commits_ok_ / commit_count_);
  commit_failure_->set(1 - commits_ok_ / commit_count_);
  commit_ms_ += ms;
  commit_max_ms_ = std::max(commit_max_ms_, ms);
  commit_avg_->set(commit_ms_ / commit_count_);
  commit_max_->set(commit_max_ms_);
}
void TaskMetrics::partitions(int count) {
  partitions_->set(count);
  for (auto& [tp, gauge] : lags_) gauge->set(0);
}
void TaskMetrics::lag(const std::string& topic, int partition, int64_t records) {
  auto*& gauge = lags_[{topic, partition}];
  if (!gauge) {
    metrics::Labels labels = labels_;
    labels["topic"] = topic;
    labels["partition"] = std::to_string(partition);
    gauge = metrics::Registry::process().gauge("kafka_consumer_fetch_manager_metrics_records_lag", "Records between the task's position and the end of the partition.", labels);
  }
  gauge->set(static_cast<double>(records));
  double most = 0;
  for (auto& [tp, g] : lags_) most = std::max(most, g->value());
  lag_max_->set(most);
}
void TaskMetrics::record_error() {
  errors_->add();
  last_error_->set(static_cast<double>(wall_clock_ms()));
}
void TaskMetrics::record_failure() { failures_->add(); }
void TaskMetrics::record_skipped() { skipped_->add(); }
void TaskMetrics::error_logged() { logged_->add(); }
void TaskMetrics::retry() { retries_->add(); }
void TaskMetrics::dlq_request() { dlq_requests_->add(); }
void TaskMetrics::dlq_failure() { dlq_failures_->add(); }

}  // namespace bywash::runtime
