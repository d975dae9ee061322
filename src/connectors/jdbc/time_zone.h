// Instants to the local dates and times that go into columns without a time zone. Level 6, one per task thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace bywash::jdbc {

class TimeZone {
 public:
  // "UTC", "America/New_York", "GMT+02:00", ...: what java.util.TimeZone.getAvailableIDs has, and fixed offsets.
  static bool exists(const std::string& id);

  explicit TimeZone(const std::string& id);  // exists(id)
  ~TimeZone();
  // Offset from UTC in force at an instant, milliseconds.
  int32_t offset_ms(int64_t instant_ms) const;
  bool is_utc() const { return utc_; }

 private:
  struct Zone;
  std::unique_ptr<Zone> zone_;
  bool utc_ = false;
  // Offsets change at quarter hours since 1970: the last one asked for answers its neighbours.
  mutable int64_t cached_quarter_ = INT64_MIN;
  mutable int32_t cached_offset_ = 0;
};

// How the sink writes times: db.timezone, date.timezone and date.calendar.system.
class LocalTimes {
 public:
  LocalTimes(const std::string& db_zone, bool dates_in_utc, bool legacy_calendar);

  // Microseconds since 1970-01-01 00:00 on the local clock. Saturates beyond what int64 holds.
  int64_t timestamp_micros(int64_t instant_micros) const;
  // Days since 1970-01-01 on the local clock at the UTC midnight that a Date is.
  int32_t date_days(int32_t days) const;
  // Microseconds of the local day at `ms` after 1970-01-01 00:00 UTC.
  int64_t time_micros(int32_t ms) const;
  // The instant that java.util.GregorianCalendar calls by the local date and time which `ms` has in the Gregorian calendar; `ms` itself under
  // LEGACY, and from 1582-10-15 on (DateTimeUtils.convertToLegacyTimestamp, convertToLegacyDate).
  int64_t hybrid_ms(int64_t ms, bool is_date) const;
  // Local clock against UTC, seconds: for texts with offset.
  int32_t offset_seconds(int64_t instant_ms) const { return zone_.offset_ms(instant_ms) / 1000; }
  int32_t date_offset_seconds(int64_t instant_ms) const { return dates_in_utc_ ? 0 : offset_seconds(instant_ms); }

 private:
  int64_t calendar_days(int64_t days) const;

  TimeZone zone_;
  bool dates_in_utc_;
  bool legacy_calendar_;
};

// Proleptic Gregorian date of a day count since 1970-01-01, and back.

// Rounded half up, as pgjdbc does.
int64_t micros_of_nanos(int64_t nanos);
// Digits (microseconds or nanoseconds since the epoch), or ISO date and time with up to nine fraction digits, read as UTC unless an
// offset stands behind; microseconds since the epoch. Nullopt: neither.
std::optional<int64_t> parse_timestamp(std::string_view text, bool nanos);

// "2024-06-15 10:00:00.123" with as many fraction digits as needed, from local microseconds.
std::string timestamp_text(int64_t local_micros);
void append_timestamp_text(int64_t local_micros, std::string* out);
std::string date_text(int64_t days);
std::string time_text(int64_t micros_of_day);

}  // namespace bywash::jdbc
