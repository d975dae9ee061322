// The format of a date-time column ("1:MILLISECONDS:EPOCH", "EPOCH|SECONDS|1", "TIMESTAMP", "SIMPLE_DATE_FORMAT|yyyy-MM-dd",
// "1:DAYS:SIMPLE_DATE_FORMAT:yyyyMMdd"): from a column's value to milliseconds since the epoch, for retention and freshness.
// Source: org.apache.pinot.spi.data.DateTimeFormatSpec 1.5.1. Level 5, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace bywash::analytics {

// Milliseconds of one unit of java.util.concurrent.TimeUnit (NANOSECONDS and MICROSECONDS answer 0); nothing if it is no unit.
std::optional<int64_t> millis_of_unit(std::string_view unit);

// A period as Pinot writes it ("6h", "1d2h", "90m", "500ms"): milliseconds, or nothing if it is no period.
std::optional<int64_t> parse_period(std::string_view text);

class TimeFormat {
 public:
  // Errors with Pinot's words: "Invalid format: 1:MILLIS:EPOCH".
  static Result<TimeFormat> parse(const std::string& format);

  bool is_epoch() const { return kind_ != Kind::kPattern; }
  // Milliseconds since the epoch of an integer value; nothing when the product overflows (the value means no time).
  std::optional<int64_t> to_millis(int64_t value) const;
  // The same of a text value (digits for epochs, the pattern's text otherwise, read as UTC or in the pattern's zone offset).
  std::optional<int64_t> to_millis(std::string_view value) const;
  // An instant as a value of this format (UTC), rounded down to the format's unit.
  std::string from_millis(int64_t epoch_ms) const;

 private:
  enum class Kind { kEpoch, kTimestamp, kPattern };
  Kind kind_ = Kind::kTimestamp;
  int64_t size_ = 1;
  std::string unit_ = "MILLISECONDS";
  std::string pattern_;
};

}  // namespace bywash::analytics
