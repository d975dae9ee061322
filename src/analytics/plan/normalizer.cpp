#include "analytics/plan/normalizer.h"

#include "analytics/plan/functions.h"
#include "base/encoding.h"

#include <algorithm>
#include <unordered_set>

namespace bywash::analytics {
namespace {

using sql::Expression;
using sql::ExpressionKind;
using sql::ExpressionPtr;
using sql::LiteralType;

bool same_ignoring_case(std::string_view a, std::string_view b) {
  auto low = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return low(x) == low(y); });
}

ExpressionPtr literal_of(const Vector& value, sql::Position at) {
  auto out = std::make_shared<Expression>();
  out->at = at;
  switch (value.type) {
    case DataType::kBoolean: out->literal = LiteralType::kBoolean; break;
    case DataType::kInt: out->literal = LiteralType::kInt; break;
    case DataType::kLong:
    case DataType::kTimestamp: out->literal = LiteralType::kLong; break;
    case DataType::kFloat: out->exact = DataType::kFloat; [[fallthrough]];
    case DataType::kDouble: out->literal = LiteralType::kDouble; break;
    case DataType::kBytes:
    case DataType::kBigDecimal: out->exact = value.type; [[fallthrough]];
    default: out->literal = LiteralType::kString; break;
  }
  if (value.physical() == Physical::kInteger) out->value.integer = value.integers[0];
  else if (value.physical() == Physical::kReal) out->value.real = value.reals[0];
  else if (value.type != DataType::kBytes) out->value.text = std::string(value.texts[0]);
  else out->value.text = hex(value.texts[0]);  // as literals of BYTES are written
  return out;
}

// Whole-number arithmetic on literals stays whole (1+1 is LONG 2 in Pinot 1.5.1); nullptr: not such a case, or it overflows.
ExpressionPtr fold_integers(const Expression& call) {
  if (call.args.size() != 2) return nullptr;
  for (const ExpressionPtr& arg : call.args) {
    if (arg->literal != LiteralType::kInt && arg->literal != LiteralType::kLong) return nullptr;
  }
  int64_t a = call.args[0]->value.integer, b = call.args[1]->value.integer, result = 0;
  bool overflow = true;
  if (call.name == "plus") overflow = __builtin_add_overflow(a, b, &result);
  else if (call.name == "minus") overflow = __builtin_sub_overflow(a, b, &result);
  else if (call.name == "times") overflow = __builtin_mul_overflow(a, b, &result);
  if (overflow) return nullptr;
  auto out = std::make_shared<Expression>();
  out->literal = LiteralType::kLong;
  out->value.integer = result;
  out->at = call.at;
  return out;
}

}  // namespace

BoundPtr bind_literal(const Expression& literal) {
  auto out = std::make_shared<Bound>();
  out->kind = BoundKind::kLiteral;
  out->literal = literal.value;
  out->text = to_string(literal);
  switch (literal.literal) {
    case LiteralType::kNull: out->null = true; out->type = DataType::kString; break;
    case LiteralType::kBoolean: out->type = DataType::kBoolean; break;
    case LiteralType::kInt: out->type = DataType::kInt; break;
    case LiteralType::kLong: out->type = DataType::kLong; break;
    case LiteralType::kDouble: out->type = literal.exact.value_or(DataType::kDouble); break;
    case LiteralType::kString: out->type = literal.exact.value_or(DataType::kString); break;
  }
  if (out->type == DataType::kBytes) out->literal.text = parse_scalar(DataType::kBytes, literal.value.text)->text;
  return out;
}

ExpressionPtr Normalizer::fail(BindFailure kind, std::string message) {
  error_ = {kind, std::move(message)};
  return nullptr;
}

ExpressionPtr Normalizer::normalize(const ExpressionPtr& expression, bool with_aliases) {
  switch (expression->kind) {
    case ExpressionKind::kLiteral:
    case ExpressionKind::kStar: return expression;
    case ExpressionKind::kIdentifier: return identifier(expression, with_aliases);
    case ExpressionKind::kFunction: return function(expression, with_aliases);
  }
  return expression;
}

ExpressionPtr Normalizer::identifier(const ExpressionPtr& expression, bool with_aliases) {
  if (with_aliases) {
    if (auto alias = aliases_.find(expression->name); alias != aliases_.end()) return alias->second;
  }
  std::string_view name = expression->name;
  int found = schema_ ? schema_->find_ignoring_case(name) : -1;
  if (found < 0) {  // table.column
    size_t dot = name.find('.');
    bool qualified = dot != std::string_view::npos && (same_ignoring_case(name.substr(0, dot), query_.table) || name.substr(0, dot) == query_.table_alias);
    if (qualified) name = name.substr(dot + 1);
    if (qualified && schema_) found = schema_->find_ignoring_case(name);
  }
  if (found >= 0) return sql::make_identifier(schema_->fields[static_cast<size_t>(found)].name, expression->at);
  for (std::string_view known : {"$docId", "$segmentName", "$hostName", "$partitionId"}) {
    if (schema_ && same_ignoring_case(known, name)) return sql::make_identifier(std::string(known), expression->at);
  }
  return fail(BindFailure::kUnknownColumn, fmt::format("UnknownColumnError: Unknown columnName '{}' found in the query", expression->name));
}

ExpressionPtr Normalizer::function(const ExpressionPtr& expression, bool with_aliases) {
  std::vector<ExpressionPtr> args;
  std::string name = expression->name;
  casts_around_ += name == "cast";
  for (const ExpressionPtr& arg : expression->args) {
    ExpressionPtr normal = normalize(arg, with_aliases);
    if (!normal) return nullptr;
    args.push_back(std::move(normal));
  }
  casts_around_ -= name == "cast";
  // The outermost of casts within casts names its type as Pinot does (CastTypeAliasRewriter 1.5.1).
  if (name == "cast" && casts_around_ == 0 && args.size() == 2 && args[1]->kind == ExpressionKind::kLiteral) {
    static constexpr std::pair<std::string_view, std::string_view> kTypes[] = {{"BIGINT", "LONG"}, {"VARCHAR", "STRING"}, {"VARBINARY", "BYTES"}};
    for (const auto& [written, type] : kTypes) {
      if (args[1]->value.text == written) args[1] = sql::make_string(std::string(type), args[1]->at);
    }
  }
  if (!options_.null_handling && name == "count" && args.size() == 1 && args[0]->kind != ExpressionKind::kStar) {
    auto star = std::make_shared<Expression>();
    star->kind = ExpressionKind::kStar;
    args[0] = star;  // no column is null without null handling (org.apache.pinot.sql.parsers.rewriter, 1.5.1)
  }
  return fold(sql::make_function(std::move(name), std::move(args), expression->at));
}

ExpressionPtr Normalizer::fold(ExpressionPtr expression) {
  bool steady = is_aggregation(expression->name) || expression->name == "filter" || expression->name == "rand" || expression->name == "lookup" || expression->name == "uuidv4" || expression->name == "uuidv7" || expression->name == "array" ||
                expression->name == "arrayvalueconstructor" || expression->name == "steps" || expression->name == "correlateby" || expression->name == "settings";
  if (steady) return expression;
  if (expression->name == "now" && expression->args.empty()) {
    auto out = std::make_shared<Expression>();
    out->literal = LiteralType::kLong;
    out->value.integer = options_.now_ms;
    out->at = expression->at;
    return out;
  }
  for (const ExpressionPtr& arg : expression->args) {
    if (arg->kind != ExpressionKind::kLiteral) return expression;
  }
  if (ExpressionPtr whole = fold_integers(*expression)) return whole;
  std::vector<BoundPtr> bound;
  for (const ExpressionPtr& arg : expression->args) bound.push_back(bind_literal(*arg));
  if (expression->name == "ago") {  // ago('PT1H') counts back from now
    auto out = std::make_shared<Expression>();
    out->literal = LiteralType::kLong;
    out->value.integer = options_.now_ms;
    bound.insert(bound.begin(), bind_literal(*out));
  }
  Result<BoundFunction> call = bind_function({expression->name, bound});
  if (!call.ok()) return fail(BindFailure::kValidation, call.status().message());
  if (call->multi) return expression;  // no literal is an array
  std::vector<Vector> values(bound.size());
  std::vector<const Vector*> pointers;
  for (size_t i = 0; i < bound.size(); ++i) {
    values[i].type = bound[i]->type;
    values[i].integers.assign(1, bound[i]->literal.integer);
    values[i].reals.assign(1, bound[i]->literal.real);
    values[i].texts.assign(1, bound[i]->literal.text);
    if (bound[i]->null) values[i].nulls.assign(1, 1);
    pointers.push_back(&values[i]);
  }
  Vector out;
  out.type = call->type;
  call->kernel(pointers, 1, out);
  if (!out.error.empty()) return fail(BindFailure::kValidation, out.error);
  bool null_argument = std::any_of(bound.begin(), bound.end(), [](const BoundPtr& arg) { return arg->null; });
  if (out.is_null(0) || (call->strict && null_argument)) return std::make_shared<Expression>();  // NULL
  return literal_of(out, expression->at);
}

ExpressionPtr without_constant(const ExpressionPtr& expression) {
  const std::string& name = expression->name;
  const bool sum = name == "sum", low = name == "min", high = name == "max";
  if (expression->kind != ExpressionKind::kFunction || !(sum || low || high || name == "avg") || expression->args.size() != 1) return expression;
  const Expression& inner = *expression->args[0];
  if (inner.kind != ExpressionKind::kFunction || inner.args.size() != 2) return expression;
  const bool added = inner.name == "plus" || inner.name == "add", taken = inner.name == "minus" || inner.name == "sub";
  const bool scaled = inner.name == "times" || inner.name == "mult" || inner.name == "mul" || inner.name == "multiply";
  const bool column_first = inner.args[0]->kind == ExpressionKind::kIdentifier;
  const ExpressionPtr &column = inner.args[column_first ? 0 : 1], &number = inner.args[column_first ? 1 : 0];
  const bool numeric = number->kind == ExpressionKind::kLiteral && (number->literal == LiteralType::kInt || number->literal == LiteralType::kLong || number->literal == LiteralType::kDouble);
  if (!(added || taken || scaled) || column->kind != ExpressionKind::kIdentifier || !numeric) return expression;
  auto make = [&](std::string function, std::vector<ExpressionPtr> args) { return sql::make_function(std::move(function), std::move(args), expression->at); };
  const bool negative = number->literal == LiteralType::kDouble ? number->value.real < 0 : number->value.integer < 0;
  const bool turned = (low || high) && (scaled ? negative : taken && !column_first);
  ExpressionPtr own = make(!turned ? name : low ? "max" : "min", {column});
  if (scaled) return make("mult", {std::move(own), number});
  ExpressionPtr constant = sum ? make("mult", {number, make("count", {column})}) : number;
  if (taken && !column_first) return make("sub", {std::move(constant), std::move(own)});
  return make(taken ? "sub" : "add", {std::move(own), std::move(constant)});
}

}  // namespace bywash::analytics
