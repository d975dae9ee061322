// JsonWriter: rows of a column as JSON text. JsonConverter's encoding, the S3 sink's JSON lines and `bywash process` are all it
// with other options. Encode step of the source line, put step of the file sinks. One writer per thread. Level 4.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "columnar/column.h"

namespace arrow {
struct ArrayData;
}

namespace bywash::formats {

struct JsonWriteOptions {
  // A Decimal as base64 of its unscaled bytes (JsonConverter's default) or as a number.
  enum class Decimals : uint8_t { kBase64, kNumeric } decimals = Decimals::kBase64;
  // A null field: written as null, or left out of its object (Spark's to_json; array elements and map values stay null).
  enum class Nulls : uint8_t { kWrite, kOmit } nulls = Nulls::kWrite;
  // Date, Time and Timestamp: days, milliseconds of the day and epoch milliseconds (Connect), or "2024-01-31", "10:00:00.000" and
  // "2024-01-31T10:00:00.000Z" (Spark 4 in UTC).
  enum class Times : uint8_t { kNumbers, kIso } times = Times::kNumbers;
  // A null whose schema has a default is written as that default (replace.null.with.default).
  bool replace_null_with_default = true;
  // Refuse what JsonConverter refuses: null in a required place, a Decimal whose scale is not the schema's. Off: written as they are.
  bool strict = true;
  // Schemaless dates and decimals, which JsonConverter refuses: milliseconds and plain numbers, as the S3 sink's JsonFormat writes maps.
  bool schemaless_logicals = false;
  // Characters outside the basic plane as two \u escapes (Jackson 2 onto bytes), or as they are (Jackson onto characters: Spark).
  bool escape_supplementary = true;

  // What Confluent's JsonFormat (S3 sink) writes: records with schema through JsonConverter without envelope, schemaless ones by Jackson.
  static JsonWriteOptions s3_lines() {
    JsonWriteOptions options;
    options.schemaless_logicals = true;
    return options;
  }
  // What Spark's to_json(struct(*)) writes.
  static JsonWriteOptions spark() {
    JsonWriteOptions options;
    options.decimals = Decimals::kNumeric;
    options.nulls = Nulls::kOmit;
    options.times = Times::kIso;
    options.replace_null_with_default = options.strict = options.escape_supplementary = false;
    options.schemaless_logicals = true;
    return options;
  }
};

// Appends `text` as a JSON string with Jackson's escapes: \" \\ \b \t \n \f \r, other control characters as \u00XX, and characters
// outside the basic plane as an escaped surrogate pair (Jackson 2 without COMBINE_UNICODE_SURROGATES_IN_UTF8) unless told otherwise.
void append_json_string(std::string_view text, std::string* out, bool escape_supplementary = true);

class JsonWriter {
 public:
  explicit JsonWriter(JsonWriteOptions options = {}) : options_(options) {}

  // Appends row `row` as JSON text, without a line end. On an error (kData, java class DataException) `out` is as it was.
  Status write(const columnar::Column& column, int64_t row, std::string* out);
  // The same for one value; `schema` may be null or schemaless.
  Status write_value(const columnar::ConnectSchema* schema, const columnar::Value& value, std::string* out) const;

 private:
  // The names of a schema's fields as they stand in the text (`,"name":`), and those of the schemas inside: of each field, of an array's
  // elements, of a map's keys and values.
  struct Names {
    std::vector<std::string> fields;
    std::vector<Names> inside;
  };
  Names names_of(const columnar::ConnectSchema& schema) const;

  Status cell(const columnar::ConnectSchema& schema, const arrow::ArrayData& data, int64_t row, const Names& names, std::string* out) const;
  Status fields(const columnar::ConnectSchema& schema, const arrow::ArrayData& data, int64_t row, const Names& names, std::string* out) const;
  Status items(const columnar::ConnectSchema& schema, const arrow::ArrayData& data, int64_t row, const Names& names, std::string* out) const;
  Status null(const columnar::ConnectSchema* schema, std::string* out) const;
  Status logical(const columnar::ConnectSchema& schema, int64_t ms, std::string* out) const;
  Status decimal(const columnar::ConnectSchema* schema, const columnar::Decimal& value, std::string* out) const;
  Status map_value(const columnar::ConnectSchema* schema, const columnar::Value::Map& entries, std::string* out) const;
  Status struct_value(const columnar::ConnectSchema* schema, const columnar::Value::Struct& value, std::string* out) const;
  void text(std::string_view value, std::string* out) const { append_json_string(value, out, options_.escape_supplementary); }

  JsonWriteOptions options_;
  // Of the schema that was written last.
  columnar::SchemaPtr named_schema_;
  Names names_;
};

// Appends `schema` as JsonConverter's schema object ({"type":"struct","fields":[...],"optional":false,...}); "null" for a schemaless one.
// A default that cannot be written is an error.
Status append_json_schema(const columnar::ConnectSchema& schema, const JsonWriteOptions& options, std::string* out);

}  // namespace bywash::formats
