// The syntax tree of a SELECT over single records, and its reading. Level 2; plain immutable data, every thread.
//
//   SELECT *, upper(name) AS name, price * quantity AS total FROM record WHERE price > 10 AND customer.city LIKE 'O%'
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "columnar/value.h"

namespace bywash::expressions {

struct Position {
  int line = 1;
  int column = 1;
};

// " at line 2, column 7": how messages end.
std::string at_text(Position at);

struct Expression;
using ExpressionPtr = std::shared_ptr<const Expression>;

// Operators are calls: + - * / % || = <> < <= > >= and or not is_null is_not_null in like between negate case (when, then)*, else.
// CAST(x AS type) is cast(x, 'TYPE'), TRY_CAST try_cast. Function names are in lower case.
struct Expression {
  enum class Kind : uint8_t { kLiteral, kName, kCall } kind = Kind::kLiteral;
  columnar::Value literal;         // null, bool, int64, double or string
  std::vector<std::string> path;   // of a name: a, or a.b.c into structs
  bool quoted = false;             // a name whose first step was quoted: never one of the record's own (_key, _topic, ...)
  std::string function;
  std::vector<ExpressionPtr> args;
  Position at;
};

struct SelectItem {
  ExpressionPtr expression;  // null: *
  std::string name;          // of the field it makes
  Position at;
};

struct Select {
  std::vector<SelectItem> items;
  ExpressionPtr where;  // null: none
};

// Errors (kInvalid) name line and column. Refused with a word of why: aggregations, joins, GROUP BY, ORDER BY, LIMIT, DISTINCT, subqueries;
// functions that do not exist or take other arguments; items without a name, names twice.
Result<Select> parse_select(std::string_view text);
// A condition alone.
Result<ExpressionPtr> parse_expression(std::string_view text);

}  // namespace bywash::expressions
