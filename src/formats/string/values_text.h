// Text of headers to values and back: org.apache.kafka.connect.data.Values 4.3.1 (parseString, convertToString). Level 4.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "columnar/value.h"

namespace bywash::formats {

struct SchemaAndValue {
  columnar::SchemaPtr schema;  // null: none
  columnar::Value value;
};

// The smallest type that holds the text: null, booleans, numbers, dates, times, timestamps, arrays, maps, else the text itself.
// Element types that differ give an element schema of kVariant, schemaless (Connect has null there). kData: a number so large that
// Java gives up on the text as a whole.
Result<SchemaAndValue> parse_value_text(std::string_view text);

// Strings as they are, lists as [1,"a"], maps as {"k":1}, structs alike, bytes as base64, dates by their value: before 1970-01-02 as a
// time, at midnight as a date, else as a timestamp.
std::string value_text(const columnar::Value& value);

}  // namespace bywash::formats
