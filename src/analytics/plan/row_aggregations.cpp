// See row_aggregations.h. Arguments and their order: FunnelCountAggregationFunctionFactory, FunnelBaseAggregationFunction,
// FunnelEventsFunctionEvalAggregationFunction, ExprMinMaxRewriter and SumArrayLongAggregationFunction of Apache Pinot 1.5.1.
#include "analytics/plan/row_aggregations.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace bywash::analytics {
namespace {

using sql::Expression;
using sql::ExpressionKind;
using sql::ExpressionPtr;

constexpr size_t kStepsMax = 64;

std::optional<int64_t> whole_literal(const Expression& e) {
  if (e.kind != ExpressionKind::kLiteral) return std::nullopt;
  if (e.literal == sql::LiteralType::kInt || e.literal == sql::LiteralType::kLong) return e.value.integer;
  if (e.literal != sql::LiteralType::kString) return std::nullopt;
  Result<Scalar> value = parse_scalar(DataType::kLong, e.value.text);
  return value.ok() ? std::optional<int64_t>(value->integer) : std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::vector<std::string> parts_of(std::string_view text, char separator) {
  std::vector<std::string> out;
  while (true) {
    const size_t end = std::min(text.find(separator), text.size());
    out.emplace_back(trimmed(text.substr(0, end)));
    if (end == text.size()) return out;
    text.remove_prefix(end + 1);
  }
}

Status bind_step(const Expression& call, const ExpressionPtr& step, const BindExpression& bind, Aggregation* out) {
  ASSIGN_OR_RETURN(BoundPtr bound, bind(step));
  if (bound->multi || physical_of(bound->type) != Physical::kInteger) {
    return Status::invalid(fmt::format("Aggregation {} takes conditions as steps, but this is {}: {}", call.name, to_string(bound->type), bound->text));
  }
  out->arguments.push_back(std::move(bound));
  return {};
}

// ---- FUNNELCOUNT(STEPS(...), CORRELATEBY(id), SETTINGS('...'))

bool known_setting(std::string text) {
  text = ascii_lower(text);
  std::erase(text, ' ');
  for (std::string_view name : {"set", "bitmap", "partitioned", "sorted", "theta_sketch", "nominalentries"}) {
    if (text == name || text.starts_with(std::string(name) + "=")) return true;
  }
  return false;
}

// All strategies of the original answer the same here: ids are counted exactly.
Status bind_funnel_count(const Expression& call, const BindExpression& bind, Aggregation* out) {
  const Expression *steps = nullptr, *ids = nullptr;
  for (const ExpressionPtr& option : call.args) {
    const std::string_view name = option->kind == ExpressionKind::kFunction ? std::string_view(option->name) : std::string_view();
    if (name == "steps") steps = option.get();
    else if (name == "correlateby") ids = option.get();
    else if (name != "settings") return Status::invalid(fmt::format("Invalid FUNNELCOUNT options: {}", to_string(*option)));
    if (name != "settings") continue;
    for (const ExpressionPtr& setting : option->args) {
      if (setting->kind != ExpressionKind::kLiteral) return Status::invalid("FUNNELCOUNT: settings parameters must be literals");
      if (!known_setting(setting->value.text)) return Status::invalid(fmt::format("Invalid FUNNELCOUNT SETTINGS: {}", setting->value.text));
    }
  }
  if (!steps || steps->args.empty()) return Status::invalid("FUNNELCOUNT requires steps");
  if (!ids || ids->args.empty()) return Status::invalid("FUNNELCOUNT requires correlateby");
  if (steps->args.size() > kStepsMax) return Status::invalid(fmt::format("FUNNELCOUNT takes at most {} steps", kStepsMax));
  ASSIGN_OR_RETURN(BoundPtr id, bind(ids->args[0]));
  if (id->multi) return Status::invalid(fmt::format("FUNNELCOUNT: CORRELATEBY needs a single-value column: {}", id->text));
  out->arguments.push_back(std::move(id));
  for (const ExpressionPtr& step : steps->args) RETURN_IF_ERROR(bind_step(call, step, bind, out));
  return {};
}

// ---- FUNNELMAXSTEP(time, window, number of steps, step ..., extras)

Status read_mode(std::string_view text, Funnel* out) {
  if (text == "STRICT_DEDUPLICATION") out->strict_deduplication = true;
  else if (text == "STRICT_ORDER") out->strict_order = true;
  else if (text == "STRICT_INCREASE") out->strict_increase = true;
  else if (text == "KEEP_ALL") out->keep_all = true;
  else return Status::invalid(fmt::format("Unrecognized extra argument for funnel function: {}", text));
  return {};
}

Status read_durations(std::string_view text, Funnel* out) {
  for (std::string& function : parts_of(text, ',')) {
    double rank = 0;
    if (function.starts_with("PERCENTILE")) {
      const auto [end, error] = std::from_chars(function.data() + 10, function.data() + function.size(), rank);
      if (error != std::errc() || end != function.data() + function.size() || rank < 0 || rank > 100) {
        return Status::invalid(fmt::format("Invalid percentile function name: {}, must be PERCENTILE followed by a double value between 0 and 100", function));
      }
    } else if (function != "AVG" && function != "MEDIAN" && function != "MIN" && function != "MAX" && function != "COUNT") {
      return Status::invalid(fmt::format("Unsupported duration function: {}", function));
    }
    out->durations.push_back(std::move(function));
  }
  return {};
}

Status read_extra(const Expression& extra, bool durations, Funnel* out) {
  if (extra.kind != ExpressionKind::kLiteral || extra.literal != sql::LiteralType::kString) {
    return Status::invalid(fmt::format("A funnel function takes texts behind its steps, got: {}", to_string(extra)));
  }
  const std::string text = ascii_upper(extra.value.text);
  const size_t equals = text.find('=');
  if (equals == std::string::npos) return read_mode(trimmed(text), out);
  const std::string_view key = trimmed(std::string_view(text).substr(0, equals)), value = trimmed(std::string_view(text).substr(equals + 1));
  if (key == "MODE") {
    for (const std::string& mode : parts_of(value, ',')) RETURN_IF_ERROR(read_mode(mode, out));
    return {};
  }
  if (key == "MAXSTEPDURATION") {
    Result<Scalar> limit = parse_scalar(DataType::kLong, value);
    if (!limit.ok() || limit->integer <= 0) return Status::invalid("MaxStepDuration must be > 0");
    out->step_duration_max = limit->integer;
    return {};
  }
  if (key == "DURATIONFUNCTIONS" && durations) return read_durations(value, out);
  return Status::invalid(fmt::format("Unrecognized extra argument for funnel function: {}", text));
}

Status bind_funnel_window(const Expression& call, const BindExpression& bind, Aggregation* out) {
  const std::string wanted = fmt::format("{} takes (time, window, number of steps, step, ... [, 'mode'])", call.name);
  auto funnel = std::make_shared<Funnel>();
  if (call.args.size() < 4) return Status::invalid(wanted);
  const std::optional<int64_t> window = whole_literal(*call.args[1]), steps = whole_literal(*call.args[2]);
  if (!window || !steps) return Status::invalid(wanted);
  if (*window <= 0) return Status::invalid("Window size must be > 0");
  if (*steps < 1 || *steps > static_cast<int64_t>(kStepsMax)) return Status::invalid(fmt::format("{} takes 1 to {} steps", call.name, kStepsMax));
  funnel->window = *window;
  funnel->steps = static_cast<size_t>(*steps);
  size_t at = 3 + funnel->steps;
  if (call.args.size() < at) return Status::invalid(wanted);
  ASSIGN_OR_RETURN(BoundPtr time, bind(call.args[0]));
  if (time->multi || physical_of(time->type) == Physical::kText) return Status::invalid(fmt::format("{} needs a number as time: {}", call.name, time->text));
  out->arguments.push_back(std::move(time));
  for (size_t i = 3; i < at; ++i) RETURN_IF_ERROR(bind_step(call, call.args[i], bind, out));
  if (out->collected == Collected::kFunnelEvents) {
    const std::optional<int64_t> extra = call.args.size() > at ? whole_literal(*call.args[at]) : std::nullopt;
    if (!extra || *extra < 0 || static_cast<int64_t>(call.args.size() - at) - 1 < *extra) {
      return Status::invalid(fmt::format("{} takes (time, window, number of steps, step, ..., number of columns, column, ... [, 'mode'])", call.name));
    }
    for (int64_t i = 0; i < *extra; ++i) {
      ASSIGN_OR_RETURN(BoundPtr column, bind(call.args[++at]));
      if (column->multi) return Status::invalid(fmt::format("{} takes single-value columns: {}", call.name, column->text));
      out->arguments.push_back(std::move(column));
    }
    ++at;
  }
  const bool durations = out->collected == Collected::kFunnelDurations;
  for (; at < call.args.size(); ++at) RETURN_IF_ERROR(read_extra(*call.args[at], durations, funnel.get()));
  if (durations && funnel->durations.empty()) return Status::invalid("Duration functions must be provided: funnelStepDurationStats(..., 'durationFunctions=AVG,MAX')");
  out->funnel = std::move(funnel);
  return {};
}

// ---- EXPRMIN(value, measure, ...)

Status bind_extreme(const Expression& call, const BindExpression& bind, Aggregation* out) {
  if (call.args.size() < 2) {
    return Status::invalid(fmt::format("Invalid number of arguments for {}, exprmin/exprmax should have at least 2 arguments, got: {}", call.name, call.args.size()));
  }
  for (const ExpressionPtr& arg : call.args) {
    ASSIGN_OR_RETURN(BoundPtr bound, bind(arg));
    if (!out->arguments.empty()) {
      if (bound->multi) return Status::invalid("ExprMinMax only supports single-valued measuring columns");
      if (bound->type == DataType::kJson || bound->type == DataType::kBytes || bound->type == DataType::kBigDecimal) {
        return Status::invalid(fmt::format("Cannot compute exprminMax measuring on non-comparable type: {}", to_string(bound->type)));
      }
    }
    out->arguments.push_back(std::move(bound));
  }
  const Bound& value = *out->arguments[0];
  out->result_multi = value.multi;
  out->result = value.type == DataType::kBoolean ? DataType::kInt : value.type == DataType::kTimestamp ? DataType::kLong : value.type == DataType::kJson ? DataType::kString : value.type;
  return {};
}

}  // namespace

bool takes_rows(Collected kind) { return kind >= Collected::kThetaSets; }

Status bind_row_aggregation(const Expression& call, const BindExpression& bind, Aggregation* out) {
  out->nullable = false;
  out->result_multi = out->collected == Collected::kFunnelCount || out->collected == Collected::kFunnelMatchStep || out->collected == Collected::kFunnelDurations ||
                      out->collected == Collected::kFunnelEvents || out->collected == Collected::kSumArray;
  if (out->collected == Collected::kFunnelCount) return bind_funnel_count(call, bind, out);
  if (out->collected == Collected::kExprMin || out->collected == Collected::kExprMax) return bind_extreme(call, bind, out);
  if (out->collected != Collected::kSumArray) return bind_funnel_window(call, bind, out);
  ASSIGN_OR_RETURN(BoundPtr array, bind(call.args[0]));
  if (!array->multi || physical_of(array->type) == Physical::kText) {
    return Status::invalid(fmt::format("Aggregation {} needs a multi-value column of numbers: {}", call.name, array->text));
  }
  out->arguments.push_back(std::move(array));
  return {};
}

std::string funnel_column_name(const Expression& call) {
  const bool events = call.name == "funneleventsfunctioneval";
  const bool window = call.name == "funnelmaxstep" || call.name == "funnelmatchstep" || call.name == "funnelcompletecount" || call.name == "funnelstepdurationstats";
  if ((!events && !window) || call.args.size() < 4) return {};
  const std::optional<int64_t> size = whole_literal(*call.args[1]), steps = whole_literal(*call.args[2]);
  if (!size || !steps || *steps < 1 || static_cast<int64_t>(call.args.size()) < 3 + *steps) return {};
  auto joined = [&](size_t first, size_t count) {
    std::string out;
    for (size_t i = first; i < first + count && i < call.args.size(); ++i) out += (i > first ? "," : "") + to_string(*call.args[i]);
    return out;
  };
  const auto count = static_cast<size_t>(*steps);
  if (window) return fmt::format("{}({})  ({}, {})", call.name, *size, to_string(*call.args[0]), joined(3, count));
  const std::optional<int64_t> extra = call.args.size() > 3 + count ? whole_literal(*call.args[3 + count]) : std::nullopt;
  const std::string columns = extra && *extra > 0 ? ", " + joined(4 + count, static_cast<size_t>(*extra)) : "";
  return fmt::format("funnelEventsFunctionEval({})({},{},{})", *size, to_string(*call.args[0]), joined(3, count), columns);
}

}  // namespace bywash::analytics
