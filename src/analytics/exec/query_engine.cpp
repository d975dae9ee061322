#include "analytics/exec/query_engine.h"

#include "analytics/exec/cells.h"
#include "analytics/exec/explain.h"
#include "analytics/exec/group_scan.h"
#include "analytics/exec/in_subquery.h"
#include "analytics/exec/kernels.h"
#include "analytics/exec/partition_pruning.h"
#include "analytics/exec/row_scan.h"
#include "analytics/exec/star_tree_plan.h"
#include "analytics/exec/visible_rows.h"
#include "analytics/plan/binder.h"
#include "analytics/sql/parser.h"
#include "base/check.h"
#include "base/text.h"

#include <time.h>

#include <algorithm>
#include <charconv>
#include <numeric>

namespace bywash::analytics {
namespace {

constexpr int64_t kPartialRuns = 8;      // runs of blocks that may pass in part, and one of so many of a segment's, for sums to be of use
constexpr int64_t kBlocksPerCheck = 16;  // of deadline and memory
// What a short query may read: rows of a plain sum, one or two nanoseconds each; other expressions count as so many of them.
constexpr int64_t kShortRows = 128 << 10, kRowsPerExpression = 32;

int64_t elapsed_ms(SteadyTime since) { return std::chrono::duration_cast<Millis>(steady_now() - since).count(); }

int code_of(BindFailure kind) {
  switch (kind) {
    case BindFailure::kParsing: return error_code::kSqlParsing;
    case BindFailure::kUnknownColumn: return error_code::kUnknownColumn;
    case BindFailure::kValidation: return error_code::kQueryValidation;
  }
  return error_code::kInternal;
}

bool plain(const BoundPtr& value) { return !value || value->kind == BoundKind::kColumn || value->kind == BoundKind::kLiteral || value->kind == BoundKind::kInput; }

bool plain(const Filter& filter) {
  const PredicateKind kind = filter.predicate.kind;
  if (filter.kind == FilterKind::kExpression) return false;
  if (filter.kind == FilterKind::kPredicate && (kind == PredicateKind::kMatch || kind == PredicateKind::kTest)) return false;
  return std::all_of(filter.children.begin(), filter.children.end(), [](const FilterPtr& child) { return plain(*child); });
}

// Rows of a plain sum that cost as much as one of this query.
int64_t effort_of_row(const BoundQuery& query) {
  auto adds_up = [](const Aggregation& a) {
    const bool numbers = a.kind <= AggregationKind::kMinMaxRange || a.kind == AggregationKind::kBoolAnd || a.kind == AggregationKind::kBoolOr;
    return numbers && plain(a.argument) && (!a.filter || plain(*a.filter));
  };
  const bool all = plain(*query.filter) && std::all_of(query.keys.begin(), query.keys.end(), [](const BoundPtr& key) { return plain(key) && !key->multi; }) &&
                   std::all_of(query.aggregations.begin(), query.aggregations.end(), adds_up) && query.shape != QueryShape::kSelection;
  return all ? 1 : kRowsPerExpression;
}

// What options say of the scan.
struct ScanOptions {
  int64_t timeout_ms = 0;
  bool every_row = false;       // also those that upserts have replaced
  bool use_star_trees = true;
};

class Execution {
 public:
  Execution(const QueryRequest& request, const TableSnapshot& table, const BoundQuery& bound, const ScanOptions& options)
      : every_row_(options.every_row), use_star_trees_(options.use_star_trees), request_(request), table_(table), bound_(bound), deadline_(request.started + Millis(options.timeout_ms)), timeout_ms_(options.timeout_ms),
        effort_left_(request.effort_max), limited_(request.effort_max != INT64_MAX), evaluator_(bound.slots, table.host_name, bound.null_handling), mask_(std::make_unique_for_overwrite<uint8_t[]>(kBlockRows)),
        rows_(std::make_unique_for_overwrite<uint16_t[]>(kBlockRows)) {
    if (limited_) effort_of_row_ = effort_of_row(bound);
    if (table.boundary) before_boundary_ = within_boundary(table, bound.filter, true), after_boundary_ = within_boundary(table, bound.filter, false);
  }

  QueryResponse run() {
    int64_t cpu = thread_cpu_ns();
    response_.realtime = table_.realtime;
    response_.tables_queried = {table_.name};
    response_.servers_queried = response_.servers_responded = 1;
    response_.min_consuming_freshness_ms = table_.min_consuming_freshness_ms;
    bool done = bound_.shape == QueryShape::kSelection ? select_rows() : aggregate();
    if (done) {
      for (const OutputColumn& output : bound_.output) {
        response_.table.column_names.push_back(output.name);
        response_.table.column_types.push_back(output.expanded >= 0 && !any_expanded_ ? "STRING" : type_name(*output.value));
      }
      response_.has_table = true;
    }
    response_.thread_cpu_ns = thread_cpu_ns() - cpu;
    return std::move(response_);
  }
  // Whether run() stopped because it would take more effort than the request allows: its answer is none.
  bool given_up() const { return given_up_; }

 private:
  // False when the query is to be given up instead of reading so many rows.
  bool afford(int64_t rows) {
    if (!limited_) return true;
    effort_left_ -= rows;
    given_up_ = given_up_ || effort_left_ < 0;
    return !given_up_;
  }

  bool fail(int code, std::string message) {
    response_.exceptions.push_back({code, std::move(message)});
    response_.partial_result = true;
    response_.table.rows.clear();
    return false;
  }

  bool cancelled() const { return request_.cancelled && request_.cancelled->load(std::memory_order_relaxed); }
  // False, with an exception added, when the query must stop.
  bool may_go_on(int64_t group_bytes) {
    if (!evaluator_.error().empty()) return fail(error_code::kQueryExecution, "QueryExecutionError: " + evaluator_.error());
    if (cancelled()) return fail(error_code::kQueryCancellation, std::string(kCancelledMessage));
    if (steady_now() > deadline_) return fail(error_code::kExecutionTimeout, fmt::format("ExecutionTimeoutError: the query ran longer than timeoutMs={}", timeout_ms_));
    if (group_bytes > request_.max_group_bytes) {
      return fail(error_code::kQueryExecution, fmt::format("QueryExecutionError: the groups of this query need more than {} MiB of memory; filter more or group by less. "
                                                           "No group is ever dropped in silence", request_.max_group_bytes >> 20));
    }
    return true;
  }

  // The query's filter for the snapshot's segment number `at`.
  const Filter& filter_of(size_t at) const {
    if (!table_.boundary) return *bound_.filter;
    return at < table_.boundary->offline_segments ? *before_boundary_ : *after_boundary_;
  }

  // 1 for each segment that is asked; counts them.
  std::vector<uint8_t> count_asked() {
    std::vector<uint8_t> out(table_.segments.size(), 1);
    for (size_t at = 0; at < out.size(); ++at) {
      const Segment& segment = *table_.segments[at];
      if (table_.prune_by_partition && !may_match_partitions(filter_of(at), segment)) {
        out[at] = 0;
        ++response_.pruned_by_broker;
        continue;
      }
      response_.total_docs += segment.rows();
      ++response_.segments_queried;
      response_.consuming_queried += segment.meta().consuming;
    }
    return out;
  }

  // Feeds the rows of every segment to `consume`: as Selection those that an index lists, as TestedRows others. It answers how many it took.
  template <class Begin, class Consume, class Full, class Bytes>
  bool scan(Begin begin, Consume consume, Full full, Bytes bytes) {
    const std::vector<uint8_t> asked = count_asked();
    int64_t blocks = 0;
    size_t at = 0;
    for (const auto& segment : table_.segments) {
      const ValidRows* kept = every_row_ || table_.kept.empty() ? nullptr : table_.kept[at].get();
      const Filter& wanted = filter_of(at);
      if (!asked[at++]) continue;
      if (full()) {
        ++response_.pruned_by_limit;
        ++response_.pruned_by_server;
        continue;
      }
      if (limited_ && !afford(values_to_test(wanted, *segment))) return false;
      SegmentFilter filter(wanted, *segment, &evaluator_, effort_left_);
      if (filter.too_many()) {
        given_up_ = true;
        return false;
      }
      if (filter.verdict() == Verdict::kNone) {
        ++response_.pruned_by_server;
        response_.pruned_by_value += segment->rows() > 0;
        continue;
      }
      ++response_.segments_processed;
      response_.consuming_processed += segment->meta().consuming;
      if (by_star_tree_ && !kept) {
        if (std::optional<StarTreePlan> plan = StarTreePlan::make(bound_, wanted, *segment, &evaluator_)) {
          if (by_star_tree_(*plan, *segment, filter)) continue;
        }
      }
      if (given_up_ || (limited_ && !afford(filter.rows_to_test() * effort_of_row_))) return false;
      bool whole = filter.verdict() == Verdict::kAll;
      begin(segment, whole && !kept);
      int64_t docs = 0;
      const std::vector<uint32_t>* listed = kept ? nullptr : filter.listed_rows();
      for (size_t next = 0; listed && next < listed->size() && !full();) {
        if ((++blocks % kBlocksPerCheck == 0 || cancelled()) && !may_go_on(bytes())) return false;
        const int64_t first = (*listed)[next] / kBlockRows * kBlockRows;
        docs += static_cast<int64_t>(consume(first, rows_of_block(*listed, first, &next)));
      }
      for (int64_t row = 0; !listed && row < segment->rows() && !full(); row += kBlockRows) {
        if ((++blocks % kBlocksPerCheck == 0 || cancelled()) && !may_go_on(bytes())) return false;
        auto n = static_cast<size_t>(std::min(kBlockRows, segment->rows() - row));
        Verdict verdict = whole ? Verdict::kAll : filter.test(row, n, mask_.get());
        if (kept && verdict != Verdict::kNone) verdict = keep_valid(kept->words(row), n, verdict, mask_.get());
        if (verdict == Verdict::kNone) continue;
        docs += static_cast<int64_t>(consume(row, TestedRows{n, verdict == Verdict::kMixed ? mask_.get() : nullptr}));
      }
      response_.docs_scanned += docs;
      response_.entries_scanned_post_filter += docs * static_cast<int64_t>(bound_.projected_columns);
      response_.segments_matched += docs > 0;
      response_.consuming_matched += docs > 0 && segment->meta().consuming;
      response_.entries_scanned_in_filter += filter.entries_scanned();
      end_segment_();
    }
    return may_go_on(bytes());
  }

  bool select_rows() {
    RowScan scan_rows(bound_, &evaluator_);
    end_segment_ = [] {};
    bool done = scan([&](const std::shared_ptr<const Segment>& segment, bool) { scan_rows.begin(segment); },
                     [&](int64_t row, auto rows) {
                       Selection selection = listed(rows);
                       if (bound_.order.empty()) {  // Pinot stops at LIMIT: count no more than it reads
                         selection.count = std::min(selection.count, static_cast<size_t>(bound_.limit + bound_.offset) - taken_);
                         taken_ += selection.count;
                       }
                       scan_rows.consume(row, selection);
                       return selection.count;
                     },
                     [&] { return scan_rows.full(); }, [&] { return scan_rows.memory_bytes(); });
    if (!done) return false;
    if (!scan_rows.finish(&response_.table.rows, kResultBytesMax)) return fail(error_code::kQueryExecution, too_large_result());
    return may_go_on(0);
  }

  bool aggregate() {
    GroupScan groups(bound_, &evaluator_);
    end_segment_ = [&] { groups.end(); };
    if (use_star_trees_) {
      by_star_tree_ = [&](StarTreePlan& plan, const Segment& segment, SegmentFilter& filter) {
        if (plan.rest()) return add_up_runs(plan, segment, filter, &groups);
        const std::optional<std::vector<uint32_t>> records = plan.matching(&response_.entries_scanned_in_filter, effort_left_);
        given_up_ = !records;
        if (!records) return false;
        if (!afford(static_cast<int64_t>(records->size()))) return false;
        scan_records(plan, *records, &groups);
        count_docs(static_cast<int64_t>(records->size()), plan.projected().size());
        return true;
      };
    }
    bool enough = bound_.shape == QueryShape::kDistinct && bound_.order.empty();
    auto wanted = static_cast<size_t>(bound_.limit + bound_.offset);
    // DISTINCT without ORDER BY may stop as soon as it has LIMIT rows; groups in dense arrays are counted at a segment's end.
    bool done = scan([&](const std::shared_ptr<const Segment>& segment, bool whole) { groups.begin(*segment, whole); },
                     [&](int64_t row, auto rows) { return groups.consume(row, rows); },
                     [&] { return enough && groups.group_count() >= wanted; }, [&] { return groups.memory_bytes(); });
    if (!done) return false;
    response_.entries_scanned_in_filter += groups.entries_scanned_in_filters();
    std::vector<Vector> inputs;
    groups.finish(&inputs);
    for (const Vector& input : inputs) {
      if (!input.error.empty()) return fail(error_code::kQueryExecution, "QueryExecutionError: " + input.error);
    }
    return render_groups(inputs, groups);
  }

  static Selection listed(Selection rows) { return rows; }
  Selection listed(TestedRows rows) { return rows.mask ? Selection{rows_.get(), kernels::select(rows.mask, rows.count, rows_.get())} : Selection{nullptr, rows.count}; }

  // Those of the ascending `rows`, from number *at on, that lie in the block at `first`.
  Selection rows_of_block(const std::vector<uint32_t>& rows, int64_t first, size_t* at) {
    size_t n = 0;
    for (; *at < rows.size() && rows[*at] < first + kBlockRows; ++*at) rows_[n++] = static_cast<uint16_t>(rows[*at] - first);
    return {rows_.get(), n};
  }

  // One segment's part of the answer from the records of its star-tree.
  void scan_records(const StarTreePlan& plan, const std::vector<uint32_t>& records, GroupScan* groups) {
    groups->begin(plan);
    for (size_t at = 0; at < records.size();) {
      const int64_t first = records[at] / kBlockRows * kBlockRows;
      groups->consume(first, rows_of_block(records, first, &at));
    }
    groups->end();
  }

  void count_docs(int64_t docs, size_t columns) {
    response_.docs_scanned += docs;
    response_.entries_scanned_post_filter += docs * static_cast<int64_t>(columns);
    response_.segments_matched += docs > 0;
  }

  // Runs of blocks that pass whole from the running sums of a star-tree, the others row by row. False, with nothing added yet, when there
  // are too many others for that to be of use.
  bool add_up_runs(StarTreePlan& plan, const Segment& segment, SegmentFilter& whole_filter, GroupScan* groups) {
    SegmentFilter rest(*plan.rest(), segment, &evaluator_);
    const int64_t step = plan.run_rows(), steps = (segment.rows() + step - 1) / step;
    std::vector<std::pair<uint32_t, uint32_t>> runs;
    std::vector<int64_t> others;
    const SegmentFilter::ZoneRuns known = rest.zone_runs();
    const int64_t blocks_per_step = step / kBlockRows;
    const int64_t first_whole = (known.all_first + blocks_per_step - 1) / blocks_per_step, end_whole = known.all_end / blocks_per_step;
    for (int64_t at = known.some_first / blocks_per_step; at < steps && at * blocks_per_step < known.some_end; ++at) {
      if (at == first_whole && at < end_whole) {
        runs.emplace_back(static_cast<uint32_t>(at), static_cast<uint32_t>(end_whole));
        at = end_whole - 1;
        continue;
      }
      bool all = true, none = true;
      for (int64_t row = at * step; row < std::min((at + 1) * step, segment.rows()) && (all || none); row += kBlockRows) {
        const Verdict verdict = rest.zone_verdict(row);
        all = all && verdict == Verdict::kAll;
        none = none && verdict == Verdict::kNone;
      }
      if (none) continue;
      const auto place = static_cast<uint32_t>(at);
      if (!all) others.push_back(at);
      else if (!runs.empty() && runs.back().second == place) ++runs.back().second;
      else runs.emplace_back(place, place + 1);
      if (static_cast<int64_t>(others.size()) > kPartialRuns + steps / kPartialRuns || runs.size() > kPartialRuns * 2) return false;
    }
    if (!afford(static_cast<int64_t>(others.size()) * step + static_cast<int64_t>(runs.size()) * plan.sums_per_run())) return false;
    const std::vector<uint32_t> records = plan.add_up(runs);
    scan_records(plan, records, groups);
    groups->begin(segment, false);
    int64_t docs = 0;
    for (int64_t at : others) {
      for (int64_t row = at * step; row < std::min((at + 1) * step, segment.rows()); row += kBlockRows) {
        const auto n = static_cast<size_t>(std::min(kBlockRows, segment.rows() - row));
        const Verdict verdict = whole_filter.test(row, n, mask_.get());
        Selection selection{nullptr, verdict == Verdict::kNone ? 0 : n};
        if (verdict == Verdict::kMixed) selection = {rows_.get(), kernels::select(mask_.get(), n, rows_.get())};
        groups->consume(row, selection);
        docs += static_cast<int64_t>(selection.count);
      }
    }
    groups->end();
    response_.entries_scanned_in_filter += whole_filter.entries_scanned();
    count_docs(static_cast<int64_t>(records.size()) + docs, plan.projected().size());
    return true;
  }

  // HAVING, ORDER BY, OFFSET and LIMIT over the groups, then their output.
  bool render_groups(const std::vector<Vector>& inputs, const GroupScan& groups) {
    const size_t count = groups.group_count();
    evaluator_.set_inputs(&inputs, count);
    std::vector<uint32_t> order(count);
    std::iota(order.begin(), order.end(), 0);
    if (bound_.having) {
      const Vector& pass = evaluator_.evaluate(*bound_.having);
      std::erase_if(order, [&](uint32_t i) { return pass.is_null(i) || pass.integers[i] == 0; });
    }
    size_t end = std::min(order.size(), static_cast<size_t>(bound_.limit + bound_.offset));
    if (!bound_.order.empty()) {
      std::vector<const Vector*> keys;
      for (const OrderKey& key : bound_.order) keys.push_back(&evaluator_.evaluate(*key.value));
      auto before = [&](uint32_t a, uint32_t b) {
        for (size_t k = 0; k < keys.size(); ++k) {
          bool null = keys[k]->is_null(a), other_null = keys[k]->is_null(b);
          if (null != other_null) return null == bound_.order[k].nulls_first;
          int compared = null ? 0 : compare_at(*keys[k], a, b);
          if (compared != 0) return bound_.order[k].descending ? compared > 0 : compared < 0;
        }
        return a < b;
      };
      std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(end), order.end(), before);
    }
    auto begin = std::min(static_cast<size_t>(bound_.offset), end);
    order.erase(order.begin() + static_cast<ptrdiff_t>(end), order.end());
    order.erase(order.begin(), order.begin() + static_cast<ptrdiff_t>(begin));
    write_rows(order, groups);
    return may_go_on(0);
  }

  void write_rows(const std::vector<uint32_t>& order, const GroupScan& groups) {
    bool expands = false;
    response_.table.rows.resize(order.size());
    for (const OutputColumn& output : bound_.output) {
      expands |= output.expanded >= 0;
      if (output.expanded >= 0) {
        for (auto& row : response_.table.rows) row.emplace_back();
        continue;
      }
      const Vector& values = evaluator_.evaluate(*output.value);
      for (size_t i = 0; i < order.size(); ++i) response_.table.rows[i].push_back(cell_of(values, order[i]));
    }
    if (expands) expand_rows(order, groups);
  }

  // A group's row stands as often as the longest of its EXPRMIN and EXPRMAX has values; the shorter ones end in nulls
  // (ParentAggregationResultRewriter 1.5.1).
  void expand_rows(const std::vector<uint32_t>& order, const GroupScan& groups) {
    std::vector<std::vector<Cell>> out;
    for (size_t i = 0; i < order.size(); ++i) {
      size_t count = 0;
      for (const OutputColumn& output : bound_.output) {
        if (output.expanded >= 0) count = std::max(count, groups.values(static_cast<size_t>(output.expanded), order[i]).size());
      }
      any_expanded_ |= count > 0;
      for (size_t at = 0; at < std::max<size_t>(count, 1); ++at) {
        out.push_back(response_.table.rows[i]);
        for (size_t column = 0; column < bound_.output.size(); ++column) {
          if (bound_.output[column].expanded < 0) continue;
          const std::vector<Cell>& values = groups.values(static_cast<size_t>(bound_.output[column].expanded), order[i]);
          if (at < values.size()) out.back()[column] = values[at];
        }
      }
    }
    response_.table.rows = std::move(out);
  }

  const bool every_row_, use_star_trees_;
  const QueryRequest& request_;
  const TableSnapshot& table_;
  const BoundQuery& bound_;
  SteadyTime deadline_;
  int64_t timeout_ms_;
  int64_t effort_left_, effort_of_row_ = 1;
  const bool limited_;
  bool given_up_ = false;
  Evaluator evaluator_;
  std::unique_ptr<uint8_t[]> mask_;
  std::unique_ptr<uint16_t[]> rows_;
  std::function<void()> end_segment_;
  std::function<bool(StarTreePlan&, const Segment&, SegmentFilter&)> by_star_tree_;  // false: scan; empty: always scan
  FilterPtr before_boundary_, after_boundary_;
  size_t taken_ = 0;
  bool any_expanded_ = false;  // an EXPRMIN or EXPRMAX has a value
  QueryResponse response_;
};

}  // namespace

std::string_view query_option(const std::map<std::string, std::string>& options, std::string_view name) {
  for (const auto& [key, value] : options) {
    bool same = key.size() == name.size() && std::equal(key.begin(), key.end(), name.begin(), [](char a, char b) { return (a | 32) == (b | 32); });
    if (same) return value;
  }
  return {};
}

bool query_flag(const std::map<std::string, std::string>& options, std::string_view name) {
  const std::string_view value = query_option(options, name);
  return value == "true" || value == "TRUE" || value == "True";
}

int64_t thread_cpu_ns() {
  timespec now;
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

int64_t query_timeout_ms(const std::map<std::string, std::string>& options, int64_t otherwise) {
  int64_t out = otherwise;
  if (std::string_view text = query_option(options, "timeoutMs"); !text.empty()) std::from_chars(text.data(), text.data() + text.size(), out);
  return std::min<int64_t>(out, int64_t{1} << 40);
}

Status check_query_options(const std::map<std::string, std::string>& options) {
  std::string_view timeout = query_option(options, "timeoutMs");
  if (timeout.empty()) return {};
  int64_t value = 0;
  auto [end, error] = std::from_chars(timeout.data(), timeout.data() + timeout.size(), value);
  if (error == std::errc() && end == timeout.data() + timeout.size() && value > 0) return {};
  return Status::invalid(fmt::format("timeoutMs must be a number between 1 and 2^63-1, got: {}", timeout));
}

std::map<std::string, std::string> parse_query_options(std::string_view text) {
  std::map<std::string, std::string> out;
  auto trimmed = [](std::string_view part) {
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    return std::string(part);
  };
  while (!text.empty()) {
    size_t end = std::min(text.find(';'), text.size());
    std::string_view item = text.substr(0, end);
    if (size_t equals = item.find('='); equals != std::string_view::npos) out[trimmed(item.substr(0, equals))] = trimmed(item.substr(equals + 1));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

namespace {

// The dimension tables among `tables`, for LOOKUP.
LookupTables lookups_in(const TableResolver& tables) {
  return [&tables](const std::string& name) -> Result<std::shared_ptr<const LookupTable>> {
    const std::shared_ptr<const TableSnapshot> table = tables(name.ends_with("_OFFLINE") ? name : name + "_OFFLINE");
    if (!table || !table->dimension) return Status::invalid(fmt::format("Dimension table does not exist: {}_OFFLINE", name));
    return table->dimension->of(*table);
  };
}

bool calls_lookup(const sql::Expression& e) {
  return (e.kind == sql::ExpressionKind::kFunction && e.name == "lookup") || std::any_of(e.args.begin(), e.args.end(), [](const sql::ExpressionPtr& arg) { return calls_lookup(*arg); });
}
bool calls_lookup(const sql::Query& query) {
  auto in = [](const sql::ExpressionPtr& e) { return e && calls_lookup(*e); };
  return in(query.where) || in(query.having) || std::any_of(query.group_by.begin(), query.group_by.end(), in) ||
         std::any_of(query.select.begin(), query.select.end(), [&](const sql::SelectItem& item) { return in(item.expression); }) ||
         std::any_of(query.order_by.begin(), query.order_by.end(), [&](const sql::OrderItem& item) { return in(item.expression); });
}

// Nothing: the query was given up.
std::optional<QueryResponse> execute_within(const QueryRequest& request, const TableSnapshot& table) {
  std::map<std::string, std::string> options = request.options;
  for (const auto& [key, value] : request.query.options) options[key] = value;
  if (Status valid = check_query_options(options); !valid.ok()) return QueryResponse::failure(error_code::kQueryValidation, valid.message());
  const int64_t timeout_ms = query_timeout_ms(options, request.default_timeout_ms);
  const BindOptions bind_options{wall_clock_ms(), query_flag(options, "enableNullHandling"), &request.lookups};
  BoundQuery bound;
  BindError error;
  if (!bind(request.query, *table.schema, bind_options, &bound, &error)) {
    QueryResponse out = QueryResponse::failure(code_of(error.kind), error.message);
    if (error.kind == BindFailure::kValidation) {  // what Pinot finds out on its servers
      out.tables_queried = {table.name};
      out.servers_queried = out.servers_responded = 1;
      out.segments_queried = static_cast<int32_t>(table.segments.size());
      out.min_consuming_freshness_ms = table.min_consuming_freshness_ms;
      for (const auto& segment : table.segments) out.consuming_queried += segment->meta().consuming;
    }
    out.time_used_ms = elapsed_ms(request.started);
    return out;
  }
  const ScanOptions scan{timeout_ms, query_flag(options, "skipUpsert"), ascii_lower(query_option(options, "useStarTree")) != "false"};
  QueryResponse out;
  if (request.query.explain) {
    out = explain(request.query, bound, table, scan.use_star_trees);
  } else {
    Execution execution(request, table, bound, scan);
    out = execution.run();
    if (execution.given_up()) return std::nullopt;
  }
  out.time_used_ms = elapsed_ms(request.started);
  return out;
}

}  // namespace

QueryResponse execute(const QueryRequest& request, const TableSnapshot& table) {
  CHECK(request.effort_max == INT64_MAX);
  return *execute_within(request, table);
}

QueryResponse answer(std::string_view sql, const std::map<std::string, std::string>& options, const TableResolver& tables, CancelFlag cancelled) {
  Result<sql::Query> query = sql::parse(sql);
  if (query.ok()) return answer(*std::move(query), options, tables, cancelled);
  const std::string& reason = query.status().message();
  if (reason.starts_with(sql::kMultiStageOnly)) return QueryResponse::failure(error_code::kSqlParsing, "SQLParsingError: " + reason);
  return QueryResponse::failure(error_code::kSqlParsing, fmt::format("SQLParsingError: Caught exception while parsing query: {}: {}", sql, reason));
}

QueryResponse answer(sql::Query query, const std::map<std::string, std::string>& options, const TableResolver& tables, CancelFlag cancelled) {
  QueryRequest request;
  request.cancelled = cancelled;
  request.options = options;
  request.query = std::move(query);
  if (request.query.table.empty()) {
    BoundQuery bound;
    BindError error;
    if (!bind_literals(request.query, {wall_clock_ms(), false}, &bound, &error)) return QueryResponse::failure(code_of(error.kind), error.message);
    QueryResponse out;
    out.has_table = true;
    out.table.rows.emplace_back();
    std::vector<Vector> none;
    Evaluator evaluator(1, "");
    for (const OutputColumn& output : bound.output) {
      evaluator.set_inputs(&none, 1);
      out.table.column_names.push_back(output.name);
      out.table.column_types.push_back(type_name(*output.value));
      out.table.rows[0].push_back(cell_of(evaluator.evaluate(*output.value), 0));
    }
    return out;
  }
  std::shared_ptr<const TableSnapshot> table = tables(request.query.table);
  if (!table) return QueryResponse::failure(error_code::kTableDoesNotExist, "TableDoesNotExistError");
  if (has_in_subquery(request.query)) {
    if (Status status = resolve_in_subqueries(&request.query, [&](sql::Query inner) { return answer(std::move(inner), options, tables, cancelled); }); !status.ok()) {
      return QueryResponse::failure(error_code::kQueryExecution, "QueryExecutionError: " + status.message());
    }
  }
  request.lookups = lookups_in(tables);
  return execute(request, *table);
}

std::optional<QueryResponse> answer_if_short(const sql::Query& query, const std::map<std::string, std::string>& options, const TableResolver& tables) {
  if (query.explain || query.table.empty() || calls_lookup(query)) return std::nullopt;  // a dimension table may have to be read first
  std::shared_ptr<const TableSnapshot> table = tables(query.table);
  if (!table || !table->kept.empty()) return std::nullopt;
  QueryRequest request;
  request.options = options;
  request.query = query;
  request.effort_max = kShortRows;
  std::optional<QueryResponse> out = execute_within(request, *table);
  if (out && !out->exceptions.empty()) return std::nullopt;
  return out;
}

}  // namespace bywash::analytics
