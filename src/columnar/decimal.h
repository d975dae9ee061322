// Decimals as java.math.BigDecimal has them: an unscaled integer of any size and a scale of its own. In a column each value
// is binary: the scale as four little-endian bytes, then the unscaled value as big-endian two's complement. Level 1.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace bywash::columnar {

struct Decimal {
  std::string unscaled;  // big-endian two's complement, at least one byte, as BigInteger.toByteArray
  int32_t scale = 0;
  friend bool operator==(const Decimal&, const Decimal&) = default;
};

std::string encode_decimal(const Decimal& value);
Decimal decode_decimal(std::string_view encoded);

// Two's complement bytes <-> decimal digits ("-12345"); any size.
std::string integer_digits(std::string_view unscaled);
Result<std::string> integer_bytes(std::string_view digits);

// BigDecimal.toString() (scientific notation when Java uses it) and toPlainString().
std::string to_java_string(const Decimal& value);
std::string to_plain_string(const Decimal& value);
// new BigDecimal(text): "12.50" has scale 2, "1e3" scale -3.
Result<Decimal> parse_decimal(std::string_view text);

}  // namespace bywash::columnar
