// See in_subquery.h.
#include "analytics/exec/in_subquery.h"

#include "analytics/sql/parser.h"

#include <algorithm>

namespace bywash::analytics {
namespace {

using sql::Expression;
using sql::ExpressionKind;
using sql::ExpressionPtr;
using Run = std::function<QueryResponse(sql::Query)>;

constexpr int64_t kValuesMax = 1'000'000;

bool is_call(const Expression& e) {
  return e.kind == ExpressionKind::kFunction && (e.name == "insubquery" || e.name == "inpartitionedsubquery");
}
bool has_call(const Expression& e) {
  return is_call(e) || std::any_of(e.args.begin(), e.args.end(), [](const ExpressionPtr& arg) { return has_call(*arg); });
}

ExpressionPtr literal_of(const Cell& cell, sql::Position at) {
  auto out = std::make_shared<Expression>();
  out->at = at;
  if (const auto* whole = std::get_if<int64_t>(&cell.value)) return sql::make_integer(*whole, at);
  if (const auto* text = std::get_if<std::string>(&cell.value)) return sql::make_string(*text, at);
  if (const auto* truth = std::get_if<bool>(&cell.value)) {
    out->literal = sql::LiteralType::kBoolean;
    out->value.integer = *truth;
    return out;
  }
  const auto* single = std::get_if<float>(&cell.value);
  const auto* real = std::get_if<double>(&cell.value);
  if (!single && !real) return nullptr;
  out->literal = sql::LiteralType::kDouble;
  out->value.real = single ? double{*single} : *real;
  return out;
}

// x IN (values) or, `negated`, x NOT IN (values).
Result<ExpressionPtr> listed(const Expression& call, bool negated, const Run& run) {
  if (call.args.size() != 2) return Status::invalid("IN_SUBQUERY requires 2 arguments: expression, subquery");
  const Expression& text = *call.args[1];
  if (text.kind != ExpressionKind::kLiteral || text.literal != sql::LiteralType::kString) return Status::invalid("Second argument of IN_SUBQUERY must be a literal (subquery)");
  Result<sql::Query> parsed = sql::parse(text.value.text);
  if (!parsed.ok()) return Status::invalid(fmt::format("Failed to parse subquery: {}: {}", text.value.text, parsed.status().message()));
  sql::Query inner = *std::move(parsed);
  const ExpressionPtr set = inner.select.size() == 1 ? inner.select[0].expression : nullptr;
  if (!set || set->kind != ExpressionKind::kFunction || set->name != "idset" || set->args.empty() || !inner.group_by.empty() || inner.distinct) {
    return Status::invalid(fmt::format("A subquery of IN_SUBQUERY has the form SELECT ID_SET(x) FROM ...: {}", text.value.text));
  }
  inner.select = {{set->args[0], ""}};
  inner.distinct = true;
  inner.order_by.clear();
  inner.limit = kValuesMax + 1;
  inner.offset = 0;
  const QueryResponse answer = run(std::move(inner));
  if (!answer.exceptions.empty()) return Status::invalid(fmt::format("Caught exception while executing subquery: {}: {}", text.value.text, answer.exceptions[0].message));
  if (static_cast<int64_t>(answer.table.rows.size()) > kValuesMax) {
    return Status::invalid(fmt::format("A subquery of IN_SUBQUERY gives at most {} values: {}", kValuesMax, text.value.text));
  }
  std::vector<ExpressionPtr> args = {call.args[0]};
  for (const auto& row : answer.table.rows) {
    if (ExpressionPtr value = literal_of(row[0], call.at)) args.push_back(std::move(value));
  }
  return sql::make_function(negated ? "notin" : "in", std::move(args), call.at);
}

bool truth_of(const Expression& literal, bool* out) {
  if (literal.kind != ExpressionKind::kLiteral) return false;
  const int64_t value = literal.literal == sql::LiteralType::kString ? literal.value.text == "true" || literal.value.text == "1" : literal.value.integer;
  *out = value == 1;
  return value == 0 || value == 1;
}

// IN_SUBQUERY(...) = 1 is a condition of its own, so that indexes serve it.
Result<ExpressionPtr> replaced(const ExpressionPtr& e, const Run& run) {
  if (!has_call(*e)) return e;
  if (is_call(*e)) return listed(*e, false, run);
  bool truth = false;
  const bool compares = (e->name == "equals" || e->name == "notequals") && e->args.size() == 2;
  for (size_t side = 0; compares && side < 2; ++side) {
    if (is_call(*e->args[side]) && truth_of(*e->args[1 - side], &truth)) return listed(*e->args[side], truth == (e->name == "notequals"), run);
  }
  std::vector<ExpressionPtr> args;
  for (const ExpressionPtr& arg : e->args) {
    ASSIGN_OR_RETURN(ExpressionPtr inner, replaced(arg, run));
    args.push_back(std::move(inner));
  }
  return sql::make_function(e->name, std::move(args), e->at);
}

}  // namespace

bool has_in_subquery(const sql::Query& query) { return query.where && has_call(*query.where); }

Status resolve_in_subqueries(sql::Query* query, const Run& run) {
  ASSIGN_OR_RETURN(query->where, replaced(query->where, run));
  return {};
}

}  // namespace bywash::analytics
