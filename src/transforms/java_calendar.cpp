// Which fields count is decided by those that were set last, as GregorianCalendar.selectFields does. Level 4.
#include "transforms/java_calendar.h"

#include <algorithm>

namespace bywash::transforms {
namespace {

constexpr int64_t kSunday = 1;

constexpr int64_t floor_mod(int64_t a, int64_t b) { return a - floor_div(a, b) * b; }

// The last day on or before `days` that is this day of the week (1: Sunday), whatever number it has.
int64_t on_or_before(int64_t days, int64_t day_of_week) { return days - floor_mod(calendar_weekday(days) + 1 - day_of_week, 7); }

}  // namespace

int64_t CalendarFields::ms() const { return days() * kMsPerDay + in_day(); }

int64_t CalendarFields::in_day() const {
  int64_t hours = 0;
  const int half_day = both(kHour, kHalf), whole_day = stamp_[kHourOfDay];
  int best = std::max(half_day, whole_day);
  if (best == 0) best = std::max(stamp_[kHour], stamp_[kHalf]);
  if (best != 0) hours = best == whole_day ? value_[kHourOfDay] : value_[kHour] + 12 * value_or(kHalf, 0);
  return ((hours * 60 + value_[kMinute]) * 60 + value_[kSecond]) * 1000 + value_[kMilli];
}

// GregorianCalendar.setWeekDate, with what CalendarBuilder makes of weekdays beyond the week.
int64_t CalendarFields::days_of_week_date() const {
  int64_t week = value_or(kWeekOfYear, 1), day = value_or(kDayOfWeek, kSunday);
  if (day >= 8) {
    --day;
    week += day / 7;
    day = day % 7 + 1;
  } else {
    for (; day <= 0; day += 7) --week;
  }
  return on_or_before(java_calendar_days(value_[kWeekYear], 1, 1), kSunday) + (week - 1) * 7 + day - kSunday;
}

int64_t CalendarFields::days() const {
  if (has(kWeekYear) && stamp_[kWeekYear] > stamp_[kYear]) return days_of_week_date();
  int64_t year = value_or(kYear, 1970);
  if (has(kEra) && value_[kEra] == 0) year = 1 - year;
  int of_month = stamp_[kDayOfMonth], week_of_month = both(kWeekOfMonth, kDayOfWeek), nth = both(kDayOfWeekInMonth, kDayOfWeek);
  int week_of_year = both(kWeekOfYear, kDayOfWeek);
  const int of_year = stamp_[kDayOfYear];
  int best = std::max({of_month, week_of_month, nth, of_year, week_of_year});
  if (best == 0) {
    week_of_month = stamp_[kWeekOfMonth];
    nth = std::max(stamp_[kDayOfWeekInMonth], stamp_[kDayOfWeek]);
    week_of_year = stamp_[kWeekOfYear];
    best = std::max({week_of_month, nth, week_of_year});
    if (best == 0) best = of_month = stamp_[kMonth];
  }
  const bool in_month = best == of_month || (best == week_of_month && stamp_[kWeekOfMonth] >= stamp_[kWeekOfYear]) ||
                        (best == nth && stamp_[kDayOfWeekInMonth] >= stamp_[kWeekOfYear]);
  if (!in_month) {
    const int64_t first = java_calendar_days(year, 1, 1);
    return best == of_year ? first + value_[kDayOfYear] - 1 : days_by_weeks_of_year(first);
  }
  const int64_t month = value_or(kMonth, 1), first = java_calendar_days(year, month, 1);
  if (best == of_month) return first + value_or(kDayOfMonth, 1) - 1;
  const bool by_weeks = week_of_month == nth ? stamp_[kWeekOfMonth] >= stamp_[kDayOfWeekInMonth] : best == week_of_month;
  return by_weeks ? days_by_weeks_of_month(first) : days_by_nth_weekday(first, year, month);
}

int64_t CalendarFields::days_by_weeks_of_year(int64_t first) const {
  // The week with January 1 is the first one.
  int64_t start = on_or_before(first + 6, kSunday);
  if (start - first >= 1) start -= 7;
  if (has(kDayOfWeek) && value_[kDayOfWeek] != kSunday) start = on_or_before(start + 6, value_[kDayOfWeek]);
  return start + 7 * (value_[kWeekOfYear] - 1);
}

int64_t CalendarFields::days_by_weeks_of_month(int64_t first) const {
  int64_t start = on_or_before(first + 6, kSunday);
  if (start - first >= 1) start -= 7;
  if (has(kDayOfWeek)) start = on_or_before(start + 6, value_[kDayOfWeek]);
  return start + 7 * (value_[kWeekOfMonth] - 1);
}

int64_t CalendarFields::days_by_nth_weekday(int64_t first, int64_t year, int64_t month) const {
  const int64_t day = value_or(kDayOfWeek, kSunday), nth = value_or(kDayOfWeekInMonth, 1);
  if (nth >= 0) return on_or_before(first + 7 * nth - 1, day);
  const int64_t length = java_calendar_days(year, month + 1, 1) - first;
  return on_or_before(first + length + 7 * (nth + 1) - 1, day);
}

}  // namespace bywash::transforms
