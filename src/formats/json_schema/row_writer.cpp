// Cells as JSON text. Encode step, the task's thread. Level 4.
#include "formats/json_schema/row_writer.h"

#include <arrow/array/array_base.h>
#include <arrow/array/data.h>
#include <arrow/util/bit_util.h>

#include "columnar/decimal.h"
#include "columnar/value.h"
#include "formats/json/connect_value.h"
#include "formats/json/json_text.h"
#include "formats/json/json_writer.h"
#include "formats/json_schema/schema_mapping.h"

namespace bywash::formats::json_schema {

using columnar::ConnectSchema;
using columnar::Logical;
using columnar::SchemaPtr;
using columnar::Type;

namespace {

constexpr size_t kDefaultsMax = 10'000;

bool null_at(const arrow::ArrayData& data, int64_t row) {
  return data.buffers[0] && !arrow::bit_util::GetBit(data.buffers[0]->data(), row + data.offset);
}

template <class T>
T number_at(const arrow::ArrayData& data, int64_t row) {
  return data.GetValues<T>(1)[row];
}

std::string_view text_at(const arrow::ArrayData& data, int64_t row) {
  const auto* offsets = data.GetValues<int32_t>(1);
  if (offsets[row] == offsets[row + 1]) return {};
  return {reinterpret_cast<const char*>(data.buffers[2]->data()) + offsets[row], static_cast<size_t>(offsets[row + 1] - offsets[row])};
}

}  // namespace

Status RowWriter::write(const columnar::Column& column, int64_t row, std::string* out, bool* written) {
  size_t before = out->size();
  Status status = cell(column.schema, *column.data->data(), row, out, written);
  if (!status.ok() || !*written) out->resize(before);
  return status;
}

Status RowWriter::cell(const SchemaPtr& schema, const arrow::ArrayData& data, int64_t row, std::string* out, bool* written) {
  if (null_at(data, row)) return null(schema, out, written);
  *written = true;
  return value(schema, data, row, out);
}

Status RowWriter::null(const SchemaPtr& schema, std::string* out, bool* written) {
  *written = true;
  if (schema->default_value() && !options_.ignore_default_for_nullables) {
    auto known = defaults_.find(schema);
    if (known == defaults_.end()) {
      ASSIGN_OR_RETURN(auto column, columnar::constant_column(schema, *schema->default_value(), 1));
      std::string text;
      RETURN_IF_ERROR(value(schema, *column.data->data(), 0, &text));
      if (defaults_.size() >= kDefaultsMax) defaults_.clear();
      known = defaults_.emplace(schema, std::move(text)).first;
    }
    *out += known->second;
  } else if (schema->optional()) {
    *out += "null";
  } else {
    *written = false;
  }
  return {};
}

Status RowWriter::decimal(const ConnectSchema& schema, std::string_view encoded, std::string* out) const {
  columnar::Decimal value = columnar::decode_decimal(encoded);
  if (options_.numeric_decimals) {
    *out += to_java_string(value);
    return {};
  }
  if (value.scale != schema.decimal_scale()) return json::data_exception("BigDecimal has mismatching scale value for given Decimal schema");
  json::append_base64(value.unscaled, out);
  return {};
}

Status RowWriter::value(const SchemaPtr& schema, const arrow::ArrayData& data, int64_t row, std::string* out) {
  switch (schema->logical()) {
    case Logical::kDecimal: return decimal(*schema, text_at(data, row), out);
    case Logical::kDate:
    case Logical::kTime: json::append_integer(number_at<int32_t>(data, row), out); return {};
    case Logical::kTimestamp: json::append_integer(number_at<int64_t>(data, row), out); return {};
    case Logical::kNone: break;
  }
  switch (schema->type()) {
    case Type::kInt8: json::append_integer(number_at<int8_t>(data, row), out); return {};
    case Type::kInt16: json::append_integer(number_at<int16_t>(data, row), out); return {};
    case Type::kInt32: json::append_integer(number_at<int32_t>(data, row), out); return {};
    case Type::kInt64: json::append_integer(number_at<int64_t>(data, row), out); return {};
    case Type::kFloat32: json::append_float(number_at<float>(data, row), out); return {};
    case Type::kFloat64: json::append_double(number_at<double>(data, row), out); return {};
    case Type::kBoolean: *out += arrow::bit_util::GetBit(data.buffers[1]->data(), row + data.offset) ? "true" : "false"; return {};
    case Type::kString: append_json_string(text_at(data, row), out); return {};
    case Type::kBytes: json::append_base64(text_at(data, row), out); return {};
    case Type::kArray:
    case Type::kMap: return items(*schema, data, row, out);
    case Type::kStruct: return is_alternatives(*schema) ? alternative(*schema, data, row, out) : fields(*schema, data, row, out);
    default: return json::data_exception("Couldn't convert value to JSON.");
  }
}

Status RowWriter::fields(const ConnectSchema& schema, const arrow::ArrayData& data, int64_t row, std::string* out) {
  *out += '{';
  bool first = true;
  for (size_t i = 0; i < schema.fields().size(); ++i) {
    const columnar::Field& field = schema.fields()[i];
    size_t before = out->size();
    if (!first) *out += ',';
    append_json_string(field.name, out);
    *out += ':';
    bool written = false;
    RETURN_IF_ERROR(cell(field.schema, *data.child_data[i], row + data.offset, out, &written));
    if (written) first = false;
    else out->resize(before);
  }
  *out += '}';
  return {};
}

// The first alternative with a value or a default; without one what a null of the whole is.
Status RowWriter::alternative(const ConnectSchema& schema, const arrow::ArrayData& data, int64_t row, std::string* out) {
  for (size_t i = 0; i < schema.fields().size(); ++i) {
    const SchemaPtr& member = schema.fields()[i].schema;
    bool has_default = member->default_value() && !options_.ignore_default_for_nullables;
    if (null_at(*data.child_data[i], row + data.offset) && !has_default) continue;
    bool written = false;
    return cell(member, *data.child_data[i], row + data.offset, out, &written);
  }
  *out += "null";
  return {};
}

Status RowWriter::items(const ConnectSchema& schema, const arrow::ArrayData& data, int64_t row, std::string* out) {
  const auto* offsets = data.GetValues<int32_t>(1);
  const arrow::ArrayData& child = *data.child_data[0];
  bool is_map = schema.type() == Type::kMap;
  bool as_object = is_map && is_object_map(schema);
  // A null element without default or optional schema is null all the same.
  auto put = [&](const SchemaPtr& of, const arrow::ArrayData& cells, int64_t at) -> Status {
    bool written = false;
    RETURN_IF_ERROR(cell(of, cells, at, out, &written));
    if (!written) *out += "null";
    return {};
  };
  *out += as_object ? '{' : '[';
  for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i) {
    if (i > offsets[row]) *out += ',';
    if (!is_map) {
      RETURN_IF_ERROR(put(schema.value_schema(), child, i));
      continue;
    }
    int64_t at = i + child.offset;
    if (!as_object) *out += "{\"key\":";
    RETURN_IF_ERROR(put(schema.key_schema(), *child.child_data[0], at));
    *out += as_object ? ":" : ",\"value\":";
    RETURN_IF_ERROR(put(schema.value_schema(), *child.child_data[1], at));
    if (!as_object) *out += '}';
  }
  *out += as_object ? '}' : ']';
  return {};
}

}  // namespace bywash::formats::json_schema
