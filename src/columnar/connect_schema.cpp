// ConnectSchema: construction, equality and the mapping to Arrow types. Level 1, every thread.
#include "columnar/connect_schema.h"

#include <arrow/type.h>

#include <array>
#include <cstdlib>

#include "base/check.h"
#include "columnar/value.h"

namespace bywash::columnar {
namespace {

Logical logical_of(const SchemaSpec& spec) {
  if (!spec.name) return Logical::kNone;
  const std::string& name = *spec.name;
  if (spec.type == Type::kBytes && name == kDecimalName) return Logical::kDecimal;
  if (spec.type == Type::kInt32 && name == kDateName) return Logical::kDate;
  if (spec.type == Type::kInt32 && name == kTimeName) return Logical::kTime;
  if (spec.type == Type::kInt64 && name == kTimestampName) return Logical::kTimestamp;
  return Logical::kNone;
}

std::shared_ptr<arrow::DataType> struct_type(const SchemaSpec& spec) {
  arrow::FieldVector fields;
  for (const Field& f : spec.fields) fields.push_back(arrow::field(f.name, f.schema->arrow_type()));
  for (const Field& f : spec.fields) {
    if (f.may_be_absent) fields.push_back(arrow::field(f.name, arrow::boolean()));
  }
  return arrow::struct_(std::move(fields));
}

std::shared_ptr<arrow::DataType> arrow_type_of(const SchemaSpec& spec, Logical logical) {
  switch (logical) {
    case Logical::kDecimal: return arrow::binary();
    case Logical::kDate: return arrow::date32();
    case Logical::kTime: return arrow::time32(arrow::TimeUnit::MILLI);
    case Logical::kTimestamp: return arrow::timestamp(arrow::TimeUnit::MILLI, "UTC");
    case Logical::kNone: break;
  }
  switch (spec.type) {
    case Type::kInt8: return arrow::int8();
    case Type::kInt16: return arrow::int16();
    case Type::kInt32: return arrow::int32();
    case Type::kInt64: return arrow::int64();
    case Type::kFloat32: return arrow::float32();
    case Type::kFloat64: return arrow::float64();
    case Type::kBoolean: return arrow::boolean();
    case Type::kString: return arrow::utf8();
    case Type::kBytes:
    case Type::kVariant: return arrow::binary();
    case Type::kArray: return arrow::list(spec.value_schema->arrow_type());
    // Map keys of Connect may be null; Arrow's may not, so a map is a list of (key, value) structs.
    case Type::kMap:
      return arrow::list(arrow::struct_({arrow::field("key", spec.key_schema->arrow_type()),
                                         arrow::field("value", spec.value_schema->arrow_type())}));
    case Type::kStruct:
    case Type::kObject: return struct_type(spec);
    case Type::kNull: return arrow::null();
  }
  return arrow::null();
}

bool same(const SchemaPtr& a, const SchemaPtr& b) { return a == b || (a && b && a->equals(*b)); }

}  // namespace

std::string_view to_string(Type type) {
  static constexpr std::array<std::string_view, 15> kNames = {"int8",   "int16", "int32", "int64",  "float32", "float64", "boolean", "string",
                                                              "bytes",  "array", "map",   "struct", "null",    "object",  "variant"};
  return kNames[static_cast<size_t>(type)];
}

ConnectSchema::ConnectSchema(SchemaSpec spec)
    : spec_(std::move(spec)), logical_(logical_of(spec_)), arrow_type_(arrow_type_of(spec_, logical_)) {}

SchemaPtr ConnectSchema::make(SchemaSpec spec) {
  CHECK(spec.type != Type::kArray || spec.value_schema);
  CHECK(spec.type != Type::kMap || (spec.key_schema && spec.value_schema));
  return SchemaPtr(new ConnectSchema(std::move(spec)));
}

SchemaPtr ConnectSchema::of(Type type, bool optional) {
  SchemaSpec spec;
  spec.type = type;
  spec.optional = optional;
  return make(std::move(spec));
}

SchemaPtr ConnectSchema::schemaless(Type type) {
  SchemaSpec spec;
  spec.type = type;
  spec.optional = true;
  spec.schemaless = true;
  return make(std::move(spec));
}

SchemaPtr ConnectSchema::named(Type type, std::string_view name, bool optional) {
  SchemaSpec spec;
  spec.type = type;
  spec.optional = optional;
  spec.name = std::string(name);
  spec.version = 1;
  return make(std::move(spec));
}

SchemaPtr ConnectSchema::decimal(int32_t scale, bool optional) {
  SchemaSpec spec;
  spec.type = Type::kBytes;
  spec.optional = optional;
  spec.name = std::string(kDecimalName);
  spec.version = 1;
  spec.parameters["scale"] = std::to_string(scale);
  return make(std::move(spec));
}

int ConnectSchema::field_index(std::string_view name) const {
  for (size_t i = 0; i < spec_.fields.size(); ++i) {
    if (spec_.fields[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

int32_t ConnectSchema::decimal_scale() const {
  auto it = spec_.parameters.find("scale");
  return it == spec_.parameters.end() ? 0 : static_cast<int32_t>(std::strtol(it->second.c_str(), nullptr, 10));
}

bool ConnectSchema::equals(const ConnectSchema& other) const {
  const SchemaSpec& a = spec_;
  const SchemaSpec& b = other.spec_;
  if (a.type != b.type || a.optional != b.optional || a.schemaless != b.schemaless || a.name != b.name || a.version != b.version ||
      a.doc != b.doc || a.parameters != b.parameters || a.fields.size() != b.fields.size()) {
    return false;
  }
  if (static_cast<bool>(a.default_value) != static_cast<bool>(b.default_value)) return false;
  if (a.default_value && !(*a.default_value == *b.default_value)) return false;
  for (size_t i = 0; i < a.fields.size(); ++i) {
    if (a.fields[i].name != b.fields[i].name || a.fields[i].may_be_absent != b.fields[i].may_be_absent ||
        !same(a.fields[i].schema, b.fields[i].schema)) {
      return false;
    }
  }
  return same(a.key_schema, b.key_schema) && same(a.value_schema, b.value_schema);
}

}  // namespace bywash::columnar
