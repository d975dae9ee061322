// The running values of one aggregation for many groups. Scan stage (updates, by block) and merge stage; one query's thread.
#pragma once

#include "analytics/exec/collector.h"
#include "analytics/exec/column_folds.h"
#include "analytics/exec/evaluator.h"
#include "analytics/exec/pair_table.h"
#include "analytics/exec/star_tree_plan.h"
#include "analytics/plan/bound_query.h"
#include "analytics/segment/growing_dictionary.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace bywash::analytics {

class AggregationState {
 public:
  explicit AggregationState(const Aggregation& aggregation);

  // Room for groups 0 .. count - 1; new ones are empty. `spare` more take rows that count for none.
  void resize(size_t count, size_t spare = 0);
  size_t size() const { return size_; }

  // Adds the evaluator's selected rows: the i-th to groups[i], or all to group 0 when `groups` is null.
  void update(Evaluator& evaluator, size_t n, const uint32_t* groups);
  // Adds records of a star-tree: `count` of them from `first` on, or those that `rows` lists, offsets from `first`.
  void add_records(const StarAggregate& records, int64_t first, Selection selection, const uint32_t* groups);
  // What ColumnFolds can fill instead, until resize(). Nothing: update() it is.
  // `counted`: another state counts the same rows, see take_counts().
  std::optional<RawSlots> raw_slots(const Segment& segment, bool counted);
  void take_counts(const AggregationState& other) { counts_ = other.counts_; }

  // Adds group from[i] of `other` to group to[i]. Not for kinds that need values (see needs_values()).
  void merge(const AggregationState& other, const std::vector<uint32_t>& from, const std::vector<uint32_t>& to);
  // Whether the kind keeps values beside numbers: such states are never merged, they are updated in place.
  bool needs_values() const;
  const Aggregation& aggregation() const { return *aggregation_; }
  // Of EXPRMIN and EXPRMAX: the values of a group.
  const std::vector<Cell>& values(size_t group) const { return *collector_->values(group); }
  int64_t memory_bytes() const;

  // The results of all groups.
  void finish(Vector* out);

 private:
  int64_t whole_sum(size_t group) const { return integers_[group] + (odd_.empty() ? 0 : odd_[group]); }
  void update_numbers(const Vector& values, size_t n, const uint32_t* groups);
  void update_column(const Vector& values, size_t n, const uint32_t* groups);
  void add_values(const Vector& values, const Vector* second, size_t n, const uint32_t* groups);
  void collect(const Vector& values, const Vector* second, size_t n, const uint32_t* groups);
  void update_rows(Evaluator& evaluator, size_t n, const uint32_t* groups);
  void update_values(const Vector& values, size_t n, const uint32_t* groups);
  bool is_set_of_values() const;
  void update_ids(Evaluator& evaluator, const ColumnView& column, size_t n, const uint32_t* groups);
  void mark_seen(size_t n, const uint32_t* groups);
  void update_by_time(Evaluator& evaluator, size_t n, const uint32_t* groups);
  void finish_distinct(Vector* out);
  void finish_percentile(Vector* out);
  void finish_mode(Vector* out);

  const Aggregation* aggregation_;
  std::unique_ptr<Collector> collector_;
  std::vector<uint8_t> seen_;          // null handling: groups that have a value
  Vector spread_, known_, known_second_;  // values without arrays, without nulls
  std::vector<uint32_t> spread_groups_, known_groups_;
  bool integer_argument_ = false;  // INT: sums are exact in int64
  size_t size_ = 0, spare_ = 0;
  std::vector<int64_t> counts_, integers_;
  std::vector<int64_t> odd_;       // the other half of whole sums (kernels::WholeSums), of few groups; empty: none yet
  std::vector<double> reals_, mins_, maxs_;
  // Values seen: distinct kinds and mode.
  std::unique_ptr<GrowingDictionary> values_;
  std::unique_ptr<PairTable> pairs_;      // (group, value id)
  std::vector<int64_t> pair_counts_;      // mode
  const Segment* numbered_ = nullptr;     // whose column's ids numbers_ turns into values_' ids
  DictionaryView numbered_values_;
  std::vector<uint32_t> numbers_, ids_;
  std::vector<std::pair<uint32_t, double>> ranked_;  // percentile: (group, value)
  std::vector<int64_t> times_;            // first and last with time
  std::vector<Scalar> picked_;
};

}  // namespace bywash::analytics
