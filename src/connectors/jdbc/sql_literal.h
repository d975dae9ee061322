// Defaults as SQL literals, the parts that dialects share. Level 6.
#pragma once

#include <string>
#include <string_view>

#include "columnar/value.h"
#include "connectors/jdbc/time_zone.h"

namespace bywash::jdbc {

// 'it''s'
std::string quoted_text(std::string_view text);
// "2.5", "-3", "NaN" in quotes: numbers of every type; empty when the value is no number.
std::string number_literal(const columnar::Value& value);
// Bytes as upper-case hexadecimal digits.
std::string hex_digits(std::string_view bytes);
// A Date, Time or Timestamp default as DateTimeUtils of kafka-connect-jdbc formats it: '2024-06-15', '10:00:00.000', ...
std::string temporal_literal(const columnar::ConnectSchema& schema, int64_t ms, const LocalTimes& times);

}  // namespace bywash::jdbc
