// The sink line: poll → decode → transform → settle errors → put → flush → commit. Level 7, the task's own thread.
#include "runtime/sink_task.h"

#include <algorithm>

#include "base/log.h"
#include "base/memory_budget.h"
#include "config/properties.h"

namespace bywash::runtime {
namespace {

using columnar::Batch;
using columnar::RawBatch;

constexpr int kPollRecords = 8192;
constexpr int kPollWaitMs = 50;
constexpr int kIdleWaitMs = 90;        // where nothing has come for a while; a sink is promised a tick every 100 ms
constexpr Millis kIdleAfter{1000};
constexpr int64_t kTickMs = 50;
constexpr int kRefusedWaitMs = 1000;
constexpr const char* kToleranceExceeded = "Tolerance exceeded in error handler";

int64_t records_in(const std::vector<std::shared_ptr<const RawBatch>>& fetched) {
  int64_t records = 0;
  for (const auto& raw : fetched) records += static_cast<int64_t>(raw->records().size());
  return records;
}

double ms_since(SteadyTime start) { return std::chrono::duration<double, std::milli>(steady_now() - start).count(); }

// Before the first assignment: the client's last error says that it cannot even reach the cluster.
Status unreachable(const std::string& last_error) {
  if (last_error.empty()) return {};
  return Status::retriable(fmt::format("No broker of bootstrap.servers can be reached yet, trying again: {}. Check bootstrap.servers, "
                                       "consumer.override.bootstrap.servers and security.protocol", last_error))
      .with_java_class("org.apache.kafka.connect.errors.RetriableException");
}

std::vector<std::string> subscription(const config::Properties& connector) {
  std::string regex = config::get_or(connector, "topics.regex", "");
  // librdkafka takes a leading ^ for a regular expression; Java matches the whole name.
  if (!regex.empty()) return {fmt::format("^({})$", regex)};
  std::vector<std::string> topics;
  auto list = config::parse_value(config::KeyType::kList, config::get_or(connector, "topics", ""));
  if (list.ok()) topics = std::get<config::List>(*list);
  std::sort(topics.begin(), topics.end());
  topics.erase(std::unique(topics.begin(), topics.end()), topics.end());
  return topics;
}

}  // namespace

SinkTask::SinkTask(SinkTaskParts parts, StatusListener* listener, bool paused)
    : TaskThread(parts.id, listener, paused),
      parts_(std::move(parts)),
      metrics_(parts_.id, true),
      reporter_(parts_.id, parts_.errors, &metrics_),
      convert_backoff_(parts_.errors.retry_timeout_ms, parts_.errors.retry_delay_max_ms) {}

SinkTask::~SinkTask() {
  finish();
  // As in close(), which one that was given up has not come to.
  fetched_.clear();
  pending_.clear();
  sink_.reset();
}

void SinkTask::give_up_clients() {
  if (consumer_) consumer_->give_up();
}

Status SinkTask::open() {
  ASSIGN_OR_RETURN(sink_, calls().in_call("initialize", parts_.make_sink));
  RETURN_IF_ERROR(reporter_.open(parts_.dlq_producer, parts_.admin));
  RETURN_IF_ERROR(calls().in_call("start", [&] { return sink_->start(this); }));
  started_ = true;
  kafka::ConsumerOptions options;
  options.java = parts_.consumer;
  options.on_assigned = [this](const auto& partitions) { return on_assigned(partitions); };
  options.on_revoked = [this](const auto& partitions, bool lost) { return on_revoked(partitions, lost); };
  ASSIGN_OR_RETURN(consumer_, kafka::Consumer::make(std::move(options)));
  RETURN_IF_ERROR(consumer_->subscribe(subscription(parts_.connector)));
  next_commit_ = steady_now() + Millis(parts_.commit_interval_ms);
  metrics_.in_state(State::kRunning);
  return {};
}

Status SinkTask::step() {
  failing_ = nullptr;
  RETURN_IF_ERROR(reporter_.failure());
  const SteadyTime now = steady_now();
  if (now >= next_tick_) {
    next_tick_ = now + Millis(kTickMs);
    metrics_.in_hand(balance_.in_hand());
    RETURN_IF_ERROR(calls().in_call("tick", [&] { return sink_->tick(); }));
  }
  if (now >= next_commit_) RETURN_IF_ERROR(commit());
  if (now >= next_lag_) update_lag();

  // Short of memory, a task that holds no rows goes on: it frees nothing by waiting.
  const bool busy = !pending_.empty() || now < convert_at_ || !sink_->wants_more() ||
                    (MemoryBudget::process().exceeded() && tracker_.outstanding() > 0);
  hold(busy || paused());
  if (!pending_.empty()) RETURN_IF_ERROR(retry_put());
  // What was fetched before a hold is delivered first; a poll while held only keeps the group membership alive.
  if (!held_ && !fetched_.empty()) {
    RETURN_IF_ERROR(deliver());
    if (!pending_.empty() || !sink_->wants_more()) return {};
  }
  auto polled = consumer_->poll(kPollRecords, poll_wait_ms(busy));
  if (!was_assigned_) tell(unreachable(consumer_->last_error()));
  if (!polled.ok()) return polled.status().retriable() ? Status() : polled.status();
  if (!polled->empty()) last_read_ = steady_now();
  for (auto& raw : *polled) {
    metrics_.read(static_cast<int64_t>(raw->records().size()));
    balance_.read(static_cast<int64_t>(raw->records().size()));
    tracker_.received(*raw);
    fetched_.push_back(std::move(raw));
  }
  return {};
}

// What a task waits for beside records comes soon where it is busy; where it is not, every wake costs for nothing.
int SinkTask::poll_wait_ms(bool busy) const {
  if (held_ && busy) return 5;
  return paused() || steady_now() - last_read_ > kIdleAfter ? kIdleWaitMs : kPollWaitMs;
}

// What was fetched, from bytes to the sink: all partitions of a poll in one put.
Status SinkTask::deliver() {
  std::vector<Batch> ready;
  auto fetched = std::exchange(fetched_, {});
  for (size_t i = 0; i < fetched.size(); ++i) {
    Status status = prepare(fetched[i], &ready);
    if (status.retriable()) {
      // A registry that is down: what was fetched waits, the group membership stays.
      fetched_.assign(fetched.begin() + static_cast<long>(i), fetched.end());
      RETURN_IF_ERROR(wait_to_convert(status));
      break;
    }
    RETURN_IF_ERROR(status);
    convert_backoff_.reset();
  }
  return ready.empty() ? Status() : put(std::move(ready));
}

Status SinkTask::wait_to_convert(const Status& trouble) {
  auto pause = convert_backoff_.next(steady_now());
  if (!pause) return Status::fatal(fmt::format("errors.retry.timeout has passed: {}", trouble.message())).with_java_class(std::string(trouble.java_class()));
  metrics_.retry();
  log::warn("runtime", "Cannot convert records now, trying again in {} ms: {}", *pause, trouble.message());
  convert_at_ = steady_now() + Millis(*pause);
  return {};
}

// One partition's records from bytes to batches that are ready for the sink. kRetriable: nothing was done yet.
Status SinkTask::prepare(const std::shared_ptr<const RawBatch>& raw, std::vector<Batch>* ready) {
  std::vector<DecodeError> refused;
  ASSIGN_OR_RETURN(auto decoded, parts_.decoder->decode(raw, &refused));
  std::vector<Batch> batches = parts_.chain.apply(std::move(decoded));
  for (const Batch& batch : batches) {
    batch.check_invariants();
    for (const columnar::RowError& e : batch.errors) refused.push_back({batch.raw_row(e.row), e.stage, e.component, e.status});
  }
  RETURN_IF_ERROR(settle(*raw, std::move(refused)));
  for (Batch& batch : batches) {
    settle_filtered(batch);
    Batch selected = columnar::compact(std::move(batch));
    if (selected.row_count() > 0) ready->push_back(std::move(selected));
  }
  listener()->on_topic_used(parts_.id.connector, raw->origin().topic);
  return {};
}

// Failed records go where errors.tolerance says, in the order of their offsets whatever stage refused them.
Status SinkTask::settle(const RawBatch& raw, std::vector<DecodeError> refused) {
  std::stable_sort(refused.begin(), refused.end(), [](const auto& a, const auto& b) { return a.raw_row < b.raw_row; });
  for (const DecodeError& error : refused) {
    const int64_t offset = raw.records()[error.raw_row].offset;
    failing_ = kToleranceExceeded;
    RETURN_IF_ERROR(reporter_.report({&raw, error.raw_row, error.stage, error.component, error.status},
                                     [this, tp = raw.origin(), g = generation_, offset] { tracker_.ack(tp, g, {offset, offset + 1}); }));
    balance_.refused(1);
  }
  return {};
}

// What the chain dropped is settled here.
void SinkTask::settle_filtered(const Batch& batch) {
  if (batch.selected.all()) return;
  columnar::RowMask kept = batch.selected;
  for (const columnar::RowError& error : batch.errors) kept.set(error.row);
  int64_t filtered = 0;
  // Offsets that follow one another are settled as one range.
  OffsetRange run{-1, -1};
  for (int64_t row = 0; row < batch.row_count(); ++row) {
    if (kept.test(row)) continue;
    ++filtered;
    const int64_t offset = batch.offsets[static_cast<size_t>(row)];
    if (offset != run.end && run.end >= 0) tracker_.ack(batch.origin, generation_, run);
    if (offset != run.end) run.first = offset;
    run.end = offset + 1;
  }
  if (filtered > 0) tracker_.ack(batch.origin, generation_, run);
  metrics_.filtered(filtered);
  balance_.filtered(filtered);
}

Status SinkTask::commit() {
  RETURN_IF_ERROR(balance_.check(records_in(fetched_) + rows_in(pending_)));
  next_commit_ = steady_now() + Millis(parts_.commit_interval_ms);
  RETURN_IF_ERROR(calls().in_call("flush", [&] { return sink_->flush(); }));
  // A sink may ack a range around a record that is still on its way to the dead letter queue: that record first.
  const bool refused_are_safe = reporter_.flush(kRefusedWaitMs).ok();
  RETURN_IF_ERROR(reporter_.failure());
  if (!refused_are_safe) return {};
  auto offsets = tracker_.take_committable();
  metrics_.active(tracker_.outstanding());
  if (offsets.empty()) return {};
  const SteadyTime start = steady_now();
  Status status = consumer_->commit(offsets);
  metrics_.committed(status.ok(), ms_since(start));
  if (!status.ok()) {
    // Nothing is lost: the same offsets or later ones are committed next time.
    log::warn("runtime", "Offsets were not committed, trying again: {}", status.message());
    tracker_.give_back(offsets);
    return {};
  }
  return calls().in_silent_call("committed", [&] { sink_->committed(offsets); });
}

Status SinkTask::on_assigned(const std::vector<TopicPartition>& partitions) {
  generation_ = tracker_.assign(partitions);
  metrics_.partitions(static_cast<int>(partitions.size()));
  held_ = false;
  was_assigned_ = true;
  tell({});
  log::info("runtime", "{} partitions assigned", partitions.size());
  return calls().in_call("open", [&] { return sink_->open(partitions, generation_); });
}

Status SinkTask::on_revoked(const std::vector<TopicPartition>& partitions, bool lost) {
  log::info("runtime", "{} partitions {}", partitions.size(), lost ? "lost" : "revoked");
  // Not delivered yet: whoever owns the partitions next reads them again.
  metrics_.given_up(balance_.in_hand());
  balance_.given_up(balance_.in_hand());
  metrics_.in_hand(0);
  fetched_.clear();
  pending_.clear();
  Status status;
  if (!lost) status = calls().in_call("flush", [&] { return sink_->flush(); });
  Status closed = calls().in_call("close", [&] { return sink_->close(partitions); });
  if (given_up()) return closed;
  if (status.ok()) status = closed;
  Status dlq = reporter_.flush(lost ? 0 : 10000);
  if (status.ok() && !lost) status = dlq;
  if (!lost) {
    auto offsets = tracker_.take_committable();
    if (!offsets.empty()) {
      Status committed = consumer_->commit(offsets);
      if (committed.ok()) RETURN_IF_ERROR(calls().in_silent_call("committed", [&] { sink_->committed(offsets); }));
      else log::warn("runtime", "Offsets were not committed before the partitions went; some records come twice: {}", committed.message());
    }
  }
  tracker_.revoke(partitions);
  metrics_.partitions(0);
  return status;
}

// Holds the partitions' fetching back, or lets it go on.
void SinkTask::hold(bool should_hold) {
  if (should_hold == held_) return;
  auto partitions = consumer_->assignment();
  if (partitions.empty()) return;
  Status status = should_hold ? consumer_->pause(partitions) : consumer_->resume(partitions);
  if (!status.ok()) log::warn("runtime", "{}", status.message());
  held_ = should_hold;
}

void SinkTask::update_lag() {
  next_lag_ = steady_now() + Millis(1000);
  for (const auto& [tp, position] : tracker_.positions()) {
    kafka::Watermarks w = consumer_->watermarks(tp);
    if (w.high >= 0) metrics_.lag(tp.topic, tp.partition.value, std::max<int64_t>(0, w.high - position.value));
  }
  metrics_.active(tracker_.outstanding());
  metrics_.sample();
}

void SinkTask::tell(const Status& problem) {
  std::string text = problem.ok() ? "" : java_trace(problem);
  if (text == problem_) return;
  problem_ = std::move(text);
  listener()->on_task_problem(parts_.id, problem_);
}

std::string SinkTask::trace_of(const Status& failure) const {
  return failing_ ? wrapped_trace(failing_, failure, reporter_.fatal_place()) : java_trace(failure);
}

void SinkTask::on_paused(bool is_paused) { metrics_.in_state(is_paused ? State::kPaused : State::kRunning); }

void SinkTask::close() {
  if (consumer_) {
    Status status = consumer_->close();
    if (!status.ok()) log::warn("runtime", "While stopping: {}", status.message());
  }
  if (given_up()) return;
  fetched_.clear();
  pending_.clear();
  // Batches that the sink kept hold the consumer's messages: the sink goes first.
  Status stopped = calls().in_silent_call("stop", [&] {
    if (started_) sink_->stop();
    sink_.reset();
  });
  if (!stopped.ok()) return;
  metrics_.in_state(State::kUnassigned);
  consumer_.reset();
}

}  // namespace bywash::runtime
