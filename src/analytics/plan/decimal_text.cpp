// See decimal_text.h. Schoolbook arithmetic on decimal digits: values of columns have few of them.
#include "analytics/plan/decimal_text.h"

#include <algorithm>
#include <charconv>

namespace bywash::analytics {
namespace {

constexpr int64_t kDigitsMax = 10'000;

void trim(std::string& digits) { digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size())); }

int compare_digits(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  const int order = a.compare(b);
  return order < 0 ? -1 : order > 0;
}

std::string add_digits(std::string_view a, std::string_view b) {
  if (a.size() < b.size()) std::swap(a, b);
  std::string out(a.size() + 1, '0');
  int carry = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const int digit = a[a.size() - 1 - i] - '0' + (i < b.size() ? b[b.size() - 1 - i] - '0' : 0) + carry;
    out[out.size() - 1 - i] = static_cast<char>('0' + digit % 10);
    carry = digit / 10;
  }
  out[0] = static_cast<char>('0' + carry);
  trim(out);
  return out;
}

// a - b, where a >= b.
std::string subtract_digits(std::string_view a, std::string_view b) {
  std::string out(a);
  int borrow = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    int digit = a[a.size() - 1 - i] - '0' - borrow - (i < b.size() ? b[b.size() - 1 - i] - '0' : 0);
    borrow = digit < 0;
    out[a.size() - 1 - i] = static_cast<char>('0' + digit + 10 * borrow);
  }
  trim(out);
  return out;
}

// The quotient of whole numbers, halves to the even digit.
std::string divide_digits(std::string_view a, std::string_view b) {
  std::string out, rest;
  for (char digit : a) {
    if (!rest.empty() || digit != '0') rest += digit;
    char count = '0';
    while (compare_digits(rest, b) >= 0) rest = subtract_digits(rest, b), ++count;
    out += count;
  }
  const int half = compare_digits(add_digits(rest, rest), b);
  const bool odd = !out.empty() && (out.back() - '0') % 2 == 1;
  trim(out);
  return half > 0 || (half == 0 && odd) ? add_digits(out, "1") : out;
}

std::string shifted(const DecimalNumber& value, int64_t scale) {
  return value.digits.empty() ? std::string() : value.digits + std::string(static_cast<size_t>(std::max<int64_t>(scale - value.scale, 0)), '0');
}

}  // namespace

bool parse_decimal_text(std::string_view text, DecimalNumber* out) {
  *out = {};
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    out->negative = text[0] == '-';
    text.remove_prefix(1);
  }
  size_t at = 0;
  bool point = false, any = false;
  for (; at < text.size() && ((text[at] >= '0' && text[at] <= '9') || (text[at] == '.' && !point)); ++at) {
    if (text[at] == '.') {
      point = true;
      continue;
    }
    any = true;
    out->scale += point;
    out->digits += text[at];
  }
  int64_t exponent = 0;
  if (at < text.size()) {
    if ((text[at] | 0x20) != 'e') return false;
    ++at;
    if (at < text.size() && text[at] == '+') ++at;
    auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), exponent);
    if (error != std::errc() || end != text.data() + text.size() || exponent > kDigitsMax || exponent < -kDigitsMax) return false;
  }
  out->scale -= exponent;
  trim(out->digits);
  if (out->digits.empty()) out->negative = false;
  return any && static_cast<int64_t>(out->digits.size()) <= kDigitsMax;
}

std::string plain_text(const DecimalNumber& value) {
  std::string digits = value.digits.empty() ? "0" : value.digits;
  if (value.scale < 0 && !value.digits.empty()) digits.append(static_cast<size_t>(-value.scale), '0');
  if (value.scale > 0) {
    const auto behind = static_cast<size_t>(value.scale);
    if (digits.size() <= behind) digits.insert(0, behind + 1 - digits.size(), '0');
    digits.insert(digits.size() - behind, ".");
  }
  return value.negative ? "-" + digits : digits;
}

std::string java_text(const DecimalNumber& value) {
  std::string digits = value.digits.empty() ? "0" : value.digits;
  const int64_t exponent = static_cast<int64_t>(digits.size()) - 1 - value.scale;
  if (value.scale >= 0 && exponent >= -6) return plain_text(value);
  if (digits.size() > 1) digits.insert(1, ".");
  return (value.negative ? "-" : "") + digits + (exponent == 0 ? "" : (exponent > 0 ? "E+" : "E") + std::to_string(exponent));
}

int compare_decimals(const DecimalNumber& a, const DecimalNumber& b) {
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  const int64_t scale = std::max(a.scale, b.scale);
  const int order = compare_digits(shifted(a, scale), shifted(b, scale));
  return a.negative ? -order : order;
}

int compare_decimal_texts(std::string_view a, std::string_view b) {
  DecimalNumber x, y;
  const bool known = parse_decimal_text(a, &x), other_known = parse_decimal_text(b, &y);
  if (known && other_known) return compare_decimals(x, y);
  if (known != other_known) return known ? -1 : 1;
  const int order = a.compare(b);
  return order < 0 ? -1 : order > 0;
}

std::string decimal_order_key(const DecimalNumber& value) {
  if (value.digits.empty()) return "1";
  const int64_t magnitude = static_cast<int64_t>(value.digits.size()) - value.scale + 500'000;  // digits before the point, made positive
  std::string out = std::to_string(magnitude) + value.digits.substr(0, value.digits.find_last_not_of('0') + 1);
  if (!value.negative) return "2" + out;
  for (char& digit : out) digit = static_cast<char>('0' + '9' - digit);
  return "0" + out + "~";  // behind all digits: of two that begin alike the shorter is the larger
}

std::string without_trailing_zeros(std::string_view text) {
  DecimalNumber value;
  if (!parse_decimal_text(text, &value)) return std::string(text);
  while (value.scale > 0 && !value.digits.empty() && value.digits.back() == '0') value.digits.pop_back(), --value.scale;
  if (value.digits.empty()) value.scale = 0;
  return plain_text(value);
}

DecimalNumber negated(DecimalNumber value) {
  value.negative = !value.negative && !value.digits.empty();
  return value;
}

DecimalNumber sum_of(const DecimalNumber& a, const DecimalNumber& b) {
  DecimalNumber out;
  out.scale = std::max(a.scale, b.scale);
  const std::string x = shifted(a, out.scale), y = shifted(b, out.scale);
  if (a.negative == b.negative) {
    out.digits = add_digits(x, y);
    out.negative = a.negative && !out.digits.empty();
    return out;
  }
  const int order = compare_digits(x, y);
  out.digits = order >= 0 ? subtract_digits(x, y) : subtract_digits(y, x);
  out.negative = order != 0 && (order > 0 ? a.negative : b.negative);
  return out;
}

DecimalNumber product_of(const DecimalNumber& a, const DecimalNumber& b) {
  DecimalNumber out;
  out.scale = a.scale + b.scale;
  std::string digits(a.digits.size() + b.digits.size(), '\0');
  for (size_t i = a.digits.size(); i-- > 0;) {
    int carry = 0;
    for (size_t j = b.digits.size(); j-- > 0;) {
      const int digit = digits[i + j + 1] + (a.digits[i] - '0') * (b.digits[j] - '0') + carry;
      digits[i + j + 1] = static_cast<char>(digit % 10);
      carry = digit / 10;
    }
    digits[i] = static_cast<char>(digits[i] + carry);
  }
  for (char& digit : digits) digit = static_cast<char>('0' + digit);
  trim(digits);
  out.digits = std::move(digits);
  out.negative = a.negative != b.negative && !out.digits.empty();
  return out;
}

DecimalNumber quotient_of(const DecimalNumber& a, const DecimalNumber& b) {
  DecimalNumber out;
  out.scale = a.scale;
  // a / 10^s over b / 10^t with scale s is a * 10^t / b.
  std::string x = a.digits, y = b.digits;
  if (b.scale > 0 && !x.empty()) x.append(static_cast<size_t>(b.scale), '0');
  if (b.scale < 0) y.append(static_cast<size_t>(-b.scale), '0');
  out.digits = divide_digits(x, y);
  out.negative = a.negative != b.negative && !out.digits.empty();
  return out;
}

DecimalNumber with_scale(DecimalNumber value, int64_t scale) {
  if (scale >= value.scale) {
    value.digits = shifted(value, scale);
  } else {
    value.digits = divide_digits(value.digits, "1" + std::string(static_cast<size_t>(value.scale - scale), '0'));
    if (value.digits.empty()) value.negative = false;
  }
  value.scale = scale;
  return value;
}

DecimalNumber with_precision(DecimalNumber value, int64_t precision) {
  for (auto size = static_cast<int64_t>(value.digits.size()); precision > 0 && size > precision; size = static_cast<int64_t>(value.digits.size())) {
    value = with_scale(std::move(value), value.scale - (size - precision));  // 999.9 becomes 1000 and is rounded once more
  }
  return value;
}

}  // namespace bywash::analytics
