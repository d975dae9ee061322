// The rare numbers: many digits, large exponents. Level 4.
#include "formats/json/number.h"

#include <charconv>
#include <limits>

namespace bywash::formats::json {
namespace {

bool is_zero(const Number& n) {
  for (const char* p = n.begin; p < n.end && *p != 'e' && *p != 'E'; ++p) {
    if (*p >= '1' && *p <= '9') return false;
  }
  return true;
}

template <class T>
T parse(const Number& n) {
  if (is_zero(n)) return 0;
  T v{};
  auto [end, error] = std::from_chars(n.begin, n.end, v);
  if (error == std::errc::result_out_of_range) {
    // Position of the first significant digit decides between overflow and underflow.
    int64_t magnitude = n.digits - n.fraction + n.exponent;
    v = magnitude > 0 ? std::numeric_limits<T>::infinity() : T(0);
    return n.negative ? -v : v;
  }
  return v;
}

}  // namespace

int64_t long_of_decimal(const Number& n) {
  // Digits before the point of the plain notation count, modulo 2^64; 64 appended zeros make any number 0 there.
  int64_t kept = 0, appended = n.exponent - n.fraction;
  for (const char* p = n.begin; p < n.end && *p != 'e' && *p != 'E'; ++p) kept += is_digit(*p);
  if (appended < 0) kept += appended;
  uint64_t v = 0;
  for (const char* p = n.begin; p < n.end && kept > 0 && *p != 'e' && *p != 'E'; ++p) {
    if (!is_digit(*p)) continue;
    v = v * 10 + static_cast<uint64_t>(*p - '0');
    --kept;
  }
  if (appended >= 64) v = 0;
  for (int64_t i = 0; i < appended && v != 0; ++i) v *= 10;
  return static_cast<int64_t>(n.negative ? 0 - v : v);
}

double parse_double(const Number& n) { return parse<double>(n); }
float to_float(const Number& n) { return parse<float>(n); }

}  // namespace bywash::formats::json
