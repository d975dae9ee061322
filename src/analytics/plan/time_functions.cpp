// Dates and times in UTC: truncation, parts, epochs, formats. Patterns are Joda's of which y M d H h m s S a E and quoted text are known.
#include "analytics/plan/functions.h"
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

using namespace std::chrono;

constexpr int64_t kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute, kDay = 24 * kHour;

int64_t floor_to(int64_t value, int64_t unit) {
  int64_t rest = value % unit;
  return value - (rest < 0 ? rest + unit : rest);
}
int64_t floor_divide(int64_t value, int64_t unit) { return floor_to(value, unit) / unit; }

// Milliseconds in a java.util.concurrent.TimeUnit; 0: not one. MICROSECONDS and NANOSECONDS divide instead, see below.
int64_t unit_millis(const std::string& unit) {
  if (unit == "MILLISECONDS") return 1;
  if (unit == "SECONDS") return kSecond;
  if (unit == "MINUTES") return kMinute;
  if (unit == "HOURS") return kHour;
  return unit == "DAYS" ? kDay : 0;
}

// A function of whole numbers; reals are cut off, texts refused.
template <class F>
BoundFunction map_integers(DataType type, F f) {
  return {type, [f](const std::vector<const Vector*>& args, size_t n, Vector& out) {
            const Vector& source = *args.back();  // the time is the only, or the last, argument that kernels see
            out.integers.resize(n);
            for (size_t i = 0; i < n; ++i) out.integers[i] = f(source.physical() == Physical::kReal ? static_cast<int64_t>(source.reals[i]) : source.integers[i]);
          }};
}

// The kernel reads argument `which` only.
BoundFunction of_argument(size_t which, BoundFunction inner) {
  return {inner.type, [which, kernel = std::move(inner.kernel)](const std::vector<const Vector*>& args, size_t n, Vector& out) { kernel({args[which]}, n, out); }};
}

Status expect_time(const FunctionArgs& call, size_t i) {
  if (physical_of(call.type(i)) != Physical::kText) return {};
  return Status::invalid(fmt::format("Function {} needs a time as number in argument {}, got {}: {}", call.name, i + 1, to_string(call.type(i)), call.args[i]->text));
}

year_month_day date_of(int64_t millis) { return year_month_day(sys_days(days(floor_divide(millis, kDay)))); }
int64_t millis_of(year_month_day date) { return sys_days(date).time_since_epoch().count() * kDay; }

int64_t truncate_to(const std::string& unit, int64_t t) {
  if (unit == "WEEK") return floor_to(t - 4 * kDay, 7 * kDay) + 4 * kDay;  // 1970-01-05 was a Monday
  year_month_day date = date_of(t);
  if (unit == "MONTH") return millis_of(date.year() / date.month() / 1);
  if (unit == "QUARTER") return millis_of(date.year() / month((static_cast<unsigned>(date.month()) - 1) / 3 * 3 + 1) / 1);
  return millis_of(date.year() / 1 / 1);
}

// DATETRUNC(unit, time[, input unit[, time zone[, output unit]]]); UTC only.
Result<BoundFunction> date_trunc(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 5));
  RETURN_IF_ERROR(expect_time(call, 1));
  ASSIGN_OR_RETURN(std::string unit, call.literal_text(0));
  unit = ascii_upper(unit);
  std::string in = "MILLISECONDS", zone = "UTC", out;
  if (call.size() > 2) {
    ASSIGN_OR_RETURN(in, call.literal_text(2));
  }
  if (call.size() > 3) {
    ASSIGN_OR_RETURN(zone, call.literal_text(3));
  }
  out = in;
  if (call.size() > 4) {
    ASSIGN_OR_RETURN(out, call.literal_text(4));
  }
  int64_t in_unit = unit_millis(ascii_upper(in)), out_unit = unit_millis(ascii_upper(out));
  if (!in_unit || !out_unit) return Status::invalid(fmt::format("Function datetrunc takes units MILLISECONDS to DAYS, got: '{}', '{}'", in, out));
  if (zone != "UTC" && zone != "GMT" && zone != "Z") return Status::invalid(fmt::format("Function datetrunc knows the time zone UTC only yet, got: '{}'", zone));
  int64_t step = unit == "MILLISECOND" ? 1 : unit == "SECOND" ? kSecond : unit == "MINUTE" ? kMinute : unit == "HOUR" ? kHour : unit == "DAY" ? kDay : 0;
  if (!step && unit != "WEEK" && unit != "MONTH" && unit != "QUARTER" && unit != "YEAR") {
    return Status::invalid(fmt::format("Function datetrunc takes MILLISECOND, SECOND, MINUTE, HOUR, DAY, WEEK, MONTH, QUARTER or YEAR, got: '{}'", unit));
  }
  return of_argument(1, map_integers(DataType::kLong, [=](int64_t t) {
                       t *= in_unit;
                       return floor_divide(step ? floor_to(t, step) : truncate_to(unit, t), out_unit);
                     }));
}

int64_t part_of(std::string_view part, int64_t t) {
  year_month_day date = date_of(t);
  int64_t in_day = t - floor_to(t, kDay);
  int64_t day_of_year = (floor_to(t, kDay) - millis_of(date.year() / 1 / 1)) / kDay + 1;
  if (part == "year") return static_cast<int>(date.year());
  if (part == "quarter") return (static_cast<unsigned>(date.month()) - 1) / 3 + 1;
  if (part == "month") return static_cast<unsigned>(date.month());
  if (part == "day") return static_cast<unsigned>(date.day());
  if (part == "dow") return weekday(sys_days(date)).iso_encoding();
  if (part == "doy") return day_of_year;
  if (part == "hour") return in_day / kHour;
  if (part == "minute") return in_day / kMinute % 60;
  if (part == "second") return in_day / kSecond % 60;
  if (part == "millisecond") return in_day % 1000;
  // ISO weeks: the week belongs to the year of its Thursday.
  int64_t thursday = truncate_to("WEEK", t) + 3 * kDay;
  if (part == "yow") return static_cast<int>(date_of(thursday).year());
  return (thursday - millis_of(date_of(thursday).year() / 1 / 1)) / kDay / 7 + 1;
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

// year(t), hour(t), ...
Result<BoundFunction> part(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, 1));
  RETURN_IF_ERROR(expect_time(call, 0));
  ASSIGN_OR_RETURN(std::string_view which, part_named(call.name));
  return map_integers(DataType::kInt, [which](int64_t t) { return part_of(which, t); });
}

Result<BoundFunction> extract(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 2));
  RETURN_IF_ERROR(expect_time(call, 1));
  ASSIGN_OR_RETURN(std::string name, call.literal_text(0));
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  ASSIGN_OR_RETURN(std::string_view which, part_named(name));
  return of_argument(1, map_integers(DataType::kInt, [which](int64_t t) { return part_of(which, t); }));
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
  return of_argument(0, map_integers(DataType::kLong, [=](int64_t t) {
                       if (!to) return t * unit * n;
                       int64_t units = floor_divide(t, unit);
                       return rounded ? floor_to(units, n) : floor_divide(units, n);
                     }));
}

// timeConvert(t, 'MILLISECONDS', 'DAYS').
Result<BoundFunction> time_convert(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(3, 3));
  RETURN_IF_ERROR(expect_time(call, 0));
  ASSIGN_OR_RETURN(std::string from, call.literal_text(1));
  ASSIGN_OR_RETURN(std::string to, call.literal_text(2));
  int64_t in = unit_millis(ascii_upper(from)), out = unit_millis(ascii_upper(to));
  if (!in || !out) return Status::invalid(fmt::format("Function timeconvert takes units MILLISECONDS to DAYS, got: '{}', '{}'", from, to));
  return of_argument(0, map_integers(DataType::kLong, [=](int64_t t) { return t * in / out; }));
}

// toDateTime(millis, pattern) and fromDateTime(text, pattern).
Result<BoundFunction> to_date_time(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 2));
  RETURN_IF_ERROR(expect_time(call, 0));
  ASSIGN_OR_RETURN(std::string pattern, call.literal_text(1));
  ASSIGN_OR_RETURN(DatePattern format, DatePattern::compile(pattern));
  return BoundFunction{DataType::kString, [format](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         out.start_texts();
                         for (size_t i = 0; i < n; ++i) {
                           format.write(args[0]->physical() == Physical::kReal ? static_cast<int64_t>(args[0]->reals[i]) : args[0]->integers[i], out.bytes);
                           out.end_text();
                         }
                         out.finish_texts();
                       }};
}

Result<BoundFunction> from_date_time(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 2));
  ASSIGN_OR_RETURN(std::string pattern, call.literal_text(1));
  ASSIGN_OR_RETURN(DatePattern format, DatePattern::compile(pattern));
  if (physical_of(call.type(0)) != Physical::kText) return Status::invalid(fmt::format("Function fromdatetime needs a text as argument 1: {}", call.args[0]->text));
  if (call.args[0]->kind == BoundKind::kLiteral) {
    int64_t ignored;
    if (!format.read(call.args[0]->literal.text, &ignored)) {
      return Status::invalid(fmt::format("Invalid format: '{}' does not match '{}'", call.args[0]->literal.text, pattern));
    }
  }
  return BoundFunction{DataType::kLong, [format](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         out.integers.resize(n);
                         for (size_t i = 0; i < n; ++i) {
                           if (!format.read(args[0]->texts[i], &out.integers[i])) out.integers[i] = INT64_MIN;  // LONG's null default
                         }
                       }};
}

// One side of dateTimeConvert: 'size:UNIT:EPOCH' or 'size:UNIT:SIMPLE_DATE_FORMAT:pattern'.
struct TimeSide {
  int64_t unit = 1;
  std::shared_ptr<const DatePattern> format;
};

std::vector<std::string> split(const std::string& text, size_t parts) {
  std::vector<std::string> out;
  size_t at = 0;
  while (out.size() + 1 < parts && text.find(':', at) != std::string::npos) {
    size_t end = text.find(':', at);
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  out.push_back(text.substr(at));
  return out;
}

Result<TimeSide> time_side(const std::string& text) {
  std::vector<std::string> parts = split(text, 4);
  TimeSide out;
  if (parts.size() >= 3 && parts[2] == "EPOCH") {
    Result<Scalar> size = parse_scalar(DataType::kLong, parts[0]);
    int64_t unit = unit_millis(ascii_upper(parts[1]));
    if (size.ok() && size->integer > 0 && unit) {
      out.unit = size->integer * unit;
      return out;
    }
  }
  if (parts.size() == 4 && parts[2] == "SIMPLE_DATE_FORMAT") {
    ASSIGN_OR_RETURN(DatePattern format, DatePattern::compile(parts[3]));
    out.format = std::make_shared<const DatePattern>(std::move(format));
    return out;
  }
  return Status::invalid(fmt::format("Function datetimeconvert takes formats like '1:MILLISECONDS:EPOCH' or '1:DAYS:SIMPLE_DATE_FORMAT:yyyy-MM-dd', got: '{}'", text));
}

Result<BoundFunction> date_time_convert(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(4, 4));
  std::string texts[3];
  for (size_t i = 0; i < 3; ++i) {
    ASSIGN_OR_RETURN(texts[i], call.literal_text(i + 1));
  }
  ASSIGN_OR_RETURN(TimeSide from, time_side(texts[0]));
  ASSIGN_OR_RETURN(TimeSide to, time_side(texts[1]));
  std::vector<std::string> granularity = split(texts[2], 2);
  Result<Scalar> size = parse_scalar(DataType::kLong, granularity[0]);
  int64_t unit = granularity.size() == 2 ? unit_millis(ascii_upper(granularity[1])) : 0;
  if (!size.ok() || size->integer <= 0 || !unit) return Status::invalid(fmt::format("Function datetimeconvert takes a granularity like '1:DAYS', got: '{}'", texts[2]));
  int64_t step = size->integer * unit;
  bool text_in = physical_of(call.type(0)) == Physical::kText;
  if (text_in != (from.format != nullptr)) return Status::invalid(fmt::format("Function datetimeconvert: format '{}' does not fit the type {} of {}", texts[0], to_string(call.type(0)), call.args[0]->text));
  return BoundFunction{to.format ? DataType::kString : DataType::kLong, [=](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         if (to.format) out.start_texts();
                         else out.integers.resize(n);
                         for (size_t i = 0; i < n; ++i) {
                           int64_t t = 0;
                           if (!from.format) t = static_cast<int64_t>(args[0]->physical() == Physical::kReal ? static_cast<int64_t>(args[0]->reals[i]) : args[0]->integers[i]) * from.unit;
                           else if (!from.format->read(args[0]->texts[i], &t)) t = 0;
                           t = floor_to(t, step);
                           if (to.format) to.format->write(t, out.bytes), out.end_text();
                           else out.integers[i] = floor_divide(t, to.unit);
                         }
                         if (to.format) out.finish_texts();
                       }};
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
    int64_t size = !time && unit == 'D' ? kDay : time && unit == 'H' ? kHour : time && unit == 'M' ? kMinute : time && unit == 'S' ? kSecond : 0;
    valid = amount.ok() && size > 0 && std::abs(amount->real) < 1e12;
    if (!valid) break;
    millis += static_cast<int64_t>(amount->real * static_cast<double>(size));
    any = true;
    rest.remove_prefix(digits + 1);
  }
  if (!valid || !any) return Status::invalid(fmt::format("Function ago takes an ISO 8601 duration like 'P1DT2H', got: '{}'", text));
  int64_t back = negative ? -millis : millis;
  return of_argument(0, map_integers(DataType::kLong, [back](int64_t now) { return now - back; }));
}

}  // namespace

const std::vector<FunctionEntry>& time_functions() {
  static const std::vector<FunctionEntry> entries = [] {
    std::vector<FunctionEntry> out = {{"datetrunc", date_trunc},      {"extract", extract},          {"timeconvert", time_convert}, {"todatetime", to_date_time},
                                      {"fromdatetime", from_date_time}, {"datetimeconvert", date_time_convert}, {"ago", ago}};
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
