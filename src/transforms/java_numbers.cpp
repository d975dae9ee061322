// Java's number conversions. Level 4.
#include "transforms/java_numbers.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "columnar/decimal.h"

namespace bywash::transforms {
namespace {

using columnar::Decimal;

template <class Int>
Int saturated(double v) {
  if (std::isnan(v)) return 0;
  if (v >= static_cast<double>(std::numeric_limits<Int>::max())) return std::numeric_limits<Int>::max();
  if (v <= static_cast<double>(std::numeric_limits<Int>::min())) return std::numeric_limits<Int>::min();
  return static_cast<Int>(v);
}

// The low 64 bits of the integer part.
int64_t low_bits(const Decimal& d) {
  if (d.scale < -64) return 0;  // a multiple of 2^64
  std::string text = columnar::to_plain_string(d);
  bool negative = text.starts_with('-');
  uint64_t n = 0;
  for (char c : text) {
    if (c == '.') break;
    if (c >= '0' && c <= '9') n = n * 10 + static_cast<uint64_t>(c - '0');
  }
  return static_cast<int64_t>(negative ? 0 - n : n);
}

// The text as strtod reads it when it is a number in Java's grammar.
std::optional<std::string> number_text(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  std::string_view body = text;
  if (!body.empty() && (body[0] == '+' || body[0] == '-')) body.remove_prefix(1);
  if (body == "NaN" || body == "Infinity") return std::string(text);
  const bool hex = body.starts_with("0x") || body.starts_with("0X");
  if (!body.empty() && std::string_view("fFdD").find(body.back()) != body.npos) {
    // In hexadecimal the letters are digits until the exponent, which must be there.
    text.remove_suffix(1);
    body.remove_suffix(1);
  }
  size_t i = hex ? 2 : 0, digits = 0;
  auto run = [&] {
    for (; i < body.size() && (hex ? std::isxdigit(static_cast<unsigned char>(body[i])) : std::isdigit(static_cast<unsigned char>(body[i]))); ++i) ++digits;
  };
  run();
  if (i < body.size() && body[i] == '.') ++i, run();
  if (digits == 0) return std::nullopt;
  const bool exponent = i < body.size() && (hex ? body[i] == 'p' || body[i] == 'P' : body[i] == 'e' || body[i] == 'E');
  if (hex && !exponent) return std::nullopt;
  if (exponent) {
    ++i;
    if (i < body.size() && (body[i] == '+' || body[i] == '-')) ++i;
    size_t from = i;
    while (i < body.size() && std::isdigit(static_cast<unsigned char>(body[i]))) ++i;
    if (i == from) return std::nullopt;
  }
  if (i != body.size()) return std::nullopt;
  return std::string(text);
}

}  // namespace

std::optional<int64_t> long_value(const Value& value) {
  return std::visit([](const auto& v) -> std::optional<int64_t> {
    using T = std::decay_t<decltype(v)>;
    if constexpr (std::is_same_v<T, bool>) return std::nullopt;
    else if constexpr (std::is_integral_v<T>) return v;
    else if constexpr (std::is_floating_point_v<T>) return saturated<int64_t>(v);
    else if constexpr (std::is_same_v<T, Decimal>) return low_bits(v);
    else return std::nullopt;
  }, value.storage());
}

std::optional<int32_t> int_value(const Value& value) {
  if (auto* d = value.get_if<double>()) return saturated<int32_t>(*d);
  if (auto* f = value.get_if<float>()) return saturated<int32_t>(*f);
  auto n = long_value(value);
  return n ? std::optional(static_cast<int32_t>(*n)) : std::nullopt;
}

std::optional<double> double_value(const Value& value) {
  if (auto* d = value.get_if<double>()) return *d;
  if (auto* f = value.get_if<float>()) return *f;
  if (auto* b = value.get_if<Decimal>()) return std::strtod(columnar::to_java_string(*b).c_str(), nullptr);
  auto n = long_value(value);
  return n ? std::optional(static_cast<double>(*n)) : std::nullopt;
}

std::optional<float> float_value(const Value& value) {
  if (auto* d = value.get_if<double>()) return static_cast<float>(*d);
  if (auto* f = value.get_if<float>()) return *f;
  if (auto* b = value.get_if<Decimal>()) return std::strtof(columnar::to_java_string(*b).c_str(), nullptr);
  auto n = long_value(value);
  return n ? std::optional(static_cast<float>(*n)) : std::nullopt;
}

Result<Value> number_as(const Value& number, const Value& like) {
  if (like.is<int8_t>()) return Value(static_cast<int8_t>(*long_value(number)));
  if (like.is<int16_t>()) return Value(static_cast<int16_t>(*long_value(number)));
  if (like.is<int32_t>()) return Value(static_cast<int32_t>(*long_value(number)));
  if (like.is<int64_t>()) return Value(*long_value(number));
  if (like.is<float>()) return Value(static_cast<float>(*double_value(number)));
  if (like.is<double>()) return Value(*double_value(number));
  return data_error(kDataException, "Not a number type: " + java_class_of(like));
}

std::optional<int64_t> parse_java_integer(std::string_view text, int64_t low, int64_t high) {
  bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  const auto size = static_cast<int32_t>(text.size());
  __int128 n = 0;
  for (int32_t i = 0; i < size;) {
    UChar32 c;
    U8_NEXT(bytes, i, size, c);
    int32_t digit = c < 0 ? -1 : u_charDigitValue(c);
    if (digit < 0 || digit > 9) return std::nullopt;
    n = n * 10 + digit;
    if (n > __int128{1} << 64) return std::nullopt;
  }
  if (negative) n = -n;
  if (n < low || n > high) return std::nullopt;
  return static_cast<int64_t>(n);
}

std::optional<double> parse_java_double(std::string_view text) {
  auto number = number_text(text);
  return number ? std::optional(std::strtod(number->c_str(), nullptr)) : std::nullopt;
}

std::optional<float> parse_java_float(std::string_view text) {
  auto number = number_text(text);
  return number ? std::optional(std::strtof(number->c_str(), nullptr)) : std::nullopt;
}

}  // namespace bywash::transforms
