// How a partition's damaged segments are consumed again: see partition_consumer.h. Table line, recovery; the partition's own thread, between
// two polls of its consumer.
#include <algorithm>

#include "analytics/table/partition_consumer.h"
#include "base/log.h"

namespace bywash::analytics {
namespace {

constexpr std::string_view kRepairLogger = "analytics.ingest";
constexpr int64_t kRepairAgainMs = 10'000;
constexpr int64_t kSilenceMs = 10'000;  // a topic that gives nothing for so long
constexpr int kRepairPollRecords = 8192;
constexpr int kRepairPollMs = 100;
constexpr int kRepairAskMs = 3000;

}  // namespace

void PartitionConsumer::repair_when_damaged() {
  const int64_t damages = options_.segments->damages();
  if (damages == damages_seen_ || steady_now() < next_repair_) return;
  const Status repaired = repair();
  if (stopping_) return;
  if (repaired.ok()) {
    damages_seen_ = damages;
  } else {
    log::warn(kRepairLogger, "Table {}: damaged segments cannot be made again yet, trying again: {}", title_, repaired.message());
    next_repair_ = steady_now() + Millis(kRepairAgainMs);
  }
  // Nothing of this counts as consumed, and consumption goes on where it was.
  (void)rows_.take_counts();
  refused_by_key_.fill(0);
  if (Status back = consumer_->assign({{origin_, Offset(next_offset_)}}); !back.ok()) {
    log::warn(kRepairLogger, "Table {}: cannot go on at offset {}: {}", title_, next_offset_, back.message());
    lost_place_ = true;
  }
}

Status PartitionConsumer::repair() {
  SegmentSet& segments = *options_.segments;
  std::vector<DamagedSegment> wanted = segments.repairable(options_.group());
  if (wanted.empty()) return {};
  ASSIGN_OR_RETURN(const kafka::Watermarks marks, consumer_->query_watermarks(origin_, kRepairAskMs));
  std::erase_if(wanted, [&](const DamagedSegment& damaged) {
    const OffsetRange& offsets = damaged.record.offsets;
    if (segments.open_again(damaged.record).ok() || (marks.low <= offsets.first && marks.high >= offsets.end)) return false;
    segments.give_up(damaged.record.name, marks.low > offsets.first ? fmt::format("the topic begins at {}, the segment at {}", marks.low, offsets.first)
                                                                    : fmt::format("the topic ends at {}, the segment at {}", marks.high, offsets.end));
    return true;
  });
  if (wanted.empty()) return {};
  std::vector<CommittedSegment> made;
  std::unique_ptr<UpsertPartition> keys = segments.new_keys();
  if (keys) {
    RETURN_IF_ERROR(replay(wanted, *keys, &made));
  } else {
    for (const DamagedSegment& damaged : wanted) {
      Result<CommittedSegment> one = segments.open_again(damaged.record);
      if (!one.ok()) one = consume_again(damaged.record, nullptr);
      RETURN_IF_ERROR(one.status());
      made.push_back(*std::move(one));
    }
  }
  RETURN_IF_ERROR(segments.replace(options_.group(), made, std::move(keys)));
  keys_ = segments.keys_of(options_.group());
  for (const CommittedSegment& one : made) {
    log::warn(kRepairLogger, "Table {}: segment {} was damaged and has been made again, with {} rows, offsets {} to {}", title_, one.record.name, one.record.rows,
              one.record.offsets.first, one.record.offsets.end - 1);
  }
  return {};
}

Status PartitionConsumer::replay(const std::vector<DamagedSegment>& wanted, UpsertPartition& keys, std::vector<CommittedSegment>* made) {
  std::vector<CommittedSegment> all = options_.segments->sealed_of(options_.group());
  for (const DamagedSegment& damaged : wanted) all.push_back({damaged.record, nullptr});
  std::sort(all.begin(), all.end(), [](const CommittedSegment& a, const CommittedSegment& b) { return a.record.sequence < b.record.sequence; });
  const auto add_rows = [&](const std::shared_ptr<const Segment>& segment) {
    keys.begin(segment);
    for (int64_t row = 0; row < segment->rows(); ++row) (void)keys.add(static_cast<uint32_t>(row));
    keys.publish();
    keys.forget_old();
  };
  for (CommittedSegment& one : all) {
    if (stopping_) return Status::retriable("the table is being closed");
    const bool damaged = !one.segment;
    if (Result<CommittedSegment> again = damaged ? options_.segments->open_again(one.record) : Result<CommittedSegment>(one); again.ok()) {
      one = *std::move(again);
      add_rows(one.segment);
    } else {
      ASSIGN_OR_RETURN(one, consume_again(one.record, &keys));
    }
    if (damaged) made->push_back(one);
  }
  if (segment_) add_rows(segment_->snapshot());
  return {};
}

Result<CommittedSegment> PartitionConsumer::consume_again(const SegmentRecord& record, UpsertPartition* keys) {
  MutableSegmentOptions options;
  options.name = record.name;
  options.first_offset = record.offsets.first;
  options.creation_ms = record.creation_ms;
  options.time_column = options_.config->time_column;
  options.raw_columns = options_.config->indexes.raw_columns;
  // A record has as many rows as the table's rules make of it now.
  options.max_rows = std::max(record.rows, record.offsets.end - record.offsets.first) * rows_.rows_per_record() + 1;
  ASSIGN_OR_RETURN(const std::shared_ptr<MutableSegment> segment, MutableSegment::create(segment_schema(*options_.schema, *options_.config, record.creation_ms), std::move(options)));
  if (keys) keys->begin(segment->snapshot());
  RETURN_IF_ERROR(consume_range(record, *segment, keys));
  if (segment->published_rows() < record.rows) {
    log::warn(kRepairLogger, "Table {}: segment {} is made again with {} rows instead of {}: the topic is compacted, or the table's rules have changed since", title_, record.name,
              segment->published_rows(), record.rows);
  }
  ASSIGN_OR_RETURN(CommittedSegment out, options_.segments->seal_again(record, *segment));
  if (keys) keys->sealed(out.segment);
  return out;
}

Status PartitionConsumer::consume_range(const SegmentRecord& record, MutableSegment& segment, UpsertPartition* keys) {
  RETURN_IF_ERROR(consumer_->assign({{origin_, Offset(record.offsets.first)}}));
  SteadyTime heard = steady_now();
  int64_t next = record.offsets.first;
  while (next < record.offsets.end) {
    if (stopping_) return Status::retriable("the table is being closed");
    ASSIGN_OR_RETURN(const auto batches, consumer_->poll(kRepairPollRecords, kRepairPollMs));
    for (const auto& batch : batches) {
      std::vector<DecodedRecord> decoded;
      if (decoder_ && !decode(*batch, &decoded)) return Status::retriable("the table is being closed");
      for (size_t i = 0; i < batch->records().size() && next < record.offsets.end; ++i) {
        const columnar::RawRecord& one = batch->records()[i];
        if (one.offset < next) continue;
        if (one.offset < record.offsets.end) take(*batch, i, decoder_ ? &decoded[i] : nullptr, segment, keys);
        next = one.offset + 1;
      }
      segment.publish(std::min(next, record.offsets.end));
      if (keys) keys->publish();
      heard = steady_now();
    }
    if (steady_now() - heard > Millis(kSilenceMs)) {
      const std::string problem = consumer_->last_error();
      return Status::retriable(fmt::format("records from offset {} on do not come: {}", next, problem.empty() ? "the brokers say nothing" : problem));
    }
  }
  if (keys) keys->forget_old();
  return {};
}

}  // namespace bywash::analytics
