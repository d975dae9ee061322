// EXPLAIN PLAN FOR: how a query would run, as rows of operators in the form of Pinot's single-stage engine. Query line, beside scan.
#pragma once

#include "analytics/exec/query_engine.h"
#include "analytics/plan/aggregations.h"
#include "analytics/plan/bound_query.h"

namespace bywash::analytics {

// Reads no rows: only what prunes segments and chooses indexes.
QueryResponse explain(const sql::Query& query, const BoundQuery& bound, const TableSnapshot& table, bool use_star_trees);

}  // namespace bywash::analytics
