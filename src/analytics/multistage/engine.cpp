#include "analytics/multistage/engine.h"

#include "analytics/multistage/duck_query.h"
#include "analytics/multistage/translation.h"
#include "analytics/sql/parser.h"
#include "analytics/sql/statement.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace bywash::analytics {
namespace {

using Options = std::map<std::string, std::string>;

constexpr int kAtOnce = 2;  // each may take the memory of DuckQueryOptions
constexpr int64_t kTimeoutMs = 10'000;
constexpr Millis kLook(50);  // between two looks at a waiting query's flag of cancellation

// Bounds how many queries run here at once, and so their memory.
class Turn {
 public:
  Turn(SteadyTime deadline, CancelFlag cancelled) {
    std::unique_lock lock(mutex());
    while (!held_ && steady_now() < deadline && !(cancelled && cancelled->load(std::memory_order_relaxed))) {
      held_ = freed().wait_until(lock, std::min(deadline, steady_now() + kLook), [] { return running() < kAtOnce; });
    }
    if (held_) ++running();
  }
  ~Turn() {
    if (!held_) return;
    {
      std::lock_guard lock(mutex());
      --running();
    }
    freed().notify_one();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  bool held() const { return held_; }

 private:
  static std::mutex& mutex() {
    static std::mutex value;
    return value;
  }
  static std::condition_variable& freed() {
    static std::condition_variable value;
    return value;
  }
  static int& running() {
    static int value = 0;
    return value;
  }
  bool held_ = false;
};

// Sums the scans' counts, and tells them as Pinot's stageStats tells its leaves.
void add_figures(const multistage::Translation& translation, const std::vector<multistage::ScanCounts>& counts, QueryResponse* out) {
  std::string leaves;
  for (size_t i = 0; i < counts.size(); ++i) {
    const multistage::ScanCounts& c = counts[i];
    const multistage::ScanPlan& scan = translation.scans[i];
    out->docs_scanned += c.docs;
    out->total_docs += c.total_docs;
    out->entries_scanned_in_filter += c.in_filter;
    out->entries_scanned_post_filter += c.docs * static_cast<int64_t>(scan.columns.size());
    out->segments_queried += c.segments, out->segments_processed += c.processed, out->segments_matched += c.matched;
    out->consuming_queried += c.consuming, out->consuming_processed += c.consuming_processed, out->consuming_matched += c.consuming_matched;
    out->pruned_by_server += c.pruned, out->pruned_by_value += c.pruned_by_value;
    out->max_rows_in_operator = std::max(out->max_rows_in_operator, c.docs);
    const int64_t freshness = scan.table->min_consuming_freshness_ms;
    if (freshness > 0) out->min_consuming_freshness_ms = out->min_consuming_freshness_ms > 0 ? std::min(out->min_consuming_freshness_ms, freshness) : freshness;
    out->realtime = scan.table->realtime;
    if (std::find(out->tables_queried.begin(), out->tables_queried.end(), scan.table->name) == out->tables_queried.end()) out->tables_queried.push_back(scan.table->name);
    leaves += leaves.empty() ? "{\"type\":\"LEAF\",\"table\":" : ",{\"type\":\"LEAF\",\"table\":";
    append_json_string(scan.table->name, leaves);
    leaves += fmt::format(",\"emittedRows\":{0},\"numDocsScanned\":{0},\"totalDocs\":{1},\"numSegmentsQueried\":{2},\"numSegmentsProcessed\":{3},\"numSegmentsMatched\":{4}}}", c.docs,
                          c.total_docs, c.segments, c.processed, c.matched);
  }
  out->max_rows_in_operator = std::max<int64_t>(out->max_rows_in_operator, static_cast<int64_t>(out->table.rows.size()));
  out->servers_queried = out->servers_responded = counts.empty() ? 0 : 1;
  out->stage_stats = fmt::format("{{\"type\":\"MAILBOX_RECEIVE\",\"emittedRows\":{},\"children\":[{}]}}", out->table.rows.size(), leaves);
}

// SELECT's rows, or DuckDB's plan of them.
bool run(std::string_view sql, bool explain, const multistage::Translation& translation, multistage::DuckQuery& query, QueryResponse* out, QueryException* error) {
  if (!explain) {
    for (const multistage::OutputSpec& column : translation.output) {
      out->table.column_names.push_back(column.name);
      out->table.column_types.push_back(multistage::pinot_type(column.type));
    }
    return query.run(translation.sql, translation.output, &out->table.rows, error);
  }
  std::vector<std::vector<Cell>> plan;
  if (!query.run("EXPLAIN " + translation.sql, {{"key", {}}, {"value", {}}}, &plan, error)) return false;
  out->table.column_names = {"SQL", "PLAN"};
  out->table.column_types = {"STRING", "STRING"};
  std::string text = "Execution Plan\n";
  for (const auto& row : plan) text += std::get<std::string>(row[1].value);
  out->table.rows = {{Cell{std::string(sql)}, Cell{std::move(text)}}};
  return true;
}

QueryResponse answer_multi_stage(std::string_view sql, const sql::MultiStageQuery& query, const Options& request_options, const TableResolver& tables, CancelFlag cancelled) {
  const SteadyTime started = steady_now();
  Options options = request_options;
  for (const auto& [key, value] : query.options) options[key] = value;
  if (Status valid = check_query_options(options); !valid.ok()) return QueryResponse::failure(error_code::kQueryValidation, valid.message());
  multistage::DuckQueryOptions duck;
  duck.timeout_ms = query_timeout_ms(options, kTimeoutMs);
  duck.deadline = started + Millis(duck.timeout_ms);
  duck.translate = {wall_clock_ms(), query_flag(options, "enableNullHandling")};
  duck.cancelled = cancelled;
  duck.every_row = query_flag(options, "skipUpsert");
  multistage::Translation translation;
  QueryException error;
  if (!multistage::translate(query, tables, duck.translate, &translation, &error)) return QueryResponse::failure(error.code, error.message);
  // The types of the answer are those that the translation knows, whatever DuckDB makes of its parts.
  std::string list;
  for (size_t i = 0; i < translation.output.size(); ++i) {
    list += fmt::format("{}CAST(c{} AS {})", i > 0 ? ", " : "", i, multistage::sql_type(translation.output[i].type));
  }
  translation.sql = fmt::format("SELECT {} FROM ({}) AS answer", list, translation.sql);
  Turn turn(duck.deadline, cancelled);
  if (!turn.held() && duck.is_cancelled()) return QueryResponse::failure(error_code::kQueryCancellation, std::string(kCancelledMessage));
  if (!turn.held()) return QueryResponse::failure(error_code::kExecutionTimeout, fmt::format("ExecutionTimeoutError: the query waited longer than timeoutMs={} for its turn", duck.timeout_ms));
  const int64_t cpu = thread_cpu_ns();
  Result<std::unique_ptr<multistage::DuckQuery>> opened = multistage::DuckQuery::open(translation, duck);
  if (!opened.ok()) return QueryResponse::failure(error_code::kInternal, "InternalError: " + opened.status().message());
  QueryResponse out;
  out.multi_stage = true;
  if (!run(sql, query.explain, translation, **opened, &out, &error)) return QueryResponse::failure(error.code, error.message);
  out.has_table = true;
  if (!query.explain) add_figures(translation, (*opened)->counts(), &out);
  out.thread_cpu_ns = thread_cpu_ns() - cpu;
  out.time_used_ms = std::chrono::duration_cast<Millis>(steady_now() - started).count();
  return out;
}

}  // namespace

QueryResponse answer_any(std::string_view sql, const Options& options, const TableResolver& tables, CancelFlag cancelled) {
  return answer_any(sql, sql::parse(sql), options, tables, cancelled);
}

QueryResponse answer_any(std::string_view sql, Result<sql::Query> single, const Options& options, const TableResolver& tables, CancelFlag cancelled) {
  Options all = options;
  if (single.ok()) {
    for (const auto& [key, value] : single->options) all[key] = value;
    if (!query_flag(all, "useMultistageEngine")) return answer(*std::move(single), options, tables, cancelled);
  }
  Result<sql::MultiStageQuery> several = sql::parse_multi_stage(sql);
  if (several.ok()) return answer_multi_stage(sql, *several, options, tables, cancelled);
  const bool only_multi = single.ok() || single.status().message().starts_with(sql::kMultiStageOnly);
  const std::string& reason = only_multi ? several.status().message() : single.status().message();
  return QueryResponse::failure(error_code::kSqlParsing, fmt::format("SQLParsingError: Caught exception while parsing query: {}: {}", sql, reason));
}

}  // namespace bywash::analytics
