// See sketch_aggregations.h. Parameters and results: DistinctCountThetaSketchAggregationFunction, DistinctCountCPCSketchAggregationFunction,
// IntegerTupleSketchAggregationFunction, PercentileRawKLLAggregationFunction and their like of Apache Pinot 1.5.1.
#include "analytics/plan/sketch_aggregations.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <optional>

#include "analytics/sql/parser.h"
#include "base/text.h"

namespace bywash::analytics {
namespace {

using sql::Expression;
using sql::ExpressionKind;
using sql::LiteralType;

enum class Reads : uint8_t { kAny, kBytes };  // kBytes: only a column of sketches is bound here
enum class SizeAs : uint8_t { kEntries, kLogarithm, kItself, kMapSize, kNone };
struct SketchShape {
  std::string_view name;
  SketchKind kind;
  SketchResult result;
  DataType type;
  double size;  // when the query names none
  SizeAs size_as;
  Reads reads = Reads::kAny;
};
using Kind = SketchKind;
using Shown = SketchResult;
constexpr SketchShape kShapes[] = {
    {"distinctcountthetasketch", Kind::kTheta, Shown::kCount, DataType::kLong, 12, SizeAs::kEntries, Reads::kBytes},
    {"distinctcountrawthetasketch", Kind::kTheta, Shown::kBase64, DataType::kString, 12, SizeAs::kEntries},
    {"distinctcountcpcsketch", Kind::kCpc, Shown::kCount, DataType::kLong, 12, SizeAs::kLogarithm, Reads::kBytes},
    {"distinctcountrawcpcsketch", Kind::kCpc, Shown::kBase64, DataType::kString, 12, SizeAs::kLogarithm},
    {"distinctcounttuplesketch", Kind::kTupleSum, Shown::kRoundedDownCount, DataType::kLong, 14, SizeAs::kEntries},
    {"distinctcountrawintegersumtuplesketch", Kind::kTupleSum, Shown::kBase64, DataType::kString, 14, SizeAs::kEntries},
    {"sumvaluesintegersumtuplesketch", Kind::kTupleSum, Shown::kTupleSum, DataType::kLong, 14, SizeAs::kEntries},
    {"avgvalueintegersumtuplesketch", Kind::kTupleSum, Shown::kTupleAverage, DataType::kLong, 14, SizeAs::kEntries},
    {"distinctcounthll", Kind::kHyperLogLog, Shown::kCount, DataType::kLong, 8, SizeAs::kLogarithm, Reads::kBytes},
    {"distinctcountrawhll", Kind::kHyperLogLog, Shown::kHex, DataType::kString, 8, SizeAs::kLogarithm, Reads::kBytes},
    {"distinctcounthllplus", Kind::kHyperLogLogPlus, Shown::kCount, DataType::kLong, 14, SizeAs::kLogarithm, Reads::kBytes},
    {"distinctcountrawhllplus", Kind::kHyperLogLogPlus, Shown::kHex, DataType::kString, 14, SizeAs::kLogarithm},
    {"distinctcountull", Kind::kUltraLogLog, Shown::kCount, DataType::kLong, 12, SizeAs::kLogarithm, Reads::kBytes},
    {"distinctcountrawull", Kind::kUltraLogLog, Shown::kBase64, DataType::kString, 12, SizeAs::kLogarithm},
    {"distinctcountbitmap", Kind::kBitmap, Shown::kCount, DataType::kInt, 0, SizeAs::kNone, Reads::kBytes},
    {"percentilekll", Kind::kKll, Shown::kQuantile, DataType::kDouble, 200, SizeAs::kItself, Reads::kBytes},
    {"percentilerawkll", Kind::kKll, Shown::kBase64, DataType::kString, 200, SizeAs::kItself},
    {"percentiletdigest", Kind::kTDigest, Shown::kQuantile, DataType::kDouble, 100, SizeAs::kItself, Reads::kBytes},
    {"percentilerawtdigest", Kind::kTDigest, Shown::kHex, DataType::kString, 100, SizeAs::kItself},
    {"frequentstringssketch", Kind::kFrequentStrings, Shown::kBase64, DataType::kString, 8, SizeAs::kMapSize},
    {"frequentlongssketch", Kind::kFrequentLongs, Shown::kBase64, DataType::kString, 8, SizeAs::kMapSize}};

const SketchShape* shape_of(std::string_view name) {
  for (const SketchShape& shape : kShapes) {
    if (shape.name == name) return &shape;
  }
  return nullptr;
}

bool is_percentile(std::string_view name) { return name.starts_with("percentile"); }

// Of so many entries the base-2 logarithm, rounded up.
double log2_of(double entries) { return entries < 1 || entries > 1e9 ? -1 : std::bit_width(static_cast<uint64_t>(entries) - 1); }

// 'nominalEntries=4096;samplingProbability=0.5'
Status read_parameters(std::string_view rest, SketchPlan* out) {
  while (!rest.empty()) {
    std::string item(rest.substr(0, rest.find(';')));
    rest.remove_prefix(std::min(item.size() + 1, rest.size()));
    std::erase(item, ' ');
    const size_t equals = item.find('=');
    if (item.empty()) continue;
    if (equals == std::string::npos) return Status::invalid(fmt::format("Invalid parameter: {}", item));
    const std::string key = ascii_lower(item.substr(0, equals));
    ASSIGN_OR_RETURN(const Scalar value, parse_scalar(DataType::kDouble, item.substr(equals + 1)));
    if (key == "nominalentries") out->size = log2_of(value.real);
    else if (key == "samplingprobability" && out->kind == Kind::kTheta) out->share = static_cast<float>(value.real);
    else if (key != "accumulatorthreshold" || value.real < 1) return Status::invalid(fmt::format("Invalid parameter: {}", item));  // how many sketches wait to be merged
  }
  return {};
}

Status read_size(const SketchShape& shape, const Expression& given, SketchPlan* out) {
  if (given.kind != ExpressionKind::kLiteral) return Status::invalid(fmt::format("Aggregation {} takes a literal as its parameters, got: {}", shape.name, to_string(given)));
  if (given.literal == LiteralType::kString && (shape.size_as == SizeAs::kEntries || shape.kind == Kind::kCpc)) return read_parameters(given.value.text, out);
  double number = given.literal == LiteralType::kDouble ? given.value.real : static_cast<double>(given.value.integer);
  if (given.literal == LiteralType::kString) {
    ASSIGN_OR_RETURN(const Scalar value, parse_scalar(DataType::kDouble, given.value.text));
    number = value.real;
  }
  out->size = shape.size_as == SizeAs::kEntries || shape.size_as == SizeAs::kMapSize ? log2_of(number) : number;
  if (shape.size_as == SizeAs::kMapSize && std::exp2(out->size) != number) return Status::invalid(fmt::format("Aggregation {} takes a power of two as the size of its map", shape.name));
  return {};
}

// $1, or SET_INTERSECT($1, SET_UNION($2, $3)).
Result<SketchSets> read_sets(const Expression& e, size_t filters) {
  SketchSets out;
  if (e.kind == ExpressionKind::kIdentifier && e.name.size() > 1 && e.name[0] == '$') {
    const char* end = e.name.data() + e.name.size();
    const auto [stop, error] = std::from_chars(e.name.data() + 1, end, out.set);
    if (error == std::errc() && stop == end && out.set <= filters) return out;
    return Status::invalid(fmt::format("A theta sketch's expression names {}, but there are {} filters", e.name, filters));
  }
  const bool sum = e.name == "setunion", shared = e.name == "setintersect", difference = e.name == "setdiff";
  if (e.kind != ExpressionKind::kFunction || !(sum || shared || difference) || e.args.size() < 2 || (difference && e.args.size() != 2)) {
    return Status::invalid(fmt::format("A theta sketch's expression takes SET_UNION, SET_INTERSECT, SET_DIFF of $0, $1, ..., got: {}", to_string(e)));
  }
  out.operation = sum ? SetOperation::kUnion : shared ? SetOperation::kIntersection : SetOperation::kDifference;
  for (const sql::ExpressionPtr& arg : e.args) {
    ASSIGN_OR_RETURN(SketchSets part, read_sets(*arg, filters));
    out.parts.push_back(std::move(part));
  }
  return out;
}

Result<std::string> text_argument(const Expression& call, size_t i) {
  const Expression& arg = *call.args[i];
  if (arg.kind != ExpressionKind::kLiteral || arg.literal != LiteralType::kString) {
    return Status::invalid(fmt::format("Aggregation {} takes texts as its filters and its expression of sets, got: {}", call.name, to_string(arg)));
  }
  return arg.value.text;
}

// (column, 'parameters', 'filter', ..., 'expression of sets')
Status bind_sets(const Expression& call, const BindExpression& bind, SketchPlan* plan, Aggregation* out) {
  const size_t filters = call.args.size() - 3;
  for (size_t i = 2; i < 2 + filters; ++i) {
    ASSIGN_OR_RETURN(const std::string text, text_argument(call, i));
    ASSIGN_OR_RETURN(const sql::Query query, sql::parse("SELECT * FROM t WHERE " + text));
    if (!query.where || !query.group_by.empty() || !query.order_by.empty() || query.having) return Status::invalid(fmt::format("Aggregation {} takes a condition as filter, got: {}", call.name, text));
    ASSIGN_OR_RETURN(BoundPtr condition, bind(query.where));
    if (condition->multi || physical_of(condition->type) != Physical::kInteger) return Status::invalid(fmt::format("Aggregation {} takes a condition as filter, got: {}", call.name, text));
    out->arguments.push_back(std::move(condition));
  }
  ASSIGN_OR_RETURN(const std::string text, text_argument(call, call.args.size() - 1));
  ASSIGN_OR_RETURN(const sql::Query query, sql::parse("SELECT " + text + " FROM t"));
  ASSIGN_OR_RETURN(plan->sets, read_sets(*query.select.at(0).expression, filters));
  return {};
}

}  // namespace

bool is_sketch_aggregation(std::string_view name, DataType type, size_t arguments) {
  const SketchShape* shape = shape_of(name);
  return shape && (shape->reads == Reads::kAny || type == DataType::kBytes || (shape->kind == Kind::kTheta && arguments > 3));
}

Status bind_sketch_aggregation(std::string_view name, const Expression& call, const BindExpression& bind, Aggregation* out) {
  const SketchShape& shape = *shape_of(name);
  const Bound& argument = *out->argument;
  const bool bytes = argument.type == DataType::kBytes, text = physical_of(argument.type) == Physical::kText && !bytes;
  const bool merged_only = shape.result == Shown::kTupleSum || shape.result == Shown::kTupleAverage || shape.kind == Kind::kTupleSum;
  if ((merged_only && !bytes) || (text && (is_percentile(name) || shape.kind == Kind::kFrequentLongs))) {
    return Status::invalid(fmt::format("Cannot compute {} for type: {}", call.name, to_string(argument.type)));
  }
  if (shape.kind == Kind::kFrequentLongs && is_real(argument.type)) return Status::invalid(fmt::format("Cannot compute {} for type: {}", call.name, to_string(argument.type)));
  auto plan = std::make_shared<SketchPlan>();
  plan->kind = shape.kind;
  plan->result = shape.result;
  plan->size = shape.size;
  plan->rank = out->percentile / 100;
  const size_t size_at = is_percentile(name) ? 2 : 1;
  if (call.args.size() > size_at) RETURN_IF_ERROR(read_size(shape, *call.args[size_at], plan.get()));
  if (Result<std::unique_ptr<DataSketch>> probe = make_sketch(plan->kind, plan->size, plan->share); !probe.ok()) {
    return Status::invalid(fmt::format("Aggregation {}: {}", call.name, probe.status().message()));
  }
  out->kind = AggregationKind::kCollected;
  out->collected = Collected::kSketch;
  out->result = shape.type;
  if (shape.kind == Kind::kTheta && call.args.size() > 3) {
    out->arguments = {std::move(out->argument)};
    out->argument = nullptr;
    out->nullable = false;
    out->collected = Collected::kThetaSets;
    RETURN_IF_ERROR(bind_sets(call, bind, plan.get(), out));
  }
  out->sketch = std::move(plan);
  return {};
}

}  // namespace bywash::analytics
