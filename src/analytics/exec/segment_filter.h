// A query's filter specialised for one segment: predicates become tests of dictionary ids, sorted row ranges, postings, or constants
// by min and max. Prune and scan stages; made per query and segment.
#pragma once

#include "analytics/exec/evaluator.h"
#include "analytics/plan/predicate.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace bywash::analytics {

// What is known of a range of rows without looking at each.
enum class Verdict : uint8_t { kNone, kAll, kMixed };

// How many dictionary values have to be looked at to make a SegmentFilter, those apart that a search finds.
int64_t values_to_test(const Filter& filter, const Segment& segment);

class SegmentFilter {
 public:
  // More rows than `listed_max` are not read from an index: too_many() then, and only verdict() may be asked.
  SegmentFilter(const Filter& filter, const Segment& segment, Evaluator* evaluator, int64_t listed_max = INT64_MAX);
  ~SegmentFilter();
  bool too_many() const { return too_many_; }

  // Of the whole segment: kNone prunes it, kAll needs no filter.
  Verdict verdict() const;
  // The rows that pass, ascending, when an index alone answers the filter; else nullptr.
  const std::vector<uint32_t>* listed_rows() const;
  // At most how many rows lie in blocks that neither an index nor smallest and largest values leave out.
  int64_t rows_to_test() const;
  // Of the block at `first_row` with `n` rows. When kMixed, mask[i] is 1 for the rows that pass, else 0.
  Verdict test(int64_t first_row, size_t n, uint8_t* mask);
  // What indexes, smallest and largest values say of the block at `first_row`, of a filter that is an AND of such tests; else kMixed.
  Verdict zone_verdict(int64_t first_row) const;
  // Blocks outside of [some_first, some_end) have no row that passes, those in [all_first, all_end) only such, as far as smallest and largest
  // values that ascend from block to block tell without a look at each.
  struct ZoneRuns {
    int64_t some_first = 0, some_end = 0, all_first = 0, all_end = 0;
  };
  ZoneRuns zone_runs() const { return zone_runs(*root_); }
  // Rows whose entries were looked at, as Pinot's numEntriesScannedInFilter counts.
  int64_t entries_scanned() const { return entries_scanned_; }
  // How the filter works on this segment, as Pinot's EXPLAIN PLAN names it: lines with their depth below the first.
  std::vector<std::pair<int, std::string>> explain() const;

 private:
  struct Node;
  void explain(const Node& node, int depth, std::vector<std::pair<int, std::string>>* out) const;
  std::unique_ptr<Node> build(const Filter& filter);
  std::unique_ptr<Node> build_predicate(const Predicate& predicate);
  void build_ids(const Predicate& predicate, const ColumnView& column, Node* node);
  bool use_postings(const ColumnView& column, uint32_t first, uint32_t last, Node* node);
  void build_raw(const Predicate& predicate, const ColumnView& column, Node* node);
  bool use_document_index(const Predicate& predicate, const ColumnView& column, Node* node);
  bool use_range_index(const Predicate& predicate, const ColumnView& column, Node* node);
  Verdict zone_verdict(const Node& node, int64_t first_row) const;
  ZoneRuns zone_runs(const Node& node) const;
  Verdict run(Node& node, int64_t first_row, size_t n, uint8_t* mask);
  Verdict run_junction(Node& node, int64_t first_row, size_t n, uint8_t* mask);
  void run_scan(Node& node, int64_t first_row, size_t n, uint8_t* mask);
  void run_multi(Node& node, int64_t first_row, size_t n, uint8_t* mask);

  const Segment& segment_;
  Evaluator* evaluator_;
  std::unique_ptr<Node> root_;
  std::vector<std::unique_ptr<uint8_t[]>> scratch_;
  size_t depth_ = 0;
  int64_t entries_scanned_ = 0;
  const int64_t listed_max_;
  bool too_many_ = false;
};

}  // namespace bywash::analytics
