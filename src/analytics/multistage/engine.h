// Queries with joins, windows, nested queries and set operations: translated to DuckDB's SQL over scans of one snapshot of each table,
// answered in Pinot's form. Query line; the calling thread runs the query. DuckDB (in memory, locked) reads no files, no
// settings and no environment: its SQL is written here, of what the translation knows.
#pragma once

#include "analytics/exec/broker_response.h"
#include "analytics/exec/query_engine.h"
#include "base/status.h"

#include <map>
#include <string>
#include <string_view>

namespace bywash::analytics {

// The whole line for one request: the single-stage engine, or this one where the text or the option useMultistageEngine asks for it. Never
// fails otherwise than in `exceptions` of the answer, with Pinot's codes.
QueryResponse answer_any(std::string_view sql, const std::map<std::string, std::string>& options, const TableResolver& tables, CancelFlag cancelled = nullptr);
// `single`: what sql::parse() made of the text.
QueryResponse answer_any(std::string_view sql, Result<sql::Query> single, const std::map<std::string, std::string>& options, const TableResolver& tables,
                         CancelFlag cancelled = nullptr);

}  // namespace bywash::analytics
