#include "base/calendar.h"

#include <gtest/gtest.h>

#include <chrono>

namespace bywash {
namespace {

TEST(Calendar, DaysAndDatesAgreeWithChronoInFarYears) {
  using namespace std::chrono;
  for (int64_t day = -3'000'000; day < 3'000'000; day += 101) {
    const year_month_day expected{sys_days(days(day))};
    const CivilDate date = civil_date(day);
    ASSERT_EQ(date.year, int{expected.year()}) << day;
    ASSERT_EQ(date.month, static_cast<int>(unsigned{expected.month()})) << day;
    ASSERT_EQ(date.day, static_cast<int>(unsigned{expected.day()})) << day;
    ASSERT_EQ(days_of_civil(date), day);
  }
}

TEST(Calendar, JavaGoesFromThe4thToThe15thOfOctober1582) {
  EXPECT_EQ(java_calendar_days(1582, 10, 15), kGregorianFromDays);
  EXPECT_EQ(java_calendar_days(1582, 10, 4), kGregorianFromDays - 1);
  const CivilDate before = java_calendar_date(kGregorianFromDays - 1);
  EXPECT_EQ(before.year, 1582);
  EXPECT_EQ(before.month, 10);
  EXPECT_EQ(before.day, 4);
  EXPECT_EQ(java_calendar_days(1, 1, 1), -719'164);  // new GregorianCalendar(1, 0, 1) in UTC
  for (int64_t day = -3'000'000; day < 1'000'000; day += 101) {
    const CivilDate date = java_calendar_date(day);
    ASSERT_EQ(java_calendar_days(date.year, date.month, date.day), day);
  }
}

TEST(Calendar, MonthsAndDaysCarryOver) {
  EXPECT_EQ(java_calendar_days(2024, 14, 1), java_calendar_days(2025, 2, 1));
  EXPECT_EQ(java_calendar_days(2024, 0, 31), java_calendar_days(2023, 12, 31));
  EXPECT_EQ(java_calendar_days(2024, -11, 1), java_calendar_days(2023, 1, 1));
  EXPECT_EQ(days_of_civil(2023, 2, 30), days_of_civil(2023, 3, 2));
}

}  // namespace
}  // namespace bywash
