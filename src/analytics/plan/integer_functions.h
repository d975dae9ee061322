// Arithmetic that stays whole. Query line, bind stage.
#pragma once

#include <optional>

#include "analytics/plan/functions.h"

namespace bywash::analytics {

// plus, minus and times over results of aggregations and group keys: LONG where all are whole numbers, with Java's wrap (PlusScalarFunction and
// its like, Apache Pinot 1.5.1). Nothing: the function or its arguments are others.
std::optional<BoundFunction> bind_whole_arithmetic(const FunctionArgs& call);

}  // namespace bywash::analytics
