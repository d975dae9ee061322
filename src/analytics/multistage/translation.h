// A multi-stage query in DuckDB's words: SQL that names only what stands here: our scans, our functions, and what DuckDB's SQL has that
// means the same in Pinot. Query line, between bind and scan.
#pragma once

#include "analytics/exec/query_engine.h"
#include "analytics/plan/binder.h"
#include "analytics/plan/bound_query.h"
#include "analytics/segment/table_schema.h"
#include "analytics/sql/statement.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace bywash::analytics::multistage {

// How a type lies in DuckDB: INT as INTEGER, LONG and TIMESTAMP (ms) as BIGINT, STRING, JSON and BIG_DECIMAL as VARCHAR, BYTES as BLOB,
// arrays as lists of these.
struct ValueType {
  DataType type = DataType::kString;
  bool multi = false;
};
std::string sql_type(ValueType type);
// Pinot's name of it: "INT", "STRING_ARRAY".
std::string pinot_type(ValueType type);

// A scan of one table, called by its name in the SQL as a table function: columns c<number> as in `columns`.
struct ScanPlan {
  std::string name;                  // scan<number>
  std::shared_ptr<const TableSnapshot> table;
  std::vector<size_t> columns;       // fields of the schema; past them the virtual columns
  std::vector<sql::ExpressionPtr> conjuncts;  // all must hold; over plain column names
};
constexpr size_t kVirtualColumns = 4;

// A scalar function of ours, called by its name in the SQL.
struct CallPlan {
  std::string name;                  // call<number>
  std::vector<ValueType> arguments;
  ScalarProgram program;             // its inputs are the arguments
};

struct OutputSpec {
  std::string name;
  ValueType type;
};

struct Translation {
  std::string sql;
  std::vector<OutputSpec> output;
  std::vector<ScanPlan> scans;
  std::vector<CallPlan> calls;
};

struct TranslateOptions {
  int64_t now_ms = 0;
  bool null_handling = false;
};

// On failure answers nothing and sets `error`: Pinot's code and the message.
bool translate(const sql::MultiStageQuery& query, const TableResolver& tables, const TranslateOptions& options, Translation* out, QueryException* error);

}  // namespace bywash::analytics::multistage
