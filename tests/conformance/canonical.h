// The recorded cases under records/ (Kafka Connect 4.3.1) and their canonical form: JSON <-> SchemaPtr, Value, Record.
// For conformance tests of converters and transforms.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "columnar/batch.h"

namespace bywash::conformance {

// A record as cases and answers write it.
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

struct Case {
  std::string id, group, note;
  std::string text;    // the case as JSON
  std::string answer;  // the answer as JSON
};
// Every case of a group, in order. `folder` is tests/conformance/records as the test sees it. Aborts when the files are not there.
std::vector<Case> load_cases(const std::string& folder, const std::string& group);

// Errors name what has no counterpart here (java.math.BigInteger, a lone surrogate).
Result<columnar::SchemaPtr> schema_of(const nlohmann::json& json);
Result<columnar::Value> value_of(const nlohmann::json& json, const columnar::SchemaPtr& schema);
Result<Record> record_of(const nlohmann::json& json);
// nullopt for null, else the bytes of {"utf8"} or {"base64"}.
std::optional<std::string> bytes_of(const nlohmann::json& json);

// For messages of failed tests; schemaless schemas are null.
nlohmann::json to_json(const columnar::SchemaPtr& schema);
nlohmann::json to_json(const columnar::Value& value);
nlohmann::json to_json(const Record& record);

// What differs, empty when equal. Schemas and values are compared exactly (schemaless shapes all count as null).
std::string difference(const Record& expected, const Record& actual);
bool same_schema(const columnar::SchemaPtr& a, const columnar::SchemaPtr& b);

// Values under their schema (null: schemaless) as a column of one row each and back.
Result<columnar::Column> column_of(const columnar::SchemaPtr& schema, const std::vector<columnar::Value>& values);
// A batch of one record, selected, at offset 0 of partition 0 of its topic (or the record's partition).
Result<columnar::Batch> batch_of(const Record& record, int64_t offset = 0);
// Row `row` of a batch as a record.
Record record_at(const columnar::Batch& batch, int64_t row);

}  // namespace bywash::conformance
