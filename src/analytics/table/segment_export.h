// A sealed segment's rows as a Parquet file that Pinot's reader takes: what a hand-over gives away as history. Level 5, any thread.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "analytics/segment/segment.h"
#include "analytics/table/time_format.h"
#include "base/status.h"

namespace bywash::analytics {

// Rows whose time, in milliseconds since the epoch, is past `after` and not past `upto`; every row while both are the ends of int64.
struct TimeRange {
  int64_t after = std::numeric_limits<int64_t>::min();
  int64_t upto = std::numeric_limits<int64_t>::max();
  bool all() const { return after == std::numeric_limits<int64_t>::min() && upto == std::numeric_limits<int64_t>::max(); }
};

// The bytes of the file; empty when no row is in the range. TIMESTAMP is written as epoch milliseconds, BIG_DECIMAL and JSON as text, arrays
// as lists; a null stays null. `time_field` and `format` are of the time column, looked at only when the range is not all().
Result<std::string> parquet_of_segment(const Segment& segment, const TimeRange& range, int time_field, const TimeFormat* format);

}  // namespace bywash::analytics
