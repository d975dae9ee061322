// A JSON text as Connect data whose schema is that of the text itself, as Debezium 3.4's outbox event router expands payloads
// (io.debezium.transforms.outbox.JsonSchemaData). Level 4, the transform step; the task's thread.
#pragma once

#include <optional>
#include <string_view>

#include "transforms/record_side.h"

namespace bywash::transforms {

struct ExpandedJson {
  SchemaPtr schema;
  Value value;
};

// An object as an optional struct named `name`, its structs named after their paths ("name.address"); whole numbers are int32 or int64,
// others float64; fields that are null or empty arrays are left out, with `nulls_as_bytes` null fields become optional bytes.
// Nullopt: not a JSON object, or one that no schema fits (an array of different types).
std::optional<ExpandedJson> expand_json(std::string_view text, const std::optional<std::string>& name, bool nulls_as_bytes);

}  // namespace bywash::transforms
