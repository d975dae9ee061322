// Which side of a record a transform works on, and the words Kafka Connect's transforms use when it is of the wrong kind
// (org.apache.kafka.connect.transforms.util.Requirements, SchemaBuilder of Kafka 4.3). Level 4, the transform step; the task's thread.
#pragma once

#include <string>
#include <string_view>

#include "plugin/transform.h"

namespace bywash::transforms {

using columnar::Batch;
using columnar::Column;
using columnar::SchemaPtr;
using columnar::Value;

inline constexpr std::string_view kDataException = "org.apache.kafka.connect.errors.DataException";
inline constexpr std::string_view kSchemaBuilderException = "org.apache.kafka.connect.errors.SchemaBuilderException";
inline constexpr std::string_view kIllegalArgument = "java.lang.IllegalArgumentException";
inline constexpr std::string_view kNullPointer = "java.lang.NullPointerException";
inline constexpr std::string_view kClassCast = "java.lang.ClassCastException";
inline constexpr std::string_view kConfigException = "org.apache.kafka.common.config.ConfigException";

enum class Side : uint8_t { kKey, kValue };

// "...$Key" is the key's variant, everything else the value's.
Side side_of(std::string_view class_name);
inline Column& column_of(Batch& batch, Side side) { return side == Side::kKey ? batch.key : batch.value; }
inline const Column& column_of(const Batch& batch, Side side) { return side == Side::kKey ? batch.key : batch.value; }
inline const SchemaPtr& schema_of(const plugin::BatchSchemas& schemas, Side side) {
  return side == Side::kKey ? schemas.key : schemas.value;
}

// A fault of one record (Code::kData) that goes by this Java class.
Status data_error(std::string_view java_class, std::string message);
Status config_error(std::string message);

// Name of the Java class that holds such a value: "java.lang.Integer", "java.util.HashMap", "null".
std::string java_class_of(const Value& value);
std::string java_class_of(const columnar::ConnectSchema& schema);

// "Only Struct objects supported for [purpose], found: X" and its like for a Map in absence of a schema.
Status not_a_struct(std::string_view purpose, std::string_view found);
Status not_a_map(std::string_view purpose, std::string_view found);

// Marks a row as failed in the transform step; the chain fills in the component.
void fail_row(Batch& batch, int64_t row, Status status);

// Clears in `rows` those whose key or value is null.
void leave_out_nulls(const Column& column, columnar::RowMask* rows);

// Is null for every selected row? (Nothing to do for a transform that passes nulls.)
bool schemaless_null(const columnar::ConnectSchema& schema);

}  // namespace bywash::transforms
