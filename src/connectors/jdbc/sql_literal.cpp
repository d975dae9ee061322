// SQL literals. Level 6.
#include "connectors/jdbc/sql_literal.h"

#include <fmt/format.h>

#include <cmath>

#include "columnar/java_text.h"

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
  auto real = [&](double v) {
    if (std::isnan(v)) return std::string("'NaN'");
    if (std::isinf(v)) return std::string(v > 0 ? "'Infinity'" : "'-Infinity'");
    return columnar::java_text(value);  // 1.0, not 1: databases show the text of a default
  };
  if (auto* v = value.get_if<int8_t>()) return std::to_string(*v);
  if (auto* v = value.get_if<int16_t>()) return std::to_string(*v);
  if (auto* v = value.get_if<int32_t>()) return std::to_string(*v);
  if (auto* v = value.get_if<int64_t>()) return std::to_string(*v);
  if (auto* v = value.get_if<float>()) return real(*v);
  if (auto* v = value.get_if<double>()) return real(*v);
  if (auto* v = value.get_if<columnar::Decimal>()) return columnar::to_java_string(*v);
  return "";
}

std::string hex_digits(std::string_view bytes) {
  std::string out;
  for (unsigned char c : bytes) out += fmt::format("{:02X}", c);
  return out;
}

std::string temporal_literal(const columnar::ConnectSchema& schema, int64_t ms, const LocalTimes& times) {
  auto with_millis = [](std::string text, int64_t micros) {
    if (size_t point = text.find('.'); point != text.npos) text.resize(point);
    return text + fmt::format(".{:03}", micros / 1000 % 1000);
  };
  if (schema.logical() == columnar::Logical::kDate) return quoted_text(date_text(times.date_days(static_cast<int32_t>(ms / 86'400'000))));
  if (schema.logical() == columnar::Logical::kTime) {
    int64_t micros = times.time_micros(static_cast<int32_t>(ms));
    return quoted_text(with_millis(time_text(micros), micros));
  }
  int64_t local = times.timestamp_micros(ms * 1000);
  int64_t of_second = (local % 1'000'000 + 1'000'000) % 1'000'000;
  std::string text = timestamp_text(local - of_second);
  return quoted_text(with_millis(text, of_second));
}

}  // namespace bywash::jdbc
