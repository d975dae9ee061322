// Recursive descent over the tokens. Level 2.
#include <algorithm>
#include <charconv>
#include <set>

#include "expressions/functions.h"
#include "expressions/lexer.h"

namespace bywash::expressions {
namespace {

constexpr int kLevelsMax = 200;

// Words that end an expression; as names they must be quoted.
bool keyword(std::string_view upper) {
  static const std::set<std::string_view> words = {"SELECT", "FROM", "WHERE", "AS", "AND", "OR", "NOT", "IS", "NULL", "IN", "LIKE", "BETWEEN", "CASE", "WHEN", "THEN",
                                                   "ELSE", "END", "TRUE", "FALSE", "GROUP", "ORDER", "HAVING", "LIMIT", "OFFSET", "JOIN", "UNION", "DISTINCT"};
  return words.contains(upper);
}

class SelectParser {
 public:
  explicit SelectParser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<Select> select() {
    Select out;
    RETURN_IF_ERROR(expect_word("SELECT"));
    if (word("DISTINCT")) return error("DISTINCT needs several records: each record is looked at alone");
    do {
      ASSIGN_OR_RETURN(SelectItem item, select_item());
      out.items.push_back(std::move(item));
    } while (take(","));
    if (!take_word("FROM")) return error("'FROM record' is expected");
    if (peek().kind != TokenKind::kName || peek().upper != "RECORD") return error("records come from 'record'");
    ++i_;
    if (take_word("WHERE")) { ASSIGN_OR_RETURN(out.where, expression()); }
    (void)take(";");
    RETURN_IF_ERROR(end());
    RETURN_IF_ERROR(check_names(out));
    return out;
  }
  Result<ExpressionPtr> alone() {
    ASSIGN_OR_RETURN(ExpressionPtr out, expression());
    RETURN_IF_ERROR(end());
    return out;
  }

 private:
  const Token& peek(size_t ahead = 0) const { return tokens_[std::min(i_ + ahead, tokens_.size() - 1)]; }
  Status error(std::string_view what) const { return Status::invalid(fmt::format("{}{}", what, at_text(peek().at))); }
  bool word(std::string_view upper) const { return peek().kind == TokenKind::kName && peek().upper == upper; }
  bool take_word(std::string_view upper) { return word(upper) && ++i_; }
  bool symbol(std::string_view text) const { return peek().kind == TokenKind::kSymbol && peek().text == text; }
  bool take(std::string_view text) { return symbol(text) && ++i_; }
  Status expect_word(std::string_view upper) { return take_word(upper) ? Status() : error(fmt::format("'{}' is expected", upper)); }
  Status expect(std::string_view text) { return take(text) ? Status() : error(fmt::format("'{}' is expected", text)); }
  Status end() const {
    if (peek().kind == TokenKind::kEnd) return {};
    if (word("GROUP") || word("HAVING") || word("ORDER") || word("LIMIT") || word("OFFSET") || word("UNION")) {
      return error(fmt::format("{} needs several records: each record is looked at alone", peek().upper));
    }
    if (symbol(",") || word("JOIN")) return error("only one source, 'record', is there");
    return error(fmt::format("'{}' is not understood here", peek().text));
  }

  Result<SelectItem> select_item() {
    SelectItem item;
    item.at = peek().at;
    if (take("*")) return item;
    ASSIGN_OR_RETURN(item.expression, expression());
    if (take_word("AS")) {
      item.at = peek().at;
      if (peek().kind != TokenKind::kQuotedName && (peek().kind != TokenKind::kName || keyword(peek().upper))) return error("a name is expected after AS");
      item.name = tokens_[i_++].text;
    } else if (item.expression->kind == Expression::Kind::kName) {
      item.name = item.expression->path.back();
    } else {
      return Status::invalid("This expression needs a name: put AS and a name behind it" + at_text(item.at));
    }
    return item;
  }
  // A name twice is a mistake, except that an item after * replaces the field of that name.
  static Status check_names(const Select& select) {
    std::set<std::string> names;
    for (const SelectItem& item : select.items) {
      if (item.expression && !names.insert(item.name).second) return Status::invalid(fmt::format("The name '{}' is given twice{}", item.name, at_text(item.at)));
    }
    return {};
  }

  static ExpressionPtr call(std::string function, std::vector<ExpressionPtr> args, Position at) {
    auto out = std::make_shared<Expression>();
    out->kind = Expression::Kind::kCall;
    out->function = std::move(function);
    out->args = std::move(args);
    out->at = at;
    return out;
  }
  static ExpressionPtr literal(columnar::Value value, Position at) {
    auto out = std::make_shared<Expression>();
    out->literal = std::move(value);
    out->at = at;
    return out;
  }

  Result<ExpressionPtr> expression() {
    if (++level_ > kLevelsMax) return error("The expression is nested too deep");
    auto out = disjunction();
    --level_;
    return out;
  }
  Result<ExpressionPtr> disjunction() {
    ASSIGN_OR_RETURN(ExpressionPtr left, conjunction());
    while (word("OR")) {
      const Position at = tokens_[i_++].at;
      ASSIGN_OR_RETURN(ExpressionPtr right, conjunction());
      left = call("or", {left, right}, at);
    }
    return left;
  }
  Result<ExpressionPtr> conjunction() {
    ASSIGN_OR_RETURN(ExpressionPtr left, negation());
    while (word("AND")) {
      const Position at = tokens_[i_++].at;
      ASSIGN_OR_RETURN(ExpressionPtr right, negation());
      left = call("and", {left, right}, at);
    }
    return left;
  }
  Result<ExpressionPtr> negation() {
    if (!word("NOT")) return predicate();
    const Position at = tokens_[i_++].at;
    if (++level_ > kLevelsMax) return error("The expression is nested too deep");
    ASSIGN_OR_RETURN(ExpressionPtr inner, negation());
    --level_;
    return call("not", {inner}, at);
  }
  Result<ExpressionPtr> predicate() {
    ASSIGN_OR_RETURN(ExpressionPtr left, sum());
    for (;;) {
      const Position at = peek().at;
      if (take_word("IS")) {
        const bool negated = take_word("NOT");
        RETURN_IF_ERROR(expect_word("NULL"));
        left = call(negated ? "is_not_null" : "is_null", {left}, at);
        continue;
      }
      const bool negated = word("NOT") && (peek(1).upper == "IN" || peek(1).upper == "LIKE" || peek(1).upper == "BETWEEN");
      if (negated) ++i_;
      ExpressionPtr out;
      if (word("IN") || word("LIKE") || word("BETWEEN")) { ASSIGN_OR_RETURN(out, ranged(left, at)); }
      else if (peek().kind == TokenKind::kSymbol) { ASSIGN_OR_RETURN(out, comparison(left, at)); }
      if (!out) return left;
      left = negated ? call("not", {out}, at) : out;
    }
  }
  Result<ExpressionPtr> ranged(const ExpressionPtr& left, Position at) {
    if (take_word("LIKE")) {
      ASSIGN_OR_RETURN(ExpressionPtr pattern, sum());
      return call("like", {left, pattern}, at);
    }
    if (take_word("BETWEEN")) {
      ASSIGN_OR_RETURN(ExpressionPtr low, sum());
      RETURN_IF_ERROR(expect_word("AND"));
      ASSIGN_OR_RETURN(ExpressionPtr high, sum());
      return call("and", {call(">=", {left, low}, at), call("<=", {left, high}, at)}, at);
    }
    (void)take_word("IN");
    RETURN_IF_ERROR(expect("("));
    if (word("SELECT")) return error("subqueries are not possible");
    std::vector<ExpressionPtr> args = {left};
    do {
      ASSIGN_OR_RETURN(ExpressionPtr item, expression());
      args.push_back(std::move(item));
    } while (take(","));
    RETURN_IF_ERROR(expect(")"));
    return call("in", std::move(args), at);
  }
  // Null: there is no comparison here.
  Result<ExpressionPtr> comparison(const ExpressionPtr& left, Position at) {
    for (std::string_view op : {"=", "<>", "!=", "<=", ">=", "<", ">"}) {
      if (!take(op)) continue;
      ASSIGN_OR_RETURN(ExpressionPtr right, sum());
      return call(op == "!=" ? "<>" : std::string(op), {left, right}, at);
    }
    return ExpressionPtr();
  }
  Result<ExpressionPtr> sum() {
    ASSIGN_OR_RETURN(ExpressionPtr left, product());
    while (symbol("+") || symbol("-") || symbol("||")) {
      const Token& op = tokens_[i_++];
      ASSIGN_OR_RETURN(ExpressionPtr right, product());
      left = call(op.text, {left, right}, op.at);
    }
    return left;
  }
  Result<ExpressionPtr> product() {
    ASSIGN_OR_RETURN(ExpressionPtr left, signed_value());
    while (symbol("*") || symbol("/") || symbol("%")) {
      const Token& op = tokens_[i_++];
      ASSIGN_OR_RETURN(ExpressionPtr right, signed_value());
      left = call(op.text, {left, right}, op.at);
    }
    return left;
  }
  Result<ExpressionPtr> signed_value() {
    if (symbol("+")) ++i_;
    if (!symbol("-")) return primary();
    const Position at = tokens_[i_++].at;
    if (peek().kind == TokenKind::kNumber) return number(true);
    if (++level_ > kLevelsMax) return error("The expression is nested too deep");
    ASSIGN_OR_RETURN(ExpressionPtr inner, signed_value());
    --level_;
    return call("negate", {inner}, at);
  }
  Result<ExpressionPtr> number(bool negative) {
    const Token& token = tokens_[i_++];
    const std::string text = (negative ? "-" : "") + token.text;
    int64_t whole = 0;
    auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), whole);
    if (code == std::errc() && end == text.data() + text.size()) return literal(columnar::Value(whole), token.at);
    double real = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), real).ec != std::errc()) return Status::invalid("The number is too large" + at_text(token.at));
    return literal(columnar::Value(real), token.at);
  }
  Result<ExpressionPtr> primary() {
    const Token& token = peek();
    if (token.kind == TokenKind::kNumber) return number(false);
    if (token.kind == TokenKind::kText) return ++i_, literal(columnar::Value::string(token.text), token.at);
    if (take("(")) {
      if (word("SELECT")) return error("subqueries are not possible");
      ASSIGN_OR_RETURN(ExpressionPtr inner, expression());
      RETURN_IF_ERROR(expect(")"));
      return inner;
    }
    if (take_word("NULL")) return literal(columnar::Value(), token.at);
    if (take_word("TRUE")) return literal(columnar::Value(true), token.at);
    if (take_word("FALSE")) return literal(columnar::Value(false), token.at);
    if (take_word("CASE")) return case_of(token.at);
    const bool named = token.kind == TokenKind::kQuotedName || (token.kind == TokenKind::kName && !keyword(token.upper));
    if (!named) return error(token.kind == TokenKind::kEnd ? "The text ends where an expression is expected" : fmt::format("an expression is expected, found '{}'", token.text));
    if (token.kind == TokenKind::kName && peek(1).kind == TokenKind::kSymbol && peek(1).text == "(") return function();
    return name();
  }
  Result<ExpressionPtr> name() {
    auto out = std::make_shared<Expression>();
    out->kind = Expression::Kind::kName;
    out->at = peek().at;
    out->quoted = peek().kind == TokenKind::kQuotedName;
    do {
      if (peek().kind != TokenKind::kName && peek().kind != TokenKind::kQuotedName) return error("a field's name is expected after the dot");
      out->path.push_back(tokens_[i_++].text);
    } while (take("."));
    return ExpressionPtr(std::move(out));
  }
  Result<ExpressionPtr> function() {
    const Token& token = tokens_[i_++];
    std::string name = token.text;
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    (void)take("(");
    if (name == "cast" || name == "try_cast") return cast(std::move(name), token.at);
    std::vector<ExpressionPtr> args;
    if (!symbol(")")) {
      do {
        ASSIGN_OR_RETURN(ExpressionPtr arg, expression());
        args.push_back(std::move(arg));
      } while (take(","));
    }
    RETURN_IF_ERROR(expect(")"));
    RETURN_IF_ERROR(check_call(name, args.size(), token.at));
    if (name == "header" && (args[0]->kind != Expression::Kind::kLiteral || !args[0]->literal.is<std::string>())) {
      return Status::invalid("header takes the header's name as a text in quotes" + at_text(token.at));
    }
    return call(std::move(name), std::move(args), token.at);
  }
  Result<ExpressionPtr> cast(std::string name, Position at) {
    ASSIGN_OR_RETURN(ExpressionPtr value, expression());
    RETURN_IF_ERROR(expect_word("AS"));
    if (peek().kind != TokenKind::kName) return error("a type is expected");
    const Token& type = tokens_[i_++];
    RETURN_IF_ERROR(check_type(type.upper, type.at));
    RETURN_IF_ERROR(expect(")"));
    return call(std::move(name), {value, literal(columnar::Value::string(type.upper), type.at)}, at);
  }
  // CASE WHEN c THEN v ... [ELSE v] END, and CASE x WHEN v THEN ...
  Result<ExpressionPtr> case_of(Position at) {
    ExpressionPtr subject;
    if (!word("WHEN")) { ASSIGN_OR_RETURN(subject, expression()); }
    std::vector<ExpressionPtr> args;
    while (word("WHEN")) {
      const Position when = tokens_[i_++].at;
      ASSIGN_OR_RETURN(ExpressionPtr condition, expression());
      RETURN_IF_ERROR(expect_word("THEN"));
      ASSIGN_OR_RETURN(ExpressionPtr value, expression());
      args.push_back(subject ? call("=", {subject, condition}, when) : condition);
      args.push_back(std::move(value));
    }
    if (args.empty()) return error("'WHEN' is expected");
    ExpressionPtr otherwise = literal(columnar::Value(), at);
    if (take_word("ELSE")) { ASSIGN_OR_RETURN(otherwise, expression()); }
    args.push_back(std::move(otherwise));
    RETURN_IF_ERROR(expect_word("END"));
    return call("case", std::move(args), at);
  }

  const std::vector<Token> tokens_;
  size_t i_ = 0;
  int level_ = 0;
};

}  // namespace

Result<Select> parse_select(std::string_view text) {
  ASSIGN_OR_RETURN(std::vector<Token> tokens, tokenize(text));
  return SelectParser(std::move(tokens)).select();
}

Result<ExpressionPtr> parse_expression(std::string_view text) {
  ASSIGN_OR_RETURN(std::vector<Token> tokens, tokenize(text));
  return SelectParser(std::move(tokens)).alone();
}

}  // namespace bywash::expressions
