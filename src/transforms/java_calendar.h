// The fields of java.util.GregorianCalendar in the order in which they were set, and the day and time that they mean: what
// SimpleDateFormat.parse makes of a text's numbers (CalendarBuilder.establish, GregorianCalendar.computeTime of Java 17; weeks of Locale.US).
// Level 4, any thread.
#pragma once

#include <array>
#include <cstdint>

#include "base/calendar.h"

namespace bywash::transforms {

// 0: Sunday.
inline int calendar_weekday(int64_t days) { return static_cast<int>(((days + 4) % 7 + 7) % 7); }

class CalendarFields {
 public:
  enum Field : uint8_t {
    kEra, kYear, kWeekYear, kMonth, kWeekOfYear, kWeekOfMonth, kDayOfMonth, kDayOfYear, kDayOfWeek, kDayOfWeekInMonth,  // kDayOfWeek: 1 is Sunday
    kHalf, kHour, kHourOfDay, kMinute, kSecond, kMilli, kCount                                                          // kHalf: 1 is PM
  };
  void set(Field field, int64_t value) {
    value_[field] = value;
    stamp_[field] = ++last_;
  }
  // SimpleDateFormat's `u`: 1 is Monday, 7 Sunday; others as they are.
  void set_iso_weekday(int64_t value) { set(kDayOfWeek, value < 1 || value > 7 ? value : value % 7 + 1); }
  // Milliseconds since the epoch, in UTC.
  int64_t ms() const;

 private:
  bool has(Field field) const { return stamp_[field] > 0; }
  int both(Field a, Field b) const { return has(a) && has(b) ? (stamp_[a] > stamp_[b] ? stamp_[a] : stamp_[b]) : 0; }
  int64_t value_or(Field field, int64_t otherwise) const { return has(field) ? value_[field] : otherwise; }
  int64_t days() const;
  int64_t days_by_weeks_of_year(int64_t first) const;
  int64_t days_by_weeks_of_month(int64_t first) const;
  int64_t days_by_nth_weekday(int64_t first, int64_t year, int64_t month) const;
  int64_t days_of_week_date() const;
  int64_t in_day() const;

  std::array<int64_t, kCount> value_{};
  std::array<int, kCount> stamp_{};  // 0: not set
  int last_ = 0;
};

}  // namespace bywash::transforms
