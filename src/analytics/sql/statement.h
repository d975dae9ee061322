// The syntax tree of a query in Pinot's multi-stage dialect: nested queries, joins, windows, set operations. Its expressions are those of
// query.h, with nested queries and windows hanging on function nodes:
//   scalarsubquery()  insubquery(x)  exists()   with Expression::subquery; NOT IN and NOT EXISTS are not(...) around them
//   over(call)                                  with Expression::window; ignorenulls(call) may stand between
//   withingroup(call)                           with Expression::window, of which only the order is set
// Query line, between parse and bind; plain immutable data.
#pragma once

#include "analytics/sql/query.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace bywash::analytics::sql {

struct Window {
  std::string base;   // of the WINDOW clause; empty: none
  std::vector<ExpressionPtr> partition_by;
  std::vector<OrderItem> order_by;
  std::string frame;  // "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW", made of checked words; empty: the default
};
using WindowPtr = std::shared_ptr<const Window>;

enum class JoinKind : uint8_t { kNone, kInner, kLeft, kRight, kFull, kCross, kAsof, kLeftAsof };

struct Source;
using SourcePtr = std::shared_ptr<const Source>;

// An element of FROM: a table, a nested query, UNNEST(array, ...), or a join of two.
struct Source {
  Position at, end;
  std::string table;                        // as written, without the database's name
  StatementPtr query;
  std::vector<ExpressionPtr> arrays;        // of UNNEST
  std::string alias;
  std::vector<std::string> column_aliases;  // AS t(a, b)
  JoinKind join = JoinKind::kNone;
  SourcePtr left, right;
  ExpressionPtr on, match;                  // match: ASOF's MATCH_CONDITION
  std::vector<std::string> shared;          // USING(...)
  bool natural = false;
};

enum class SetOperation : uint8_t { kNone, kUnion, kIntersect, kExcept };

struct CommonTable {
  std::string name;
  std::vector<std::string> columns;
  StatementPtr query;
};

// One query: a SELECT, VALUES, or a set operation over two, with WITH before and ORDER BY, LIMIT behind it.
struct Statement {
  std::vector<CommonTable> with;
  Query core;       // SELECT's items, distinct, where, group_by, having; the rest is unused
  SourcePtr from;   // nullptr: one row without columns
  ExpressionPtr qualify;
  std::map<std::string, WindowPtr> windows;
  std::vector<std::vector<ExpressionPtr>> values;
  SetOperation operation = SetOperation::kNone;
  bool all = false;
  StatementPtr left, right;
  std::vector<OrderItem> order_by;
  int64_t limit = -1;  // none
  int64_t offset = 0;
};

struct MultiStageQuery {
  bool explain = false;
  std::map<std::string, std::string> options;
  StatementPtr statement;
};

// As parse(), for the multi-stage dialect. The same limits; besides at most 100 elements in all FROM clauses and 200 queries.
Result<MultiStageQuery> parse_multi_stage(std::string_view text);

}  // namespace bywash::analytics::sql
