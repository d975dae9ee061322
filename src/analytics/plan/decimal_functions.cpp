// Exact arithmetic and comparisons where a BIG_DECIMAL is among the arguments; the other numeric functions take it as DOUBLE.
// Semantics: the arithmetic transform functions of Apache Pinot 1.5.1 over java.math.BigDecimal.
#include <algorithm>
#include <functional>

#include "analytics/plan/decimal_functions.h"
#include "analytics/plan/decimal_text.h"
#include "analytics/plan/function_groups.h"
#include "analytics/plan/row_function.h"
#include "analytics/sql/java_text.h"
#include "columnar/decimal.h"

namespace bywash::analytics {
namespace {

using Numbers = std::vector<DecimalNumber>;

// Row `i` of a vector. False: a text that is no number.
bool decimal_at(const Vector& values, size_t i, DecimalNumber* out) {
  switch (values.physical()) {
    case Physical::kInteger: return parse_decimal_text(std::to_string(values.integers[i]), out);
    case Physical::kReal: return parse_decimal_text(sql::java_double(values.reals[i]), out);
    case Physical::kText: return parse_decimal_text(values.texts[i], out);
  }
  return false;
}

// f(values of a row, out) for the rows without nulls; it answers what is wrong with them, or nullptr.
template <class F, class G>
Kernel over_decimals(std::string name, F f, G skip) {
  return [name = std::move(name), f, skip](const std::vector<const Vector*>& args, size_t n, Vector& out) {
    Numbers row(args.size());
    for (size_t i = 0; i < n; ++i) {
      bool null = false, numbers = true;
      for (size_t a = 0; a < args.size(); ++a) {
        null = null || args[a]->is_null(i);
        if (!null) numbers = decimal_at(*args[a], i, &row[a]) && numbers;
      }
      if (null) {
        skip(out);
        continue;
      }
      const char* wrong = numbers ? f(row, out) : "a value is no number of at most 10000 digits";
      if (wrong) out.fail(fmt::format("Function {}: {}", name, wrong)), skip(out);
    }
  };
}

// `f(values, &result)` answers what is wrong, or nullptr.
template <class F>
BoundFunction to_decimal(const FunctionArgs& call, F f) {
  Kernel rows = over_decimals(call.name, [f](Numbers& row, Vector& out) -> const char* {
    DecimalNumber result;
    if (const char* wrong = f(row, &result)) return wrong;
    out.bytes += plain_text(result);
    out.end_text();
    return nullptr;
  }, [](Vector& out) { out.end_text(); });
  return {DataType::kBigDecimal, [rows](const std::vector<const Vector*>& args, size_t n, Vector& out) {
            out.start_texts();
            rows(args, n, out);
            out.finish_texts();
          }};
}

// `f(values)` is a truth.
template <class F>
BoundFunction to_truth(const FunctionArgs& call, F f) {
  Kernel rows = over_decimals(call.name, [f](Numbers& row, Vector& out) -> const char* {
    out.integers.push_back(f(row));
    return nullptr;
  }, [](Vector& out) { out.integers.push_back(0); });
  return {DataType::kBoolean, [rows](const std::vector<const Vector*>& args, size_t n, Vector& out) {
            out.integers.clear();
            rows(args, n, out);
          }};
}

DecimalNumber whole_part(const DecimalNumber& value, bool up) {
  DecimalNumber out = value;
  if (value.scale > 0) {  // towards zero, then one step where that is the wrong way
    const auto behind = std::min(static_cast<size_t>(value.scale), value.digits.size());
    const bool rest = value.digits.find_first_not_of('0', value.digits.size() - behind) != std::string::npos;
    out.digits.resize(out.digits.size() - behind);
    out.scale = 0;
    if (out.digits.empty()) out.negative = false;
    if (rest && value.negative != up) out = sum_of(out, {value.negative, "1", 0});
  }
  return with_scale(out, 0);
}

using Folding = DecimalNumber (*)(const DecimalNumber&, const DecimalNumber&);
template <Folding F>
const char* all_folded(Numbers& row, DecimalNumber* out) {
  *out = row[0];
  for (size_t i = 1; i < row.size(); ++i) *out = F(*out, row[i]);
  return out->digits.size() > 100'000 ? "the result has too many digits" : nullptr;
}
DecimalNumber difference_of(const DecimalNumber& a, const DecimalNumber& b) { return sum_of(a, negated(b)); }
DecimalNumber lesser(const DecimalNumber& a, const DecimalNumber& b) { return compare_decimals(b, a) < 0 ? b : a; }
DecimalNumber larger(const DecimalNumber& a, const DecimalNumber& b) { return compare_decimals(b, a) > 0 ? b : a; }

const char* divided(Numbers& row, DecimalNumber* out) {
  if (row[1].digits.empty()) return "Division by zero";
  *out = quotient_of(row[0], row[1]);
  return nullptr;
}

// The test of a comparison's name over the order of both sides; nothing: it is none.
std::function<bool(int)> comparison_of(std::string_view name) {
  if (name == "equals") return [](int order) { return order == 0; };
  if (name == "notequals") return [](int order) { return order != 0; };
  if (name == "greaterthan") return [](int order) { return order > 0; };
  if (name == "greaterthanorequal") return [](int order) { return order >= 0; };
  if (name == "lessthan") return [](int order) { return order < 0; };
  if (name == "lessthanorequal") return [](int order) { return order <= 0; };
  return {};
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) { return std::find(names.begin(), names.end(), name) != names.end(); }

// The form in which values lie in columns of bytes (BigDecimalUtils 1.5.1): the scale in two bytes, then the unscaled value in two's complement.
Result<BoundFunction> decimal_to_bytes(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kBytes, [](FunctionRow& row, std::string& out) {
    const Result<columnar::Decimal> value = columnar::parse_decimal(row.text(0));
    if (!value.ok() || value->scale > INT16_MAX || value->scale < INT16_MIN) return row.fail("Function bigDecimalToBytes needs a number with a scale of 16 bits");
    out += static_cast<char>(value->scale >> 8);
    out += static_cast<char>(value->scale);
    out += value->unscaled;
  });
}
Result<BoundFunction> bytes_to_decimal(const FunctionArgs& call) {
  return row_function(call, "b", DataType::kBigDecimal, [](FunctionRow& row, std::string& out) {
    const std::string_view bytes = row.text(0);
    if (bytes.size() < 3 || bytes.size() > 4096) return row.fail("Function bytesToBigDecimal needs a scale of two bytes and an unscaled value behind it");
    const auto scale = static_cast<int16_t>(static_cast<unsigned char>(bytes[0]) << 8 | static_cast<unsigned char>(bytes[1]));
    out += columnar::to_plain_string({std::string(bytes.substr(2)), scale});
  });
}

// For the engine of joins, which holds decimals as texts: what it sorts and compares by, and sums of arrays, rounded to a precision and a scale
// where they are given.
Result<BoundFunction> order_key(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, 1));
  return BoundFunction{DataType::kString, [](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         out.start_texts();
                         for (size_t i = 0; i < n; ++i) {
                           DecimalNumber value;
                           if (!args[0]->is_null(i)) {
                             if (decimal_at(*args[0], i, &value)) out.bytes += decimal_order_key(value);
                             else out.fail("Cannot compare a BIG_DECIMAL with a text that is no number");
                           }
                           out.end_text();
                         }
                         out.finish_texts();
                       }};
}
Result<BoundFunction> array_sum(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, 3));
  int64_t asked[2] = {0, 0};
  for (size_t i = 1; i < call.size(); ++i) {
    ASSIGN_OR_RETURN(asked[i - 1], call.literal_integer(i));
    if (std::abs(asked[i - 1]) > 1000) return Status::invalid("SUMPRECISION takes (column, precision from 0 to 1000, scale from -1000 to 1000)");
  }
  const bool scaled = call.size() == 3;
  const int64_t precision = asked[0], scale = asked[1];
  return BoundFunction{DataType::kBigDecimal, [precision, scale, scaled](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         out.start_texts();
                         for (size_t i = 0; i < n; ++i) {
                           DecimalNumber sum, value;
                           for (uint32_t at = args[0]->offsets[i]; at < args[0]->offsets[i + 1]; ++at) {
                             if (decimal_at(*args[0], at, &value)) sum = sum_of(sum, value);
                           }
                           sum = with_precision(std::move(sum), precision);
                           if (scaled) sum = with_scale(std::move(sum), scale);
                           out.bytes += plain_text(sum);
                           out.end_text();
                         }
                         out.finish_texts();
                       }};
}

}  // namespace

const std::vector<FunctionEntry>& decimal_functions() {
  static const std::vector<FunctionEntry> entries = {{"bigdecimaltobytes", decimal_to_bytes}, {"bytestobigdecimal", bytes_to_decimal}, {"$decimalkey", order_key, Arrays::kRefused}, {"$decimalsum", array_sum, Arrays::kTaken}};
  return entries;
}

bool takes_decimals(const FunctionArgs& call) {
  return std::any_of(call.args.begin(), call.args.end(), [](const BoundPtr& arg) { return arg->type == DataType::kBigDecimal; }) &&
         std::none_of(call.args.begin(), call.args.end(), [](const BoundPtr& arg) { return arg->multi || arg->null; });
}

std::optional<BoundFunction> bind_decimal_function(const FunctionArgs& call) {
  const std::string& name = call.name;
  const size_t size = call.size();
  if (size >= 2) {
    if (is_one_of(name, {"plus", "add"})) return to_decimal(call, all_folded<sum_of>);
    if (is_one_of(name, {"times", "mult"})) return to_decimal(call, all_folded<product_of>);
    if (name == "least") return to_decimal(call, all_folded<lesser>);
    if (name == "greatest") return to_decimal(call, all_folded<larger>);
    if (name == "in" || name == "notin") {
      return to_truth(call, [wanted = name == "in"](const Numbers& row) {
        return std::any_of(row.begin() + 1, row.end(), [&](const DecimalNumber& one) { return compare_decimals(row[0], one) == 0; }) == wanted;
      });
    }
  }
  if (size == 2) {
    if (is_one_of(name, {"minus", "sub"})) return to_decimal(call, all_folded<difference_of>);
    if (is_one_of(name, {"divide", "div"})) return to_decimal(call, divided);
    if (auto test = comparison_of(name)) return to_truth(call, [test](const Numbers& row) { return test(compare_decimals(row[0], row[1])); });
  }
  if (size == 3 && name == "between") {
    return to_truth(call, [](const Numbers& row) { return compare_decimals(row[0], row[1]) >= 0 && compare_decimals(row[0], row[2]) <= 0; });
  }
  if (size != 1) return std::nullopt;
  if (name == "abs") return to_decimal(call, [](Numbers& row, DecimalNumber* out) -> const char* { return *out = row[0], out->negative = false, nullptr; });
  if (name == "negate") return to_decimal(call, [](Numbers& row, DecimalNumber* out) -> const char* { return *out = negated(row[0]), nullptr; });
  if (name == "floor") return to_decimal(call, [](Numbers& row, DecimalNumber* out) -> const char* { return *out = whole_part(row[0], false), nullptr; });
  if (is_one_of(name, {"ceil", "ceiling"})) return to_decimal(call, [](Numbers& row, DecimalNumber* out) -> const char* { return *out = whole_part(row[0], true), nullptr; });
  return std::nullopt;
}

Result<BoundFunction> bind_with_doubles(const FunctionEntry& entry, const FunctionArgs& call) {
  std::vector<BoundPtr> args;
  std::vector<Kernel> casts;
  for (const BoundPtr& arg : call.args) {
    const bool decimal = arg->type == DataType::kBigDecimal;
    casts.push_back(decimal ? cast_function(arg->type, DataType::kDouble).kernel : Kernel());
    args.push_back(decimal ? as_double(arg) : arg);
  }
  ASSIGN_OR_RETURN(BoundFunction inner, entry.bind({call.name, args}));
  inner.kernel = [casts, kernel = inner.kernel](const std::vector<const Vector*>& given, size_t n, Vector& out) {
    std::vector<Vector> converted(given.size());
    std::vector<const Vector*> read(given);
    for (size_t i = 0; i < given.size(); ++i) {
      if (!casts[i]) continue;
      converted[i].type = DataType::kDouble;
      casts[i]({given[i]}, n, converted[i]);
      converted[i].nulls = given[i]->nulls;
      if (!converted[i].error.empty()) out.fail(converted[i].error);
      read[i] = &converted[i];
    }
    kernel(read, n, out);
  };
  return inner;
}

BoundPtr as_double(const BoundPtr& decimal) {
  auto out = std::make_shared<Bound>(*decimal);
  out->type = DataType::kDouble;
  if (out->kind == BoundKind::kLiteral) {
    Result<Scalar> value = parse_scalar(DataType::kDouble, decimal->literal.text);
    if (value.ok()) out->literal = *std::move(value);
  }
  return out;
}

}  // namespace bywash::analytics
