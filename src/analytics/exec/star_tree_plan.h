// Whether and how a star-tree of a segment answers a query: which of its records, as Pinot's StarTreeUtils and StarTreeFilterOperator
// (Apache Pinot 1.5.1) choose them. Prune stage; made per query and segment.
#pragma once

#include "analytics/exec/evaluator.h"
#include "analytics/plan/bound_query.h"
#include "analytics/segment/star_tree_view.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bywash::analytics {

// The columns of a tree's records that hold one aggregation; those that it does not need are null.
struct StarAggregate {
  const int64_t* counts = nullptr;
  const int64_t* whole_sums = nullptr;
  const double* real_sums = nullptr;
  const double* mins = nullptr;
  const double* maxs = nullptr;
};

class StarTreePlan {
 public:
  // Nothing when no tree of the segment has the query's columns and aggregations. The segment's own filter is not kNone.
  static std::optional<StarTreePlan> make(const BoundQuery& query, const Filter& filter, const Segment& segment, Evaluator* evaluator);

  // The part of the filter that the tree does not hold: ranges of columns without dictionary, to be decided for blocks of rows. Where it is
  // not null, the answer is add_up() of the runs of blocks that pass whole, and a scan of those that pass in part.
  const Filter* rest() const { return rest_.get(); }
  uint32_t run_rows() const { return tree_->running_rows; }
  // Runs [first, end) of multiples of run_rows() become the values of records; answers those that have rows, ascending.
  std::vector<uint32_t> add_up(const std::vector<std::pair<uint32_t, uint32_t>>& runs);

  // How many sums add_up() reads of each run.
  int64_t sums_per_run() const { return int64_t{tree_->running_records} * static_cast<int64_t>(sums_.size()); }
  const Segment& records() const { return *tree_->records; }
  const std::vector<StarAggregate>& aggregates() const { return aggregates_; }
  // Ascending. `entries_scanned` grows by the ids that had to be looked at. Nothing: more than `effort_max` nodes and records would be read.
  std::optional<std::vector<uint32_t>> matching(int64_t* entries_scanned, int64_t effort_max) const;
  // Columns that are read of each record: group keys and aggregations ("sum__shares"), as Pinot counts and shows them.
  const std::vector<std::string>& projected() const { return projected_; }

 private:
  // The ids that a dimension's predicates let pass; empty: it has none.
  using PassingIds = std::vector<uint8_t>;
  explicit StarTreePlan(const StarTree& tree) : tree_(&tree) {}
  void descend(const StarNode& node, size_t dimension, bool may_use_star, std::vector<uint32_t>* next) const;

  const StarTree* tree_;
  std::vector<StarAggregate> aggregates_;
  FilterPtr rest_;
  struct Sums {
    const int64_t* running = nullptr;
    std::vector<int64_t> values;
  };
  std::vector<Sums> sums_;             // of add_up(): counts first; aggregates_ point into them
  std::vector<PassingIds> passing_;    // per dimension
  std::vector<size_t> passing_count_;
  std::vector<bool> grouped_;          // per dimension
  std::vector<std::string> projected_;
};

}  // namespace bywash::analytics
