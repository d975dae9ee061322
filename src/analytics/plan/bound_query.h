// A query bound to a table's schema: what the scan computes and how its results become rows. Query line, between bind and prune.
#pragma once

#include "analytics/plan/expression.h"
#include "analytics/plan/predicate.h"
#include "analytics/sql/query.h"

#include <string>
#include <vector>

namespace bywash::analytics {

enum class AggregationKind : uint8_t {
  kCount, kSum, kMin, kMax, kAvg, kMinMaxRange, kDistinctCount, kDistinctSum, kDistinctAvg, kPercentile, kMode, kFirstWithTime, kLastWithTime,
  kBoolAnd, kBoolOr
};

struct Aggregation {
  AggregationKind kind = AggregationKind::kCount;
  BoundPtr argument;       // nullptr: COUNT(*)
  BoundPtr time;           // of FIRSTWITHTIME and LASTWITHTIME
  double percentile = 0;
  FilterPtr filter;        // FILTER(WHERE ...); nullptr: none
  DataType result = DataType::kDouble;
};

struct OutputColumn {
  std::string name;
  BoundPtr value;
};

struct OrderKey {
  BoundPtr value;
  bool descending = false;
};

enum class QueryShape : uint8_t { kSelection, kDistinct, kAggregation, kGroupBy };

struct BoundQuery {
  QueryShape shape = QueryShape::kSelection;
  FilterPtr filter;                       // never null
  // kSelection: `output` and `order` read the table. Other shapes: they read inputs: first the keys, then the aggregations.
  std::vector<BoundPtr> keys;
  std::vector<Aggregation> aggregations;
  std::vector<OutputColumn> output;
  BoundPtr having;                        // BOOLEAN over inputs, or nullptr
  std::vector<OrderKey> order;
  int64_t limit = 10, offset = 0;
  size_t slots = 0;                       // for evaluators
  size_t projected_columns = 0;           // distinct table columns read after the filter
};

}  // namespace bywash::analytics
