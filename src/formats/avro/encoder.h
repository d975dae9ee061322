// AvroEncoder: rows of columns as Avro binary data of one schema, by a plan compiled once. Encode step of the source line, put step of
// the file sinks; one thread at a time. Level 4.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "columnar/column.h"
#include "formats/avro/avro_options.h"
#include "formats/avro/avro_schema.h"

namespace bywash::formats::avro {

struct EncodeStep {
  enum class Code : uint8_t {
    kBoolean, kInt, kLong, kFloat, kDouble, kString, kBytes, kDecimal, kFixed, kEnum, kArray, kStringMap, kEntries, kRecord, kMembers, kDefault
  } code = Code::kInt;
  columnar::SchemaPtr schema;
  const arrow::Array* data = nullptr;     // bound for one column
  std::vector<EncodeStep> children;       // in the order in which they are written
  std::vector<int> child_of;              // kRecord, kMembers: the struct's child for each
  std::string name;                       // of the field, for messages
  std::string value_head;                 // what goes before a value: the union's index
  std::string null_bytes;                 // what a null is; meaningless without may_be_null
  std::string default_bytes;              // what a null is where the schema has a default; kDefault: what every row is
  bool may_be_null = false;
  bool has_default = false;
  int64_t size = 0;                       // kFixed
  std::shared_ptr<const std::unordered_map<std::string, int32_t>> symbols;  // kEnum
};

class AvroEncoder {
 public:
  // `avro` is what is written: the schema's own (from_connect_schema) or another that it fits into by names, with numbers widened and
  // defaults for fields that it lacks. Error: kData that names the field.
  static Result<std::unique_ptr<AvroEncoder>> make(std::shared_ptr<const AvroSchema> owner, const columnar::SchemaPtr& schema, const AvroOptions& options);

  const columnar::SchemaPtr& schema() const { return root_.schema; }
  // The column whose rows are written next; its schema equals schema(). Kept by the caller while it is written.
  void bind(const columnar::Column& column);
  // Appends row `row`. Errors are kData (DataException) with the field path; `out` is as before.
  Status write(int64_t row, std::string* out);
  // A root of bytes is written without its length in a message of its own (KafkaAvroSerializer).
  void write_root_bytes_bare() { bare_ = true; }

 private:
  std::shared_ptr<const AvroSchema> owner_;
  EncodeStep root_;
  bool bare_ = false;
};

// Schemaless data as io.confluent.connect.avro.Anything. Error: kData for what it cannot hold.
Status write_anything(const columnar::Value& value, std::string* out);

void append_varint(int64_t value, std::string* out);

}  // namespace bywash::formats::avro
