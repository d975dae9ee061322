// The segments of one table: recovered from its folder on open, committed one by one, handed to queries as one consistent list.
// Table line, seal and commit stages; each call locks for a moment, no lock is held while a file is written or a query runs.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "analytics/segment/mutable_segment.h"
#include "analytics/segment/segment_file.h"
#include "analytics/table/manifest.h"
#include "analytics/table/schema_config.h"
#include "analytics/table/table_config.h"
#include "analytics/table/time_format.h"
#include "analytics/table/upsert.h"

namespace bywash::analytics {

// A segment as lists and the size endpoint show it.
struct SegmentStatus {
  std::string name;
  bool consuming = false;
  int64_t rows = 0, bytes = 0;
};

// A committed segment whose file cannot be read.
struct DamagedSegment {
  SegmentRecord record;
  std::string reason;
  bool lost = false;  // what it was made of is gone: it cannot be made again
};

// A sealed segment with its record of the manifest.
struct CommittedSegment {
  SegmentRecord record;
  std::shared_ptr<const Segment> segment;
};

class SegmentSet {
 public:
  // Opens `folder` (made when missing): removes files that the manifest doesn't list, maps those that it does. A listed file that is
  // missing or damaged is an ERROR in the log and in damaged(); the others are served.
  static Result<std::unique_ptr<SegmentSet>> open(const std::string& folder, const SchemaConfig& schema, const TableConfig& config);

  Manifest& manifest() { return *manifest_; }

  // The partition's consuming segment from now on, visible to queries.
  void set_consuming(int32_t group, std::shared_ptr<MutableSegment> segment);
  // The keys of the partition, for its thread alone; nullptr: the table knows no keys.
  UpsertPartition* keys_of(int32_t group);
  // segment.publish(), and what its keys change in other rows, as one step for queries.
  void publish(int32_t group, MutableSegment& segment, int64_t next_offset);
  // Makes the published rows of `segment` durable: file, then manifest record with its offsets, then the sealed segment takes its
  // place in queries and `next` becomes the consuming one. On error nothing has changed.
  Status commit(int32_t group, int64_t sequence, const MutableSegment& segment, std::shared_ptr<MutableSegment> next);
  // Rows that come from no partition, in two steps: the file, under a name of its time range and creation; then many of them into the
  // manifest and into queries at once. What is staged and never committed is to be discarded, or goes at the next start.
  Result<CommittedSegment> stage(const MutableSegment& segment);
  Status commit_staged(const std::vector<CommittedSegment>& staged);
  void discard_staged(const std::vector<CommittedSegment>& staged);
  // A segment under its own name, in place of the one that has it; queries see the one or the other. On error nothing has changed.
  Status put(const MutableSegment& segment);
  bool has(const std::string& name) const;
  // The files that the committed segments were made of, by URI.
  std::map<std::string, SourceFile> sources() const;
  // Forgets these segments: manifest first, then the files. Queries that hold them go on.
  Status drop(const std::vector<std::string>& names);
  // Committed segments whose file has other indexes than the table's config asks for, or damaged ones.
  std::vector<std::string> outdated() const;
  // Writes one of these anew, with the same rows, and puts it in its place; queries go on meanwhile. Answers its name, '' when none is
  // left. After an error the others are made first, then that one is tried again.
  Result<std::string> rebuild_one();
  // Looks at a segment's file again: a damaged index is found now, and made again; a segment that cannot be read is left out of answers
  // from now on, and damaged() has it; one that can again, comes back. kNotFound: there is no such segment.
  Status reload(const std::string& name);
  // Committed segments whose newest record is older than the retention.
  std::vector<std::string> expired(int64_t now_ms) const;

  // What a query sees: committed segments that are not expired, and the consuming ones as published. `kept` (may be null) becomes the
  // rows that count of each, empty where the table knows no keys.
  std::vector<std::shared_ptr<const Segment>> snapshot(int64_t now_ms, std::vector<std::shared_ptr<const ValidRows>>* kept = nullptr) const;
  std::vector<SegmentStatus> list() const;
  std::vector<std::string> damaged() const;
  // Those of a snapshot's time that answers leave out: damaged() without what is expired.
  std::vector<std::string> missing(int64_t now_ms) const;
  // Grows whenever a segment is found damaged.
  int64_t damages() const { return damages_.load(std::memory_order_acquire); }

  // For the partition's thread, which consumes damaged segments again. Those of the partition that are not lost, in order of consumption.
  std::vector<DamagedSegment> repairable(int32_t group) const;
  // It stays damaged: why is an ERROR in the log and in the segment's debug view.
  void give_up(const std::string& name, const std::string& why);
  // The sealed segments of the partition that can be read, in order of consumption.
  std::vector<CommittedSegment> sealed_of(int32_t group) const;
  // A damaged segment whose file can be read after all: somebody has put a copy in its place.
  Result<CommittedSegment> open_again(const SegmentRecord& record) const;
  // New rows for a damaged segment, into its file; replace() then makes them count.
  Result<CommittedSegment> seal_again(const SegmentRecord& record, const MutableSegment& rows);
  // In place of the damaged ones of these names. `keys`: those of the partition with these segments among the others; nullptr: the
  // table knows none.
  Status replace(int32_t group, const std::vector<CommittedSegment>& segments, std::unique_ptr<UpsertPartition> keys);
  std::unique_ptr<UpsertPartition> new_keys() const { return rules_.config.on() ? std::make_unique<UpsertPartition>(rules_) : nullptr; }
  std::string damage_of(const std::string& name) const;  // why it cannot be read; empty: it is not damaged
  // Grows whenever a segment has been sealed, written anew or dropped: much memory may have become free then.
  int64_t changes() const { return changes_.load(std::memory_order_relaxed); }
  // Newest time of the committed segments (epoch ms); nothing when unknown.
  std::optional<int64_t> max_end_ms() const;

 private:
  SegmentSet(std::string folder, const SchemaConfig& schema, const TableConfig& config);
  Status recover();
  void recover_keys();
  Result<CommittedSegment> seal(const Segment& rows);
  void find_times(const Segment& segment, SegmentRecord& record) const;
  bool is_outdated(const Segment& segment) const;
  bool is_expired(const SegmentRecord& record, int64_t now_ms) const;
  std::string path_of(const std::string& name) const { return folder_ + "/segments/" + name + ".seg"; }

  const std::string folder_;
  const std::shared_ptr<const TableSchema> schema_;
  const std::string log_name_, table_name_;
  const SealOptions seal_options_;
  const std::string index_settings_;
  std::optional<int64_t> retention_ms_;
  int time_field_ = -1;
  std::optional<TimeFormat> time_format_;
  std::unique_ptr<Manifest> manifest_;

  const UpsertRules rules_;
  mutable std::mutex mutex_;
  std::map<int32_t, std::unique_ptr<UpsertPartition>> keys_;
  std::map<std::string, CommittedSegment> committed_;
  std::map<int32_t, std::shared_ptr<MutableSegment>> consuming_;
  std::map<std::string, DamagedSegment> damaged_;
  std::set<std::string> not_rebuilt_;  // tried in vain
  std::atomic<int64_t> changes_{0}, damages_{0};
};

}  // namespace bywash::analytics
