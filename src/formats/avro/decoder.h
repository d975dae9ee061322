// AvroDecoder: Avro binary data of one writer's schema straight into columns, by a plan compiled once per schema. Decode step of the
// sink line, the task's thread. Level 4.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/column.h"
#include "formats/avro/avro_schema.h"
#include "formats/json/column_builder.h"

namespace bywash::formats::avro {

// One position of the plan: what is read there and into which builder.
struct DecodeStep {
  enum class Code : uint8_t {
    kNull, kBoolean, kInt8, kInt16, kInt32, kInt64, kFloat, kDouble, kBytes, kString, kDecimal, kFixed, kFixedDecimal, kEnum, kArray, kMap,
    kRecord, kNullable, kUnion
  } code = Code::kNull;
  json::ColumnBuilder* to = nullptr;
  std::vector<DecodeStep> children;  // fields; items; key and value; the branches of a union
  std::vector<int> field_of;         // kUnion: the builder's child for each branch, -1 for null
  std::vector<std::string> names;    // of fields, for messages; kEnum: symbols
  int64_t size = 0;                  // kFixed
  int64_t item_bytes_min = 0;        // kArray, kMap: the fewest bytes an item takes
  int32_t scale = 0;                 // kDecimal
  int32_t cells = 1;                 // columns that a null fills
  bool null_first = false;           // kNullable
};

class AvroDecoder {
 public:
  // `schema` is what to_connect_schema made of `avro`. Error: kData.
  static Result<std::unique_ptr<AvroDecoder>> make(std::shared_ptr<const AvroSchema> owner, const AvroNode& avro, const columnar::SchemaPtr& schema);

  const columnar::SchemaPtr& schema() const { return builder_.schema(); }
  void reserve(int64_t rows) { builder_.reserve(rows); }
  int64_t row_count() const { return builder_.length(); }
  // Takes one datum off the front of `bytes` as a row. Errors are kData with the field path ("the data ends inside field 'a.b'") and leave
  // no row; java_class is java.io.EOFException or java.io.IOException where Avro for Java throws an IOException.
  Status read(std::string_view* bytes);
  // A datum that is bytes without their length: what is left of a message with a "bytes" schema.
  Status read_bare_bytes(std::string_view bytes);
  void truncate(int64_t rows) { builder_.truncate(rows); }
  // The rows read since the last call.
  Result<columnar::Column> finish();

 private:
  explicit AvroDecoder(const columnar::SchemaPtr& schema) : builder_(schema) {}
  std::shared_ptr<const AvroSchema> owner_;
  json::ColumnBuilder builder_;
  DecodeStep plan_;
  std::string scratch_;
};

// Schemaless data (io.confluent.connect.avro.Anything): one datum off the front of `bytes` as a Value.
Result<columnar::Value> read_anything(std::string_view* bytes);

}  // namespace bywash::formats::avro
