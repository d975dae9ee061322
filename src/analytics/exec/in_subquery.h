// IN_SUBQUERY and IN_PARTITIONED_SUBQUERY in WHERE: the nested SELECT ID_SET(x) is answered first, its values become a list. The original
// sends a set of ids instead, which for texts and reals may hold more than it was given. Query line, before bind; the request's thread.
#pragma once

#include "analytics/exec/broker_response.h"
#include "analytics/sql/query.h"
#include "base/status.h"

#include <functional>

namespace bywash::analytics {

bool has_in_subquery(const sql::Query& query);
// `run` answers a query. kInvalid: what is wrong with the nested one.
Status resolve_in_subqueries(sql::Query* query, const std::function<QueryResponse(sql::Query)>& run);

}  // namespace bywash::analytics
