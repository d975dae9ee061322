#include "analytics/plan/binder.h"

#include "analytics/plan/aggregations.h"
#include "analytics/plan/column_names.h"
#include "analytics/plan/filter_binder.h"
#include "analytics/plan/functions.h"
#include "analytics/plan/integer_functions.h"
#include "analytics/plan/normalizer.h"
#include "analytics/plan/row_aggregations.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <unordered_map>

namespace bywash::analytics {
namespace {

using sql::Expression;
using sql::ExpressionKind;
using sql::ExpressionPtr;

// Binds expressions over the table's columns, or over the inputs that keys and aggregations make. Equal texts share one node.
class ExpressionBinder {
 public:
  explicit ExpressionBinder(const TableSchema* schema, const LookupTables* lookups = nullptr) : schema_(schema), lookups_(lookups) {}

  void add_input(const std::string& text, DataType type, bool multi) {
    auto input = std::make_shared<Bound>();
    input->kind = BoundKind::kInput;
    input->type = type;
    input->multi = multi;
    input->field = inputs_++;
    input->text = text;
    remember(text, std::move(input));
    over_inputs_ = true;
  }
  void over_inputs() { over_inputs_ = true; }
  // There are aggregations among the inputs: what CASE, COALESCE and NULLIF make of them is an OBJECT to Pinot.
  void aggregated() { aggregated_ = true; }

  Result<BoundPtr> bind(const ExpressionPtr& expression) {
    std::string text = to_string(*expression);
    bool literal = expression->kind == ExpressionKind::kLiteral;
    std::string key = literal ? fmt::format("{}:{}", static_cast<int>(expression->literal), text) : text;
    if (auto known = nodes_.find(key); known != nodes_.end()) return known->second;
    switch (expression->kind) {
      case ExpressionKind::kLiteral: return remember(key, bind_literal_node(*expression));
      case ExpressionKind::kStar: return Status::invalid("* is only allowed in SELECT * and COUNT(*)");
      case ExpressionKind::kIdentifier: return column(*expression);
      case ExpressionKind::kFunction: return call(*expression, text);
    }
    return Status::invalid("Unknown expression");
  }

  size_t slots() const { return slots_; }

 private:
  BoundPtr remember(const std::string& key, std::shared_ptr<Bound> node) {
    node->slot = slots_++;
    return nodes_[key] = std::move(node);
  }
  static std::shared_ptr<Bound> bind_literal_node(const Expression& literal) { return std::make_shared<Bound>(*bind_literal(literal)); }

  Result<BoundPtr> column(const Expression& identifier) {
    if (over_inputs_) {
      return Status::conflict(fmt::format("SQLParsingError: '{}' should be functionally dependent on the columns used in GROUP BY clause.", identifier.name));
    }
    auto node = std::make_shared<Bound>();
    node->text = identifier.name;
    int found = schema_ ? schema_->find(identifier.name) : -1;
    if (found < 0) {
      node->kind = BoundKind::kVirtual;
      bool number = identifier.name == "$docId" || identifier.name == "$partitionId";
      node->type = number ? DataType::kInt : DataType::kString;
      VirtualColumn which = identifier.name == "$docId"         ? VirtualColumn::kDocId
                            : identifier.name == "$segmentName" ? VirtualColumn::kSegmentName
                            : identifier.name == "$partitionId" ? VirtualColumn::kPartitionId
                                                                : VirtualColumn::kHostName;
      node->field = static_cast<size_t>(which);
    } else {
      const FieldSpec& field = schema_->fields[static_cast<size_t>(found)];
      node->kind = BoundKind::kColumn;
      node->type = field.type;
      node->multi = !field.single_value;
      node->field = static_cast<size_t>(found);
      node->spec = &field;
    }
    return remember(identifier.name, std::move(node));
  }

  Result<BoundPtr> call(const Expression& function, const std::string& text) {
    if (is_aggregation(function.name) || function.name == "filter") {
      return Status::invalid(fmt::format("Aggregation is not allowed here: {}", text));
    }
    auto node = std::make_shared<Bound>();
    node->kind = BoundKind::kCall;
    node->text = text;
    for (const ExpressionPtr& arg : function.args) {
      ASSIGN_OR_RETURN(BoundPtr bound, bind(arg));
      node->args.push_back(std::move(bound));
    }
    const FunctionArgs given{function.name, node->args};
    std::optional<BoundFunction> whole = over_inputs_ ? bind_whole_arithmetic(given) : std::nullopt;
    ASSIGN_OR_RETURN(BoundFunction chosen, whole ? Result<BoundFunction>(*std::move(whole)) : function.name == "lookup" ? bind_lookup(given, lookups_ ? *lookups_ : LookupTables()) : bind_function(given));
    node->type = chosen.type;
    node->kernel = std::move(chosen.kernel);
    node->multi = chosen.multi;
    node->strict = chosen.strict;
    node->from_cast = (over_inputs_ && function.name == "cast") || (aggregated_ && (function.name == "case" || function.name == "casewhen" || function.name == "coalesce" || function.name == "nullif"));
    return remember(text, std::move(node));
  }

  const TableSchema* schema_;
  const LookupTables* lookups_;
  bool over_inputs_ = false, aggregated_ = false;
  size_t inputs_ = 0;
  size_t slots_ = 0;
  std::unordered_map<std::string, BoundPtr> nodes_;
};

class QueryBinder {
 public:
  QueryBinder(const sql::Query& query, const TableSchema& schema, const BindOptions& options)
      : query_(query), schema_(schema), options_(options), normalizer_(query, &schema, options), table_(&schema, options.lookups), inputs_(&schema, options.lookups) {}

  Status run(BoundQuery* out) {
    out_ = out;
    out->limit = query_.limit;
    out->offset = query_.offset;
    out->null_handling = options_.null_handling;
    RETURN_IF_ERROR(select_list());
    RETURN_IF_ERROR(clauses());
    RETURN_IF_ERROR(filter());
    bool aggregated = !group_by_.empty() || having_;
    for (const Item& item : items_) aggregated |= has_aggregation(*item.expression);
    for (const ExpressionPtr& order : order_) aggregated |= has_aggregation(*order);
    Status bound = query_.distinct ? distinct() : aggregated ? aggregation() : selection();
    RETURN_IF_ERROR(bound);
    if (out->shape != QueryShape::kSelection) out->offset = 0;  // only selections look at it (SelectionDataTableReducer 1.5.1)
    out->slots = std::max(table_.slots(), inputs_.slots());
    out->projected_columns = projected_;
    return {};
  }
  BindError error(const Status& status) const {
    if (!normalizer_.error().message.empty()) return normalizer_.error();
    return {status.code() == Code::kConflict ? BindFailure::kParsing : BindFailure::kValidation, status.message()};
  }

 private:
  struct Item {
    ExpressionPtr expression;  // normalised
    std::string name;
  };

  static Status parsing(std::string message) { return Status::conflict("SQLParsingError: " + std::move(message)); }
  Result<ExpressionPtr> normalize(const ExpressionPtr& expression, bool aliases) {
    ExpressionPtr out = normalizer_.normalize(expression, aliases);
    if (!out) return Status::invalid(normalizer_.error().message);
    return out;
  }
  BindExpression table_binding() {
    return [this](const ExpressionPtr& expression) { return table_.bind(expression); };
  }

  Status select_list() {
    for (const sql::SelectItem& item : query_.select) {
      if (item.expression->kind == ExpressionKind::kStar) {
        std::vector<std::string> names;
        for (const FieldSpec& field : schema_.fields) names.push_back(field.name);
        std::sort(names.begin(), names.end());
        for (std::string& name : names) items_.push_back({sql::make_identifier(name), name});
        continue;
      }
      ASSIGN_OR_RETURN(ExpressionPtr expression, normalize(item.expression, false));
      if (item.alias.empty()) expression = without_constant(expression);
      items_.push_back({expression, item.alias.empty() ? column_name(*expression) : item.alias});
      if (!item.alias.empty()) normalizer_.add_alias(item.alias, expression);
    }
    return {};
  }

  // An ordinal of GROUP BY and ORDER BY stands for that select item.
  Result<ExpressionPtr> ordinal_or(const ExpressionPtr& expression, std::string_view clause) {
    bool ordinal = expression->kind == ExpressionKind::kLiteral && expression->literal == sql::LiteralType::kInt;
    if (!ordinal) return normalize(expression, true);
    int64_t at = expression->value.integer;
    if (at < 1 || at > static_cast<int64_t>(items_.size())) {
      return parsing(fmt::format("Expected Ordinal value to be between 1 and {}: {} {}", items_.size(), clause, at));
    }
    return items_[static_cast<size_t>(at - 1)].expression;
  }

  Status clauses() {
    for (const ExpressionPtr& expression : query_.group_by) {
      ASSIGN_OR_RETURN(ExpressionPtr key, ordinal_or(expression, "GROUP BY"));
      if (has_aggregation(*key)) return parsing(fmt::format("Aggregate expression '{}' is not allowed in GROUP BY clause.", to_string(*key)));
      group_by_.push_back(std::move(key));
    }
    for (const sql::OrderItem& item : query_.order_by) {
      ASSIGN_OR_RETURN(ExpressionPtr key, ordinal_or(item.expression, "ORDER BY"));
      order_.push_back(std::move(key));
    }
    if (query_.having) {
      ASSIGN_OR_RETURN(having_, normalize(query_.having, true));
    }
    return {};
  }

  Status filter() {
    out_->filter = std::make_shared<const Filter>();
    if (!query_.where) return {};
    ASSIGN_OR_RETURN(ExpressionPtr where, normalize(query_.where, true));
    if (has_aggregation(*where)) return parsing("Aggregations are not allowed in WHERE; use HAVING");
    ASSIGN_OR_RETURN(out_->filter, bind_filter(where, table_binding(), options_.null_handling));
    return {};
  }

  void count_projection(const std::vector<ExpressionPtr>& expressions) {
    std::vector<std::string> names;
    for (const ExpressionPtr& expression : expressions) collect(*expression, &names);
    std::sort(names.begin(), names.end());
    projected_ = static_cast<size_t>(std::unique(names.begin(), names.end()) - names.begin());
  }
  static void collect(const Expression& expression, std::vector<std::string>* names) {
    if (expression.kind == ExpressionKind::kIdentifier) names->push_back(expression.name);
    for (const ExpressionPtr& arg : expression.args) collect(*arg, names);
  }

  Status selection() {
    out_->shape = QueryShape::kSelection;
    std::vector<ExpressionPtr> read;
    for (const Item& item : items_) {
      ASSIGN_OR_RETURN(BoundPtr value, table_.bind(item.expression));
      out_->output.push_back({item.name, std::move(value)});
      read.push_back(item.expression);
    }
    if (order_.size() > 64) return parsing("ORDER BY takes at most 64 expressions");
    for (size_t i = 0; i < order_.size(); ++i) {
      ASSIGN_OR_RETURN(BoundPtr value, table_.bind(order_[i]));
      if (value->multi) return Status::invalid(fmt::format("Cannot order by a multi-value column: {}", value->text));
      out_->order.push_back(order_key(std::move(value), query_.order_by[i]));
      read.push_back(order_[i]);
    }
    count_projection(read);
    return {};
  }

  Status keys(const std::vector<ExpressionPtr>& expressions) {
    for (const ExpressionPtr& expression : expressions) {
      std::string text = to_string(*expression);
      bool known = false;
      for (const BoundPtr& key : out_->keys) known |= key->text == text;
      if (known) continue;
      ASSIGN_OR_RETURN(BoundPtr key, table_.bind(expression));
      inputs_.add_input(text, key->type, false);  // groups of an array column are its values
      out_->keys.push_back(std::move(key));
    }
    return {};
  }

  Status distinct() {
    out_->shape = QueryShape::kDistinct;
    std::vector<ExpressionPtr> expressions;
    for (const Item& item : items_) {
      if (has_aggregation(*item.expression)) return Status::conflict("SQLParsingError: not supported yet: SELECT DISTINCT with aggregations");
      expressions.push_back(item.expression);
    }
    RETURN_IF_ERROR(keys(expressions));
    for (const ExpressionPtr& order : order_) {
      bool selected = std::any_of(items_.begin(), items_.end(), [&](const Item& item) { return same(*item.expression, *order); });
      if (!selected) return parsing("ORDER-BY columns should be included in the DISTINCT columns");
    }
    count_projection(expressions);
    return outputs();
  }

  Status aggregation() {
    out_->shape = group_by_.empty() ? QueryShape::kAggregation : QueryShape::kGroupBy;
    inputs_.over_inputs();
    RETURN_IF_ERROR(keys(group_by_));
    std::vector<ExpressionPtr> found;
    for (const Item& item : items_) find_aggregations(item.expression, &found);
    for (const ExpressionPtr& order : order_) find_aggregations(order, &found);
    if (having_) find_aggregations(having_, &found);
    std::vector<ExpressionPtr> read(group_by_);
    if (!found.empty()) inputs_.aggregated();
    for (const ExpressionPtr& call : found) {
      Aggregation aggregation;
      if (Status bound = aggregation_of(*call, &aggregation); !bound.ok()) {
        // Pinot finds out while it runs, in the operator's name.
        if (!bound.message().starts_with("Cannot compute")) return bound;
        return Status::invalid(fmt::format("Caught exception while doing operator: class org.apache.pinot.core.operator.query.{}Operator: {}",
                                           group_by_.empty() ? "Aggregation" : "GroupBy", bound.message()));
      }
      inputs_.add_input(to_string(*call), aggregation.result, aggregation.result_multi);
      out_->aggregations.push_back(std::move(aggregation));
      const Expression& plain = call->name == "filter" ? *call->args[0] : *call;
      for (const ExpressionPtr& arg : plain.args) read.push_back(arg);
    }
    count_projection(read);
    if (having_) {
      ASSIGN_OR_RETURN(out_->having, inputs_.bind(having_));
      if (physical_of(out_->having->type) != Physical::kInteger) return Status::invalid(fmt::format("HAVING must be BOOLEAN: {}", out_->having->text));
      if (group_by_.empty()) out_->having = nullptr;  // without effect (AggregationDataTableReducer 1.5.1)
    }
    Status done = outputs();
    if (!done.ok() && group_by_.empty() && done.code() == Code::kConflict) {
      return parsing("Columns and Aggregate functions can't co-exist without GROUP BY clause");
    }
    return done;
  }

  // EXPRMIN or EXPRMAX, whose values stand in rows of their own.
  static bool expands(const Expression& expression) {
    if (expression.kind != ExpressionKind::kFunction) return false;
    if (expression.name == "filter") return expands(*expression.args[0]);
    return expression.name == "exprmin" || expression.name == "exprmax";
  }
  static bool expands_within(const Expression& expression) {
    return std::any_of(expression.args.begin(), expression.args.end(), [](const ExpressionPtr& arg) { return expands(*arg) || expands_within(*arg); });
  }
  // They stand alone in SELECT.
  Status check_expansions() const {
    bool misplaced = having_ && (expands(*having_) || expands_within(*having_));
    for (const Item& item : items_) misplaced |= expands(*item.expression) ? item.expression->name == "filter" && expands_within(*item.expression->args[0]) : expands_within(*item.expression);
    for (const ExpressionPtr& order : order_) misplaced |= expands(*order) || expands_within(*order);
    return misplaced ? Status::invalid("Aggregation functions EXPRMIN and EXPRMAX are only supported in selection, by themselves") : Status();
  }

  Status outputs() {
    inputs_.over_inputs();
    RETURN_IF_ERROR(check_expansions());
    for (size_t i = 0; i < items_.size(); ++i) {
      const Item& item = items_[i];
      const bool expanded = expands(*item.expression);
      // The second of two equal ones is left out, as ExprMinMaxRewriter does.
      if (expanded && std::any_of(items_.begin(), items_.begin() + static_cast<ptrdiff_t>(i), [&](const Item& other) { return same(*other.expression, *item.expression); })) continue;
      ASSIGN_OR_RETURN(BoundPtr value, inputs_.bind(item.expression));
      const int aggregation = expanded ? static_cast<int>(value->field - out_->keys.size()) : -1;
      out_->output.push_back({item.name, std::move(value), aggregation});
    }
    for (size_t i = 0; i < order_.size(); ++i) {
      ASSIGN_OR_RETURN(BoundPtr value, inputs_.bind(order_[i]));
      out_->order.push_back(order_key(std::move(value), query_.order_by[i]));
    }
    return {};
  }

  // Null is larger than all values, unless the query says where it goes.
  static OrderKey order_key(BoundPtr value, const sql::OrderItem& item) {
    bool first = item.nulls == sql::NullOrder::kDefault ? item.descending : item.nulls == sql::NullOrder::kFirst;
    return {std::move(value), item.descending, first};
  }

  static void find_aggregations(const ExpressionPtr& expression, std::vector<ExpressionPtr>* found) {
    if (expression->kind != ExpressionKind::kFunction) return;
    if (is_aggregation(expression->name) || expression->name == "filter") {
      for (const ExpressionPtr& known : *found) {
        if (same(*known, *expression)) return;
      }
      found->push_back(expression);
      return;
    }
    for (const ExpressionPtr& arg : expression->args) find_aggregations(arg, found);
  }

  Status aggregation_of(const Expression& call, Aggregation* out) {
    // What an aggregation finds in its texts (conditions of theta sketches) is normalised here.
    BindExpression binding = [this](const ExpressionPtr& expression) -> Result<BoundPtr> {
      ASSIGN_OR_RETURN(ExpressionPtr normal, normalize(expression, false));
      return table_.bind(normal);
    };
    if (call.name != "filter") return bind_aggregation(call, binding, options_.null_handling, out);
    const Expression& inner = *call.args[0];
    if (inner.kind != ExpressionKind::kFunction || !is_aggregation(inner.name)) return Status::invalid("FILTER(WHERE ...) must follow an aggregation");
    if (has_aggregation(*call.args[1])) return Status::invalid("Aggregations are not allowed in FILTER(WHERE ...)");
    ASSIGN_OR_RETURN(out->filter, bind_filter(call.args[1], table_binding(), options_.null_handling));
    return bind_aggregation(inner, binding, options_.null_handling, out);
  }

  const sql::Query& query_;
  const TableSchema& schema_;
  BindOptions options_;
  Normalizer normalizer_;
  ExpressionBinder table_, inputs_;
  BoundQuery* out_ = nullptr;
  std::vector<Item> items_;
  std::vector<ExpressionPtr> group_by_, order_;
  ExpressionPtr having_;
  size_t projected_ = 0;
};

}  // namespace

bool bind(const sql::Query& query, const TableSchema& schema, const BindOptions& options, BoundQuery* out, BindError* error) {
  QueryBinder binder(query, schema, options);
  Status status = binder.run(out);
  if (status.ok()) return true;
  *error = binder.error(status);
  return false;
}

bool bind_literals(const sql::Query& query, const BindOptions& options, BoundQuery* out, BindError* error) {
  Normalizer normalizer(query, nullptr, options);
  for (const sql::SelectItem& item : query.select) {
    ExpressionPtr expression = normalizer.normalize(item.expression, false);
    if (!expression) {
      *error = normalizer.error();
      return false;
    }
    if (expression->kind != ExpressionKind::kLiteral) {
      *error = {BindFailure::kParsing, fmt::format("SQLParsingError: Query without FROM must select literals: {}", to_string(*expression))};
      return false;
    }
    std::string text = to_string(*expression);
    bool quoted = expression->literal == sql::LiteralType::kString;
    std::string name = !item.alias.empty() ? item.alias : quoted ? text : text.substr(1, text.size() - 2);
    out->output.push_back({std::move(name), bind_literal(*expression)});
  }
  return true;
}

Result<ScalarProgram> bind_scalar(const sql::ExpressionPtr& expression, const TableSchema& inputs, int64_t now_ms) {
  const sql::Query nothing;
  Normalizer normalizer(nothing, &inputs, {now_ms, true});
  ExpressionPtr normal = normalizer.normalize(expression, false);
  if (!normal) return Status::invalid(normalizer.error().message);
  ExpressionBinder binder(nullptr);
  for (const FieldSpec& field : inputs.fields) binder.add_input(field.name, field.type, !field.single_value);
  binder.over_inputs();
  ScalarProgram out;
  ASSIGN_OR_RETURN(out.value, binder.bind(normal));
  out.slots = binder.slots();
  return out;
}

}  // namespace bywash::analytics
