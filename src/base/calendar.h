// Days since 1970-01-01 and their dates, in two calendars: the Gregorian one for all times (ISO 8601, java.time, PostgreSQL), and
// java.util.GregorianCalendar's, Julian before 1582-10-15. After Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". Level 0.
#pragma once

#include <cstdint>

#include "base/time_arithmetic.h"

namespace bywash {

struct CivilDate {
  int64_t year;  // astronomical: 0 is 1 BC
  int month;     // 1..12
  int day;
};

// 1582-10-15, the first Gregorian day of java.util.GregorianCalendar.
inline constexpr int64_t kGregorianFromDays = -141'427;

namespace calendar_parts {

// Years begin on 1 March here: `year` and the number of days before `month`.
struct MarchYear {
  int64_t year;
  int64_t day;
};
constexpr MarchYear march_year(int64_t year, int64_t month) { return {year - (month <= 2), (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5}; }

constexpr CivilDate date_in_march_year(int64_t year, uint32_t day) {
  const uint32_t shifted = (5 * day + 2) / 153;
  const int month = static_cast<int>(shifted < 10 ? shifted + 3 : shifted - 9);
  return {year + (month <= 2), month, static_cast<int>(day - (153 * shifted + 2) / 5 + 1)};
}

constexpr int64_t julian_days(const MarchYear& march, int64_t day) {
  const int64_t cycle = floor_div(march.year, 4);
  return cycle * 1461 + (march.year - cycle * 4) * 365 + march.day - 719'470 + day - 1;
}

constexpr int64_t gregorian_days(const MarchYear& march, int64_t day) {
  const int64_t era = floor_div(march.year, 400), of_era = march.year - era * 400;
  return era * 146'097 + of_era * 365 + of_era / 4 - of_era / 100 + march.day - 719'468 + day - 1;
}

}  // namespace calendar_parts

// The day of a date; `month` is 1..12, days beyond the month carry over.
constexpr int64_t days_of_civil(int64_t year, int64_t month, int64_t day) { return calendar_parts::gregorian_days(calendar_parts::march_year(year, month), day); }
constexpr int64_t days_of_civil(const CivilDate& date) { return days_of_civil(date.year, date.month, date.day); }

constexpr CivilDate civil_date(int64_t days) {
  const int64_t z = days + 719'468, era = floor_div(z, 146'097);
  const auto of_era = static_cast<uint32_t>(z - era * 146'097);
  const uint32_t year = (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
  return calendar_parts::date_in_march_year(year + era * 400, of_era - (365 * year + year / 4 - year / 100));
}

// The same in java.util.GregorianCalendar; months beyond 1..12 carry over, too.
constexpr int64_t java_calendar_days(int64_t year, int64_t month, int64_t day) {
  if (month < 1 || month > 12) {
    const int64_t years = floor_div(month - 1, 12);
    year += years;
    month -= years * 12;
  }
  const calendar_parts::MarchYear march = calendar_parts::march_year(year, month);
  const int64_t gregorian = calendar_parts::gregorian_days(march, day);
  return gregorian >= kGregorianFromDays ? gregorian : calendar_parts::julian_days(march, day);
}

constexpr CivilDate java_calendar_date(int64_t days) {
  if (days >= kGregorianFromDays) return civil_date(days);
  const int64_t z = days + 719'470, cycle = floor_div(z, 1461);
  const auto of_cycle = static_cast<uint32_t>(z - cycle * 1461);
  const uint32_t year = (of_cycle - of_cycle / 1460) / 365;
  return calendar_parts::date_in_march_year(year + cycle * 4, of_cycle - 365 * year);
}

}  // namespace bywash
