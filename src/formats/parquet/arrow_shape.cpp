// Shaping of arrays for the Parquet writer. Level 4, any thread.
#include "formats/parquet/arrow_shape.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/type.h>

#include <algorithm>
#include <cstring>

#include "columnar/column.h"
#include "formats/parquet/parquet_layout.h"

namespace bywash::formats {
namespace {

using columnar::ConnectSchema;
using columnar::Logical;
using columnar::Type;

Status wrong_scale(const ConnectSchema& schema, int32_t scale) {
  return Status::data(fmt::format("Decimal value has mismatching scale for given Decimal schema: it is {}, the schema's is {}", scale, schema.decimal_scale()))
      .with_java_class("org.apache.kafka.connect.errors.DataException");
}

// Scale (four bytes, little endian) and unscaled bytes -> unscaled bytes; see columnar/decimal.h.
Result<std::shared_ptr<arrow::Array>> unscaled_bytes(const ConnectSchema& schema, const arrow::BinaryArray& values) {
  arrow::BinaryBuilder out;
  if (auto s = out.Reserve(values.length()); !s.ok()) return Status::host(s.message());
  for (int64_t i = 0; i < values.length(); ++i) {
    if (values.IsNull(i)) {
      out.UnsafeAppendNull();
      continue;
    }
    std::string_view encoded = values.GetView(i);
    int32_t scale = 0;
    if (encoded.size() > sizeof scale) std::memcpy(&scale, encoded.data(), sizeof scale);
    if (scale != schema.decimal_scale()) return wrong_scale(schema, scale);
    if (auto s = out.Append(encoded.substr(sizeof scale)); !s.ok()) return Status::host(s.message());
  }
  auto array = out.Finish();
  if (!array.ok()) return Status::host(array.status().message());
  return array.MoveValueUnsafe();
}

// Nulls replaced by the schema's default, row by row: a default is rare and its nulls are rarer.
Result<std::shared_ptr<arrow::Array>> with_default(const ConnectSchema& schema, const std::shared_ptr<arrow::Array>& array) {
  auto shared = ConnectSchema::make(schema.spec());
  columnar::ValueAppender out(shared);
  for (int64_t i = 0; i < array->length(); ++i) {
    RETURN_IF_ERROR(out.append(array->IsNull(i) ? *schema.default_value() : columnar::value_at(schema, *array, i)));
  }
  ASSIGN_OR_RETURN(columnar::Column column, out.finish());
  return column.data;
}

std::shared_ptr<arrow::Array> with_children(const arrow::Array& array, std::shared_ptr<arrow::DataType> type,
                                            std::vector<std::shared_ptr<arrow::Array>> children) {
  auto copy = array.data()->Copy();
  copy->type = std::move(type);
  copy->child_data.clear();
  for (const auto& child : children) copy->child_data.push_back(child->data());
  return arrow::MakeArray(std::move(copy));
}

// A required field of a null struct is null in our columns; Arrow's writer wants no nulls in it at all. Error: kData when one is null
// in a struct that is there.
Result<std::shared_ptr<arrow::Array>> required_child(const std::string& name, const arrow::Array& parent, const arrow::Array& child) {
  for (int64_t i = 0; i < parent.length(); ++i) {
    if (parent.IsValid(i) && child.IsNull(parent.offset() + i)) {
      return Status::data(fmt::format("Invalid value: null used for required field: \"{}\"", name)).with_java_class("org.apache.kafka.connect.errors.DataException");
    }
  }
  auto copy = child.data()->Copy();
  copy->buffers[0] = nullptr;
  copy->null_count = 0;
  return arrow::MakeArray(std::move(copy));
}

std::shared_ptr<arrow::Array> raw_child(const arrow::Array& array, size_t i) { return arrow::MakeArray(array.data()->child_data[i]); }

}  // namespace

std::shared_ptr<arrow::DataType> parquet_arrow_type(const ConnectSchema& schema, bool optional_map_keys) {
  if (schema.logical() != Logical::kNone) return schema.arrow_type();
  switch (schema.type()) {
    case Type::kArray:
      return arrow::list(arrow::field("element", parquet_arrow_type(*schema.value_schema(), optional_map_keys), schema.value_schema()->optional()));
    case Type::kMap: {
      auto value = arrow::field("value", parquet_arrow_type(*schema.value_schema(), optional_map_keys), schema.value_schema()->optional());
      auto key_type = parquet_arrow_type(*schema.key_schema(), optional_map_keys);
      if (is_parquet_map(schema, optional_map_keys)) return std::make_shared<arrow::MapType>(arrow::field("key", key_type, false), value);
      return arrow::list(arrow::field("element", arrow::struct_({arrow::field("key", key_type, schema.key_schema()->optional()), value}), false));
    }
    case Type::kStruct: {
      arrow::FieldVector fields;
      for (const auto& f : schema.fields()) {
        fields.push_back(arrow::field(f.name, parquet_arrow_type(*f.schema, optional_map_keys), f.schema->optional()));
      }
      return arrow::struct_(std::move(fields));
    }
    default: return schema.arrow_type();
  }
}

bool has_decimals(const ConnectSchema& schema) {
  if (schema.logical() == Logical::kDecimal) return true;
  switch (schema.type()) {
    case Type::kArray: return has_decimals(*schema.value_schema());
    case Type::kMap: return has_decimals(*schema.key_schema()) || has_decimals(*schema.value_schema());
    case Type::kStruct: return std::any_of(schema.fields().begin(), schema.fields().end(), [](const auto& f) { return has_decimals(*f.schema); });
    default: return false;
  }
}

Status check_decimal_scales(const ConnectSchema& schema, const arrow::Array& array, int64_t row) {
  if (array.IsNull(row) || !has_decimals(schema)) return {};
  if (schema.logical() == Logical::kDecimal) {
    std::string_view encoded = static_cast<const arrow::BinaryArray&>(array).GetView(row);
    int32_t scale = 0;
    if (encoded.size() > sizeof scale) std::memcpy(&scale, encoded.data(), sizeof scale);
    return scale == schema.decimal_scale() ? Status() : wrong_scale(schema, scale);
  }
  if (schema.type() == Type::kStruct) {
    const auto& fields = static_cast<const arrow::StructArray&>(array);
    for (size_t i = 0; i < schema.fields().size(); ++i) {
      Status checked = check_decimal_scales(*schema.fields()[i].schema, *fields.field(static_cast<int>(i)), row);
      if (!checked.ok()) return Status(checked.code(), checked.blame(), fmt::format("field '{}': {}", schema.fields()[i].name, checked.message())).with_java_class(checked.java_class());
    }
    return {};
  }
  const auto& list = static_cast<const arrow::ListArray&>(array);  // a map is a list of its entries
  for (int64_t i = list.value_offset(row), end = i + list.value_length(row); i < end; ++i) {
    if (schema.type() == Type::kArray) {
      RETURN_IF_ERROR(check_decimal_scales(*schema.value_schema(), *list.values(), i));
      continue;
    }
    const auto& entries = static_cast<const arrow::StructArray&>(*list.values());
    RETURN_IF_ERROR(check_decimal_scales(*schema.key_schema(), *entries.field(0), i));
    RETURN_IF_ERROR(check_decimal_scales(*schema.value_schema(), *entries.field(1), i));
  }
  return {};
}

bool needs_shaping(const ConnectSchema& schema) {
  return schema.logical() == Logical::kDecimal || schema.default_value() || schema.type() == Type::kArray || schema.type() == Type::kMap ||
         schema.type() == Type::kStruct;
}

Result<std::shared_ptr<arrow::Array>> parquet_array(const ConnectSchema& schema, const std::shared_ptr<arrow::Array>& given,
                                                    bool optional_map_keys) {
  if (!needs_shaping(schema)) return given;
  std::shared_ptr<arrow::Array> array = given;
  if (schema.default_value() && array->null_count() > 0) {
    ASSIGN_OR_RETURN(array, with_default(schema, array));
  }
  if (schema.logical() == Logical::kDecimal) return unscaled_bytes(schema, static_cast<const arrow::BinaryArray&>(*array));
  auto type = parquet_arrow_type(schema, optional_map_keys);
  if (schema.type() == Type::kArray) {
    ASSIGN_OR_RETURN(auto items, parquet_array(*schema.value_schema(), raw_child(*array, 0), optional_map_keys));
    return with_children(*array, type, {items});
  }
  if (schema.type() == Type::kStruct) {
    std::vector<std::shared_ptr<arrow::Array>> children;
    for (size_t i = 0; i < schema.fields().size(); ++i) {
      ASSIGN_OR_RETURN(auto child, parquet_array(*schema.fields()[i].schema, raw_child(*array, i), optional_map_keys));
      if (!schema.fields()[i].schema->optional() && child->null_count() > 0) {
        ASSIGN_OR_RETURN(child, required_child(schema.fields()[i].name, *array, *child));
      }
      children.push_back(std::move(child));
    }
    return with_children(*array, type, std::move(children));
  }
  if (schema.type() == Type::kMap) {
    auto entries = raw_child(*array, 0);
    ASSIGN_OR_RETURN(auto keys, parquet_array(*schema.key_schema(), raw_child(*entries, 0), optional_map_keys));
    ASSIGN_OR_RETURN(auto values, parquet_array(*schema.value_schema(), raw_child(*entries, 1), optional_map_keys));
    return with_children(*array, type, {with_children(*entries, type->field(0)->type(), {keys, values})});
  }
  return array;
}

}  // namespace bywash::formats
