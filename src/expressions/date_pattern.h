// Joda-style patterns of times in UTC: 'yyyy-MM-dd HH:mm:ss.SSS'. Level 2; immutable.
#pragma once

#include "base/status.h"

#include <string>
#include <string_view>
#include <vector>

namespace bywash::expressions {

class DatePattern {
 public:
  // Letters y Y u (year), M (number, or name from three), d, D, H, k, h, K, m, s, S, a, E, Z; '...' quotes. kInvalid for other letters.
  static Result<DatePattern> compile(std::string_view pattern);
  // Appends the time (ms since the epoch), as a clock shows it that is `offset_ms` east of UTC.
  void write(int64_t millis, std::string& out, int64_t offset_ms = 0) const;
  // Reads a whole text; missing fields are those of 1970-01-01T00:00. False when it does not match.
  bool read(std::string_view text, int64_t* millis) const;
  // The text says its own offset from UTC.
  bool has_offset() const;

 private:
  struct Piece {
    char letter = '\0';  // '\0': `text` as it stands
    size_t count = 0;
    std::string text;
    bool digits_follow = false;  // the next piece is a number too: take exactly `count` digits
  };
  std::vector<Piece> pieces_;
};

}  // namespace bywash::expressions
