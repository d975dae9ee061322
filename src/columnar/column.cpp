// Column access and assembly. Level 1, the thread that owns the batch.
#include "columnar/column.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/builder.h>
#include <arrow/compute/api_vector.h>
#include <arrow/type.h>
#include <arrow/util/bitmap_ops.h>

#include "base/check.h"

namespace bywash::columnar {
namespace {

const arrow::StructArray& as_struct_array(const arrow::Array& a) { return static_cast<const arrow::StructArray&>(a); }

// Position of key i's presence column among the struct's children; -1 when the key is always there.
int presence_index(const ConnectSchema& schema, int i) {
  if (!schema.fields()[static_cast<size_t>(i)].may_be_absent) return -1;
  int at = static_cast<int>(schema.fields().size());
  for (int k = 0; k < i; ++k) at += schema.fields()[static_cast<size_t>(k)].may_be_absent;
  return at;
}

template <class A>
auto raw(const arrow::Array& data, int64_t row) { return static_cast<const A&>(data).Value(row); }

Value plain_value(const ConnectSchema& schema, const arrow::Array& data, int64_t row) {
  switch (schema.type()) {
    case Type::kInt8: return Value(raw<arrow::Int8Array>(data, row));
    case Type::kInt16: return Value(raw<arrow::Int16Array>(data, row));
    case Type::kInt32: return Value(raw<arrow::Int32Array>(data, row));
    case Type::kInt64: return Value(static_cast<int64_t>(raw<arrow::Int64Array>(data, row)));
    case Type::kFloat32: return Value(raw<arrow::FloatArray>(data, row));
    case Type::kFloat64: return Value(raw<arrow::DoubleArray>(data, row));
    case Type::kBoolean: return Value(static_cast<bool>(raw<arrow::BooleanArray>(data, row)));
    case Type::kString: return Value(static_cast<const arrow::StringArray&>(data).GetString(row));
    case Type::kBytes: return Value(Value::Bytes{static_cast<const arrow::BinaryArray&>(data).GetString(row)});
    case Type::kVariant: return decode_variant(static_cast<const arrow::BinaryArray&>(data).GetView(row));
    default: return {};
  }
}

Value list_value(const ConnectSchema& schema, const arrow::Array& data, int64_t row) {
  const auto& list = static_cast<const arrow::ListArray&>(data);
  Value::List items;
  for (int64_t i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
    items.push_back(value_at(*schema.value_schema(), *list.values(), i));
  }
  return Value::list(std::move(items));
}

Value map_value(const ConnectSchema& schema, const arrow::Array& data, int64_t row) {
  const auto& list = static_cast<const arrow::ListArray&>(data);
  const auto& entries = as_struct_array(*list.values());
  auto keys = entries.field(0), values = entries.field(1);
  Value::Map out;
  for (int64_t i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
    out.emplace_back(value_at(*schema.key_schema(), *keys, i), value_at(*schema.value_schema(), *values, i));
  }
  return Value::map(std::move(out));
}

}  // namespace

int64_t Column::row_count() const { return data ? data->length() : 0; }

bool Column::is_null(int64_t row) const { return data->IsNull(row); }

Column Column::child(int i) const {
  return {schema->fields()[static_cast<size_t>(i)].schema, as_struct_array(*data).field(i)};
}

std::shared_ptr<arrow::BooleanArray> Column::present(int i) const {
  int at = presence_index(*schema, i);
  if (at < 0) return nullptr;
  return std::static_pointer_cast<arrow::BooleanArray>(as_struct_array(*data).field(at));
}

bool Column::is_present(int i, int64_t row) const {
  auto p = present(i);
  return !p || p->Value(row);
}

Value value_at(const Column& column, int64_t row) { return value_at(*column.schema, *column.data, row); }

Value value_at(const ConnectSchema& schema, const arrow::Array& data, int64_t row) {
  if (data.IsNull(row)) return {};
  switch (schema.logical()) {
    case Logical::kDecimal: return Value(decode_decimal(static_cast<const arrow::BinaryArray&>(data).GetView(row)));
    case Logical::kDate: return Value(Value::Millis{int64_t{raw<arrow::Date32Array>(data, row)} * 86'400'000});
    case Logical::kTime: return Value(Value::Millis{raw<arrow::Time32Array>(data, row)});
    case Logical::kTimestamp: return Value(Value::Millis{raw<arrow::TimestampArray>(data, row)});
    case Logical::kNone: break;
  }
  switch (schema.type()) {
    case Type::kArray: return list_value(schema, data, row);
    case Type::kMap: return map_value(schema, data, row);
    case Type::kStruct: {
      std::vector<Value> values;
      for (size_t i = 0; i < schema.fields().size(); ++i) {
        values.push_back(value_at(*schema.fields()[i].schema, *as_struct_array(data).field(static_cast<int>(i)), row));
      }
      // The caller's schema outlives the value only by chance: keep a shared copy.
      return Value::structure(ConnectSchema::make(schema.spec()), std::move(values));
    }
    case Type::kObject: {
      Value::Map entries;
      for (size_t i = 0; i < schema.fields().size(); ++i) {
        int at = presence_index(schema, static_cast<int>(i));
        if (at >= 0 && !static_cast<const arrow::BooleanArray&>(*as_struct_array(data).field(at)).Value(row)) continue;
        entries.emplace_back(Value::string(schema.fields()[i].name),
                             value_at(*schema.fields()[i].schema, *as_struct_array(data).field(static_cast<int>(i)), row));
      }
      return Value::map(std::move(entries));
    }
    default: return plain_value(schema, data, row);
  }
}

Column take(const Column& column, const std::vector<uint32_t>& rows) {
  if (column.data->type_id() == arrow::Type::NA) {
    return {column.schema, std::make_shared<arrow::NullArray>(static_cast<int64_t>(rows.size()))};
  }
  auto indices = std::make_shared<arrow::UInt32Array>(static_cast<int64_t>(rows.size()),
                                                      arrow::Buffer::Wrap(rows.data(), rows.size()));
  auto taken = arrow::compute::Take(*column.data, *indices, arrow::compute::TakeOptions::NoBoundsCheck());
  CHECK(taken.ok());
  return {column.schema, taken.MoveValueUnsafe()};
}

Column make_struct_column(SchemaPtr schema, std::vector<Column> children, std::vector<std::shared_ptr<arrow::BooleanArray>> present,
                          const arrow::Array* nulls_of, int64_t row_count) {
  arrow::ArrayVector arrays;
  for (Column& c : children) arrays.push_back(std::move(c.data));
  for (auto& p : present) arrays.push_back(std::move(p));
  std::shared_ptr<arrow::Buffer> bitmap;
  if (nulls_of && nulls_of->null_count() > 0) {
    bitmap = nulls_of->null_bitmap();
    if (nulls_of->offset() != 0) {
      auto copied = arrow::internal::CopyBitmap(arrow::default_memory_pool(), bitmap->data(), nulls_of->offset(), row_count);
      CHECK(copied.ok());
      bitmap = copied.MoveValueUnsafe();
    }
  }
  const auto& type = schema->arrow_type();
  CHECK(static_cast<size_t>(type->num_fields()) == arrays.size());
  auto data = std::make_shared<arrow::StructArray>(type, row_count, std::move(arrays), std::move(bitmap));
  return {std::move(schema), std::move(data)};
}

Result<Column> constant_column(const SchemaPtr& schema, const Value& value, int64_t row_count) {
  ValueAppender one(schema);
  RETURN_IF_ERROR(one.append(value));
  ASSIGN_OR_RETURN(Column column, one.finish());
  auto scalar = column.data->GetScalar(0);
  if (!scalar.ok()) return Status::fatal(scalar.status().message());
  auto array = arrow::MakeArrayFromScalar(**scalar, row_count);
  if (!array.ok()) return Status::fatal(array.status().message());
  return Column{schema, array.MoveValueUnsafe()};
}

}  // namespace bywash::columnar
