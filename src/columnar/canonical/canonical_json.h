// Records, schemas and values as JSON that loses nothing: every value is tagged with the Java class that Kafka Connect would hold
// (docs/try.md describes the form). For `bywash try`, its REST answer and recorded cases; never on the line itself. Level 1, any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "columnar/batch.h"

namespace bywash::canonical {

// A record with everything that a transform may see or change.
struct Record {
  std::string topic;
  std::optional<int32_t> partition;
  std::optional<int64_t> timestamp;
  columnar::SchemaPtr key_schema;  // null: schemaless
  columnar::Value key;
  columnar::SchemaPtr value_schema;
  columnar::Value value;
  std::vector<columnar::Header> headers;
};

// One JSON document. Errors (kInvalid): not JSON, with the place; nested deeper than 1000.
Result<nlohmann::ordered_json> parse_text(std::string_view text);
// On one line, all text beyond ASCII as \uXXXX.
std::string to_text(const nlohmann::ordered_json& json);

// Errors (kInvalid): not in the form, or a value that has no counterpart here (java.math.BigInteger).
Result<columnar::SchemaPtr> schema_of(const nlohmann::ordered_json& json);
Result<columnar::Value> value_of(const nlohmann::ordered_json& json, const columnar::SchemaPtr& schema);
Result<Record> record_of(const nlohmann::ordered_json& json);
// nullopt for null, else the bytes of {"utf8": text} or {"base64": text}.
Result<std::optional<std::string>> bytes_of(const nlohmann::ordered_json& json);

nlohmann::ordered_json to_json(const columnar::SchemaPtr& schema);  // null for a schemaless shape
nlohmann::ordered_json to_json(const columnar::Value& value);
nlohmann::ordered_json to_json(const Record& record);
nlohmann::ordered_json to_json(const std::optional<std::string>& bytes);

// Values under their schema (null: schemaless) as a column of one row each.
Result<columnar::Column> column_of(const columnar::SchemaPtr& schema, const std::vector<columnar::Value>& values);
// A batch of one record, selected; kafka_partition is -1 where the record has no partition.
Result<columnar::Batch> batch_of(const Record& record, int64_t offset = 0);
// Row `row` of a batch as a record.
Record record_at(const columnar::Batch& batch, int64_t row);

}  // namespace bywash::canonical
