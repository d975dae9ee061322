// Upsert and dedup of one partition: which row of a primary key counts. Append step of the table line, on the partition's thread alone;
// what queries see changes in publish(), under the table's lock. Semantics: ConcurrentMapPartitionUpsertMetadataManager and
// ConcurrentMapPartitionDedupMetadataManager of Apache Pinot 1.5.1.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "analytics/segment/mutable_segment.h"
#include "analytics/segment/segment.h"
#include "analytics/segment/valid_rows.h"
#include "analytics/table/key_map.h"
#include "analytics/table/upsert_config.h"
#include "base/memory_budget.h"

namespace bywash::analytics {

// A table's config, its columns found in the schema (fields by number; -1: none).
struct UpsertRules {
  UpsertConfig config;
  std::vector<size_t> keys;
  std::vector<size_t> comparisons;  // none: of equal keys the last row counts
  int deleted = -1;
  int out_of_order = -1;
  std::vector<MergeStrategy> strategies;  // per field: what a row takes of its key's row
  std::vector<MergeStrategy> revival;     // the same where that row deleted the key


  // The config was checked against this schema.
  static UpsertRules of(const UpsertConfig& config, const TableSchema& schema, const std::string& time_column);
};

// What became of a row.
enum class KeyVerdict { kTaken, kDuplicate, kOutOfOrder, kNotComparable };
inline constexpr size_t kKeyVerdictCount = 4;
std::string_view to_string(KeyVerdict verdict);

class UpsertPartition {
 public:
  explicit UpsertPartition(UpsertRules rules) : rules_(std::move(rules)) {}

  // Rows that follow belong to `segment`: sealed, or a view of the consuming one, whose later rows are read through it too.
  // Under the table's lock.
  void begin(std::shared_ptr<const Segment> segment);
  // Makes the newest row of the consuming segment, unpublished, what its key's row leaves of it (partial upserts, several comparison
  // columns), and writes into it whether it came too late (outOfOrderRecordColumn). Before add(), where edits() says so.
  void edit(MutableSegment& segment, uint32_t row);
  bool edits() const { return merges() || rules_.out_of_order >= 0; }
  // Takes the row, the segment's newest; if not kTaken, it must not stay in the segment: a duplicate, out of order and to be dropped,
  // or with another number of comparison values than one.
  KeyVerdict add(uint32_t row);
  // Makes queries see what add() decided. Under the table's lock, together with the rows.
  void publish();
  // The current segment is sealed: its rows are read from there. Under the table's lock.
  void sealed(std::shared_ptr<const Segment> segment);
  // Forgets keys past their time to live, and those of dropped segments. Between segments, on the partition's thread.
  void forget_old();
  // The segment of this name is no more. Under the table's lock.
  void drop(const std::string& name);
  // The rows of the segment of this name that count; nullptr: all. Under the table's lock.
  std::shared_ptr<const ValidRows> rows_of(const std::string& name);

  // Of the segments that it knows, in the order of begin(). Under the table's lock.
  std::vector<std::string> segment_names() const;
  size_t keys() const { return map_.size(); }
  int64_t memory_bytes() const { return map_.memory_bytes(); }

 private:
  struct Part {
    std::string name;
    std::shared_ptr<const Segment> segment;  // the partition's thread alone; nullptr once forgotten
    RowBits bits;
    std::shared_ptr<std::atomic<bool>> gone = std::make_shared<std::atomic<bool>>(false);
  };
  KeyHash key_of(const Segment& segment, int64_t row);
  double comparison_of(RowPlace place) const;
  bool merges() const { return rules_.config.partial || rules_.comparisons.size() > 1; }
  bool is_older(RowPlace now, RowPlace known) const;
  bool has_one_comparison(const Segment& segment, int64_t row) const;
  bool is_deletion(RowPlace place) const;
  bool is_stale(RowPlace place) const { return rules_.config.metadata_ttl > 0 && comparison_of(place) < newest_ - rules_.config.metadata_ttl; }
  bool gone(RowPlace place) const { return parts_[place.segment].gone->load(std::memory_order_relaxed); }

  const UpsertRules rules_;
  KeyMap map_;
  std::vector<Part> parts_;
  std::map<std::string, size_t> numbers_;           // of parts_, by name; read under the table's lock
  std::vector<std::pair<RowPlace, bool>> changes_;  // since the last publish()
  bool refused_ = false;                            // by edit(): the row of the next add() has no one comparison value
  double newest_ = -1e300;                          // comparison value, for times to live
  std::string key_;
  Reservation reservation_;
};

}  // namespace bywash::analytics
