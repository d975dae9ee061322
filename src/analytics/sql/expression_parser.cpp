// Expressions of both dialects, by recursive descent, loosest first. See clause_parser.h.
#include "analytics/sql/clause_parser.h"
#include "analytics/sql/words.h"

#include <charconv>
#include <cstdlib>

namespace bywash::analytics::sql {
namespace {

constexpr int kDepthMax = 200;
constexpr int kTreeDepthMax = 1000;  // also through long chains of operators
constexpr size_t kExpressionsMax = 100'000;

}  // namespace

Result<ExpressionPtr> ClauseParser::expression() {
  if (++depth_ > kDepthMax) return fail(fmt::format("expression is nested more than {} levels deep", kDepthMax));
  Parsed out = disjunction();
  --depth_;
  return out;
}

Result<ExpressionPtr> ClauseParser::make(std::string name, std::vector<ExpressionPtr> args, Position at) {
  if (++made_ > kExpressionsMax) return fail_at(at, "query has too many expressions");
  ExpressionPtr out = make_function(std::move(name), std::move(args), at);
  if (out->depth > kTreeDepthMax) return fail_at(at, fmt::format("expression is nested more than {} levels deep", kTreeDepthMax));
  return out;
}

Result<ExpressionPtr> ClauseParser::disjunction() {
  ASSIGN_OR_RETURN(ExpressionPtr left, conjunction());
  if (!word("OR")) return left;
  std::vector<ExpressionPtr> args{left};
  while (accept("OR")) {
    ASSIGN_OR_RETURN(ExpressionPtr right, conjunction());
    args.push_back(std::move(right));
  }
  return make("or", std::move(args), left->at);
}

Result<ExpressionPtr> ClauseParser::conjunction() {
  ASSIGN_OR_RETURN(ExpressionPtr left, negation());
  if (!word("AND")) return left;
  std::vector<ExpressionPtr> args{left};
  while (accept("AND")) {
    ASSIGN_OR_RETURN(ExpressionPtr right, negation());
    args.push_back(std::move(right));
  }
  return make("and", std::move(args), left->at);
}

Result<ExpressionPtr> ClauseParser::negation() {
  Position at = token().at;
  bool negative = false;
  while (accept("NOT")) negative = !negative;
  ExpressionPtr inner;
  if (word("EXISTS") && symbol("(", 1) && at_query(2)) {
    advance(), advance();
    ASSIGN_OR_RETURN(inner, nested(Nested::kExists, nullptr, at));
  } else {
    ASSIGN_OR_RETURN(inner, predicate());
  }
  return negative ? make("not", {std::move(inner)}, at) : Parsed(std::move(inner));
}

Result<ExpressionPtr> ClauseParser::predicate() {
  ASSIGN_OR_RETURN(ExpressionPtr left, additive());
  while (true) {
    Position at = token().at;
    static constexpr std::pair<std::string_view, std::string_view> kComparisons[] = {
        {"=", "equals"},      {"<>", "notequals"}, {"!=", "notequals"},           {">=", "greaterthanorequal"},
        {"<=", "lessthanorequal"}, {">", "greaterthan"}, {"<", "lessthan"}};
    std::string_view name;
    for (auto [text, function] : kComparisons) {
      if (symbol(text)) name = function;
    }
    if (!name.empty()) {
      advance();
      ASSIGN_OR_RETURN(ExpressionPtr right, additive());
      ASSIGN_OR_RETURN(left, make(std::string(name), {left, right}, at));
    } else if (accept("IS")) {
      ASSIGN_OR_RETURN(left, is_test(left, at));
    } else if (word("IN") || word("BETWEEN") || word("LIKE") || (word("NOT") && (word("IN", 1) || word("BETWEEN", 1) || word("LIKE", 1)))) {
      bool negative = accept("NOT");
      ASSIGN_OR_RETURN(left, membership(left, negative, at));
    } else {
      return left;
    }
  }
}

Result<ExpressionPtr> ClauseParser::is_test(ExpressionPtr left, Position at) {
  bool negative = accept("NOT");
  if (accept("NULL")) return make(negative ? "isnotnull" : "isnull", {std::move(left)}, at);
  if (accept("TRUE")) return make(negative ? "isnottrue" : "istrue", {std::move(left)}, at);
  if (accept("FALSE")) return make(negative ? "isnotfalse" : "isfalse", {std::move(left)}, at);
  if (accept("DISTINCT")) {
    if (!accept("FROM")) return fail(fmt::format("expected FROM after IS DISTINCT, found {}", shown()));
    ASSIGN_OR_RETURN(ExpressionPtr right, additive());
    return make(negative ? "isnotdistinctfrom" : "isdistinctfrom", {std::move(left), std::move(right)}, at);
  }
  return fail(fmt::format("expected [NOT] NULL, TRUE, FALSE or DISTINCT FROM after IS, found {}", shown()));
}

// A LIKE pattern whose escape character is another one.
std::string ClauseParser::with_backslashes(const std::string& pattern, char escape) {
  std::string out;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == escape && i + 1 < pattern.size()) {
      out += '\\';
      out += pattern[++i];
    } else {
      if (pattern[i] == '\\') out += '\\';
      out += pattern[i];
    }
  }
  return out;
}

Result<ExpressionPtr> ClauseParser::membership(ExpressionPtr left, bool negative, Position at) {
  if (accept("LIKE")) {
    ASSIGN_OR_RETURN(ExpressionPtr pattern, additive());
    if (accept("ESCAPE")) {
      bool literal_pattern = pattern->kind == ExpressionKind::kLiteral && token().kind == TokenKind::kString && token().text.size() == 1;
      if (!literal_pattern) return fail("LIKE ... ESCAPE takes a literal pattern and one character");
      pattern = make_string(with_backslashes(pattern->value.text, token().text[0]), pattern->at);
      advance();
    }
    ASSIGN_OR_RETURN(ExpressionPtr out, make("like", {std::move(left), std::move(pattern)}, at));
    return negative ? make("not", {std::move(out)}, at) : Parsed(std::move(out));
  }
  if (accept("BETWEEN")) {
    accept("ASYMMETRIC");
    bool symmetric = accept("SYMMETRIC");
    ASSIGN_OR_RETURN(ExpressionPtr low, additive());
    if (!accept("AND")) return fail(fmt::format("expected AND of BETWEEN, found {}", shown()));
    ASSIGN_OR_RETURN(ExpressionPtr high, additive());
    ASSIGN_OR_RETURN(ExpressionPtr out, make("between", {left, low, high}, at));
    if (symmetric) {
      ASSIGN_OR_RETURN(ExpressionPtr turned, make("between", {left, high, low}, at));
      ASSIGN_OR_RETURN(out, make("or", {std::move(out), std::move(turned)}, at));
    }
    return negative ? make("not", {std::move(out)}, at) : Parsed(std::move(out));
  }
  advance();  // IN
  RETURN_IF_ERROR(expect_symbol("("));
  if (at_query(0)) {
    ASSIGN_OR_RETURN(ExpressionPtr out, nested(Nested::kIn, std::move(left), at));
    return negative ? make("not", {std::move(out)}, at) : Parsed(std::move(out));
  }
  std::vector<ExpressionPtr> args{std::move(left)};
  do {
    ASSIGN_OR_RETURN(ExpressionPtr value, expression());
    args.push_back(std::move(value));
  } while (accept_symbol(","));
  RETURN_IF_ERROR(expect_symbol(")"));
  return make(negative ? "notin" : "in", std::move(args), at);
}

Result<ExpressionPtr> ClauseParser::additive() {
  ASSIGN_OR_RETURN(ExpressionPtr left, multiplicative());
  while (symbol("+") || symbol("-") || symbol("||")) {
    Position at = token().at;
    std::string name = symbol("+") ? "plus" : symbol("-") ? "minus" : "concat";
    advance();
    ASSIGN_OR_RETURN(ExpressionPtr right, multiplicative());
    ASSIGN_OR_RETURN(left, make(name, {left, right}, at));
  }
  return left;
}

Result<ExpressionPtr> ClauseParser::multiplicative() {
  ASSIGN_OR_RETURN(ExpressionPtr left, unary());
  while (symbol("*") || symbol("/") || symbol("%")) {
    Position at = token().at;
    std::string name = symbol("*") ? "times" : symbol("/") ? "divide" : "mod";
    advance();
    ASSIGN_OR_RETURN(ExpressionPtr right, unary());
    ASSIGN_OR_RETURN(left, make(name, {left, right}, at));
  }
  return left;
}

Result<ExpressionPtr> ClauseParser::unary() {
  Position at = token().at;
  bool negative = false;
  bool any = false;
  while (symbol("-") || symbol("+")) {
    negative ^= symbol("-");
    any = true;
    advance();
  }
  if (any && token().kind == TokenKind::kNumber) return number(negative);
  ASSIGN_OR_RETURN(ExpressionPtr inner, primary());
  return negative ? make("minus", {make_integer(0, at), std::move(inner)}, at) : Parsed(std::move(inner));
}

Result<ExpressionPtr> ClauseParser::number(bool negative) {
  std::string text = (negative ? "-" : "") + token().text;
  auto out = std::make_shared<Expression>();
  out->at = token().at;
  if (text.find_first_of(".eE") == std::string::npos) {
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out->value.integer);
    if (error == std::errc()) {
      bool small = out->value.integer >= INT32_MIN && out->value.integer <= INT32_MAX;
      out->literal = small ? LiteralType::kInt : LiteralType::kLong;
      advance();
      return ExpressionPtr(std::move(out));
    }
  }
  out->literal = LiteralType::kDouble;
  out->value.real = std::strtod(text.c_str(), nullptr);
  advance();
  return ExpressionPtr(std::move(out));
}

Result<ExpressionPtr> ClauseParser::literal(LiteralType type, int64_t value) {
  auto out = std::make_shared<Expression>();
  out->literal = type;
  out->value.integer = value;
  out->at = token().at;
  advance();
  return ExpressionPtr(std::move(out));
}

Result<ExpressionPtr> ClauseParser::primary() {
  if (++made_ > kExpressionsMax) return fail("query has too many expressions");
  const Token& first = token();
  switch (first.kind) {
    case TokenKind::kNumber: return number(false);
    case TokenKind::kString: {
      ExpressionPtr out = make_string(first.text, first.at);
      advance();
      return out;
    }
    case TokenKind::kQuotedName: return symbol("(", 1) ? call() : column();
    case TokenKind::kName: return named();
    case TokenKind::kSymbol:
      if (symbol("(")) {
        advance();
        if (at_query(0)) return nested(Nested::kScalar, nullptr, first.at);
        ASSIGN_OR_RETURN(ExpressionPtr inner, expression());
        RETURN_IF_ERROR(expect_symbol(")"));
        return inner;
      }
      break;
    case TokenKind::kEnd: break;
  }
  return fail(fmt::format("expected an expression, found {}", shown()));
}

Result<ExpressionPtr> ClauseParser::named() {
  std::string name = upper(token().text);
  if (name == "CASE") return case_when();
  if (name == "CAST" && symbol("(", 1)) return cast();
  if (name == "TRUE") return literal(LiteralType::kBoolean, 1);
  if (name == "FALSE") return literal(LiteralType::kBoolean, 0);
  if (name == "NULL") return literal(LiteralType::kNull, 0);
  if (name == "EXTRACT" && symbol("(", 1)) return extract();
  if (name == "ARRAY" && symbol("[", 1)) return array();
  if (name == "TRIM" && symbol("(", 1) && (word("BOTH", 2) || word("LEADING", 2) || word("TRAILING", 2))) return trim();
  if ((name == "LEFT" || name == "RIGHT") && symbol("(", 1)) return call();
  if (symbol("(", 1) && name != "SELECT" && (!reserved(name) || name == "LEFT" || name == "RIGHT")) return call();
  if ((name == "TIMESTAMP" || name == "DATE") && token(1).kind == TokenKind::kString) {
    advance();
    ExpressionPtr out = make_string(token().text, token().at);
    advance();
    return out;
  }
  if (reserved(name)) return fail(fmt::format("expected an expression, found '{}' (a name that is a keyword needs double quotes)", token().text));
  return column();
}

Result<ExpressionPtr> ClauseParser::column() {
  Position at = token().at;
  std::string name = token().text;
  advance();
  while (symbol(".") && (token(1).kind == TokenKind::kName || token(1).kind == TokenKind::kQuotedName)) {
    advance();
    name += "." + token().text;
    advance();
  }
  return make_identifier(std::move(name), at);
}

Result<ExpressionPtr> ClauseParser::call() {
  Position at = token().at;
  std::string name = function_name(token().text);
  advance();
  std::vector<ExpressionPtr> args;
  bool distinct = false, unit = unit_named(name);
  advance();  // the opening parenthesis
  if (unit) {
    args.push_back(make_string(upper(token().text), token().at));
    advance(), advance();
  }
  if (!symbol(")")) {
    distinct = accept("DISTINCT");
    if (!distinct) accept("ALL");
    do {
      if (at_query(0)) return multi_stage("a subquery");
      if (symbol("*")) {
        auto star = std::make_shared<Expression>();
        star->kind = ExpressionKind::kStar;
        star->at = token().at;
        advance();
        args.push_back(std::move(star));
        continue;
      }
      ASSIGN_OR_RETURN(ExpressionPtr arg, expression());
      args.push_back(std::move(arg));
    } while (accept_symbol(",") || (name == "substring" && (accept("FROM") || accept("FOR"))));
  }
  RETURN_IF_ERROR(expect_symbol(")"));
  if (distinct) {
    // MIN and MAX of the distinct values are those of all (Pinot rewrites likewise: AggregationOptimizer and DISTINCT forms).
    if (name == "count" || name == "sum" || name == "avg") name = "distinct" + name;
    else if (name != "min" && name != "max") return fail_at(at, fmt::format("DISTINCT is not supported in {}()", name));
  }
  ASSIGN_OR_RETURN(ExpressionPtr out, make(std::move(name), std::move(args), at));
  if (word("FILTER") && symbol("(", 1)) {
    advance(), advance();
    if (!accept("WHERE")) return fail(fmt::format("expected WHERE in FILTER(), found {}", shown()));
    ASSIGN_OR_RETURN(ExpressionPtr condition, expression());
    RETURN_IF_ERROR(expect_symbol(")"));
    ASSIGN_OR_RETURN(out, make("filter", {std::move(out), std::move(condition)}, at));
  }
  return after_call(std::move(out), at);
}

// TIMESTAMPADD(DAY, 1, t): the unit stands without quotes. The token is the opening parenthesis.
bool ClauseParser::unit_named(const std::string& name) const {
  return (name == "timestampadd" || name == "timestampdiff" || name == "dateadd" || name == "datediff") && token(1).kind == TokenKind::kName && symbol(",", 2);
}

Result<ExpressionPtr> ClauseParser::trim() {
  Position at = token().at;
  advance(), advance();
  std::string end = upper(token().text);
  advance();
  ExpressionPtr characters = make_string(" ", at);
  if (!word("FROM")) {
    ASSIGN_OR_RETURN(characters, expression());
  }
  if (!accept("FROM")) return fail(fmt::format("expected FROM in TRIM(), found {}", shown()));
  ASSIGN_OR_RETURN(ExpressionPtr value, expression());
  RETURN_IF_ERROR(expect_symbol(")"));
  return make("trimcharacters", {make_string(end, at), std::move(characters), std::move(value)}, at);
}

Result<ExpressionPtr> ClauseParser::array() {
  Position at = token().at;
  advance(), advance();
  std::vector<ExpressionPtr> args;
  do {
    ASSIGN_OR_RETURN(ExpressionPtr value, expression());
    args.push_back(std::move(value));
  } while (accept_symbol(","));
  RETURN_IF_ERROR(expect_symbol("]"));
  return make("arrayvalueconstructor", std::move(args), at);
}

Result<ExpressionPtr> ClauseParser::case_when() {
  Position at = token().at;
  advance();
  ExpressionPtr subject;
  if (!word("WHEN")) {
    ASSIGN_OR_RETURN(subject, expression());
  }
  std::vector<ExpressionPtr> args;
  while (accept("WHEN")) {
    ASSIGN_OR_RETURN(ExpressionPtr when, expression());
    if (subject) {
      ASSIGN_OR_RETURN(when, make("equals", {subject, when}, when->at));
    }
    if (!accept("THEN")) return fail(fmt::format("expected THEN, found {}", shown()));
    ASSIGN_OR_RETURN(ExpressionPtr then, expression());
    args.push_back(std::move(when));
    args.push_back(std::move(then));
  }
  if (args.empty()) return fail(fmt::format("expected WHEN, found {}", shown()));
  ExpressionPtr otherwise = std::make_shared<Expression>();  // NULL
  if (accept("ELSE")) {
    ASSIGN_OR_RETURN(otherwise, expression());
  }
  if (!accept("END")) return fail(fmt::format("expected END of CASE, found {}", shown()));
  args.push_back(std::move(otherwise));
  return make("case", std::move(args), at);
}

Result<ExpressionPtr> ClauseParser::cast() {
  Position at = token().at;
  advance(), advance();
  ASSIGN_OR_RETURN(ExpressionPtr value, expression());
  if (!accept("AS") && !accept_symbol(",")) return fail(fmt::format("expected AS in CAST(), found {}", shown()));
  if (token().kind == TokenKind::kEnd || token().kind == TokenKind::kSymbol) return fail(fmt::format("expected a type's name, found {}", shown()));
  std::string type = upper(token().text);
  // As Calcite spells them, which columns' names show.
  static constexpr std::pair<std::string_view, std::string_view> kSpellings[] = {{"INT", "INTEGER"}, {"STRING", "VARCHAR"}, {"LONG", "BIGINT"}, {"BIG_DECIMAL", "DECIMAL"}, {"BYTES", "VARBINARY"}};
  for (const auto& [written, shown] : kSpellings) {
    if (type == written) {
      type = shown;
      break;
    }
  }
  ExpressionPtr name = make_string(type, token().at);
  advance();
  if (accept_symbol("(")) {  // VARCHAR(20)
    while (token().kind == TokenKind::kNumber || symbol(",")) advance();
    RETURN_IF_ERROR(expect_symbol(")"));
  }
  RETURN_IF_ERROR(expect_symbol(")"));
  return make("cast", {std::move(value), std::move(name)}, at);
}

Result<ExpressionPtr> ClauseParser::extract() {
  Position at = token().at;
  advance(), advance();
  if (token().kind != TokenKind::kName && token().kind != TokenKind::kString) return fail(fmt::format("expected a unit of time, found {}", shown()));
  ExpressionPtr unit = make_string(upper(token().text), token().at);
  advance();
  if (!accept("FROM") && !accept_symbol(",")) return fail(fmt::format("expected FROM in EXTRACT(), found {}", shown()));
  ASSIGN_OR_RETURN(ExpressionPtr value, expression());
  RETURN_IF_ERROR(expect_symbol(")"));
  return make("extract", {std::move(unit), std::move(value)}, at);
}

}  // namespace bywash::analytics::sql
