// A query bound to a table's schema: what the scan computes and how its results become rows. Query line, between bind and prune.
#pragma once

#include "analytics/plan/expression.h"
#include "analytics/plan/id_set.h"
#include "analytics/plan/predicate.h"
#include "analytics/sql/query.h"

#include <string>
#include <vector>

namespace bywash::analytics {

enum class AggregationKind : uint8_t {
  kCount, kSum, kMin, kMax, kAvg, kMinMaxRange, kDistinctCount, kDistinctSum, kDistinctAvg, kPercentile, kMode, kFirstWithTime, kLastWithTime,
  kBoolAnd, kBoolOr,
  kCollected  // whatever keeps more than a few numbers a group: see Collected
};

// Kinds of kCollected.
enum class Collected : uint8_t {
  kNone, kVarPop, kVarSamp, kStdDevPop, kStdDevSamp, kSkewness, kKurtosis, kCovarPop, kCovarSamp, kTDigest, kHyperLogLog, kHistogram, kArrayAgg, kListAgg,
  kMinText, kMaxText, kMinLong, kMaxLong, kSumLong, kSumPrecision, kAnyValue, kRawHyperLogLog, kIdSet, kSketch,
  // These look at whole rows: Aggregation::arguments.
  kThetaSets, kSumArray, kExprMin, kExprMax, kFunnelCount, kFunnelMaxStep, kFunnelMatchStep, kFunnelCompleteCount, kFunnelDurations, kFunnelEvents
};

// What the functions over steps in a window of time are told beside their columns.
struct Funnel {
  int64_t window = 0;             // in the time's own unit
  int64_t step_duration_max = 0;  // 0: none
  size_t steps = 0;
  bool strict_deduplication = false, strict_order = false, strict_increase = false, keep_all = false;
  std::vector<std::string> durations;  // AVG, MEDIAN, MIN, MAX, COUNT, PERCENTILE95
};

struct SketchPlan;  // sketch_aggregations.h

struct Aggregation {
  AggregationKind kind = AggregationKind::kCount;
  BoundPtr argument;       // nullptr: COUNT(*)
  BoundPtr time;           // of FIRSTWITHTIME and LASTWITHTIME
  Collected collected = Collected::kNone;
  BoundPtr second;         // of COVAR_*
  double percentile = 0;
  std::vector<double> numbers;  // edges of HISTOGRAM's bins; t-digest: compression; HLL: log2m; MODE: 0 smallest, 1 largest, 2 average of the most frequent
  std::string separator;   // of LISTAGG
  std::vector<BoundPtr> arguments;  // of kinds that look at whole rows: FUNNEL*: time, steps, then others; FUNNELCOUNT: id, steps; EXPRMIN: value, measures
  std::shared_ptr<const Funnel> funnel;
  IdSetOptions id_set;
  std::shared_ptr<const SketchPlan> sketch;  // of kSketch and kThetaSets
  bool distinct = false;   // of ARRAYAGG, LISTAGG
  bool nullable = false;   // null handling: of no values the result is NULL
  bool sees_defaults = false;  // null handling: a null counts as its default, as without it
  FilterPtr filter;        // FILTER(WHERE ...); nullptr: none
  DataType result = DataType::kDouble;
  bool result_multi = false;
};

struct OutputColumn {
  std::string name;
  BoundPtr value;
  int expanded = -1;  // EXPRMIN, EXPRMAX: the aggregation's number; its values stand in rows of their own
};

struct OrderKey {
  BoundPtr value;
  bool descending = false;
  bool nulls_first = false;  // ascending and descending alike
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
  bool null_handling = false;
  size_t slots = 0;                       // for evaluators
  size_t projected_columns = 0;           // distinct table columns read after the filter
};

}  // namespace bywash::analytics
