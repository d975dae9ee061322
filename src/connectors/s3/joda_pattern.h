// Joda-Time 2.10 format patterns (org.joda.time.format.DateTimeFormat), for path.format. Level 6, one thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "connectors/s3/zone.h"

namespace bywash::connectors::s3 {

class JodaPattern {
 public:
  // `locale` as java.util.Locale's one-argument constructor takes it: "en" is English, "en_US" is an unknown language and so the
  // root locale. Error: kInvalid ("Illegal pattern component: bb").
  static Result<JodaPattern> parse(std::string_view pattern, std::string_view locale);
  ~JodaPattern();
  JodaPattern(JodaPattern&&) noexcept;
  JodaPattern& operator=(JodaPattern&&) noexcept;

  std::string print(int64_t utc_ms, const Zone& zone) const;
  // Milliseconds of the smallest unit that the pattern shows (nothing coarser than a day): what partition.duration.ms means when it
  // is not set.
  int64_t finest_unit_ms() const;

  struct Token {
    char letter = 0;  // 0: text as it stands
    int count = 0;
    std::string text;
  };
  struct Names;

 private:
  JodaPattern();
  std::vector<Token> tokens_;
  std::unique_ptr<Names> names_;
};

}  // namespace bywash::connectors::s3
