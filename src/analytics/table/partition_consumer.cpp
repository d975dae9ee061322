// See partition_consumer.h.
#include "analytics/table/partition_consumer.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>

#include "analytics/table/segment_name.h"
#include "base/log.h"
#include "base/memory_budget.h"

namespace bywash::analytics {
namespace {

constexpr std::string_view kIngestLogger = "analytics.ingest";
constexpr int kPollRecords = 8192;
constexpr int kPollMs = 100;
constexpr int kAskMs = 3000;
// Below this a segment is not worth a file when the process's memory is short: pausing helps then, sealing doesn't.
constexpr int64_t kSmallestPressedSeal = 4 << 20;

}  // namespace

PartitionConsumer::PartitionConsumer(PartitionOptions options)
    : options_(std::move(options)), stream_(options_.config->streams[static_cast<size_t>(options_.stream)]),
      origin_{stream_.topic, Partition(options_.partition)},
      title_(fmt::format("{} partition {}", options_.config->name_with_type, to_string(origin_))), rows_(*options_.schema, *options_.config),
      metadata_(*options_.schema->schema, options_.config->ingestion, stream_.populate_metadata) {
  const metrics::Labels labels = {{"table", options_.config->name_with_type}, {"topic", stream_.topic}, {"partition", std::to_string(options_.partition)}};
  metrics::Registry& registry = metrics::Registry::process();
  consumed_ = registry.counter("bywash_table_rows_consumed_total", "Rows that a table has consumed from its topic", labels);
  lag_ = registry.gauge("bywash_table_lag_records", "Records of the topic that the table has not consumed yet", labels);
  freshness_ = registry.gauge("bywash_table_freshness_ms", "Milliseconds since the newest record that queries see was written, 0 when none is missing", labels);
}

PartitionConsumer::~PartitionConsumer() { stop(false); }

void PartitionConsumer::start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), fmt::format("ingest-{}", options_.group()).substr(0, 15).c_str());
    run();
  });
}

void PartitionConsumer::stop(bool seal) {
  seal_at_stop_ = seal;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_all();
  if (!thread_.joinable()) return;
  thread_.join();
  lag_->set(0);
  freshness_->set(0);
}

void PartitionConsumer::force_commit() { force_ = true; }

void PartitionConsumer::set_paused(bool paused) {
  {
    std::lock_guard lock(mutex_);
    paused_ = paused;
  }
  woken_.notify_all();
}

bool PartitionConsumer::wait(int64_t millis) {
  std::unique_lock lock(mutex_);
  woken_.wait_for(lock, Millis(millis), [this] { return stopping_.load(); });
  return !stopping_;
}

void PartitionConsumer::set_problem(const std::string& problem) {
  std::lock_guard lock(mutex_);
  problem_ = problem;
}

ConsumingStatus PartitionConsumer::status() const {
  ConsumingStatus out;
  std::lock_guard lock(mutex_);
  out.segment = segment_name_;
  out.group = options_.group();
  out.state = paused_ || !problem_.empty() ? "NOT_CONSUMING" : "CONSUMING";
  out.offset = visible_offset_;
  out.latest_offset = latest_offset_;
  out.last_consumed_ms = last_consumed_ms_;
  out.fresh_ms = fresh_ms_;
  out.problem = problem_;
  out.gaps = gaps_;
  return out;
}

bool PartitionConsumer::begin() {
  lost_place_ = false;
  for (int64_t backoff_ms = 200; !stopping_; backoff_ms = std::min<int64_t>(backoff_ms * 2, 10'000)) {
    const Status opened = open_consumer();
    if (opened.ok()) return true;
    if (status().problem != opened.message()) log::warn(kIngestLogger, "Table {}: cannot consume yet, trying again: {}", title_, opened.message());
    set_problem(opened.message());
    if (!wait(backoff_ms)) return false;
  }
  return false;
}

void PartitionConsumer::run() {
  if (!begin()) return;
  while (!stopping_) {
    if (lost_place_ && !begin()) break;
    repair_when_damaged();
    if (force_.exchange(false) && !seal()) break;
    if (paused_) {
      if (segment_->published_rows() > 0 && !seal()) break;
      std::unique_lock lock(mutex_);
      woken_.wait_for(lock, Millis(1000), [this] { return stopping_ || !paused_; });
      continue;
    }
    consume_once();
  }
  if (seal_at_stop_ && segment_ && segment_->published_rows() > 0) {
    if (Status status = options_.segments->commit(options_.group(), sequence_, *segment_, nullptr); !status.ok()) {
      log::warn(kIngestLogger, "Table {}: not committed at stop, will be consumed again: {}", title_, status.message());
    }
  }
  if (consumer_) (void)consumer_->close().ok();
}

Status PartitionConsumer::open_consumer() {
  if (!consumer_) {
    kafka::ConsumerOptions consumer;
    consumer.java["auto.offset.reset"] = "earliest";
    for (const auto& [key, value] : stream_.kafka_properties) consumer.java[key] = value;
    consumer.java["bootstrap.servers"] = stream_.brokers;
    consumer.java["enable.auto.commit"] = "false";
    if (!consumer.java.count("group.id")) consumer.java["group.id"] = "bywash-table-" + options_.config->name_with_type;
    consumer.prefetch_bytes = std::max<int64_t>(4 << 20, (32LL << 20) / options_.partition_count);
    ASSIGN_OR_RETURN(consumer_, options_.consumers(std::move(consumer)));
  }
  ASSIGN_OR_RETURN(decoder_, make_record_decoder(stream_.decoder, options_.schema->schema));
  const ManifestState state = options_.segments->manifest().state();
  if (!state.positions.count(options_.group())) {
    ASSIGN_OR_RETURN(const Offset first, first_offset());
    // Durable before the first record: after a crash the table goes on here, even when the config says "largest".
    RETURN_IF_ERROR(options_.segments->manifest().begin_partition(options_.group(), first.value));
  }
  const ManifestState known = options_.segments->manifest().state();
  const PartitionPosition position = known.positions.at(options_.group());
  if (Result<kafka::Watermarks> marks = consumer_->query_watermarks(origin_, kAskMs)) {
    latest_offset_ = marks->high;
    next_offset_ = position.next_offset;
    if (marks->high >= 0 && marks->high < next_offset_) return other_topic(marks->high);
    if (marks->low > next_offset_) note_gap(marks->low);
  } else {
    return marks.status();
  }
  RETURN_IF_ERROR(consumer_->assign({{origin_, Offset(next_offset_)}}));
  keys_ = options_.segments->keys_of(options_.group());
  sequence_ = position.next_sequence;
  RETURN_IF_ERROR(start_segment(next_offset_));
  set_problem("");
  log::info(kIngestLogger, "Table {}: consumes from offset {}", title_, next_offset_);
  std::lock_guard lock(mutex_);
  if (auto gaps = known.gaps.find(options_.group()); gaps != known.gaps.end() && gaps_.empty()) gaps_ = gaps->second;
  return {};
}

Status PartitionConsumer::other_topic(int64_t topic_end) const {
  return Status::fatal(fmt::format("the topic ends at {}, before the offset {} up to which it was consumed: was it created anew? Delete the table and create it again", topic_end, next_offset_));
}

void PartitionConsumer::note_gap(int64_t end) {
  log::error(kIngestLogger, "Table {}: records {} to {} were deleted from the topic before they were consumed. Give the topic a longer retention", title_, next_offset_, end - 1);
  metrics::Registry::process().counter("bywash_table_records_missed_total", "Records that were deleted from the topic before a table had consumed them",
                                       {{"table", options_.config->name_with_type}, {"topic", stream_.topic}, {"partition", std::to_string(options_.partition)}})
      ->add(static_cast<double>(end - next_offset_));
  const OffsetGap gap{{next_offset_, end}, options_.now_ms()};
  if (Status written = options_.segments->manifest().add_gap(options_.group(), gap); !written.ok()) {
    log::error(kIngestLogger, "Table {}: that cannot be noted in its manifest: {}", title_, written.message());
  }
  next_offset_ = visible_offset_ = end;
  const ManifestState state = options_.segments->manifest().state();
  std::lock_guard lock(mutex_);
  if (auto gaps = state.gaps.find(options_.group()); gaps != state.gaps.end()) gaps_ = gaps->second;
}

Result<Offset> PartitionConsumer::first_offset() {
  ASSIGN_OR_RETURN(const kafka::Watermarks marks, consumer_->query_watermarks(origin_, kAskMs));
  if (options_.from_start || stream_.criteria.kind == OffsetCriteria::Kind::kSmallest) return Offset(marks.low);
  if (stream_.criteria.kind == OffsetCriteria::Kind::kLargest) return Offset(marks.high);
  return consumer_->offset_for_time(origin_, stream_.criteria.at_ms, kAskMs);
}

Result<std::shared_ptr<MutableSegment>> PartitionConsumer::make_segment(int64_t sequence, int64_t first_offset) {
  const int64_t now = options_.now_ms();
  MutableSegmentOptions segment;
  segment.name = consuming_segment_name(options_.config->name, options_.group(), sequence, now);
  segment.max_rows = std::max(stream_.rows_per_segment(options_.partition_count), rows_.rows_per_record());
  segment.first_offset = first_offset;
  segment.creation_ms = now;
  segment.time_column = options_.config->time_column;
  segment.raw_columns = options_.config->indexes.raw_columns;
  return MutableSegment::create(segment_schema(*options_.schema, *options_.config, now), std::move(segment));
}

Status PartitionConsumer::start_segment(int64_t first_offset) {
  ASSIGN_OR_RETURN(segment_, make_segment(sequence_, first_offset));
  visible_offset_ = first_offset;
  options_.segments->set_consuming(options_.group(), segment_);
  std::lock_guard lock(mutex_);
  segment_name_ = segment_->options().name;
  return {};
}

bool PartitionConsumer::full(const MutableSegment& segment) const {
  if (segment.published_rows() == 0) return false;
  if (segment.full() || segment.memory_bytes() >= stream_.bytes_per_segment(options_.partition_count)) return true;
  if (options_.now_ms() - segment.options().creation_ms >= stream_.flush_time_ms) return true;
  return MemoryBudget::process().exceeded() && segment.memory_bytes() >= kSmallestPressedSeal;
}

void PartitionConsumer::consume_once() {
  auto batches = consumer_->poll(kPollRecords, kPollMs);
  if (!batches) {
    if (status().problem != batches.status().message()) {
      log::warn(kIngestLogger, "Table {}: consumption stopped, trying again: {}", title_, batches.status().message());
    }
    set_problem(batches.status().message());
    wait(1000);
    return;
  }
  int64_t count = 0;
  for (const auto& batch : *batches) {
    if (stopping_) return;
    ingest(*batch);
    if (lost_place_) return;
    count += static_cast<int64_t>(batch->records().size());
  }
  if (count == 0) {
    if (const kafka::Watermarks marks = consumer_->watermarks(origin_); marks.low > next_offset_) note_gap(marks.low);
  }
  const std::string broker_problem = count > 0 ? std::string() : consumer_->last_error();
  set_problem(broker_problem);
  report_position(count == 0 && broker_problem.empty());
  if (full(*segment_)) seal();
}

bool PartitionConsumer::decode(const columnar::RawBatch& batch, std::vector<DecodedRecord>* out) {
  std::vector<std::optional<std::string_view>> payloads;
  for (const columnar::RawRecord& record : batch.records()) payloads.push_back(record.value);
  for (int64_t backoff_ms = 200;; backoff_ms = std::min<int64_t>(backoff_ms * 2, 10'000)) {
    out->clear();
    const Status decoded = decoder_->decode(stream_.topic, payloads, out);
    if (decoded.ok()) return true;
    if (status().problem != decoded.message()) log::warn(kIngestLogger, "Table {}: consumption waits, records cannot be decoded: {}", title_, decoded.message());
    set_problem(decoded.message());
    if (!wait(backoff_ms)) return false;
  }
}

void PartitionConsumer::ingest(const columnar::RawBatch& batch) {
  if (batch.records().empty()) return;
  if (const int64_t first = batch.records().front().offset; first != next_offset_) {
    const kafka::Watermarks marks = consumer_->watermarks(origin_);
    // Where records lack because the topic is compacted, or for marks of transactions, its start is before them.
    if (first > next_offset_ && marks.low > next_offset_) note_gap(std::min(first, marks.low));
    if (first < next_offset_ && marks.high >= 0 && marks.high < next_offset_) {
      lost_place_ = true;
      return;
    }
  }
  std::vector<DecodedRecord> decoded;
  if (decoder_ && !decode(batch, &decoded)) return;
  for (size_t i = 0; i < batch.records().size(); ++i) {
    const columnar::RawRecord& record = batch.records()[i];
    if (record.offset < next_offset_) continue;
    if (segment_->full() || segment_->appended_rows() + rows_.rows_per_record() > segment_->options().max_rows) {
      options_.segments->publish(options_.group(), *segment_, next_offset_);
      if (!seal()) return;
    }
    take(batch, i, decoder_ ? &decoded[i] : nullptr, *segment_, keys_);
    next_offset_ = record.offset + 1;
    newest_record_ms_.store(record.timestamp_ms, std::memory_order_relaxed);
  }
  options_.segments->publish(options_.group(), *segment_, next_offset_);
  visible_offset_ = next_offset_;
  last_consumed_ms_ = options_.now_ms();
  report(rows_.take_counts());
}

void PartitionConsumer::take(const columnar::RawBatch& batch, size_t index, const DecodedRecord* text, MutableSegment& segment, UpsertPartition* keys) {
  const int64_t first = segment.appended_rows();
  const std::optional<std::string_view> json = text ? std::optional<std::string_view>(text->json) : batch.records()[index].value;
  if (text && text->failed) rows_.drop(DropReason::kUndecodable);
  else if (json && metadata_.wanted()) rows_.append(metadata_.add_to(*json, batch, index), segment);
  else rows_.append(json, segment);
  const int64_t end = segment.appended_rows();
  for (int64_t row = first; keys && row < end; ++row) {
    if (keys->edits()) keys->edit(segment, static_cast<uint32_t>(row));
    const KeyVerdict verdict = keys->add(static_cast<uint32_t>(row));
    if (verdict == KeyVerdict::kTaken) continue;
    segment.rollback(row);  // the only row of its record: configs that refuse or merge rows allow no more
    ++refused_by_key_[static_cast<size_t>(verdict)];
  }
}

bool PartitionConsumer::seal() {
  if (segment_->published_rows() == 0) return true;
  int64_t backoff_ms = 500;
  while (!stopping_) {
    Result<std::shared_ptr<MutableSegment>> next = make_segment(sequence_ + 1, segment_->next_offset());
    Status status = next ? options_.segments->commit(options_.group(), sequence_, *segment_, *next) : next.status();
    if (status.ok()) {
      log::info(kIngestLogger, "Table {}: committed segment {} with {} rows, offsets {} to {}", title_, segment_->options().name,
                segment_->published_rows(), segment_->options().first_offset, segment_->next_offset() - 1);
      segment_ = *std::move(next);
      ++sequence_;
      std::lock_guard lock(mutex_);
      segment_name_ = segment_->options().name;
      problem_.clear();
      return true;
    }
    set_problem(status.message());
    log::error(kIngestLogger, "Table {}: consumption waits, the segment cannot be committed: {}. Free space or make the folder writable; trying again",
               title_, status.message());
    if (!wait(backoff_ms)) return false;
    backoff_ms = std::min<int64_t>(backoff_ms * 2, 30'000);
  }
  return false;
}

void PartitionConsumer::report(const IngestCounts& counts) {
  if (counts.rows > 0) consumed_->add(static_cast<double>(counts.rows));
  metrics::Registry& registry = metrics::Registry::process();
  const std::string& table = options_.config->name_with_type;
  for (size_t i = 0; i < refused_by_key_.size(); ++i) {
    const int64_t refused = std::exchange(refused_by_key_[i], 0);
    if (refused == 0) continue;
    registry.counter("bywash_table_records_dropped_total", "Records that gave no row", {{"table", table}, {"reason", std::string(to_string(static_cast<KeyVerdict>(i)))}})
        ->add(static_cast<double>(refused));
  }
  std::string summary;
  for (size_t i = 0; i < counts.dropped.size(); ++i) {
    if (counts.dropped[i] == 0) continue;
    const std::string reason(to_string(static_cast<DropReason>(i)));
    registry.counter("bywash_table_records_dropped_total", "Records that gave no row", {{"table", table}, {"reason", reason}})
        ->add(static_cast<double>(counts.dropped[i]));
    if (static_cast<DropReason>(i) == DropReason::kFiltered) continue;  // as the config wishes
    summary += fmt::format(" {} dropped ({});", counts.dropped[i], reason);
  }
  for (size_t i = 0; i < counts.replaced.size(); ++i) {
    if (counts.replaced[i] == 0) continue;
    const std::string reason(to_string(static_cast<ReplaceReason>(i)));
    registry.counter("bywash_table_values_replaced_total", "Values that did not fit their column", {{"table", table}, {"reason", reason}})
        ->add(static_cast<double>(counts.replaced[i]));
    summary += fmt::format(" {} values replaced ({});", counts.replaced[i], reason);
  }
  const int64_t now = options_.now_ms();
  if (summary.empty() || now - last_drop_log_ms_ < 10'000) return;
  last_drop_log_ms_ = now;
  log::warn(kIngestLogger, "Table {}: up to offset {}:{} see bywash_table_records_dropped_total and bywash_table_values_replaced_total", title_,
            next_offset_, summary);
}

void PartitionConsumer::report_position(bool idle) {
  const kafka::Watermarks marks = consumer_->watermarks(origin_);
  if (marks.high >= 0) latest_offset_ = marks.high;
  const int64_t lag = std::max<int64_t>(0, latest_offset_ - next_offset_);
  const int64_t now = options_.now_ms();
  const int64_t newest = newest_record_ms_.load(std::memory_order_relaxed);
  fresh_ms_ = idle || lag == 0 || newest <= 0 ? now : newest;
  lag_->set(static_cast<double>(lag));
  freshness_->set(static_cast<double>(std::max<int64_t>(0, now - fresh_ms_)));
}

}  // namespace bywash::analytics
