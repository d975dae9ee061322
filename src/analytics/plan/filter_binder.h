// Turns boolean expressions into filters: predicates on columns where one column meets literals, expressions otherwise.
#pragma once

#include "analytics/plan/predicate.h"
#include "analytics/sql/query.h"
#include "base/status.h"

#include <functional>

namespace bywash::analytics {

// `bind` binds any normalised expression against the table.
using BindExpression = std::function<Result<BoundPtr>(const sql::ExpressionPtr&)>;

// `null_handling`: three truth values; rows whose truth is unknown do not pass, under NOT neither.
Result<FilterPtr> bind_filter(const sql::ExpressionPtr& expression, const BindExpression& bind, bool null_handling);

}  // namespace bywash::analytics
