#include "analytics/plan/filter_binder.h"

#include "analytics/plan/decimal_text.h"
#include "analytics/plan/document_match.h"
#include "analytics/plan/normalizer.h"
#include "analytics/plan/patterns.h"
#include "analytics/sql/java_text.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace bywash::analytics {
namespace {

using sql::Expression;
using sql::ExpressionKind;
using sql::ExpressionPtr;
using sql::LiteralType;

FilterPtr make(FilterKind kind, std::vector<FilterPtr> children = {}) {
  auto out = std::make_shared<Filter>();
  out->kind = kind;
  out->children = std::move(children);
  return out;
}
FilterPtr make(Predicate predicate) {
  auto out = std::make_shared<Filter>();
  out->kind = FilterKind::kPredicate;
  out->predicate = std::move(predicate);
  return out;
}

// A literal as a number: a whole one exactly, or a real.
struct Number {
  bool whole = false;
  int64_t integer = 0;
  double real = 0;
};

Result<Number> number_of(const Expression& literal, DataType column) {
  Number out;
  switch (literal.literal) {
    case LiteralType::kInt:
    case LiteralType::kLong:
    case LiteralType::kBoolean: out.whole = true; out.integer = literal.value.integer; break;
    case LiteralType::kDouble: out.real = literal.value.real; break;
    case LiteralType::kString: {
      if (is_integer(column)) {
        DataType as = column == DataType::kInt ? DataType::kLong : column;
        if (Result<Scalar> value = parse_scalar(as, literal.value.text); value.ok()) {
          out.whole = true;
          out.integer = value->integer;
          break;
        }
      }
      Result<Scalar> value = parse_scalar(DataType::kDouble, literal.value.text);
      if (!value.ok()) return Status::invalid(fmt::format("Cannot convert value: '{}' to type: {}", literal.value.text, to_string(column)));
      out.real = value->real;
      break;
    }
    case LiteralType::kNull: return Status::invalid("Cannot compare with NULL; use IS NULL");
  }
  if (out.whole) out.real = static_cast<double>(out.integer);
  return out;
}

Result<std::string> text_of(const Expression& literal, DataType column) {
  std::string text;
  switch (literal.literal) {
    case LiteralType::kInt:
    case LiteralType::kLong: text = std::to_string(literal.value.integer); break;
    case LiteralType::kBoolean: text = literal.value.integer ? "true" : "false"; break;
    case LiteralType::kDouble: text = sql::java_double(literal.value.real); break;
    case LiteralType::kString: text = literal.value.text; break;
    case LiteralType::kNull: return Status::invalid("Cannot compare with NULL; use IS NULL");
  }
  if (column == DataType::kBytes) {
    ASSIGN_OR_RETURN(Scalar bytes, parse_scalar(DataType::kBytes, text));
    return bytes.text;
  }
  return text;
}

// "symbol = 'AA000'" and EQ, as org.apache.pinot.common.request.context.predicate.* show themselves.
void describe(const Expression& e, Predicate* out) {
  static constexpr std::tuple<std::string_view, std::string_view, std::string_view> kNames[] = {
      {"equals", "EQ", "="},          {"notequals", "NOT_EQ", "!="},  {"greaterthan", "RANGE", ">"}, {"greaterthanorequal", "RANGE", ">="},
      {"lessthan", "RANGE", "<"},     {"lessthanorequal", "RANGE", "<="}, {"in", "IN", "IN"},        {"notin", "NOT_IN", "NOT IN"},
      {"between", "RANGE", "BETWEEN"}, {"isnull", "IS_NULL", "IS NULL"}, {"isnotnull", "IS_NOT_NULL", "IS NOT NULL"}};
  for (auto [name, operation, sign] : kNames) {
    if (name != e.name) continue;
    out->operation = operation;
    out->text = fmt::format("{} {}", to_string(*e.args[0]), sign);
    bool list = e.name == "in" || e.name == "notin";
    if (list) out->text += " (";
    for (size_t i = 1; i < e.args.size() && i < 100; ++i) {
      if (list) out->text += i > 1 ? "," : "";
      else out->text += i > 1 ? " AND " : " ";
      out->text += to_string(*e.args[i]);
    }
    if (list) out->text += ")";
    return;
  }
  bool like = e.name == "like" || e.name == "regexplike";
  out->operation = like ? "REGEXP_LIKE" : e.name == "textmatch" ? "TEXT_MATCH" : "JSON_MATCH";
  out->text = to_string(e);
}

enum class FilterComparison { kEqual, kNotEqual, kGreater, kGreaterOrEqual, kLess, kLessOrEqual };
constexpr std::pair<std::string_view, FilterComparison> kComparisons[] = {
    {"equals", FilterComparison::kEqual},  {"notequals", FilterComparison::kNotEqual},           {"greaterthan", FilterComparison::kGreater},
    {"lessthan", FilterComparison::kLess}, {"greaterthanorequal", FilterComparison::kGreaterOrEqual}, {"lessthanorequal", FilterComparison::kLessOrEqual}};

FilterComparison flipped(FilterComparison comparison) {
  switch (comparison) {
    case FilterComparison::kGreater: return FilterComparison::kLess;
    case FilterComparison::kGreaterOrEqual: return FilterComparison::kLessOrEqual;
    case FilterComparison::kLess: return FilterComparison::kGreater;
    case FilterComparison::kLessOrEqual: return FilterComparison::kGreaterOrEqual;
    default: return comparison;
  }
}

// Sets the integer range to what satisfies `comparison` with a real number that lies between integers or beyond them.
void integer_range(FilterComparison comparison, double real, Predicate* out) {
  constexpr double kTop = 9223372036854775808.0;  // 2^63
  auto clamp = [&](double value) { return value >= kTop ? INT64_MAX : value < -kTop ? INT64_MIN : static_cast<int64_t>(value); };
  auto none = [&] { out->low_integer = 1, out->high_integer = 0; };
  if (std::isnan(real)) return none();
  double down = std::floor(real), up = std::ceil(real);
  switch (comparison) {
    case FilterComparison::kEqual:
    case FilterComparison::kNotEqual:
      if (down != up || real >= kTop || real < -kTop) return none();
      out->low_integer = out->high_integer = static_cast<int64_t>(real);
      return;
    case FilterComparison::kGreater:
    case FilterComparison::kGreaterOrEqual:
      if (up >= kTop) return none();
      out->low_integer = clamp(up);
      if (comparison == FilterComparison::kGreater && up == real && real >= -kTop) {
        if (out->low_integer == INT64_MAX) return none();
        ++out->low_integer;
      }
      return;
    case FilterComparison::kLess:
    case FilterComparison::kLessOrEqual:
      if (down < -kTop) return none();
      out->high_integer = clamp(down);
      if (comparison == FilterComparison::kLess && down == real && real < kTop) {
        if (out->high_integer == INT64_MIN) return none();
        --out->high_integer;
      }
      return;
  }
}

void integer_range(FilterComparison comparison, int64_t value, Predicate* out) {
  bool low = comparison == FilterComparison::kGreater, high = comparison == FilterComparison::kLess;
  if ((low && value == INT64_MAX) || (high && value == INT64_MIN)) {
    out->low_integer = 1, out->high_integer = 0;
    return;
  }
  if (comparison == FilterComparison::kEqual || comparison == FilterComparison::kNotEqual) out->low_integer = out->high_integer = value;
  else if (low || comparison == FilterComparison::kGreaterOrEqual) out->low_integer = value + low;
  else out->high_integer = value - high;
}

template <class T>
void open_range(FilterComparison comparison, const T& value, T* low, T* high, Predicate* out) {
  if (comparison != FilterComparison::kLess && comparison != FilterComparison::kLessOrEqual) {
    *low = value;
    out->has_low = true;
    out->low_open = comparison == FilterComparison::kGreater;
  }
  if (comparison != FilterComparison::kGreater && comparison != FilterComparison::kGreaterOrEqual) {
    *high = value;
    out->has_high = true;
    out->high_open = comparison == FilterComparison::kLess;
  }
}

Result<DecimalNumber> decimal_of(const Expression& literal, const Bound& column) {
  ASSIGN_OR_RETURN(const std::string text, text_of(literal, DataType::kString));
  DecimalNumber out;
  if (parse_decimal_text(text, &out)) return out;
  return Status::invalid(fmt::format("Cannot convert value: '{}' to type: BIG_DECIMAL, which {} is", text, column.text));
}

// By value, not by text: 1.5 equals 1.50.
Result<Predicate> compare_decimal(const Bound& column, FilterComparison comparison, const Expression& literal) {
  ASSIGN_OR_RETURN(DecimalNumber value, decimal_of(literal, column));
  Predicate out;
  out.field = column.field;
  out.kind = PredicateKind::kTest;
  out.negated = comparison == FilterComparison::kNotEqual;
  out.matcher = [comparison, value = std::move(value)](std::string_view text) {
    DecimalNumber own;
    if (!parse_decimal_text(text, &own)) return false;
    const int order = compare_decimals(own, value);
    switch (comparison) {
      case FilterComparison::kEqual:
      case FilterComparison::kNotEqual: return order == 0;
      case FilterComparison::kGreater: return order > 0;
      case FilterComparison::kGreaterOrEqual: return order >= 0;
      case FilterComparison::kLess: return order < 0;
      case FilterComparison::kLessOrEqual: return order <= 0;
    }
    return false;
  };
  return out;
}

Result<Predicate> compare(const Bound& column, FilterComparison comparison, const Expression& literal) {
  Predicate out;
  out.field = column.field;
  out.negated = comparison == FilterComparison::kNotEqual;
  if (column.type == DataType::kBigDecimal) return compare_decimal(column, comparison, literal);
  bool equality = comparison == FilterComparison::kEqual || comparison == FilterComparison::kNotEqual;
  if (is_text(column.type)) {
    ASSIGN_OR_RETURN(std::string value, text_of(literal, column.type));
    if (equality) {
      out.kind = PredicateKind::kSet;
      out.texts.push_back(std::move(value));
    } else {
      open_range(comparison, value, &out.low_text, &out.high_text, &out);
    }
    return out;
  }
  ASSIGN_OR_RETURN(Number number, number_of(literal, column.type));
  if (is_integer(column.type)) {
    number.whole ? integer_range(comparison, number.integer, &out) : integer_range(comparison, number.real, &out);
    return out;
  }
  // A FLOAT column equals 0.1 when it holds the float nearest to it.
  if (equality && column.type == DataType::kFloat) number.real = static_cast<float>(number.real);
  open_range(comparison, number.real, &out.low_real, &out.high_real, &out);
  return out;
}

Result<Predicate> in_set(const Bound& column, const std::vector<ExpressionPtr>& args, bool negated) {
  Predicate out;
  out.field = column.field;
  out.kind = PredicateKind::kSet;
  out.negated = negated;
  std::vector<DecimalNumber> decimals;
  for (size_t i = 1; i < args.size(); ++i) {
    if (args[i]->literal == LiteralType::kNull) {
      if (!negated) continue;  // x IN (1, NULL) is unknown where it is not true
      return Status::invalid("NOT IN a list with NULL is never true; leave NULL out");
    }
    if (column.type == DataType::kBigDecimal) {
      ASSIGN_OR_RETURN(DecimalNumber value, decimal_of(*args[i], column));
      decimals.push_back(std::move(value));
      continue;
    }
    if (is_text(column.type)) {
      ASSIGN_OR_RETURN(std::string value, text_of(*args[i], column.type));
      out.texts.push_back(std::move(value));
      continue;
    }
    ASSIGN_OR_RETURN(Number number, number_of(*args[i], column.type));
    if (is_real(column.type)) {
      out.reals.push_back(column.type == DataType::kFloat ? static_cast<float>(number.real) : number.real);
    } else if (number.whole) {
      out.integers.push_back(number.integer);
    } else if (number.real == std::floor(number.real) && std::abs(number.real) < 9.2e18) {
      out.integers.push_back(static_cast<int64_t>(number.real));
    }
  }
  if (column.type == DataType::kBigDecimal) {
    out.kind = PredicateKind::kTest;
    out.matcher = [decimals](std::string_view text) {
      DecimalNumber own;
      if (!parse_decimal_text(text, &own)) return false;
      return std::any_of(decimals.begin(), decimals.end(), [&](const DecimalNumber& one) { return compare_decimals(own, one) == 0; });
    };
    return out;
  }
  std::sort(out.integers.begin(), out.integers.end());
  std::sort(out.reals.begin(), out.reals.end());
  std::sort(out.texts.begin(), out.texts.end());
  return out;
}

class FilterBinder {
 public:
  FilterBinder(const BindExpression& bind, bool null_handling) : bind_(bind), null_handling_(null_handling) {}

  Result<FilterPtr> run(const ExpressionPtr& expression) {
    if (null_handling_) return with_nulls(expression, false);
    const Expression& e = *expression;
    if (e.kind == ExpressionKind::kLiteral) return constant(e);
    if (e.kind != ExpressionKind::kFunction) return general(expression);
    if (e.name == "and" || e.name == "or") return junction(e);
    if (e.name == "not") {
      ASSIGN_OR_RETURN(FilterPtr inner, run(e.args[0]));
      if (inner->kind == FilterKind::kPredicate) {
        // NOT over a predicate of a single-value column turns it round; over an array column it stays a NOT of "any value".
        Predicate predicate = inner->predicate;
        if (!multi_) {
          predicate.negated = !predicate.negated;
          return make(std::move(predicate));
        }
      }
      return make(FilterKind::kNot, {std::move(inner)});
    }
    ASSIGN_OR_RETURN(FilterPtr simple, described(e));
    return simple ? simple : general(expression);
  }

 private:
  Result<FilterPtr> described(const Expression& e) {
    ASSIGN_OR_RETURN(FilterPtr simple, on_column(e));
    if (!simple || simple->kind != FilterKind::kPredicate) return simple;
    Predicate predicate = simple->predicate;
    describe(e, &predicate);
    return make(std::move(predicate));
  }

  // Rows where the expression is true, or false when `negate`: NOT is carried down to the comparisons, for NOT of unknown is unknown.
  Result<FilterPtr> with_nulls(const ExpressionPtr& expression, bool negate) {
    const Expression& e = *expression;
    if (e.kind == ExpressionKind::kLiteral) {
      if (e.literal == LiteralType::kNull) return make(FilterKind::kNone);
      ASSIGN_OR_RETURN(FilterPtr value, constant(e));
      return negate ? make(value->kind == FilterKind::kAll ? FilterKind::kNone : FilterKind::kAll) : value;
    }
    if (e.kind == ExpressionKind::kFunction && e.name == "not") return with_nulls(e.args[0], !negate);
    if (e.kind == ExpressionKind::kFunction && (e.name == "and" || e.name == "or")) {
      std::vector<FilterPtr> children;
      for (const ExpressionPtr& arg : e.args) {
        ASSIGN_OR_RETURN(FilterPtr child, with_nulls(arg, negate));
        children.push_back(std::move(child));
      }
      return joined((e.name == "and") != negate, std::move(children));
    }
    for (const ExpressionPtr& arg : e.args) {
      bool compares = e.name != "isdistinctfrom" && e.name != "isnotdistinctfrom" && e.name != "coalesce" && e.name != "case";
      if (compares && e.name != "in" && e.name != "notin" && arg->kind == ExpressionKind::kLiteral && arg->literal == LiteralType::kNull) return make(FilterKind::kNone);
    }
    FilterPtr simple;
    if (e.kind == ExpressionKind::kFunction) {
      ASSIGN_OR_RETURN(simple, described(e));
    }
    if (!simple) {
      ASSIGN_OR_RETURN(FilterPtr found, general(expression));
      auto out = std::make_shared<Filter>(*found);
      out->negated = negate;
      return FilterPtr(std::move(out));
    }
    if (simple->kind != FilterKind::kPredicate) return simple;
    Predicate predicate = simple->predicate;
    if (negate && !multi_) predicate.negated = !predicate.negated;
    Predicate known;
    known.field = predicate.field;
    known.kind = PredicateKind::kNull;
    known.negated = true;
    bool null_test = predicate.kind == PredicateKind::kNull;
    FilterPtr test = make(std::move(predicate));
    if (negate && multi_) test = make(FilterKind::kNot, {std::move(test)});
    if (null_test) return test;
    return make(FilterKind::kAnd, {make(std::move(known)), std::move(test)});
  }

  static Result<FilterPtr> joined(bool all, std::vector<FilterPtr> given) {
    std::vector<FilterPtr> children;
    for (FilterPtr& child : given) {
      if (child->kind == (all ? FilterKind::kAll : FilterKind::kNone)) continue;
      if (child->kind == (all ? FilterKind::kNone : FilterKind::kAll)) return child;
      if (child->kind == (all ? FilterKind::kAnd : FilterKind::kOr)) children.insert(children.end(), child->children.begin(), child->children.end());
      else children.push_back(std::move(child));
    }
    if (children.empty()) return make(all ? FilterKind::kAll : FilterKind::kNone);
    if (children.size() == 1) return children[0];
    return make(all ? FilterKind::kAnd : FilterKind::kOr, std::move(children));
  }

  Result<FilterPtr> constant(const Expression& literal) {
    bool truth = literal.value.integer != 0;
    if (literal.literal == LiteralType::kString) truth = literal.value.text == "true";
    else if (literal.literal == LiteralType::kDouble) truth = literal.value.real != 0;
    return make(truth ? FilterKind::kAll : FilterKind::kNone);
  }

  Result<FilterPtr> junction(const Expression& e) {
    bool all = e.name == "and";
    std::vector<FilterPtr> children;
    for (const ExpressionPtr& arg : e.args) {
      ASSIGN_OR_RETURN(FilterPtr child, run(arg));
      children.push_back(std::move(child));
    }
    return joined(all, std::move(children));
  }

  Result<FilterPtr> general(const ExpressionPtr& expression) {
    ASSIGN_OR_RETURN(BoundPtr bound, bind_(expression));
    if (bound->multi || physical_of(bound->type) != Physical::kInteger) {
      return Status::invalid(fmt::format("A filter must be BOOLEAN, but this is {}: {}", to_string(bound->type), bound->text));
    }
    auto out = std::make_shared<Filter>();
    out->kind = FilterKind::kExpression;
    out->expression = std::move(bound);
    return FilterPtr(std::move(out));
  }

  // nullptr: not a predicate of one column against literals.
  Result<FilterPtr> on_column(const Expression& e) {
    multi_ = false;
    if (e.args.empty()) return FilterPtr();
    for (auto [name, comparison] : kComparisons) {
      if (name != e.name) continue;
      bool left = e.args[0]->kind == ExpressionKind::kIdentifier && e.args[1]->kind == ExpressionKind::kLiteral;
      bool right = e.args[1]->kind == ExpressionKind::kIdentifier && e.args[0]->kind == ExpressionKind::kLiteral;
      if (!left && !right) return FilterPtr();
      ASSIGN_OR_RETURN(BoundPtr column, column_of(e.args[left ? 0 : 1]));
      if (!column) return FilterPtr();
      ASSIGN_OR_RETURN(Predicate predicate, compare(*column, left ? comparison : flipped(comparison), *e.args[left ? 1 : 0]));
      return make(std::move(predicate));
    }
    bool known = e.name == "in" || e.name == "notin" || e.name == "between" || e.name == "like" || e.name == "regexplike" ||
                 e.name == "isnull" || e.name == "isnotnull" || e.name == "textmatch" || e.name == "jsonmatch";
    if (!known || e.args[0]->kind != ExpressionKind::kIdentifier) return FilterPtr();
    for (size_t i = 1; i < e.args.size(); ++i) {
      if (e.args[i]->kind != ExpressionKind::kLiteral) return FilterPtr();
    }
    ASSIGN_OR_RETURN(BoundPtr column, column_of(e.args[0]));
    if (!column) return FilterPtr();
    return named_predicate(e, *column);
  }

  Result<FilterPtr> named_predicate(const Expression& e, const Bound& column) {
    Predicate predicate;
    if (e.name == "isnull" || e.name == "isnotnull") {
      predicate.kind = PredicateKind::kNull;
      predicate.negated = e.name == "isnotnull";
    } else if (e.name == "like" || e.name == "regexplike") {
      if (!is_text(column.type)) return FilterPtr();
      bool like = e.name == "like";
      std::string flags = e.args.size() == 3 ? e.args[2]->value.text : "";
      if (e.args.size() < 2) return Status::invalid(fmt::format("Function {} takes 2 arguments, got 1", e.name));
      ASSIGN_OR_RETURN(predicate, like ? like_predicate(e.args[1]->value.text) : regexp_predicate(e.args[1]->value.text, flags));
    } else if (e.name == "textmatch" || e.name == "jsonmatch") {
      bool json = e.name == "jsonmatch";
      if (e.args.size() < 2 || !is_text(column.type)) return Status::invalid(fmt::format("Function {} takes a STRING or JSON column and a text", e.name));
      predicate.kind = PredicateKind::kTest;
      const FieldIndexes* indexes = column.spec ? column.spec->indexes.get() : nullptr;
      ASSIGN_OR_RETURN(DocumentQuery query, json ? json_match(e.args[1]->value.text, indexes ? indexes->json : nullptr) : text_match(e.args[1]->value.text, indexes ? indexes->text : nullptr));
      predicate.matcher = std::move(query.test);
      if (indexes && (json ? indexes->json != nullptr : indexes->text != nullptr)) predicate.by_index = std::move(query.by_index);
    } else if (e.name == "between") {
      return between(e, column);
    } else {
      ASSIGN_OR_RETURN(predicate, in_set(column, e.args, e.name == "notin"));
    }
    predicate.field = column.field;
    return make(std::move(predicate));
  }

  Result<FilterPtr> between(const Expression& e, const Bound& column) {
    ASSIGN_OR_RETURN(Predicate low, compare(column, FilterComparison::kGreaterOrEqual, *e.args[1]));
    ASSIGN_OR_RETURN(Predicate high, compare(column, FilterComparison::kLessOrEqual, *e.args[2]));
    if (column.type == DataType::kBigDecimal) {
      low.matcher = [above = low.matcher, below = high.matcher](std::string_view text) { return above(text) && below(text); };
      return make(std::move(low));
    }
    bool never = low.low_integer > low.high_integer || high.low_integer > high.high_integer;  // an end beyond all integers
    low.high_integer = high.high_integer;
    if (never) low.low_integer = 1, low.high_integer = 0;
    low.high_real = high.high_real;
    low.high_text = high.high_text;
    low.has_high = high.has_high;
    return make(std::move(low));
  }

  // nullptr for virtual columns.
  Result<BoundPtr> column_of(const ExpressionPtr& identifier) {
    ASSIGN_OR_RETURN(BoundPtr column, bind_(identifier));
    if (column->kind != BoundKind::kColumn) return BoundPtr();
    multi_ = column->multi;
    return column;
  }

  const BindExpression& bind_;
  bool null_handling_;
  bool multi_ = false;  // whether the predicate made last is on an array column
};

}  // namespace

Result<FilterPtr> bind_filter(const ExpressionPtr& expression, const BindExpression& bind, bool null_handling) {
  return FilterBinder(bind, null_handling).run(expression);
}

}  // namespace bywash::analytics
