// Arrow types to Connect schemas, by casts where Arrow has them. Level 6, the job's thread.
#include "processing/arrow_rows.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "columnar/decimal.h"

namespace bywash::processing {
namespace {

using columnar::Column;
using columnar::ConnectSchema;
using columnar::SchemaPtr;
using columnar::SchemaSpec;
using columnar::Type;
using ArrayPtr = std::shared_ptr<arrow::Array>;

Result<Column> convert(const ArrayPtr& array);

Result<Column> cast_to(const ArrayPtr& array, SchemaPtr schema) {
  if (array->type()->Equals(*schema->arrow_type())) return Column{std::move(schema), array};
  auto cast = arrow::compute::Cast(*array, schema->arrow_type(), arrow::compute::CastOptions::Unsafe());
  if (!cast.ok()) return Status::invalid(fmt::format("Cannot convert a column of type {}: {}", array->type()->ToString(), cast.status().message()));
  return Column{std::move(schema), *cast};
}

Result<Column> decimals(const ArrayPtr& array, int32_t scale) {
  auto text = arrow::compute::Cast(*array, arrow::utf8());
  if (!text.ok()) return Status::invalid(text.status().message());
  const auto& strings = static_cast<const arrow::StringArray&>(**text);
  arrow::BinaryBuilder out;
  for (int64_t i = 0; i < strings.length(); ++i) {
    arrow::Status appended;
    if (strings.IsNull(i)) {
      appended = out.AppendNull();
    } else {
      ASSIGN_OR_RETURN(columnar::Decimal value, columnar::parse_decimal(strings.GetView(i)));
      appended = out.Append(columnar::encode_decimal(value));
    }
    if (!appended.ok()) return Status::fatal(appended.message());
  }
  auto data = out.Finish();
  if (!data.ok()) return Status::fatal(data.status().message());
  return Column{ConnectSchema::decimal(scale, true), *data};
}

// A timestamp without zone: "2026-11-01T00:00:00.000".
Result<Column> local_timestamps(const ArrayPtr& array) {
  auto options = arrow::compute::StrftimeOptions("%Y-%m-%dT%H:%M:%S");
  auto millis = arrow::compute::Cast(*array, arrow::timestamp(arrow::TimeUnit::MILLI), arrow::compute::CastOptions::Unsafe());
  if (!millis.ok()) return Status::invalid(millis.status().message());
  auto text = arrow::compute::CallFunction("strftime", {*millis}, &options);
  if (!text.ok()) return Status::invalid(text.status().message());
  auto strings = arrow::compute::Cast(*text->make_array(), arrow::utf8());
  if (!strings.ok()) return Status::invalid(strings.status().message());
  return Column{ConnectSchema::of(Type::kString, true), *strings};
}

Result<Column> structs(const ArrayPtr& array) {
  const auto& source = static_cast<const arrow::StructArray&>(*array);
  SchemaSpec spec;
  spec.optional = true;
  std::vector<Column> children;
  for (int i = 0; i < source.num_fields(); ++i) {
    ASSIGN_OR_RETURN(Column child, convert(source.field(i)));
    spec.fields.push_back({source.type()->field(i)->name(), child.schema});
    children.push_back(std::move(child));
  }
  return columnar::make_struct_column(ConnectSchema::make(std::move(spec)), std::move(children), {}, array.get(), array->length());
}

Result<Column> lists(const ArrayPtr& array) {
  const auto& source = static_cast<const arrow::ListArray&>(*array);
  ASSIGN_OR_RETURN(Column items, convert(source.values()));
  SchemaSpec spec;
  spec.type = Type::kArray;
  spec.optional = true;
  spec.value_schema = items.schema;
  auto schema = ConnectSchema::make(std::move(spec));
  auto data = std::make_shared<arrow::ListArray>(schema->arrow_type(), source.length(), source.value_offsets(), items.data, source.null_bitmap(), source.null_count(),
                                                 source.offset());
  return Column{std::move(schema), std::move(data)};
}

Result<Column> maps(const ArrayPtr& array) {
  const auto& source = static_cast<const arrow::MapArray&>(*array);
  ASSIGN_OR_RETURN(Column keys, convert(source.keys()));
  ASSIGN_OR_RETURN(Column items, convert(source.items()));
  SchemaSpec spec;
  spec.type = Type::kMap;
  spec.optional = true;
  spec.key_schema = keys.schema;
  spec.value_schema = items.schema;
  auto schema = ConnectSchema::make(std::move(spec));
  auto pairs = std::make_shared<arrow::StructArray>(schema->arrow_type()->field(0)->type(), keys.row_count(), arrow::ArrayVector{keys.data, items.data});
  auto data = std::make_shared<arrow::ListArray>(schema->arrow_type(), source.length(), source.value_offsets(), pairs, source.null_bitmap(), source.null_count(), source.offset());
  return Column{std::move(schema), std::move(data)};
}

Result<Column> convert(const ArrayPtr& array) {
  using arrow::Type;
  using columnar::Type::kBoolean;
  auto plain = [&](columnar::Type type) { return cast_to(array, ConnectSchema::of(type, true)); };
  switch (array->type_id()) {
    case Type::NA: return Column{ConnectSchema::of(columnar::Type::kString, true), *arrow::MakeArrayOfNull(arrow::utf8(), array->length())};
    case Type::BOOL: return plain(columnar::Type::kBoolean);
    case Type::INT8: return plain(columnar::Type::kInt8);
    case Type::INT16:
    case Type::UINT8: return plain(columnar::Type::kInt16);
    case Type::INT32:
    case Type::UINT16: return plain(columnar::Type::kInt32);
    case Type::INT64:
    case Type::UINT32: return plain(columnar::Type::kInt64);
    case Type::UINT64: return decimals(array, 0);
    case Type::FLOAT: return plain(columnar::Type::kFloat32);
    case Type::DOUBLE: return plain(columnar::Type::kFloat64);
    case Type::STRING:
    case Type::LARGE_STRING:
    case Type::STRING_VIEW: return plain(columnar::Type::kString);
    case Type::BINARY:
    case Type::LARGE_BINARY:
    case Type::BINARY_VIEW:
    case Type::FIXED_SIZE_BINARY: return plain(columnar::Type::kBytes);
    case Type::DECIMAL128:
    case Type::DECIMAL256: return decimals(array, static_cast<const arrow::DecimalType&>(*array->type()).scale());
    case Type::DATE32:
    case Type::DATE64: return cast_to(array, ConnectSchema::named(columnar::Type::kInt32, columnar::kDateName, true));
    case Type::TIME32:
    case Type::TIME64: return cast_to(array, ConnectSchema::named(columnar::Type::kInt32, columnar::kTimeName, true));
    case Type::TIMESTAMP:
      if (static_cast<const arrow::TimestampType&>(*array->type()).timezone().empty()) return local_timestamps(array);
      return cast_to(array, ConnectSchema::named(columnar::Type::kInt64, columnar::kTimestampName, true));
    case Type::STRUCT: return structs(array);
    case Type::LIST: return lists(array);
    case Type::MAP: return maps(array);
    case Type::DICTIONARY: {
      auto decoded = arrow::compute::Cast(*array, static_cast<const arrow::DictionaryType&>(*array->type()).value_type());
      if (!decoded.ok()) return Status::invalid(decoded.status().message());
      return convert(*decoded);
    }
    default: return Status::invalid(fmt::format("A result column of type {} has no JSON form. CAST it in the SQL", array->type()->ToString()));
  }
}

}  // namespace

Result<Column> to_column(const arrow::RecordBatch& batch) {
  auto rows = batch.ToStructArray();
  if (!rows.ok()) return Status::fatal(rows.status().message());
  return convert(*rows);
}

}  // namespace bywash::processing
