// Text to values whose type is guessed: org.apache.kafka.connect.data.Values.parseString 4.3.1. For headers, and for literals in
// configurations of transforms. Level 1, any thread.
#pragma once

#include <string_view>

#include "base/status.h"
#include "columnar/value.h"

namespace bywash::columnar {

struct SchemaAndValue {
  SchemaPtr schema;  // null: none
  Value value;
};

// The smallest type that holds the text: null, booleans, numbers, dates, times, timestamps, arrays, maps, else the text itself.
// Element types that differ give an element schema of kVariant, schemaless (Connect has null there). kData: a number so large that
// Java gives up on the text as a whole.
Result<SchemaAndValue> parse_value_text(std::string_view text);

}  // namespace bywash::columnar
