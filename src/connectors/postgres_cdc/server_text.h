// Values in PostgreSQL's text forms (DateStyle ISO, IntervalStyle postgres, time zone UTC) taken apart, and ISO texts made of them.
// Level 6, every thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bywash::postgres_cdc {

inline constexpr int64_t kMicrosPerSecond = 1'000'000;
inline constexpr int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

// "2024-06-15[ BC]": days since 1970.
std::optional<int64_t> parse_date(std::string_view text);
// "10:11:12[.123456][+05[:45[:30]]]": microseconds since midnight, and the offset in seconds.
struct ClockTime {
  int64_t micros = 0;
  int32_t offset_seconds = 0;
};
std::optional<ClockTime> parse_time(std::string_view text);
// Date and time: microseconds since 1970, of the local clock where the text has no offset, else of UTC.
std::optional<int64_t> parse_timestamp(std::string_view text);
// What stands for "infinity" and "-infinity" (org.postgresql.PGStatement, as Debezium takes them: microseconds); nothing for other texts.
std::optional<int64_t> infinite_micros(std::string_view text);
std::optional<int64_t> infinite_days(std::string_view text);

// "1 year 2 mons 3 days 04:05:06.789", each part with its sign.
struct Interval {
  int32_t years = 0, months = 0, days = 0, hours = 0, minutes = 0;
  int64_t micros = 0;  // of the seconds
};
std::optional<Interval> parse_interval(std::string_view text);
// A month is 30.4375 days long.
int64_t micros_of(const Interval& interval);
std::string iso_interval(const Interval& interval);

// "{1,NULL,\"a b\"}": the elements, without quotes; inner arrays' elements one after the other. Nothing: not an array.
using Elements = std::vector<std::optional<std::string>>;
std::optional<Elements> parse_array(std::string_view text, char delimiter = ',');
// "\"a\"=>\"1\", \"b\"=>NULL".
std::optional<std::vector<std::pair<std::string, std::optional<std::string>>>> parse_hstore(std::string_view text);

// "2024-06-15", "-0043-03-15", "+10000-01-01".
std::string iso_date(int64_t days);
// "10:11:12", with as many digits behind the point as are given; -1: as many as are not zero.
std::string iso_time(int64_t micros_of_day, int digits = -1);
std::string iso_timestamp(int64_t micros, int digits = -1);

}  // namespace bywash::postgres_cdc
