// See column_names.h.
#include "analytics/plan/column_names.h"

#include <algorithm>
#include <utility>

#include "analytics/plan/row_aggregations.h"

namespace bywash::analytics {
namespace {

using sql::Expression;
using sql::ExpressionKind;
using sql::ExpressionPtr;

struct Spelling {
  std::string_view name, shown, sign;  // sign: between the sides of a predicate; empty: none
};
constexpr Spelling kSpellings[] = {{"equals", "equals", "="}, {"notequals", "not_equals", "!="}, {"greaterthan", "greater_than", ">"},
                                   {"greaterthanorequal", "greater_than_or_equal", ">="}, {"lessthan", "less_than", "<"}, {"lessthanorequal", "less_than_or_equal", "<="},
                                   {"notin", "not_in", ""}, {"isnull", "is_null", ""}, {"isnotnull", "is_not_null", ""}, {"regexplike", "regexp_like", ""}, {"trimcharacters", "trim", ""}};
const Spelling* spelling_of(std::string_view name) {
  for (const Spelling& one : kSpellings) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

std::string shown(const Expression& expression);

std::string listed(const std::vector<ExpressionPtr>& args, size_t from) {
  std::string out;
  for (size_t i = from; i < args.size(); ++i) out += (i > from ? "," : "") + shown(*args[i]);
  return out;
}

std::string shown(const Expression& expression) {
  if (expression.kind != ExpressionKind::kFunction) return to_string(expression);
  if (expression.name == "trim" && expression.args.size() == 1) return fmt::format("trim('BOTH',' ',{})", shown(*expression.args[0]));
  const Spelling* known = spelling_of(expression.name);
  return fmt::format("{}({})", known ? known->shown : std::string_view(expression.name), listed(expression.args, 0));
}

// LIKE's pattern as a regular expression (RegexpPatternConverterUtils 1.5.1).
std::string like_as_expression(std::string_view pattern) {
  size_t begin = 0, end = pattern.size();
  while (begin < end && pattern[begin] == '%') ++begin;
  while (end > begin && pattern[end - 1] == '%') --end;
  std::string out = begin > 0 || pattern.empty() ? "" : "^";
  for (char c : pattern.substr(begin, end - begin)) {
    if (c == '%') out += ".*";
    else if (c == '_') out += '.';
    else if (std::string_view("\\.^$*+?()[]{}|").find(c) != std::string_view::npos) out += '\\', out += c;
    else out += c;
  }
  return out + (end < pattern.size() || begin == end ? "" : "$");
}

// A condition as FilterContext shows it.
std::string filter_text(const Expression& e) {
  if (e.kind == ExpressionKind::kLiteral && e.literal == sql::LiteralType::kBoolean) return e.value.integer ? "true" : "false";
  if (e.kind != ExpressionKind::kFunction) return shown(e) + " = 'true'";
  if (e.name == "and" || e.name == "or") {
    std::string out;
    for (const ExpressionPtr& arg : e.args) out += (out.empty() ? "" : e.name == "and" ? " AND " : " OR ") + filter_text(*arg);
    return "(" + out + ")";
  }
  if (e.name == "not" && e.args.size() == 1) return "(NOT " + filter_text(*e.args[0]) + ")";
  if (e.args.empty()) return shown(e) + " = 'true'";
  const std::string left = shown(*e.args[0]);
  const Spelling* known = spelling_of(e.name);
  if (known && !known->sign.empty() && e.args.size() == 2) return fmt::format("{} {} {}", left, known->sign, shown(*e.args[1]));
  if (e.name == "in" || e.name == "notin") return fmt::format("{} {} ({})", left, e.name == "in" ? "IN" : "NOT IN", listed(e.args, 1));
  if (e.name == "between" && e.args.size() == 3) return fmt::format("{} BETWEEN {} AND {}", left, shown(*e.args[1]), shown(*e.args[2]));
  if (e.name == "isnull") return left + " IS NULL";
  if (e.name == "isnotnull") return left + " IS NOT NULL";
  if (e.name == "like" && e.args.size() == 2 && e.args[1]->kind == ExpressionKind::kLiteral) return fmt::format("regexp_like({},'{}','i')", left, like_as_expression(e.args[1]->value.text));
  if (e.name == "like" || e.name == "regexplike" || e.name == "textmatch" || e.name == "jsonmatch") return shown(e);
  return shown(e) + " = 'true'";
}

// Aggregations that getResultColumnName() of BaseSingleInputAggregationFunction names: by their first argument alone.
bool names_first_argument(std::string_view name) {
  if (name.ends_with("mv")) name.remove_suffix(2);
  if (name.starts_with("distinctcount") || name.ends_with("tuplesketch") || name.starts_with("frequent")) return true;
  return name == "histogram" || name == "arrayagg" || name == "listagg" || name == "mode" || name == "idset" || name == "sumprecision";
}

}  // namespace

std::string column_name(const Expression& e) {
  if (e.kind != ExpressionKind::kFunction) return to_string(e);
  if (e.name == "filter" && e.args.size() == 2) return fmt::format("{} FILTER(WHERE {})", column_name(*e.args[0]), filter_text(*e.args[1]));
  if (e.name.starts_with("percentile") && (e.args.size() == 2 || e.args.size() == 3) && e.args[1]->kind == ExpressionKind::kLiteral) {
    const Expression& rank = *e.args[1];
    std::string text = fmt::format("{}", rank.literal == sql::LiteralType::kDouble ? rank.value.real : static_cast<double>(rank.value.integer));
    if (text.find('.') == std::string::npos) text += ".0";
    if (e.args.size() == 3 && !e.name.starts_with("percentilesmart")) text += fmt::format(", {}", e.args[2]->value.integer);
    return fmt::format("{}({}, {})", e.name, shown(*e.args[0]), text);
  }
  if (std::string funnel = funnel_column_name(e); !funnel.empty()) return funnel;
  if (names_first_argument(e.name) && !e.args.empty()) return fmt::format("{}({})", e.name == "distinctcountrawull" ? "distinctcountull" : e.name, shown(*e.args[0]));
  return shown(e);
}

}  // namespace bywash::analytics
