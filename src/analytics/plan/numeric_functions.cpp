// Arithmetic and mathematics. Results are DOUBLE as in Pinot's transform functions (1.5.1); literals fold in the binder.
#include "analytics/plan/row_function.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <numeric>

namespace bywash::analytics {
namespace {

// Calls `f` with the vector's numbers, typed as they are stored, so that its loop is one over plain numbers.
template <class F>
void with_numbers(const Vector& values, F f) {
  if (values.physical() == Physical::kReal) f(values.reals.data());
  else f(values.integers.data());
}

template <double (*F)(double)>
Result<BoundFunction> unary(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, 1));
  RETURN_IF_ERROR(call.expect_numbers());
  return BoundFunction{DataType::kDouble, [](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         out.reals.resize(n);
                         with_numbers(*args[0], [n, to = out.reals.data()](const auto* from) {
                           for (size_t i = 0; i < n; ++i) to[i] = F(static_cast<double>(from[i]));
                         });
                       }};
}

template <double (*F)(double, double)>
Result<BoundFunction> folded(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 1000));
  RETURN_IF_ERROR(call.expect_numbers());
  return BoundFunction{DataType::kDouble, [](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         out.reals.resize(n);
                         double* to = out.reals.data();
                         with_numbers(*args[0], [&](const auto* first) {
                           with_numbers(*args[1], [&](const auto* second) {
                             for (size_t i = 0; i < n; ++i) to[i] = F(static_cast<double>(first[i]), static_cast<double>(second[i]));
                           });
                         });
                         for (size_t a = 2; a < args.size(); ++a) {
                           with_numbers(*args[a], [&](const auto* next) {
                             for (size_t i = 0; i < n; ++i) to[i] = F(to[i], static_cast<double>(next[i]));
                           });
                         }
                       }};
}

template <double (*F)(double, double)>
Result<BoundFunction> binary(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 2));
  return folded<F>(call);
}

double plus(double a, double b) { return a + b; }
double minus(double a, double b) { return a - b; }
double times(double a, double b) { return a * b; }
double divide(double a, double b) { return a / b; }

// fmod, which takes as long as twenty divisions, where a division does not say it all: of whole numbers below 2^31 the quotient cannot be
// rounded up to the next one.
double remainder_of(double a, double b) {
  constexpr double kExact = 2147483648.0;
  if (std::abs(a) < kExact && std::abs(b) < kExact && b != 0 && a == std::trunc(a) && b == std::trunc(b)) return std::copysign(a - b * std::trunc(a / b), a);
  return std::fmod(a, b);
}
double least(double a, double b) { return b < a ? b : a; }
double greatest(double a, double b) { return b > a ? b : a; }
double absolute(double a) { return std::abs(a); }
double ceiling(double a) { return std::ceil(a); }
double flooring(double a) { return std::floor(a); }
double exponential(double a) { return std::exp(a); }
double natural_log(double a) { return std::log(a); }
double log_2(double a) { return std::log2(a); }
double log_10(double a) { return std::log10(a); }
double root(double a) { return std::sqrt(a); }
double sign_of(double a) { return std::isnan(a) ? a : a > 0 ? 1 : a < 0 ? -1 : a; }
double power(double a, double b) { return std::pow(a, b); }
double sine(double a) { return std::sin(a); }
double cosine(double a) { return std::cos(a); }
double tangent(double a) { return std::tan(a); }
double arc_sine(double a) { return std::asin(a); }
double arc_cosine(double a) { return std::acos(a); }
double arc_tangent(double a) { return std::atan(a); }
double arc_tangent2(double a, double b) { return std::atan2(a, b); }
double to_degrees(double a) { return a * (180.0 / M_PI); }
double to_radians(double a) { return a * (M_PI / 180.0); }

// The shortest decimal form of a number, rounded at `digits` after the point, as java.math.BigDecimal.valueOf(x).setScale does.
double round_shortest(double value, int digits, bool half_up) {
  if (!std::isfinite(value) || value == 0) return value;
  const std::string text = fmt::format("{}", value);  // the shortest digits that read back
  bool negative = text[0] == '-';
  std::string_view rest = std::string_view(text).substr(negative ? 1 : 0);
  int exponent = 0;
  if (size_t e = rest.find('e'); e != std::string_view::npos) {
    exponent = std::atoi(std::string(rest.substr(e + 1)).c_str());
    rest = rest.substr(0, e);
  }
  std::string figures;
  for (size_t i = 0, point = std::min(rest.find('.'), rest.size()); i < rest.size(); ++i) {
    if (i == point) continue;
    figures += rest[i];
    if (i > point) --exponent;
  }
  // value = figures * 10^exponent; keep -digits as the last exponent.
  int drop = -digits - exponent;
  if (drop <= 0) return value;
  if (drop > static_cast<int>(figures.size())) return negative ? -0.0 : 0.0;
  bool up = half_up && figures[figures.size() - static_cast<size_t>(drop)] >= '5';
  figures.resize(figures.size() - static_cast<size_t>(drop));
  size_t at = figures.size();
  while (up && at > 0) {
    up = figures[at - 1] == '9';
    figures[at - 1] = up ? '0' : static_cast<char>(figures[at - 1] + 1);
    --at;
  }
  if (up) figures.insert(0, "1");
  if (figures.empty()) figures = "0";
  return std::strtod(fmt::format("{}{}e{}", negative ? "-" : "", figures, exponent + drop).c_str(), nullptr);
}

// roundDecimal(x[, digits]): half up, as java.math.RoundingMode.HALF_UP; truncate(x[, digits]): towards zero.
template <bool Round>
Result<BoundFunction> decimals(const FunctionArgs& call) {
  return row_function(call, "r|i", DataType::kDouble, [](FunctionRow& row) {
    if (row.size() == 1 && Round) return std::floor(row.real(0) + 0.5);  // Math.round
    if (row.size() == 1) return std::trunc(row.real(0));
    return round_shortest(row.real(0), static_cast<int>(std::clamp<int64_t>(row.integer(1), -400, 400)), Round);
  });
}

// round(value, unit): down to a multiple of unit, in whole numbers (org.apache.pinot.common.function.scalar.DateTimeFunctions.round).
Result<BoundFunction> round_to(const FunctionArgs& call) {
  if (call.size() == 1) return decimals<true>(call);
  RETURN_IF_ERROR(call.expect(2, 2));
  RETURN_IF_ERROR(call.expect_numbers());
  ASSIGN_OR_RETURN(int64_t unit, call.literal_integer(1));
  if (unit <= 0) return Status::invalid(fmt::format("Function round needs a positive unit, got {}", unit));
  return BoundFunction{DataType::kLong, [unit](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         out.integers.resize(n);
                         for (size_t i = 0; i < n; ++i) {
                           auto value = static_cast<int64_t>(args[0]->number(i));
                           if (args[0]->physical() == Physical::kInteger) value = args[0]->integers[i];
                           out.integers[i] = value / unit * unit;
                         }
                       }};
}

double hyperbolic_sine(double a) { return std::sinh(a); }
double hyperbolic_cosine(double a) { return std::cosh(a); }
double hyperbolic_tangent(double a) { return std::tanh(a); }
double area_sine(double a) { return std::asinh(a); }
double area_cosine(double a) { return std::acosh(a); }
double area_tangent(double a) { return std::atanh(a); }
double cotangent(double a) { return 1.0 / std::tan(a); }
double cube_root(double a) { return std::cbrt(a); }
double power_of_2(double a) { return std::pow(2, a); }
double power_of_10(double a) { return std::pow(10, a); }
double log_of_1_plus(double a) { return std::log1p(a); }
double sigmoid(double a) { return 1.0 / (1.0 + std::exp(-a)); }
double hypotenuse(double a, double b) { return std::hypot(a, b); }
double negated(double a) { return -a; }
// ((a % b) + b) % b
double positive_remainder(double a, double b) { return std::fmod(std::fmod(a, b) + b, b); }

// intDiv: the quotient in double precision, rounded down; by zero it ends at what 64 bits hold (ArithmeticFunctions 1.5.1).
template <bool ZeroAtZero>
Result<BoundFunction> int_division(const FunctionArgs& call) {
  return row_function(call, "rr", DataType::kLong, [](FunctionRow& row) -> int64_t {
    const double a = row.real(0), b = row.real(1);
    if (ZeroAtZero && (b == 0 || (a == -9223372036854775808.0 && b == -1))) return 0;
    return to_long(std::floor(a / b));
  });
}

using LongFunction = int64_t (*)(int64_t, int64_t);
template <LongFunction F>
Result<BoundFunction> longs(const FunctionArgs& call) {
  return row_function(call, "ii", DataType::kLong, [](FunctionRow& row) { return F(row.integer(0), row.integer(1)); });
}
uint64_t magnitude(int64_t a) { return a < 0 ? 0 - static_cast<uint64_t>(a) : static_cast<uint64_t>(a); }
int64_t divisor(int64_t a, int64_t b) { return static_cast<int64_t>(std::gcd(magnitude(a), magnitude(b))); }
int64_t multiple(int64_t a, int64_t b) { return a == 0 || b == 0 ? 0 : static_cast<int64_t>(magnitude(a) / magnitude(divisor(a, b)) * magnitude(b)); }
int64_t bits_and(int64_t a, int64_t b) { return a & b; }
int64_t bits_or(int64_t a, int64_t b) { return a | b; }
int64_t bits_xor(int64_t a, int64_t b) { return a ^ b; }
int64_t left_shift(int64_t a, int64_t b) { return static_cast<int64_t>(static_cast<uint64_t>(a) << (b & 63)); }
int64_t right_shift(int64_t a, int64_t b) { return a >> (b & 63); }
int64_t logical_right_shift(int64_t a, int64_t b) { return static_cast<int64_t>(static_cast<uint64_t>(a) >> (b & 63)); }

Result<BoundFunction> bit_not(const FunctionArgs& call) {
  return row_function(call, "i", DataType::kLong, [](FunctionRow& row) { return ~row.integer(0); });
}
Result<BoundFunction> bit_count(const FunctionArgs& call) {
  return row_function(call, "i", DataType::kInt, [](FunctionRow& row) { return std::popcount(static_cast<uint64_t>(row.integer(0))); });
}
Result<BoundFunction> bit_extract(const FunctionArgs& call) {
  return row_function(call, "ii", DataType::kInt, [](FunctionRow& row) { return (row.integer(0) >> (row.integer(1) & 63)) & 1; });
}

Result<BoundFunction> bit_mask(const FunctionArgs& call) {
  return row_function(call, "i", DataType::kLong, [](FunctionRow& row) {
    const int64_t bit = row.integer(0);
    return bit >= 0 && bit < 64 ? static_cast<int64_t>(uint64_t{1} << bit) : 0;
  });
}

// least, greatest: of whole numbers a whole number, of texts a text, else DOUBLE (SelectTupleElementTransformFunction 1.5.1).
template <bool Least>
Result<BoundFunction> extreme(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, 1000));
  auto all = [&](auto test) { return std::all_of(call.args.begin(), call.args.end(), [&](const BoundPtr& arg) { return !arg->null && test(arg->type); }); };
  if (all([](DataType type) { return type == DataType::kInt || type == DataType::kLong; })) {
    const bool narrow = all([](DataType type) { return type == DataType::kInt; });
    return BoundFunction{narrow ? DataType::kInt : DataType::kLong, [](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                           out.integers.assign(args[0]->integers.begin(), args[0]->integers.begin() + static_cast<ptrdiff_t>(n));
                           for (size_t a = 1; a < args.size(); ++a) {
                             for (size_t i = 0; i < n; ++i) out.integers[i] = Least ? std::min(out.integers[i], args[a]->integers[i]) : std::max(out.integers[i], args[a]->integers[i]);
                           }
                         }};
  }
  if (all([](DataType type) { return type == DataType::kString; })) {
    return BoundFunction{DataType::kString, [](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                           out.start_texts();
                           for (size_t i = 0; i < n; ++i) {
                             std::string_view best = args[0]->texts[i];
                             for (size_t a = 1; a < args.size(); ++a) best = Least ? std::min(best, args[a]->texts[i]) : std::max(best, args[a]->texts[i]);
                             out.bytes += best;
                             out.end_text();
                           }
                           out.finish_texts();
                         }};
  }
  return folded<Least ? least : greatest>(call);
}

enum class Finiteness { kFinite, kInfinite, kNan };
template <Finiteness F>
Result<BoundFunction> is_number(const FunctionArgs& call) {
  return row_function(call, "r", DataType::kInt, [](FunctionRow& row) {
    double value = row.real(0);
    return F == Finiteness::kFinite ? std::isfinite(value) : F == Finiteness::kInfinite ? std::isinf(value) : std::isnan(value);
  });
}
Result<BoundFunction> if_not_finite(const FunctionArgs& call) {
  return row_function(call, "rr", DataType::kDouble, [](FunctionRow& row) { return std::isfinite(row.real(0)) ? row.real(0) : row.real(1); });
}
Result<BoundFunction> remainder_or_zero(const FunctionArgs& call) {
  return row_function(call, "rr", DataType::kDouble, [](FunctionRow& row) { return row.real(1) == 0 ? 0.0 : std::fmod(row.real(0), row.real(1)); });
}

Result<BoundFunction> factorial(const FunctionArgs& call) {
  return row_function(call, "i", DataType::kLong, [](FunctionRow& row) {
    int64_t n = row.integer(0), out = 1;
    if (n < 0 || n > 20) row.fail(fmt::format("factorial argument must be between 0 and 20, got {}", n));
    for (int64_t i = 2; i <= std::min<int64_t>(n, 20); ++i) out *= i;
    return out;
  });
}

// widthBucket(value, low, high, buckets): 0 below, buckets + 1 from `high` on.
Result<BoundFunction> width_bucket(const FunctionArgs& call) {
  return row_function(call, "rrri", DataType::kInt, [](FunctionRow& row) -> int64_t {
    double value = row.real(0), low = row.real(1), high = row.real(2);
    int64_t buckets = row.integer(3);
    if (!(low < high) || !std::isfinite(low) || !std::isfinite(high) || buckets <= 0 || std::isnan(value)) {
      row.fail("widthBucket takes a number, finite bounds low < high, and a positive number of buckets");
      return 0;
    }
    if (value < low) return 0;
    return value >= high ? buckets + 1 : static_cast<int64_t>((value - low) / (high - low) * static_cast<double>(buckets)) + 1;
  });
}

Result<BoundFunction> pi_value(const FunctionArgs& call) {
  return row_function(call, "", DataType::kDouble, [](FunctionRow&) { return M_PI; });
}
Result<BoundFunction> e_value(const FunctionArgs& call) {
  return row_function(call, "", DataType::kDouble, [](FunctionRow&) { return M_E; });
}

}  // namespace

const std::vector<FunctionEntry>& numeric_functions() {
  static const std::vector<FunctionEntry> entries = {
      {"plus", folded<plus>},        {"add", folded<plus>},      {"minus", binary<minus>},    {"sub", binary<minus>},
      {"times", folded<times>},      {"mult", folded<times>},    {"divide", binary<divide>},  {"div", binary<divide>},
      {"mod", binary<remainder_of>}, {"least", extreme<true>},   {"greatest", extreme<false>}, {"abs", unary<absolute>},
      {"ceil", unary<ceiling>},      {"ceiling", unary<ceiling>}, {"floor", unary<flooring>}, {"exp", unary<exponential>},
      {"ln", unary<natural_log>},    {"log", unary<natural_log>}, {"log2", unary<log_2>},     {"log10", unary<log_10>},
      {"sqrt", unary<root>},         {"sign", unary<sign_of>},   {"power", binary<power>},    {"pow", binary<power>},
      {"sin", unary<sine>},          {"cos", unary<cosine>},     {"tan", unary<tangent>},     {"asin", unary<arc_sine>},
      {"acos", unary<arc_cosine>},   {"atan", unary<arc_tangent>}, {"atan2", binary<arc_tangent2>}, {"degrees", unary<to_degrees>},
      {"radians", unary<to_radians>}, {"rounddecimal", decimals<true>}, {"truncate", decimals<false>}, {"round", round_to},
      {"sinh", unary<hyperbolic_sine>}, {"cosh", unary<hyperbolic_cosine>}, {"tanh", unary<hyperbolic_tangent>}, {"asinh", unary<area_sine>},
      {"acosh", unary<area_cosine>}, {"atanh", unary<area_tangent>}, {"cot", unary<cotangent>}, {"cbrt", unary<cube_root>},
      {"exp2", unary<power_of_2>},   {"exp10", unary<power_of_10>}, {"log1p", unary<log_of_1_plus>}, {"sigmoid", unary<sigmoid>},
      {"hypot", binary<hypotenuse>}, {"negate", unary<negated>}, {"positivemodulo", binary<positive_remainder>}, {"moduloorzero", remainder_or_zero},
      {"intdiv", int_division<false>}, {"intdivorzero", int_division<true>}, {"gcd", longs<divisor>}, {"lcm", longs<multiple>},
      {"bitand", longs<bits_and>},   {"bitor", longs<bits_or>},  {"bitxor", longs<bits_xor>}, {"bitshiftleft", longs<left_shift>},
      {"bitshiftright", longs<right_shift>}, {"bitshiftrightunsigned", longs<logical_right_shift>}, {"bitshiftrightlogical", longs<logical_right_shift>},
      {"bitnot", bit_not},           {"bitcount", bit_count},    {"bitextract", bit_extract}, {"extractbit", bit_extract},
      {"bitmask", bit_mask},
      {"isfinite", is_number<Finiteness::kFinite>}, {"isinfinite", is_number<Finiteness::kInfinite>}, {"isnan", is_number<Finiteness::kNan>},
      {"ifnotfinite", if_not_finite}, {"factorial", factorial},  {"widthbucket", width_bucket}, {"pi", pi_value},
      {"e", e_value},                {"euler", e_value}};
  return entries;
}

}  // namespace bywash::analytics
