// A sealed segment's star-tree as queries read it, and what one is configured to be (StarTreeIndexConfig, Apache Pinot 1.5.1).
// Seal stage and scan stage; immutable, any thread.
#pragma once

#include "analytics/index/star_tree.h"
#include "analytics/segment/segment.h"

#include <memory>
#include <string>
#include <vector>

namespace bywash::analytics {

// Aggregations that a tree can hold.
enum class StarFunction : uint8_t { kCount, kSum, kMin, kMax, kAvg, kMinMaxRange };
// "count", "minmaxrange", ...: Pinot's names in lower case.
std::string_view to_string(StarFunction function);

// An aggregation of a column; COUNT's is "*".
struct StarPair {
  StarFunction function = StarFunction::kCount;
  std::string column;
  // sum__shares
  std::string name() const { return std::string(to_string(function)) + "__" + column; }
  friend bool operator==(const StarPair&, const StarPair&) = default;
};

struct StarTreeSpec {
  std::vector<std::string> dimensions;     // dimensionsSplitOrder
  std::vector<std::string> without_star;   // skipStarNodeCreationForDimensions
  std::vector<StarPair> pairs;
  uint32_t max_leaf_records = 10'000;
};

struct StarTree {
  StarTreeSpec spec;
  std::vector<size_t> dimension_fields;     // of the schema
  const StarNode* nodes = nullptr;          // the root first
  uint32_t node_count = 0;
  // Its records as a segment: dimension columns with the dictionaries of the segment itself. Other columns are not to be read.
  std::shared_ptr<const Segment> records;

  struct Column {
    StarValue kind = StarValue::kCount;
    std::string column;                     // of kCount "*"
    const int64_t* whole = nullptr;
    const double* real = nullptr;
    const int64_t* running = nullptr;       // StarRunningSums of the column; nullptr: none
  };
  std::vector<Column> values;
  uint32_t running_rows = 0, running_records = 0;
  const Column* find(StarValue kind, std::string_view column) const {
    for (const Column& value : values) {
      if (value.kind == kind && value.column == column) return &value;
    }
    return nullptr;
  }
};

}  // namespace bywash::analytics
