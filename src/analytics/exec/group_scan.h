// The scan of aggregations, GROUP BY and DISTINCT: rows of blocks into groups. Few dictionary-encoded keys go into dense arrays, which
// segments with the same dictionaries share; anything else goes to the query's groups directly. One query's thread.
#pragma once

#include "analytics/exec/aggregation_state.h"
#include "analytics/exec/groups.h"
#include "analytics/exec/segment_filter.h"
#include "analytics/plan/bound_query.h"

#include <memory>
#include <optional>
#include <vector>

namespace bywash::analytics {

class GroupScan {
 public:
  GroupScan(const BoundQuery& query, Evaluator* evaluator);

  // `whole`: every row of the segment will be consumed.
  void begin(const Segment& segment, bool whole);
  // From now on rows are records of a star-tree, which outlives end().
  void begin(const StarTreePlan& plan);
  // Rows of one block. Returns how many rows aggregations took in.
  size_t consume(int64_t first_row, Selection selection);
  size_t consume(int64_t first_row, TestedRows rows);
  void end();
  int64_t entries_scanned_in_filters() const { return entries_scanned_; }

  size_t group_count() const { return finished_dense_ ? dense_count_ : groups_.size(); }
  int64_t memory_bytes() const;
  // Of EXPRMIN and EXPRMAX: the values of the aggregation number `index` for a group of finish().
  const std::vector<Cell>& values(size_t index, size_t group) const { return states_[index].values(group); }
  // The inputs of the query's outputs: keys, then aggregations; one entry per group.
  void finish(std::vector<Vector>* inputs);

 private:
  void share_counts();
  void start(const Segment& segment, bool whole);
  void reserve_ids();
  bool has_dense_dictionaries(const Segment& segment) const;
  bool plan_dense(const Segment& segment, bool known);
  void start_dense(const Segment& segment);
  void merge_dense();
  void finish_dense(std::vector<Vector>* inputs);
  template <class Selected>
  void consume_dense(int64_t first_row, Selection rows, kernels::Ids ids, Selected selected);
  static Selection listed(Selection rows) { return rows; }
  Selection listed(TestedRows rows);
  void plan_folds(std::vector<AggregationState>& states);
  kernels::Ids dense_ids(int64_t first_row, Selection rows);
  const uint32_t* dense_groups(int64_t first_row, Selection selection);
  void consume_hashed(int64_t first_row, Selection selection);
  void expand(int64_t first_row, Selection selection);
  void flush_expanded(int64_t first_row);
  const uint32_t* hashed_groups(int64_t first_row, Selection selection);
  void key_ids(size_t key, int64_t first_row, Selection selection, uint32_t* out);
  void number_keys(size_t key, const ColumnView& column, int64_t first_row, Selection selection);
  void number_values(const Vector& values, size_t key, size_t count, uint32_t* out);
  std::optional<size_t> column_of_key(const Bound& key, const Segment& segment) const;
  void null_masks(int64_t first_row, Selection selection);
  void list_elements(int64_t first_row, Selection selection);
  bool nullable_key(const Segment& segment) const;
  void update(AggregationState& state, size_t index, int64_t first_row, Selection selection, const uint32_t* groups);
  void update_filtered(AggregationState& state, size_t index, int64_t first_row, Selection selection, const uint32_t* groups);

  const BoundQuery& query_;
  Evaluator* evaluator_;
  Groups groups_;
  std::vector<AggregationState> states_;
  std::vector<size_t> not_raw_;                       // states that folds_ does not fill
  ColumnFolds folds_;
  std::vector<std::optional<size_t>> counted_by_;  // per aggregation: the one whose counts are its own too
  bool any_values_ = false, multi_keys_ = false, real_sums_ = false;
  const Segment* segment_ = nullptr;
  const StarTreePlan* star_tree_ = nullptr;
  std::vector<std::unique_ptr<SegmentFilter>> filters_;  // of aggregations, for the segment
  int64_t entries_scanned_ = 0;

  // Dense: group number = Σ id(key) · stride(key).
  bool dense_ = false, all_seen_ = false;
  bool open_ = false;                        // what local_ holds is not in groups_ yet
  bool finished_dense_ = false;
  size_t dense_size_ = 0, dense_count_ = 0;
  std::vector<DictionaryView> dense_of_;     // per key: whose ids make up local_'s group numbers
  std::vector<size_t> strides_;
  std::vector<AggregationState> local_;
  std::vector<uint8_t> seen_;

  // Per key that is a column of dictionary ids or of few whole numbers, or an expression over one: that column, and its code → groups_'
  // value number. Kept from segment to segment while the dictionaries are equal.
  std::vector<std::optional<size_t>> key_columns_;
  std::vector<std::vector<uint32_t>> translations_;
  std::vector<DictionaryView> translated_;           // per key: the dictionary that the translation is of
  std::vector<std::vector<uint32_t>> ids_;           // per key, of the block
  std::vector<uint32_t> block_groups_, some_groups_;
  std::vector<std::byte> masked_groups_;
  // Of array keys that are no columns: value numbers of the block's rows, in groups_' dictionaries.
  std::vector<std::vector<uint32_t>> element_numbers_, element_offsets_;
  std::vector<uint16_t> listed_rows_, some_rows_, expanded_rows_, new_rows_;
  std::vector<uint32_t> new_numbers_;
  std::vector<uint8_t> mask_;
};

}  // namespace bywash::analytics
