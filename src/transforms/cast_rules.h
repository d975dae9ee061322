// What Cast does to one value, and the reading of its spec (org.apache.kafka.connect.transforms.Cast, Kafka 4.3). Level 4.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "config/config_def.h"
#include "transforms/record_side.h"

namespace bywash::transforms {

struct CastSpec {
  std::map<std::string, columnar::Type, std::less<>> fields;
  std::optional<columnar::Type> whole;  // of the whole key or value
};

// Error: the original's words ("Cast transformation does not support casting to BYTES; ...").
Result<CastSpec> parse_cast_spec(const config::List& spec);

// The value as `target`; `schema` null for schemaless values. Errors (kData) never show the value.
Result<Value> cast_value(const Value& value, const columnar::ConnectSchema* schema, columnar::Type target);

}  // namespace bywash::transforms
