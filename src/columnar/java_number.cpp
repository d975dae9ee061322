// Digit generation after Steele and White with the stopping rules of Java up to 18 (jdk.internal.math.FloatingDecimal): a symmetric
// distance to the neighbours, at least two digits in scientific form, a tie broken by the last digit. Level 1.
#include "columnar/java_number.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace bywash::columnar {
namespace {

constexpr int kMantissaBits = 52;  // without the leading one
constexpr uint64_t kLeadingOne = uint64_t{1} << kMantissaBits;

// Digits d1 d2 ... of 0.d1d2... x 10^exponent.
struct Digits {
  std::string text;
  int exponent = 0;
};

// An unsigned integer of any size, little-endian words.
class Big {
 public:
  Big(uint64_t value, int fives, int twos) {
    words_ = {static_cast<uint32_t>(value), static_cast<uint32_t>(value >> 32)};
    for (; fives >= 13; fives -= 13) multiply(1'220'703'125);
    for (; fives > 0; --fives) multiply(5);
    shift(twos);
  }
  void multiply(uint32_t factor) {
    uint64_t carry = 0;
    for (uint32_t& w : words_) {
      uint64_t v = static_cast<uint64_t>(w) * factor + carry;
      w = static_cast<uint32_t>(v);
      carry = v >> 32;
    }
    if (carry) words_.push_back(static_cast<uint32_t>(carry));
  }
  void shift(int bits) {
    if (bits % 32) multiply(uint32_t{1} << (bits % 32));
    words_.insert(words_.begin(), static_cast<size_t>(bits / 32), 0);
  }
  // this / divisor, at most 9; this becomes the remainder.
  int divide(const Big& divisor) {
    int q = 0;
    for (; compare(divisor) >= 0; ++q) subtract(divisor);
    return q;
  }
  int compare(const Big& other) const {
    for (size_t i = std::max(words_.size(), other.words_.size()); i-- > 0;) {
      uint32_t a = i < words_.size() ? words_[i] : 0;
      uint32_t b = i < other.words_.size() ? other.words_[i] : 0;
      if (a != b) return a < b ? -1 : 1;
    }
    return 0;
  }
  // this + other against limit.
  int compare_sum(const Big& other, const Big& limit) const {
    Big sum = *this;
    sum.words_.resize(std::max(words_.size(), other.words_.size()) + 1);
    uint64_t carry = 0;
    for (size_t i = 0; i < sum.words_.size(); ++i) {
      uint64_t v = carry + sum.words_[i] + (i < other.words_.size() ? other.words_[i] : 0);
      sum.words_[i] = static_cast<uint32_t>(v);
      carry = v >> 32;
    }
    return sum.compare(limit);
  }

 private:
  void subtract(const Big& other) {
    int64_t borrow = 0;
    for (size_t i = 0; i < words_.size(); ++i) {
      int64_t v = static_cast<int64_t>(words_[i]) - (i < other.words_.size() ? other.words_[i] : 0) + borrow;
      words_[i] = static_cast<uint32_t>(v);
      borrow = v < 0 ? -1 : 0;
    }
  }
  std::vector<uint32_t> words_;
};

int bits_of_power_of_five(int n) {
  if (n >= 27) return 3 * n;
  uint64_t v = 1;
  for (int i = 0; i < n; ++i) v *= 5;
  return n == 0 ? 0 : std::bit_width(v);
}

uint64_t power_of_five(int n) {
  uint64_t v = 1;
  for (int i = 0; i < n; ++i) v *= 5;
  return v;
}

void round_up(Digits* d) {
  size_t i = d->text.size() - 1;
  while (i > 0 && d->text[i] == '9') d->text[i--] = '0';
  if (d->text[i] == '9') {
    d->exponent += 1;
    d->text[i] = '1';
  } else {
    ++d->text[i];
  }
}

// A whole number; digits beyond the precision of the format are rounded away.
Digits digits_of_integer(uint64_t value, int dropped) {
  Digits out;
  uint64_t power = power_of_five(dropped) << dropped;
  uint64_t rest = value % power;
  value /= power;
  if (dropped > 0 && rest >= power / 2) ++value;
  out.text = std::to_string(value);
  out.exponent = static_cast<int>(out.text.size()) + dropped;
  while (out.text.size() > 1 && out.text.back() == '0') out.text.pop_back();
  return out;
}

struct Scaled {
  uint64_t fraction;
  int b2, b5, s2, s5, m2, m5;  // B = fraction x 2^b2 x 5^b5, S and M likewise; the value is B / S x 10^exponent
  int exponent;
};

struct Stop {
  bool low = false, high = false;
  int half = 0;  // twice the remainder against the unit
};

// Fewer than two digits are not enough in scientific form.
bool is_scientific(int exponent) { return exponent < -3 || exponent >= 8; }

Digits finish(Digits out, int exponent, const Stop& stop) {
  out.exponent = exponent + 1;
  bool up = stop.high && (!stop.low || stop.half > 0 || (stop.half == 0 && (out.text.back() & 1)));
  if (up) round_up(&out);
  return out;
}

// Java does this in int or long where the numbers fit at first; sums that overflow there wrap, and change the last digit.
template <class Word>
Digits generate_in_words(Scaled v) {
  using Signed = std::make_signed_t<Word>;
  auto as_signed = [](Word w) { return static_cast<Signed>(w); };
  Digits out;
  auto b = static_cast<Word>(static_cast<Word>(v.fraction * power_of_five(v.b5)) << v.b2);
  auto s = static_cast<Word>(power_of_five(v.s5) << v.s2), m = static_cast<Word>(power_of_five(v.m5) << v.m2);
  auto tens = static_cast<Word>(s * 10);
  Stop stop;
  for (bool first = true; first || (!stop.low && !stop.high); first = false) {
    Word q = b / s;
    b = static_cast<Word>(10 * (b % s));
    m = static_cast<Word>(m * 10);
    bool overflow = !first && as_signed(m) <= 0;
    stop.low = overflow || as_signed(b) < as_signed(m);
    stop.high = overflow || as_signed(static_cast<Word>(b + m)) > as_signed(tens);
    if (first && q == 0 && !stop.high) v.exponent -= 1;
    else out.text += static_cast<char>('0' + q);
    if (first && is_scientific(v.exponent)) stop.low = stop.high = false;
  }
  Signed half = as_signed(static_cast<Word>(b * 2 - tens));
  stop.half = half < 0 ? -1 : half > 0;
  return finish(std::move(out), v.exponent, stop);
}

Digits generate_big(Scaled v) {
  Digits out;
  Big b(v.fraction, v.b5, v.b2), s(1, v.s5, v.s2), m(1, v.m5, v.m2), tens(1, v.s5 + 1, v.s2 + 1);
  Stop stop;
  for (bool first = true; first || (!stop.low && !stop.high); first = false) {
    int q = b.divide(s);
    b.multiply(10);
    m.multiply(10);
    stop.low = b.compare(m) < 0;
    stop.high = b.compare_sum(m, tens) >= 0;
    if (first && q == 0 && !stop.high) v.exponent -= 1;
    else out.text += static_cast<char>('0' + q);
    if (first && is_scientific(v.exponent)) stop.low = stop.high = false;
  }
  b.multiply(2);
  stop.half = b.compare(tens);
  return finish(std::move(out), v.exponent, stop);
}

// fraction x 2^(exponent - 52), the fraction with its leading one at bit 52; `precision` bits of it are significant.
Digits digits_of(uint64_t fraction, int exponent, int precision) {
  int trailing = std::countr_zero(fraction);
  int used = kMantissaBits + 1 - trailing;
  int after_point = std::max(0, used - exponent - 1);
  if (exponent <= 62 && exponent >= -21 && after_point == 0) {
    // Decimal digits that the bits below the precision cannot tell apart.
    int beyond = exponent - precision - 1;
    int dropped = exponent > precision && beyond > 1 ? static_cast<int>(beyond * 0.30102999566398120) : 0;
    return digits_of_integer(exponent >= kMantissaBits ? fraction << (exponent - kMantissaBits) : fraction >> (kMantissaBits - exponent), dropped);
  }
  Scaled v{};
  double mantissa = std::bit_cast<double>((uint64_t{1023} << kMantissaBits) | (fraction & (kLeadingOne - 1)));
  v.exponent = static_cast<int>(std::floor((mantissa - 1.5) * 0.289529654 + 0.176091259 + exponent * 0.301029995663981));
  v.b5 = std::max(0, -v.exponent);
  v.b2 = v.b5 + after_point + exponent;
  v.s5 = std::max(0, v.exponent);
  v.s2 = v.s5 + after_point;
  v.m5 = v.b5;
  v.m2 = v.b2 - precision;
  v.fraction = fraction >> trailing;
  v.b2 -= used - 1;
  int shared = std::min(v.b2, v.s2);
  v.b2 -= shared;
  v.s2 -= shared;
  v.m2 -= shared;
  // The neighbour below a power of two is half as far.
  if (used == 1) v.m2 -= 1;
  if (v.m2 < 0) {
    v.b2 -= v.m2;
    v.s2 -= v.m2;
    v.m2 = 0;
  }
  int b_bits = used + v.b2 + bits_of_power_of_five(v.b5);
  int tens_bits = v.s2 + 1 + bits_of_power_of_five(v.s5 + 1);
  if (b_bits < 32 && tens_bits < 32) return generate_in_words<uint32_t>(v);
  return b_bits < 64 && tens_bits < 64 ? generate_in_words<uint64_t>(v) : generate_big(v);
}

void append_digits(const Digits& d, std::string* out) {
  auto n = static_cast<int>(d.text.size());
  if (d.exponent > 0 && d.exponent < 8) {
    int whole = std::min(n, d.exponent);
    out->append(d.text, 0, static_cast<size_t>(whole));
    out->append(static_cast<size_t>(d.exponent - whole), '0');
    *out += '.';
    if (n > whole) out->append(d.text, static_cast<size_t>(whole));
    else *out += '0';
  } else if (d.exponent <= 0 && d.exponent > -3) {
    *out += "0.";
    out->append(static_cast<size_t>(-d.exponent), '0');
    *out += d.text;
  } else {
    *out += d.text[0];
    *out += '.';
    if (n > 1) out->append(d.text, 1);
    else *out += '0';
    *out += 'E';
    *out += std::to_string(d.exponent - 1);
  }
}

template <class T>
bool append_special(T value, std::string* out) {
  if (std::isnan(value)) {
    *out += "NaN";
    return true;
  }
  if (std::signbit(value)) *out += '-';
  if (std::isinf(value)) *out += "Infinity";
  else if (value == 0) *out += "0.0";
  else return false;
  return true;
}

// Most doubles in data were decimals of few digits once (prices, shares, coordinates). A decimal of at most 15 digits that rounds to the
// value is the only one so short, and the rules above stop at it. False: the value is no such decimal, or written with an exponent.
bool append_short_decimal(double value, std::string* out) {
  constexpr double kScale = 1e6;
  constexpr int kPlaces = 6;
  const double size = std::fabs(value);
  if (size < 1e-3 || size >= 1e7) return false;
  // Below 10^13 and 2^53: exact, so that the division rounds once, as reading the decimal would.
  const auto scaled = static_cast<uint64_t>(size * kScale + 0.5);
  if (static_cast<double>(scaled) / kScale != size) return false;
  auto whole = static_cast<uint32_t>(scaled / 1'000'000), fraction = static_cast<uint32_t>(scaled % 1'000'000);
  char text[24];
  char* at = text;
  if (std::signbit(value)) *at++ = '-';
  at = std::to_chars(at, text + sizeof text, whole).ptr;
  *at++ = '.';
  char* const point = at;
  for (int i = kPlaces; i-- > 0; fraction /= 10) point[i] = static_cast<char>('0' + fraction % 10);
  at = point + kPlaces;
  while (at > point + 1 && at[-1] == '0') --at;
  out->append(text, static_cast<size_t>(at - text));
  return true;
}

}  // namespace

void append_java_double(double value, std::string* out) {
  if (append_short_decimal(value, out) || append_special(value, out)) return;
  auto bits = std::bit_cast<uint64_t>(value);
  uint64_t fraction = bits & (kLeadingOne - 1);
  auto exponent = static_cast<int>(bits >> kMantissaBits & 0x7FF);
  int precision = kMantissaBits + 1;
  if (exponent == 0) {
    int shift = std::countl_zero(fraction) - (63 - kMantissaBits);
    precision -= shift;
    fraction <<= shift;
    exponent = 1 - shift;
  } else {
    fraction |= kLeadingOne;
  }
  append_digits(digits_of(fraction, exponent - 1023, precision), out);
}

void append_java_float(float value, std::string* out) {
  if (append_special(value, out)) return;
  constexpr int kFloatBits = 23;
  auto bits = std::bit_cast<uint32_t>(value);
  uint64_t fraction = bits & ((uint32_t{1} << kFloatBits) - 1);
  auto exponent = static_cast<int>(bits >> kFloatBits & 0xFF);
  int precision = kFloatBits + 1;
  if (exponent == 0) {
    int shift = std::countl_zero(static_cast<uint32_t>(fraction)) - (31 - kFloatBits);
    precision -= shift;
    fraction <<= shift;
    exponent = 1 - shift;
  } else {
    fraction |= uint64_t{1} << kFloatBits;
  }
  append_digits(digits_of(fraction << (kMantissaBits - kFloatBits), exponent - 127, precision), out);
}

std::string java_double(double value) {
  std::string out;
  append_java_double(value, &out);
  return out;
}

std::string java_float(float value) {
  std::string out;
  append_java_float(value, &out);
  return out;
}

}  // namespace bywash::columnar
