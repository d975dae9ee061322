// Binds a parsed query to a schema. Query line, bind stage; the request's thread.
#pragma once

#include "analytics/plan/bound_query.h"
#include "analytics/plan/lookup.h"
#include "analytics/sql/query.h"
#include "base/status.h"

namespace bywash::analytics {

// Which of Pinot's error codes a failure to bind has; the Status's message is the exception's.
enum class BindFailure { kParsing, kUnknownColumn, kValidation };
struct BindError {
  BindFailure kind = BindFailure::kValidation;
  std::string message;
};

struct BindOptions {
  int64_t now_ms = 0;          // the query's wall-clock time: now(), ago()
  bool null_handling = false;  // enableNullHandling
  const LookupTables* lookups = nullptr;  // what LOOKUP finds tables in; nullptr: there are none. Outlives bind()
};

// On failure `error` is set and false returned.
bool bind(const sql::Query& query, const TableSchema& schema, const BindOptions& options, BoundQuery* out, BindError* error);

// A query without FROM: its select items must fold to literals. Names as Pinot writes them there: 2, 'x', true.
bool bind_literals(const sql::Query& query, const BindOptions& options, BoundQuery* out, BindError* error);

// One expression over named inputs instead of a table's columns: an evaluator reads them by their order in `inputs`.
struct ScalarProgram {
  BoundPtr value;
  size_t slots = 0;
};
Result<ScalarProgram> bind_scalar(const sql::ExpressionPtr& expression, const TableSchema& inputs, int64_t now_ms);

}  // namespace bywash::analytics
