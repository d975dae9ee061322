// GAPFILL queries: rows of an inner query, put into buckets of time, with rows for what a series has not in a bucket, and an outer query over
// them. The five shapes of org.apache.pinot.core.util.GapfillUtils and GapfillProcessor 1.5.1. Query line; the request's thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "analytics/exec/query_engine.h"

namespace bywash::analytics {

// Whether the text names the function anywhere: a cheap look, before it is parsed.
bool may_gapfill(std::string_view sql);

// Answers such a query. Errors are in `exceptions`: 150 when it cannot be parsed, 700 with Pinot's words when it is of no shape.
QueryResponse answer_gapfill(std::string_view sql, const std::map<std::string, std::string>& options, const TableResolver& tables, CancelFlag cancelled = nullptr);

}  // namespace bywash::analytics
