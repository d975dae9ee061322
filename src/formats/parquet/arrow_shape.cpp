// Shaping of arrays for the Parquet writer. Level 4, any thread.
#include "formats/parquet/arrow_shape.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/type.h>

#include <cstring>

#include "columnar/column.h"
#include "formats/parquet/parquet_layout.h"

namespace bywash::formats {
namespace {

using columnar::ConnectSchema;
using columnar::Logical;
using columnar::Type;

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
    if (scale != schema.decimal_scale()) {
      return Status::data(fmt::format("Decimal value has mismatching scale for given Decimal schema: it is {}, the schema's is {}", scale,
                                      schema.decimal_scale()))
          .with_java_class("org.apache.kafka.connect.errors.DataException");
    }
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
