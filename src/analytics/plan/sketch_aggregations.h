// Aggregations that make a sketch for others to read (RAW kinds), merge sketches that a BYTES column holds, or combine theta sketches of
// filtered values. Query line, bind stage.
#pragma once

#include "analytics/plan/bound_query.h"
#include "analytics/plan/data_sketches.h"
#include "analytics/plan/filter_binder.h"
#include "analytics/sql/query.h"
#include "base/status.h"

#include <memory>
#include <string>
#include <vector>

namespace bywash::analytics {

enum class SketchResult : uint8_t { kCount, kRoundedDownCount, kBase64, kHex, kQuantile, kTupleSum, kTupleAverage };

// Sets of a theta aggregation by number, 0: all values, 1 and on: those of the filters. Leaves name a set.
struct SketchSets {
  SetOperation operation = SetOperation::kUnion;
  size_t set = 0;
  std::vector<SketchSets> parts;  // empty: a leaf
};

struct SketchPlan {
  SketchKind kind = SketchKind::kTheta;
  SketchResult result = SketchResult::kCount;
  double size = 0;    // see make_sketch()
  float share = 1;
  double rank = 0;    // kQuantile: 0..1
  SketchSets sets;
};

// Whether `name` is bound by bind_sketch_aggregation() for a column of `type`; `arguments`: how many there are.
bool is_sketch_aggregation(std::string_view name, DataType type, size_t arguments);
// `out` has its argument, and its percentile where one is named. Sets its kind, result and plan.
Status bind_sketch_aggregation(std::string_view name, const sql::Expression& call, const BindExpression& bind, Aggregation* out);

}  // namespace bywash::analytics
