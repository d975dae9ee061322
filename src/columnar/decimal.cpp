// BigDecimal's text and byte forms over arbitrary-size integers (java.math.BigDecimal, Java 17). Level 1.
#include "columnar/decimal.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

namespace bywash::columnar {
namespace {

constexpr uint32_t kChunk = 1'000'000'000;  // nine decimal digits at a time

// |value| as big-endian bytes.
std::vector<uint8_t> magnitude(std::string_view unscaled, bool* negative) {
  std::vector<uint8_t> bytes(unscaled.begin(), unscaled.end());
  if (bytes.empty()) bytes.push_back(0);
  *negative = bytes[0] & 0x80;
  if (*negative) {
    int carry = 1;
    for (size_t i = bytes.size(); i-- > 0;) {
      int v = static_cast<uint8_t>(~bytes[i]) + carry;
      bytes[i] = static_cast<uint8_t>(v);
      carry = v >> 8;
    }
    if (carry) bytes.insert(bytes.begin(), 1);
  }
  return bytes;
}

void strip_sign_bytes(std::string& bytes) {
  size_t start = 0;
  while (start + 1 < bytes.size()) {
    auto b = static_cast<uint8_t>(bytes[start]);
    bool next_negative = static_cast<uint8_t>(bytes[start + 1]) & 0x80;
    if ((b == 0 && !next_negative) || (b == 0xff && next_negative)) ++start;
    else break;
  }
  bytes.erase(0, start);
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string encode_decimal(const Decimal& value) {
  std::string out(4, '\0');
  std::memcpy(out.data(), &value.scale, 4);
  return out + value.unscaled;
}

Decimal decode_decimal(std::string_view encoded) {
  Decimal out;
  if (encoded.size() < 5) return Decimal{std::string(1, '\0'), 0};
  std::memcpy(&out.scale, encoded.data(), 4);
  out.unscaled = std::string(encoded.substr(4));
  return out;
}

std::string integer_digits(std::string_view unscaled) {
  bool negative = false;
  std::vector<uint8_t> bytes = magnitude(unscaled, &negative);
  std::string digits;
  while (!bytes.empty()) {
    uint64_t remainder = 0;
    for (uint8_t& b : bytes) {
      uint64_t v = (remainder << 8) | b;
      b = static_cast<uint8_t>(v / kChunk);
      remainder = v % kChunk;
    }
    bytes.erase(bytes.begin(), std::find_if(bytes.begin(), bytes.end(), [](uint8_t b) { return b != 0; }));
    for (int i = 0; i < 9; ++i) {
      digits += static_cast<char>('0' + remainder % 10);
      remainder /= 10;
    }
  }
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  if (negative) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

Result<std::string> integer_bytes(std::string_view digits) {
  bool negative = !digits.empty() && digits[0] == '-';
  if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) digits.remove_prefix(1);
  if (!all_digits(digits)) return Status::data("Not an integer");
  std::vector<uint8_t> bytes;  // little-endian magnitude
  for (size_t i = 0; i < digits.size();) {
    size_t n = std::min<size_t>(9, digits.size() - i);
    uint32_t factor = 1, add = 0;
    for (size_t k = 0; k < n; ++k) {
      factor *= 10;
      add = add * 10 + static_cast<uint32_t>(digits[i + k] - '0');
    }
    uint64_t carry = add;
    for (uint8_t& b : bytes) {
      uint64_t v = static_cast<uint64_t>(b) * factor + carry;
      b = static_cast<uint8_t>(v);
      carry = v >> 8;
    }
    for (; carry; carry >>= 8) bytes.push_back(static_cast<uint8_t>(carry));
    i += n;
  }
  bytes.push_back(0);
  if (negative) {
    int carry = 1;
    for (uint8_t& b : bytes) {
      int v = static_cast<uint8_t>(~b) + carry;
      b = static_cast<uint8_t>(v);
      carry = v >> 8;
    }
  }
  std::string out(bytes.rbegin(), bytes.rend());
  strip_sign_bytes(out);
  return out;
}

std::string to_plain_string(const Decimal& value) {
  std::string digits = integer_digits(value.unscaled);
  bool negative = digits[0] == '-';
  if (negative) digits.erase(0, 1);
  if (value.scale < 0) {
    if (digits != "0") digits.append(static_cast<size_t>(-static_cast<int64_t>(value.scale)), '0');
  } else if (value.scale > 0) {
    auto scale = static_cast<size_t>(value.scale);
    if (digits.size() <= scale) digits.insert(0, scale - digits.size() + 1, '0');
    digits.insert(digits.size() - scale, 1, '.');
  }
  return negative ? "-" + digits : digits;
}

std::string to_java_string(const Decimal& value) {
  std::string digits = integer_digits(value.unscaled);
  bool negative = digits[0] == '-';
  if (negative) digits.erase(0, 1);
  int64_t adjusted = -static_cast<int64_t>(value.scale) + static_cast<int64_t>(digits.size()) - 1;
  if (value.scale == 0) return negative ? "-" + digits : digits;
  if (value.scale >= 0 && adjusted >= -6) return to_plain_string(value);
  std::string out = negative ? "-" : "";
  out += digits[0];
  if (digits.size() > 1) out += "." + digits.substr(1);
  if (adjusted != 0) out += (adjusted > 0 ? "E+" : "E") + std::to_string(adjusted);
  return out;
}

Result<Decimal> parse_decimal(std::string_view text) {
  Status bad = Status::data("Not a decimal number");
  std::string_view mantissa = text;
  int64_t exponent = 0;
  if (size_t e = text.find_first_of("eE"); e != text.npos) {
    mantissa = text.substr(0, e);
    std::string_view exp = text.substr(e + 1);
    bool negative_exp = !exp.empty() && exp[0] == '-';
    if (!exp.empty() && (exp[0] == '-' || exp[0] == '+')) exp.remove_prefix(1);
    if (!all_digits(exp) || exp.size() > 10) return bad;
    for (char c : exp) exponent = exponent * 10 + (c - '0');
    if (negative_exp) exponent = -exponent;
  }
  std::string digits;
  if (!mantissa.empty() && (mantissa[0] == '-' || mantissa[0] == '+')) {
    if (mantissa[0] == '-') digits = "-";
    mantissa.remove_prefix(1);
  }
  int64_t scale = 0;
  size_t dot = mantissa.find('.');
  std::string_view whole = mantissa.substr(0, dot);
  std::string_view fraction = dot == mantissa.npos ? std::string_view() : mantissa.substr(dot + 1);
  if (whole.empty() && fraction.empty()) return bad;
  if ((!whole.empty() && !all_digits(whole)) || (!fraction.empty() && !all_digits(fraction))) return bad;
  digits.append(whole).append(fraction);
  scale = static_cast<int64_t>(fraction.size()) - exponent;
  if (scale > std::numeric_limits<int32_t>::max() || scale < std::numeric_limits<int32_t>::min()) return bad;
  ASSIGN_OR_RETURN(std::string bytes, integer_bytes(digits));
  return Decimal{std::move(bytes), static_cast<int32_t>(scale)};
}

}  // namespace bywash::columnar
