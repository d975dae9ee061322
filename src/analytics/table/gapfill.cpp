// See gapfill.h.
#include "analytics/table/gapfill.h"

#include <strings.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "analytics/exec/evaluator.h"
#include "analytics/plan/aggregations.h"
#include "analytics/plan/binder.h"
#include "analytics/segment/mutable_segment.h"
#include "analytics/sql/statement.h"
#include "analytics/table/time_format.h"
#include "base/clock.h"
#include "base/text.h"

namespace bywash::analytics {
namespace {

using sql::Expression;
using sql::ExpressionKind;
using sql::ExpressionPtr;
using Row = std::vector<Cell>;

constexpr int64_t kDefaultLimit = 10;
constexpr int64_t kBucketsMax = 1'000'000;  // of one query: each is looked at, filled or not

QueryResponse refuse(std::string message) { return QueryResponse::failure(error_code::kQueryValidation, "QueryValidationError: " + std::move(message)); }

bool is_call(const Expression& expression, std::string_view name) { return expression.kind == ExpressionKind::kFunction && expression.name == name; }
const sql::SelectItem* gapfill_item(const sql::Query& query) {
  for (const sql::SelectItem& item : query.select) {
    if (is_call(*item.expression, "gapfill")) return &item;
  }
  return nullptr;
}
bool aggregates(const sql::Query& query) {
  return std::any_of(query.select.begin(), query.select.end(), [](const sql::SelectItem& item) { return has_aggregation(*item.expression); });
}
ExpressionPtr without_gapfill(const ExpressionPtr& expression) { return is_call(*expression, "gapfill") && !expression->args.empty() ? expression->args[0] : expression; }

std::optional<std::string> literal_text(const Expression& expression) {
  if (expression.kind != ExpressionKind::kLiteral) return std::nullopt;
  if (expression.literal == sql::LiteralType::kString) return expression.value.text;
  return std::to_string(expression.value.integer);
}

// "30:MINUTES": size and milliseconds.
std::optional<std::pair<int64_t, int64_t>> granularity_of(const std::string& text) {
  const size_t colon = text.find(':');
  int64_t size = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + std::min(colon, text.size()), size);
  if (colon == std::string::npos || error != std::errc() || end != text.data() + colon || size <= 0) return std::nullopt;
  const std::optional<int64_t> unit = millis_of_unit(ascii_upper(text.substr(colon + 1)));
  int64_t millis = 0;
  if (!unit || *unit <= 0 || __builtin_mul_overflow(*unit, size, &millis)) return std::nullopt;
  return std::pair(size, millis);
}

// The text of a value, as Java's String.valueOf gives it to a formatter.
std::string text_of_cell(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell.value)) return *text;
  if (const auto* integer = std::get_if<int64_t>(&cell.value)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&cell.value)) return std::to_string(static_cast<int64_t>(*real));
  return {};
}

// What a column has where nothing is to be filled in (GapfillUtils.getDefaultValue).
Cell default_cell(const std::string& type) {
  if (type.ends_with("_ARRAY")) return {CellArray()};
  if (type == "INT" || type == "LONG") return {int64_t{0}};
  if (type == "FLOAT") return {0.0f};
  if (type == "DOUBLE") return {0.0};
  if (type == "BOOLEAN") return {false};
  if (type == "TIMESTAMP") return {std::string("1970-01-01 00:00:00.0")};
  return {std::string()};
}

// The levels of nested queries, outermost first; the last one reads a table. An error: something stands there that a gapfill cannot have.
Result<std::vector<const sql::Statement*>> levels_of(const sql::Statement& outermost) {
  std::vector<const sql::Statement*> out;
  for (const sql::Statement* at = &outermost;; at = at->from->query.get()) {
    if (!at->with.empty() || at->operation != sql::SetOperation::kNone || !at->from || at->from->join != sql::JoinKind::kNone || !at->from->arrays.empty() || at->qualify) {
      return Status::invalid("GAPFILL works on one table, in up to three nested queries without joins, WITH and set operations");
    }
    out.push_back(at);
    if (!at->from->query) return out;
  }
}

int64_t limit_of(const sql::Statement& statement) { return statement.limit < 0 ? kDefaultLimit : statement.limit; }

// What the arguments of GAPFILL say.
struct GapfillPlan {
  ExpressionPtr call;
  TimeFormat format;
  int64_t start_ms = 0, end_ms = 0, bucket_ms = 1;
  int64_t buckets_per_group = 1;  // of the outer aggregation
  std::vector<std::string> series;
  std::map<std::string, bool> fills;  // column → with the value before it
};

Result<GapfillPlan> read_call(const ExpressionPtr& call) {
  const auto& args = call->args;
  if (args.size() <= 5) return Status::invalid("Gapfill does not have correct number of arguments.");
  constexpr const char* kWanted[] = {"The second argument of Gapfill should be TimeFormatter.", "The third argument of Gapfill should be start time.",
                                     "The fourth argument of Gapfill should be end time.", "The fifth argument of Gapfill should be time bucket size."};
  std::vector<std::string> texts;
  for (size_t i = 1; i <= 4; ++i) {
    std::optional<std::string> text = literal_text(*args[i]);
    if (!text) return Status::invalid(kWanted[i - 1]);
    texts.push_back(*std::move(text));
  }
  GapfillPlan out;
  out.call = call;
  ASSIGN_OR_RETURN(out.format, TimeFormat::parse(texts[0]));
  const std::optional<int64_t> start = out.format.to_millis(std::string_view(texts[1])), end = out.format.to_millis(std::string_view(texts[2]));
  if (!start || !end) return Status::invalid(fmt::format("GAPFILL: '{}' and '{}' are not times of the format '{}'", texts[1], texts[2], texts[0]));
  const auto bucket = granularity_of(texts[3]);
  if (!bucket) return Status::invalid(fmt::format("GAPFILL: '{}' is not a time bucket like '1:HOURS'", texts[3]));
  out.bucket_ms = bucket->second;
  out.start_ms = *start / bucket->first * bucket->first;
  out.end_ms = *end / bucket->first * bucket->first;
  if ((out.end_ms - out.start_ms) / out.bucket_ms > kBucketsMax) return Status::invalid(fmt::format("GAPFILL: more than {} buckets of time", kBucketsMax));
  if (std::optional<std::string> group = literal_text(*args[5])) {
    const auto wide = granularity_of(*group);
    if (!wide || wide->second < out.bucket_ms) return Status::invalid(fmt::format("GAPFILL: '{}' is not a time bucket at least as wide as '{}'", *group, texts[3]));
    out.buckets_per_group = wide->second / out.bucket_ms;
  }
  bool named = false;
  for (size_t i = 5; i < args.size(); ++i) {
    if (is_call(*args[i], "timeserieson")) {
      named = true;
      for (const ExpressionPtr& column : args[i]->args) out.series.push_back(to_string(*column));
    } else if (is_call(*args[i], "fill")) {
      const std::optional<std::string> kind = args[i]->args.size() > 1 ? literal_text(*args[i]->args[1]) : std::nullopt;
      if (kind != "FILL_PREVIOUS_VALUE" && kind != "FILL_DEFAULT_VALUE") return Status::invalid("FILL takes (column, 'FILL_PREVIOUS_VALUE' or 'FILL_DEFAULT_VALUE')");
      out.fills[to_string(*args[i]->args[0])] = *kind == "FILL_PREVIOUS_VALUE";
    }
  }
  if (!named) return Status::invalid("The TimeSeriesOn expressions should be specified.");
  return out;
}

// A column of rows as the evaluator reads it. Texts point into the rows.
Vector vector_of(DataType type, const std::vector<const Row*>& rows, size_t column) {
  Vector out;
  out.type = type;
  out.resize(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const Cell& cell = (*rows[i])[column];
    if (const auto* text = std::get_if<std::string>(&cell.value)) {
      if (out.physical() == Physical::kText) out.texts[i] = *text;
      else if (Result<Scalar> value = parse_scalar(type, *text)) out.integers[i] = value->integer;
    } else if (const auto* integer = std::get_if<int64_t>(&cell.value)) {
      out.integers[i] = *integer;
    } else if (const auto* flag = std::get_if<bool>(&cell.value)) {
      out.integers[i] = *flag;
    } else if (const auto* real = std::get_if<double>(&cell.value)) {
      out.reals[i] = *real;
    } else if (const auto* small = std::get_if<float>(&cell.value)) {
      out.reals[i] = *small;
    } else {
      out.set_null(i, rows.size());
    }
  }
  return out;
}

// The inner query's rows with the gaps filled, bucket by bucket.
class GapFiller {
 public:
  GapFiller(const GapfillPlan& plan, ResultTable table) : plan_(plan), table_(std::move(table)) {}

  // Finds the columns that GAPFILL names; `aliases`: the select items of the query that gave the rows.
  Status find_columns(const ExpressionPtr& time, const std::vector<sql::SelectItem>& items) {
    for (size_t i = 0; i < table_.column_names.size(); ++i) {
      place_[table_.column_names[i]] = i;
      if (i < items.size()) place_.emplace(to_string(*without_gapfill(items[i].expression)), i);
    }
    auto found = place_.find(to_string(*time));
    if (found == place_.end()) return Status::invalid(fmt::format("GAPFILL: the query has no column {}", to_string(*time)));
    time_ = found->second;
    for (const std::string& name : plan_.series) {
      auto column = place_.find(name);
      if (column == place_.end()) return Status::invalid(fmt::format("GAPFILL: TIMESERIESON names {}, which the query does not select", name));
      series_.insert(column->second);
    }
    for (const auto& [name, previous] : plan_.fills) {
      auto column = place_.find(name);
      if (column == place_.end()) return Status::invalid(fmt::format("GAPFILL: FILL names {}, which the query does not select", name));
      fills_[column->second] = previous;
    }
    put_into_buckets();
    return {};
  }

  // The rows of the bucket at `time`: those that are there, then one for each series that has none.
  std::vector<Row> bucket(int64_t time) {
    std::vector<Row> out;
    std::set<size_t> missing;
    for (size_t i = 0; i < keys_.size(); ++i) missing.insert(i);
    for (size_t at : buckets_[static_cast<size_t>((time - plan_.start_ms) / plan_.bucket_ms)]) {
      if (times_[at] != time) continue;
      const size_t key = key_of(table_.rows[at]);
      missing.erase(key);
      previous_[key] = table_.rows[at];
      out.push_back(table_.rows[at]);
    }
    for (size_t key : missing) out.push_back(filled(time, key));
    return out;
  }

  Cell time_cell(int64_t time) const {
    const std::string text = plan_.format.from_millis(time);
    const std::string& type = table_.column_types[time_];
    if (type != "LONG" && type != "INT") return {text};
    int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return {value};
  }

  size_t time_column() const { return time_; }
  size_t series_count() const { return keys_.size(); }
  const ResultTable& table() const { return table_; }
  // Where a column stands, by its name or what it was selected as.
  std::optional<size_t> place_of(const std::string& name) const {
    auto found = place_.find(name);
    return found == place_.end() ? std::nullopt : std::optional<size_t>(found->second);
  }

 private:
  size_t key_of(const Row& row) {
    Row key;
    for (size_t column : series_) key.push_back(row[column]);
    std::string text;
    for (const Cell& cell : key) text += fmt::format("{}:", cell.value.index()), text += text_of_key(cell), text += '\n';
    auto [found, fresh] = key_numbers_.emplace(std::move(text), keys_.size());
    if (fresh) keys_.push_back(std::move(key)), previous_.emplace_back();
    return found->second;
  }
  static std::string text_of_key(const Cell& cell) {
    if (const auto* real = std::get_if<double>(&cell.value)) return fmt::format("{}", *real);
    if (const auto* small = std::get_if<float>(&cell.value)) return fmt::format("{}", *small);
    if (const auto* flag = std::get_if<bool>(&cell.value)) return *flag ? "1" : "0";
    return text_of_cell(cell);
  }

  // A row before the first bucket may be what fills the gaps of its series; those past the last are of no use.
  void put_into_buckets() {
    const int64_t count = (plan_.end_ms - plan_.start_ms) / plan_.bucket_ms;
    buckets_.resize(static_cast<size_t>(std::max<int64_t>(count, 0)));
    times_.resize(table_.rows.size());
    std::map<size_t, int64_t> newest;
    for (size_t at = 0; at < table_.rows.size(); ++at) {
      const std::optional<int64_t> time = plan_.format.to_millis(std::string_view(text_of_cell(table_.rows[at][time_])));
      if (!time) continue;
      times_[at] = *time;
      const int64_t index = (*time - plan_.start_ms) / plan_.bucket_ms;
      if (index >= count) continue;
      const size_t key = key_of(table_.rows[at]);
      if (index >= 0) {
        buckets_[static_cast<size_t>(index)].push_back(at);
      } else if (auto found = newest.find(key); found == newest.end() || *time > found->second) {
        newest[key] = *time;
        previous_[key] = table_.rows[at];
      }
    }
  }

  Row filled(int64_t time, size_t key) const {
    Row out(table_.column_names.size());
    size_t next = 0;
    for (size_t i = 0; i < out.size(); ++i) {
      auto fill = fills_.find(i);
      if (series_.count(i)) out[i] = keys_[key][next++];
      else if (i != time_) out[i] = fill != fills_.end() && fill->second && previous_[key] ? (*previous_[key])[i] : default_cell(table_.column_types[i]);
    }
    out[time_] = time_cell(time);
    return out;
  }

  const GapfillPlan& plan_;
  ResultTable table_;
  std::map<std::string, size_t> place_;
  size_t time_ = 0;
  std::set<size_t> series_;
  std::map<size_t, bool> fills_;
  std::map<std::string, size_t> key_numbers_;
  std::vector<Row> keys_;
  std::vector<std::optional<Row>> previous_;  // by key: its newest row so far
  std::vector<std::vector<size_t>> buckets_;  // rows by bucket
  std::vector<int64_t> times_;                // by row
};

// The names and types of the filled rows as a schema, for what the outer query says of them.
Result<std::shared_ptr<const TableSchema>> schema_of(const ResultTable& table) {
  auto out = std::make_shared<TableSchema>();
  out->name = "gapfill";
  for (size_t i = 0; i < table.column_names.size(); ++i) {
    std::string type = table.column_types[i];
    FieldSpec field;
    field.name = table.column_names[i];
    field.single_value = !type.ends_with("_ARRAY");
    if (!field.single_value) type.resize(type.size() - 6);
    ASSIGN_OR_RETURN(field.type, data_type_from(type == "OBJECT" ? "STRING" : type));
    field.default_null = default_null_of(field.kind, field.type);
    out->fields.push_back(std::move(field));
  }
  return std::shared_ptr<const TableSchema>(std::move(out));
}

// The outer query's WHERE over filled rows.
class RowFilter {
 public:
  static Result<RowFilter> make(const ExpressionPtr& where, const TableSchema& schema) {
    RowFilter out;
    if (!where) return out;
    ASSIGN_OR_RETURN(out.program_, bind_scalar(where, schema, wall_clock_ms()));
    for (const FieldSpec& field : schema.fields) {
      if (!field.single_value) return Status::invalid(fmt::format("GAPFILL: WHERE does not work beside the multi-value column {}", field.name));
      out.types_.push_back(field.type);
    }
    return out;
  }
  Status keep(std::vector<Row>* rows) const {
    if (!program_.value || rows->empty()) return {};
    std::vector<const Row*> pointers;
    for (const Row& row : *rows) pointers.push_back(&row);
    std::vector<Vector> inputs;
    for (size_t i = 0; i < types_.size(); ++i) inputs.push_back(vector_of(types_[i], pointers, i));
    Evaluator evaluator(program_.slots, "");
    evaluator.set_inputs(&inputs, rows->size());
    const Vector& passed = evaluator.evaluate(*program_.value);
    if (!evaluator.error().empty()) return Status::data(evaluator.error());
    if (passed.physical() != Physical::kInteger) return Status::invalid("GAPFILL: WHERE needs a condition");
    std::vector<Row> kept;
    for (size_t i = 0; i < rows->size(); ++i) {
      if (passed.integers[i] != 0 && !passed.is_null(i)) kept.push_back(std::move((*rows)[i]));
    }
    *rows = std::move(kept);
    return {};
  }

 private:
  ScalarProgram program_;
  std::vector<DataType> types_;
};

void append_cell(MutableSegment& segment, size_t column, const FieldSpec& field, const Cell& cell) {
  const Row row = {cell};
  const Vector value = vector_of(field.type, {&row}, 0);
  if (value.is_null(0)) return segment.append_null(column);
  switch (stored_as(field.type)) {
    case Stored::kI32: return segment.append_int(column, static_cast<int32_t>(value.integers[0]));
    case Stored::kI64: return segment.append_long(column, value.integers[0]);
    case Stored::kF32: return segment.append_float(column, static_cast<float>(value.reals[0]));
    case Stored::kF64: return segment.append_double(column, value.reals[0]);
    case Stored::kBytes: return segment.append_text(column, value.texts[0]);
  }
}

// The outer query's select items, GROUP BY and HAVING over the rows of some buckets.
Result<QueryResponse> aggregate_rows(const sql::Statement& outer, const std::shared_ptr<const TableSchema>& schema, const std::vector<Row>& rows) {
  MutableSegmentOptions options;
  options.name = "gapfill";
  options.max_rows = static_cast<int64_t>(rows.size());
  ASSIGN_OR_RETURN(auto segment, MutableSegment::create(schema, std::move(options)));
  for (const Row& row : rows) {
    for (size_t i = 0; i < schema->fields.size(); ++i) append_cell(*segment, i, schema->fields[i], row[i]);
  }
  segment->publish(0);
  TableSnapshot table;
  table.name = schema->name;
  table.schema = schema;
  table.segments = {segment->snapshot()};
  QueryRequest request;
  request.query = outer.core;
  request.query.where = nullptr;
  request.query.table = schema->name;
  request.query.limit = static_cast<int64_t>(rows.size());
  return execute(request, table);
}

// One query from parse to answer.
class GapfillQuery {
 public:
  GapfillQuery(const sql::MultiStageQuery& query, const std::map<std::string, std::string>& options, const TableResolver& tables, CancelFlag cancelled)
      : query_(query), options_(options), tables_(tables), cancelled_(cancelled) {}

  QueryResponse run() {
    Result<std::vector<const sql::Statement*>> levels = levels_of(*query_.statement);
    if (!levels.ok()) return refuse(levels.status().message());
    levels_ = *std::move(levels);
    if (Status shape = find_shape(); !shape.ok()) return refuse(shape.message());
    Result<GapfillPlan> plan = read_call(gapfill_item(levels_[gapfill_level_]->core)->expression);
    if (!plan.ok()) return refuse(plan.status().message());
    QueryResponse inner = answer(inner_query(), options_, tables_, cancelled_);
    if (!inner.exceptions.empty()) return inner;
    GapFiller filler(*plan, std::move(inner.table));
    if (Status found = filler.find_columns(plan->call->args[0], levels_.back()->core.select); !found.ok()) return refuse(found.message());
    Result<ResultTable> table = fill(*plan, filler);
    if (!table.ok()) return refuse(table.status().message());
    inner.table = *std::move(table);
    return inner;
  }

 private:
  const sql::Statement& outer() const { return *levels_[0]; }
  bool outer_aggregates() const { return aggregates(outer().core); }

  // Which level has the gapfill, and whether the others may be as they are.
  Status find_shape() {
    if (query_.explain) return Status::invalid("EXPLAIN of GAPFILL is not supported");
    if (levels_.size() > 3) return Status::invalid("GAPFILL works in up to three nested queries");
    gapfill_level_ = gapfill_item(outer().core) ? 0 : 1;
    if (gapfill_level_ >= levels_.size() || !gapfill_item(levels_[gapfill_level_]->core)) return Status::invalid("GAPFILL must be a select item of its own, of the outer query or of the one in its FROM");
    const bool own = aggregates(levels_[gapfill_level_]->core);
    if (own) return Status::invalid("Aggregation and Gapfill can not be in the same sql statement.");
    if (levels_.size() > gapfill_level_ + 2) return Status::invalid("There is no three levels nesting sql when the outer query is gapfill.");
    if (levels_.size() == gapfill_level_ + 2 && !aggregates(levels_.back()->core)) return Status::invalid("Select and Gapfill should be in the same sql statement.");
    if (gapfill_level_ == 1 && outer_aggregates() && outer().core.group_by.empty()) return Status::invalid("No GroupBy Clause.");
    return {};
  }

  sql::Query inner_query() const {
    const sql::Statement& innermost = *levels_.back();
    sql::Query out = innermost.core;
    out.table = innermost.from->table;
    out.table_alias = innermost.from->alias;
    for (sql::SelectItem& item : out.select) item.expression = without_gapfill(item.expression);
    out.order_by = innermost.order_by;
    for (sql::OrderItem& item : out.order_by) item.expression = without_gapfill(item.expression);
    out.limit = limit_of(innermost);
    out.offset = innermost.offset;
    out.options = query_.options;
    return out;
  }

  Result<ResultTable> fill(const GapfillPlan& plan, GapFiller& filler) {
    ResultTable out;
    std::vector<size_t> picked;
    const bool aggregated = gapfill_level_ == 1 && outer_aggregates();
    ASSIGN_OR_RETURN(const std::shared_ptr<const TableSchema> schema, schema_of(renamed(filler)));
    ASSIGN_OR_RETURN(const RowFilter filter, RowFilter::make(levels_.size() > 1 && (gapfill_level_ == 1 || outer().core.where) ? outer().core.where : nullptr, *schema));
    if (!aggregated) RETURN_IF_ERROR(pick_columns(filler, *schema, &out, &picked));
    int64_t left = limit_of(gapfill_level_ == 0 ? outer() : *levels_[1]);
    std::vector<Row> group;
    int64_t group_start = plan.start_ms;
    for (int64_t time = plan.start_ms, index = 0; time + plan.bucket_ms <= plan.end_ms; time += plan.bucket_ms, ++index) {
      if (filler.table().rows.empty()) break;
      std::vector<Row> rows = filler.bucket(time);
      RETURN_IF_ERROR(filter.keep(&rows));
      for (Row& row : rows) {
        if (static_cast<int64_t>(group.size()) >= left) break;
        group.push_back(std::move(row));
      }
      left = std::max<int64_t>(0, left - static_cast<int64_t>(filler.series_count()));
      if (!aggregated) {
        for (const Row& row : group) {
          Row& to = out.rows.emplace_back();
          for (size_t column : picked) to.push_back(row[column]);
        }
        group.clear();
        continue;
      }
      if (index % plan.buckets_per_group != plan.buckets_per_group - 1) continue;
      for (Row& row : group) row[filler.time_column()] = filler.time_cell(group_start);
      RETURN_IF_ERROR(add_aggregates(schema, group, &out));
      if (static_cast<int64_t>(out.rows.size()) >= limit_of(outer())) break;
      group.clear();
      group_start = time + plan.bucket_ms;
    }
    if (aggregated && out.column_names.empty()) RETURN_IF_ERROR(add_aggregates(schema, {}, &out));
    // Pinot leaves rows that are not aggregated uncut; a LIMIT that is written is kept here.
    const int64_t limit = aggregated ? limit_of(outer()) : outer().limit;
    if (limit >= 0 && static_cast<int64_t>(out.rows.size()) > limit) out.rows.resize(static_cast<size_t>(limit));
    return out;
  }

  // The columns of the filled rows under the names that the outer query knows them by.
  ResultTable renamed(const GapFiller& filler) const {
    ResultTable out;
    out.column_names = filler.table().column_names;
    out.column_types = filler.table().column_types;
    if (gapfill_level_ == 0 || levels_.size() < 3) return out;
    for (const sql::SelectItem& item : levels_[1]->core.select) {
      std::optional<size_t> at = filler.place_of(to_string(*without_gapfill(item.expression)));
      if (at && !item.alias.empty()) out.column_names[*at] = item.alias;
    }
    return out;
  }

  // The outer query's select items are columns of the filled rows.
  Status pick_columns(const GapFiller& filler, const TableSchema& schema, ResultTable* out, std::vector<size_t>* picked) const {
    for (const sql::SelectItem& item : outer().core.select) {
      const ExpressionPtr expression = without_gapfill(item.expression);
      const std::string name = to_string(*expression);
      if (expression->kind == ExpressionKind::kStar) {
        for (size_t i = 0; i < schema.fields.size(); ++i) {
          picked->push_back(i);
          out->column_names.push_back(schema.fields[i].name);
          out->column_types.push_back(filler.table().column_types[i]);
        }
        continue;
      }
      const int own = schema.find(name);
      const std::optional<size_t> at = own >= 0 ? std::optional<size_t>(static_cast<size_t>(own)) : filler.place_of(name);
      if (!at) return Status::invalid(fmt::format("GAPFILL: {} is no column of the gapfilled rows", name));
      picked->push_back(*at);
      out->column_names.push_back(levels_.size() == 1 ? filler.table().column_names[*at] : !item.alias.empty() ? item.alias : name);
      out->column_types.push_back(filler.table().column_types[*at]);
    }
    return {};
  }

  Status add_aggregates(const std::shared_ptr<const TableSchema>& schema, const std::vector<Row>& rows, ResultTable* out) const {
    if (rows.empty() && !out->column_names.empty()) return {};
    ASSIGN_OR_RETURN(QueryResponse answered, aggregate_rows(outer(), schema, rows));
    if (!answered.exceptions.empty()) return Status::invalid(answered.exceptions[0].message);
    out->column_names = answered.table.column_names;
    out->column_types = answered.table.column_types;
    for (Row& row : answered.table.rows) out->rows.push_back(std::move(row));
    return {};
  }

  const sql::MultiStageQuery& query_;
  const std::map<std::string, std::string>& options_;
  const TableResolver& tables_;
  const CancelFlag cancelled_;
  std::vector<const sql::Statement*> levels_;
  size_t gapfill_level_ = 0;
};

}  // namespace

bool may_gapfill(std::string_view sql) {
  constexpr std::string_view kName = "gapfill";
  for (size_t at = 0; at + kName.size() <= sql.size(); ++at) {
    if ((sql[at] | 32) == 'g' && strncasecmp(sql.data() + at, kName.data(), kName.size()) == 0) return true;
  }
  return false;
}

QueryResponse answer_gapfill(std::string_view sql, const std::map<std::string, std::string>& options, const TableResolver& tables, CancelFlag cancelled) {
  const SteadyTime started = steady_now();
  Result<sql::MultiStageQuery> query = sql::parse_multi_stage(sql);
  if (!query.ok()) {
    return QueryResponse::failure(error_code::kSqlParsing, fmt::format("SQLParsingError: Caught exception while parsing query: {}: {}", sql, query.status().message()));
  }
  QueryResponse out = GapfillQuery(*query, options, tables, cancelled).run();
  out.time_used_ms = std::chrono::duration_cast<Millis>(steady_now() - started).count();
  return out;
}

}  // namespace bywash::analytics
