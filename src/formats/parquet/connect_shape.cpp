// Arrow types and arrays to Connect's. Level 4, any thread.
#include "formats/parquet/connect_shape.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <arrow/compute/cast.h>
#include <arrow/type.h>

#include <algorithm>

#include "columnar/decimal.h"

namespace bywash::formats {
namespace {

using columnar::ConnectSchema;
using columnar::Logical;
using columnar::SchemaPtr;
using columnar::SchemaSpec;
using columnar::Type;

Status does_not_fit(const arrow::DataType& from, const ConnectSchema& to) {
  return Status::data(fmt::format("a column of type {} does not fit into the schema's type {}", from.ToString(), columnar::to_string(to.type())));
}

// A fixed-width little-endian integer as the shortest big-endian two's complement.
std::string shortest_big_endian(const uint8_t* bytes, size_t size) {
  std::string out(size, '\0');
  std::reverse_copy(bytes, bytes + size, reinterpret_cast<uint8_t*>(out.data()));
  size_t at = 0;
  while (at + 1 < size && ((out[at] == '\0' && !(out[at + 1] & 0x80)) || (out[at] == '\xFF' && (out[at + 1] & 0x80)))) ++at;
  return out.substr(at);
}

Result<std::shared_ptr<arrow::Array>> decimals(const arrow::Array& array, int32_t scale) {
  const auto& type = static_cast<const arrow::DecimalType&>(*array.type());
  const auto& values = static_cast<const arrow::FixedSizeBinaryArray&>(array);
  arrow::BinaryBuilder out;
  for (int64_t i = 0; i < array.length(); ++i) {
    auto appended = array.IsNull(i) ? out.AppendNull()
                                    : out.Append(columnar::encode_decimal({shortest_big_endian(values.GetValue(i), static_cast<size_t>(type.byte_width())), scale}));
    if (!appended.ok()) return Status::host(appended.message());
  }
  auto made = out.Finish();
  if (!made.ok()) return Status::host(made.status().message());
  return made.MoveValueUnsafe();
}

Result<std::shared_ptr<arrow::Array>> cast_to(const ConnectSchema& schema, const std::shared_ptr<arrow::Array>& array) {
  std::shared_ptr<arrow::DataType> target = schema.arrow_type(), step = target;
  if (array->type()->Equals(*target)) return array;
  // A time of another zone or of none is the same number of milliseconds.
  if (schema.logical() == Logical::kTimestamp && array->type_id() == arrow::Type::TIMESTAMP) {
    step = arrow::timestamp(arrow::TimeUnit::MILLI, static_cast<const arrow::TimestampType&>(*array->type()).timezone());
  }
  auto options = arrow::compute::CastOptions::Safe(step);
  options.allow_time_truncate = true;
  auto cast = arrow::compute::Cast(*array, step, options);
  if (!cast.ok()) return does_not_fit(*array->type(), schema);
  if (step == target) return cast.MoveValueUnsafe();
  auto viewed = (*cast)->View(target);
  if (!viewed.ok()) return Status::host(viewed.status().message());
  return viewed.MoveValueUnsafe();
}

std::shared_ptr<arrow::Array> unsliced_child(const arrow::Array& array, int i) { return arrow::MakeArray(array.data()->child_data[static_cast<size_t>(i)]); }

std::shared_ptr<arrow::Array> with_form(const arrow::Array& array, const std::shared_ptr<arrow::DataType>& type,
                                        const std::vector<std::shared_ptr<arrow::Array>>& children) {
  auto copy = array.data()->Copy();
  copy->type = type;
  copy->child_data.clear();
  for (const auto& child : children) copy->child_data.push_back(child->data());
  return arrow::MakeArray(std::move(copy));
}

Result<std::shared_ptr<arrow::Array>> structs(const ConnectSchema& schema, const arrow::Array& array) {
  if (array.type_id() != arrow::Type::STRUCT) return does_not_fit(*array.type(), schema);
  const auto& type = static_cast<const arrow::StructType&>(*array.type());
  std::vector<std::shared_ptr<arrow::Array>> children;
  for (const auto& field : schema.fields()) {
    int at = type.GetFieldIndex(field.name);
    if (at < 0) {
      auto nulls = arrow::MakeArrayOfNull(field.schema->arrow_type(), array.offset() + array.length());
      if (!nulls.ok()) return Status::host(nulls.status().message());
      children.push_back(nulls.MoveValueUnsafe());
      continue;
    }
    auto child = connect_array(*field.schema, unsliced_child(array, at));
    if (!child.ok()) return child.status().with_context(fmt::format("field '{}'", field.name));
    children.push_back(*std::move(child));
  }
  return with_form(array, schema.arrow_type(), children);
}

Result<std::shared_ptr<arrow::Array>> lists(const ConnectSchema& schema, std::shared_ptr<arrow::Array> array) {
  if (array->type_id() == arrow::Type::LARGE_LIST || array->type_id() == arrow::Type::FIXED_SIZE_LIST) {
    auto plain = arrow::compute::Cast(*array, arrow::list(static_cast<const arrow::BaseListType&>(*array->type()).value_type()));
    if (!plain.ok()) return does_not_fit(*array->type(), schema);
    array = plain.MoveValueUnsafe();
  }
  if (array->type_id() != arrow::Type::LIST) return does_not_fit(*array->type(), schema);
  ASSIGN_OR_RETURN(auto items, connect_array(*schema.value_schema(), unsliced_child(*array, 0)));
  return with_form(*array, schema.arrow_type(), {items});
}

// A map, or a list of (key, value) entries as AvroData writes maps whose keys are no strings.
Result<std::shared_ptr<arrow::Array>> maps(const ConnectSchema& schema, const arrow::Array& array) {
  if (array.type_id() != arrow::Type::MAP && array.type_id() != arrow::Type::LIST) return does_not_fit(*array.type(), schema);
  auto entries = unsliced_child(array, 0);
  if (entries->type_id() != arrow::Type::STRUCT || entries->type()->num_fields() != 2) return does_not_fit(*array.type(), schema);
  ASSIGN_OR_RETURN(auto keys, connect_array(*schema.key_schema(), unsliced_child(*entries, 0)));
  ASSIGN_OR_RETURN(auto values, connect_array(*schema.value_schema(), unsliced_child(*entries, 1)));
  return with_form(array, schema.arrow_type(), {with_form(*entries, schema.arrow_type()->field(0)->type(), {keys, values})});
}

Result<SchemaPtr> nested_schema(const arrow::DataType& type, bool optional) {
  SchemaSpec spec;
  spec.optional = optional;
  if (type.id() == arrow::Type::STRUCT) {
    for (const auto& field : type.fields()) {
      auto schema = connect_schema_of(*field->type(), field->nullable());
      if (!schema.ok()) return schema.status().with_context(fmt::format("field '{}'", field->name()));
      spec.fields.push_back({field->name(), *std::move(schema), false});
    }
    return ConnectSchema::make(std::move(spec));
  }
  if (type.id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(type);
    spec.type = Type::kMap;
    ASSIGN_OR_RETURN(spec.key_schema, connect_schema_of(*map.key_type(), false));
    ASSIGN_OR_RETURN(spec.value_schema, connect_schema_of(*map.item_type(), map.item_field()->nullable()));
    return ConnectSchema::make(std::move(spec));
  }
  const auto& item = *type.field(0);
  spec.type = Type::kArray;
  ASSIGN_OR_RETURN(spec.value_schema, connect_schema_of(*item.type(), item.nullable()));
  return ConnectSchema::make(std::move(spec));
}

}  // namespace

Result<SchemaPtr> connect_schema_of(const arrow::DataType& type, bool optional) {
  switch (type.id()) {
    case arrow::Type::INT8: return ConnectSchema::of(Type::kInt8, optional);
    case arrow::Type::INT16:
    case arrow::Type::UINT8: return ConnectSchema::of(Type::kInt16, optional);
    case arrow::Type::INT32:
    case arrow::Type::UINT16: return ConnectSchema::of(Type::kInt32, optional);
    case arrow::Type::INT64:
    case arrow::Type::UINT32:
    case arrow::Type::UINT64: return ConnectSchema::of(Type::kInt64, optional);
    case arrow::Type::HALF_FLOAT:
    case arrow::Type::FLOAT: return ConnectSchema::of(Type::kFloat32, optional);
    case arrow::Type::DOUBLE: return ConnectSchema::of(Type::kFloat64, optional);
    case arrow::Type::BOOL: return ConnectSchema::of(Type::kBoolean, optional);
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW: return ConnectSchema::of(Type::kString, optional);
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW:
    case arrow::Type::FIXED_SIZE_BINARY: return ConnectSchema::of(Type::kBytes, optional);
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256: return ConnectSchema::decimal(static_cast<const arrow::DecimalType&>(type).scale(), optional);
    case arrow::Type::DATE32:
    case arrow::Type::DATE64: return ConnectSchema::named(Type::kInt32, columnar::kDateName, optional);
    case arrow::Type::TIME32:
    case arrow::Type::TIME64: return ConnectSchema::named(Type::kInt32, columnar::kTimeName, optional);
    case arrow::Type::TIMESTAMP: return ConnectSchema::named(Type::kInt64, columnar::kTimestampName, optional);
    case arrow::Type::DICTIONARY: return connect_schema_of(*static_cast<const arrow::DictionaryType&>(type).value_type(), optional);
    case arrow::Type::NA: return ConnectSchema::of(Type::kString, true);
    case arrow::Type::STRUCT:
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::FIXED_SIZE_LIST:
    case arrow::Type::MAP: return nested_schema(type, optional);
    default: return Status::data(fmt::format("Connect has no type for {}", type.ToString()));
  }
}

Result<std::shared_ptr<arrow::Array>> connect_array(const ConnectSchema& schema, const std::shared_ptr<arrow::Array>& array) {
  if (schema.logical() == Logical::kDecimal && arrow::is_decimal(array->type_id())) {
    int32_t scale = static_cast<const arrow::DecimalType&>(*array->type()).scale();
    return decimals(*array, scale);
  }
  switch (schema.type()) {
    case Type::kStruct: return structs(schema, *array);
    case Type::kArray: return lists(schema, array);
    case Type::kMap: return maps(schema, *array);
    default: return cast_to(schema, array);
  }
}

}  // namespace bywash::formats
