// Dates and times: truncation, parts, arithmetic, epochs, formats, with time zones. Patterns are Joda's, see expressions/date_pattern.h.
// Semantics: DateTimeFunctions, DateTimeUtils, DateTruncTransformFunction, DateTimeConversionTransformFunction of Apache Pinot 1.5.1.
#include "analytics/plan/row_function.h"
#include "analytics/plan/time_zone.h"
#include "base/text.h"
#include "expressions/date_pattern.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>
#include <memory>

namespace bywash::analytics {
namespace {

using expressions::DatePattern;
namespace chrono = std::chrono;

constexpr int64_t kSecondMs = 1000, kMinuteMs = 60 * kSecondMs, kHourMs = 60 * kMinuteMs, kDayMs = 24 * kHourMs;

int64_t floor_to(int64_t value, int64_t unit) {
  int64_t rest = value % unit;
  return value - (rest < 0 ? rest + unit : rest);
}
int64_t floor_divide(int64_t value, int64_t unit) { return floor_to(value, unit) / unit; }

// Milliseconds in a java.util.concurrent.TimeUnit; 0: not one. MICROSECONDS and NANOSECONDS divide instead, see TimeUnitScale.
int64_t unit_millis(const std::string& unit) {
  if (unit == "MILLISECONDS") return 1;
  if (unit == "SECONDS") return kSecondMs;
  if (unit == "MINUTES") return kMinuteMs;
  if (unit == "HOURS") return kHourMs;
  return unit == "DAYS" ? kDayMs : 0;
}

// Between a unit and milliseconds, rounding towards zero, as java.util.concurrent.TimeUnit does.
struct TimeUnitScale {
  int64_t millis = 1, per_milli = 1;
  int64_t to_millis(int64_t t) const { return per_milli > 1 ? t / per_milli : t * millis; }
  int64_t from_millis(int64_t t) const { return per_milli > 1 ? t * per_milli : t / millis; }
};
Result<TimeUnitScale> time_unit(const FunctionArgs& call, std::string name) {
  name = ascii_upper(name);
  if (name == "MICROSECONDS") return TimeUnitScale{1, 1000};
  if (name == "NANOSECONDS") return TimeUnitScale{1, 1'000'000};
  if (int64_t millis = unit_millis(name)) return TimeUnitScale{millis, 1};
  return Status::invalid(fmt::format("Function {} takes units NANOSECONDS to DAYS, got: '{}'", call.name, name));
}

// The zone that a literal argument names; UTC when there is no such argument.
Result<TimeZone> zone_argument(const FunctionArgs& call, size_t i) {
  if (call.size() <= i) return TimeZone();
  ASSIGN_OR_RETURN(std::string id, call.literal_text(i));
  return TimeZone::find(id);
}

Status expect_time(const FunctionArgs& call, size_t i) {
  if (physical_of(call.type(i)) != Physical::kText || call.args[i]->null) return {};
  return Status::invalid(fmt::format("Function {} needs a time as number in argument {}, got {}: {}", call.name, i + 1, to_string(call.type(i)), call.args[i]->text));
}

chrono::year_month_day date_of(int64_t millis) { return chrono::year_month_day(chrono::sys_days(chrono::days(floor_divide(millis, kDayMs)))); }
int64_t millis_of(chrono::year_month_day date) { return chrono::sys_days(date).time_since_epoch().count() * kDayMs; }

enum class TimeField : uint8_t { kNanosecond, kMicrosecond, kMillisecond, kSecond, kMinute, kHour, kDay, kWeek, kMonth, kQuarter, kYear, kDecade, kCentury, kMillennium };
Result<TimeField> time_field(const FunctionArgs& call, std::string name) {
  static constexpr std::pair<std::string_view, TimeField> kNames[] = {
      {"NANOSECOND", TimeField::kNanosecond}, {"MICROSECOND", TimeField::kMicrosecond}, {"MILLISECOND", TimeField::kMillisecond}, {"SECOND", TimeField::kSecond},
      {"MINUTE", TimeField::kMinute}, {"HOUR", TimeField::kHour}, {"DAY", TimeField::kDay}, {"WEEK", TimeField::kWeek}, {"MONTH", TimeField::kMonth},
      {"QUARTER", TimeField::kQuarter}, {"YEAR", TimeField::kYear}, {"DECADE", TimeField::kDecade}, {"CENTURY", TimeField::kCentury}, {"MILLENNIUM", TimeField::kMillennium}};
  name = ascii_upper(name);
  for (auto [known, field] : kNames) {
    if (name == known || (name.size() == known.size() + 1 && name.starts_with(known) && name.back() == 'S')) return field;
  }
  return Status::invalid(fmt::format("Function {} takes MILLISECOND, SECOND, MINUTE, HOUR, DAY, WEEK, MONTH, QUARTER or YEAR, got: '{}'", call.name, name));
}

// The length of fields that have one; 0 for those by the calendar.
int64_t field_millis(TimeField field) {
  switch (field) {
    case TimeField::kNanosecond:
    case TimeField::kMicrosecond:
    case TimeField::kMillisecond: return 1;
    case TimeField::kSecond: return kSecondMs;
    case TimeField::kMinute: return kMinuteMs;
    case TimeField::kHour: return kHourMs;
    case TimeField::kDay: return kDayMs;
    case TimeField::kWeek: return 7 * kDayMs;
    default: return 0;
  }
}
int64_t field_months(TimeField field) {
  switch (field) {
    case TimeField::kMonth: return 1;
    case TimeField::kQuarter: return 3;
    case TimeField::kYear: return 12;
    case TimeField::kDecade: return 120;
    case TimeField::kCentury: return 1200;
    case TimeField::kMillennium: return 12'000;
    default: return 0;
  }
}

int64_t truncate_to(TimeField field, int64_t t) {
  if (field == TimeField::kWeek) return floor_to(t - 4 * kDayMs, 7 * kDayMs) + 4 * kDayMs;  // 1970-01-05 was a Monday
  if (int64_t step = field_millis(field)) return floor_to(t, step);
  chrono::year_month_day date = date_of(t);
  int64_t months = int64_t{static_cast<int>(date.year())} * 12 + static_cast<unsigned>(date.month()) - 1;
  months = floor_to(months, field_months(field));
  return millis_of(chrono::year(static_cast<int>(floor_divide(months, 12))) / chrono::month(static_cast<unsigned>(months - floor_to(months, 12)) + 1) / 1);
}

int64_t add_months(int64_t t, int64_t months) {
  chrono::year_month_day date = date_of(t);
  chrono::year_month moved = chrono::year_month(date.year(), date.month()) + chrono::months(std::clamp<int64_t>(months, -120'000, 120'000));
  chrono::day last = chrono::year_month_day_last(moved.year(), chrono::month_day_last(moved.month())).day();
  return millis_of(moved / std::min(date.day(), last)) + (t - floor_to(t, kDayMs));
}

// DATETRUNC(unit, time[, input unit[, time zone[, output unit]]]).
Result<BoundFunction> date_trunc(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 5));
  RETURN_IF_ERROR(expect_time(call, 1));
  ASSIGN_OR_RETURN(std::string unit, call.literal_text(0));
  ASSIGN_OR_RETURN(TimeField field, time_field(call, unit));
  std::string in = "MILLISECONDS";
  if (call.size() > 2) {
    ASSIGN_OR_RETURN(in, call.literal_text(2));
  }
  std::string out = in;
  if (call.size() > 4) {
    ASSIGN_OR_RETURN(out, call.literal_text(4));
  }
  ASSIGN_OR_RETURN(TimeUnitScale from, time_unit(call, in));
  ASSIGN_OR_RETURN(TimeUnitScale to, time_unit(call, out));
  ASSIGN_OR_RETURN(TimeZone zone, zone_argument(call, 3));
  return row_function(call, "ti|ttt", DataType::kLong, [=](FunctionRow& row) {
    int64_t t = from.to_millis(row.integer(1));
    return to.from_millis(zone.utc() ? truncate_to(field, t) : zone.to_utc(truncate_to(field, zone.to_local(t))));
  });
}

int64_t part_of(std::string_view part, int64_t t) {
  chrono::year_month_day date = date_of(t);
  int64_t in_day = t - floor_to(t, kDayMs);
  int64_t day_of_year = (floor_to(t, kDayMs) - millis_of(date.year() / 1 / 1)) / kDayMs + 1;
  if (part == "year") return static_cast<int>(date.year());
  if (part == "quarter") return (static_cast<unsigned>(date.month()) - 1) / 3 + 1;
  if (part == "month") return static_cast<unsigned>(date.month());
  if (part == "day") return static_cast<unsigned>(date.day());
  if (part == "dow") return chrono::weekday(chrono::sys_days(date)).iso_encoding();
  if (part == "doy") return day_of_year;
  if (part == "hour") return in_day / kHourMs;
  if (part == "minute") return in_day / kMinuteMs % 60;
  if (part == "second") return in_day / kSecondMs % 60;
  if (part == "millisecond") return in_day % 1000;
  // ISO weeks: the week belongs to the year of its Thursday.
  int64_t thursday = truncate_to(TimeField::kWeek, t) + 3 * kDayMs;
  if (part == "yow") return static_cast<int>(date_of(thursday).year());
  return (thursday - millis_of(date_of(thursday).year() / 1 / 1)) / kDayMs / 7 + 1;
}

constexpr std::pair<std::string_view, std::string_view> kParts[] = {
    {"year", "year"},     {"quarter", "quarter"}, {"month", "month"}, {"monthofyear", "month"}, {"day", "day"},       {"dayofmonth", "day"},
    {"dayofweek", "dow"}, {"dow", "dow"},         {"dayofyear", "doy"}, {"doy", "doy"},         {"hour", "hour"},     {"minute", "minute"},
    {"second", "second"}, {"millisecond", "millisecond"}, {"week", "week"}, {"weekofyear", "week"}, {"yearofweek", "yow"}, {"yow", "yow"}};

Result<std::string_view> part_named(const std::string& name) {
  for (auto [alias, part] : kParts) {
    if (alias == name) return part;
  }
  return Status::invalid(fmt::format("Unknown part of time: '{}'", name));
}

// year(t[, zone]), hour(t[, zone]), ...
Result<BoundFunction> part(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, 2));
  RETURN_IF_ERROR(expect_time(call, 0));
  ASSIGN_OR_RETURN(std::string_view which, part_named(call.name));
  ASSIGN_OR_RETURN(TimeZone zone, zone_argument(call, 1));
  return row_function(call, "i|t", DataType::kInt, [which, zone](FunctionRow& row) { return part_of(which, zone.to_local(row.integer(0))); });
}

Result<BoundFunction> extract(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 2));
  RETURN_IF_ERROR(expect_time(call, 1));
  ASSIGN_OR_RETURN(std::string name, call.literal_text(0));
  name = ascii_lower(name);
  ASSIGN_OR_RETURN(std::string_view which, part_named(name));
  return row_function(call, "ti", DataType::kInt, [which](FunctionRow& row) { return part_of(which, row.integer(1)); });
}

// timestampAdd(unit, n, time), dateAdd.
Result<BoundFunction> timestamp_add(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(3, 3));
  RETURN_IF_ERROR(expect_time(call, 2));
  ASSIGN_OR_RETURN(std::string unit, call.literal_text(0));
  ASSIGN_OR_RETURN(TimeField field, time_field(call, unit));
  DataType type = call.type(2) == DataType::kTimestamp ? DataType::kTimestamp : DataType::kLong;
  return row_function(call, "tii", type, [field](FunctionRow& row) {
    int64_t n = row.integer(1), t = row.integer(2), out = 0;
    if (int64_t months = field_months(field)) return add_months(t, n * months);
    if (__builtin_mul_overflow(n, field_millis(field), &out) || __builtin_add_overflow(out, t, &out)) row.fail("The time lies beyond what 64 bits hold");
    return out;
  });
}

// timestampDiff(unit, a, b), dateDiff: whole units from a to b.
Result<BoundFunction> timestamp_diff(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(3, 3));
  RETURN_IF_ERROR(expect_time(call, 1));
  RETURN_IF_ERROR(expect_time(call, 2));
  ASSIGN_OR_RETURN(std::string unit, call.literal_text(0));
  ASSIGN_OR_RETURN(TimeField field, time_field(call, unit));
  return row_function(call, "tii", DataType::kLong, [field](FunctionRow& row) {
    int64_t a = row.integer(1), b = row.integer(2);
    if (int64_t step = field_millis(field)) return (b - a) / step;
    chrono::year_month_day x = date_of(a), y = date_of(b);
    int64_t months = (static_cast<int>(y.year()) - static_cast<int>(x.year())) * 12 + static_cast<int>(static_cast<unsigned>(y.month())) - static_cast<int>(static_cast<unsigned>(x.month()));
    if (months > 0 && add_months(a, months) > b) --months;
    if (months < 0 && add_months(a, months) < b) ++months;
    return months / field_months(field);
  });
}

Result<BoundFunction> to_timestamp(const FunctionArgs& call) {
  return row_function(call, "i", DataType::kTimestamp, [](FunctionRow& row) { return row.integer(0); });
}
Result<BoundFunction> from_timestamp(const FunctionArgs& call) {
  return row_function(call, "i", DataType::kLong, [](FunctionRow& row) { return row.integer(0); });
}

Result<BoundFunction> to_iso8601(const FunctionArgs& call) {
  ASSIGN_OR_RETURN(DatePattern format, DatePattern::compile("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'"));
  return row_function(call, "i", DataType::kString, [format](FunctionRow& row, std::string& out) { format.write(row.integer(0), out); });
}
Result<BoundFunction> from_iso8601(const FunctionArgs& call) {
  std::vector<DatePattern> formats;
  for (const char* pattern : {"yyyy-MM-dd'T'HH:mm:ss.SSSZ", "yyyy-MM-dd'T'HH:mm:ssZ", "yyyy-MM-dd'T'HH:mm:ss.SSS", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd"}) {
    ASSIGN_OR_RETURN(DatePattern format, DatePattern::compile(pattern));
    formats.push_back(std::move(format));
  }
  return row_function(call, "t", DataType::kLong, [formats](FunctionRow& row) {
    int64_t out = 0;
    for (const DatePattern& format : formats) {
      if (format.read(row.text(0), &out)) return out;
    }
    row.fail("Function fromIso8601 needs a time like '2026-11-26T17:00:00Z'");
    return out;
  });
}

template <int64_t Unit, int64_t Limit>
Result<BoundFunction> zone_offset(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, 2));
  ASSIGN_OR_RETURN(TimeZone zone, zone_argument(call, 0));
  return row_function(call, "t|i", DataType::kInt, [zone](FunctionRow& row) { return zone.offset_at(row.size() > 1 ? row.integer(1) : 0) / Unit % Limit; });
}

// A length in ISO 8601 or as "1d2h"; the binder of dateBin only.
Result<BoundFunction> date_bin(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(3, 3));
  RETURN_IF_ERROR(expect_time(call, 1));
  ASSIGN_OR_RETURN(std::string text, call.literal_text(0));
  size_t digits = text.find_first_not_of("0123456789");
  Result<Scalar> amount = parse_scalar(DataType::kLong, std::string_view(text).substr(0, digits));
  std::string unit = digits == std::string::npos ? "" : ascii_upper(text.substr(text.find_first_not_of(' ', digits)));
  Result<TimeField> field = time_field(call, unit);
  int64_t step = amount.ok() && field.ok() ? amount->integer * field_millis(*field) : 0;
  if (step <= 0) return Status::invalid(fmt::format("Function datebin takes a width like '15 MINUTES', got: '{}'", text));
  DataType type = call.type(1) == DataType::kTimestamp ? DataType::kTimestamp : DataType::kLong;
  return row_function(call, "tii", type, [step](FunctionRow& row) { return floor_to(row.integer(1) - row.integer(2), step) + row.integer(2); });
}

// toEpoch<Unit>[Rounded|Bucket](millis[, n]) and fromEpoch<Unit>[Bucket](value[, n]) (DateTimeFunctions, 1.5.1).
Result<BoundFunction> epoch(const FunctionArgs& call) {
  bool to = call.name.starts_with("toepoch");
  std::string rest = call.name.substr(to ? 7 : 9);
  bool rounded = rest.ends_with("rounded"), bucket = rest.ends_with("bucket");
  if (rounded) rest.resize(rest.size() - 7);
  if (bucket) rest.resize(rest.size() - 6);
  int64_t unit = unit_millis(ascii_upper(rest));
  RETURN_IF_ERROR(call.expect(rounded || bucket ? 2 : 1, rounded || bucket ? 2 : 1));
  RETURN_IF_ERROR(expect_time(call, 0));
  int64_t n = 1;
  if (call.size() == 2) {
    ASSIGN_OR_RETURN(n, call.literal_integer(1));
  }
  if (n <= 0) return Status::invalid(fmt::format("Function {} needs a positive number of units, got {}", call.name, n));
  return row_function(call, "i|i", DataType::kLong, [=](FunctionRow& row) {
    if (!to) return row.integer(0) * unit * n;
    const int64_t units = row.integer(0) / unit;
    return rounded ? units / n * n : units / n;
  });
}

// Whole weeks, months or years between the epoch and a time, rounding towards zero (DateTimeUtils 1.5.1); 0: no such unit.
int64_t calendar_units(std::string_view unit, int64_t millis) {
  if (unit == "WEEKS") return millis / (7 * kDayMs);
  const chrono::year_month_day date = date_of(millis);
  int64_t months = (static_cast<int>(date.year()) - 1970) * 12 + static_cast<int>(static_cast<unsigned>(date.month())) - 1;
  if (months < 0 && (static_cast<unsigned>(date.day()) > 1 || floor_to(millis, kDayMs) != millis)) ++months;
  return unit == "MONTHS" ? months : months / 12;
}

// timeConvert(t, 'MILLISECONDS', 'DAYS'); only the second unit may be WEEKS, MONTHS or YEARS.
Result<BoundFunction> time_convert(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(3, 3));
  RETURN_IF_ERROR(expect_time(call, 0));
  ASSIGN_OR_RETURN(std::string from, call.literal_text(1));
  ASSIGN_OR_RETURN(std::string to, call.literal_text(2));
  ASSIGN_OR_RETURN(TimeUnitScale in, time_unit(call, from));
  if (const std::string unit = ascii_upper(to); unit == "WEEKS" || unit == "MONTHS" || unit == "YEARS") {
    return row_function(call, "itt", DataType::kLong, [in, unit](FunctionRow& row) { return calendar_units(unit, in.to_millis(row.integer(0))); });
  }
  ASSIGN_OR_RETURN(TimeUnitScale out, time_unit(call, to));
  return row_function(call, "itt", DataType::kLong, [=](FunctionRow& row) {
    // Straight from unit to unit: sub-millisecond ones keep their digits.
    if (in.per_milli > 1 && out.per_milli > 1) return row.integer(0) * out.per_milli / in.per_milli;
    return out.per_milli > 1 ? in.to_millis(row.integer(0)) * out.per_milli : in.per_milli > 1 ? row.integer(0) / in.per_milli / out.millis : row.integer(0) * in.millis / out.millis;
  });
}

// toDateTime(millis, pattern[, zone]).
Result<BoundFunction> to_date_time(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 3));
  RETURN_IF_ERROR(expect_time(call, 0));
  ASSIGN_OR_RETURN(std::string pattern, call.literal_text(1));
  ASSIGN_OR_RETURN(DatePattern format, DatePattern::compile(pattern));
  ASSIGN_OR_RETURN(TimeZone zone, zone_argument(call, 2));
  return row_function(call, "it|t", DataType::kString, [format, zone](FunctionRow& row, std::string& out) { format.write(row.integer(0), out, zone.offset_at(row.integer(0))); });
}

// A local time of a zone, unless the text says its own offset.
bool read_time(const DatePattern& format, const TimeZone& zone, std::string_view text, int64_t* out) {
  if (!format.read(text, out)) return false;
  if (!zone.utc() && !format.has_offset()) *out = zone.to_utc(*out);
  return true;
}

// fromDateTime(text, pattern[, zone[, default]]).
Result<BoundFunction> from_date_time(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 4));
  ASSIGN_OR_RETURN(std::string pattern, call.literal_text(1));
  ASSIGN_OR_RETURN(DatePattern format, DatePattern::compile(pattern));
  ASSIGN_OR_RETURN(TimeZone zone, zone_argument(call, 2));
  bool with_default = call.size() == 4;
  return row_function(call, "tt|ti", DataType::kLong, [=](FunctionRow& row) {
    int64_t out = INT64_MIN;
    if (read_time(format, zone, row.text(0), &out)) return out;
    if (with_default) return row.integer(3);
    row.fail(fmt::format("Invalid format: a text does not match the pattern '{}'", pattern));
    return out;
  });
}

// One side of dateTimeConvert: 'size:UNIT:EPOCH', 'size:UNIT:SIMPLE_DATE_FORMAT:pattern[ tz(zone)]', 'size:UNIT:TIMESTAMP', or the same
// in the form 'EPOCH|UNIT|size', 'SIMPLE_DATE_FORMAT|pattern|zone', 'TIMESTAMP' (DateTimeFormatSpec).
struct TimeSide {
  TimeUnitScale scale;
  int64_t size = 1;
  bool timestamp = false;
  std::shared_ptr<const DatePattern> format;
  TimeZone zone;
};

std::vector<std::string> split(const std::string& text, char separator, size_t parts) {
  std::vector<std::string> out;
  size_t at = 0;
  while (out.size() + 1 < parts && text.find(separator, at) != std::string::npos) {
    size_t end = text.find(separator, at);
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  out.push_back(text.substr(at));
  return out;
}

Result<TimeSide> time_side(const FunctionArgs& call, const std::string& text) {
  std::vector<std::string> parts = split(text, ':', 4);
  std::string kind = parts.size() >= 3 ? parts[2] : "", size = parts[0], unit = parts.size() > 1 ? parts[1] : "", pattern = parts.size() == 4 ? parts[3] : "", zone;
  if (text.starts_with("EPOCH") || text.starts_with("SIMPLE_DATE_FORMAT") || text.starts_with("TIMESTAMP")) {
    parts = split(text, '|', 3);
    kind = parts[0];
    unit = kind == "EPOCH" && parts.size() > 1 ? parts[1] : "MILLISECONDS";
    size = kind == "EPOCH" && parts.size() > 2 ? parts[2] : "1";
    pattern = kind == "SIMPLE_DATE_FORMAT" ? (parts.size() > 1 ? parts[1] : "yyyy-MM-dd HH:mm:ss.SSS") : "";
    if (kind == "SIMPLE_DATE_FORMAT" && parts.size() > 2) zone = parts[2];
  }
  TimeSide out;
  if (kind == "TIMESTAMP") {
    out.timestamp = true;
    return out;
  }
  if (kind == "EPOCH") {
    Result<Scalar> count = parse_scalar(DataType::kLong, size);
    ASSIGN_OR_RETURN(out.scale, time_unit(call, unit));
    if (count.ok() && count->integer > 0) {
      out.size = count->integer;
      return out;
    }
  }
  if (kind == "SIMPLE_DATE_FORMAT" && !pattern.empty()) {
    if (size_t tz = pattern.find("tz("); tz != std::string::npos && pattern.back() == ')') {
      zone = pattern.substr(tz + 3, pattern.size() - tz - 4);
      pattern.resize(tz);
      while (!pattern.empty() && pattern.back() == ' ') pattern.pop_back();
    }
    ASSIGN_OR_RETURN(DatePattern format, DatePattern::compile(pattern));
    out.format = std::make_shared<const DatePattern>(std::move(format));
    if (!zone.empty()) {
      ASSIGN_OR_RETURN(out.zone, TimeZone::find(zone));
    }
    return out;
  }
  return Status::invalid(fmt::format("Function datetimeconvert takes formats like '1:MILLISECONDS:EPOCH' or '1:DAYS:SIMPLE_DATE_FORMAT:yyyy-MM-dd', got: '{}'", text));
}

// '15:MINUTES' or 'MINUTES|15' as its number and its unit.
std::vector<std::string> granularity_parts(const std::string& text) {
  std::vector<std::string> parts = split(text, text.find('|') == std::string::npos ? ':' : '|', 2);
  if (text.find('|') != std::string::npos && parts.size() == 2) std::swap(parts[0], parts[1]);
  return parts;
}
Result<int64_t> granularity_millis(const FunctionArgs& call, size_t i) {
  ASSIGN_OR_RETURN(const std::string text, call.literal_text(i));
  const std::vector<std::string> parts = granularity_parts(text);
  const Result<Scalar> size = parse_scalar(DataType::kLong, parts[0]);
  const int64_t unit = parts.size() == 2 ? unit_millis(ascii_upper(parts[1])) : 0;
  if (!size.ok() || size->integer <= 0 || unit <= 0 || size->integer > INT64_MAX / unit) return Status::invalid(fmt::format("Function {} takes a length like '1:DAYS', got: '{}'", call.name, text));
  return size->integer * unit;
}

// A local time cut off to `step`, some `unit`s, which are counted anew in each second, minute, hour, day or month (BaseDateTimeTransformer 1.5.1).
int64_t cut_in_calendar(int64_t local, int64_t unit, int64_t step) {
  const int64_t days = static_cast<int64_t>(static_cast<unsigned>(date_of(local).day())) - 1;  // of the month
  const int64_t whole = unit == kHourMs ? kDayMs : unit == kMinuteMs ? kHourMs : unit == kSecondMs ? kMinuteMs : kSecondMs;
  const int64_t begin = unit == kDayMs ? floor_to(local, kDayMs) - days * kDayMs : floor_to(local, whole);
  return begin + (local - begin) / step * step;
}

// dateTimeConvert(value, input format, output format, granularity[, bucket zone]).
Result<BoundFunction> date_time_convert(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(4, 5));
  std::string texts[2];
  for (size_t i = 0; i < 2; ++i) {
    ASSIGN_OR_RETURN(texts[i], call.literal_text(i + 1));
  }
  ASSIGN_OR_RETURN(TimeSide from, time_side(call, texts[0]));
  ASSIGN_OR_RETURN(TimeSide to, time_side(call, texts[1]));
  ASSIGN_OR_RETURN(const int64_t step, granularity_millis(call, 3));
  ASSIGN_OR_RETURN(TimeZone bucket, zone_argument(call, 4));
  if (call.size() < 5 && to.format) bucket = to.zone;
  bool text_in = physical_of(call.type(0)) == Physical::kText;
  if (text_in != (from.format != nullptr) && !call.args[0]->null) {
    return Status::invalid(fmt::format("Function datetimeconvert: format '{}' does not fit the type {} of {}", texts[0], to_string(call.type(0)), call.args[0]->text));
  }
  const bool calendar = to.format || call.size() == 5;
  ASSIGN_OR_RETURN(const std::string length, call.literal_text(3));
  const int64_t unit = unit_millis(ascii_upper(granularity_parts(length).back()));
  auto read = [from, bucket, unit, step, calendar](FunctionRow& row) {
    int64_t t = 0;
    if (!from.format) t = from.timestamp ? row.integer(0) : from.scale.to_millis(row.integer(0) * from.size);
    else if (!read_time(*from.format, from.zone, row.text(0), &t)) row.fail("Function datetimeconvert: a text does not match the input format");
    if (!calendar) return t / step * step;
    return bucket.utc() ? cut_in_calendar(t, unit, step) : bucket.to_utc(cut_in_calendar(bucket.to_local(t), unit, step));
  };
  std::string_view signature = from.format ? "tttt|t" : "ittt|t";
  if (to.format) {
    return row_function(call, signature, DataType::kString, [read, to](FunctionRow& row, std::string& out) {
      int64_t t = read(row);
      to.format->write(t, out, to.zone.offset_at(t));
    });
  }
  return row_function(call, signature, to.timestamp ? DataType::kTimestamp : DataType::kLong, [read, to](FunctionRow& row) {
    int64_t t = read(row);
    return to.timestamp ? t : to.scale.from_millis(t) / to.size;
  });
}

// dateTimeConvertWindowHop(value, input format, output format, hop, window): the starts of the windows that the time lies in, the last first.
Result<BoundFunction> date_time_windows(const FunctionArgs& call) {
  constexpr int64_t kWindowsMax = 100'000;  // of one time
  RETURN_IF_ERROR(call.expect(5, 5));
  ASSIGN_OR_RETURN(const std::string in, call.literal_text(1));
  ASSIGN_OR_RETURN(const std::string out_text, call.literal_text(2));
  ASSIGN_OR_RETURN(const TimeSide from, time_side(call, in));
  ASSIGN_OR_RETURN(const TimeSide to, time_side(call, out_text));
  ASSIGN_OR_RETURN(const int64_t hop, granularity_millis(call, 3));
  ASSIGN_OR_RETURN(const int64_t window, granularity_millis(call, 4));
  if (window / hop > kWindowsMax) return Status::invalid(fmt::format("Function {} gives at most {} windows for a time", call.name, kWindowsMax));
  if ((physical_of(call.type(0)) == Physical::kText) != (from.format != nullptr) || call.args[0]->multi) {
    return Status::invalid(fmt::format("Function {}: format '{}' does not fit the type {} of {}", call.name, in, to_string(call.type(0)), call.args[0]->text));
  }
  ASSIGN_OR_RETURN(const RowArguments arguments, RowArguments::of(call, from.format ? "ttttt" : "itttt"));
  return BoundFunction{to.format ? DataType::kString : DataType::kLong, [=](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         std::vector<Vector> converted;
                         const std::vector<const Vector*> read = arguments.read(args, n, converted);
                         FunctionRow row{read, out, 0, n};
                         out.start_texts();
                         out.integers.clear();
                         out.offsets.assign(1, 0);
                         for (row.index = 0; row.index < n; ++row.index) {
                           int64_t t = 0;
                           if (!from.format) t = from.timestamp ? row.integer(0) : from.scale.to_millis(row.integer(0) * from.size);
                           else if (!read_time(*from.format, from.zone, row.text(0), &t)) row.fail("Function dateTimeConvertWindowHop: a text does not match the input format");
                           int64_t last = 0;  // times at the ends of what 64 bits hold, such as a null's default, lie in no window
                           if (__builtin_sub_overflow(t, window, &last)) last = INT64_MAX;
                           for (int64_t start = t / hop * hop; start > last; start -= hop) {
                             if (to.format) to.format->write(start, out.bytes, to.zone.offset_at(start)), out.end_text();
                             else out.integers.push_back(to.timestamp ? start : to.scale.from_millis(start) / to.size);
                           }
                           out.offsets.push_back(static_cast<uint32_t>(to.format ? out.ends.size() : out.integers.size()));
                         }
                         if (to.format) out.finish_texts();
                       }, true};
}

// timeSeriesBucket(time, 'UNIT', start, width, offset), the last three in seconds: the number of the bucket, whose end belongs to it.
Result<BoundFunction> time_series_bucket(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(5, 5));
  RETURN_IF_ERROR(expect_time(call, 0));
  ASSIGN_OR_RETURN(const std::string unit, call.literal_text(1));
  ASSIGN_OR_RETURN(const TimeUnitScale scale, time_unit(call, unit));
  int64_t seconds[3];
  for (size_t i = 0; i < 3; ++i) {
    ASSIGN_OR_RETURN(const int64_t value, call.literal_integer(i + 2));
    if (__builtin_mul_overflow(value, int64_t{1000}, &seconds[i])) return Status::invalid(fmt::format("Function {}: {} seconds are too many", call.name, value));
    seconds[i] = scale.per_milli > 1 ? seconds[i] * scale.per_milli : seconds[i] / scale.millis;
  }
  const int64_t start = seconds[0], width = seconds[1], offset = seconds[2];
  if (width <= 0) return Status::invalid(fmt::format("Function {} takes a width of at least one {}", call.name, unit));
  return row_function(call, "itiii", DataType::kInt, [=](FunctionRow& row) { return static_cast<int32_t>((row.integer(0) + offset - (start - width) - 1) / width); });
}

// ago('P1DT2H3M4S'): the binder puts now() before the argument.
Result<BoundFunction> ago(const FunctionArgs& call) {
  if (call.size() != 2 || call.args[0]->kind != BoundKind::kLiteral) return Status::invalid("Function ago takes one literal like 'PT1H'");
  ASSIGN_OR_RETURN(std::string text, call.literal_text(1));
  std::string_view rest = text;
  bool negative = rest.starts_with('-');
  if (negative) rest.remove_prefix(1);
  int64_t millis = 0;
  bool time = false, any = false, valid = rest.starts_with('P');
  if (valid) rest.remove_prefix(1);
  while (valid && !rest.empty()) {
    if (rest[0] == 'T') {
      time = true;
      rest.remove_prefix(1);
      continue;
    }
    size_t digits = rest.find_first_not_of("0123456789.-");
    Result<Scalar> amount = parse_scalar(DataType::kDouble, rest.substr(0, digits));
    char unit = digits == std::string_view::npos ? '\0' : rest[digits];
    int64_t size = !time && unit == 'D' ? kDayMs : time && unit == 'H' ? kHourMs : time && unit == 'M' ? kMinuteMs : time && unit == 'S' ? kSecondMs : 0;
    valid = amount.ok() && size > 0 && std::abs(amount->real) < 1e12;
    if (!valid) break;
    millis += static_cast<int64_t>(amount->real * static_cast<double>(size));
    any = true;
    rest.remove_prefix(digits + 1);
  }
  if (!valid || !any) return Status::invalid(fmt::format("Function ago takes an ISO 8601 duration like 'P1DT2H', got: '{}'", text));
  int64_t back = negative ? -millis : millis;
  return row_function(call, "it", DataType::kLong, [back](FunctionRow& row) { return row.integer(0) - back; });
}

}  // namespace

const std::vector<FunctionEntry>& time_functions() {
  static const std::vector<FunctionEntry> entries = [] {
    std::vector<FunctionEntry> out = {{"datetrunc", date_trunc},        {"extract", extract},          {"timeconvert", time_convert},   {"todatetime", to_date_time},
                                      {"fromdatetime", from_date_time}, {"datetimeconvert", date_time_convert}, {"ago", ago},
                                      {"datetimeconvertwindowhop", date_time_windows}, {"timeseriesbucket", time_series_bucket},         {"timestampadd", timestamp_add},
                                      {"dateadd", timestamp_add},       {"timestampdiff", timestamp_diff}, {"datediff", timestamp_diff}, {"totimestamp", to_timestamp},
                                      {"fromtimestamp", from_timestamp}, {"toiso8601", to_iso8601},    {"fromiso8601", from_iso8601},   {"datebin", date_bin},
                                      {"timezonehour", zone_offset<kHourMs, 24>}, {"timezoneminute", zone_offset<kMinuteMs, 60>}};
    for (const auto& [name, ignored] : kParts) out.push_back({name.data(), part});
    for (const char* name : {"toepochseconds", "toepochminutes", "toepochhours", "toepochdays", "toepochsecondsrounded", "toepochminutesrounded",
                             "toepochhoursrounded", "toepochdaysrounded", "toepochsecondsbucket", "toepochminutesbucket", "toepochhoursbucket",
                             "toepochdaysbucket", "fromepochseconds", "fromepochminutes", "fromepochhours", "fromepochdays", "fromepochsecondsbucket",
                             "fromepochminutesbucket", "fromepochhoursbucket", "fromepochdaysbucket"}) {
      out.push_back({name, epoch});
    }
    return out;
  }();
  return entries;
}

}  // namespace bywash::analytics
