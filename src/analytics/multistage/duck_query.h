// One query in a DuckDB that no other query uses meanwhile: our scans and functions registered, the SQL run in steps between which the deadline is looked at.
// Query line, scan to merge; the query's thread, DuckDB has no other.
#pragma once

#include "analytics/exec/evaluator.h"
#include "analytics/exec/query_engine.h"
#include "analytics/multistage/duck_vectors.h"
#include "analytics/multistage/table_cursor.h"
#include "analytics/multistage/translation.h"
#include "base/clock.h"
#include "duckdb/library.h"

#include <memory>
#include <string>
#include <vector>

namespace bywash::analytics::multistage {

struct DuckQueryOptions {
  TranslateOptions translate;
  bool every_row = false;  // upserts' replaced rows too
  SteadyTime deadline;
  int64_t timeout_ms = 0;  // for the message
  CancelFlag cancelled = nullptr;
  bool is_cancelled() const { return cancelled && cancelled->load(std::memory_order_relaxed); }
};

class DuckQuery {
 public:
  struct Database {
    duckdb::Handle handle = nullptr;
    int uses = 0;
  };
  // `translation` must outlive the object.
  static Result<std::unique_ptr<DuckQuery>> open(const Translation& translation, const DuckQueryOptions& options);
  ~DuckQuery();
  DuckQuery(const DuckQuery&) = delete;
  DuckQuery& operator=(const DuckQuery&) = delete;

  // Runs the SQL; its columns have the types that `output` says. On failure `error` is set and false returned.
  bool run(const std::string& sql, const std::vector<OutputSpec>& output, std::vector<std::vector<Cell>>* rows, QueryException* error);
  // Of every scan of the translation.
  const std::vector<ScanCounts>& counts() const { return counts_; }

 private:
  struct Scan {
    DuckQuery* query;
    const ScanPlan* plan;
    size_t number;
  };
  struct RunningScan {
    Scan* scan;
    std::unique_ptr<TableCursor> cursor;
    Status failure;
  };
  struct Call {
    DuckQuery* query;
    const CallPlan* plan;
    std::unique_ptr<Evaluator> evaluator;
    std::vector<Vector> inputs;
  };
  DuckQuery(const duckdb::Api& api, const Translation& translation, DuckQueryOptions options) : api_(api), translation_(translation), options_(std::move(options)) {}
  Status open_database();
  Status start();
  Status register_scan(Scan* scan);
  Status register_call(Call* call);
  static void bind_scan(duckdb::Handle bind);
  static void init_scan(duckdb::Handle init);
  static void run_scan(duckdb::Handle call, duckdb::Handle chunk);
  static void end_scan(void* running);
  static void run_call(duckdb::Handle call, duckdb::Handle chunk, duckdb::Handle output);
  bool execute(duckdb::Handle statement, duckdb::DuckResult* result, QueryException* error);
  bool fetch(duckdb::DuckResult* result, const std::vector<OutputSpec>& output, std::vector<std::vector<Cell>>* rows, QueryException* error);
  bool late() const { return steady_now() > options_.deadline || options_.is_cancelled(); }
  QueryException failure(const char* message) const;

  const duckdb::Api& api_;
  const Translation& translation_;
  DuckQueryOptions options_;
  Database database_;
  duckdb::Handle connection_ = nullptr;
  bool failed_ = false;  // while it ran: the database is not used again
  std::vector<std::unique_ptr<Scan>> scans_;
  std::vector<std::unique_ptr<Call>> calls_;
  std::vector<ScanCounts> counts_;
  std::string own_error_;  // the first one of ours, which DuckDB only passes on
};

}  // namespace bywash::analytics::multistage
