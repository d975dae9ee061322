// What the parsers of both dialects share: tokens, expressions, and the clauses that are written alike. Internal to sql/: parser.cpp and
// statement_parser.cpp derive from it. Query line, parse stage; one object per text.
#pragma once

#include "analytics/sql/lexer.h"
#include "analytics/sql/parser.h"
#include "analytics/sql/query.h"
#include "analytics/sql/words.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bywash::analytics::sql {

class ClauseParser {
 public:
  explicit ClauseParser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}
  virtual ~ClauseParser() = default;

 protected:
  using Parsed = Result<ExpressionPtr>;
  enum class Nested { kScalar, kIn, kExists };

  // Tokens.
  const Token& token(size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  void advance() { at_ = std::min(at_ + 1, tokens_.size() - 1); }
  bool word(std::string_view keyword, size_t ahead = 0) const { return token(ahead).kind == TokenKind::kName && is_word(token(ahead).text, keyword); }
  bool symbol(std::string_view text, size_t ahead = 0) const { return token(ahead).kind == TokenKind::kSymbol && token(ahead).text == text; }
  bool accept(std::string_view keyword) { return word(keyword) ? advance(), true : false; }
  bool accept_symbol(std::string_view text) { return symbol(text) ? advance(), true : false; }
  bool at_name() const { return token().kind == TokenKind::kName || token().kind == TokenKind::kQuotedName; }
  bool at_query(size_t ahead) const { return word("SELECT", ahead) || word("WITH", ahead); }
  std::string shown() const;
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

  // Clauses. Each begins after its first keyword.
  Status set_statements(std::map<std::string, std::string>* options);
  Status option(std::map<std::string, std::string>* options);
  Status option_clause(std::map<std::string, std::string>* options);
  Result<std::string> alias();  // [AS] name, or empty
  Status group_by(std::vector<ExpressionPtr>* keys);
  Status order_by(std::vector<OrderItem>* items);
  Result<int64_t> count(std::string_view clause);
  Status limit(int64_t* limit, int64_t* offset);
  // At the first token of a text: skips EXPLAIN PLAN FOR; kInvalid when no query follows.
  Status explain(bool* explained);

  // What only the multi-stage dialect has; here it is refused. The token is the first one of the query in parentheses (kExists, kIn,
  // kScalar), or the one after the call.
  virtual Parsed nested(Nested use, ExpressionPtr left, Position at);
  virtual Parsed after_call(ExpressionPtr call, Position at);

  // Expressions, loosest first.
  Parsed expression();
  Parsed make(std::string name, std::vector<ExpressionPtr> args, Position at);
  Parsed disjunction();
  Parsed conjunction();
  Parsed negation();
  Parsed predicate();
  Parsed is_test(ExpressionPtr left, Position at);
  static std::string with_backslashes(const std::string& pattern, char escape);
  Parsed membership(ExpressionPtr left, bool negative, Position at);
  Parsed additive();
  Parsed multiplicative();
  Parsed unary();
  Parsed number(bool negative);
  Parsed literal(LiteralType type, int64_t value);
  Parsed primary();
  Parsed named();
  Parsed column();
  Parsed call();
  bool unit_named(const std::string& name) const;
  Parsed trim();
  Parsed array();
  Parsed case_when();
  Parsed cast();
  Parsed extract();

  std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
  size_t made_ = 0;
};

}  // namespace bywash::analytics::sql
