// Text to syntax tree: a hand-written lexer and recursive-descent parser for Pinot's single-stage SQL. Query line, parse stage.
#pragma once

#include "analytics/sql/query.h"
#include "base/status.h"

#include <string_view>

namespace bywash::analytics::sql {

// Parses one query, with SET statements before it. Errors are kInvalid and say line, column and reason
// ("At line 1, column 8: expected an expression, found 'FROM'"). Nesting is limited to 200 levels.
// What only Pinot's multi-stage engine has (joins, windows, WITH, subqueries, UNION) is refused as `kMultiStageOnly` + where.
Result<Query> parse(std::string_view text);

// How messages about multi-stage features begin (QueryResponse keeps them apart from syntax errors).
constexpr std::string_view kMultiStageOnly = "not supported yet";

}  // namespace bywash::analytics::sql
