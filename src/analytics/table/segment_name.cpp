// See segment_name.h.
#include "analytics/table/segment_name.h"

#include <fmt/format.h>

#include "analytics/table/time_format.h"

namespace bywash::analytics {

std::string consuming_segment_name(const std::string& table, int32_t group, int64_t sequence, int64_t creation_ms) {
  static const TimeFormat kFormat = *TimeFormat::parse("SIMPLE_DATE_FORMAT|yyyyMMdd'T'HHmm'Z'");
  return fmt::format("{}__{}__{}__{}", table, group, sequence, kFormat.from_millis(creation_ms));
}

std::string ingested_segment_name(const std::string& table, int64_t start_time, int64_t end_time, int64_t creation_ms) {
  if (start_time > end_time) return fmt::format("{}_{}", table, creation_ms);
  return fmt::format("{}_{}_{}_{}", table, start_time, end_time, creation_ms);
}

}  // namespace bywash::analytics
