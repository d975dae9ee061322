// Time zones by ICU, and java.util.GregorianCalendar's switch to Julian dates before 1582-10-15. Level 6.
#include "connectors/jdbc/time_zone.h"

#include <fmt/format.h>
#include <unicode/timezone.h>

#include <charconv>

#include "base/calendar.h"
#include "base/time_arithmetic.h"

namespace bywash::jdbc {
namespace {

constexpr int64_t kDayMicros = kMsPerDay * 1000;

int64_t floor_divide(int64_t a, int64_t b) { return a / b - (a % b < 0); }

std::unique_ptr<icu::TimeZone> make_zone(const std::string& id) {
  std::unique_ptr<icu::TimeZone> zone(icu::TimeZone::createTimeZone(icu::UnicodeString::fromUTF8(id)));
  if (!zone || *zone == icu::TimeZone::getUnknown()) return nullptr;
  return zone;
}

void write_two_digits(int64_t number, char* to) {
  to[0] = static_cast<char>('0' + number / 10);
  to[1] = static_cast<char>('0' + number % 10);
}

// ".123", nothing for a whole second.
void append_fraction(int64_t micros, std::string* out) {
  if (micros == 0) return;
  char text[7] = {'.'};
  write_two_digits(micros / 10'000, text + 1);
  write_two_digits(micros / 100 % 100, text + 3);
  write_two_digits(micros % 100, text + 5);
  size_t size = sizeof text;
  while (text[size - 1] == '0') --size;
  out->append(text, size);
}

// Two digits at `at`; -1 when there are none.
int two_digits(std::string_view text, size_t at) {
  if (at + 2 > text.size() || text[at] < '0' || text[at] > '9' || text[at + 1] < '0' || text[at + 1] > '9') return -1;
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

}  // namespace

struct TimeZone::Zone {
  std::unique_ptr<icu::TimeZone> icu;
};

bool TimeZone::exists(const std::string& id) { return make_zone(id) != nullptr; }

TimeZone::TimeZone(const std::string& id) : zone_(new Zone{make_zone(id)}) {
  utc_ = !zone_->icu || id == "UTC" || id == "GMT" || id == "Etc/UTC" || id == "Z";
}
TimeZone::~TimeZone() = default;

int32_t TimeZone::offset_ms(int64_t instant_ms) const {
  if (utc_) return 0;
  int64_t quarter = floor_divide(instant_ms, 900'000);
  if (instant_ms >= 0 && quarter == cached_quarter_) return cached_offset_;
  int32_t raw = 0, dst = 0;
  UErrorCode error = U_ZERO_ERROR;
  zone_->icu->getOffset(static_cast<double>(instant_ms), false, raw, dst, error);
  cached_quarter_ = quarter;
  return cached_offset_ = U_SUCCESS(error) ? raw + dst : 0;
}

LocalTimes::LocalTimes(const std::string& db_zone, bool dates_in_utc, bool legacy_calendar)
    : zone_(db_zone), dates_in_utc_(dates_in_utc), legacy_calendar_(legacy_calendar) {}

int64_t LocalTimes::calendar_days(int64_t days) const {
  if (!legacy_calendar_ || days >= kGregorianFromDays) return days;
  // Year, month and day in the Julian calendar of that day, read as a proleptic Gregorian date.
  return days_of_civil(java_calendar_date(days));
}

int64_t LocalTimes::timestamp_micros(int64_t instant_micros) const {
  int64_t local = instant_micros;
  if (!zone_.is_utc()) {
    int64_t shift = int64_t{zone_.offset_ms(floor_divide(instant_micros, 1000))} * 1000;
    if (__builtin_add_overflow(instant_micros, shift, &local)) return instant_micros > 0 ? INT64_MAX : INT64_MIN;
  }
  if (local >= kGregorianFromDays * kDayMicros || !legacy_calendar_) return local;
  int64_t days = floor_divide(local, kDayMicros);
  if (days < -100'000'000) return local;  // before any database's first day
  return local + (calendar_days(days) - days) * kDayMicros;
}

int32_t LocalTimes::date_days(int32_t days) const {
  int64_t local = days;
  if (!dates_in_utc_ && !zone_.is_utc()) local = floor_divide(days * kMsPerDay + zone_.offset_ms(days * kMsPerDay), kMsPerDay);
  if (local < -100'000'000) return static_cast<int32_t>(local);
  return static_cast<int32_t>(calendar_days(local));
}

int64_t LocalTimes::hybrid_ms(int64_t ms, bool is_date) const {
  if (legacy_calendar_ || ms >= (kGregorianFromDays + 1) * kMsPerDay || ms < -100'000'000 * kMsPerDay) return ms;
  const int64_t local = ms + (is_date && dates_in_utc_ ? 0 : zone_.offset_ms(ms)), days = floor_divide(local, kMsPerDay);
  if (days >= kGregorianFromDays) return ms;
  const CivilDate date = civil_date(days);
  return ms + (java_calendar_days(date.year, date.month, date.day) - days) * kMsPerDay;
}

int64_t LocalTimes::time_micros(int32_t ms) const {
  int64_t local = int64_t{ms} + zone_.offset_ms(ms);
  return (local - floor_divide(local, kMsPerDay) * kMsPerDay) * 1000;
}

std::string date_text(int64_t days) {
  CivilDate d = civil_date(days);
  if (d.year <= 0) return fmt::format("{:04}-{:02}-{:02} BC", 1 - d.year, d.month, d.day);
  if (d.year > 9999) return fmt::format("{:04}-{:02}-{:02}", d.year, d.month, d.day);
  // By hand: in a sink of timestamps fmt was a third of the task's time.
  char text[10] = {'0', '0', '0', '0', '-', '0', '0', '-', '0', '0'};
  write_two_digits(d.year / 100, text);
  write_two_digits(d.year % 100, text + 2);
  write_two_digits(d.month, text + 5);
  write_two_digits(d.day, text + 8);
  return std::string(text, sizeof text);
}

std::string time_text(int64_t micros_of_day) {
  int64_t seconds = micros_of_day / 1'000'000;
  char text[8] = {'0', '0', ':', '0', '0', ':', '0', '0'};
  write_two_digits(seconds / 3600, text);
  write_two_digits(seconds / 60 % 60, text + 3);
  write_two_digits(seconds % 60, text + 6);
  std::string out(text, sizeof text);
  append_fraction(micros_of_day % 1'000'000, &out);
  return out;
}

void append_timestamp_text(int64_t local_micros, std::string* out) {
  const int64_t days = floor_divide(local_micros, kDayMicros);
  const CivilDate date = civil_date(days);
  if (date.year <= 0 || date.year > 9999) {
    *out += timestamp_text(local_micros);
    return;
  }
  const int64_t of_day = local_micros - days * kDayMicros, seconds = of_day / 1'000'000;
  char text[19] = {'0', '0', '0', '0', '-', '0', '0', '-', '0', '0', ' ', '0', '0', ':', '0', '0', ':', '0', '0'};
  write_two_digits(date.year / 100, text);
  write_two_digits(date.year % 100, text + 2);
  write_two_digits(date.month, text + 5);
  write_two_digits(date.day, text + 8);
  write_two_digits(seconds / 3600, text + 11);
  write_two_digits(seconds / 60 % 60, text + 14);
  write_two_digits(seconds % 60, text + 17);
  out->append(text, sizeof text);
  append_fraction(of_day % 1'000'000, out);
}

std::string timestamp_text(int64_t local_micros) {
  int64_t days = floor_divide(local_micros, kDayMicros);
  std::string out = date_text(days), time = time_text(local_micros - days * kDayMicros);
  const bool before_christ = out.ends_with(" BC");
  if (before_christ) out.resize(out.size() - 3);
  out += ' ';
  out += time;
  return before_christ ? out + " BC" : out;
}

int64_t micros_of_nanos(int64_t nanos) {
  int64_t micros = nanos / 1000, rest = nanos % 1000;
  if (rest < 0) { rest += 1000; --micros; }
  return micros + (rest >= 500);
}

std::optional<int64_t> parse_timestamp(std::string_view text, bool nanos) {
  int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return nanos ? micros_of_nanos(number) : number;
  int year = 0;
  auto [dash, bad] = std::from_chars(text.data(), text.data() + text.size(), year);
  auto at = static_cast<size_t>(dash - text.data());
  if (bad != std::errc() || at < 4 || at + 15 > text.size() || text[at] != '-' || text[at + 3] != '-') return std::nullopt;
  int month = two_digits(text, at + 1), day = two_digits(text, at + 4);
  int hour = two_digits(text, at + 7), minute = two_digits(text, at + 10), second = two_digits(text, at + 13);
  bool good = month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 &&
              second < 60 && (text[at + 6] == 'T' || text[at + 6] == ' ') && text[at + 9] == ':' && text[at + 12] == ':';
  if (!good) return std::nullopt;
  text.remove_prefix(at + 15);
  int64_t fraction = 0, digits = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1)) {
      if (++digits <= 9) fraction = fraction * 10 + (text[0] - '0');
    }
    if (digits == 0) return std::nullopt;
    for (; digits < 9; ++digits) fraction *= 10;
  }
  int64_t offset = 0;
  if (text == "Z") text = {};
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    int hours = two_digits(text, 1);
    size_t more = text.size() > 3 && text[3] == ':' ? 4 : 3;
    int minutes = text.size() > 3 ? two_digits(text, more) : 0;
    if (hours < 0 || minutes < 0 || text.size() > more + 2) return std::nullopt;
    offset = (hours * 60 + minutes) * (text[0] == '-' ? -60 : 60);
    text = {};
  }
  if (!text.empty()) return std::nullopt;
  int64_t seconds = days_of_civil(year, month, day) * 86'400 + hour * 3600 + minute * 60 + second - offset;
  return seconds * 1'000'000 + micros_of_nanos(fraction);
}

}  // namespace bywash::jdbc
