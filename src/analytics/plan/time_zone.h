// Time zones by name (tz database), offset ("+05:30") or UTC. Query line, bind and scan stages; immutable.
#pragma once

#include "base/status.h"

#include <cstdint>
#include <string>

namespace bywash::analytics {

class TimeZone {
 public:
  TimeZone() = default;  // UTC
  // kInvalid "The datetime zone id '...' is not recognised", as Joda says it.
  static Result<TimeZone> find(const std::string& id);

  bool utc() const { return rules_ == nullptr && offset_ms_ == 0; }
  // Milliseconds east of UTC at an instant.
  int64_t offset_at(int64_t utc_ms) const;
  int64_t to_local(int64_t utc_ms) const { return utc_ms + offset_at(utc_ms); }
  // The instant of a local time; in a gap or an overlap the earlier offset's.
  int64_t to_utc(int64_t local_ms) const;

 private:
  const void* rules_ = nullptr;  // date::time_zone, of the process's database; nullptr: a fixed offset
  int64_t offset_ms_ = 0;
};

}  // namespace bywash::analytics
