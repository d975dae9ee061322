// Java's conversions between numbers and from texts: what Cast and MaskField compute with. Level 4.
#pragma once

#include <optional>
#include <string_view>

#include "transforms/record_side.h"

namespace bywash::transforms {

// java.lang.Number's longValue() and doubleValue(); nullopt for what is no number. Floating point saturates; a BigDecimal gives its low
// 64 bits.
std::optional<int64_t> long_value(const Value& value);
std::optional<double> double_value(const Value& value);
std::optional<float> float_value(const Value& value);
// intValue(), which for floating point saturates at 32 bits.
std::optional<int32_t> int_value(const Value& value);

// The number as the type of `like` (int8 ... float64), narrowed as Java does.
Result<Value> number_as(const Value& number, const Value& like);

// Long.parseLong within [low, high]: an optional sign and digits of any script, nothing else.
std::optional<int64_t> parse_java_integer(std::string_view text, int64_t low, int64_t high);
// Double.parseDouble and Float.parseFloat: outer blanks, a suffix f or d, hexadecimal with p, NaN and Infinity are fine.
std::optional<double> parse_java_double(std::string_view text);
std::optional<float> parse_java_float(std::string_view text);

}  // namespace bywash::transforms
