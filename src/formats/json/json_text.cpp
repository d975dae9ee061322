// Numbers, base64, strings and dates as JSON text. Encode step of the source line. Level 4.
#include "formats/json/json_text.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <iterator>

#include "base/calendar.h"
#include "base/encoding.h"
#include "columnar/java_number.h"
#include "formats/json/json_writer.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace bywash::formats {
namespace {

// How many bytes at the front, in blocks of 16, surely need no escape.
size_t plain_bytes([[maybe_unused]] std::string_view text) {
  size_t n = 0;
#ifdef __SSE2__
  for (; n + 16 <= text.size(); n += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + n));
    // Signed: bytes beyond ASCII are negative, so less than a space.
    const __m128i special = _mm_or_si128(_mm_cmplt_epi8(block, _mm_set1_epi8(' ')), _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')), _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'))));
    if (_mm_movemask_epi8(special) != 0) break;
  }
#endif
  return n;
}

}  // namespace

void append_json_string(std::string_view text, std::string* out, bool escape_supplementary) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  auto escape = [&](uint32_t unit) {
    *out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) *out += kHex[unit >> shift & 0xF];
  };
  *out += '"';
  size_t run = 0;
  for (size_t i = plain_bytes(text); i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    bool supplementary = c >= 0xF0 && escape_supplementary && i + 4 <= text.size();
    if (c >= 0x20 && c != '"' && c != '\\' && !supplementary) continue;
    out->append(text, run, i - run);
    run = i + 1;
    switch (c) {
      case '"': *out += "\\\""; continue;
      case '\\': *out += "\\\\"; continue;
      case '\b': *out += "\\b"; continue;
      case '\t': *out += "\\t"; continue;
      case '\n': *out += "\\n"; continue;
      case '\f': *out += "\\f"; continue;
      case '\r': *out += "\\r"; continue;
      default: break;
    }
    if (!supplementary) {
      escape(c);
      continue;
    }
    auto more = [&](size_t k) { return static_cast<unsigned char>(text[i + k]) & 0x3Fu; };
    uint32_t code = ((c & 7u) << 18 | more(1) << 12 | more(2) << 6 | more(3)) - 0x10000;
    escape(0xD800 + (code >> 10));
    escape(0xDC00 + (code & 0x3FF));
    i += 3;
    run = i + 1;
  }
  out->append(text, run, text.size() - run);
  *out += '"';
}

namespace json {

void append_integer(int64_t value, std::string* out) {
  char buffer[24];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  (void)error;
  out->append(buffer, end);
}

void append_double(double value, std::string* out) {
  bool quoted = !std::isfinite(value);
  if (quoted) *out += '"';
  columnar::append_java_double(value, out);
  if (quoted) *out += '"';
}

void append_float(float value, std::string* out) {
  bool quoted = !std::isfinite(value);
  if (quoted) *out += '"';
  columnar::append_java_float(value, out);
  if (quoted) *out += '"';
}

void append_base64(std::string_view bytes, std::string* out) {
  *out += '"';
  bywash::append_base64(bytes, out);
  *out += '"';
}

void append_iso_date(int64_t days, std::string* out) {
  const CivilDate date = civil_date(days);
  fmt::format_to(std::back_inserter(*out), "{}{:04}-{:02}-{:02}", date.year > 9999 ? "+" : "", date.year, date.month, date.day);
}

void append_iso_time(int64_t ms, std::string* out) {
  fmt::format_to(std::back_inserter(*out), "{:02}:{:02}:{:02}.{:03}", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60, ms % 1000);
}

void append_iso_timestamp(int64_t epoch_ms, std::string* out) {
  int64_t days = epoch_ms / 86'400'000 - (epoch_ms % 86'400'000 < 0);
  append_iso_date(days, out);
  *out += 'T';
  append_iso_time(epoch_ms - days * 86'400'000, out);
  *out += 'Z';
}

}  // namespace json
}  // namespace bywash::formats
