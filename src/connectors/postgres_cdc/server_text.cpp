#include "connectors/postgres_cdc/server_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/calendar.h"
#include "base/time_arithmetic.h"

namespace bywash::postgres_cdc {
namespace {

constexpr int64_t kPositiveInfinityMicros = 9'223'372'036'825'200'000;
constexpr int64_t kNegativeInfinityMicros = -9'223'372'036'832'400'000;

// Reads a number from the front of *text.
std::optional<int64_t> take_number(std::string_view* text) {
  int64_t out = 0;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
  // No part of a time has more digits.
  if (error != std::errc() || end - text->data() > 11) return std::nullopt;
  text->remove_prefix(static_cast<size_t>(end - text->data()));
  return out;
}

bool take(std::string_view* text, char wanted) {
  if (text->empty() || text->front() != wanted) return false;
  text->remove_prefix(1);
  return true;
}

// ".123": microseconds; 0 where there is no point.
int64_t take_fraction(std::string_view* text) {
  if (!take(text, '.')) return 0;
  int64_t out = 0, unit = 100'000;
  while (!text->empty() && text->front() >= '0' && text->front() <= '9') {
    out += (text->front() - '0') * unit;
    unit /= 10;
    text->remove_prefix(1);
  }
  return out;
}

// "2024-06-15"; the year as written.
struct CivilText {
  int64_t year = 0;
  int month = 0, day = 0;
};
std::optional<CivilText> take_civil(std::string_view* text) {
  auto year = take_number(text);
  if (!year || !take(text, '-')) return std::nullopt;
  auto month = take_number(text);
  if (!month || !take(text, '-')) return std::nullopt;
  auto day = take_number(text);
  if (!day || std::abs(*year) > 10'000'000 || *month < 1 || *month > 12 || *day < 1 || *day > 31) return std::nullopt;
  return CivilText{*year, static_cast<int>(*month), static_cast<int>(*day)};
}

std::optional<ClockTime> take_clock(std::string_view* text) {
  auto hours = take_number(text);
  if (!hours || !take(text, ':')) return std::nullopt;
  auto minutes = take_number(text);
  if (!minutes || !take(text, ':')) return std::nullopt;
  auto seconds = take_number(text);
  if (!seconds || *hours > 1000 || *minutes > 1000 || *seconds > 1000) return std::nullopt;
  ClockTime out;
  out.micros = ((*hours * 60 + *minutes) * 60 + *seconds) * kMicrosPerSecond + take_fraction(text);
  if (text->empty() || (text->front() != '+' && text->front() != '-')) return out;
  int sign = text->front() == '-' ? -1 : 1;
  text->remove_prefix(1);
  int64_t parts[3] = {};
  for (int i = 0; i < 3; ++i) {
    if (i > 0 && !take(text, ':')) break;
    auto part = take_number(text);
    if (!part) return std::nullopt;
    parts[i] = *part;
  }
  out.offset_seconds = static_cast<int32_t>(sign * ((parts[0] * 60 + parts[1]) * 60 + parts[2]));
  return out;
}

bool take_era(std::string_view* text, CivilText* date) {
  if (!text->ends_with(" BC")) return text->empty();
  text->remove_suffix(3);
  date->year = 1 - date->year;
  return text->empty();
}

// One element of an array from the front of *text.
std::optional<std::optional<std::string>> take_element(std::string_view* text, char delimiter) {
  std::string out;
  if (take(text, '"')) {
    while (!text->empty() && text->front() != '"') {
      if (text->front() == '\\') text->remove_prefix(1);
      if (text->empty()) return std::nullopt;
      out += text->front();
      text->remove_prefix(1);
    }
    if (!take(text, '"')) return std::nullopt;
    return std::optional(std::optional(std::move(out)));
  }
  while (!text->empty() && text->front() != delimiter && text->front() != '}') {
    if (text->front() == '\\') text->remove_prefix(1);
    if (text->empty()) return std::nullopt;
    out += text->front();
    text->remove_prefix(1);
  }
  if (out == "NULL") return std::optional(std::optional<std::string>());
  return std::optional(std::optional(std::move(out)));
}

bool take_elements(std::string_view* text, char delimiter, int depth, Elements* out) {
  if (depth > 6 || !take(text, '{')) return false;
  if (take(text, '}')) return true;
  while (true) {
    if (!text->empty() && text->front() == '{') {
      if (!take_elements(text, delimiter, depth + 1, out)) return false;
    } else {
      auto element = take_element(text, delimiter);
      if (!element) return false;
      out->push_back(std::move(*element));
    }
    if (take(text, delimiter)) continue;
    return take(text, '}');
  }
}

std::optional<std::string> take_quoted(std::string_view* text) {
  if (!take(text, '"')) return std::nullopt;
  std::string out;
  while (!text->empty() && text->front() != '"') {
    if (text->front() == '\\') text->remove_prefix(1);
    if (text->empty()) return std::nullopt;
    out += text->front();
    text->remove_prefix(1);
  }
  return take(text, '"') ? std::optional(out) : std::nullopt;
}

}  // namespace

std::optional<int64_t> parse_date(std::string_view text) {
  auto date = take_civil(&text);
  if (!date || !take_era(&text, &*date)) return std::nullopt;
  return days_of_civil(date->year, date->month, date->day);
}

std::optional<ClockTime> parse_time(std::string_view text) {
  auto out = take_clock(&text);
  return out && text.empty() ? out : std::nullopt;
}

std::optional<int64_t> parse_timestamp(std::string_view text) {
  auto date = take_civil(&text);
  if (!date || !take(&text, ' ')) return std::nullopt;
  auto time = take_clock(&text);
  if (!time || !take_era(&text, &*date)) return std::nullopt;
  return days_of_civil(date->year, date->month, date->day) * kMicrosPerDay + time->micros - time->offset_seconds * kMicrosPerSecond;
}

std::optional<int64_t> infinite_micros(std::string_view text) {
  if (text == "infinity") return kPositiveInfinityMicros;
  return text == "-infinity" ? std::optional(kNegativeInfinityMicros) : std::nullopt;
}

std::optional<int64_t> infinite_days(std::string_view text) {
  if (text == "infinity") return days_of_civil(-5'877'611, 6, 21);
  return text == "-infinity" ? std::optional(days_of_civil(-5'877'611, 6, 22)) : std::nullopt;
}

std::optional<Interval> parse_interval(std::string_view text) {
  Interval out;
  while (!text.empty()) {
    if (take(&text, ' ')) continue;
    bool negative = text.front() == '-';
    if (text.front() == '+') text.remove_prefix(1);
    auto number = take_number(&text);
    if (!number) return std::nullopt;
    if (take(&text, ':')) {
      auto minutes = take_number(&text);
      if (!minutes || !take(&text, ':')) return std::nullopt;
      auto seconds = take_number(&text);
      if (!seconds) return std::nullopt;
      int sign = negative ? -1 : 1;
      out.hours = static_cast<int32_t>(*number);
      out.minutes = static_cast<int32_t>(sign * *minutes);
      out.micros = sign * (*seconds * kMicrosPerSecond + take_fraction(&text));
      continue;
    }
    if (!take(&text, ' ')) return std::nullopt;
    std::string_view unit = text.substr(0, text.find(' '));
    text.remove_prefix(unit.size());
    auto value = static_cast<int32_t>(*number);
    if (unit.starts_with("year")) out.years = value;
    else if (unit.starts_with("mon")) out.months = value;
    else if (unit.starts_with("day")) out.days = value;
    else return std::nullopt;
  }
  return out;
}

int64_t micros_of(const Interval& i) {
  int64_t months = int64_t{i.years} * 12 + i.months;
  int64_t seconds = months * 2'629'800 + int64_t{i.days} * 86'400 + int64_t{i.hours} * 3600 + int64_t{i.minutes} * 60;
  return seconds * kMicrosPerSecond + i.micros;
}

std::string iso_interval(const Interval& i) {
  std::string seconds = fmt::format("{}{}", i.micros < 0 ? "-" : "", std::abs(i.micros) / kMicrosPerSecond);
  if (int64_t fraction = std::abs(i.micros) % kMicrosPerSecond) {
    seconds += fmt::format(".{:06}", fraction);
    while (seconds.back() == '0') seconds.pop_back();
  }
  return fmt::format("P{}Y{}M{}DT{}H{}M{}S", i.years, i.months, i.days, i.hours, i.minutes, seconds);
}

std::optional<Elements> parse_array(std::string_view text, char delimiter) {
  // "[0:2]={...}": bounds that are not from 1 on.
  if (!text.empty() && text.front() == '[') text.remove_prefix(std::min(text.find('=') == text.npos ? text.size() : text.find('=') + 1, text.size()));
  Elements out;
  if (!take_elements(&text, delimiter, 0, &out) || !text.empty()) return std::nullopt;
  return out;
}

std::optional<std::vector<std::pair<std::string, std::optional<std::string>>>> parse_hstore(std::string_view text) {
  std::vector<std::pair<std::string, std::optional<std::string>>> out;
  while (!text.empty()) {
    auto key = take_quoted(&text);
    if (!key || !take(&text, '=') || !take(&text, '>')) return std::nullopt;
    if (text.starts_with("NULL")) {
      text.remove_prefix(4);
      out.emplace_back(std::move(*key), std::nullopt);
    } else {
      auto value = take_quoted(&text);
      if (!value) return std::nullopt;
      out.emplace_back(std::move(*key), std::move(*value));
    }
    if (!text.empty() && (!take(&text, ',') || !take(&text, ' '))) return std::nullopt;
  }
  return out;
}

std::string iso_date(int64_t days) {
  CivilDate c = civil_date(days);
  std::string_view sign = c.year < 0 ? "-" : c.year > 9999 ? "+" : "";
  return fmt::format("{}{:04}-{:02}-{:02}", sign, std::abs(c.year), c.month, c.day);
}

std::string iso_time(int64_t micros, int digits) {
  int64_t seconds = micros / kMicrosPerSecond, fraction = micros % kMicrosPerSecond;
  std::string out = fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (digits == 0 || (digits < 0 && fraction == 0)) return out;
  std::string behind = fmt::format("{:06}", fraction);
  if (digits > 0) behind.resize(static_cast<size_t>(digits), '0');
  else while (behind.back() == '0') behind.pop_back();
  return out + "." + behind;
}

std::string iso_timestamp(int64_t micros, int digits) {
  int64_t days = floor_div(micros, kMicrosPerDay);
  return iso_date(days) + "T" + iso_time(micros - days * kMicrosPerDay, digits);
}

}  // namespace bywash::postgres_cdc
