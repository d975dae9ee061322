// Functions with a BIG_DECIMAL among their arguments. Query line, bind stage.
#pragma once

#include <optional>

#include "analytics/plan/functions.h"

namespace bywash::analytics {

// Whether a BIG_DECIMAL is among the arguments, and neither an array nor a literal NULL.
bool takes_decimals(const FunctionArgs& call);
// The exact form of arithmetic and comparisons; nothing: the function has none.
std::optional<BoundFunction> bind_decimal_function(const FunctionArgs& call);
// Any other function of numbers, which gets the BIG_DECIMAL arguments as DOUBLE.
Result<BoundFunction> bind_with_doubles(const FunctionEntry& entry, const FunctionArgs& call);
// What a function sees of such an argument: the same node, of type DOUBLE. Not for an evaluator.
BoundPtr as_double(const BoundPtr& decimal);

}  // namespace bywash::analytics
