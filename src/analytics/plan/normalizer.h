// The first half of binding, on syntax trees: aliases and ordinals replaced, names resolved to the schema's spelling, COUNT(x) made
// COUNT(*), constant expressions folded. What comes out has the canonical text that names result columns.
#pragma once

#include "analytics/plan/aggregations.h"
#include "analytics/plan/binder.h"
#include "analytics/plan/expression.h"

#include <map>
#include <string>

namespace bywash::analytics {

// A literal of the syntax tree as a bound expression.
BoundPtr bind_literal(const sql::Expression& literal);

class Normalizer {
 public:
  // `schema` may be null: then no column resolves.
  Normalizer(const sql::Query& query, const TableSchema* schema, const BindOptions& options) : query_(query), schema_(schema), options_(options) {}

  // Learns an alias of the select list; later calls replace identifiers of that name.
  void add_alias(const std::string& name, sql::ExpressionPtr expression) { aliases_.emplace(name, std::move(expression)); }
  // nullptr and error() set on failure.
  sql::ExpressionPtr normalize(const sql::ExpressionPtr& expression, bool with_aliases);
  const BindError& error() const { return error_; }

 private:
  sql::ExpressionPtr fail(BindFailure kind, std::string message);
  sql::ExpressionPtr identifier(const sql::ExpressionPtr& expression, bool with_aliases);
  sql::ExpressionPtr function(const sql::ExpressionPtr& expression, bool with_aliases);
  // A literal in place of a function of literals; `expression` itself when it does not fold.
  sql::ExpressionPtr fold(sql::ExpressionPtr expression);

  const sql::Query& query_;
  const TableSchema* schema_;
  BindOptions options_;
  int casts_around_ = 0;
  std::map<std::string, sql::ExpressionPtr> aliases_;
  BindError error_;
};

// SUM, AVG, MIN or MAX of a column plus, minus or times a number, as what Pinot makes of it in the select list: mult(sum(x),'2'),
// add(sum(x),mult('1',count(x))). Another expression comes back as it is. See AggregationOptimizer 1.5.1.
sql::ExpressionPtr without_constant(const sql::ExpressionPtr& expression);

}  // namespace bywash::analytics
