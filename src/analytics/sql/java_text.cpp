#include "analytics/sql/java_text.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace bywash::analytics::sql {
namespace {

template <class T>
std::string java_real(T value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  if (value == 0) return std::signbit(value) ? "-0.0" : "0.0";
  T magnitude = std::abs(value);
  std::string out = value < 0 ? "-" : "";
  // Whole numbers of moderate size are most of what is printed.
  if (magnitude >= 1 && magnitude < T(1e7) && magnitude == std::floor(magnitude)) {
    return out + std::to_string(static_cast<int64_t>(magnitude)) + ".0";
  }
  char buffer[48];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, magnitude, std::chars_format::scientific);
  std::string_view text(buffer, static_cast<size_t>(end - buffer));
  size_t e = text.find('e');
  int exponent = 0;
  std::string_view exponent_text = text.substr(e + 1);
  if (exponent_text[0] == '+') exponent_text.remove_prefix(1);
  std::from_chars(exponent_text.data(), exponent_text.data() + exponent_text.size(), exponent);
  std::string digits;
  for (char c : text.substr(0, e)) {
    if (c != '.') digits += c;
  }
  if (exponent >= -3 && exponent < 7) {
    if (exponent < 0) return out + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
    auto whole = static_cast<size_t>(exponent + 1);
    if (digits.size() <= whole) return out + digits + std::string(whole - digits.size(), '0') + ".0";
    return out + digits.substr(0, whole) + "." + digits.substr(whole);
  }
  out += digits[0];
  out += '.';
  out += digits.size() > 1 ? digits.substr(1) : "0";
  return out + "E" + std::to_string(exponent);
}

}  // namespace

std::string java_double(double value) { return java_real(value); }
std::string java_float(float value) { return java_real(value); }

std::string java_timestamp(int64_t millis) {
  using namespace std::chrono;
  sys_time<milliseconds> at{milliseconds(millis)};
  auto day = floor<days>(at);
  year_month_day date(day);
  hh_mm_ss time(at - day);
  std::string fraction = fmt::format("{:03}", time.subseconds().count());
  while (fraction.size() > 1 && fraction.back() == '0') fraction.pop_back();
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), time.hours().count(), time.minutes().count(), time.seconds().count(), fraction);
}

}  // namespace bywash::analytics::sql
