#include "analytics/segment/table_schema.h"

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "base/calendar.h"

namespace bywash::analytics {
namespace {

constexpr std::string_view kTypeNames[] = {"INT", "LONG", "FLOAT", "DOUBLE", "BOOLEAN", "TIMESTAMP", "STRING", "JSON", "BYTES", "BIG_DECIMAL"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool same_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

Status not_a(DataType type, std::string_view text) {
  return Status::invalid(fmt::format("Value is not a valid {}: '{}'", to_string(type), text));
}

// 'yyyy-MM-dd[ HH:mm:ss[.fraction]]', as java.sql.Timestamp reads it, in UTC.
bool parse_timestamp(std::string_view text, int64_t* out) {
  int fields[6] = {0, 0, 0, 0, 0, 0};
  const char separators[6] = {'-', '-', ' ', ':', ':', '.'};
  const char* at = text.data();
  const char* end = at + text.size();
  int count = 0;
  while (count < 6) {
    auto [next, error] = std::from_chars(at, end, fields[count]);
    if (error != std::errc() || fields[count] < 0) return false;
    at = next;
    ++count;
    if (at == end) break;
    if (*at != separators[count - 1] && !(count == 3 && *at == 'T')) return false;
    ++at;
    if (count == 6) break;
  }
  if (count != 3 && count != 6) return false;
  int64_t millis = 0;
  int scale = 100;
  for (; at != end; ++at, scale /= 10) {
    if (*at < '0' || *at > '9') return false;
    millis += (*at - '0') * scale;
  }
  if (fields[1] < 1 || fields[1] > 12 || fields[2] < 1 || fields[2] > 31 || fields[3] > 23 || fields[4] > 59 || fields[5] > 59) return false;
  const int64_t days = days_of_civil(fields[0], fields[1], fields[2]);
  *out = ((days * 24 + fields[3]) * 60 + fields[4]) * 60'000 + fields[5] * 1000 + millis;
  return true;
}

template <class T>
bool parse_integer(std::string_view text, T* out) {
  if (text.starts_with('+')) text.remove_prefix(1);
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size();
}

bool parse_real(std::string_view text, double* out) {
  if (text == "NaN") return *out = std::nan(""), true;
  if (text == "Infinity" || text == "+Infinity") return *out = INFINITY, true;
  if (text == "-Infinity") return *out = -INFINITY, true;
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || !(text[0] == '-' || text[0] == '.' || (text[0] >= '0' && text[0] <= '9'))) return false;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  if (error == std::errc::result_out_of_range) {
    std::string copy(text);
    *out = std::strtod(copy.c_str(), nullptr);  // rounds to 0 or infinity, as Java does
    return true;
  }
  return error == std::errc() && end == text.data() + text.size();
}

bool parse_hex(std::string_view text, std::string* out) {
  if (text.size() % 2) return false;
  auto digit = [](char c) { c = lower(c); return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  for (size_t i = 0; i < text.size(); i += 2) {
    int high = digit(text[i]), low = digit(text[i + 1]);
    if (high < 0 || low < 0) return false;
    out->push_back(static_cast<char>(high * 16 + low));
  }
  return true;
}

}  // namespace

std::string_view to_string(DataType type) { return kTypeNames[static_cast<int>(type)]; }

Result<DataType> data_type_from(std::string_view name) {
  for (size_t i = 0; i < std::size(kTypeNames); ++i) {
    if (kTypeNames[i] == name) return static_cast<DataType>(i);
  }
  return Status::invalid(fmt::format("Unknown data type: '{}'. Use one of INT, LONG, FLOAT, DOUBLE, BOOLEAN, TIMESTAMP, STRING, JSON, "
                                     "BYTES, BIG_DECIMAL", name));
}

Result<Scalar> parse_scalar(DataType type, std::string_view text) {
  Scalar out;
  switch (type) {
    case DataType::kInt: {
      int32_t value;
      if (!parse_integer(text, &value)) return not_a(type, text);
      out.integer = value;
      return out;
    }
    case DataType::kLong:
      if (!parse_integer(text, &out.integer)) return not_a(type, text);
      return out;
    case DataType::kBoolean:
      if (text == "1" || same_ignoring_case(text, "true")) out.integer = 1;
      else if (text != "0" && !same_ignoring_case(text, "false")) return not_a(type, text);
      return out;
    case DataType::kTimestamp:
      if (!parse_integer(text, &out.integer) && !parse_timestamp(text, &out.integer)) return not_a(type, text);
      return out;
    case DataType::kFloat:
    case DataType::kDouble:
      if (!parse_real(text, &out.real)) return not_a(type, text);
      if (type == DataType::kFloat) out.real = static_cast<float>(out.real);
      return out;
    case DataType::kBytes:
      if (!parse_hex(text, &out.text)) return not_a(type, text);
      return out;
    case DataType::kBigDecimal: {
      double ignored;
      if (!parse_real(text, &ignored) || !std::isfinite(ignored)) return not_a(type, text);
      out.text = text;
      return out;
    }
    default: out.text = text; return out;
  }
}

Scalar default_null_of(FieldKind kind, DataType type) {
  Scalar out;
  bool metric = kind == FieldKind::kMetric;
  switch (type) {
    case DataType::kInt: out.integer = metric ? 0 : std::numeric_limits<int32_t>::min(); break;
    case DataType::kLong: out.integer = metric ? 0 : std::numeric_limits<int64_t>::min(); break;
    case DataType::kFloat:
    case DataType::kDouble: out.real = metric ? 0 : -INFINITY; break;
    case DataType::kString:
    case DataType::kJson: out.text = "null"; break;
    case DataType::kBigDecimal: out.text = "0"; break;
    default: break;
  }
  return out;
}

int TableSchema::find(std::string_view field) const {
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == field) return static_cast<int>(i);
  }
  return -1;
}

int TableSchema::find_ignoring_case(std::string_view field) const {
  if (int exact = find(field); exact >= 0) return exact;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (same_ignoring_case(fields[i].name, field)) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace bywash::analytics
