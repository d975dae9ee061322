// The source line: poll → transform → encode → produce → commit source offsets. Level 7, the task's own thread.
#include "runtime/source_task.h"

#include <algorithm>
#include <map>
#include <thread>

#include "base/log.h"

namespace bywash::runtime {
namespace {

using columnar::Batch;
using columnar::Stage;
using plugin::ConvertError;
using plugin::SourceBatch;

constexpr size_t kInFlightMax = 100'000;

}  // namespace

SourceTask::SourceTask(SourceTaskParts parts, StatusListener* listener, bool paused)
    : TaskThread(parts.id, listener, paused),
      parts_(std::move(parts)),
      metrics_(parts_.id, false),
      reporter_(parts_.id, parts_.errors, &metrics_) {}

SourceTask::~SourceTask() { finish(); }

std::optional<std::string> SourceTask::stored_offset(const std::string& source_partition) {
  return parts_.offsets->get(parts_.id.connector, source_partition);
}

Status SourceTask::open() {
  ASSIGN_OR_RETURN(producer_, kafka::Producer::make(parts_.producer));
  RETURN_IF_ERROR(parts_.source->start(this));
  started_ = true;
  next_commit_ = steady_now() + Millis(parts_.commit_interval_ms);
  metrics_.running(true);
  return {};
}

Status SourceTask::step() {
  {
    std::lock_guard lock(mutex_);
    RETURN_IF_ERROR(produce_failure_);
  }
  if (steady_now() >= next_commit_) RETURN_IF_ERROR(commit(static_cast<int>(parts_.flush_timeout_ms)));
  if (paused()) {
    std::this_thread::sleep_for(Millis(50));
    return {};
  }
  {
    std::lock_guard lock(mutex_);
    if (in_flight_.size() > kInFlightMax) {
      std::this_thread::sleep_for(Millis(1));
      return {};
    }
  }
  auto polled = parts_.source->poll();
  if (!polled.ok() && polled.status().retriable()) {
    metrics_.retry();
    std::this_thread::sleep_for(Millis(250));
    return {};
  }
  if (!polled.ok()) return polled.status();
  for (SourceBatch& batch : *polled) {
    if (batch.batch.row_count() > 0) RETURN_IF_ERROR(send(std::move(batch)));
  }
  return {};
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
    for (int64_t row = 0; row < rows; ++row) {
      polled.batch.offsets[static_cast<size_t>(row)] = first_sequence_ + static_cast<int64_t>(in_flight_.size());
      in_flight_.push_back({polled.source_partition, std::move(polled.source_offsets[static_cast<size_t>(row)])});
    }
  }
  std::vector<Batch> one;
  one.push_back(std::move(polled.batch));
  for (Batch& batch : parts_.chain.apply(std::move(one))) {
    batch.check_invariants();
    std::vector<bool> failed(static_cast<size_t>(batch.row_count()), false);
    for (const columnar::RowError& error : batch.errors) {
      failed[error.row] = true;
      tolerance_exceeded_ = true;
      RETURN_IF_ERROR(reporter_.report({nullptr, error.row, error.stage, error.component, error.status},
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

// A column to bytes, each row under the topic it goes to. A converter that cannot work now (its registry is down) is asked again until it
// can, or the task stops: `out` is empty then.
Status SourceTask::encode(plugin::Converter& converter, const Batch& batch, const columnar::Column& column,
                          std::vector<std::optional<std::string>>* out, std::vector<ConvertError>* errors) {
  std::map<std::string_view, std::vector<uint32_t>> by_topic;
  for (int64_t row = 0; row < batch.row_count(); ++row) by_topic[batch.topic_of(row)].push_back(static_cast<uint32_t>(row));
  std::vector<std::optional<std::string>> all(static_cast<size_t>(batch.row_count()));
  for (const auto& [topic, rows] : by_topic) {
    columnar::Column part = by_topic.size() == 1 ? column : columnar::take(column, rows);
    std::vector<std::optional<std::string>> encoded;
    std::vector<ConvertError> refused;
    Status status = converter.encode(std::string(topic), part, &encoded, &refused);
    while (status.retriable() && !stopping()) {
      metrics_.retry();
      log::warn("runtime", "Cannot convert records now, trying again: {}", status.message());
      std::this_thread::sleep_for(Millis(250));
      refused.clear();
      status = converter.encode(std::string(topic), part, &encoded, &refused);
    }
    if (status.retriable()) return {};
    RETURN_IF_ERROR(status);
    for (size_t i = 0; i < rows.size(); ++i) all[rows[i]] = std::move(encoded[i]);
    for (ConvertError& error : refused) errors->push_back({rows[error.row], std::move(error.status)});
  }
  *out = std::move(all);
  return {};
}

Status SourceTask::produce(const Batch& batch) {
  std::vector<std::optional<std::string>> keys, values;
  std::vector<ConvertError> key_errors, value_errors;
  RETURN_IF_ERROR(encode(*parts_.key.converter, batch, batch.key, &keys, &key_errors));
  RETURN_IF_ERROR(encode(*parts_.value.converter, batch, batch.value, &values, &value_errors));
  if (stopping() && (keys.empty() || values.empty())) return {};
  std::vector<bool> failed(static_cast<size_t>(batch.row_count()), false);
  auto report = [&](const ConvertError& e, Stage stage, const std::string& component) -> Status {
    if (failed[e.row]) return {};
    failed[e.row] = true;
    tolerance_exceeded_ = true;
    RETURN_IF_ERROR(reporter_.report({nullptr, e.row, stage, component, e.status}, [this, s = batch.offsets[e.row]] { settle(s); }));
    tolerance_exceeded_ = false;
    return {};
  };
  for (const auto& e : key_errors) RETURN_IF_ERROR(report(e, Stage::kKeyConverter, parts_.key.class_name));
  for (const auto& e : value_errors) RETURN_IF_ERROR(report(e, Stage::kValueConverter, parts_.value.class_name));
  int64_t sent = 0;
  for (size_t row = 0; row < failed.size(); ++row) {
    if (failed[row]) continue;
    std::vector<columnar::RawHeader> headers;
    if (!batch.headers.empty()) {
      for (const auto& header : batch.headers[row]) {
        ASSIGN_OR_RETURN(auto bytes, parts_.header.converter->encode(batch.topic_of(static_cast<int64_t>(row)), header));
        headers.emplace_back(header.key, std::move(bytes));
      }
    }
    kafka::ProducerRecord record;
    record.topic = batch.topic_of(static_cast<int64_t>(row));
    record.partition = batch.kafka_partition;
    record.key = keys[row];
    record.value = values[row];
    record.timestamp_ms = batch.timestamps_ms[row];
    record.headers = &headers;
    listener()->on_topic_used(parts_.id.connector, std::string(record.topic));
    RETURN_IF_ERROR(producer_->produce(record, [this, s = batch.offsets[row]](const Status& status) {
      if (status.ok()) return settle(s);
      std::lock_guard lock(mutex_);
      if (produce_failure_.ok()) produce_failure_ = Status::fatal(status.message());
    }));
    ++sent;
  }
  metrics_.sent(sent);
  return {};
}

void SourceTask::settle(int64_t sequence) {
  std::lock_guard lock(mutex_);
  if (sequence < first_sequence_) return;
  in_flight_[static_cast<size_t>(sequence - first_sequence_)].settled = true;
  while (!in_flight_.empty() && in_flight_.front().settled) {
    InFlight& front = in_flight_.front();
    // A source that keeps no offset (a whole table at each poll) gives an empty one.
    if (front.source_offset.empty()) {
      in_flight_.pop_front();
      ++first_sequence_;
      continue;
    }
    auto known = std::find_if(to_store_.begin(), to_store_.end(), [&](const auto& e) { return e.first == front.source_partition; });
    if (known == to_store_.end()) to_store_.emplace_back(std::move(front.source_partition), std::move(front.source_offset));
    else known->second = std::move(front.source_offset);
    in_flight_.pop_front();
    ++first_sequence_;
  }
}

Status SourceTask::commit(int timeout_ms) {
  next_commit_ = steady_now() + Millis(parts_.commit_interval_ms);
  Status flushed = producer_->flush(timeout_ms);
  if (!flushed.ok() && !flushed.retriable()) return flushed;
  std::vector<std::pair<std::string, std::optional<std::string>>> offsets;
  bool all = false;
  {
    std::lock_guard lock(mutex_);
    RETURN_IF_ERROR(produce_failure_);
    offsets.swap(to_store_);
    all = in_flight_.empty();
    metrics_.active(static_cast<int64_t>(in_flight_.size()));
  }
  if (offsets.empty()) return {};
  const SteadyTime start = steady_now();
  Status stored = parts_.offsets->set(parts_.id.connector, offsets);
  metrics_.committed(stored.ok(), std::chrono::duration<double, std::milli>(steady_now() - start).count());
  RETURN_IF_ERROR(stored);
  if (all) parts_.source->committed();
  return {};
}

void SourceTask::on_paused(bool is_paused) { metrics_.running(!is_paused); }

std::string SourceTask::trace_of(const Status& failure) const {
  return tolerance_exceeded_ ? wrapped_trace("Tolerance exceeded in error handler", failure) : java_trace(failure);
}

void SourceTask::close() {
  if (producer_) {
    Status status = commit(static_cast<int>(parts_.flush_timeout_ms));
    if (!status.ok()) log::warn("runtime", "While stopping: {}", status.message());
  }
  if (started_) parts_.source->stop();
  producer_.reset();
  metrics_.running(false);
}

}  // namespace bywash::runtime
