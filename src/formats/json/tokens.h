// JSON tokens as Jackson 2.21 reads them under Kafka's JsonDeserializer: leading zeros in numbers accepted, nothing else beyond the
// standard. One pass over the message where it lies: no copy, no padding. Decode step of the sink line, the task's thread. Level 4.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace bywash::formats::json {

// Jackson's StreamReadConstraints defaults.
inline constexpr int kMaxDepth = 1000;
inline constexpr int kMaxNumberDigits = 1000;

// Most often there is none; where there is, as in a text padded or indented, it is a run of spaces.
inline void skip_space(const char*& p, const char* end) {
  if (p == end || static_cast<unsigned char>(*p) > ' ') return;
#ifdef __SSE2__
  while (end - p >= 16) {
    __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    auto others = ~static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8(' ')))) & 0xFFFFu;
    p += others ? __builtin_ctz(others) : 16;
    if (others) break;
  }
#endif
  while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) ++p;
}

// A number as written; what it is worth depends on who asks (see number.h).
struct Number {
  const char* begin = nullptr;  // at the sign
  const char* end = nullptr;
  uint64_t mantissa = 0;  // all digits, point left out, modulo 2^64
  int digits = 0;         // significant digits in the mantissa (leading zeros not counted)
  int fraction = 0;       // digits after the point
  int64_t exponent = 0;   // as written after 'e'; capped far beyond what a double or a decimal's scale can hold
  bool negative = false;
  bool integral = true;  // neither point nor exponent
  std::string_view text() const { return {begin, static_cast<size_t>(end - begin)}; }
};

inline bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

// What eight bytes that are digits are worth, without a loop (little-endian machines); zero bytes at the front count as zeros.
inline uint64_t eight_digits(uint64_t v) {
  v = (v & 0x0F0F0F0F0F0F0F0Fu) * 2561 >> 8;
  v = (v & 0x00FF00FF00FF00FFu) * 6553601 >> 16;
  return (v & 0x0000FFFF0000FFFFu) * 42949672960001u >> 32;
}

// How many bytes from the first on are digits, and what that many are worth (1 to 8 of them): no loop whose end has to be guessed.
inline int leading_digits(uint64_t v) {
  // A carry out of a byte says that this byte is no digit, and reaches later ones only.
  uint64_t others = ((v & 0xF0F0F0F0F0F0F0F0u) ^ 0x3030303030303030u) | (((v + 0x0606060606060606u) & 0xF0F0F0F0F0F0F0F0u) ^ 0x3030303030303030u);
  return others ? std::countr_zero(others) >> 3 : 8;
}
inline uint64_t digits_worth(uint64_t v, int count) { return eight_digits(v << (64 - 8 * count)); }

// Appends the digits at p to `*m`, modulo 2^64, and says how many there were.
[[gnu::always_inline]] inline int64_t scan_digits(const char*& p, const char* end, uint64_t* m) {
  const char* first = p;
  if constexpr (std::endian::native == std::endian::little) {
    static constexpr uint64_t kPowers[] = {1, 10, 100, 1000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000};
    while (end - p >= 8) {
      uint64_t word;
      std::memcpy(&word, p, 8);
      const int count = leading_digits(word);
      if (count > 0) *m = *m * kPowers[count] + digits_worth(word, count);
      p += count;
      if (count < 8) return p - first;
    }
  }
  for (; p < end && is_digit(*p); ++p) *m = *m * 10 + static_cast<uint64_t>(*p - '0');
  return p - first;
}

inline bool scan_exponent(const char*& p, const char* end, Number* n) {
  ++p;
  bool negative = p < end && *p == '-';
  if (p < end && (*p == '-' || *p == '+')) ++p;
  if (p == end || !is_digit(*p)) return false;
  for (; p < end && is_digit(*p); ++p) {
    if (n->exponent < 100'000'000'000) n->exponent = n->exponent * 10 + (*p - '0');
  }
  if (negative) n->exponent = -n->exponent;
  n->integral = false;
  return true;
}

// p at '-' or a digit. False: not a number Jackson takes.
inline bool scan_number(const char*& p, const char* end, Number* n) {
  *n = Number();
  n->begin = p;
  if (p < end && *p == '-') {
    n->negative = true;
    ++p;
  }
  if (p == end || !is_digit(*p)) return false;
  while (p < end && *p == '0') ++p;
  uint64_t m = 0;
  n->digits = static_cast<int>(scan_digits(p, end, &m));
  if (p < end && *p == '.') {
    const char* first = ++p;
    for (; p < end && is_digit(*p); ++p) {
      m = m * 10 + static_cast<uint64_t>(*p - '0');
      n->digits += m != 0 || n->digits > 0;
    }
    n->fraction = static_cast<int>(p - first);
    if (n->fraction == 0) return false;
    n->integral = false;
  }
  n->mantissa = m;
  if (p < end && (*p == 'e' || *p == 'E')) {
    if (!scan_exponent(p, end, n)) return false;
    // BigDecimal's scale is an int.
    if (n->fraction - n->exponent > INT32_MAX || n->fraction - n->exponent < INT32_MIN) return false;
  }
  n->end = p;
  return n->end - n->begin <= kMaxNumberDigits || (n->digits <= kMaxNumberDigits && n->fraction <= kMaxNumberDigits);
}

// p after the opening quote. True: a string without escapes, all ASCII, is in `out` and p is past the closing quote. False: p is
// where it was and scan_string has to look.
inline bool scan_plain_string(const char*& p, const char* end, std::string_view* out) {
  const char* q = p;
#ifdef __SSE2__
  while (end - q >= 16) {
    __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(q));
    // Signed comparison: bytes from 0x80 up are negative, so they and the control characters are "less than a space".
    __m128i odd = _mm_or_si128(_mm_cmplt_epi8(block, _mm_set1_epi8(' ')), _mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));
    __m128i quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
    auto stops = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(odd, quote)));
    if (stops) {
      q += __builtin_ctz(stops);
      if (*q != '"') return false;
      *out = {p, static_cast<size_t>(q - p)};
      p = q + 1;
      return true;
    }
    q += 16;
  }
#endif
  for (; q < end; ++q) {
    auto c = static_cast<unsigned char>(*q);
    if (c == '"') {
      *out = {p, static_cast<size_t>(q - p)};
      p = q + 1;
      return true;
    }
    if (c == '\\' || c < 0x20 || c >= 0x80) return false;
  }
  return false;
}

// p after the opening quote: the whole string as UTF-8 in `out`, p past the closing quote. Unpaired surrogates become '?', as in
// Java's own encoding of such a string. False: malformed.
bool scan_string(const char*& p, const char* end, std::string* out);

// One character as UTF-8.
void append_code_point(uint32_t c, std::string* out);

// p at the first letter of true, false or null. False: another word, or more letters follow.
inline bool scan_word(const char*& p, const char* end, std::string_view word) {
  if (static_cast<size_t>(end - p) < word.size() || std::memcmp(p, word.data(), word.size()) != 0) return false;
  p += word.size();
  if (p == end) return true;
  auto c = static_cast<unsigned char>(*p);
  // Jackson asks for the next character only where it could go on: a letter, a digit, '_' , '$' or a non-ASCII letter.
  bool goes_on = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
  return !goes_on;
}

// Skips one value of any kind. `depth` is that of the value's parent. False: malformed.
bool skip_value(const char*& p, const char* end, int depth);

}  // namespace bywash::formats::json
