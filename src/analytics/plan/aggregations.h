// Aggregation functions by Pinot's names: what each computes, what it takes and answers. Query line, bind stage.
#pragma once

#include "analytics/plan/bound_query.h"
#include "analytics/plan/filter_binder.h"
#include "analytics/sql/query.h"
#include "base/status.h"

#include <string_view>

namespace bywash::analytics {

// Canonical names: lower case, no underscores; "percentile95" counts too.
bool is_aggregation(std::string_view function);
// The tree holds an aggregation anywhere.
bool has_aggregation(const sql::Expression& expression);

// Binds a call of an aggregation (not FILTER around it). `null_handling`: COUNT(x) counts x that are not null, and so on.
Status bind_aggregation(const sql::Expression& call, const BindExpression& bind, bool null_handling, Aggregation* out);

}  // namespace bywash::analytics
