// Functions that make, combine and read sketches: BYTES, or texts that hold them in Base64. Semantics: SketchFunctions of Apache Pinot 1.5.1.
#include <algorithm>
#include <bit>
#include <cmath>

#include "analytics/plan/base64_text.h"
#include "analytics/plan/data_sketches.h"
#include "analytics/plan/function_groups.h"
#include "analytics/plan/row_function.h"

namespace bywash::analytics {
namespace {

constexpr int kThetaEntriesLog2 = 14, kTupleEntriesLog2 = 14, kUnionEntriesLog2 = 12, kCpcEntriesLog2 = 12;

SketchItem item_of(const FunctionRow& row, size_t k) {
  const Vector& values = *row.args[k];
  switch (values.physical()) {
    case Physical::kInteger: return values.type == DataType::kInt || values.type == DataType::kBoolean ? SketchItem(static_cast<int32_t>(values.integers[row.index])) : SketchItem(values.integers[row.index]);
    case Physical::kReal: return values.type == DataType::kFloat ? SketchItem(static_cast<float>(values.reals[row.index])) : SketchItem(values.reals[row.index]);
    case Physical::kText: break;
  }
  return values.texts[row.index];
}

// A sketch in an argument: BYTES, or a text in Base64.
bool read_sketch(FunctionRow& row, size_t k, std::string* out) {
  if (row.args[k]->type == DataType::kBytes) {
    *out = row.text(k);
    return true;
  }
  if (append_from_base64(row.text(k), out)) return true;
  row.fail("A sketch must be BYTES or a text in Base64");
  return false;
}
Status expect_sketches(const FunctionArgs& call, size_t from) {
  for (size_t i = from; i < call.size(); ++i) {
    if (physical_of(call.args[i]->type) != Physical::kText) return Status::invalid(fmt::format("Function {} needs a sketch as argument {}, got {}: {}", call.name, i + 1, to_string(call.args[i]->type), call.args[i]->text));
  }
  return {};
}

// Rows of any types as they are; the kernel sees nulls. `size` is the literal argument number `size_at`, if it is there.
Result<double> size_argument(const FunctionArgs& call, size_t size_at, double otherwise, bool entries) {
  if (call.size() <= size_at) return otherwise;
  ASSIGN_OR_RETURN(const int64_t size, call.literal_integer(size_at));
  if (!entries) return static_cast<double>(size);
  return size < 16 || size > (1 << 26) ? -1 : std::ceil(std::log2(static_cast<double>(size)));
}

template <class F>
Result<BoundFunction> over_rows(DataType type, F f) {
  Kernel kernel = [f](const std::vector<const Vector*>& args, size_t n, Vector& out) {
    FunctionRow row{args, out, 0, n};
    const bool text = out.physical() == Physical::kText;
    if (text) out.start_texts();
    else out.integers.assign(n, 0);
    for (row.index = 0; row.index < n; ++row.index) {
      f(row, out);
      if (text) out.end_text();
    }
    if (text) out.finish_texts();
  };
  return BoundFunction{type, std::move(kernel)};
}

// toThetaSketch(value[, entries]), toHLL(value[, log2m]), toCpcSketch(value[, log2 of entries]), toULL(value[, p]).
template <SketchKind Kind>
Result<BoundFunction> to_sketch(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, 2));
  constexpr double kDefault = Kind == SketchKind::kTheta ? kThetaEntriesLog2 : Kind == SketchKind::kHyperLogLog ? 8 : 12;
  ASSIGN_OR_RETURN(const double size, size_argument(call, 1, kDefault, Kind == SketchKind::kTheta));
  if (Result<std::unique_ptr<DataSketch>> probe = make_sketch(Kind, size); !probe.ok()) return Status::invalid(fmt::format("Function {}: {}", call.name, probe.status().message()));
  ASSIGN_OR_RETURN(BoundFunction out, over_rows(DataType::kBytes, [size](FunctionRow& row, Vector& to) {
    std::unique_ptr<DataSketch> sketch = *make_sketch(Kind, size);
    if (!row.args[0]->is_null(row.index)) sketch->add(item_of(row, 0));
    to.bytes += sketch->bytes();
  }));
  out.strict = false;
  return out;
}

Result<BoundFunction> to_tuple_sketch(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 3));
  ASSIGN_OR_RETURN(const double size, size_argument(call, 2, kTupleEntriesLog2, false));
  if (size < 4 || size > 26) return Status::invalid(fmt::format("Function {} takes a base-2 logarithm of its entries from 4 to 26", call.name));
  if (physical_of(call.args[1]->type) == Physical::kText) return Status::invalid(fmt::format("Function {} needs a whole number as argument 2: {}", call.name, call.args[1]->text));
  return over_rows(DataType::kBytes, [size](FunctionRow& row, Vector& to) {
    Result<std::string> bytes = tuple_sketch_of(item_of(row, 0), static_cast<int32_t>(row.integer(1)), static_cast<int>(size));
    if (bytes.ok()) to.bytes += *bytes;
    else row.fail(bytes.status().message());
  });
}

template <SketchKind Kind>
Result<BoundFunction> estimate_of(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, 1));
  RETURN_IF_ERROR(expect_sketches(call, 0));
  return over_rows(DataType::kLong, [](FunctionRow& row, Vector& to) {
    std::string bytes;
    if (row.any_null() || !read_sketch(row, 0, &bytes)) return;
    std::unique_ptr<DataSketch> sketch = *make_sketch(Kind, kTupleEntriesLog2);
    if (Status merged = sketch->merge(bytes); !merged.ok()) return row.fail(merged.message());
    to.integers[row.index] = std::llround(sketch->estimate());
  });
}

// Sketches from argument `from` on, combined; what they are is left to `f`.
template <class F>
Result<BoundFunction> of_sketches(const FunctionArgs& call, size_t from, F f) {
  RETURN_IF_ERROR(expect_sketches(call, from));
  return over_rows(DataType::kBytes, [from, f](FunctionRow& row, Vector& to) {
    std::vector<std::string> sketches(row.size() - from);
    for (size_t k = from; k < row.size(); ++k) {
      if (row.args[k]->is_null(row.index) || !read_sketch(row, k, &sketches[k - from])) return;
    }
    Result<std::string> bytes = f(sketches);
    if (bytes.ok()) to.bytes += *bytes;
    else row.fail(bytes.status().message());
  });
}

template <SetOperation Operation>
Result<BoundFunction> theta_of(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, Operation == SetOperation::kDifference ? 2 : 5));
  return of_sketches(call, 0, [](const std::vector<std::string>& sketches) { return combine_sketches(SketchKind::kTheta, Operation, sketches, kUnionEntriesLog2); });
}

// intSumTupleSketchUnion([entries, ]sketch, sketch)
template <SketchKind Kind, SetOperation Operation>
Result<BoundFunction> tuple_of(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, Operation == SetOperation::kUnion ? 3 : 2));
  double size = kTupleEntriesLog2;
  const size_t from = call.size() - 2;
  if (from == 1) {
    ASSIGN_OR_RETURN(size, size_argument(call, 0, 0, true));
    if (size < 4) return Status::invalid(fmt::format("Function {} takes 16 to 67108864 entries", call.name));
  }
  return of_sketches(call, from, [size](const std::vector<std::string>& sketches) { return combine_sketches(Kind, Operation, sketches, static_cast<int>(size)); });
}

Result<BoundFunction> cpc_union(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 5));
  return of_sketches(call, 0, [](const std::vector<std::string>& sketches) -> Result<std::string> {
    std::unique_ptr<DataSketch> sum = *make_sketch(SketchKind::kCpc, kCpcEntriesLog2);
    for (const std::string& one : sketches) RETURN_IF_ERROR(sum->merge(one));
    return sum->bytes();
  });
}

// fromULL(state): hash4j's own state as Pinot's sketch, which names the precision first.
Result<BoundFunction> from_ull(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, 1));
  return of_sketches(call, 0, [](const std::vector<std::string>& sketches) -> Result<std::string> {
    std::unique_ptr<DataSketch> sketch = *make_sketch(SketchKind::kUltraLogLog, 12);
    RETURN_IF_ERROR(sketch->merge(static_cast<char>(std::countr_zero(std::max<size_t>(sketches[0].size(), 1))) + sketches[0]));
    return sketch->bytes();
  });
}

}  // namespace

const std::vector<FunctionEntry>& sketch_functions() {
  using enum SketchKind;
  using enum SetOperation;
  static const std::vector<FunctionEntry> entries = {
      {"tothetasketch", to_sketch<kTheta>},
      {"tohll", to_sketch<kHyperLogLog>},
      {"tocpcsketch", to_sketch<kCpc>},
      {"toull", to_sketch<kUltraLogLog>},
      {"fromull", from_ull},
      {"tointegersumtuplesketch", to_tuple_sketch},
      {"getthetasketchestimate", estimate_of<kTheta>},
      {"getcpcsketchestimate", estimate_of<kCpc>},
      {"getinttuplesketchestimate", estimate_of<kTupleSum>},
      {"thetasketchunion", theta_of<kUnion>},
      {"thetasketchintersect", theta_of<kIntersection>},
      {"thetasketchdiff", theta_of<kDifference>},
      {"cpcsketchunion", cpc_union},
      {"intsumtuplesketchunion", tuple_of<kTupleSum, kUnion>},
      {"intmintuplesketchunion", tuple_of<kTupleMin, kUnion>},
      {"intmaxtuplesketchunion", tuple_of<kTupleMax, kUnion>},
      {"intsumtuplesketchintersect", tuple_of<kTupleSum, kIntersection>},
      {"intmintuplesketchintersect", tuple_of<kTupleMin, kIntersection>},
      {"intmaxtuplesketchintersect", tuple_of<kTupleMax, kIntersection>},
      {"intsumtuplesketchdiff", tuple_of<kTupleSum, kDifference>}};
  return entries;
}

}  // namespace bywash::analytics
