// Pinot's schema JSON: read into TableSchema, rendered back as Pinot's controller shows it. POST /schemas stands on it and so does
// every table's start. Source: org.apache.pinot.spi.data.Schema, FieldSpec 1.5.1. Level 5, REST threads.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/segment/table_schema.h"
#include "base/status.h"

namespace bywash::analytics {

// What happens to a text longer than the field's maxLength (FieldSpec.MaxLengthExceedStrategy).
enum class LongText { kTrim, kError, kSubstituteDefault, kKeep };

struct SchemaConfig {
  std::shared_ptr<const TableSchema> schema;
  std::vector<LongText> long_texts;  // per field
  std::string stored;                // the document as Pinot stores it: defaults filled, unknown keys gone; compact JSON
  std::string unrecognized = "{}";   // {"/a/b":1}: the keys that nobody knows
};

// Reads the document. kInvalid with Pinot's words; several problems come in one message, one per line.
Result<SchemaConfig> parse_schema_config(std::string_view text);

// Whether rows written under `before` can be read under `after`: every column is still there with the same type.
// kInvalid as Pinot says it: "Backward incompatible schema ...".
Status check_schema_evolution(const TableSchema& before, const TableSchema& after);

// A name of a schema or table that may become a file's name: not empty, no separators, no leading dot, at most 200 bytes.
Status check_name(std::string_view what, std::string_view name);

// A compact JSON document in the layout of Jackson's default pretty printer, as Pinot's controller shows schemas.
std::string pretty_json(std::string_view compact);

}  // namespace bywash::analytics
