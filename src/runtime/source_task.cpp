// The source line: poll → transform → encode → produce → commit source offsets. Level 7, the task's own thread.
#include "runtime/source_task.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <thread>
#include <utility>

#include "base/log.h"
#include "runtime/retry_backoff.h"

namespace bywash::runtime {
namespace {

using columnar::Batch;
using plugin::SourceBatch;

// Enough for what the brokers need to answer; the memory that is waiting for them is the producer's buffer.memory.
constexpr int64_t kInFlightMax = 50'000;

}  // namespace

SourceTask::SourceTask(SourceTaskParts parts, StatusListener* listener, bool paused)
    : TaskThread(parts.id, listener, paused),
      parts_(std::move(parts)),
      metrics_(parts_.id, false),
      reporter_(parts_.id, parts_.errors, &metrics_) {}

SourceTask::~SourceTask() {
  finish();
}

std::optional<std::string> SourceTask::stored_offset(const std::string& source_partition) {
  if (given_up()) return std::nullopt;  // the worker's store may be gone
  return parts_.offsets->get(parts_.id.connector, source_partition);
}

bool SourceTask::may_wait() const { return !stopping() && !wants_pause() && steady_now() < next_commit_; }

Status SourceTask::open() {
  ASSIGN_OR_RETURN(source_, calls().in_call("initialize", parts_.make_source));
  RETURN_IF_ERROR(open_producer());
  RETURN_IF_ERROR(calls().in_call("start", [&] { return source_->start(this); }));
  started_ = true;
  sound_ = true;
  set_next_commit();
  metrics_.in_state(State::kRunning);
  return {};
}

Status SourceTask::open_producer() {
  if (!parts_.transactions) {
    ASSIGN_OR_RETURN(producer_, kafka::Producer::make(parts_.producer, this));
    return {};
  }
  ASSIGN_OR_RETURN(auto producer, kafka::TransactionalProducer::make(parts_.producer, this));
  kafka::TransactionalProducer* transactional = producer.get();
  producer_ = std::move(producer);
  transactions_.emplace(parts_.id, *parts_.transactions, parts_.offsets);
  return transactions_->open(transactional, [this] { return !stopping(); });
}

Status SourceTask::step() {
  sound_ = false;
  RETURN_IF_ERROR(next_step());
  sound_ = true;
  return {};
}

void SourceTask::set_next_commit() {
  if (!transactions_) next_commit_ = steady_now() + Millis(parts_.commit_interval_ms);
  else next_commit_ = transactions_->rules().per_poll ? SteadyTime::max() : steady_now() + Millis(transactions_->rules().interval_ms);
}

Status SourceTask::next_step() {
  {
    std::lock_guard lock(mutex_);
    RETURN_IF_ERROR(produce_failure_);
  }
  metrics_.sample();
  if (steady_now() >= next_commit_) RETURN_IF_ERROR(commit(static_cast<int>(parts_.flush_timeout_ms)));
  if (paused()) {
    std::this_thread::sleep_for(Millis(50));
    return {};
  }
  bool many = false;
  {
    std::lock_guard lock(mutex_);
    many = records_in_flight() > kInFlightMax;
  }
  if (many) {
    std::this_thread::sleep_for(Millis(1));
    return {};
  }
  auto polled = calls().in_call("poll", [&] { return source_->poll(); });
  if (!polled.ok() && polled.status().retriable()) {
    metrics_.retry();
    std::this_thread::sleep_for(Millis(250));
    return {};
  }
  if (!polled.ok()) return polled.status();
  for (SourceBatch& batch : *polled) {
    if (batch.batch.row_count() > 0) RETURN_IF_ERROR(send(std::move(batch)));
  }
  return transactions_ && transactions_->rules().per_poll ? commit_transaction() : Status();
}

void SourceTask::place_shared_headers(SourceBatch* polled) {
  shared_headers_ = nullptr;
  Batch& batch = polled->batch;
  if (!polled->shared_headers || polled->shared_headers->empty()) return;
  if (parts_.chain.empty() && batch.topics.empty()) shared_headers_ = parts_.encoder.shared(batch.topic, polled->shared_headers);
  if (shared_headers_) return;
  batch.headers.resize(static_cast<size_t>(batch.row_count()));
  for (auto& row : batch.headers) row.insert(row.end(), polled->shared_headers->begin(), polled->shared_headers->end());
}

// From records of the source to the producer's queue. Batch offsets become positions in in_flight_, so that transforms, drops and
// failures all settle the record they belong to.
Status SourceTask::send(SourceBatch polled) {
  const SteadyTime start = steady_now();
  const int64_t rows = polled.batch.row_count();
  metrics_.read(rows);
  polled.batch.from_source = true;
  {
    std::lock_guard lock(mutex_);
    std::iota(polled.batch.offsets.begin(), polled.batch.offsets.end(), next_sequence_);
    polled.source_offsets.resize(static_cast<size_t>(rows));
    in_flight_.push_back({next_sequence_, std::move(polled.source_partition), std::move(polled.source_offsets), std::vector<bool>(static_cast<size_t>(rows))});
    next_sequence_ += rows;
  }
  place_shared_headers(&polled);
  std::vector<Batch> one;
  one.push_back(std::move(polled.batch));
  for (Batch& batch : parts_.chain.apply(std::move(one))) {
    batch.check_invariants();
    std::vector<bool> failed(static_cast<size_t>(batch.row_count()), false);
    for (const columnar::RowError& error : batch.errors) {
      failed[error.row] = true;
      tolerance_exceeded_ = true;
      RETURN_IF_ERROR(reporter_.report({nullptr, error.row, error.stage, error.component, error.status, batch.topic_of(error.row)},
                                       [this, s = batch.offsets[error.row]] { settle(s); }));
      tolerance_exceeded_ = false;
    }
    for (int64_t row = 0; row < batch.row_count(); ++row) {
      if (batch.selected.test(row) || failed[static_cast<size_t>(row)]) continue;
      metrics_.filtered(1);
      settle(batch.offsets[static_cast<size_t>(row)]);
    }
    Batch selected = columnar::compact(std::move(batch));
    if (selected.row_count() > 0) RETURN_IF_ERROR(produce(selected));
  }
  metrics_.batch(rows, std::chrono::duration<double, std::milli>(steady_now() - start).count());
  return {};
}

Status SourceTask::produce(const Batch& batch) {
  std::vector<EncodeError> errors;
  RetryBackoff backoff(parts_.errors.retry_timeout_ms, parts_.errors.retry_delay_max_ms);
  Status status = parts_.encoder.encode(batch, &encoded_, &errors);
  while (status.retriable() && !stopping()) {
    auto pause = backoff.next(steady_now());
    if (!pause) return Status::fatal(fmt::format("errors.retry.timeout has passed: {}", status.message())).with_java_class(status.java_class());
    metrics_.retry();
    log::warn("runtime", "Cannot convert records now, trying again in {} ms: {}", *pause, status.message());
    for (const SteadyTime until = steady_now() + Millis(*pause); steady_now() < until && !stopping();) {
      std::this_thread::sleep_for(Millis(50));
      // What was sent before the trouble is not sent again after a crash.
      if (!transactions_ && steady_now() >= next_commit_) RETURN_IF_ERROR(commit(static_cast<int>(parts_.flush_timeout_ms)));
    }
    errors.clear();
    status = parts_.encoder.encode(batch, &encoded_, &errors);
  }
  // Not settled when the task stops meanwhile: these records are polled again.
  if (!status.ok()) return stopping() ? Status() : status;
  std::vector<bool> failed(encoded_.size(), false);
  RETURN_IF_ERROR(report_refused(batch, errors, &failed));
  int64_t sent = 0;
  sent_at_ms_ = wall_clock_ms();
  const std::string* topic = nullptr;
  for (int64_t row = 0; row < batch.row_count(); ++row) {
    if (failed[static_cast<size_t>(row)]) continue;
    RETURN_IF_ERROR(check_timestamp(batch.timestamps_ms[static_cast<size_t>(row)]));
    const std::string& name = batch.topic_of(row);
    if (!topic || (&name != topic && name != *topic)) {
      topic = &name;
      // Not settled when the task stops meanwhile: these records are polled again.
      if (Status ready = parts_.topics ? ensure_topic(*topic) : Status(); !ready.ok()) return stopping() ? Status() : ready;
      listener()->on_topic_used(parts_.id.connector, *topic);
    }
    RETURN_IF_ERROR(queue_record(batch, row, &sent));
  }
  metrics_.sent(sent);
  return {};
}

Status SourceTask::report_refused(const Batch& batch, const std::vector<EncodeError>& errors, std::vector<bool>* failed) {
  for (const EncodeError& e : errors) {
    (*failed)[e.row] = true;
    tolerance_exceeded_ = true;
    RETURN_IF_ERROR(reporter_.report({nullptr, e.row, e.stage, e.component, e.status, batch.topic_of(e.row)}, [this, s = batch.offsets[e.row]] { settle(s); }));
    tolerance_exceeded_ = false;
  }
  return {};
}

Status SourceTask::queue_record(const Batch& batch, int64_t row, int64_t* sent) {
  const auto i = static_cast<size_t>(row);
  kafka::ProducerRecord record;
  record.topic = batch.topic_of(row);
  record.partition = batch.kafka_partition;
  record.key = encoded_[i].key;
  record.value = encoded_[i].value;
  record.timestamp_ms = batch.timestamps_ms[i] < 0 ? sent_at_ms_ : batch.timestamps_ms[i];
  record.headers = &encoded_[i].headers;
  record.more_headers = shared_headers_;
  if (transactions_) RETURN_IF_ERROR(transactions_->begin());
  Status queued = producer_->produce_numbered(record, batch.offsets[i]);
  if (queued.code() == Code::kData) {
    refused(batch.offsets[i], batch.topic_of(row), queued);
    return {};
  }
  RETURN_IF_ERROR(queued);
  // In a transaction a record counts as sent at once: it is seen with its offset or not at all.
  if (transactions_) {
    settle(batch.offsets[i]);
    ++transaction_records_;
  }
  ++*sent;
  return {};
}

// Waits out brokers that are away, as long as the task is wanted.
Status SourceTask::ensure_topic(const std::string& topic) {
  while (true) {
    Status status = parts_.topics->ensure(topic);
    if (!status.retriable() || stopping()) return status;
    metrics_.retry();
    log::warn("runtime", "{}. Trying again", status.message());
    std::this_thread::sleep_for(Millis(250));
  }
}

// A record that the broker will never take (too large, say) is a record's error; everything else ends the task, whatever is
// tolerated: an outage must not skip records.
void SourceTask::refused(int64_t sequence, const std::string& topic, const Status& answer) {
  if (given_up()) return;
  Status failure = Status::fatal(answer.message());
  {
    // A transaction of which the brokers have refused a part is never seen, so that a record cannot be skipped any more.
    std::lock_guard lock(mutex_);
    if (transactions_ && sequence < first_sequence_) {
      if (produce_failure_.ok()) produce_failure_ = failure;
      return;
    }
  }
  if (answer.code() == Code::kData) {
    failure = reporter_.report({nullptr, 0, columnar::Stage::kKafkaProduce, "org.apache.kafka.connect.runtime.WorkerSourceTask", answer, topic},
                               [this, sequence] { settle(sequence); });
  }
  if (failure.ok()) return;
  std::lock_guard lock(mutex_);
  if (produce_failure_.ok()) produce_failure_ = failure;
}

void SourceTask::delivered(std::span<const int64_t> sequences) {
  if (!transactions_) settle(sequences);
}

void SourceTask::settle(std::span<const int64_t> sequences) {
  std::lock_guard lock(mutex_);
  InFlight* batch = nullptr;
  for (const int64_t sequence : sequences) {
    if (sequence < first_sequence_) continue;
    if (!batch || sequence < batch->first || sequence >= batch->end()) {
      batch = &*std::prev(std::upper_bound(in_flight_.begin(), in_flight_.end(), sequence, [](int64_t s, const InFlight& b) { return s < b.first; }));
    }
    batch->settled[static_cast<size_t>(sequence - batch->first)] = true;
  }
  while (!in_flight_.empty()) {
    InFlight& front = in_flight_.front();
    while (first_sequence_ < front.end() && front.settled[static_cast<size_t>(first_sequence_ - front.first)]) ++first_sequence_;
    if (first_sequence_ < front.end()) break;
    take_offset(&front, front.end());
    in_flight_.pop_front();
  }
}

// The last offset before record `end` is one to store. A source that keeps none (a whole table at each poll) gives empty ones.
void SourceTask::take_offset(InFlight* batch, int64_t end) {
  for (auto i = static_cast<size_t>(end - batch->first); i-- > 0;) {
    std::string& offset = batch->source_offsets[i];
    if (offset.empty()) continue;
    auto known = std::find_if(to_store_.begin(), to_store_.end(), [&](const auto& e) { return e.first == batch->source_partition; });
    if (known == to_store_.end()) to_store_.emplace_back(batch->source_partition, std::move(offset));
    else known->second = std::move(offset);
    offset.clear();
    return;
  }
}

Status SourceTask::commit(int timeout_ms) {
  if (transactions_) return commit_transaction();
  set_next_commit();
  Status flushed = producer_->flush(timeout_ms);
  if (!flushed.ok() && !flushed.retriable()) return flushed;
  std::vector<std::pair<std::string, std::optional<std::string>>> offsets;
  bool all = false;
  {
    std::lock_guard lock(mutex_);
    RETURN_IF_ERROR(produce_failure_);
    if (!in_flight_.empty()) take_offset(&in_flight_.front(), first_sequence_);
    offsets.swap(to_store_);
    all = in_flight_.empty();
    metrics_.active(records_in_flight());
  }
  if (offsets.empty()) return {};
  const SteadyTime start = steady_now();
  Status stored = parts_.offsets->set(parts_.id.connector, offsets);
  metrics_.committed(stored.ok(), std::chrono::duration<double, std::milli>(steady_now() - start).count());
  tell(stored);
  if (!stored.ok()) {
    // As the original: nothing is lost, they or later ones are stored next time.
    log::warn("runtime", "Offsets are not stored, trying again: {}", stored.message());
    give_back(std::move(offsets));
    return {};
  }
  return all ? calls().in_silent_call("commit", [&] { source_->committed(); }) : Status();
}

void SourceTask::give_back(OffsetStore::Offsets offsets) {
  std::lock_guard lock(mutex_);
  for (auto& offset : offsets) {
    const bool later = std::any_of(to_store_.begin(), to_store_.end(), [&](const auto& e) { return e.first == offset.first; });
    if (!later) to_store_.push_back(std::move(offset));
  }
}

// Of its offsets; shown beside its state.
void SourceTask::tell(const Status& problem) {
  std::string text = problem.ok() ? "" : java_trace(problem);
  if (text == problem_) return;
  problem_ = std::move(text);
  listener()->on_task_problem(parts_.id, problem_);
}

Status SourceTask::commit_transaction() {
  set_next_commit();
  OffsetStore::Offsets offsets;
  {
    std::lock_guard lock(mutex_);
    RETURN_IF_ERROR(produce_failure_);
    // A stop came in the middle of a poll's records: their offsets may stand behind records that are sent already.
    if (!in_flight_.empty()) return {};
    offsets.swap(to_store_);
    metrics_.active(0);
  }
  if (offsets.empty() && !transactions_->in_transaction()) return {};
  const int64_t records = std::exchange(transaction_records_, 0);
  const SteadyTime start = steady_now();
  Status done = transactions_->commit(offsets, [this] { return !stopping(); }, parts_.flush_timeout_ms);
  metrics_.committed(done.ok(), std::chrono::duration<double, std::milli>(steady_now() - start).count());
  RETURN_IF_ERROR(done);
  metrics_.transaction(records);
  return calls().in_silent_call("commit", [&] { source_->committed(); });
}

// What a failed or interrupted step has sent is taken back: it is polled again.
void SourceTask::end_transaction() {
  bool whole = false;
  {
    std::lock_guard lock(mutex_);
    whole = sound_ && in_flight_.empty();
  }
  if (whole) {
    Status status = commit_transaction();
    if (!status.ok()) log::warn("runtime", "While stopping: {}", status.message());
  }
  transactions_->abort();
}

void SourceTask::on_paused(bool is_paused) { metrics_.in_state(is_paused ? State::kPaused : State::kRunning); }

std::string SourceTask::trace_of(const Status& failure) const {
  return tolerance_exceeded_ ? wrapped_trace("Tolerance exceeded in error handler", failure, reporter_.fatal_place()) : java_trace(failure);
}

void SourceTask::close() {
  if (given_up()) return;
  if (transactions_) {
    end_transaction();
  } else if (producer_) {
    Status status = commit(static_cast<int>(parts_.flush_timeout_ms));
    if (!status.ok()) log::warn("runtime", "While stopping: {}", status.message());
  }
  if (given_up()) return;
  Status stopped = calls().in_silent_call("stop", [&] {
    if (started_) source_->stop();
    source_.reset();
  });
  if (!stopped.ok()) return;
  producer_.reset();
  metrics_.in_state(State::kUnassigned);
}

}  // namespace bywash::runtime
