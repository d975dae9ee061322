// The syntax tree of one query in Pinot's single-stage dialect. Query line, between parse and bind; plain immutable data.
#pragma once

#include "analytics/segment/table_schema.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bywash::analytics::sql {

struct Position {
  int line = 1;
  int column = 1;
};

enum class ExpressionKind : uint8_t { kLiteral, kIdentifier, kFunction, kStar };
// Types of literals; integers that do not fit 32 bits are kLong, decimals and exponents kDouble.
enum class LiteralType : uint8_t { kNull, kBoolean, kInt, kLong, kDouble, kString };

struct Expression;
using ExpressionPtr = std::shared_ptr<const Expression>;

// Operators are functions, by Pinot's names: plus minus times divide mod, equals not_equals greater_than greater_than_or_equal
// less_than less_than_or_equal between in not_in like not_like regexp_like is_null is_not_null, and or not, case, cast, filter.
// `case` has args (when, then)*, else; `cast` has (value, type name as string literal); `filter` has (aggregation, condition).
struct Expression {
  ExpressionKind kind = ExpressionKind::kLiteral;
  LiteralType literal = LiteralType::kNull;
  Scalar value;        // of a literal
  std::string name;    // of an identifier (as written, unquoted) or function (lower case)
  bool distinct = false;  // COUNT(DISTINCT x)
  std::vector<ExpressionPtr> args;
  Position at;
};

enum class NullOrder : uint8_t { kDefault, kFirst, kLast };

struct SelectItem {
  ExpressionPtr expression;
  std::string alias;  // empty: none
};

struct OrderItem {
  ExpressionPtr expression;
  bool descending = false;
  NullOrder nulls = NullOrder::kDefault;
};

struct Query {
  bool explain = false;
  bool distinct = false;
  std::vector<SelectItem> select;
  std::string table;  // as written, without the database prefix; empty: a query of literals only
  ExpressionPtr where, having;
  std::vector<ExpressionPtr> group_by;
  std::vector<OrderItem> order_by;
  int64_t limit = 10;  // Pinot's default
  int64_t offset = 0;
  std::map<std::string, std::string> options;  // SET k = v; and OPTION(k = v), keys as written
};

// The canonical text of an expression, by which Pinot names result columns: sum(shares), times(id,'2'), cast(id,'STRING').
std::string to_string(const Expression& expression);

}  // namespace bywash::analytics::sql
