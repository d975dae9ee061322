// See time_format.h.
#include "analytics/table/time_format.h"

#include <array>
#include <charconv>
#include <vector>

#include "base/calendar.h"

namespace bywash::analytics {
namespace {

std::vector<std::string> split(std::string_view text, char by, size_t parts_max) {
  std::vector<std::string> parts;
  while (parts.size() + 1 < parts_max) {
    size_t at = text.find(by);
    if (at == std::string_view::npos) break;
    parts.emplace_back(text.substr(0, at));
    text.remove_prefix(at + 1);
  }
  parts.emplace_back(text);
  return parts;
}

bool parse_number(std::string_view text, int64_t* out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

struct Fields {
  int64_t year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0, milli = 0, zone_minutes = 0;
};

// Reads "Z", "+hh", "+hhmm" or "+hh:mm".
bool take_zone(std::string_view& text, int64_t* minutes) {
  if (text.empty()) return false;
  if (text.front() == 'Z') {
    text.remove_prefix(1);
    return true;
  }
  if (text.front() != '+' && text.front() != '-') return false;
  const int64_t sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  int64_t hours = 0, rest = 0;
  if (text.size() < 2 || !parse_number(text.substr(0, 2), &hours)) return false;
  text.remove_prefix(2);
  if (!text.empty() && text.front() == ':') text.remove_prefix(1);
  if (text.size() >= 2 && parse_number(text.substr(0, 2), &rest)) text.remove_prefix(2);
  *minutes = sign * (hours * 60 + rest);
  return true;
}

// Reads the digits that one pattern field of `width` letters stands for; adjacent fields have fixed widths.
bool take_digits(std::string_view& text, size_t width, bool fixed, int64_t* out) {
  size_t n = 0;
  const size_t limit = fixed ? width : std::max<size_t>(width, 9);
  while (n < text.size() && n < limit && text[n] >= '0' && text[n] <= '9') ++n;
  if (n == 0 || !parse_number(text.substr(0, n), out)) return false;
  text.remove_prefix(n);
  return true;
}

bool take_field(char letter, size_t width, bool fixed, std::string_view& text, Fields& fields) {
  switch (letter) {
    case 'y': case 'Y': case 'u': return take_digits(text, width, fixed, &fields.year);
    case 'M': return take_digits(text, width, fixed, &fields.month);
    case 'd': return take_digits(text, width, fixed, &fields.day);
    case 'H': return take_digits(text, width, fixed, &fields.hour);
    case 'm': return take_digits(text, width, fixed, &fields.minute);
    case 's': return take_digits(text, width, fixed, &fields.second);
    case 'S': return take_digits(text, width, true, &fields.milli);
    case 'Z': case 'X': case 'x': return take_zone(text, &fields.zone_minutes);
    default: return false;
  }
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::optional<int64_t> read_pattern(std::string_view pattern, std::string_view text) {
  Fields fields;
  for (size_t i = 0; i < pattern.size();) {
    const char c = pattern[i];
    if (c == '\'') {
      const size_t close = pattern.find('\'', i + 1);
      if (close == std::string_view::npos) return {};
      const std::string_view literal = pattern.substr(i + 1, close - i - 1);
      if (text.substr(0, literal.size()) != literal) return {};
      text.remove_prefix(literal.size());
      i = close + 1;
    } else if (is_letter(c)) {
      size_t end = i;
      while (end < pattern.size() && pattern[end] == c) ++end;
      const bool fixed = end < pattern.size() && is_letter(pattern[end]);
      if (!take_field(c, end - i, fixed, text, fields)) return {};
      i = end;
    } else {
      if (text.empty() || text.front() != c) return {};
      text.remove_prefix(1);
      ++i;
    }
  }
  if (!text.empty() || fields.month < 1 || fields.month > 12 || fields.day < 1 || fields.day > 31) return {};
  const int64_t minutes = (days_of_civil(fields.year, fields.month, fields.day) * 24 + fields.hour) * 60 + fields.minute - fields.zone_minutes;
  return (minutes * 60 + fields.second) * 1000 + fields.milli;
}

Fields fields_of(int64_t epoch_ms) {
  const int64_t day_ms = 86'400'000;
  const int64_t days = (epoch_ms >= 0 ? epoch_ms : epoch_ms - day_ms + 1) / day_ms;
  const int64_t in_day = epoch_ms - days * day_ms;
  const CivilDate date = civil_date(days);
  Fields out;
  out.day = date.day;
  out.month = date.month;
  out.year = date.year;
  out.hour = in_day / 3'600'000;
  out.minute = in_day / 60'000 % 60;
  out.second = in_day / 1000 % 60;
  out.milli = in_day % 1000;
  return out;
}

std::string field_text(char letter, size_t width, const Fields& fields) {
  auto digits = [&](int64_t value) { return fmt::format("{:0{}}", value, width); };
  switch (letter) {
    case 'y': case 'Y': case 'u': return width == 2 ? digits(fields.year % 100) : digits(fields.year);
    case 'M': return digits(fields.month);
    case 'd': return digits(fields.day);
    case 'H': return digits(fields.hour);
    case 'm': return digits(fields.minute);
    case 's': return digits(fields.second);
    case 'S': return digits(fields.milli);
    case 'X': return "Z";
    default: return "+0000";
  }
}

std::string write_pattern(std::string_view pattern, int64_t epoch_ms) {
  const Fields fields = fields_of(epoch_ms);
  std::string out;
  for (size_t i = 0; i < pattern.size();) {
    const char c = pattern[i];
    if (c == '\'') {
      const size_t close = std::min(pattern.find('\'', i + 1), pattern.size() - 1);
      out += pattern.substr(i + 1, close - i - 1);
      i = close + 1;
    } else if (is_letter(c)) {
      size_t end = i;
      while (end < pattern.size() && pattern[end] == c) ++end;
      out += field_text(c, end - i, fields);
      i = end;
    } else {
      out += c;
      ++i;
    }
  }
  return out;
}

}  // namespace

std::optional<int64_t> millis_of_unit(std::string_view unit) {
  static constexpr std::array<std::pair<std::string_view, int64_t>, 7> kUnits = {{{"NANOSECONDS", 0}, {"MICROSECONDS", 0},
      {"MILLISECONDS", 1}, {"SECONDS", 1000}, {"MINUTES", 60'000}, {"HOURS", 3'600'000}, {"DAYS", 86'400'000}}};
  for (const auto& [name, millis] : kUnits) {
    if (name == unit) return millis;
  }
  return {};
}

std::optional<int64_t> parse_period(std::string_view text) {
  int64_t total = 0;
  bool any = false;
  while (!text.empty()) {
    size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
    int64_t amount = 0;
    if (digits == 0 || !parse_number(text.substr(0, digits), &amount)) return {};
    text.remove_prefix(digits);
    size_t letters = 0;
    while (letters < text.size() && is_letter(text[letters])) ++letters;
    const std::string_view unit = text.substr(0, letters);
    int64_t scale = 0;
    if (unit == "ms") scale = 1;
    else if (unit == "s" || unit == "S") scale = 1000;
    else if (unit == "m" || unit == "M") scale = 60'000;
    else if (unit == "h" || unit == "H") scale = 3'600'000;
    else if (unit == "d" || unit == "D") scale = 86'400'000;
    else return {};
    text.remove_prefix(letters);
    int64_t part = 0;
    if (__builtin_mul_overflow(amount, scale, &part) || __builtin_add_overflow(total, part, &total)) return {};
    any = true;
  }
  if (!any) return {};
  return total;
}

Result<TimeFormat> TimeFormat::parse(const std::string& format) {
  TimeFormat out;
  const Status bad = Status::invalid("Invalid format: " + format);
  if (format == "TIMESTAMP") return out;
  if (format == "EPOCH") {
    out.kind_ = Kind::kEpoch;
    return out;
  }
  if (format == "SIMPLE_DATE_FORMAT") {
    out.kind_ = Kind::kPattern;
    out.pattern_ = "yyyy-MM-dd'T'HH:mm:ss.SSSZ";
    return out;
  }
  const bool pipes = !format.empty() && !(format[0] >= '0' && format[0] <= '9');
  const std::vector<std::string> parts = pipes ? split(format, '|', 4) : split(format, ':', 4);
  std::string size = "1", unit, kind;
  if (pipes) {
    kind = parts[0];
    if (kind == "EPOCH") {
      if (parts.size() > 1) unit = parts[1];
      if (parts.size() > 2) size = parts[2];
    } else if (kind == "SIMPLE_DATE_FORMAT" && parts.size() > 1) {
      out.pattern_ = parts[1];
    }
  } else if (parts.size() >= 3) {
    size = parts[0];
    unit = parts[1];
    kind = parts[2];
    if (parts.size() > 3) out.pattern_ = parts[3];
  }
  if (kind == "TIMESTAMP") return out;
  if (kind == "SIMPLE_DATE_FORMAT" && !out.pattern_.empty()) {
    out.kind_ = Kind::kPattern;
    // A trailing " tz(America/New_York)" names the zone in which Pinot renders; instants are read without it, within a day.
    if (size_t zone = out.pattern_.find(" tz("); zone != std::string::npos) out.pattern_.resize(zone);
    return out;
  }
  if (kind != "EPOCH" || !millis_of_unit(unit) || !parse_number(size, &out.size_) || out.size_ <= 0) return bad;
  out.kind_ = Kind::kEpoch;
  out.unit_ = unit;
  return out;
}

std::optional<int64_t> TimeFormat::to_millis(int64_t value) const {
  if (kind_ == Kind::kTimestamp) return value;
  if (kind_ == Kind::kPattern) return to_millis(std::string_view(std::to_string(value)));
  int64_t scaled = 0;
  if (__builtin_mul_overflow(value, size_, &scaled)) return {};
  if (unit_ == "NANOSECONDS") return scaled / 1'000'000;
  if (unit_ == "MICROSECONDS") return scaled / 1000;
  if (__builtin_mul_overflow(scaled, *millis_of_unit(unit_), &scaled)) return {};
  return scaled;
}

std::string TimeFormat::from_millis(int64_t epoch_ms) const {
  if (kind_ == Kind::kTimestamp) return std::to_string(epoch_ms);
  if (kind_ == Kind::kPattern) return write_pattern(pattern_, epoch_ms);
  if (unit_ == "NANOSECONDS") return std::to_string(epoch_ms * 1'000'000 / size_);
  if (unit_ == "MICROSECONDS") return std::to_string(epoch_ms * 1000 / size_);
  return std::to_string(epoch_ms / *millis_of_unit(unit_) / size_);
}

std::optional<int64_t> TimeFormat::to_millis(std::string_view value) const {
  int64_t number = 0;
  if (kind_ != Kind::kPattern) {
    if (!parse_number(value, &number)) return {};
    return to_millis(number);
  }
  return read_pattern(pattern_, value);
}

}  // namespace bywash::analytics
