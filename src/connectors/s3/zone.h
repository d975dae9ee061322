// Time zones as Joda-Time's DateTimeZone (2.10) has them: ids of the tz database and fixed offsets. Level 6, one thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"

namespace bywash::connectors::s3 {

class Zone {
 public:
  // "America/New_York", "UTC", "+05:30". Error: kInvalid naming the id.
  static Result<Zone> of(const std::string& id);

  const std::string& id() const { return id_; }
  // Milliseconds to add to UTC at that instant.
  int64_t offset_ms(int64_t utc_ms) const { return at(utc_ms).offset_ms; }
  // "CET", "EST"; a fixed offset's id.
  const std::string& abbreviation(int64_t utc_ms) const { return at(utc_ms).abbreviation; }
  bool daylight_saving(int64_t utc_ms) const { return at(utc_ms).daylight; }
  bool fixed() const { return fixed_; }

  // The stretch of constant offset around an instant.
  struct Period {
    int64_t begin_ms = 0, end_ms = 0;  // [begin, end)
    int64_t offset_ms = 0;
    bool daylight = false;
    std::string abbreviation;
  };
  const Period& at(int64_t utc_ms) const;

  // DateTimeZone.convertLocalToUTC(local, strict=false): a local time in a gap keeps the offset before it, one that occurs twice is
  // the earlier one in the west and as Joda has it in the east.
  int64_t local_to_utc(int64_t local_ms) const;
  // Start of the local day that holds the instant (withTimeAtStartOfDay), and of the day after.
  int64_t start_of_day(int64_t utc_ms, int days_later) const;

 private:
  Zone() = default;
  std::string id_;
  bool fixed_ = false;
  const void* rules_ = nullptr;  // date::time_zone, owned by the tz database
  mutable Period period_;        // the last one that was asked for
};

// getNextTimeAdjustedByDay of io.confluent.connect.storage.util.DateTimeUtils: the next multiple of `period_ms` counted from midnight,
// or the next midnight.
int64_t next_scheduled_time(int64_t now_ms, int64_t period_ms, const Zone& zone);

}  // namespace bywash::connectors::s3
