#include "analytics/sql/parser.h"

#include "analytics/sql/clause_parser.h"

namespace bywash::analytics::sql {
namespace {

// The single-stage dialect: one table, no nesting.
class QueryParser final : public ClauseParser {
 public:
  using ClauseParser::ClauseParser;

  Result<Query> run() {
    RETURN_IF_ERROR(set_statements(&query_.options));
    RETURN_IF_ERROR(explain(&query_.explain));
    if (!word("SELECT")) return multi_stage(upper(token().text));
    RETURN_IF_ERROR(select());
    while (symbol(";")) advance();
    for (std::string_view joining : {"UNION", "INTERSECT", "EXCEPT", "MINUS"}) {
      if (word(joining)) return multi_stage(joining);
    }
    if (token().kind != TokenKind::kEnd) return fail(fmt::format("expected the end of the query, found {}", shown()));
    return std::move(query_);
  }

 private:
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
    if (accept("GROUP")) RETURN_IF_ERROR(group_by(&query_.group_by));
    if (accept("HAVING")) {
      ASSIGN_OR_RETURN(query_.having, expression());
    }
    if (word("WINDOW") || word("QUALIFY")) return multi_stage(upper(token().text));
    if (accept("ORDER")) RETURN_IF_ERROR(order_by(&query_.order_by));
    RETURN_IF_ERROR(limit(&query_.limit, &query_.offset));
    RETURN_IF_ERROR(option_clause(&query_.options));
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

  bool joining() const { return word("JOIN") || word("INNER") || word("LEFT") || word("RIGHT") || word("FULL") || word("CROSS") || word("NATURAL") || word("ASOF"); }

  Status from() {
    if (symbol("(")) return multi_stage("a subquery in FROM");
    if (!at_name()) return fail(fmt::format("expected a table's name, found {}", shown()));
    query_.table = token().text;
    advance();
    while (symbol(".")) {  // database.table
      advance();
      if (!at_name()) return fail(fmt::format("expected a table's name, found {}", shown()));
      query_.table = token().text;
      advance();
    }
    if (!joining()) {
      ASSIGN_OR_RETURN(query_.table_alias, alias());
    }
    if (joining() || symbol(",")) return multi_stage("a join");
    return {};
  }

  Query query_;
};

}  // namespace

Result<Query> parse(std::string_view text) {
  ASSIGN_OR_RETURN(std::vector<Token> tokens, tokenize(text));
  return QueryParser(std::move(tokens)).run();
}

}  // namespace bywash::analytics::sql
