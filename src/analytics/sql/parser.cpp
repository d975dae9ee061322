#include "analytics/sql/parser.h"

#include "analytics/sql/lexer.h"
#include "analytics/sql/words.h"

#include <charconv>
#include <cstdlib>

namespace bywash::analytics::sql {
namespace {

constexpr int kDepthMax = 200;
constexpr int kTreeDepthMax = 1000;  // also through long chains of operators
constexpr size_t kExpressionsMax = 100'000;

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<Query> run() {
    RETURN_IF_ERROR(set_statements());
    if (word("EXPLAIN")) {
      advance();
      accept("IMPLEMENTATION");
      if (!accept("PLAN") || !accept("FOR")) return fail("expected PLAN FOR after EXPLAIN");
      query_.explain = true;
    }
    if (word("WITH")) return multi_stage("WITH");
    if (token().kind == TokenKind::kEnd) return Status::invalid("SqlNode with executable statement not found!");
    if (!word("SELECT")) {
      const Token& first = token();
      return Status::invalid(fmt::format("From line {}, column {} to line {}, column {}: Non-query expression encountered in illegal context",
                                         first.at.line, first.at.column, first.end.line, first.end.column));
    }
    RETURN_IF_ERROR(select());
    while (symbol(";")) advance();
    for (std::string_view joining : {"UNION", "INTERSECT", "EXCEPT", "MINUS"}) {
      if (word(joining)) return multi_stage(joining);
    }
    if (token().kind != TokenKind::kEnd) return fail(fmt::format("expected the end of the query, found {}", shown()));
    return std::move(query_);
  }

 private:
  using Parsed = Result<ExpressionPtr>;

  // ---- tokens
  const Token& token(size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  void advance() { at_ = std::min(at_ + 1, tokens_.size() - 1); }
  bool word(std::string_view keyword, size_t ahead = 0) const { return token(ahead).kind == TokenKind::kName && upper(token(ahead).text) == keyword; }
  bool symbol(std::string_view text, size_t ahead = 0) const { return token(ahead).kind == TokenKind::kSymbol && token(ahead).text == text; }
  bool accept(std::string_view keyword) { return word(keyword) ? advance(), true : false; }
  bool accept_symbol(std::string_view text) { return symbol(text) ? advance(), true : false; }
  std::string shown() const {
    if (token().kind == TokenKind::kEnd) return "the end of the query";
    return token().kind == TokenKind::kString ? fmt::format("string '{}'", token().text) : fmt::format("'{}'", token().text);
  }
  Status fail_at(Position at, std::string_view reason) const {
    return Status::invalid(fmt::format("At line {}, column {}: {}", at.line, at.column, reason));
  }
  Status fail(std::string_view reason) const { return fail_at(token().at, reason); }
  Status multi_stage(std::string_view what) const {
    return Status::invalid(fmt::format("{}: {} at line {}, column {}", kMultiStageOnly, what, token().at.line, token().at.column));
  }
  Status expect_symbol(std::string_view text) {
    return accept_symbol(text) ? Status() : fail(fmt::format("expected '{}', found {}", text, shown()));
  }

  // ---- statements
  Status set_statements() {
    while (word("SET") || symbol(";")) {
      if (accept_symbol(";")) continue;
      advance();
      RETURN_IF_ERROR(option());
      if (token().kind != TokenKind::kEnd) RETURN_IF_ERROR(expect_symbol(";"));
    }
    return {};
  }

  Status option() {
    if (token().kind != TokenKind::kName && token().kind != TokenKind::kQuotedName) return fail(fmt::format("expected an option's name, found {}", shown()));
    std::string name = token().text;
    advance();
    while (symbol(".") && token(1).kind == TokenKind::kName) {
      advance();
      name += "." + token().text;
      advance();
    }
    RETURN_IF_ERROR(expect_symbol("="));
    std::string sign = accept_symbol("-") ? "-" : "";
    if (token().kind == TokenKind::kEnd || token().kind == TokenKind::kSymbol) return fail(fmt::format("expected a value for option '{}', found {}", name, shown()));
    query_.options[name] = sign + token().text;
    advance();
    return {};
  }

  Status select() {
    advance();
    if (accept("DISTINCT")) query_.distinct = true;
    else accept("ALL");
    do {
      RETURN_IF_ERROR(select_item());
    } while (accept_symbol(","));
    if (accept("FROM")) RETURN_IF_ERROR(from());
    if (accept("WHERE")) {
      ASSIGN_OR_RETURN(query_.where, expression());
    }
    if (accept("GROUP")) RETURN_IF_ERROR(group_by());
    if (accept("HAVING")) {
      ASSIGN_OR_RETURN(query_.having, expression());
    }
    if (word("WINDOW") || word("QUALIFY")) return multi_stage(upper(token().text));
    if (accept("ORDER")) RETURN_IF_ERROR(order_by());
    RETURN_IF_ERROR(limit());
    while (accept("OPTION")) {
      RETURN_IF_ERROR(expect_symbol("("));
      do {
        RETURN_IF_ERROR(option());
      } while (accept_symbol(","));
      RETURN_IF_ERROR(expect_symbol(")"));
    }
    if (query_.distinct && !query_.group_by.empty()) return multi_stage("SELECT DISTINCT with GROUP BY");
    return {};
  }

  Status select_item() {
    SelectItem item;
    if (symbol("*")) {
      auto star = std::make_shared<Expression>();
      star->kind = ExpressionKind::kStar;
      star->at = token().at;
      advance();
      item.expression = star;
      query_.select.push_back(std::move(item));
      return {};
    }
    ASSIGN_OR_RETURN(item.expression, expression());
    ASSIGN_OR_RETURN(item.alias, alias());
    query_.select.push_back(std::move(item));
    return {};
  }

  // [AS] name, or empty.
  Result<std::string> alias() {
    bool as = accept("AS");
    bool name = token().kind == TokenKind::kQuotedName || (token().kind == TokenKind::kName && !reserved(upper(token().text)));
    if (!name) return as ? Result<std::string>(fail(fmt::format("expected a name after AS, found {}", shown()))) : std::string();
    std::string out = token().text;
    advance();
    return out;
  }

  Status from() {
    if (symbol("(")) return multi_stage("a subquery in FROM");
    if (token().kind != TokenKind::kName && token().kind != TokenKind::kQuotedName) return fail(fmt::format("expected a table's name, found {}", shown()));
    query_.table = token().text;
    advance();
    while (symbol(".")) {  // database.table
      advance();
      if (token().kind != TokenKind::kName && token().kind != TokenKind::kQuotedName) return fail(fmt::format("expected a table's name, found {}", shown()));
      query_.table = token().text;
      advance();
    }
    bool joining = word("JOIN") || word("INNER") || word("LEFT") || word("RIGHT") || word("FULL") || word("CROSS") || word("NATURAL");
    if (!joining) {
      ASSIGN_OR_RETURN(query_.table_alias, alias());
      joining = word("JOIN") || word("INNER") || word("LEFT") || word("RIGHT") || word("FULL") || word("CROSS") || word("NATURAL");
    }
    if (joining || symbol(",")) return multi_stage("a join");
    return {};
  }

  Status group_by() {
    if (!accept("BY")) return fail(fmt::format("expected BY after GROUP, found {}", shown()));
    do {
      ASSIGN_OR_RETURN(ExpressionPtr expression_, expression());
      query_.group_by.push_back(std::move(expression_));
    } while (accept_symbol(","));
    return {};
  }

  Status order_by() {
    if (!accept("BY")) return fail(fmt::format("expected BY after ORDER, found {}", shown()));
    do {
      OrderItem item;
      ASSIGN_OR_RETURN(item.expression, expression());
      if (accept("DESC")) item.descending = true;
      else accept("ASC");
      if (accept("NULLS")) {
        if (accept("FIRST")) item.nulls = NullOrder::kFirst;
        else if (accept("LAST")) item.nulls = NullOrder::kLast;
        else return fail(fmt::format("expected FIRST or LAST after NULLS, found {}", shown()));
      }
      query_.order_by.push_back(std::move(item));
    } while (accept_symbol(","));
    return {};
  }

  Result<int64_t> count(std::string_view clause) {
    int64_t value = 0;
    const std::string& text = token().text;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (token().kind != TokenKind::kNumber || error != std::errc() || end != text.data() + text.size() || value > INT32_MAX) {
      return fail(fmt::format("{} must be a whole number from 0 to 2147483647, found {}", clause, shown()));
    }
    advance();
    return value;
  }

  Status limit() {
    if (accept("LIMIT")) {
      ASSIGN_OR_RETURN(query_.limit, count("LIMIT"));
      if (accept_symbol(",")) {
        query_.offset = query_.limit;
        ASSIGN_OR_RETURN(query_.limit, count("LIMIT"));
      }
    }
    if (accept("OFFSET")) {
      ASSIGN_OR_RETURN(query_.offset, count("OFFSET"));
    }
    if (word("LIMIT") && query_.offset > 0) return limit();  // OFFSET before LIMIT
    return {};
  }

  // ---- expressions, loosest first
  Parsed expression() {
    if (++depth_ > kDepthMax) return fail(fmt::format("expression is nested more than {} levels deep", kDepthMax));
    Parsed out = disjunction();
    --depth_;
    return out;
  }

  Parsed make(std::string name, std::vector<ExpressionPtr> args, Position at) {
    if (++made_ > kExpressionsMax) return fail_at(at, "query has too many expressions");
    ExpressionPtr out = make_function(std::move(name), std::move(args), at);
    if (out->depth > kTreeDepthMax) return fail_at(at, fmt::format("expression is nested more than {} levels deep", kTreeDepthMax));
    return out;
  }

  Parsed disjunction() {
    ASSIGN_OR_RETURN(ExpressionPtr left, conjunction());
    if (!word("OR")) return left;
    std::vector<ExpressionPtr> args{left};
    while (accept("OR")) {
      ASSIGN_OR_RETURN(ExpressionPtr right, conjunction());
      args.push_back(std::move(right));
    }
    return make("or", std::move(args), left->at);
  }

  Parsed conjunction() {
    ASSIGN_OR_RETURN(ExpressionPtr left, negation());
    if (!word("AND")) return left;
    std::vector<ExpressionPtr> args{left};
    while (accept("AND")) {
      ASSIGN_OR_RETURN(ExpressionPtr right, negation());
      args.push_back(std::move(right));
    }
    return make("and", std::move(args), left->at);
  }

  Parsed negation() {
    Position at = token().at;
    bool negative = false;
    while (accept("NOT")) negative = !negative;
    if (word("EXISTS") && symbol("(", 1) && word("SELECT", 2)) return multi_stage("EXISTS");
    ASSIGN_OR_RETURN(ExpressionPtr inner, predicate());
    return negative ? make("not", {std::move(inner)}, at) : Parsed(std::move(inner));
  }

  Parsed predicate() {
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

  Parsed is_test(ExpressionPtr left, Position at) {
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
  static std::string with_backslashes(const std::string& pattern, char escape) {
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

  Parsed membership(ExpressionPtr left, bool negative, Position at) {
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
    if (word("SELECT") || word("WITH")) return multi_stage("a subquery in IN");
    std::vector<ExpressionPtr> args{std::move(left)};
    do {
      ASSIGN_OR_RETURN(ExpressionPtr value, expression());
      args.push_back(std::move(value));
    } while (accept_symbol(","));
    RETURN_IF_ERROR(expect_symbol(")"));
    return make(negative ? "notin" : "in", std::move(args), at);
  }

  Parsed additive() {
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

  Parsed multiplicative() {
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

  Parsed unary() {
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

  Parsed number(bool negative) {
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

  Parsed literal(LiteralType type, int64_t value) {
    auto out = std::make_shared<Expression>();
    out->literal = type;
    out->value.integer = value;
    out->at = token().at;
    advance();
    return ExpressionPtr(std::move(out));
  }

  Parsed primary() {
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
          if (word("SELECT", 1) || word("WITH", 1)) return multi_stage("a subquery");
          advance();
          ASSIGN_OR_RETURN(ExpressionPtr inner, expression());
          RETURN_IF_ERROR(expect_symbol(")"));
          return inner;
        }
        break;
      case TokenKind::kEnd: break;
    }
    return fail(fmt::format("expected an expression, found {}", shown()));
  }

  Parsed named() {
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

  Parsed column() {
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

  Parsed call() {
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
        if (word("SELECT")) return multi_stage("a subquery");
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
    if (word("OVER")) return multi_stage("a window (OVER)");
    if (word("WITHIN") && word("GROUP", 1)) return multi_stage("WITHIN GROUP");
    return out;
  }

  // TIMESTAMPADD(DAY, 1, t): the unit stands without quotes. The token is the opening parenthesis.
  bool unit_named(const std::string& name) const {
    return (name == "timestampadd" || name == "timestampdiff" || name == "dateadd" || name == "datediff") && token(1).kind == TokenKind::kName && symbol(",", 2);
  }

  Parsed trim() {
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

  Parsed array() {
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

  Parsed case_when() {
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

  Parsed cast() {
    Position at = token().at;
    advance(), advance();
    ASSIGN_OR_RETURN(ExpressionPtr value, expression());
    if (!accept("AS") && !accept_symbol(",")) return fail(fmt::format("expected AS in CAST(), found {}", shown()));
    if (token().kind == TokenKind::kEnd || token().kind == TokenKind::kSymbol) return fail(fmt::format("expected a type's name, found {}", shown()));
    std::string type = upper(token().text);
    if (type == "INT") type = "INTEGER";  // as Calcite spells it in the column's name
    ExpressionPtr name = make_string(type, token().at);
    advance();
    if (accept_symbol("(")) {  // VARCHAR(20)
      while (token().kind == TokenKind::kNumber || symbol(",")) advance();
      RETURN_IF_ERROR(expect_symbol(")"));
    }
    RETURN_IF_ERROR(expect_symbol(")"));
    return make("cast", {std::move(value), std::move(name)}, at);
  }

  Parsed extract() {
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

  std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
  size_t made_ = 0;
  Query query_;
};

}  // namespace

Result<Query> parse(std::string_view text) {
  ASSIGN_OR_RETURN(std::vector<Token> tokens, tokenize(text));
  return Parser(std::move(tokens)).run();
}

}  // namespace bywash::analytics::sql
