// Values to the text of headers: org.apache.kafka.connect.data.Values.convertToString 4.3.1. The other way is
// columnar/values_parser.h. Level 4.
#pragma once

#include <string>

#include "columnar/value.h"

namespace bywash::formats {

// Strings as they are, lists as [1,"a"], maps as {"k":1}, structs alike, bytes as base64, dates by their value: before 1970-01-02 as a
// time, at midnight as a date, else as a timestamp.
std::string value_text(const columnar::Value& value);

}  // namespace bywash::formats
