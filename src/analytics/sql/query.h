// The syntax tree of one query in Pinot's single-stage dialect. Query line, between parse and bind; plain immutable data.
#pragma once

#include "analytics/segment/table_schema.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
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
struct Statement;
struct Window;
using StatementPtr = std::shared_ptr<const Statement>;
using ExpressionPtr = std::shared_ptr<const Expression>;

// Function names are in lower case without underscores, as Pinot's parser makes them. Operators are functions: plus minus times divide
// mod, equals notequals greaterthan greaterthanorequal lessthan lessthanorequal between in notin like regexplike isnull isnotnull,
// and or not, case, cast, filter. `case` has args (when, then)*, else; `cast` has (value, type name as string literal); `filter` has
// (aggregation, condition); `notbetween` and `notlike` are not(between), not(like). COUNT(DISTINCT x) is distinctcount(x).
struct Expression {
  ExpressionKind kind = ExpressionKind::kLiteral;
  LiteralType literal = LiteralType::kNull;
  Scalar value;        // of a literal
  std::optional<DataType> exact;  // of a literal that stands for a computed FLOAT (as kDouble), BIG_DECIMAL or BYTES (as kString, in hexadecimal)
  std::string name;    // of an identifier (as written, unquoted, with the table's name before it) or of a function
  std::vector<ExpressionPtr> args;
  int depth = 1;       // levels of the tree below and with this one
  StatementPtr subquery;                 // multi-stage dialect only: see statement.h
  std::shared_ptr<const Window> window;  // likewise
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
  std::string table_alias;
  ExpressionPtr where, having;
  std::vector<ExpressionPtr> group_by;
  std::vector<OrderItem> order_by;
  int64_t limit = 10;  // Pinot's default
  int64_t offset = 0;
  std::map<std::string, std::string> options;  // SET k = v; and OPTION(k = v), keys as written
};

// The canonical text of an expression, by which Pinot names result columns: sum(shares), times(id,'2'), cast(id,'STRING').
std::string to_string(const Expression& expression);
// Equal trees, wherever they stand in the text.
bool same(const Expression& a, const Expression& b);

ExpressionPtr make_function(std::string name, std::vector<ExpressionPtr> args, Position at = {});
ExpressionPtr make_identifier(std::string name, Position at = {});
ExpressionPtr make_string(std::string text, Position at = {});
ExpressionPtr make_integer(int64_t value, Position at = {});

}  // namespace bywash::analytics::sql
