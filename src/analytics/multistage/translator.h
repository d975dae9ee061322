// Turns the syntax tree into DuckDB's SQL, with every type known on the way. Internal to multistage/: statements and FROM in
// translate_statement.cpp and translate_source.cpp, expressions in translate_expression.cpp, aggregations and windows in
// translate_aggregation.cpp. Query line, bind stage; one object per query.
#pragma once

#include "analytics/multistage/translation.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace bywash::analytics::multistage {

// An expression in SQL. Literals keep their tree, so that they can take the type of what they meet.
struct Typed {
  std::string sql;
  ValueType type;
  bool null = false;           // the literal NULL: of every type
  sql::ExpressionPtr literal;  // nullptr: none
};

struct RelationColumn {
  std::string name;
  std::string sql;
  ValueType type;
  bool merged = false;  // the second column of a USING: only by its table's name
};

// What FROM offers by one name.
struct Relation {
  std::string alias;
  std::vector<RelationColumn> columns;
  int scan = -1;         // of Translation::scans
  bool pushable = true;  // conditions of WHERE may be put into the scan
};

// A query's result as the FROM of another sees it: columns c0, c1, ...
struct Rendered {
  std::string sql;
  std::vector<OutputSpec> columns;
};

// One SELECT while it is translated.
struct Frame {
  Frame* parent = nullptr;
  std::vector<Relation> relations;
  std::map<std::string, sql::ExpressionPtr> aliases;  // of the select list, lower case
  std::map<std::string, sql::WindowPtr> windows;      // likewise
  std::set<std::string> keys;                         // canonical texts of GROUP BY
  bool grouped = false, inside_key = false, inside_aggregation = false, inside_window = false, aliases_visible = false;
};

class Translator {
 public:
  Translator(const TableResolver& tables, const TranslateOptions& options, Translation* out) : tables_(tables), options_(options), out_(out) {}
  Result<Rendered> statement(const sql::Statement& statement);
  int error_code() const { return code_; }

 private:
  struct Item {
    Typed value;
    std::string name, canonical;
  };
  struct NamedQuery {
    std::string sql_name;
    std::vector<OutputSpec> columns;
  };
  using Translated = Result<Typed>;

  // Statements.
  Result<Rendered> body(const sql::Statement& statement);
  Result<Rendered> select(const sql::Statement& statement);
  Result<Rendered> set_operation(const sql::Statement& statement);
  Result<Rendered> values(const sql::Statement& statement);
  Result<std::string> with_clause(const sql::Statement& statement);
  Status group_keys(const sql::Statement& statement, std::string* sql);
  Result<std::vector<Item>> select_items(const sql::Statement& statement);
  Status star(const sql::Expression& expression, std::vector<Item>* items);
  Result<std::string> order_of_select(const sql::Statement& statement, const std::vector<Item>& items);
  Result<std::string> order_by_output(const std::vector<sql::OrderItem>& order, const std::vector<OutputSpec>& columns);
  Result<sql::ExpressionPtr> select_item_of(const sql::ExpressionPtr& expression, const sql::Statement& statement, std::string_view clause, size_t* at);

  // FROM and WHERE.
  Result<std::string> source(const sql::Source& source);
  Result<std::string> table(const sql::Source& source);
  Result<std::string> join(const sql::Source& source);
  Result<std::string> join_condition(const sql::Source& source, size_t left_begin, size_t right_begin);
  Result<std::string> shared_columns(const sql::Source& source, size_t left_begin, size_t right_begin);
  Result<std::string> unnest(const sql::Source& source);
  Status add_relation(const sql::Source& source, const std::string& sql_name, const std::vector<OutputSpec>& columns);
  // What remains of a condition after its conjuncts on single tables went into their scans; '' nothing.
  Result<std::string> condition(const sql::ExpressionPtr& expression, size_t relations_begin, std::string_view clause);
  bool push_down(const sql::ExpressionPtr& conjunct, size_t relations_begin);
  sql::ExpressionPtr plain_columns(const sql::ExpressionPtr& expression, size_t relations_begin, int* relation) const;

  // Names.
  const RelationColumn* find_column(std::string_view name, Frame* frame, size_t relations_begin, size_t* relation, bool* ambiguous) const;
  Translated identifier(const sql::Expression& expression);
  std::string canonical(const sql::Expression& expression) const;

  // Expressions.
  Translated expression(const sql::ExpressionPtr& expression);
  Translated boolean(const sql::ExpressionPtr& expression, std::string_view clause);
  Translated literal(const sql::ExpressionPtr& expression);
  Translated function(const sql::ExpressionPtr& expression);
  Translated junction(const sql::Expression& expression, const char* word);
  Translated comparison(const sql::Expression& expression, const char* symbol);
  Translated membership(const sql::Expression& expression);
  Translated between(const sql::Expression& expression);
  Translated arithmetic(const sql::Expression& expression);
  Translated case_when(const sql::Expression& expression);
  Translated coalesce(const sql::Expression& expression);
  Translated test(const sql::Expression& expression, const char* words);
  Translated like(const sql::Expression& expression);
  Translated cast(const sql::ExpressionPtr& expression);
  Translated rounding(const sql::ExpressionPtr& expression);
  Translated subquery(const sql::Expression& expression);
  Translated kernel(const sql::ExpressionPtr& expression);
  Translated call(std::string name, const std::vector<Typed>& args, sql::Position at);
  Result<std::vector<Typed>> arguments(const sql::Expression& expression);
  Translated coerced(Typed value, ValueType type);
  Result<ValueType> common_type(const std::vector<Typed>& values, sql::Position at, std::string_view what);
  Status unify(std::vector<Typed>* values, sql::Position at, std::string_view what, ValueType* type);
  Status no_decimals(const std::vector<Typed>& values, std::string_view what) const;
  // BIG_DECIMAL values, and all that stands beside them, become texts that compare as the numbers do.
  Status make_comparable(std::vector<Typed>* values);
  Translated sortable(Typed value);

  // Aggregations and windows.
  struct Suffix {
    std::string order;    // inside the call: ORDER BY ...
    std::string filter;   // a condition
    std::string over;     // " OVER (...)"
    bool ignore_nulls = false;
  };
  Translated aggregated(const sql::ExpressionPtr& expression, Suffix suffix);
  Translated aggregation(const sql::Expression& call, const Suffix& suffix);
  Translated plain_aggregation(const sql::Expression& call, const std::vector<Typed>& args, const Suffix& suffix);
  Translated decimal_aggregation(const sql::Expression& call, std::vector<Typed> args, const Suffix& suffix);
  Translated percentile(const sql::Expression& call, const std::vector<Typed>& args, const Suffix& suffix);
  Translated with_time(const sql::Expression& call, const std::vector<Typed>& args, const Suffix& suffix);
  Translated array_aggregation(const sql::Expression& call, const std::vector<Typed>& args, const Suffix& suffix);
  Translated collection(const sql::Expression& call, const std::vector<Typed>& args, const Suffix& suffix);
  Translated window(const sql::Expression& expression);
  Translated window_function(const sql::Expression& call, const Suffix& suffix);
  Result<std::string> window_text(const sql::Window& window);
  Result<std::string> order_text(const std::vector<sql::OrderItem>& order);

  Status unsupported(std::string_view what, sql::Position at);
  Status invalid(std::string_view what, sql::Position at);

  const TableResolver& tables_;
  TranslateOptions options_;
  Translation* out_;
  Frame* frame_ = nullptr;
  std::vector<std::map<std::string, NamedQuery>> common_;  // WITH, innermost last; names in lower case
  std::map<std::string, std::shared_ptr<const TableSnapshot>> snapshots_;
  std::map<std::string, std::string> calls_;           // names of out_->calls by what they compute
  int relations_ = 0, commons_ = 0, depth_ = 0;
  int code_ = error_code::kQueryValidation;
};

// " ASC NULLS LAST" and the like: null is larger than all values, unless the query says where it goes.
std::string order_suffix(const sql::OrderItem& item);
std::string lower_case(std::string_view text);
std::string unused_name(std::string_view kind);
// The tree has an aggregation that belongs to this SELECT: outside of nested queries, not the call of a window itself.
bool aggregates(const sql::Expression& expression);
bool is_number(ValueType type);
std::string blob_literal(std::string_view bytes);

}  // namespace bywash::analytics::multistage
