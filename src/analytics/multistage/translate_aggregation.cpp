// Aggregations, and windows over them. See translator.h.
#include "analytics/multistage/translator.h"

#include "analytics/plan/aggregations.h"
#include "analytics/plan/sketch_aggregations.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace bywash::analytics::multistage {

using sql::Expression;
using sql::ExpressionKind;
using sql::ExpressionPtr;

namespace {

bool window_only(std::string_view name) {
  for (std::string_view known : {"rownumber", "rank", "denserank", "percentrank", "cumedist", "ntile", "lead", "lag", "firstvalue", "lastvalue", "nthvalue"}) {
    if (known == name) return true;
  }
  return false;
}

// "sum(x) FILTER (WHERE c) OVER (...)"
std::string written(std::string_view function, std::string_view args, std::string_view order, std::string_view filter, std::string_view over) {
  return fmt::format("{}({}{}){}{}", function, args, order, filter.empty() ? "" : fmt::format(" FILTER (WHERE {})", filter), over);
}

// The number of a literal argument.
bool literal_number(const Typed& value, double* out) {
  if (!value.literal) return false;
  switch (value.literal->literal) {
    case sql::LiteralType::kInt:
    case sql::LiteralType::kLong: *out = static_cast<double>(value.literal->value.integer); return true;
    case sql::LiteralType::kDouble: *out = value.literal->value.real; return true;
    default: return false;
  }
}

// "distinctcountbitmapmv" without its end, when it is an array's.
bool strip_multi(std::string* name) {
  if (!name->ends_with("mv")) return false;
  name->resize(name->size() - 2);
  return true;
}

}  // namespace

bool aggregates(const Expression& expression) {
  if (expression.kind != ExpressionKind::kFunction) return false;
  if (expression.subquery) return !expression.args.empty() && aggregates(*expression.args[0]);
  if (expression.name == "over") {
    const Expression* call = expression.args[0].get();
    while ((call->name == "ignorenulls" || call->name == "filter") && !call->args.empty()) call = call->args[0].get();
    bool found = false;
    for (const ExpressionPtr& arg : call->args) found |= aggregates(*arg);
    for (const ExpressionPtr& key : expression.window->partition_by) found |= aggregates(*key);
    for (const sql::OrderItem& item : expression.window->order_by) found |= aggregates(*item.expression);
    return found;
  }
  if (is_aggregation(expression.name) || expression.name == "filter" || expression.name == "withingroup") return true;
  return std::any_of(expression.args.begin(), expression.args.end(), [](const ExpressionPtr& arg) { return aggregates(*arg); });
}

Result<std::string> Translator::order_text(const std::vector<sql::OrderItem>& order) {
  std::string out;
  for (const sql::OrderItem& item : order) {
    ASSIGN_OR_RETURN(Typed value, expression(item.expression));
    if (value.literal) continue;
    if (value.type.type == DataType::kBigDecimal) {
      ASSIGN_OR_RETURN(value, sortable(std::move(value)));
    }
    out += (out.empty() ? "ORDER BY " : ", ") + value.sql + order_suffix(item);
  }
  return out;
}

// An aggregation with what stands around it: FILTER, WITHIN GROUP.
Result<Typed> Translator::aggregated(const ExpressionPtr& expression, Suffix suffix) {
  const Expression& e = *expression;
  if (e.name == "filter" && e.args.size() == 2) {
    const bool outer = std::exchange(frame_->inside_aggregation, true);
    Translated condition = boolean(e.args[1], "FILTER");
    frame_->inside_aggregation = outer;
    if (!condition.ok()) return condition;
    suffix.filter = condition->sql;
    return aggregated(e.args[0], std::move(suffix));
  }
  if (e.name == "withingroup") {
    const bool outer = std::exchange(frame_->inside_aggregation, true);
    Result<std::string> order = order_text(e.window->order_by);
    frame_->inside_aggregation = outer;
    if (!order.ok()) return order.status();
    suffix.order = order->empty() ? "" : " " + *order;
    return aggregated(e.args[0], std::move(suffix));
  }
  if (e.name == "ignorenulls") {
    suffix.ignore_nulls = true;
    return aggregated(e.args[0], std::move(suffix));
  }
  if (!suffix.over.empty() && window_only(e.name)) return window_function(e, suffix);
  if (!is_aggregation(e.name)) return invalid(fmt::format("{} is no aggregation", e.name), e.at);
  if (suffix.ignore_nulls) return invalid(fmt::format("IGNORE NULLS does not go with {}", e.name), e.at);
  return aggregation(e, suffix);
}

Result<Typed> Translator::aggregation(const Expression& call, const Suffix& suffix) {
  // Under OVER the arguments may be aggregations themselves: SUM(SUM(x)) OVER ().
  const bool window = !suffix.over.empty();
  if (!window) {
    for (const ExpressionPtr& arg : call.args) {
      if (aggregates(*arg)) return invalid("Aggregate expressions cannot be nested", call.at);
    }
  }
  if (call.name == "count" && call.args.size() == 1 && call.args[0]->kind == ExpressionKind::kStar) {
    return Typed{written("count", "*", "", suffix.filter, suffix.over), {DataType::kLong, false}, false, nullptr};
  }
  const bool outer = frame_->inside_aggregation;
  if (!window) frame_->inside_aggregation = true;
  Result<std::vector<Typed>> args = arguments(call);
  frame_->inside_aggregation = outer;
  if (!args.ok()) return args.status();
  if (args->empty()) return invalid(fmt::format("{} takes an argument", call.name), call.at);
  return plain_aggregation(call, *args, suffix);
}

Result<Typed> Translator::plain_aggregation(const Expression& call, const std::vector<Typed>& args, const Suffix& suffix) {
  const std::string& name = call.name;
  const Typed& x = args[0];
  auto of = [&](std::string_view function, std::string_view inner) { return written(function, inner, "", suffix.filter, suffix.over); };
  auto result = [](std::string sql, DataType type) { return Typed{std::move(sql), {type, false}, false, nullptr}; };
  if (is_sketch_aggregation(name, x.type.type, args.size())) {
    return unsupported(fmt::format("aggregation {} of {} with {} argument(s): queries over one table know sketches, joins, windows and nested queries do not", name, pinot_type(x.type), args.size()), call.at);
  }
  if (name == "count") return result(of("count", x.sql), DataType::kLong);
  if (name.starts_with("distinctcount") && !x.type.multi && name.find("raw") == std::string::npos) return result(of("count", "DISTINCT " + x.sql), DataType::kLong);
  if (name == "segmentpartitioneddistinctcount") return result(of("count", "DISTINCT " + x.sql), DataType::kLong);
  if (name == "arrayagg" || name == "listagg") return array_aggregation(call, args, suffix);
  if (x.type.multi) return collection(call, args, suffix);
  if (name == "firstwithtime" || name == "lastwithtime") return with_time(call, args, suffix);
  if (name == "anyvalue") return result(of("any_value", x.sql), x.type.type);
  if (name == "booland" || name == "boolor") {
    ASSIGN_OR_RETURN(Typed value, coerced(x, {DataType::kBoolean, false}));
    return result(of(name == "booland" ? "bool_and" : "bool_or", value.sql), DataType::kBoolean);
  }
  if (std::any_of(args.begin(), args.end(), [](const Typed& arg) { return arg.type.type == DataType::kBigDecimal; })) return decimal_aggregation(call, args, suffix);
  if (name == "min" || name == "max") return result(of(name, x.sql), x.type.type);
  if (name == "minstring" || name == "maxstring") return result(of(name.substr(0, 3), x.sql), DataType::kString);
  if (name == "mode") return result(of("mode", x.sql), x.type.type);
  for (const Typed& arg : args) {
    if (!arg.null && !is_number(arg.type)) return invalid(fmt::format("Cannot apply '{}' to {}", name, pinot_type(arg.type)), call.at);
  }
  const bool whole = is_integer(x.type.type);
  if (name == "sum" || name == "$sum0" || name == "distinctsum" || name == "sumint" || name == "sumlong") {
    const DataType type = whole ? DataType::kLong : x.type.type;
    const std::string sum = of("sum", (name == "distinctsum" ? "DISTINCT " : "") + x.sql);
    return result(fmt::format("CAST({} AS {})", sum, sql_type({type, false})), type);
  }
  ASSIGN_OR_RETURN(Typed real, coerced(x, {DataType::kDouble, false}));
  if (name == "avg" || name == "distinctavg") return result(of("avg", (name == "distinctavg" ? "DISTINCT " : "") + real.sql), DataType::kDouble);
  if (name == "minmaxrange") return result(fmt::format("({} - {})", of("max", real.sql), of("min", real.sql)), DataType::kDouble);
  if (name == "minlong" || name == "maxlong") return result(fmt::format("CAST({} AS BIGINT)", of(name.substr(0, 3), x.sql)), DataType::kLong);
  if (name.starts_with("percentile")) return percentile(call, args, suffix);
  static const std::map<std::string_view, const char*> kAlike = {{"varpop", "var_pop"}, {"varsamp", "var_samp"}, {"variance", "var_samp"}, {"stddevpop", "stddev_pop"},
      {"stddevsamp", "stddev_samp"}, {"stddev", "stddev_samp"}, {"skewness", "skewness"}, {"kurtosis", "kurtosis"}};
  if (auto found = kAlike.find(name); found != kAlike.end()) return result(of(found->second, real.sql), DataType::kDouble);
  if ((name == "covarpop" || name == "covarsamp") && args.size() == 2) {
    ASSIGN_OR_RETURN(Typed second, coerced(args[1], {DataType::kDouble, false}));
    return result(of(name == "covarpop" ? "covar_pop" : "covar_samp", real.sql + ", " + second.sql), DataType::kDouble);
  }
  return unsupported(fmt::format("aggregation {}", name), call.at);
}

// Smallest, largest and sums are exact; the others are those of DOUBLE.
Result<Typed> Translator::decimal_aggregation(const Expression& call, std::vector<Typed> args, const Suffix& suffix) {
  const std::string& name = call.name;
  const Typed& x = args[0];
  const bool sum = name == "sum" || name == "$sum0" || name == "distinctsum" || name == "sumprecision";
  if (name == "min" || name == "max") {
    ASSIGN_OR_RETURN(const Typed key, sortable(x));
    return Typed{written("arg_" + name, fmt::format("{}, {}", x.sql, key.sql), "", suffix.filter, suffix.over), x.type, false, nullptr};
  }
  if (sum && x.type.type == DataType::kBigDecimal) {
    const std::string filter = suffix.filter.empty() ? fmt::format("{} IS NOT NULL", x.sql) : fmt::format("{} IS NOT NULL AND ({})", x.sql, suffix.filter);
    args[0] = Typed{written("list", (name == "distinctsum" ? "DISTINCT " : "") + x.sql, "", filter, suffix.over), {DataType::kBigDecimal, true}, false, nullptr};
    if (name != "sumprecision") args.resize(1);
    return this->call("$decimalsum", args, call.at);
  }
  for (Typed& arg : args) {
    if (arg.type.type != DataType::kBigDecimal) continue;
    ASSIGN_OR_RETURN(arg, coerced(std::move(arg), {DataType::kDouble, false}));
  }
  return plain_aggregation(call, args, suffix);
}

// The value at rank floor(n * p / 100) of the sorted ones, as PercentileAggregationFunction has it (1.5.1); exact for all kinds.
Result<Typed> Translator::percentile(const Expression& call, const std::vector<Typed>& args, const Suffix& suffix) {
  double p = -1;
  std::string kind = call.name.substr(std::string_view("percentile").size());
  const size_t digits = kind.find_first_of("0123456789");
  if (digits != std::string::npos) {
    p = std::strtod(kind.c_str() + digits, nullptr);
    kind.resize(digits);
  } else if (args.size() < 2 || !literal_number(args[1], &p)) {
    return invalid(fmt::format("{} takes a number from 0 to 100 as its second argument", call.name), call.at);
  }
  if (!(p >= 0 && p <= 100)) return invalid(fmt::format("{}: the percentile must be from 0 to 100", call.name), call.at);
  if (!kind.empty() && kind != "est" && kind != "kll" && kind != "tdigest" && kind != "smarttdigest") return unsupported(fmt::format("aggregation {}", call.name), call.at);
  ASSIGN_OR_RETURN(Typed real, coerced(args[0], {DataType::kDouble, false}));
  const std::string list = written("list", real.sql, "", suffix.filter, suffix.over), count = written("count", real.sql, "", suffix.filter, suffix.over);
  std::string sql = fmt::format("list_extract(list_sort({}), 1 + least(CAST(floor({} * {} / 100.0) AS BIGINT), {} - 1))", list, count, p, count);
  const DataType type = kind == "est" ? DataType::kLong : DataType::kDouble;
  if (type == DataType::kLong) sql = fmt::format("CAST(trunc({}) AS BIGINT)", sql);
  return Typed{std::move(sql), {type, false}, false, nullptr};
}

Result<Typed> Translator::with_time(const Expression& call, const std::vector<Typed>& args, const Suffix& suffix) {
  if (args.size() != 3 || !args[2].literal || !is_number(args[1].type)) return invalid(fmt::format("{} takes (value, time, 'TYPE')", call.name), call.at);
  Result<DataType> type = data_type_from(args[2].literal->value.text);
  if (!type.ok()) return invalid(type.status().message(), call.at);
  const std::string sql = written(call.name == "firstwithtime" ? "arg_min" : "arg_max", args[0].sql + ", " + args[1].sql, "", suffix.filter, suffix.over);
  return coerced(Typed{sql, args[0].type, false, nullptr}, {*type, false});
}

Result<Typed> Translator::array_aggregation(const Expression& call, const std::vector<Typed>& args, const Suffix& suffix) {
  const Typed& x = args[0];
  if (x.type.multi) return unsupported(fmt::format("{} of arrays", call.name), call.at);
  const bool distinct = args.size() == 3 && args[2].literal && args[2].literal->value.integer;
  const std::string inner = (distinct ? "DISTINCT " : "") + x.sql;
  if (call.name == "arrayagg") {  // nulls are left out
    const std::string filter = suffix.filter.empty() ? fmt::format("{} IS NOT NULL", x.sql) : fmt::format("{} IS NOT NULL AND ({})", x.sql, suffix.filter);
    return Typed{written("list", inner, suffix.order, filter, suffix.over), {x.type.type, true}, false, nullptr};
  }
  if (args.size() > 1 && !args[1].literal) return invalid("the separator of LISTAGG must be a literal", call.at);
  ASSIGN_OR_RETURN(Typed text, coerced(x, {DataType::kString, false}));
  const std::string separator = args.size() > 1 ? args[1].sql : "','";
  return Typed{written("string_agg", fmt::format("{}{}, {}", distinct ? "DISTINCT " : "", text.sql, separator), suffix.order, suffix.filter, suffix.over),
               {DataType::kString, false}, false, nullptr};
}

// COUNTMV, SUMMV and so on: over all elements of the arrays.
Result<Typed> Translator::collection(const Expression& call, const std::vector<Typed>& args, const Suffix& suffix) {
  std::string name = call.name;
  strip_multi(&name);
  const std::string& x = args[0].sql;
  const DataType element = args[0].type.type;
  auto of = [&](std::string_view function, const std::string& inner) { return written(function, inner, "", suffix.filter, suffix.over); };
  auto result = [](std::string sql, DataType type) { return Typed{std::move(sql), {type, false}, false, nullptr}; };
  if (name == "count") return result(fmt::format("CAST({} AS BIGINT)", of("sum", fmt::format("len({})", x))), DataType::kLong);
  if (name.starts_with("distinctcount") && name.find("raw") == std::string::npos) {
    return result(fmt::format("CAST(len(list_distinct(flatten({}))) AS BIGINT)", of("list", x)), DataType::kLong);
  }
  if (physical_of(element) == Physical::kText || element == DataType::kBigDecimal) return unsupported(fmt::format("aggregation {} of {}", call.name, pinot_type(args[0].type)), call.at);
  if (name == "min" || name == "max") return result(of(name, fmt::format("list_{}({})", name, x)), element);
  if (name == "sum") {
    const DataType type = is_integer(element) ? DataType::kLong : element;
    return result(fmt::format("CAST({} AS {})", of("sum", fmt::format("list_sum({})", x)), sql_type({type, false})), type);
  }
  if (name == "avg") {
    return result(fmt::format("(CAST({} AS DOUBLE) / {})", of("sum", fmt::format("list_sum({})", x)), of("sum", fmt::format("len({})", x))), DataType::kDouble);
  }
  return unsupported(fmt::format("aggregation {}", call.name), call.at);
}

Result<Typed> Translator::window(const Expression& expression) {
  Suffix suffix;
  ASSIGN_OR_RETURN(std::string text, window_text(*expression.window));
  suffix.over = fmt::format(" OVER ({})", text);
  return aggregated(expression.args[0], std::move(suffix));
}

Result<std::string> Translator::window_text(const sql::Window& window) {
  std::string out;
  if (!window.base.empty()) {
    auto found = frame_->windows.find(lower_case(window.base));
    if (found == frame_->windows.end()) return Status::invalid(fmt::format("QueryValidationError: Window '{}' not found", window.base));
    return window_text(*found->second);
  }
  for (const ExpressionPtr& key : window.partition_by) {
    ASSIGN_OR_RETURN(Typed value, expression(key));
    out += (out.empty() ? "PARTITION BY " : ", ") + value.sql;
  }
  ASSIGN_OR_RETURN(std::string order, order_text(window.order_by));
  if (!order.empty()) out += (out.empty() ? "" : " ") + order;
  if (!window.frame.empty()) out += (out.empty() ? "" : " ") + window.frame;
  return out;
}

Result<Typed> Translator::window_function(const Expression& call, const Suffix& suffix) {
  static const std::map<std::string_view, const char*> kNames = {{"rownumber", "row_number"}, {"rank", "rank"}, {"denserank", "dense_rank"}, {"percentrank", "percent_rank"},
      {"cumedist", "cume_dist"}, {"ntile", "ntile"}, {"lead", "lead"}, {"lag", "lag"}, {"firstvalue", "first_value"}, {"lastvalue", "last_value"}, {"nthvalue", "nth_value"}};
  if (!suffix.filter.empty()) return invalid(fmt::format("FILTER does not go with {}", call.name), call.at);
  ASSIGN_OR_RETURN(std::vector<Typed> args, arguments(call));
  const bool valued = call.name == "lead" || call.name == "lag" || call.name.ends_with("value");
  const size_t least = valued ? 1 : call.name == "ntile" ? 1 : 0, most = call.name == "lead" || call.name == "lag" ? 3 : call.name == "nthvalue" ? 2 : least;
  if (args.size() < least || args.size() > most) return invalid(fmt::format("{} has the wrong number of arguments", call.name), call.at);
  if (args.size() == 3) {
    ASSIGN_OR_RETURN(args[2], coerced(std::move(args[2]), args[0].type));
  }
  std::string list;
  for (const Typed& arg : args) list += (list.empty() ? "" : ", ") + arg.sql;
  if (suffix.ignore_nulls) {
    if (!valued) return invalid(fmt::format("IGNORE NULLS does not go with {}", call.name), call.at);
    list += " IGNORE NULLS";
  }
  const ValueType type = valued ? args[0].type : ValueType{call.name == "percentrank" || call.name == "cumedist" ? DataType::kDouble : DataType::kLong, false};
  return Typed{written(kNames.at(call.name), list, "", "", suffix.over), type, false, nullptr};
}

}  // namespace bywash::analytics::multistage
