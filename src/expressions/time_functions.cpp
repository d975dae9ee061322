// Functions over times, in UTC. Level 2.
#include <charconv>
#include <chrono>

#include "base/clock.h"
#include "base/time_arithmetic.h"
#include "expressions/date_pattern.h"
#include "expressions/functions.h"

namespace bywash::expressions {
namespace {

using TimeArgs = std::vector<const Values*>;

struct TimeParts {
  int64_t year, month, day, in_day, weekday;
};
TimeParts parts_of(int64_t ms) {
  const int64_t days = floor_div(ms, kMsPerDay);
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  return {int{date.year()}, unsigned{date.month()}, unsigned{date.day()}, ms - days * kMsPerDay, ((days + 3) % 7 + 7) % 7 + 1};
}
int64_t day_start(int64_t year, int64_t month, int64_t day) {
  using namespace std::chrono;
  return sys_days(std::chrono::year(static_cast<int>(year)) / std::chrono::month(static_cast<unsigned>(month)) / std::chrono::day(static_cast<unsigned>(day))).time_since_epoch().count() * kMsPerDay;
}
// std::chrono's calendar has years of 16 bits.
constexpr int64_t kTimeMax = 32'000LL * 366 * kMsPerDay;
bool in_calendar(int64_t ms) { return ms > -kTimeMax && ms < kTimeMax; }

// A TIMESTAMP, or a number of milliseconds.
Status expect_time(std::string_view name, const Values& value) {
  if (value.kind == ValueKind::kTimestamp || value.kind == ValueKind::kInteger) return {};
  return Status::invalid(fmt::format("{} takes TIMESTAMP or milliseconds, got {}", name, to_string(value.kind)));
}

template <class F>
void each_time(const Values& times, Values& out, F f) {
  for (size_t i = 0; i < out.count; ++i) {
    if (out.null(i) || out.is_bad(i)) continue;
    const int64_t ms = times.integer(i);
    if (in_calendar(ms)) f(i, ms);
    else out.set_bad(i, "The time is beyond the calendar");
  }
}

enum class Part : uint8_t { kYear, kMonth, kDay, kHour, kMinute, kSecond, kWeekday };
template <Part P>
Status part(const TimeArgs& args, Values& out) {
  RETURN_IF_ERROR(expect_time("This function", *args[0]));
  out.kind = ValueKind::kInteger;
  out.integers.resize(out.count);
  each_time(*args[0], out, [&](size_t i, int64_t ms) {
    const TimeParts t = parts_of(ms);
    switch (P) {
      case Part::kYear: out.integers[i] = t.year; break;
      case Part::kMonth: out.integers[i] = t.month; break;
      case Part::kDay: out.integers[i] = t.day; break;
      case Part::kHour: out.integers[i] = t.in_day / 3'600'000; break;
      case Part::kMinute: out.integers[i] = t.in_day / 60'000 % 60; break;
      case Part::kSecond: out.integers[i] = t.in_day / 1000 % 60; break;
      case Part::kWeekday: out.integers[i] = t.weekday; break;
    }
  });
  return {};
}

// date_trunc('day', time).
Status truncate_time(const TimeArgs& args, Values& out) {
  ASSIGN_OR_RETURN(std::string unit, constant_text("date_trunc", *args[0]));
  RETURN_IF_ERROR(expect_time("date_trunc", *args[1]));
  int64_t step = 0;
  for (auto [name, ms] : {std::pair<std::string_view, int64_t>{"second", 1000}, {"minute", 60'000}, {"hour", 3'600'000}, {"day", kMsPerDay}}) {
    if (unit == name) step = ms;
  }
  if (step == 0 && unit != "week" && unit != "month" && unit != "quarter" && unit != "year") {
    return Status::invalid(fmt::format("date_trunc knows second, minute, hour, day, week, month, quarter and year, not '{}'", unit));
  }
  out.kind = ValueKind::kTimestamp;
  out.integers.resize(out.count);
  each_time(*args[1], out, [&](size_t i, int64_t ms) {
    if (step > 0) {
      out.integers[i] = floor_div(ms, step) * step;
      return;
    }
    const TimeParts t = parts_of(ms);
    if (unit == "week") out.integers[i] = ms - t.in_day - (t.weekday - 1) * kMsPerDay;
    else out.integers[i] = day_start(t.year, unit == "year" ? 1 : unit == "quarter" ? (t.month - 1) / 3 * 3 + 1 : t.month, 1);
  });
  return {};
}

// to_timestamp(ms), to_timestamp(text) in ISO 8601, to_timestamp(text, pattern).
Status to_timestamp(const TimeArgs& args, Values& out) {
  if (args.size() == 1 && args[0]->kind != ValueKind::kText) RETURN_IF_ERROR(expect_time("to_timestamp", *args[0]));
  std::optional<DatePattern> pattern;
  if (args.size() > 1) {
    RETURN_IF_ERROR(expect_kind("to_timestamp", *args[0], ValueKind::kText));
    ASSIGN_OR_RETURN(std::string text, constant_text("to_timestamp", *args[1]));
    ASSIGN_OR_RETURN(pattern, DatePattern::compile(text));
  }
  out.kind = ValueKind::kTimestamp;
  out.integers.resize(out.count);
  for (size_t i = 0; i < out.count; ++i) {
    if (out.null(i) || out.is_bad(i)) continue;
    if (args[0]->kind != ValueKind::kText) out.integers[i] = args[0]->integer(i);
    else if (pattern ? !pattern->read(args[0]->text(i), &out.integers[i]) : !parse_time(args[0]->text(i), &out.integers[i])) out.set_bad(i, "The text is no such time");
  }
  return {};
}

Status write_times(const Values& times, const DatePattern& pattern, Values& out) {
  out.kind = ValueKind::kText;
  out.start_texts();
  for (size_t i = 0; i < out.count; ++i) {
    if (!out.null(i) && !out.is_bad(i)) {
      if (in_calendar(times.integer(i))) pattern.write(times.integer(i), *out.bytes);
      else out.set_bad(i, "The time is beyond the calendar");
    }
    out.end_text();
  }
  out.finish_texts();
  return {};
}
// format_timestamp(time, pattern).
Status format_timestamp(const TimeArgs& args, Values& out) {
  RETURN_IF_ERROR(expect_time("format_timestamp", *args[0]));
  ASSIGN_OR_RETURN(std::string text, constant_text("format_timestamp", *args[1]));
  ASSIGN_OR_RETURN(DatePattern pattern, DatePattern::compile(text));
  return write_times(*args[0], pattern, out);
}
Status to_iso(const TimeArgs& args, Values& out) {
  RETURN_IF_ERROR(expect_time("to_iso", *args[0]));
  ASSIGN_OR_RETURN(DatePattern pattern, DatePattern::compile("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'"));
  return write_times(*args[0], pattern, out);
}
Status epoch_ms(const TimeArgs& args, Values& out) {
  RETURN_IF_ERROR(expect_time("epoch_ms", *args[0]));
  out.kind = ValueKind::kInteger;
  out.integers.resize(out.count);
  for (size_t i = 0; i < out.count; ++i) out.integers[i] = args[0]->integer(i);
  return {};
}
Status now(const TimeArgs&, Values& out) {
  out.kind = ValueKind::kTimestamp;
  out.integers.assign(out.count, wall_clock_ms());
  return {};
}

bool digits(std::string_view& text, size_t count, int64_t* out) {
  if (text.size() < count) return false;
  auto [end, code] = std::from_chars(text.data(), text.data() + count, *out);
  if (code != std::errc() || end != text.data() + count || text[0] == '-') return false;
  text.remove_prefix(count);
  return true;
}
bool character(std::string_view& text, std::string_view any) {
  if (text.empty() || any.find(text[0]) == any.npos) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

// yyyy-MM-dd[(T| )HH:mm[:ss[.f...]][Z|+hh:mm]]; without a zone UTC.
bool parse_time(std::string_view text, int64_t* ms) {
  int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, milli = 0, offset = 0;
  if (!digits(text, 4, &year) || !character(text, "-") || !digits(text, 2, &month) || !character(text, "-") || !digits(text, 2, &day)) return false;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)), std::chrono::month(static_cast<unsigned>(month)), std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return false;
  if (!text.empty()) {
    if (!character(text, "T ") || !digits(text, 2, &hour) || !character(text, ":") || !digits(text, 2, &minute)) return false;
    if (character(text, ":") && !digits(text, 2, &second)) return false;
    if (character(text, ".")) {
      int64_t scale = 100;
      if (text.empty() || text[0] < '0' || text[0] > '9') return false;
      for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), scale /= 10) milli += (text[0] - '0') * scale;
    }
    if (!text.empty() && !character(text, "Z")) {
      const bool negative = text[0] == '-';
      int64_t hours = 0, minutes = 0;
      if (!character(text, "+-") || !digits(text, 2, &hours)) return false;
      (void)character(text, ":");
      if (!text.empty() && !digits(text, 2, &minutes)) return false;
      offset = (hours * 60 + minutes) * (negative ? -60'000 : 60'000);
    }
  }
  if (!text.empty() || hour > 23 || minute > 59 || second > 59) return false;
  *ms = day_start(year, month, day) + hour * 3'600'000 + minute * 60'000 + second * 1000 + milli - offset;
  return true;
}

const std::vector<Function>& time_functions() {
  static const std::vector<Function> table = {
      {"year", 1, 1, part<Part::kYear>}, {"month", 1, 1, part<Part::kMonth>}, {"day", 1, 1, part<Part::kDay>}, {"hour", 1, 1, part<Part::kHour>},
      {"minute", 1, 1, part<Part::kMinute>}, {"second", 1, 1, part<Part::kSecond>}, {"day_of_week", 1, 1, part<Part::kWeekday>}, {"date_trunc", 2, 2, truncate_time},
      {"to_timestamp", 1, 2, to_timestamp}, {"format_timestamp", 2, 2, format_timestamp}, {"to_iso", 1, 1, to_iso}, {"epoch_ms", 1, 1, epoch_ms}, {"now", 0, 0, now}};
  return table;
}

}  // namespace bywash::expressions
