// Aggregations that look at whole rows instead of one value of each: funnels, EXPRMIN and EXPRMAX, sums of arrays. Query line, bind stage.
#pragma once

#include "analytics/plan/bound_query.h"
#include "analytics/plan/filter_binder.h"
#include "analytics/sql/query.h"
#include "base/status.h"

namespace bywash::analytics {

bool takes_rows(Collected kind);
// Binds the arguments; `out` has its kinds and result type, of which it sets what depends on the arguments.
Status bind_row_aggregation(const sql::Expression& call, const BindExpression& bind, Aggregation* out);

// The name of the result's column where it is not the call's text (getResultColumnName() of the funnel functions 1.5.1); else empty.
std::string funnel_column_name(const sql::Expression& call);

}  // namespace bywash::analytics
