#include "analytics/exec/explain.h"

#include "analytics/exec/segment_filter.h"
#include "analytics/exec/star_tree_plan.h"

#include <algorithm>
#include <map>
#include <set>

namespace bywash::analytics {
namespace {

// Rows (operator, id, parent): ids count up, a line's parent is the last line of one depth less.
class PlanRows {
 public:
  explicit PlanRows(ResultTable* table) : table_(table) {}
  void start(int64_t segments) { add(fmt::format("PLAN_START(numSegmentsForThisPlan:{})", segments), -1, -1); }
  void line(size_t depth, std::string text) {
    parents_.resize(depth);
    add(std::move(text), next_, parents_.empty() ? 0 : parents_.back());
    parents_.push_back(next_++);
  }

 private:
  void add(std::string text, int64_t id, int64_t parent) { table_->rows.push_back({{std::move(text)}, {id}, {parent}}); }
  ResultTable* table_;
  int64_t next_ = 1;
  std::vector<int64_t> parents_;
};

template <class List, class Name>
std::string names(const List& list, Name name) {
  std::string out;
  for (const auto& item : list) out += (out.empty() ? "" : ", ") + name(item);
  return out;
}

void columns_of(const sql::Expression& e, const TableSchema& schema, std::set<std::string>* columns, bool* transforms, bool top) {
  if (e.kind == sql::ExpressionKind::kIdentifier) {
    int at = schema.find_ignoring_case(e.name);
    columns->insert(at < 0 ? e.name : schema.fields[static_cast<size_t>(at)].name);
  }
  bool aggregation = e.kind == sql::ExpressionKind::kFunction && (is_aggregation(e.name) || e.name == "filter");
  if (e.kind == sql::ExpressionKind::kFunction && !aggregation && top) *transforms = true;
  for (const sql::ExpressionPtr& arg : e.args) columns_of(*arg, schema, columns, transforms, aggregation);
}

std::string aggregation_names(const sql::Query& query) {
  std::vector<std::string> out;
  auto collect = [&](auto& self, const sql::Expression& e) -> void {
    if (e.kind == sql::ExpressionKind::kFunction && (is_aggregation(e.name) || e.name == "filter")) {
      std::string text = to_string(e);
      if (std::find(out.begin(), out.end(), text) == out.end()) out.push_back(text);
      return;
    }
    for (const sql::ExpressionPtr& arg : e.args) self(self, *arg);
  };
  for (const sql::SelectItem& item : query.select) collect(collect, *item.expression);
  if (query.having) collect(collect, *query.having);
  for (const sql::OrderItem& item : query.order_by) collect(collect, *item.expression);
  return names(out, [](const std::string& text) { return text; });
}

}  // namespace

QueryResponse explain(const sql::Query& query, const BoundQuery& bound, const TableSnapshot& table, bool use_star_trees) {
  QueryResponse out;
  out.has_table = true;
  out.realtime = table.realtime;
  out.tables_queried = {table.name};
  out.servers_queried = out.servers_responded = 1;
  out.min_consuming_freshness_ms = table.min_consuming_freshness_ms;
  out.table.column_names = {"Operator", "Operator_Id", "Parent_Id"};
  out.table.column_types = {"STRING", "INT", "INT"};
  PlanRows plan(&out.table);
  std::string reduce = bound.having ? "havingFilter:" + bound.having->text + "," : "";
  if (!bound.order.empty()) {
    reduce += "sort:[" + names(bound.order, [](const OrderKey& key) { return key.value->text + (key.descending ? " DESC" : " ASC"); }) + "],";
  }
  plan.line(0, fmt::format("BROKER_REDUCE({}limit:{})", reduce, bound.limit));
  std::string keys = names(bound.keys, [](const BoundPtr& key) { return key->text; });
  std::string list = names(bound.output, [](const OutputColumn& column) { return column.value->text; });
  std::string combine, own;
  switch (bound.shape) {
    case QueryShape::kSelection:
      combine = bound.order.empty() ? "COMBINE_SELECT" : "COMBINE_SELECT_ORDERBY";
      own = fmt::format("{}(selectList:{})", bound.order.empty() ? "SELECT" : "SELECT_ORDERBY", list);
      break;
    case QueryShape::kDistinct: combine = "COMBINE_DISTINCT", own = fmt::format("DISTINCT(keyColumns:{})", keys); break;
    case QueryShape::kAggregation: combine = "COMBINE_AGGREGATE", own = fmt::format("AGGREGATE(aggregations:{})", aggregation_names(query)); break;
    case QueryShape::kGroupBy: combine = "COMBINE_GROUP_BY", own = fmt::format("GROUP_BY(groupKeys:{}, aggregations:{})", keys, aggregation_names(query)); break;
  }
  plan.line(1, combine);
  std::set<std::string> columns;
  bool transforms = false;
  for (const sql::SelectItem& item : query.select) {
    if (item.expression->kind == sql::ExpressionKind::kStar) for (const FieldSpec& field : table.schema->fields) columns.insert(field.name);
    else columns_of(*item.expression, *table.schema, &columns, &transforms, true);
  }
  for (const sql::ExpressionPtr& key : query.group_by) {
    bool alias = key->kind == sql::ExpressionKind::kIdentifier && table.schema->find_ignoring_case(key->name) < 0;
    if (!alias && key->kind != sql::ExpressionKind::kLiteral) columns_of(*key, *table.schema, &columns, &transforms, true);
  }
  // Segments that would run alike stand together.
  struct Plan {
    std::string projected;
    std::vector<std::pair<int, std::string>> filter;
    auto operator<=>(const Plan&) const = default;
  };
  std::map<Plan, int64_t> plans;
  const std::string scanned = names(columns, [](const std::string& name) { return name; });
  Evaluator evaluator(bound.slots, table.host_name, bound.null_handling);
  for (size_t at = 0; at < table.segments.size(); ++at) {
    const auto& segment = table.segments[at];
    out.total_docs += segment->rows();
    ++out.segments_queried;
    out.consuming_queried += segment->meta().consuming;
    SegmentFilter filter(*bound.filter, *segment, &evaluator);
    if (filter.verdict() == Verdict::kNone) {
      ++out.pruned_by_server;
      continue;
    }
    std::optional<StarTreePlan> tree;
    if (use_star_trees && (table.kept.empty() || !table.kept[at])) tree = StarTreePlan::make(bound, *bound.filter, *segment, &evaluator);
    if (tree && !tree->rest()) ++plans[{names(tree->projected(), [](const std::string& name) { return name; }), {{0, "FILTER_STARTREE_INDEX"}}}];
    else ++plans[{scanned, filter.explain()}];
  }
  for (const auto& [how, segments] : plans) {
    plan.start(segments);
    plan.line(2, own);
    size_t depth = 3;
    if (transforms) plan.line(depth++, fmt::format("TRANSFORM(expressions:{})", bound.keys.empty() ? list : keys));
    plan.line(depth++, fmt::format("PROJECT({})", how.projected));
    plan.line(depth++, "DOC_ID_SET");
    for (const auto& [below, text] : how.filter) plan.line(depth + static_cast<size_t>(below), text);
  }
  return out;
}

}  // namespace bywash::analytics
