// Offsets of time zones, and date-times and times with an offset as ISO 8601 texts the way java.time reads and writes them
// (DateTimeFormatter.ISO_OFFSET_DATE_TIME and ISO_OFFSET_TIME, Java 17). Level 4, the transform step.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace bywash::transforms {

// One instance per transform; not for use by two threads at once.
class ZoneOffsets {
 public:
  // "America/Los_Angeles", "+08:00", "-03:30:15". Error: no such zone.
  static Result<ZoneOffsets> of(const std::string& zone);
  ~ZoneOffsets();
  ZoneOffsets(ZoneOffsets&&) noexcept;
  ZoneOffsets& operator=(ZoneOffsets&&) noexcept;

  // Seconds east of UTC at an instant, in seconds since the epoch.
  int64_t at(int64_t epoch_second) const;
  // The same at a time of the zone's clocks, written as if it were UTC; in a gap or overlap the offset before it, as
  // java.time.zone.ZoneRules.getOffset(LocalDateTime).
  int64_t at_local(int64_t local_second) const;

 private:
  struct Zone;
  explicit ZoneOffsets(std::unique_ptr<Zone> zone);
  std::unique_ptr<Zone> zone_;
};

// A date-time (or time of day, on the first day of 1970) of a clock, with the clock's offset.
struct OffsetTime {
  int64_t local_second = 0;  // since 1970-01-01T00:00 on that clock
  int32_t nano = 0;
  int32_t offset_second = 0;
};
std::optional<OffsetTime> parse_offset_date_time(std::string_view text);
std::optional<OffsetTime> parse_offset_time(std::string_view text);
std::string offset_date_time_text(const OffsetTime& time);
std::string offset_time_text(const OffsetTime& time);

}  // namespace bywash::transforms
