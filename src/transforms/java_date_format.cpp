// Formatting and parsing by SimpleDateFormat's patterns. Level 4.
#include "transforms/java_date_format.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstring>

#include "base/clock.h"
#include "base/calendar.h"
#include "base/time_arithmetic.h"
#include "transforms/java_calendar.h"

namespace bywash::transforms {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"January", "February", "March",     "April",   "May",      "June",
                                                      "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> kDays = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

// US weeks: they start on Sunday, and the one with January 1 is the year's first.
std::pair<int64_t, int64_t> week_of_year(int64_t days) {
  const int64_t year = java_calendar_date(days + (6 - calendar_weekday(days))).year;
  const int64_t first = java_calendar_days(year, 1, 1);
  return {year, floor_div(days - (first - calendar_weekday(first)), 7) + 1};
}

void append_padded(std::string& out, int64_t value, int width) {
  if (width <= 4 && value >= 0 && value < 10'000) {
    char digits[4];
    int n = 0;
    for (; n < width || value > 0; value /= 10) digits[n++] = static_cast<char>('0' + value % 10);
    if (n == 0) digits[n++] = '0';
    while (n > 0) out += digits[--n];
    return;
  }
  fmt::format_to(std::back_inserter(out), "{:0{}}", value, width);
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// Length of the name that `text` starts with, longest first; its position goes to `index`.
template <size_t N>
size_t match_name(std::string_view text, const std::array<std::string_view, N>& names, int* index) {
  for (bool whole : {true, false}) {
    for (size_t i = 0; i < N; ++i) {
      std::string_view name = whole ? names[i] : names[i].substr(0, 3);
      if (same_ignoring_case(text.substr(0, name.size()), name)) {
        *index = static_cast<int>(i);
        return name.size();
      }
    }
  }
  return 0;
}

bool numeric(char letter, int count) { return letter && !((letter == 'M' || letter == 'L') && count >= 3) && std::string_view("GEazZX").find(letter) == std::string_view::npos; }

}  // namespace

struct JavaDateFormat::Fields {
  CalendarFields calendar;
  int64_t zone_ms = 0;
};

Result<JavaDateFormat> JavaDateFormat::compile(std::string_view pattern) {
  JavaDateFormat out;
  auto literal = [&](char c) {
    if (out.tokens_.empty() || out.tokens_.back().letter) out.tokens_.push_back({});
    out.tokens_.back().literal += c;
  };
  bool quoted = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\'') {
      if (i + 1 < pattern.size() && pattern[i + 1] == '\'') {
        literal(c);
        ++i;
      } else {
        quoted = !quoted;
      }
    } else if (quoted || !std::isalpha(static_cast<unsigned char>(c))) {
      literal(c);
    } else if (std::string_view("GyYMLwWDdFEuaHkKhmsSzZX").find(c) == std::string_view::npos) {
      return Status::invalid(fmt::format("Illegal pattern character '{}'", c)).with_java_class("java.lang.IllegalArgumentException");
    } else if (i > 0 && pattern[i - 1] == c && !out.tokens_.empty() && out.tokens_.back().letter == c) {
      ++out.tokens_.back().count;
    } else {
      out.tokens_.push_back({c, 1, ""});
    }
  }
  if (quoted) return Status::invalid("Unterminated quote").with_java_class("java.lang.IllegalArgumentException");
  out.find_layouts();
  return out;
}

struct JavaDateFormat::Moment {
  int64_t days, in_day, year;
  int month, day;
};

void JavaDateFormat::format_field(const Token& token, const Moment& moment, std::string& out) {
  const int64_t days = moment.days, in_day = moment.in_day;
  const CivilDate date{moment.year, moment.month, moment.day};
  const int64_t hour = in_day / 3'600'000;
  const int count = token.count;
  auto put = [&](int64_t value) { append_padded(out, value, count); };
  auto put_year = [&](int64_t year) { put(count == 2 ? ((year % 100) + 100) % 100 : year); };
  switch (token.letter) {
    case 'G': out += date.year > 0 ? "AD" : "BC"; break;
    case 'y': put_year(date.year > 0 ? date.year : 1 - date.year); break;
    case 'Y': put_year(week_of_year(days).first); break;
    case 'M':
    case 'L': {
      std::string_view name = kMonths[static_cast<size_t>(date.month - 1)];
      if (count >= 3) out += count >= 4 ? name : name.substr(0, 3);
      else put(date.month);
      break;
    }
    case 'w': put(week_of_year(days).second); break;
    case 'W': put((date.day - 1 + calendar_weekday(days - date.day + 1)) / 7 + 1); break;
    case 'D': put(days - java_calendar_days(date.year, 1, 1) + 1); break;
    case 'd': put(date.day); break;
    case 'F': put((date.day - 1) / 7 + 1); break;
    case 'E': {
      std::string_view name = kDays[static_cast<size_t>(calendar_weekday(days))];
      out += count >= 4 ? name : name.substr(0, 3);
      break;
    }
    case 'u': put(calendar_weekday(days) == 0 ? 7 : calendar_weekday(days)); break;
    case 'a': out += hour < 12 ? "AM" : "PM"; break;
    case 'H': put(hour); break;
    case 'k': put(hour == 0 ? 24 : hour); break;
    case 'K': put(hour % 12); break;
    case 'h': put(hour % 12 == 0 ? 12 : hour % 12); break;
    case 'm': put(in_day / 60'000 % 60); break;
    case 's': put(in_day / 1000 % 60); break;
    case 'S': put(in_day % 1000); break;
    case 'z': out += count >= 4 ? "Coordinated Universal Time" : "UTC"; break;
    case 'Z': out += "+0000"; break;
    default: out += "Z"; break;  // X
  }
}

void JavaDateFormat::append(int64_t ms, std::string* out) const {
  const int64_t days = floor_div(ms, kMsPerDay);
  const CivilDate date = java_calendar_date(days);
  const Moment moment{days, ms - days * kMsPerDay, date.year, date.month, date.day};
  if (!written_.text.empty() && date.year > 0 && date.year < 10'000) {
    const size_t from = out->size();
    *out += written_.text;
    put_fixed(moment, out->data() + from);
    return;
  }
  for (const Token& token : tokens_) {
    if (token.letter) format_field(token, moment, *out);
    else *out += token.literal;
  }
}

int64_t JavaDateFormat::period_ms() const {
  int64_t period = kMsPerDay;
  for (const Token& token : tokens_) {
    const std::string_view letter(&token.letter, 1);
    const int64_t own = letter == "S" ? 1 : letter == "s" ? 1000 : letter == "m" ? 60'000 : std::string_view("HhKka").find(letter) != letter.npos ? 3'600'000 : kMsPerDay;
    period = std::min(period, own);
  }
  return period;
}

std::string JavaDateFormat::format(int64_t ms) const {
  std::string out;
  append(ms, &out);
  return out;
}

void JavaDateFormat::put_fixed(const Moment& moment, char* to) const {
  auto two = [](char* at, uint32_t n) {
    at[0] = static_cast<char>('0' + n / 10);
    at[1] = static_cast<char>('0' + n % 10);
  };
  const auto in_day = static_cast<uint32_t>(moment.in_day), seconds = in_day / 1000, minutes = seconds / 60;
  for (const FixedField& field : written_.fields) {
    char* at = to + field.at;
    switch (field.letter) {
      case 'y': two(at, static_cast<uint32_t>(moment.year) / 100), two(at + 2, static_cast<uint32_t>(moment.year) % 100); break;
      case 'M': two(at, static_cast<uint32_t>(moment.month)); break;
      case 'd': two(at, static_cast<uint32_t>(moment.day)); break;
      case 'H': two(at, minutes / 60); break;
      case 'm': two(at, minutes % 60); break;
      case 's': two(at, seconds % 60); break;
      default: at[0] = static_cast<char>('0' + in_day % 1000 / 100), two(at + 1, in_day % 100); break;
    }
  }
}

void JavaDateFormat::FixedLayout::add(char letter, int width) {
  fields.push_back({letter, static_cast<uint8_t>(text.size()), static_cast<uint8_t>(width)});
  text.append(static_cast<size_t>(width), '0');
}

void JavaDateFormat::FixedLayout::finish() {
  if (text.size() < 8) return;
  std::string mask(text.size(), '\xFF'), carry(text.size(), '\0');
  for (const FixedField& field : fields) {
    std::fill_n(mask.begin() + field.at, field.width, '\xF0');
    std::fill_n(carry.begin() + field.at, field.width, '\x06');
  }
  auto word = [](const std::string& bytes, size_t at) {
    uint64_t w;
    std::memcpy(&w, bytes.data() + at, sizeof w);
    return w;
  };
  for (size_t at = 0; at < text.size(); at += 8) {
    const size_t from = std::min(at, text.size() - 8);
    blocks.push_back({from, word(mask, from), word(text, from), word(carry, from)});
  }
}

bool JavaDateFormat::FixedLayout::matches(const char* bytes) const {
  uint64_t wrong = 0;
  for (const Block& block : blocks) {
    uint64_t w;
    std::memcpy(&w, bytes + block.at, sizeof w);
    wrong |= ((w ^ block.wanted) | ((w + block.carry) ^ block.wanted)) & block.mask;
  }
  return wrong == 0;
}

void JavaDateFormat::find_layouts() {
  bool written = true, read = true, after_number = false;
  for (const Token& token : tokens_) {
    if (written_.text.size() > 200) written = false;
    if (!token.letter) {
      // In a text to be read a digit of a literal would go on with the number before it.
      read = read && std::none_of(token.literal.begin(), token.literal.end(), [](unsigned char c) { return std::isdigit(c); });
      written_.text += token.literal;
      read_.text += token.literal;
      after_number = false;
      continue;
    }
    const int width = token.letter == 'y' ? 4 : token.letter == 'S' ? 3 : 2;
    const bool fixed = token.count == width && std::string_view("yMdHmsS").find(token.letter) != std::string_view::npos;
    if (fixed) {
      written_.add(token.letter, width);
      read_.add(token.letter, width);
    } else if (token.letter == 'X' || token.letter == 'Z') {
      format_field(token, {}, written_.text);  // in UTC always the same
    } else {
      written = false;
    }
    read = read && fixed && !after_number;
    after_number = true;
  }
  if (!written || written_.text.size() > 200) written_ = {};
  if (!read || read_.text.size() > 200 || read_.text.size() < 8) read_ = {};
  read_.finish();
}

std::optional<int64_t> JavaDateFormat::parse_fixed(std::string_view text) const {
  const size_t size = read_.text.size();
  if (text.size() < size || !read_.matches(text.data())) return std::nullopt;
  // A last number goes on as long as there are digits.
  if (text.size() > size && static_cast<unsigned char>(text[size] - '0') <= 9) return std::nullopt;
  int64_t year = 1970, month = 1, day = 1, in_day = 0;
  for (const FixedField& field : read_.fields) {
    const char* at = text.data() + field.at;
    const int64_t two = (at[0] - '0') * 10 + (at[1] - '0');
    switch (field.letter) {
      case 'y': year = two * 100 + (at[2] - '0') * 10 + (at[3] - '0'); break;
      case 'M': month = two; break;
      case 'd': day = two; break;
      case 'H': in_day += two * 3'600'000; break;
      case 'm': in_day += two * 60'000; break;
      case 's': in_day += two * 1000; break;
      default: in_day += two * 10 + (at[2] - '0'); break;
    }
  }
  return (java_calendar_days(year, month, 1) + day - 1) * kMsPerDay + in_day;
}

namespace {

// A zone: Z, UTC, GMT, GMT+1:00, +0100, +01:00, +01. Its offset in ms, and `at` moved behind it.
std::optional<int64_t> parse_zone(std::string_view text, size_t& at, char letter) {
  std::string_view rest = text.substr(at);
  if (letter == 'X' && rest.starts_with('Z')) return ++at, 0;
  if (letter != 'X') {
    for (std::string_view name : {"Coordinated Universal Time", "UTC", "GMT", "UT"}) {
      if (!same_ignoring_case(rest.substr(0, name.size()), name)) continue;
      at += name.size();
      if (name != "GMT" || at == text.size() || (text[at] != '+' && text[at] != '-')) return 0;
      break;
    }
  }
  // Abbreviations that Java's English zone names have; a zone known by its abbreviation only has no other rule than its offset.
  static constexpr std::pair<std::string_view, int> kZones[] = {{"PST", -8}, {"PDT", -7}, {"MST", -7}, {"MDT", -6}, {"CST", -6}, {"CDT", -5},
                                                                {"EST", -5}, {"EDT", -4}, {"CEST", 2}, {"CET", 1}, {"EEST", 3}, {"EET", 2},
                                                                {"WEST", 1}, {"WET", 0}, {"BST", 1}, {"MSK", 3}, {"JST", 9}, {"HST", -10}, {"AKST", -9}, {"AKDT", -8}};
  for (const auto& [name, hours] : kZones) {
    if (letter != 'X' && same_ignoring_case(rest.substr(0, name.size()), name)) return at += name.size(), hours * int64_t{3'600'000};
  }
  if (at >= text.size() || (text[at] != '+' && text[at] != '-')) return std::nullopt;
  const int64_t sign = text[at] == '-' ? -1 : 1;
  size_t i = at + 1;
  auto digit = [&]() -> int { return i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])) ? text[i++] - '0' : -1; };
  int h1 = digit(), h2 = digit();
  if (h1 < 0 || (h2 < 0 && letter == 'X')) return std::nullopt;
  int64_t hours = h2 < 0 ? h1 : h1 * 10 + h2, minutes = 0;
  const size_t after_hours = i;
  if (i < text.size() && text[i] == ':') ++i;
  int m1 = digit(), m2 = digit();
  if (m1 >= 0 && m2 >= 0) minutes = m1 * 10 + m2;
  else i = after_hours;
  if (hours > 23 || minutes > 59) return std::nullopt;
  at = i;
  return sign * (hours * 60 + minutes) * 60'000;
}

// A year of two digits lies within 80 years before and 20 after now.
int64_t in_century(int64_t two_digits) {
  const int64_t start = java_calendar_date(floor_div(wall_clock_ms(), kMsPerDay)).year - 80;
  int64_t year = floor_div(start, 100) * 100 + two_digits;
  return year < start ? year + 100 : year;
}

void set_number(char letter, int64_t n, CalendarFields& calendar) {
  using F = CalendarFields;
  switch (letter) {
    case 'y': calendar.set(F::kYear, n); break;
    case 'Y': calendar.set(F::kWeekYear, n); break;
    case 'M':
    case 'L': calendar.set(F::kMonth, n); break;
    case 'w': calendar.set(F::kWeekOfYear, n); break;
    case 'W': calendar.set(F::kWeekOfMonth, n); break;
    case 'd': calendar.set(F::kDayOfMonth, n); break;
    case 'D': calendar.set(F::kDayOfYear, n); break;
    case 'F': calendar.set(F::kDayOfWeekInMonth, n); break;
    case 'u': calendar.set_iso_weekday(n); break;
    case 'H': calendar.set(F::kHourOfDay, n); break;
    case 'k': calendar.set(F::kHourOfDay, n == 24 ? 0 : n); break;
    case 'h': calendar.set(F::kHour, n == 12 ? 0 : n); break;
    case 'K': calendar.set(F::kHour, n); break;
    case 'm': calendar.set(F::kMinute, n); break;
    case 's': calendar.set(F::kSecond, n); break;
    default: calendar.set(F::kMilli, n); break;  // S
  }
}

}  // namespace

bool JavaDateFormat::parse_field(const Token& token, bool abutting, std::string_view text, size_t& at, Fields& fields) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  if (at >= text.size()) return false;
  const char letter = token.letter;
  if (!numeric(letter, token.count)) {
    int index = 0;
    size_t length = 0;
    CalendarFields::Field field = CalendarFields::kMonth;
    static constexpr std::array<std::string_view, 2> kHalves = {"AM", "PM"}, kEras = {"BC", "AD"};
    if (letter == 'z' || letter == 'Z' || letter == 'X') {
      auto zone = parse_zone(text, at, letter);
      if (zone) fields.zone_ms = *zone;
      return zone.has_value();
    }
    if (letter == 'E') length = match_name(text.substr(at), kDays, &index), field = CalendarFields::kDayOfWeek, ++index;
    else if (letter == 'a') length = match_name(text.substr(at), kHalves, &index), field = CalendarFields::kHalf;
    else if (letter == 'G') length = match_name(text.substr(at), kEras, &index), field = CalendarFields::kEra;
    else length = match_name(text.substr(at), kMonths, &index), ++index;
    at += length;
    if (length > 0) fields.calendar.set(field, index);
    return length > 0;
  }
  size_t end = at;
  if (end < text.size() && text[end] == '-') ++end;
  const size_t digits_from = end, limit = abutting ? std::min(text.size(), at + static_cast<size_t>(token.count)) : text.size();
  while (end < limit && std::isdigit(static_cast<unsigned char>(text[end]))) ++end;
  if (end == digits_from || end - digits_from > 18) return false;
  int64_t n = 0;
  for (size_t i = digits_from; i < end; ++i) n = n * 10 + (text[i] - '0');
  if (digits_from > at) n = -n;
  const bool two_digits = end - at == 2;
  at = end;
  set_number(letter, (letter == 'y' || letter == 'Y') && token.count <= 2 && two_digits ? in_century(n) : n, fields.calendar);
  return true;
}

std::optional<int64_t> JavaDateFormat::parse(std::string_view text) const {
  if (!read_.text.empty()) {
    if (auto ms = parse_fixed(text)) return ms;
  }
  Fields fields;
  size_t at = 0;
  for (size_t i = 0; i < tokens_.size(); ++i) {
    const Token& token = tokens_[i];
    if (!token.letter) {
      if (text.substr(at, token.literal.size()) != token.literal) return std::nullopt;
      at += token.literal.size();
      continue;
    }
    // Numbers that touch each other take as many digits as the pattern has letters.
    const bool next_touches = i + 1 < tokens_.size() && numeric(tokens_[i + 1].letter, tokens_[i + 1].count);
    const bool previous_touches = i > 0 && numeric(tokens_[i - 1].letter, tokens_[i - 1].count);
    if (!parse_field(token, numeric(token.letter, token.count) && (next_touches || (previous_touches && i + 1 < tokens_.size())), text, at, fields)) return std::nullopt;
  }
  return fields.calendar.ms() - fields.zone_ms;
}

}  // namespace bywash::transforms
