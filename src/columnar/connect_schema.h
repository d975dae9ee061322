// ConnectSchema: Kafka Connect's schema of a key or value (org.apache.kafka.connect.data.Schema 4.3), immutable and shared.
// It stands beside the Arrow type, which has no place for name, version, doc, parameters and defaults. Level 1, every thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace arrow {
class DataType;
}

namespace bywash::columnar {

// Connect's twelve types, then what schemaless records need: the shape of the values that were seen.
enum class Type : uint8_t {
  kInt8, kInt16, kInt32, kInt64, kFloat32, kFloat64, kBoolean, kString, kBytes, kArray, kMap, kStruct,
  kNull,     // schemaless: only null was seen
  kObject,   // schemaless: a java.util.Map with string keys; fields() are the keys that were seen
  kVariant,  // schemaless: values of several types; see value.h for the encoding
};

// What a schema's name says about the values (org.apache.kafka.connect.data.{Decimal,Date,Time,Timestamp}).
enum class Logical : uint8_t { kNone, kDecimal, kDate, kTime, kTimestamp };

inline constexpr std::string_view kDecimalName = "org.apache.kafka.connect.data.Decimal";
inline constexpr std::string_view kDateName = "org.apache.kafka.connect.data.Date";
inline constexpr std::string_view kTimeName = "org.apache.kafka.connect.data.Time";
inline constexpr std::string_view kTimestampName = "org.apache.kafka.connect.data.Timestamp";

class ConnectSchema;
class Value;
using SchemaPtr = std::shared_ptr<const ConnectSchema>;

struct Field {
  std::string name;
  SchemaPtr schema;
  // kObject only: some rows lack this key altogether (absent is not null); see Column::present().
  bool may_be_absent = false;
};

// Everything a schema is made of; fill it and call ConnectSchema::make.
struct SchemaSpec {
  Type type = Type::kStruct;
  bool optional = false;
  bool schemaless = false;  // the record's schema is null; the type tells the shape of its data
  std::optional<std::string> name;
  std::optional<int32_t> version;
  std::optional<std::string> doc;
  std::map<std::string, std::string> parameters;
  std::shared_ptr<const Value> default_value;  // null: none
  std::vector<Field> fields;                   // kStruct, kObject
  SchemaPtr key_schema;                        // kMap
  SchemaPtr value_schema;                      // kMap, kArray (its elements)
};

class ConnectSchema {
 public:
  static SchemaPtr make(SchemaSpec spec);
  static SchemaPtr of(Type type, bool optional = false);            // a plain type with nothing else
  static SchemaPtr schemaless(Type type);                           // a primitive shape without schema
  static SchemaPtr named(Type type, std::string_view name, bool optional = false);  // e.g. Timestamp: (kInt64, kTimestampName)
  static SchemaPtr decimal(int32_t scale, bool optional = false);

  Type type() const { return spec_.type; }
  Logical logical() const { return logical_; }
  bool optional() const { return spec_.optional; }
  bool schemaless() const { return spec_.schemaless; }
  const std::optional<std::string>& name() const { return spec_.name; }
  const std::optional<int32_t>& version() const { return spec_.version; }
  const std::optional<std::string>& doc() const { return spec_.doc; }
  const std::map<std::string, std::string>& parameters() const { return spec_.parameters; }
  const std::shared_ptr<const Value>& default_value() const { return spec_.default_value; }
  const std::vector<Field>& fields() const { return spec_.fields; }
  const SchemaPtr& key_schema() const { return spec_.key_schema; }
  const SchemaPtr& value_schema() const { return spec_.value_schema; }
  const SchemaSpec& spec() const { return spec_; }
  // A struct, or a schemaless map: something with named fields.
  bool has_fields() const { return spec_.type == Type::kStruct || spec_.type == Type::kObject; }
  // Index of a field by name, or -1.
  int field_index(std::string_view name) const;
  // Decimal's scale from its parameter; 0 when there is none.
  int32_t decimal_scale() const;
  // Deep equality of everything, as ConnectSchema.equals in Java.
  bool equals(const ConnectSchema& other) const;

  // The Arrow type that holds such values:
  //   int8..int64, float32 (float), float64 (double), boolean (bool), string (utf8), bytes (binary) as named;
  //   Decimal: binary, each value as decimal.h encodes it (scale and unscaled bytes: exact for every scale and size);
  //   Date: date32[day]; Time: time32[ms]; Timestamp: timestamp[ms, UTC];
  //   array: list; map: map; struct and kObject: struct; kNull: null; kVariant: binary (value.h).
  // A kObject's struct has, after its fields' columns, one bool column per field with may_be_absent, in field order:
  // true where the key was present.
  const std::shared_ptr<arrow::DataType>& arrow_type() const { return arrow_type_; }

 private:
  explicit ConnectSchema(SchemaSpec spec);
  SchemaSpec spec_;
  Logical logical_ = Logical::kNone;
  std::shared_ptr<arrow::DataType> arrow_type_;
};

// Lower-case Connect name: "int32", "string", "struct", ...; "object", "variant", "null" for the schemaless shapes.
std::string_view to_string(Type type);

}  // namespace bywash::columnar
