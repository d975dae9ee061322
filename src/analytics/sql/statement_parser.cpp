// The multi-stage dialect: statements, FROM, windows. See statement.h.
#include "analytics/sql/clause_parser.h"
#include "analytics/sql/statement.h"

namespace bywash::analytics::sql {
namespace {

constexpr int kStatementDepthMax = 40;
constexpr int kStatementsMax = 200;
constexpr int kSourcesMax = 100;
constexpr size_t kValuesMax = 10'000;

// Words that end an element of FROM where an alias could stand.
bool ends_source(std::string_view word) {
  for (std::string_view known : {"ASOF", "MATCH_CONDITION", "MINUS", "CROSS", "UNNEST"}) {
    if (known == word) return true;
  }
  return reserved(word);
}

class StatementParser final : public ClauseParser {
 public:
  using ClauseParser::ClauseParser;

  Result<MultiStageQuery> run() {
    MultiStageQuery out;
    RETURN_IF_ERROR(set_statements(&out.options));
    RETURN_IF_ERROR(explain(&out.explain));
    ASSIGN_OR_RETURN(out.statement, statement());
    RETURN_IF_ERROR(option_clause(&out.options));
    while (symbol(";")) advance();
    if (token().kind != TokenKind::kEnd) return fail(fmt::format("expected the end of the query, found {}", shown()));
    return out;
  }

 private:
  using ParsedStatement = Result<std::shared_ptr<Statement>>;

  // [WITH ...] query [ORDER BY] [LIMIT]
  ParsedStatement statement() {
    if (++statement_depth_ > kStatementDepthMax) return fail(fmt::format("queries are nested more than {} levels deep", kStatementDepthMax));
    std::vector<CommonTable> with;
    if (accept("WITH")) {
      if (word("RECURSIVE")) return fail("WITH RECURSIVE is not supported");
      do {
        ASSIGN_OR_RETURN(CommonTable table, common_table());
        with.push_back(std::move(table));
      } while (accept_symbol(","));
    }
    ASSIGN_OR_RETURN(std::shared_ptr<Statement> out, set_expression());
    const bool closed = !out->with.empty() || !out->order_by.empty() || out->limit >= 0 || out->offset > 0;
    if (closed && (!with.empty() || word("ORDER") || word("LIMIT") || word("OFFSET") || word("FETCH"))) out = wrapped(std::move(out));
    if (!with.empty()) out->with = std::move(with);
    if (accept("ORDER")) RETURN_IF_ERROR(order_by(&out->order_by));
    RETURN_IF_ERROR(limit(&out->limit, &out->offset));
    RETURN_IF_ERROR(fetch(&out->limit));
    --statement_depth_;
    return out;
  }

  // FETCH FIRST n ROWS ONLY
  Status fetch(int64_t* limit_) {
    if (!accept("FETCH")) return {};
    if (!accept("FIRST") && !accept("NEXT")) return fail(fmt::format("expected FIRST or NEXT after FETCH, found {}", shown()));
    ASSIGN_OR_RETURN(*limit_, count("FETCH"));
    if (!accept("ROWS") && !accept("ROW")) return fail(fmt::format("expected ROWS, found {}", shown()));
    return accept("ONLY") ? Status() : fail(fmt::format("expected ONLY, found {}", shown()));
  }

  // A query in parentheses with its own ORDER BY or LIMIT, as the FROM of another.
  std::shared_ptr<Statement> wrapped(std::shared_ptr<Statement> inner) const {
    auto source = std::make_shared<Source>();
    source->query = std::move(inner);
    auto star = std::make_shared<Expression>();
    star->kind = ExpressionKind::kStar;
    auto out = std::make_shared<Statement>();
    out->core.select.push_back({star, {}});
    out->from = std::move(source);
    return out;
  }

  Result<CommonTable> common_table() {
    CommonTable out;
    if (!at_name()) return fail(fmt::format("expected a name after WITH, found {}", shown()));
    out.name = token().text;
    advance();
    if (symbol("(")) {
      ASSIGN_OR_RETURN(out.columns, names());
    }
    if (!accept("AS")) return fail(fmt::format("expected AS, found {}", shown()));
    ASSIGN_OR_RETURN(out.query, in_parentheses());
    return out;
  }

  // ( name, ... )
  Result<std::vector<std::string>> names() {
    std::vector<std::string> out;
    RETURN_IF_ERROR(expect_symbol("("));
    do {
      if (!at_name()) return fail(fmt::format("expected a column's name, found {}", shown()));
      out.push_back(token().text);
      advance();
    } while (accept_symbol(","));
    RETURN_IF_ERROR(expect_symbol(")"));
    return out;
  }

  ParsedStatement in_parentheses() {
    RETURN_IF_ERROR(expect_symbol("("));
    ASSIGN_OR_RETURN(std::shared_ptr<Statement> out, statement());
    RETURN_IF_ERROR(expect_symbol(")"));
    return out;
  }

  ParsedStatement set_expression() {
    ASSIGN_OR_RETURN(std::shared_ptr<Statement> left, intersection());
    while (word("UNION") || word("EXCEPT") || word("MINUS")) {
      SetOperation operation = word("UNION") ? SetOperation::kUnion : SetOperation::kExcept;
      advance();
      ASSIGN_OR_RETURN(left, set_operation(operation, std::move(left), &StatementParser::intersection));
    }
    return left;
  }

  ParsedStatement intersection() {
    ASSIGN_OR_RETURN(std::shared_ptr<Statement> left, set_member());
    while (accept("INTERSECT")) {
      ASSIGN_OR_RETURN(left, set_operation(SetOperation::kIntersect, std::move(left), &StatementParser::set_member));
    }
    return left;
  }

  ParsedStatement set_operation(SetOperation operation, std::shared_ptr<Statement> left, ParsedStatement (StatementParser::*member)()) {
    auto out = std::make_shared<Statement>();
    out->operation = operation;
    out->all = accept("ALL");
    if (!out->all) accept("DISTINCT");
    out->left = std::move(left);
    ASSIGN_OR_RETURN(out->right, (this->*member)());
    return out;
  }

  ParsedStatement set_member() {
    if (++statements_ > kStatementsMax) return fail(fmt::format("query is made of more than {} queries", kStatementsMax));
    if (symbol("(")) return in_parentheses();
    if (accept("VALUES")) return values();
    if (!word("SELECT")) return fail(fmt::format("expected SELECT, found {}", shown()));
    return select();
  }

  ParsedStatement values() {
    auto out = std::make_shared<Statement>();
    do {
      std::vector<ExpressionPtr> row;
      const bool several = accept_symbol("(") || (accept("ROW") && accept_symbol("("));
      do {
        ASSIGN_OR_RETURN(ExpressionPtr value, expression());
        row.push_back(std::move(value));
      } while (several && accept_symbol(","));
      if (several) RETURN_IF_ERROR(expect_symbol(")"));
      if (!out->values.empty() && out->values[0].size() != row.size()) return fail("the rows of VALUES differ in their number of columns");
      if (out->values.size() == kValuesMax) return fail(fmt::format("VALUES has more than {} rows", kValuesMax));
      out->values.push_back(std::move(row));
    } while (accept_symbol(","));
    return out;
  }

  ParsedStatement select() {
    advance();
    auto out = std::make_shared<Statement>();
    if (accept("DISTINCT")) out->core.distinct = true;
    else accept("ALL");
    do {
      RETURN_IF_ERROR(select_item(&out->core.select));
    } while (accept_symbol(","));
    if (accept("FROM")) {
      ASSIGN_OR_RETURN(out->from, from());
    }
    if (accept("WHERE")) {
      ASSIGN_OR_RETURN(out->core.where, expression());
    }
    if (accept("GROUP")) RETURN_IF_ERROR(group_by(&out->core.group_by));
    if (accept("HAVING")) {
      ASSIGN_OR_RETURN(out->core.having, expression());
    }
    if (accept("WINDOW")) RETURN_IF_ERROR(window_clause(&out->windows));
    if (accept("QUALIFY")) {
      ASSIGN_OR_RETURN(out->qualify, expression());
    }
    return out;
  }

  Status select_item(std::vector<SelectItem>* items) {
    const bool qualified = at_name() && symbol(".", 1) && symbol("*", 2);
    if (symbol("*") || qualified) {
      auto star = std::make_shared<Expression>();
      star->kind = ExpressionKind::kStar;
      star->at = token().at;
      if (qualified) {
        star->name = token().text;
        advance(), advance();
      }
      advance();
      items->push_back({std::move(star), {}});
      return {};
    }
    SelectItem item;
    ASSIGN_OR_RETURN(item.expression, expression());
    ASSIGN_OR_RETURN(item.alias, alias());
    items->push_back(std::move(item));
    return {};
  }

  // ---- FROM
  Result<SourcePtr> from() {
    ASSIGN_OR_RETURN(SourcePtr left, joined());
    while (accept_symbol(",")) {
      ASSIGN_OR_RETURN(SourcePtr right, joined());
      auto both = std::make_shared<Source>();
      both->join = JoinKind::kCross;
      both->left = std::move(left);
      both->right = std::move(right);
      left = std::move(both);
    }
    return left;
  }

  // The kind of join that stands here, its words consumed; kNone: none.
  Result<JoinKind> join_kind(bool* natural) {
    *natural = accept("NATURAL");
    JoinKind kind = JoinKind::kNone;
    bool asof = accept("ASOF");
    if (accept("INNER")) kind = JoinKind::kInner;
    else if (accept("LEFT")) kind = JoinKind::kLeft;
    else if (accept("RIGHT")) kind = JoinKind::kRight;
    else if (accept("FULL")) kind = JoinKind::kFull;
    else if (accept("CROSS")) kind = JoinKind::kCross;
    if (kind == JoinKind::kLeft && accept("ASOF")) kind = JoinKind::kLeftAsof;
    if (kind == JoinKind::kLeft || kind == JoinKind::kRight || kind == JoinKind::kFull) accept("OUTER");
    if (asof && kind == JoinKind::kNone) kind = JoinKind::kAsof;
    if (accept("JOIN")) return kind == JoinKind::kNone ? JoinKind::kInner : kind;
    if (kind != JoinKind::kNone || *natural || asof) return fail(fmt::format("expected JOIN, found {}", shown()));
    return JoinKind::kNone;
  }

  Result<SourcePtr> joined() {
    ASSIGN_OR_RETURN(SourcePtr left, source());
    while (true) {
      bool natural = false;
      ASSIGN_OR_RETURN(JoinKind kind, join_kind(&natural));
      if (kind == JoinKind::kNone) return left;
      auto join = std::make_shared<Source>();
      join->join = kind;
      join->natural = natural;
      join->left = std::move(left);
      ASSIGN_OR_RETURN(join->right, source());
      if (accept("MATCH_CONDITION")) {
        RETURN_IF_ERROR(expect_symbol("("));
        ASSIGN_OR_RETURN(join->match, expression());
        RETURN_IF_ERROR(expect_symbol(")"));
      }
      const bool asof = kind == JoinKind::kAsof || kind == JoinKind::kLeftAsof;
      if (asof && !join->match) return fail(fmt::format("expected MATCH_CONDITION of ASOF JOIN, found {}", shown()));
      if (kind != JoinKind::kCross && !natural) {
        if (accept("ON")) {
          ASSIGN_OR_RETURN(join->on, expression());
        } else if (accept("USING")) {
          ASSIGN_OR_RETURN(join->shared, names());
        } else {
          return fail(fmt::format("expected ON or USING, found {}", shown()));
        }
      }
      left = std::move(join);
    }
  }

  Result<SourcePtr> source() {
    if (++sources_ > kSourcesMax) return fail(fmt::format("query reads more than {} tables", kSourcesMax));
    auto out = std::make_shared<Source>();
    out->at = token().at;
    if (symbol("(")) {
      if (!at_query(1) && !word("VALUES", 1) && !symbol("(", 1)) {  // a join in parentheses
        if (++statement_depth_ > kStatementDepthMax) return fail(fmt::format("queries are nested more than {} levels deep", kStatementDepthMax));
        advance();
        ASSIGN_OR_RETURN(SourcePtr inner, from());
        RETURN_IF_ERROR(expect_symbol(")"));
        --statement_depth_;
        return inner;
      }
      ASSIGN_OR_RETURN(out->query, in_parentheses());
    } else if (word("UNNEST") && symbol("(", 1)) {
      advance(), advance();
      do {
        ASSIGN_OR_RETURN(ExpressionPtr array, expression());
        out->arrays.push_back(std::move(array));
      } while (accept_symbol(","));
      RETURN_IF_ERROR(expect_symbol(")"));
    } else {
      RETURN_IF_ERROR(table_name(out.get()));
    }
    if (!(token().kind == TokenKind::kName && ends_source(upper(token().text)) && !word("AS"))) {
      ASSIGN_OR_RETURN(out->alias, alias());
    }
    if (!out->alias.empty() && symbol("(")) {
      ASSIGN_OR_RETURN(out->column_aliases, names());
    }
    return SourcePtr(std::move(out));
  }

  Status table_name(Source* out) {
    if (!at_name() || (token().kind == TokenKind::kName && reserved(upper(token().text)))) return fail(fmt::format("expected a table's name, found {}", shown()));
    out->table = token().text;
    out->end = token().end;
    advance();
    while (accept_symbol(".")) {  // database.table
      if (!at_name()) return fail(fmt::format("expected a table's name, found {}", shown()));
      out->table = token().text;
      out->end = token().end;
      advance();
    }
    return {};
  }

  // ---- what hangs on expressions
  Parsed nested(Nested use, ExpressionPtr left, Position at) override {
    ASSIGN_OR_RETURN(StatementPtr query, statement());
    RETURN_IF_ERROR(expect_symbol(")"));
    std::vector<ExpressionPtr> args;
    if (left) args.push_back(std::move(left));
    ASSIGN_OR_RETURN(ExpressionPtr made, make(use == Nested::kIn ? "insubquery" : use == Nested::kExists ? "exists" : "scalarsubquery", std::move(args), at));
    auto out = std::make_shared<Expression>(*made);
    out->subquery = std::move(query);
    return ExpressionPtr(std::move(out));
  }

  Parsed after_call(ExpressionPtr call, Position at) override {
    if (word("WITHIN") && word("GROUP", 1)) {
      advance(), advance();
      RETURN_IF_ERROR(expect_symbol("("));
      auto window = std::make_shared<Window>();
      if (!accept("ORDER")) return fail(fmt::format("expected ORDER BY in WITHIN GROUP, found {}", shown()));
      RETURN_IF_ERROR(order_by(&window->order_by));
      RETURN_IF_ERROR(expect_symbol(")"));
      ASSIGN_OR_RETURN(call, with_window("withingroup", std::move(call), std::move(window), at));
      if (word("FILTER") && symbol("(", 1)) return fail("FILTER must stand before WITHIN GROUP");
    }
    if ((word("IGNORE") || word("RESPECT")) && word("NULLS", 1)) {
      const bool ignore = word("IGNORE");
      advance(), advance();
      if (ignore) {
        ASSIGN_OR_RETURN(call, make("ignorenulls", {std::move(call)}, at));
      }
    }
    if (!accept("OVER")) return call;
    WindowPtr window;
    if (at_name()) {
      auto named = std::make_shared<Window>();
      named->base = token().text;
      advance();
      window = std::move(named);
    } else {
      ASSIGN_OR_RETURN(window, window_specification());
    }
    return with_window("over", std::move(call), std::move(window), at);
  }

  Parsed with_window(const char* name, ExpressionPtr call, WindowPtr window, Position at) {
    ASSIGN_OR_RETURN(ExpressionPtr made, make(name, {std::move(call)}, at));
    auto out = std::make_shared<Expression>(*made);
    out->window = std::move(window);
    return ExpressionPtr(std::move(out));
  }

  Status window_clause(std::map<std::string, WindowPtr>* windows) {
    do {
      if (!at_name()) return fail(fmt::format("expected a window's name, found {}", shown()));
      std::string name = token().text;
      advance();
      if (!accept("AS")) return fail(fmt::format("expected AS, found {}", shown()));
      ASSIGN_OR_RETURN((*windows)[name], window_specification());
    } while (accept_symbol(","));
    return {};
  }

  Result<WindowPtr> window_specification() {
    RETURN_IF_ERROR(expect_symbol("("));
    auto out = std::make_shared<Window>();
    if (accept("PARTITION")) RETURN_IF_ERROR(group_by(&out->partition_by));
    if (accept("ORDER")) RETURN_IF_ERROR(order_by(&out->order_by));
    if (word("ROWS") || word("RANGE")) {
      out->frame = upper(token().text);
      advance();
      if (accept("BETWEEN")) {
        ASSIGN_OR_RETURN(std::string low, frame_end());
        if (!accept("AND")) return fail(fmt::format("expected AND, found {}", shown()));
        ASSIGN_OR_RETURN(std::string high, frame_end());
        out->frame += fmt::format(" BETWEEN {} AND {}", low, high);
      } else {
        ASSIGN_OR_RETURN(std::string low, frame_end());
        out->frame += fmt::format(" BETWEEN {} AND CURRENT ROW", low);
      }
    }
    RETURN_IF_ERROR(expect_symbol(")"));
    return WindowPtr(std::move(out));
  }

  Result<std::string> frame_end() {
    if (accept("CURRENT")) return accept("ROW") ? Result<std::string>("CURRENT ROW") : fail(fmt::format("expected ROW after CURRENT, found {}", shown()));
    std::string distance;
    if (accept("UNBOUNDED")) {
      distance = "UNBOUNDED";
    } else {
      ASSIGN_OR_RETURN(int64_t rows, count("A window's frame"));
      distance = std::to_string(rows);
    }
    if (accept("PRECEDING")) return distance + " PRECEDING";
    if (accept("FOLLOWING")) return distance + " FOLLOWING";
    return fail(fmt::format("expected PRECEDING or FOLLOWING, found {}", shown()));
  }

  int statement_depth_ = 0, statements_ = 0, sources_ = 0;
};

}  // namespace

Result<MultiStageQuery> parse_multi_stage(std::string_view text) {
  ASSIGN_OR_RETURN(std::vector<Token> tokens, tokenize(text));
  return StatementParser(std::move(tokens)).run();
}

}  // namespace bywash::analytics::sql
