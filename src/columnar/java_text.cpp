// Java's texts of values, containers in the order Java walks them. Level 1, every thread.
#include "columnar/java_text.h"

#include <algorithm>
#include <bit>

#include "base/calendar.h"
#include "base/java_hash.h"
#include "columnar/java_number.h"

namespace bywash::columnar {
namespace {

int32_t java_hash(const Value& value) {
  auto fold = [](uint64_t bits) { return static_cast<int32_t>(bits ^ bits >> 32); };
  if (auto* s = value.get_if<std::string>()) return java_string_hash(*s);
  if (auto* b = value.get_if<bool>()) return *b ? 1231 : 1237;
  if (auto* n = value.get_if<int8_t>()) return *n;
  if (auto* n = value.get_if<int16_t>()) return *n;
  if (auto* n = value.get_if<int32_t>()) return *n;
  if (auto* n = value.get_if<int64_t>()) return fold(static_cast<uint64_t>(*n));
  if (auto* d = value.get_if<double>()) return fold(std::bit_cast<uint64_t>(*d));
  if (auto* f = value.get_if<float>()) return std::bit_cast<int32_t>(*f);
  if (auto* ms = value.get_if<Value::Millis>()) return fold(static_cast<uint64_t>(ms->ms));
  return 0;
}

// java.util.Date.toString() in UTC.
std::string date_text(int64_t ms) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  int64_t seconds = ms / 1000 - (ms % 1000 < 0);
  int64_t days = seconds / 86400 - (seconds % 86400 < 0), of_day = seconds - days * 86400;
  const CivilDate date = java_calendar_date(days);
  int64_t weekday = ((days % 7) + 11) % 7;
  return fmt::format("{} {} {:02} {:02}:{:02}:{:02} UTC {}", kDays[weekday], kMonths[date.month - 1], date.day, of_day / 3600, of_day / 60 % 60, of_day % 60, date.year);
}

std::string struct_text(const Value::Struct& s) {
  std::string out = "Struct{";
  bool first = true;
  for (size_t i = 0; i < s.values.size(); ++i) {
    if (s.values[i].is_null()) continue;
    if (!first) out += ",";
    first = false;
    out += s.schema->fields()[i].name + "=" + java_text(s.values[i]);
  }
  return out + "}";
}

std::string list_text(const Value::List& list) {
  std::string out = "[";
  for (const Value& item : list) {
    if (out.size() > 1) out += ", ";
    out += java_text(item);
  }
  return out + "]";
}

std::string map_text(const Value::Map& map) {
  std::string out = "{";
  std::vector<Value> keys;
  for (const auto& entry : map) keys.push_back(entry.first);
  for (size_t i : java_hash_order(keys)) {
    if (out.size() > 1) out += ", ";
    out += java_text(map[i].first) + "=" + java_text(map[i].second);
  }
  return out + "}";
}

}  // namespace

std::vector<size_t> java_hash_order(const std::vector<Value>& keys) {
  const size_t capacity = java_map_capacity(keys.size());
  std::vector<std::pair<size_t, size_t>> placed;
  for (size_t i = 0; i < keys.size(); ++i) placed.emplace_back(java_map_bucket(java_hash(keys[i]), capacity), i);
  std::stable_sort(placed.begin(), placed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<size_t> order;
  for (const auto& p : placed) order.push_back(p.second);
  return order;
}

std::string java_text(const Value& value) {
  return std::visit([](const auto& v) -> std::string {
    using T = std::decay_t<decltype(v)>;
    if constexpr (std::is_same_v<T, Value::Null>) return "null";
    else if constexpr (std::is_same_v<T, bool>) return v ? "true" : "false";
    else if constexpr (std::is_same_v<T, float>) return java_float(v);
    else if constexpr (std::is_same_v<T, double>) return java_double(v);
    else if constexpr (std::is_integral_v<T>) return std::to_string(static_cast<int64_t>(v));
    else if constexpr (std::is_same_v<T, std::string>) return v;
    else if constexpr (std::is_same_v<T, Value::Bytes>) return v.data;
    else if constexpr (std::is_same_v<T, Decimal>) return to_java_string(v);
    else if constexpr (std::is_same_v<T, Value::Millis>) return date_text(v.ms);
    else if constexpr (std::is_same_v<T, std::shared_ptr<const Value::List>>) return list_text(*v);
    else if constexpr (std::is_same_v<T, std::shared_ptr<const Value::Map>>) return map_text(*v);
    else return struct_text(*v);
  }, value.storage());
}

}  // namespace bywash::columnar
