// Evaluates expressions over all rows of a batch at once. Level 2; one instance per thread.
#pragma once

#include "expressions/values.h"

namespace bywash::expressions {

// The values of `expression` for each row, selected or not. Rows that cannot be computed (a text that is no number, a division by zero) are
// bad in the result, unless CASE, COALESCE, AND or OR do not need them. Error: kinds that do not fit, fields that do not exist; for all
// rows, with position.
Result<Values> evaluate(const Expression& expression, const columnar::Batch& batch);

}  // namespace bywash::expressions
