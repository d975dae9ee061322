// Cells and values as JSON text, after JsonConverter.convertToJson (Connect 4.3.1). Encode step of the source line. Level 4.
#include "formats/json/json_writer.h"

#include <arrow/array/array_base.h>
#include <arrow/array/data.h>
#include <arrow/util/bit_util.h>

#include "base/time_arithmetic.h"
#include "columnar/decimal.h"
#include "formats/json/connect_value.h"
#include "formats/json/json_text.h"

namespace bywash::formats {

using columnar::ConnectSchema;
using columnar::Logical;
using columnar::Type;
using columnar::Value;
using json::data_exception;

namespace {

bool is_null(const arrow::ArrayData& data, int64_t row) {
  if (data.type->id() == arrow::Type::NA) return true;
  return data.buffers[0] && !arrow::bit_util::GetBit(data.buffers[0]->data(), row + data.offset);
}

template <class T>
T fixed(const arrow::ArrayData& data, int64_t row) {
  return data.GetValues<T>(1)[row];
}

std::string_view bytes_at(const arrow::ArrayData& data, int64_t row) {
  const auto* offsets = data.GetValues<int32_t>(1);
  if (offsets[row] == offsets[row + 1]) return {};
  return {reinterpret_cast<const char*>(data.buffers[2]->data()) + offsets[row], static_cast<size_t>(offsets[row + 1] - offsets[row])};
}

bool bit_at(const arrow::ArrayData& data, int64_t row) { return arrow::bit_util::GetBit(data.buffers[1]->data(), row + data.offset); }

Status no_schema_type(std::string_view java_class) {
  return data_exception(fmt::format("Java class class {} does not have corresponding schema type.", java_class));
}

}  // namespace

Status JsonWriter::write(const columnar::Column& column, int64_t row, std::string* out) {
  size_t before = out->size();
  if (named_schema_ != column.schema) {
    names_ = names_of(*column.schema);
    named_schema_ = column.schema;
  }
  Status written = cell(*column.schema, *column.data->data(), row, names_, out);
  if (!written.ok()) out->resize(before);
  return written;
}

JsonWriter::Names JsonWriter::names_of(const ConnectSchema& schema) const {
  Names out;
  for (const columnar::Field& field : schema.fields()) {
    std::string& name = out.fields.emplace_back(",");
    text(field.name, &name);
    name += ':';
    out.inside.push_back(names_of(*field.schema));
  }
  for (const columnar::SchemaPtr& part : {schema.type() == Type::kMap ? schema.key_schema() : nullptr, schema.value_schema()}) {
    if (part) out.inside.push_back(names_of(*part));
  }
  return out;
}

Status JsonWriter::null(const ConnectSchema* schema, std::string* out) const {
  if (schema && schema->default_value() && options_.replace_null_with_default) return write_value(schema, *schema->default_value(), out);
  if (options_.strict && schema && !schema->schemaless() && !schema->optional()) {
    return data_exception("Conversion error: null value for field that is required and has no default value");
  }
  *out += "null";
  return {};
}

Status JsonWriter::logical(const ConnectSchema& schema, int64_t ms, std::string* out) const {
  bool iso = options_.times == JsonWriteOptions::Times::kIso;
  if (iso) *out += '"';
  switch (schema.logical()) {
    case Logical::kDate: iso ? json::append_iso_date(ms / kMsPerDay - (ms % kMsPerDay < 0), out) : json::append_integer(ms / kMsPerDay - (ms % kMsPerDay < 0), out); break;
    case Logical::kTime: iso ? json::append_iso_time(ms, out) : json::append_integer(ms, out); break;
    default: iso ? json::append_iso_timestamp(ms, out) : json::append_integer(ms, out); break;
  }
  if (iso) *out += '"';
  return {};
}

Status JsonWriter::decimal(const ConnectSchema* schema, const columnar::Decimal& value, std::string* out) const {
  // Without schema there is no scale to read the bytes by.
  if (options_.decimals == JsonWriteOptions::Decimals::kNumeric || !schema || schema->schemaless()) {
    *out += to_java_string(value);
    return {};
  }
  if (options_.strict && value.scale != schema->decimal_scale()) {
    return data_exception("BigDecimal has mismatching scale value for given Decimal schema");
  }
  json::append_base64(value.unscaled, out);
  return {};
}

Status JsonWriter::cell(const ConnectSchema& schema, const arrow::ArrayData& data, int64_t row, const Names& names, std::string* out) const {
  if (is_null(data, row)) return null(&schema, out);
  if (schema.logical() != Logical::kNone && schema.schemaless() && !options_.schemaless_logicals) {
    return no_schema_type(schema.logical() == Logical::kDecimal ? "java.math.BigDecimal" : "java.util.Date");
  }
  switch (schema.logical()) {
    case Logical::kDecimal: return decimal(&schema, columnar::decode_decimal(bytes_at(data, row)), out);
    case Logical::kDate: return logical(schema, int64_t{fixed<int32_t>(data, row)} * kMsPerDay, out);
    case Logical::kTime: return logical(schema, fixed<int32_t>(data, row), out);
    case Logical::kTimestamp: return logical(schema, fixed<int64_t>(data, row), out);
    case Logical::kNone: break;
  }
  switch (schema.type()) {
    case Type::kInt8: json::append_integer(fixed<int8_t>(data, row), out); return {};
    case Type::kInt16: json::append_integer(fixed<int16_t>(data, row), out); return {};
    case Type::kInt32: json::append_integer(fixed<int32_t>(data, row), out); return {};
    case Type::kInt64: json::append_integer(fixed<int64_t>(data, row), out); return {};
    case Type::kFloat32: json::append_float(fixed<float>(data, row), out); return {};
    case Type::kFloat64: json::append_double(fixed<double>(data, row), out); return {};
    case Type::kBoolean: *out += bit_at(data, row) ? "true" : "false"; return {};
    case Type::kString: text(bytes_at(data, row), out); return {};
    case Type::kBytes: json::append_base64(bytes_at(data, row), out); return {};
    case Type::kVariant: return write_value(nullptr, columnar::decode_variant(bytes_at(data, row)), out);
    case Type::kArray:
    case Type::kMap: return items(schema, data, row, names, out);
    case Type::kStruct:
    case Type::kObject: return fields(schema, data, row, names, out);
    case Type::kNull: break;
  }
  return null(&schema, out);
}

Status JsonWriter::fields(const ConnectSchema& schema, const arrow::ArrayData& data, int64_t row, const Names& names, std::string* out) const {
  int64_t child_row = row + data.offset;
  size_t presence = schema.fields().size();
  const size_t start = out->size();
  for (size_t i = 0; i < schema.fields().size(); ++i) {
    const columnar::Field& field = schema.fields()[i];
    const arrow::ArrayData& child = *data.child_data[i];
    bool present = !field.may_be_absent || bit_at(*data.child_data[presence++], child_row);
    if (!present) continue;
    if (options_.nulls == JsonWriteOptions::Nulls::kOmit && is_null(child, child_row)) continue;
    *out += names.fields[i];
    RETURN_IF_ERROR(cell(*field.schema, child, child_row, names.inside[i], out));
  }
  // The comma before the first name.
  if (out->size() > start) (*out)[start] = '{';
  else *out += '{';
  *out += '}';
  return {};
}

Status JsonWriter::items(const ConnectSchema& schema, const arrow::ArrayData& data, int64_t row, const Names& names, std::string* out) const {
  const auto* offsets = data.GetValues<int32_t>(1);
  const arrow::ArrayData& child = *data.child_data[0];
  bool is_map = schema.type() == Type::kMap;
  bool as_object = is_map && schema.key_schema()->type() == Type::kString;
  *out += as_object ? '{' : '[';
  for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i) {
    if (i > offsets[row]) *out += ',';
    if (!is_map) {
      RETURN_IF_ERROR(cell(*schema.value_schema(), child, i, names.inside[0], out));
      continue;
    }
    const arrow::ArrayData &key = *child.child_data[0], &value = *child.child_data[1];
    int64_t at = i + child.offset;
    if (as_object) {
      // A null key is named by its text, as JsonNode.asText() has it.
      if (is_null(key, at)) {
        if (options_.strict && !schema.key_schema()->optional()) RETURN_IF_ERROR(null(schema.key_schema().get(), out));
        *out += "\"null\"";
      } else {
        text(bytes_at(key, at), out);
      }
      *out += ':';
    } else {
      *out += '[';
      RETURN_IF_ERROR(cell(*schema.key_schema(), key, at, names.inside[0], out));
      *out += ',';
    }
    RETURN_IF_ERROR(cell(*schema.value_schema(), value, at, names.inside[1], out));
    if (!as_object) *out += ']';
  }
  *out += as_object ? '}' : ']';
  return {};
}

Status JsonWriter::map_value(const ConnectSchema* schema, const Value::Map& entries, std::string* out) const {
  bool as_object = !schema || schema->schemaless() || schema->type() != Type::kMap;
  if (as_object) {
    for (const auto& [key, value] : entries) as_object = as_object && key.is<std::string>();
  } else {
    as_object = schema->key_schema()->type() == Type::kString;
  }
  const ConnectSchema* key_schema = schema && schema->type() == Type::kMap ? schema->key_schema().get() : nullptr;
  const ConnectSchema* value_schema = schema && schema->type() == Type::kMap ? schema->value_schema().get() : nullptr;
  bool first = true;
  *out += as_object ? '{' : '[';
  for (const auto& [key, value] : entries) {
    bool omitted = as_object && !key_schema && value.is_null() && options_.nulls == JsonWriteOptions::Nulls::kOmit;
    if (omitted) continue;
    if (!first) *out += ',';
    first = false;
    if (!as_object) *out += '[';
    if (as_object && key.is_null()) *out += "\"null\"";
    else RETURN_IF_ERROR(write_value(key_schema, key, out));
    *out += as_object ? ':' : ',';
    RETURN_IF_ERROR(write_value(value_schema, value, out));
    if (!as_object) *out += ']';
  }
  *out += as_object ? '}' : ']';
  return {};
}

Status JsonWriter::struct_value(const ConnectSchema* schema, const Value::Struct& value, std::string* out) const {
  // A struct schema that carries a default never equals the schema its default was made with (ConnectSchema.equals compares defaults).
  if (options_.strict && schema && !value.schema->equals(*schema)) return data_exception("Mismatching schema.");
  char separator = '{';
  for (size_t i = 0; i < value.values.size(); ++i) {
    const columnar::Field& field = value.schema->fields()[i];
    if (options_.nulls == JsonWriteOptions::Nulls::kOmit && value.values[i].is_null()) continue;
    *out += separator;
    separator = ',';
    text(field.name, out);
    *out += ':';
    RETURN_IF_ERROR(write_value(field.schema.get(), value.values[i], out));
  }
  *out += separator == '{' ? "{}" : "}";
  return {};
}

Status JsonWriter::write_value(const ConnectSchema* schema, const Value& value, std::string* out) const {
  if (value.is_null()) return null(schema, out);
  bool typed = schema && !schema->schemaless();
  if (const auto* v = value.get_if<bool>()) *out += *v ? "true" : "false";
  else if (const auto* i8 = value.get_if<int8_t>()) json::append_integer(*i8, out);
  else if (const auto* i16 = value.get_if<int16_t>()) json::append_integer(*i16, out);
  else if (const auto* i32 = value.get_if<int32_t>()) json::append_integer(*i32, out);
  else if (const auto* i64 = value.get_if<int64_t>()) json::append_integer(*i64, out);
  else if (const auto* f = value.get_if<float>()) json::append_float(*f, out);
  else if (const auto* d = value.get_if<double>()) json::append_double(*d, out);
  else if (const auto* s = value.get_if<std::string>()) text(*s, out);
  else if (const auto* b = value.get_if<Value::Bytes>()) json::append_base64(b->data, out);
  else if (const auto* n = value.get_if<columnar::Decimal>()) {
    if (!typed && !options_.schemaless_logicals) return no_schema_type("java.math.BigDecimal");
    return decimal(schema, *n, out);
  } else if (const auto* ms = value.get_if<Value::Millis>()) {
    if (!typed && !options_.schemaless_logicals) return no_schema_type("java.util.Date");
    static const columnar::SchemaPtr kTimestamp = ConnectSchema::named(Type::kInt64, columnar::kTimestampName);
    return logical(schema ? *schema : *kTimestamp, ms->ms, out);
  } else if (const Value::List* items = value.as_list()) {
    *out += '[';
    for (size_t i = 0; i < items->size(); ++i) {
      if (i > 0) *out += ',';
      RETURN_IF_ERROR(write_value(schema && schema->type() == Type::kArray ? schema->value_schema().get() : nullptr, (*items)[i], out));
    }
    *out += ']';
  } else if (const Value::Map* entries = value.as_map()) {
    return map_value(schema, *entries, out);
  } else if (const Value::Struct* structure = value.as_struct()) {
    return struct_value(schema, *structure, out);
  }
  return {};
}

Status append_json_schema(const ConnectSchema& schema, const JsonWriteOptions& options, std::string* out) {
  if (schema.schemaless()) {
    *out += "null";
    return {};
  }
  static constexpr std::string_view kNames[] = {"int8", "int16", "int32", "int64", "float", "double", "boolean", "string", "bytes", "array", "map", "struct"};
  *out += "{\"type\":\"";
  out->append(kNames[static_cast<size_t>(schema.type())]).append("\"");
  if (schema.type() == Type::kArray) {
    *out += ",\"items\":";
    RETURN_IF_ERROR(append_json_schema(*schema.value_schema(), options, out));
  } else if (schema.type() == Type::kMap) {
    *out += ",\"keys\":";
    RETURN_IF_ERROR(append_json_schema(*schema.key_schema(), options, out));
    *out += ",\"values\":";
    RETURN_IF_ERROR(append_json_schema(*schema.value_schema(), options, out));
  } else if (schema.type() == Type::kStruct) {
    *out += ",\"fields\":[";
    for (const columnar::Field& field : schema.fields()) {
      if (out->back() == '}') *out += ',';
      RETURN_IF_ERROR(append_json_schema(*field.schema, options, out));
      if (out->back() != '}') continue;  // a schemaless field has no place for its name
      out->back() = ',';
      *out += "\"field\":";
      append_json_string(field.name, out);
      *out += '}';
    }
    *out += ']';
  }
  *out += schema.optional() ? ",\"optional\":true" : ",\"optional\":false";
  auto text = [&](std::string_view key, std::string_view value) {
    out->append(",\"").append(key).append("\":");
    append_json_string(value, out);
  };
  if (schema.name()) text("name", *schema.name());
  if (schema.version()) out->append(",\"version\":").append(std::to_string(*schema.version()));
  if (schema.doc()) text("doc", *schema.doc());
  if (!schema.parameters().empty()) {
    char separator = '{';
    *out += ",\"parameters\":";
    for (const auto& [key, value] : schema.parameters()) {
      *out += separator;
      separator = ',';
      append_json_string(key, out);
      *out += ':';
      append_json_string(value, out);
    }
    *out += '}';
  }
  if (schema.default_value()) {
    *out += ",\"default\":";
    RETURN_IF_ERROR(JsonWriter(options).write_value(&schema, *schema.default_value(), out));
  }
  *out += '}';
  return {};
}

}  // namespace bywash::formats
