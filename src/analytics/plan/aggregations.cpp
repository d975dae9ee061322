#include "analytics/plan/aggregations.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "analytics/plan/row_aggregations.h"
#include "analytics/plan/sketch_aggregations.h"
#include "base/text.h"

namespace bywash::analytics {
namespace {

using sql::Expression;
using sql::ExpressionKind;
using sql::ExpressionPtr;

enum class Takes : uint8_t { kAny, kNumber, kText };
struct AggregationShape {
  std::string_view name;
  AggregationKind kind;
  DataType result = DataType::kDouble;
  Takes takes = Takes::kNumber;
  size_t least = 1, most = 1;
  Collected collected = Collected::kNone;
};

using Kind = AggregationKind;
constexpr size_t kManyArguments = 200;
constexpr AggregationShape kShapes[] = {
    {"count", Kind::kCount, DataType::kLong, Takes::kAny},
    {"sum", Kind::kSum},
    {"$sum0", Kind::kSum},
    {"min", Kind::kMin},
    {"max", Kind::kMax},
    {"avg", Kind::kAvg},
    {"minmaxrange", Kind::kMinMaxRange},
    {"distinctcount", Kind::kDistinctCount, DataType::kInt, Takes::kAny},
    {"distinctcountoffheap", Kind::kDistinctCount, DataType::kInt, Takes::kAny, 1, 2},
    {"distinctcountbitmap", Kind::kDistinctCount, DataType::kInt, Takes::kAny},
    {"segmentpartitioneddistinctcount", Kind::kDistinctCount, DataType::kLong, Takes::kAny},
    {"distinctsum", Kind::kDistinctSum},
    {"distinctavg", Kind::kDistinctAvg},
    // Exact where Pinot estimates: no more memory than a sketch for what dashboards count, and an error past the memory for groups.
    {"distinctcountsmarthll", Kind::kDistinctCount, DataType::kInt, Takes::kAny, 1, 2},
    {"distinctcountsmarthllplus", Kind::kDistinctCount, DataType::kInt, Takes::kAny, 1, 2},
    {"distinctcountsmartull", Kind::kDistinctCount, DataType::kInt, Takes::kAny, 1, 2},
    {"distinctcounthllplus", Kind::kDistinctCount, DataType::kLong, Takes::kAny, 1, 3},
    {"distinctcountull", Kind::kDistinctCount, DataType::kLong, Takes::kAny, 1, 2},
    {"distinctcountthetasketch", Kind::kDistinctCount, DataType::kLong, Takes::kAny, 1, kManyArguments},
    {"distinctcountcpcsketch", Kind::kDistinctCount, DataType::kLong, Takes::kAny, 1, 2},
    {"distinctcounthll", Kind::kCollected, DataType::kLong, Takes::kAny, 1, 2, Collected::kHyperLogLog},
    {"percentile", Kind::kPercentile, DataType::kDouble, Takes::kNumber, 2, 2},
    {"percentileest", Kind::kPercentile, DataType::kLong, Takes::kNumber, 2, 2},
    {"percentilekll", Kind::kPercentile, DataType::kDouble, Takes::kNumber, 2, 3},
    {"percentilesmarttdigest", Kind::kPercentile, DataType::kDouble, Takes::kNumber, 2, 3},
    {"percentiletdigest", Kind::kCollected, DataType::kDouble, Takes::kNumber, 2, 3, Collected::kTDigest},
    {"mode", Kind::kMode, DataType::kDouble, Takes::kNumber, 1, 2},
    {"firstwithtime", Kind::kFirstWithTime, DataType::kDouble, Takes::kAny, 3, 3},
    {"lastwithtime", Kind::kLastWithTime, DataType::kDouble, Takes::kAny, 3, 3},
    {"booland", Kind::kBoolAnd, DataType::kBoolean},
    {"boolor", Kind::kBoolOr, DataType::kBoolean},
    {"varpop", Kind::kCollected, DataType::kDouble, Takes::kNumber, 1, 1, Collected::kVarPop},
    {"varsamp", Kind::kCollected, DataType::kDouble, Takes::kNumber, 1, 1, Collected::kVarSamp},
    {"variance", Kind::kCollected, DataType::kDouble, Takes::kNumber, 1, 1, Collected::kVarSamp},
    {"stddevpop", Kind::kCollected, DataType::kDouble, Takes::kNumber, 1, 1, Collected::kStdDevPop},
    {"stddevsamp", Kind::kCollected, DataType::kDouble, Takes::kNumber, 1, 1, Collected::kStdDevSamp},
    {"stddev", Kind::kCollected, DataType::kDouble, Takes::kNumber, 1, 1, Collected::kStdDevSamp},
    {"skewness", Kind::kCollected, DataType::kDouble, Takes::kNumber, 1, 1, Collected::kSkewness},
    {"kurtosis", Kind::kCollected, DataType::kDouble, Takes::kNumber, 1, 1, Collected::kKurtosis},
    {"covarpop", Kind::kCollected, DataType::kDouble, Takes::kNumber, 2, 2, Collected::kCovarPop},
    {"covarsamp", Kind::kCollected, DataType::kDouble, Takes::kNumber, 2, 2, Collected::kCovarSamp},
    {"histogram", Kind::kCollected, DataType::kDouble, Takes::kNumber, 2, 4, Collected::kHistogram},
    {"arrayagg", Kind::kCollected, DataType::kString, Takes::kAny, 2, 3, Collected::kArrayAgg},
    {"listagg", Kind::kCollected, DataType::kString, Takes::kAny, 2, 3, Collected::kListAgg},
    {"minstring", Kind::kCollected, DataType::kString, Takes::kText, 1, 1, Collected::kMinText},
    {"maxstring", Kind::kCollected, DataType::kString, Takes::kText, 1, 1, Collected::kMaxText},
    {"minlong", Kind::kCollected, DataType::kLong, Takes::kNumber, 1, 1, Collected::kMinLong},
    {"maxlong", Kind::kCollected, DataType::kLong, Takes::kNumber, 1, 1, Collected::kMaxLong},
    {"sumint", Kind::kCollected, DataType::kLong, Takes::kNumber, 1, 1, Collected::kSumLong},
    {"sumlong", Kind::kCollected, DataType::kLong, Takes::kNumber, 1, 1, Collected::kSumLong},
    {"sumprecision", Kind::kCollected, DataType::kString, Takes::kAny, 1, 3, Collected::kSumPrecision},
    {"anyvalue", Kind::kCollected, DataType::kString, Takes::kAny, 1, 1, Collected::kAnyValue},
    {"distinctcountrawhll", Kind::kCollected, DataType::kString, Takes::kAny, 1, 2, Collected::kRawHyperLogLog},
    {"distinctcountrawthetasketch", Kind::kCollected, DataType::kString, Takes::kAny, 1, kManyArguments, Collected::kSketch},
    {"distinctcountrawcpcsketch", Kind::kCollected, DataType::kString, Takes::kAny, 1, 2, Collected::kSketch},
    {"distinctcountrawhllplus", Kind::kCollected, DataType::kString, Takes::kAny, 1, 3, Collected::kSketch},
    {"distinctcountrawull", Kind::kCollected, DataType::kString, Takes::kAny, 1, 2, Collected::kSketch},
    {"distinctcounttuplesketch", Kind::kCollected, DataType::kLong, Takes::kAny, 1, 2, Collected::kSketch},
    {"distinctcountrawintegersumtuplesketch", Kind::kCollected, DataType::kString, Takes::kAny, 1, 2, Collected::kSketch},
    {"sumvaluesintegersumtuplesketch", Kind::kCollected, DataType::kLong, Takes::kAny, 1, 2, Collected::kSketch},
    {"avgvalueintegersumtuplesketch", Kind::kCollected, DataType::kLong, Takes::kAny, 1, 2, Collected::kSketch},
    {"percentilerawkll", Kind::kCollected, DataType::kString, Takes::kAny, 2, 3, Collected::kSketch},
    {"percentilerawtdigest", Kind::kCollected, DataType::kString, Takes::kAny, 2, 3, Collected::kSketch},
    {"frequentstringssketch", Kind::kCollected, DataType::kString, Takes::kAny, 1, 2, Collected::kSketch},
    {"frequentlongssketch", Kind::kCollected, DataType::kString, Takes::kAny, 1, 2, Collected::kSketch},
    {"idset", Kind::kCollected, DataType::kString, Takes::kAny, 1, 2, Collected::kIdSet},
    {"sumarraylong", Kind::kCollected, DataType::kLong, Takes::kAny, 1, 1, Collected::kSumArray},
    {"sumarraydouble", Kind::kCollected, DataType::kDouble, Takes::kAny, 1, 1, Collected::kSumArray},
    {"exprmin", Kind::kCollected, DataType::kString, Takes::kAny, 1, kManyArguments, Collected::kExprMin},
    {"exprmax", Kind::kCollected, DataType::kString, Takes::kAny, 1, kManyArguments, Collected::kExprMax},
    {"funnelcount", Kind::kCollected, DataType::kLong, Takes::kAny, 1, 3, Collected::kFunnelCount},
    {"funnelmaxstep", Kind::kCollected, DataType::kInt, Takes::kAny, 1, kManyArguments, Collected::kFunnelMaxStep},
    {"funnelmatchstep", Kind::kCollected, DataType::kInt, Takes::kAny, 1, kManyArguments, Collected::kFunnelMatchStep},
    {"funnelcompletecount", Kind::kCollected, DataType::kInt, Takes::kAny, 1, kManyArguments, Collected::kFunnelCompleteCount},
    {"funnelstepdurationstats", Kind::kCollected, DataType::kDouble, Takes::kAny, 1, kManyArguments, Collected::kFunnelDurations},
    {"funneleventsfunctioneval", Kind::kCollected, DataType::kString, Takes::kAny, 1, kManyArguments, Collected::kFunnelEvents}};

struct FoundShape {
  AggregationShape shape;
  bool multi = false;       // the name asks for a multi-value column
  double rank = -1;         // percentile95: the rank in the name
};

std::optional<FoundShape> find_shape(std::string_view name) {
  auto exact = [](std::string_view wanted) -> const AggregationShape* {
    for (const AggregationShape& shape : kShapes) {
      if (shape.name == wanted) return &shape;
    }
    return nullptr;
  };
  if (const AggregationShape* shape = exact(name)) return FoundShape{*shape};
  FoundShape out;
  out.multi = name.ends_with("mv");
  if (out.multi) name.remove_suffix(2);
  if (const AggregationShape* shape = exact(name)) {
    out.shape = *shape;
    return out;
  }
  size_t digits = name.find_last_not_of("0123456789") + 1;
  if (!name.starts_with("percentile") || digits == name.size()) return std::nullopt;
  const AggregationShape* shape = exact(name.substr(0, digits));
  int rank = 0;
  std::from_chars(name.data() + digits, name.data() + name.size(), rank);
  if (!shape || rank > 100) return std::nullopt;
  out.shape = *shape;
  out.shape.least = out.shape.most = 1;
  out.rank = rank;
  return out;
}

std::optional<double> literal_number(const Expression& e) {
  if (e.kind != ExpressionKind::kLiteral) return std::nullopt;
  if (e.literal == sql::LiteralType::kDouble) return e.value.real;
  if (e.literal == sql::LiteralType::kInt || e.literal == sql::LiteralType::kLong) return static_cast<double>(e.value.integer);
  if (e.literal != sql::LiteralType::kString) return std::nullopt;
  Result<Scalar> value = parse_scalar(DataType::kDouble, e.value.text);
  return value.ok() ? std::optional<double>(value->real) : std::nullopt;
}

std::string upper_text(std::string text) {
  text = ascii_upper(text);
  return text;
}

// FIRSTWITHTIME(value, time, 'TYPE').
Status read_time_arguments(const Expression& call, const BindExpression& bind, Aggregation* out) {
  ASSIGN_OR_RETURN(out->time, bind(call.args[1]));
  if (out->argument->multi || out->time->multi || physical_of(out->time->type) == Physical::kText) {
    return Status::invalid(fmt::format("Aggregation {} takes (column, time column, 'TYPE')", call.name));
  }
  std::string type = upper_text(call.args[2]->value.text);
  ASSIGN_OR_RETURN(out->result, data_type_from(type));
  if (physical_of(out->result) != physical_of(out->argument->type)) {
    return Status::invalid(fmt::format("Aggregation {} cannot give {} from {}", call.name, type, to_string(out->argument->type)));
  }
  return {};
}

// HISTOGRAM(x, low, high, bins) or (x, ARRAY[edges]).
Status read_histogram(const Expression& call, Aggregation* out) {
  out->result_multi = true;
  if (call.args.size() == 2) {
    const Expression& array = *call.args[1];
    if (array.kind != ExpressionKind::kFunction || (array.name != "arrayvalueconstructor" && array.name != "array")) {
      return Status::invalid("Please use the format of `Histogram(columnName, ARRAY[1,10,100])` to specify the bin edges");
    }
    for (const ExpressionPtr& edge : array.args) {
      std::optional<double> value = literal_number(*edge);
      if (edge->kind == ExpressionKind::kIdentifier) value = edge->name == "Infinity" ? INFINITY : std::optional<double>();
      if (!value) return Status::invalid(fmt::format("HISTOGRAM takes numbers as bin edges, got: {}", to_string(*edge)));
      out->numbers.push_back(*value);
    }
  } else {
    std::optional<double> low = literal_number(*call.args[1]), high = call.args.size() == 4 ? literal_number(*call.args[2]) : std::nullopt;
    std::optional<double> bins = call.args.size() == 4 ? literal_number(*call.args[3]) : std::nullopt;
    if (!low || !high || !bins || !(*high > *low) || *bins < 1 || *bins > 100'000) return Status::invalid("HISTOGRAM takes (column, low, high, number of bins) with low < high");
    auto count = static_cast<size_t>(*bins);
    for (size_t i = 0; i < count; ++i) out->numbers.push_back(static_cast<double>(i) * ((*high - *low) / static_cast<double>(count)) + *low);
    out->numbers.push_back(*high);
    out->distinct = true;  // bins of equal length
  }
  if (out->numbers.size() < 2) return Status::invalid("The number of bin edges must be greater than 1");
  for (size_t i = 1; i < out->numbers.size(); ++i) {
    if (!(out->numbers[i] > out->numbers[i - 1])) return Status::invalid("The bin edges must be strictly increasing");
  }
  return {};
}

Status read_percentile(const Expression& call, const FoundShape& found, Aggregation* out) {
  out->percentile = found.rank;
  if (found.rank < 0) {
    std::optional<double> rank = literal_number(*call.args[1]);
    if (!rank || !(*rank >= 0 && *rank <= 100)) return Status::invalid(fmt::format("Aggregation {} takes a literal from 0 to 100 as percentile", call.name));
    out->percentile = *rank;
  }
  double compression = 100;
  if (call.args.size() == 3 && out->collected == Collected::kTDigest) compression = literal_number(*call.args[2]).value_or(0);
  if (!(compression >= 1 && compression <= 10'000)) return Status::invalid(fmt::format("Aggregation {} takes a compression factor from 1 to 10000", call.name));
  out->numbers = {compression};
  return {};
}

// 'sizeThresholdInBytes=1000;expectedInsertions=10000;fpp=0.01'
Status read_id_set_options(const Expression& options, IdSetOptions* out) {
  if (options.kind != ExpressionKind::kLiteral || options.literal != sql::LiteralType::kString) return Status::invalid("Second argument of IdSet must be literal (parameters)");
  std::string_view rest = options.value.text;
  while (!rest.empty()) {
    const std::string_view item = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(item.size() + 1, rest.size()));
    const size_t equals = item.find('=');
    if (equals == std::string_view::npos) return Status::invalid(fmt::format("Invalid parameter: {}", item));
    const std::string key = ascii_upper(item.substr(0, equals));
    ASSIGN_OR_RETURN(const Scalar value, parse_scalar(DataType::kDouble, item.substr(equals + 1)));
    if (key == "SIZETHRESHOLDINBYTES") out->size_threshold_bytes = static_cast<int64_t>(value.real);
    else if (key == "EXPECTEDINSERTIONS") out->expected_insertions = static_cast<int64_t>(value.real);
    else if (key == "FPP") out->fpp = value.real;
    else return Status::invalid(fmt::format("Invalid parameter key: {}", key));
  }
  if (out->expected_insertions < 1 || out->expected_insertions > 100'000'000 || !(out->fpp > 0 && out->fpp < 1)) {
    return Status::invalid("IdSet takes expectedInsertions from 1 to 100000000 and an fpp between 0 and 1");
  }
  return {};
}

Status read_collected(const Expression& call, const BindExpression& bind, Aggregation* out) {
  switch (out->collected) {
    case Collected::kCovarPop:
    case Collected::kCovarSamp: {
      ASSIGN_OR_RETURN(out->second, bind(call.args[1]));
      if (physical_of(out->second->type) == Physical::kText || out->second->multi || out->argument->multi) {
        return Status::invalid(fmt::format("Cannot compute {} for non-numeric type: {}", call.name, to_string(out->second->type)));
      }
      return {};
    }
    case Collected::kHistogram: return read_histogram(call, out);
    case Collected::kIdSet: return call.args.size() == 2 ? read_id_set_options(*call.args[1], &out->id_set) : Status();
    case Collected::kRawHyperLogLog:
    case Collected::kHyperLogLog: {
      std::optional<double> log2m = call.args.size() == 2 ? literal_number(*call.args[1]) : std::optional<double>(8);
      if (!log2m || !(*log2m >= 4 && *log2m <= 20)) return Status::invalid(fmt::format("Aggregation {} takes a log2m from 4 to 20", call.name));
      out->numbers = {*log2m};
      return {};
    }
    case Collected::kArrayAgg: {
      ASSIGN_OR_RETURN(DataType type, data_type_from(upper_text(call.args[1]->value.text)));
      if (physical_of(type) != physical_of(out->argument->type)) {
        return Status::invalid(fmt::format("Aggregation arrayagg cannot give {} from {}", to_string(type), to_string(out->argument->type)));
      }
      out->result = type;
      out->result_multi = true;
      out->distinct = call.args.size() == 3 && call.args[2]->value.integer != 0;
      return {};
    }
    case Collected::kListAgg:
      out->separator = call.args[1]->value.text;
      out->distinct = call.args.size() == 3 && call.args[2]->value.integer != 0;
      return {};
    case Collected::kAnyValue: out->result = out->argument->type; return {};
    case Collected::kSumPrecision:
      for (size_t i = 1; i < call.args.size(); ++i) {
        const std::optional<double> number = literal_number(*call.args[i]);
        if (!number || *number < (i == 1 ? 0 : -1000) || *number > 1000) return Status::invalid("SUMPRECISION takes (column, precision from 0 to 1000, scale from -1000 to 1000)");
        out->numbers.push_back(*number);
      }
      return {};
    default: return {};
  }
}

// Numbers that aggregate in double precision are DOUBLE where the column is BIG_DECIMAL; SUMPRECISION adds up exactly what texts and bytes say.
Status cast_decimals(const Expression& call, const AggregationShape& shape, const BindExpression& bind, Aggregation* out) {
  const DataType type = out->argument->type;
  if (out->argument->multi || out->argument->null) return {};
  if (shape.collected == Collected::kSumPrecision && is_text(type)) {
    const bool bytes = type == DataType::kBytes;
    if (type == DataType::kBigDecimal) return {};
    std::vector<ExpressionPtr> args = {call.args[0]};
    if (!bytes) args.push_back(sql::make_string("BIG_DECIMAL", call.at));
    ASSIGN_OR_RETURN(out->argument, bind(sql::make_function(bytes ? "bytestobigdecimal" : "cast", std::move(args), call.at)));
  } else if (shape.takes == Takes::kNumber && type == DataType::kBigDecimal) {
    ASSIGN_OR_RETURN(out->argument, bind(sql::make_function("cast", {call.args[0], sql::make_string("DOUBLE", call.at)}, call.at)));
  }
  return {};
}

// Those that AggregationFunctionFactory 1.5.1 tells whether nulls are handled; to the others nulls are their columns' defaults.
bool knows_nulls(const AggregationShape& shape, bool multi) {
  const std::string_view name = shape.name;
  if (multi) return shape.kind == Kind::kCount || shape.kind == Kind::kSum || shape.kind == Kind::kMin || shape.kind == Kind::kMax || shape.kind == Kind::kAvg || shape.kind == Kind::kMinMaxRange;
  if (name.starts_with("distinctcount")) return name == "distinctcount" || name == "distinctcountoffheap";
  return name != "segmentpartitioneddistinctcount" && name != "idset" && name != "histogram" && name != "covarpop" && name != "covarsamp" && name != "skewness" && name != "kurtosis";
}

}  // namespace

bool is_aggregation(std::string_view function) { return find_shape(function).has_value(); }

bool has_aggregation(const Expression& expression) {
  if (expression.kind == ExpressionKind::kFunction && is_aggregation(expression.name)) return true;
  return std::any_of(expression.args.begin(), expression.args.end(), [](const ExpressionPtr& arg) { return has_aggregation(*arg); });
}

Status bind_aggregation(const Expression& call, const BindExpression& bind, bool null_handling, Aggregation* out) {
  const FoundShape found = *find_shape(call.name);
  const AggregationShape& shape = found.shape;
  out->kind = shape.kind;
  out->collected = shape.collected;
  out->result = shape.result;
  out->nullable = null_handling && knows_nulls(shape, found.multi) && shape.kind != Kind::kCount && shape.kind != Kind::kDistinctCount && shape.collected != Collected::kHyperLogLog &&
                  shape.collected != Collected::kRawHyperLogLog && shape.collected != Collected::kIdSet;
  if (call.args.size() < shape.least || call.args.size() > shape.most) {
    std::string wanted = shape.least == shape.most ? std::to_string(shape.least) : fmt::format("{} to {}", shape.least, shape.most);
    return Status::invalid(fmt::format("Aggregation {} takes {} argument(s), got {}", call.name, wanted, call.args.size()));
  }
  if (takes_rows(shape.collected)) {
    for (const ExpressionPtr& arg : call.args) {
      if (has_aggregation(*arg)) return Status::invalid(fmt::format("Aggregations cannot be nested: {}", to_string(call)));
    }
    return bind_row_aggregation(call, bind, out);
  }
  bool star = call.args[0]->kind == ExpressionKind::kStar;
  if (shape.kind == Kind::kCount && !found.multi && (star || !null_handling)) return {};
  if (has_aggregation(*call.args[0])) return Status::invalid(fmt::format("Aggregations cannot be nested: {}", to_string(call)));
  ASSIGN_OR_RETURN(out->argument, bind(call.args[0]));
  out->sees_defaults = null_handling && !knows_nulls(shape, found.multi);
  if (shape.kind == Kind::kCount && !found.multi && out->argument->multi) {  // rows, not their values
    ASSIGN_OR_RETURN(out->argument, bind(sql::make_function("arraylength", {call.args[0]}, call.at)));
  }
  RETURN_IF_ERROR(cast_decimals(call, shape, bind, out));
  if (found.multi && !out->argument->multi) return Status::invalid(fmt::format("Aggregation {} needs a multi-value column: {}", call.name, out->argument->text));
  if (is_sketch_aggregation(shape.name, out->argument->type, call.args.size())) {
    if (shape.name.starts_with("percentile")) RETURN_IF_ERROR(read_percentile(call, found, out));
    return bind_sketch_aggregation(shape.name, call, bind, out);
  }
  bool text = physical_of(out->argument->type) == Physical::kText && !out->argument->null;
  if (text && shape.takes == Takes::kNumber) return Status::invalid(fmt::format("Cannot compute {} for non-numeric type: {}", call.name, to_string(out->argument->type)));
  if (!text && shape.takes == Takes::kText) return Status::invalid(fmt::format("Cannot compute {} for type: {}", call.name, to_string(out->argument->type)));
  if (shape.kind == Kind::kFirstWithTime || shape.kind == Kind::kLastWithTime) return read_time_arguments(call, bind, out);
  if (shape.kind == Kind::kPercentile || shape.collected == Collected::kTDigest) return read_percentile(call, found, out);
  if (shape.kind == Kind::kMode) {
    std::string which = call.args.size() == 2 ? upper_text(call.args[1]->value.text) : "MIN";
    if (which != "MIN" && which != "MAX" && which != "AVG") return Status::invalid("MODE takes 'MIN', 'MAX' or 'AVG' for several modes");
    out->numbers = {which == "MIN" ? 0.0 : which == "MAX" ? 1.0 : 2.0};
  }
  return read_collected(call, bind, out);
}

}  // namespace bywash::analytics
