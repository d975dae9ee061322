// Decimal numbers of any size as java.math.BigDecimal computes with them: BIG_DECIMAL values are texts here. Query line, bind and scan stages;
// pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bywash::analytics {

struct DecimalNumber {
  bool negative = false;
  std::string digits;  // of the unscaled value, without leading zeros; empty: zero
  int64_t scale = 0;   // how many of them stand behind the point
};

// Plain ("-12.50") or with an exponent ("1e3"). False: it is no number, or one with more than 10,000 digits.
bool parse_decimal_text(std::string_view text, DecimalNumber* out);
// BigDecimal.toPlainString().
std::string plain_text(const DecimalNumber& value);
// BigDecimal.toString(): with an exponent where the scale is negative or the number small.
std::string java_text(const DecimalNumber& value);

// By value: 1.5 equals 1.50.
int compare_decimals(const DecimalNumber& a, const DecimalNumber& b);
// A text that sorts, byte by byte, as the number does; equal numbers have equal ones.
std::string decimal_order_key(const DecimalNumber& value);
// Without zeros at the end behind the point, as Pinot stores BIG_DECIMAL values; a text that is no number stays as it is.
std::string without_trailing_zeros(std::string_view text);
// Of texts; what is no number comes after all numbers, in order of bytes.
int compare_decimal_texts(std::string_view a, std::string_view b);

DecimalNumber negated(DecimalNumber value);
DecimalNumber sum_of(const DecimalNumber& a, const DecimalNumber& b);
DecimalNumber product_of(const DecimalNumber& a, const DecimalNumber& b);
// With the scale of `a`, halves to the even digit. `b` is not zero.
DecimalNumber quotient_of(const DecimalNumber& a, const DecimalNumber& b);
// BigDecimal.setScale and BigDecimal.round, halves to the even digit. A precision of 0 leaves the value as it is.
DecimalNumber with_scale(DecimalNumber value, int64_t scale);
DecimalNumber with_precision(DecimalNumber value, int64_t precision);

}  // namespace bywash::analytics
