// RowWriter: rows of a column as JSON as JsonSchemaConverter has it: alternatives as their value, maps with other keys than strings as
// {"key":..,"value":..}, a null left out where the schema is required. Confluent's JsonSchemaData.fromConnectData 7.7. Encode step, the
// task's thread. Level 4.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "columnar/column.h"
#include "formats/json_schema/json_schema_options.h"

namespace arrow {
struct ArrayData;
}

namespace bywash::formats::json_schema {

class RowWriter {
 public:
  explicit RowWriter(const JsonSchemaOptions& options) : options_(options) {}

  // Appends row `row`; `*written` false: it is a null that leaves nothing. On an error (kData) `out` is as it was.
  Status write(const columnar::Column& column, int64_t row, std::string* out, bool* written);

 private:
  Status cell(const columnar::SchemaPtr& schema, const arrow::ArrayData& data, int64_t row, std::string* out, bool* written);
  Status null(const columnar::SchemaPtr& schema, std::string* out, bool* written);
  Status value(const columnar::SchemaPtr& schema, const arrow::ArrayData& data, int64_t row, std::string* out);
  Status decimal(const columnar::ConnectSchema& schema, std::string_view encoded, std::string* out) const;
  Status fields(const columnar::ConnectSchema& schema, const arrow::ArrayData& data, int64_t row, std::string* out);
  Status alternative(const columnar::ConnectSchema& schema, const arrow::ArrayData& data, int64_t row, std::string* out);
  Status items(const columnar::ConnectSchema& schema, const arrow::ArrayData& data, int64_t row, std::string* out);

  JsonSchemaOptions options_;
  std::map<columnar::SchemaPtr, std::string> defaults_;  // as text
};

}  // namespace bywash::formats::json_schema
