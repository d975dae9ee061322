// The clauses that both dialects write alike. See clause_parser.h.
#include "analytics/sql/clause_parser.h"

#include <charconv>

namespace bywash::analytics::sql {

std::string ClauseParser::shown() const {
  if (token().kind == TokenKind::kEnd) return "the end of the query";
  return token().kind == TokenKind::kString ? fmt::format("string '{}'", token().text) : fmt::format("'{}'", token().text);
}

Status ClauseParser::set_statements(std::map<std::string, std::string>* options) {
  while (word("SET") || symbol(";")) {
    if (accept_symbol(";")) continue;
    advance();
    RETURN_IF_ERROR(option(options));
    if (token().kind != TokenKind::kEnd) RETURN_IF_ERROR(expect_symbol(";"));
  }
  return {};
}

Status ClauseParser::option(std::map<std::string, std::string>* options) {
  if (!at_name()) return fail(fmt::format("expected an option's name, found {}", shown()));
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
  (*options)[name] = sign + token().text;
  advance();
  return {};
}

Status ClauseParser::option_clause(std::map<std::string, std::string>* options) {
  while (accept("OPTION")) {
    RETURN_IF_ERROR(expect_symbol("("));
    do {
      RETURN_IF_ERROR(option(options));
    } while (accept_symbol(","));
    RETURN_IF_ERROR(expect_symbol(")"));
  }
  return {};
}

Result<std::string> ClauseParser::alias() {
  bool as = accept("AS");
  bool name = token().kind == TokenKind::kQuotedName || (token().kind == TokenKind::kName && !reserved(upper(token().text)));
  if (!name) return as ? Result<std::string>(fail(fmt::format("expected a name after AS, found {}", shown()))) : std::string();
  std::string out = token().text;
  advance();
  return out;
}

Status ClauseParser::group_by(std::vector<ExpressionPtr>* keys) {
  if (!accept("BY")) return fail(fmt::format("expected BY after GROUP, found {}", shown()));
  do {
    ASSIGN_OR_RETURN(ExpressionPtr key, expression());
    keys->push_back(std::move(key));
  } while (accept_symbol(","));
  return {};
}

Status ClauseParser::order_by(std::vector<OrderItem>* items) {
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
    items->push_back(std::move(item));
  } while (accept_symbol(","));
  return {};
}

Result<int64_t> ClauseParser::count(std::string_view clause) {
  int64_t value = 0;
  const std::string& text = token().text;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (token().kind != TokenKind::kNumber || error != std::errc() || end != text.data() + text.size() || value > INT32_MAX) {
    return fail(fmt::format("{} must be a whole number from 0 to 2147483647, found {}", clause, shown()));
  }
  advance();
  return value;
}

Status ClauseParser::limit(int64_t* limit_, int64_t* offset) {
  while (word("LIMIT") || word("OFFSET")) {
    if (accept("LIMIT")) {
      ASSIGN_OR_RETURN(*limit_, count("LIMIT"));
      if (accept_symbol(",")) {
        *offset = *limit_;
        ASSIGN_OR_RETURN(*limit_, count("LIMIT"));
      }
      if (!word("OFFSET")) return {};
    }
    if (accept("OFFSET")) {
      ASSIGN_OR_RETURN(*offset, count("OFFSET"));
      if (*offset == 0) return {};
    }
  }
  return {};
}

Status ClauseParser::explain(bool* explained) {
  if (word("EXPLAIN")) {
    advance();
    accept("IMPLEMENTATION");
    if (!accept("PLAN") || !accept("FOR")) return fail("expected PLAN FOR after EXPLAIN");
    *explained = true;
  }
  if (token().kind == TokenKind::kEnd) return Status::invalid("SqlNode with executable statement not found!");
  if (at_query(0) || symbol("(") || word("VALUES")) return {};
  const Token& first = token();
  return Status::invalid(fmt::format("From line {}, column {} to line {}, column {}: Non-query expression encountered in illegal context", first.at.line,
                                     first.at.column, first.end.line, first.end.column));
}

Result<ExpressionPtr> ClauseParser::nested(Nested use, ExpressionPtr, Position) {
  return multi_stage(use == Nested::kExists ? "EXISTS" : use == Nested::kIn ? "a subquery in IN" : "a subquery");
}

Result<ExpressionPtr> ClauseParser::after_call(ExpressionPtr call, Position) {
  if (word("OVER")) return multi_stage("a window (OVER)");
  if (word("WITHIN") && word("GROUP", 1)) return multi_stage("WITHIN GROUP");
  return call;
}

}  // namespace bywash::analytics::sql
