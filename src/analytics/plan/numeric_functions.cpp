// Arithmetic and mathematics. Results are DOUBLE as in Pinot's transform functions (1.5.1); literals fold in the binder.
#include "analytics/plan/functions.h"

#include <cmath>

namespace bywash::analytics {
namespace {

template <double (*F)(double)>
Result<BoundFunction> unary(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, 1));
  RETURN_IF_ERROR(call.expect_numbers());
  return BoundFunction{DataType::kDouble, [](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         out.reals.resize(n);
                         for (size_t i = 0; i < n; ++i) out.reals[i] = F(args[0]->number(i));
                       }};
}

template <double (*F)(double, double)>
Result<BoundFunction> folded(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 1000));
  RETURN_IF_ERROR(call.expect_numbers());
  return BoundFunction{DataType::kDouble, [](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         out.reals.resize(n);
                         for (size_t i = 0; i < n; ++i) {
                           double value = args[0]->number(i);
                           for (size_t a = 1; a < args.size(); ++a) value = F(value, args[a]->number(i));
                           out.reals[i] = value;
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
double remainder_of(double a, double b) { return std::fmod(a, b); }
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

// roundDecimal(x[, digits]): half up, as java.math.RoundingMode.HALF_UP; truncate(x[, digits]): towards zero.
template <bool Round>
Result<BoundFunction> decimals(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, 2));
  RETURN_IF_ERROR(call.expect_numbers());
  int64_t digits = 0;
  if (call.size() == 2) {
    ASSIGN_OR_RETURN(digits, call.literal_integer(1));
  }
  if (digits < -300 || digits > 300) return Status::invalid(fmt::format("Function {} takes -300 to 300 digits, got {}", call.name, digits));
  double scale = std::pow(10.0, static_cast<double>(digits));
  return BoundFunction{DataType::kDouble, [scale](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         out.reals.resize(n);
                         for (size_t i = 0; i < n; ++i) {
                           double value = args[0]->number(i), scaled = value * scale;
                           double whole = Round ? std::round(scaled) : std::trunc(scaled);
                           out.reals[i] = std::isfinite(scaled) ? whole / scale : value;
                         }
                       }};
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

}  // namespace

const std::vector<FunctionEntry>& numeric_functions() {
  static const std::vector<FunctionEntry> entries = {
      {"plus", folded<plus>},        {"add", folded<plus>},      {"minus", binary<minus>},    {"sub", binary<minus>},
      {"times", folded<times>},      {"mult", folded<times>},    {"divide", binary<divide>},  {"div", binary<divide>},
      {"mod", binary<remainder_of>}, {"least", folded<least>},   {"greatest", folded<greatest>}, {"abs", unary<absolute>},
      {"ceil", unary<ceiling>},      {"ceiling", unary<ceiling>}, {"floor", unary<flooring>}, {"exp", unary<exponential>},
      {"ln", unary<natural_log>},    {"log", unary<natural_log>}, {"log2", unary<log_2>},     {"log10", unary<log_10>},
      {"sqrt", unary<root>},         {"sign", unary<sign_of>},   {"power", binary<power>},    {"pow", binary<power>},
      {"sin", unary<sine>},          {"cos", unary<cosine>},     {"tan", unary<tangent>},     {"asin", unary<arc_sine>},
      {"acos", unary<arc_cosine>},   {"atan", unary<arc_tangent>}, {"atan2", binary<arc_tangent2>}, {"degrees", unary<to_degrees>},
      {"radians", unary<to_radians>}, {"rounddecimal", decimals<true>}, {"truncate", decimals<false>}, {"round", round_to}};
  return entries;
}

}  // namespace bywash::analytics
