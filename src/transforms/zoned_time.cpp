// Zones by ICU, whose data are those of the tz database, and ISO texts. Level 4.
#include "transforms/zoned_time.h"

#include <fmt/format.h>
#include <unicode/basictz.h>
#include <unicode/timezone.h>
#include <unicode/tztrans.h>

#include <charconv>

#include "base/calendar.h"

namespace bywash::transforms {
namespace {

constexpr int64_t kDaySeconds = 86'400;

int64_t month_length(int64_t year, int64_t month) {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// Reads a text from the left; every reader answers whether it could.
struct Cursor {
  std::string_view text;
  bool take(char c) {
    if (text.empty() || text[0] != c) return false;
    text.remove_prefix(1);
    return true;
  }
  bool digits(size_t least, size_t most, int64_t* out) {
    size_t n = 0;
    while (n < text.size() && n < most && text[n] >= '0' && text[n] <= '9') ++n;
    if (n < least) return false;
    std::from_chars(text.data(), text.data() + n, *out);
    text.remove_prefix(n);
    return true;
  }
};

bool read_time(Cursor& in, OffsetTime& out) {
  int64_t hour = 0, minute = 0, second = 0;
  if (!in.digits(2, 2, &hour) || !in.take(':') || !in.digits(2, 2, &minute)) return false;
  if (in.take(':')) {
    if (!in.digits(2, 2, &second)) return false;
    if (in.take('.')) {
      const std::string_view fraction = in.text;
      int64_t value = 0;
      if (!in.digits(0, 9, &value)) return false;
      for (size_t n = fraction.size() - in.text.size(); n < 9; ++n) value *= 10;
      out.nano = static_cast<int32_t>(value);
    }
  }
  if (hour > 23 || minute > 59 || second > 59) return false;
  out.local_second += hour * 3600 + minute * 60 + second;
  return true;
}

// "Z", "+01:00", "-03:30:15", "+01", "+0100", to the end.
bool read_offset(Cursor& in, int32_t* out) {
  if (in.take('Z') || in.take('z')) return in.text.empty();
  const bool negative = in.take('-');
  if (!negative && !in.take('+')) return false;
  int64_t hour = 0, minute = 0, second = 0;
  // Read leniently: minutes and seconds may be missing, and the colons.
  if (!in.digits(2, 2, &hour)) return false;
  if (!in.text.empty()) {
    (void)in.take(':');
    if (!in.digits(2, 2, &minute)) return false;
  }
  if (!in.text.empty()) {
    (void)in.take(':');
    if (!in.digits(2, 2, &second)) return false;
  }
  const int64_t total = hour * 3600 + minute * 60 + second;
  if (!in.text.empty() || minute > 59 || second > 59 || total > 18 * 3600) return false;
  *out = static_cast<int32_t>(negative ? -total : total);
  return true;
}

void append_time(int64_t second_of_day, int32_t nano, std::string& out) {
  fmt::format_to(std::back_inserter(out), "{:02}:{:02}:{:02}", second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
  if (nano == 0) return;
  std::string fraction = fmt::format(".{:09}", nano);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  out += fraction;
}

void append_offset(int32_t second, std::string& out) {
  if (second == 0) {
    out += 'Z';
    return;
  }
  const int32_t size = second < 0 ? -second : second;
  fmt::format_to(std::back_inserter(out), "{}{:02}:{:02}", second < 0 ? '-' : '+', size / 3600, size / 60 % 60);
  if (size % 60) fmt::format_to(std::back_inserter(out), ":{:02}", size % 60);
}

int64_t floor_mod(int64_t a, int64_t b) { return (a % b + b) % b; }

}  // namespace

struct ZoneOffsets::Zone {
  int32_t fixed = 0;
  std::unique_ptr<icu::BasicTimeZone> rules;  // null: `fixed`
  // Between two changes of the clocks the offset stays: the span asked for last, in seconds.
  struct Span {
    int64_t from = 0, to = 0, offset = 0;
  } span;

  int64_t offset_at(int64_t epoch_second) const {
    int32_t raw = 0, dst = 0;
    UErrorCode error = U_ZERO_ERROR;
    rules->getOffset(static_cast<double>(epoch_second) * 1000, false, raw, dst, error);
    return (int64_t{raw} + dst) / 1000;
  }
  void find_span(int64_t epoch_second) {
    const double ms = static_cast<double>(epoch_second) * 1000;
    icu::TimeZoneTransition change;
    span.from = rules->getPreviousTransition(ms, true, change) ? static_cast<int64_t>(change.getTime() / 1000) : INT64_MIN / 2;
    span.to = rules->getNextTransition(ms, false, change) ? static_cast<int64_t>(change.getTime() / 1000) : INT64_MAX / 2;
    span.offset = offset_at(epoch_second);
  }
};

ZoneOffsets::ZoneOffsets(std::unique_ptr<Zone> zone) : zone_(std::move(zone)) {}
ZoneOffsets::~ZoneOffsets() = default;
ZoneOffsets::ZoneOffsets(ZoneOffsets&&) noexcept = default;
ZoneOffsets& ZoneOffsets::operator=(ZoneOffsets&&) noexcept = default;

Result<ZoneOffsets> ZoneOffsets::of(const std::string& name) {
  auto zone = std::make_unique<Zone>();
  Cursor in{name};
  const bool strict = name.size() == 6 || name.size() == 9;
  if (strict && read_offset(in, &zone->fixed)) return ZoneOffsets(std::move(zone));
  std::unique_ptr<icu::TimeZone> found(icu::TimeZone::createTimeZone(icu::UnicodeString::fromUTF8(name)));
  icu::UnicodeString id;
  if (!found || found->getID(id) == icu::UnicodeString("Etc/Unknown") || name == "Etc/Unknown") {
    return Status::invalid(fmt::format("There is no time zone '{}'", name));
  }
  auto* rules = dynamic_cast<icu::BasicTimeZone*>(found.get());
  if (!rules) return Status::invalid(fmt::format("There is no time zone '{}'", name));
  (void)found.release();
  zone->rules.reset(rules);
  return ZoneOffsets(std::move(zone));
}

int64_t ZoneOffsets::at(int64_t epoch_second) const {
  if (!zone_->rules) return zone_->fixed;
  Zone::Span& span = zone_->span;
  if (epoch_second < span.from || epoch_second >= span.to) zone_->find_span(epoch_second);
  // A change within a second, if there ever was one.
  return epoch_second < span.from || epoch_second >= span.to ? zone_->offset_at(epoch_second) : span.offset;
}

int64_t ZoneOffsets::at_local(int64_t local_second) const {
  if (!zone_->rules) return zone_->fixed;
  // Further from a change than any offset is long, gaps and overlaps play no part.
  auto inside = [&](const Zone::Span& span) { return local_second - span.offset >= span.from + kDaySeconds && local_second - span.offset < span.to - kDaySeconds; };
  if (inside(zone_->span)) return zone_->span.offset;
  int32_t raw = 0, dst = 0;
  UErrorCode error = U_ZERO_ERROR;
  zone_->rules->getOffsetFromLocal(static_cast<double>(local_second) * 1000, UCAL_TZ_LOCAL_FORMER, UCAL_TZ_LOCAL_FORMER, raw, dst, error);
  const int64_t offset = (int64_t{raw} + dst) / 1000;
  zone_->find_span(local_second - offset);
  return offset;
}

std::optional<OffsetTime> parse_offset_date_time(std::string_view text) {
  Cursor in{text};
  OffsetTime out;
  int64_t year = 0, month = 0, day = 0;
  const bool negative = in.take('-');
  const bool is_signed = negative || in.take('+');
  // A plus sign comes with years beyond four digits only.
  if (!in.digits(is_signed && !negative ? 5 : 4, is_signed ? 9 : 4, &year)) return std::nullopt;
  if (negative) year = -year;
  if (!in.take('-') || !in.digits(2, 2, &month) || !in.take('-') || !in.digits(2, 2, &day)) return std::nullopt;
  if (month < 1 || month > 12 || day < 1 || day > month_length(year, month)) return std::nullopt;
  if (!in.take('T') && !in.take('t')) return std::nullopt;
  out.local_second = days_of_civil(year, month, day) * kDaySeconds;
  if (!read_time(in, out) || !read_offset(in, &out.offset_second)) return std::nullopt;
  return out;
}

std::optional<OffsetTime> parse_offset_time(std::string_view text) {
  Cursor in{text};
  OffsetTime out;
  if (!read_time(in, out) || !read_offset(in, &out.offset_second)) return std::nullopt;
  return out;
}

std::string offset_date_time_text(const OffsetTime& time) {
  const int64_t in_day = floor_mod(time.local_second, kDaySeconds);
  const CivilDate date = civil_date((time.local_second - in_day) / kDaySeconds);
  std::string out = date.year > 9999 ? fmt::format("+{}", date.year) : date.year < 0 ? fmt::format("-{:04}", -date.year) : fmt::format("{:04}", date.year);
  fmt::format_to(std::back_inserter(out), "-{:02}-{:02}T", date.month, date.day);
  append_time(in_day, time.nano, out);
  append_offset(time.offset_second, out);
  return out;
}

std::string offset_time_text(const OffsetTime& time) {
  std::string out;
  append_time(floor_mod(time.local_second, kDaySeconds), time.nano, out);
  append_offset(time.offset_second, out);
  return out;
}

}  // namespace bywash::transforms
