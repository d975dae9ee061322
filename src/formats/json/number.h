// What a JSON number is worth as each Java type: JsonNode.intValue(), longValue(), doubleValue() of Jackson's IntNode, LongNode,
// BigIntegerNode and (for everything with a point or an exponent, under Kafka's deserializer) DecimalNode. Level 4.
#pragma once

#include <cstdint>

#include "formats/json/tokens.h"

namespace bywash::formats::json {

// The low 64 bits of the value cut to an integer, as BigInteger.longValue() and BigDecimal.longValue() give.
int64_t long_of_decimal(const Number& n);
inline int64_t to_long(const Number& n) {
  if (!n.integral) return long_of_decimal(n);
  return static_cast<int64_t>(n.negative ? 0 - n.mantissa : n.mantissa);
}
// intValue(): the low 32 bits of that.
inline int32_t to_int(const Number& n) { return static_cast<int32_t>(to_long(n)); }

// True when the value is written without point or exponent and fits the type.
inline bool is_int64(const Number& n) {
  if (!n.integral || n.digits > 19) return false;
  return n.mantissa <= uint64_t{INT64_MAX} + n.negative;
}
inline bool is_int32(const Number& n) { return n.integral && n.digits <= 10 && n.mantissa <= uint64_t{INT32_MAX} + n.negative; }

// Correctly rounded; zero never has a sign (a BigDecimal has none), too large is infinite.
double parse_double(const Number& n);
float to_float(const Number& n);
// The powers of ten that are exact as doubles.
inline constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                          1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
inline double to_double(const Number& n) {
  // Both operands exact, so one correctly rounded operation (Clinger's fast path).
  int64_t scale = n.fraction - n.exponent;
  if (n.digits <= 15 && scale >= -22 && scale <= 22) {
    auto m = static_cast<double>(static_cast<int64_t>(n.mantissa));
    double v = scale >= 0 ? m / kPowersOfTen[scale] : m * kPowersOfTen[-scale];
    return n.negative && v != 0 ? -v : v;
  }
  return parse_double(n);
}

}  // namespace bywash::formats::json
