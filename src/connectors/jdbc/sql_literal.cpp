// SQL literals. Level 6.
#include "connectors/jdbc/sql_literal.h"

#include <fmt/format.h>

#include <cmath>

#include "connectors/jdbc/time_zone.h"

namespace bywash::jdbc {

std::string quoted_text(std::string_view text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

std::string number_literal(const columnar::Value& value) {
  auto real = [](double v, std::string text) {
    if (std::isnan(v)) return std::string("'NaN'");
    if (std::isinf(v)) return std::string(v > 0 ? "'Infinity'" : "'-Infinity'");
    return text;
  };
  if (auto* v = value.get_if<int8_t>()) return std::to_string(*v);
  if (auto* v = value.get_if<int16_t>()) return std::to_string(*v);
  if (auto* v = value.get_if<int32_t>()) return std::to_string(*v);
  if (auto* v = value.get_if<int64_t>()) return std::to_string(*v);
  if (auto* v = value.get_if<float>()) return real(*v, fmt::format("{}", *v));
  if (auto* v = value.get_if<double>()) return real(*v, fmt::format("{}", *v));
  if (auto* v = value.get_if<columnar::Decimal>()) return columnar::to_plain_string(*v);
  return "";
}

std::string hex_digits(std::string_view bytes) {
  std::string out;
  for (unsigned char c : bytes) out += fmt::format("{:02x}", c);
  return out;
}

std::string temporal_literal(const columnar::ConnectSchema& schema, int64_t ms) {
  int64_t day = ms >= 0 ? ms / 86'400'000 : -((86'399'999 - ms) / 86'400'000);
  int64_t rest = ms - day * 86'400'000;
  std::string time = fmt::format("{:02}:{:02}:{:02}.{:03}", rest / 3'600'000, rest / 60'000 % 60, rest / 1000 % 60, rest % 1000);
  switch (schema.logical()) {
    case columnar::Logical::kDate: return quoted_text(date_text(day));
    case columnar::Logical::kTime: return quoted_text(time);
    default: return quoted_text(date_text(day) + " " + time);
  }
}

}  // namespace bywash::jdbc
