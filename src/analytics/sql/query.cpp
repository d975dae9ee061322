#include "analytics/sql/query.h"

#include "analytics/sql/java_text.h"

#include <algorithm>

namespace bywash::analytics::sql {

std::string to_string(const Expression& expression) {
  switch (expression.kind) {
    case ExpressionKind::kStar: return "*";
    case ExpressionKind::kIdentifier: return expression.name;
    case ExpressionKind::kLiteral:
      switch (expression.literal) {
        case LiteralType::kNull: return "'null'";
        case LiteralType::kBoolean: return expression.value.integer ? "'true'" : "'false'";
        case LiteralType::kInt:
        case LiteralType::kLong: return fmt::format("'{}'", expression.value.integer);
        case LiteralType::kDouble: return fmt::format("'{}'", expression.exact == DataType::kFloat ? java_float(static_cast<float>(expression.value.real)) : java_double(expression.value.real));
        case LiteralType::kString: return fmt::format("'{}'", expression.value.text);
      }
      return {};
    case ExpressionKind::kFunction: break;
  }
  std::string out = expression.name + "(";
  for (size_t i = 0; i < expression.args.size(); ++i) {
    if (i > 0) out += ',';
    out += to_string(*expression.args[i]);
  }
  return out + ")";
}

bool same(const Expression& a, const Expression& b) {
  if (a.kind != b.kind || a.name != b.name || a.args.size() != b.args.size() || a.subquery != b.subquery || a.window != b.window) return false;
  if (a.kind == ExpressionKind::kLiteral && (a.literal != b.literal || !(a.value == b.value) || a.exact != b.exact)) return false;
  for (size_t i = 0; i < a.args.size(); ++i) {
    if (!same(*a.args[i], *b.args[i])) return false;
  }
  return true;
}

ExpressionPtr make_function(std::string name, std::vector<ExpressionPtr> args, Position at) {
  auto out = std::make_shared<Expression>();
  out->kind = ExpressionKind::kFunction;
  out->name = std::move(name);
  for (const ExpressionPtr& arg : args) out->depth = std::max(out->depth, arg->depth + 1);
  out->args = std::move(args);
  out->at = at;
  return out;
}

ExpressionPtr make_identifier(std::string name, Position at) {
  auto out = std::make_shared<Expression>();
  out->kind = ExpressionKind::kIdentifier;
  out->name = std::move(name);
  out->at = at;
  return out;
}

ExpressionPtr make_string(std::string text, Position at) {
  auto out = std::make_shared<Expression>();
  out->literal = LiteralType::kString;
  out->value.text = std::move(text);
  out->at = at;
  return out;
}

ExpressionPtr make_integer(int64_t value, Position at) {
  auto out = std::make_shared<Expression>();
  out->literal = value >= INT32_MIN && value <= INT32_MAX ? LiteralType::kInt : LiteralType::kLong;
  out->value.integer = value;
  out->at = at;
  return out;
}

}  // namespace bywash::analytics::sql
