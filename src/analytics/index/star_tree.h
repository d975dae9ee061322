// Star-trees: records of a segment aggregated by some of its columns, sorted, with further records in which columns are left out
// ("star"), and a tree of nodes over them. A port of Pinot's layout in plain arrays (BaseSingleTreeBuilder, Apache Pinot 1.5.1): the same
// nodes and the same number of records, so that queries scan as many. Built at seal, from plain columns; any thread.
#pragma once

#include "base/status.h"

#include <cstdint>
#include <vector>

namespace bywash::analytics {

// The id of a node that stands for every value of its column.
constexpr uint32_t kStarId = UINT32_MAX;

// What is kept of one aggregation. Sums of whole numbers are kept whole where they cannot overflow.
enum class StarValue : uint8_t { kCount, kSumWhole, kSumReal, kMin, kMax };

// A node's records are [first_record, end_record); all of them together are `aggregated`. Children stand in order of their ids, a star
// node last; a node without children is a leaf.
struct StarNode {
  uint32_t id = kStarId;
  uint32_t first_record = 0, end_record = 0;
  uint32_t aggregated = 0;
  uint32_t first_child = 0, end_child = 0;
  bool leaf() const { return first_child == end_child; }
  bool has_star(const StarNode* nodes) const { return !leaf() && nodes[end_child - 1].id == kStarId; }
};

// One aggregation's values, per row or per record: `whole` of kCount and kSumWhole, else `real`. Of rows, kCount has none.
struct StarValues {
  StarValue kind = StarValue::kCount;
  std::vector<int64_t> whole;
  std::vector<double> real;
};

struct StarTreeInput {
  std::vector<std::vector<uint32_t>> dimensions;  // dictionary ids by row, in the order of splitting
  std::vector<bool> without_star;                 // per dimension
  std::vector<StarValues> values;
  uint32_t rows = 0;
  uint32_t max_leaf_records = 10'000;
  uint64_t max_bytes = uint64_t{1} << 30;         // of records
  uint32_t block_rows = 0;                        // sums are kept for blocks of so many rows; 0: none are
};

// Whole sums and counts of the records without stars, over the rows before each multiple of `rows`: what a query adds up when another
// column's range lets runs of rows pass. Not in Pinot, which scans the rows then.
struct StarRunningSums {
  uint32_t rows = 0;                              // 0: there are none
  uint32_t records = 0;                           // the first so many of the tree
  std::vector<std::vector<int64_t>> sums;         // per column of values; after each `rows` rows one for every record; empty: not a whole number
};

struct BuiltStarTree {
  std::vector<StarNode> nodes;                    // the root first; empty: of no rows
  std::vector<std::vector<uint32_t>> dimensions;  // ids by record; 0 where the column is left out, as in Pinot
  std::vector<StarValues> values;                 // by record
  StarRunningSums running;
  uint32_t records() const { return dimensions.empty() ? 0 : static_cast<uint32_t>(dimensions[0].size()); }
};

// kInvalid: the tree would need more than max_bytes.
Result<BuiltStarTree> build_star_tree(const StarTreeInput& input);

}  // namespace bywash::analytics
