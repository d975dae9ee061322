// One partition of a REALTIME table: poll → decode → append → publish → seal → commit, on a thread of its own, which is the only
// writer of the partition's consuming segment.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "analytics/table/json_rows.h"
#include "analytics/table/record_decoder.h"
#include "analytics/table/record_metadata.h"
#include "analytics/table/segment_set.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "kafka/consumer.h"

namespace bywash::analytics {

using ConsumerFactory = std::function<Result<std::unique_ptr<kafka::Consumer>>(kafka::ConsumerOptions)>;

struct PartitionOptions {
  const SchemaConfig* schema = nullptr;  // outlive the consumer, as does `segments`
  const TableConfig* config = nullptr;
  SegmentSet* segments = nullptr;
  ConsumerFactory consumers;
  std::function<int64_t()> now_ms;
  int32_t stream = 0;
  int32_t partition = 0;        // Kafka's
  int32_t partition_count = 1;  // that share the table's rows and bytes
  bool from_start = false;      // no position yet: begin at the start instead of where the config says
  int32_t group() const { return stream * 10000 + partition; }
};

// What consumingSegmentsInfo shows.
struct ConsumingStatus {
  std::string segment;
  int32_t group = 0;
  std::string state;  // CONSUMING, or NOT_CONSUMING while paused or stuck
  int64_t offset = 0;
  int64_t latest_offset = -1;
  int64_t last_consumed_ms = 0;
  int64_t fresh_ms = 0;       // everything written to the topic until then is visible
  std::string problem;        // what keeps it from consuming; empty: nothing
  std::vector<OffsetGap> gaps;  // offsets that were gone from the topic before they were consumed
};

class PartitionConsumer {
 public:
  explicit PartitionConsumer(PartitionOptions options);
  ~PartitionConsumer();
  PartitionConsumer(const PartitionConsumer&) = delete;
  PartitionConsumer& operator=(const PartitionConsumer&) = delete;

  void start();
  // Ends the thread. `seal`: what is consumed is committed first; otherwise it is consumed again at the next start.
  void stop(bool seal);
  // Seals what is there and goes on; paused: seals and waits.
  void force_commit();
  void set_paused(bool paused);
  ConsumingStatus status() const;

 private:
  void run();
  // Tries until it is known where to consume; false: the thread is to end.
  bool begin();
  Status open_consumer();
  Result<Offset> first_offset();
  Status start_segment(int64_t first_offset);
  Result<std::shared_ptr<MutableSegment>> make_segment(int64_t sequence, int64_t first_offset);
  void consume_once();
  void ingest(const columnar::RawBatch& batch);
  // Tries until the decoder answers; false: the thread is to end, and nothing of the batch was taken.
  bool decode(const columnar::RawBatch& batch, std::vector<DecodedRecord>* out);
  // Appends a record's rows to `segment`; with `keys` only those that may stay.
  void take(const columnar::RawBatch& batch, size_t index, const DecodedRecord* text, MutableSegment& segment, UpsertPartition* keys);
  // Records from next_offset_ to `end` are gone from the topic: says so, durably, and goes on at `end`.
  void note_gap(int64_t end);
  // The topic ends before the place where consumption is: it is not the one that was consumed.
  Status other_topic(int64_t topic_end) const;

  // Makes damaged segments of the partition again from the topic, when there are some. Between polls.
  void repair_when_damaged();
  Status repair();
  // The records of a segment's offsets again. kRetriable: the topic did not give them all in time.
  Result<CommittedSegment> consume_again(const SegmentRecord& record, UpsertPartition* keys);
  Status consume_range(const SegmentRecord& record, MutableSegment& segment, UpsertPartition* keys);
  // The partition's keys from its segments, the ones made again among them.
  Status replay(const std::vector<DamagedSegment>& wanted, UpsertPartition& keys, std::vector<CommittedSegment>* made);
  bool full(const MutableSegment& segment) const;
  // Commits the consuming segment; tries again until it succeeds or the thread is to end.
  bool seal();
  bool wait(int64_t millis);
  void report(const IngestCounts& counts);
  void report_position(bool caught_up);
  void set_problem(const std::string& problem);

  PartitionOptions options_;
  const StreamConfig& stream_;
  const TopicPartition origin_;
  const std::string title_;  // for logs: table and partition
  JsonRows rows_;
  const RecordMetadata metadata_;
  std::unique_ptr<RecordDecoder> decoder_;  // nullptr: records are JSON
  std::unique_ptr<kafka::Consumer> consumer_;
  UpsertPartition* keys_ = nullptr;  // of tables with upsert or dedup
  std::array<int64_t, kKeyVerdictCount> refused_by_key_{};  // since the last report
  std::shared_ptr<MutableSegment> segment_;
  int64_t sequence_ = 0;
  int64_t next_offset_ = 0;
  int64_t last_drop_log_ms_ = 0;
  int64_t damages_seen_ = 0;      // of segments_->damages()
  SteadyTime next_repair_{};
  bool lost_place_ = false;       // the topic is not the one that was consumed

  std::atomic<bool> stopping_{false}, seal_at_stop_{false}, force_{false}, paused_{false};
  std::atomic<int64_t> visible_offset_{0}, latest_offset_{-1}, last_consumed_ms_{0}, fresh_ms_{0}, newest_record_ms_{0};
  mutable std::mutex mutex_;
  std::condition_variable woken_;
  std::string problem_, segment_name_;
  std::vector<OffsetGap> gaps_;
  std::thread thread_;
  metrics::Counter* consumed_;
  metrics::Gauge* lag_;
  metrics::Gauge* freshness_;
};

}  // namespace bywash::analytics
