// Inference over shapes (and over values only where types mix), and conversion. Level 4, any thread.
#include "formats/parquet/inferred_schema.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/compute/cast.h>
#include <arrow/type.h>

#include "columnar/value.h"
#include "formats/json/json_writer.h"

namespace bywash::formats {

using columnar::Column;
using columnar::ConnectSchema;
using columnar::SchemaPtr;
using columnar::SchemaSpec;
using columnar::Type;
using columnar::Value;

// What has been seen at one place of the tree.
struct SchemaInference::Position {
  bool integer = false, real = false, boolean = false, string = false, bytes = false, other = false, list = false, object = false;
  std::vector<std::pair<std::string, std::unique_ptr<Position>>> fields;
  std::unique_ptr<Position> item;

  Position& field(const std::string& name) {
    for (auto& [known, position] : fields) {
      if (known == name) return *position;
    }
    fields.emplace_back(name, std::make_unique<Position>());
    return *fields.back().second;
  }
  Position& items() {
    if (!item) item = std::make_unique<Position>();
    return *item;
  }

  void see(const Value& value) {
    if (value.is_null()) return;
    if (value.is<int8_t>() || value.is<int16_t>() || value.is<int32_t>() || value.is<int64_t>()) integer = true;
    else if (value.is<float>() || value.is<double>()) real = true;
    else if (value.is<bool>()) boolean = true;
    else if (value.is<std::string>()) string = true;
    else if (value.is<Value::Bytes>()) bytes = true;
    else if (const auto* elements = value.as_list()) {
      list = true;
      for (const Value& v : *elements) items().see(v);
    } else if (const auto* entries = value.as_map(); entries && all_string_keys(*entries)) {
      object = true;
      for (const auto& [key, v] : *entries) field(key.get<std::string>()).see(v);
    } else {
      other = true;
    }
  }

  static bool all_string_keys(const Value::Map& entries) {
    for (const auto& [key, value] : entries) {
      if (!key.is<std::string>()) return false;
    }
    return true;
  }

  void see(const ConnectSchema& schema, const arrow::Array& data) {
    if (data.length() == 0 || data.null_count() == data.length()) {
      if (schema.type() == Type::kArray && data.length() > data.null_count()) list = true;
      return;
    }
    switch (schema.type()) {
      case Type::kInt8:
      case Type::kInt16:
      case Type::kInt32:
      case Type::kInt64: integer = true; return;
      case Type::kFloat32:
      case Type::kFloat64: real = true; return;
      case Type::kBoolean: boolean = true; return;
      case Type::kString: string = true; return;
      case Type::kBytes:
        if (schema.logical() == columnar::Logical::kNone) bytes = true;
        else other = true;
        return;
      case Type::kArray: {
        list = true;
        const auto& lists = static_cast<const arrow::ListArray&>(data);
        auto values = lists.values()->Slice(lists.value_offset(0), lists.value_offset(lists.length()) - lists.value_offset(0));
        items().see(*schema.value_schema(), *values);
        return;
      }
      case Type::kObject: {
        object = true;
        const auto& structs = static_cast<const arrow::StructArray&>(data);
        for (size_t i = 0; i < schema.fields().size(); ++i) {
          field(schema.fields()[i].name).see(*schema.fields()[i].schema, *structs.field(static_cast<int>(i)));
        }
        return;
      }
      case Type::kNull: return;
      default:
        for (int64_t i = 0; i < data.length(); ++i) see(columnar::value_at(schema, data, i));
    }
  }

  SchemaPtr schema() const {
    int kinds = integer + real + boolean + string + bytes + other + list + object;
    if (integer && real) --kinds;
    if (kinds == 1 && !other) {
      if (real) return ConnectSchema::of(Type::kFloat64, true);
      if (integer) return ConnectSchema::of(Type::kInt64, true);
      if (boolean) return ConnectSchema::of(Type::kBoolean, true);
      if (bytes) return ConnectSchema::of(Type::kBytes, true);
      if (list) {
        SchemaSpec spec;
        spec.type = Type::kArray;
        spec.optional = true;
        spec.value_schema = item ? item->schema() : ConnectSchema::of(Type::kString, true);
        return ConnectSchema::make(std::move(spec));
      }
      if (object && !fields.empty()) return structure(true);
    }
    return ConnectSchema::of(Type::kString, true);
  }

  SchemaPtr structure(bool optional) const {
    SchemaSpec spec;
    spec.type = Type::kStruct;
    spec.optional = optional;
    for (const auto& [name, position] : fields) spec.fields.push_back({name, position->schema()});
    return ConnectSchema::make(std::move(spec));
  }
};

SchemaInference::SchemaInference() : root_(std::make_unique<Position>()) {}
SchemaInference::~SchemaInference() = default;
SchemaInference::SchemaInference(SchemaInference&&) noexcept = default;
SchemaInference& SchemaInference::operator=(SchemaInference&&) noexcept = default;

void SchemaInference::add(const Column& column) { root_->see(*column.schema, *column.data); }
SchemaPtr SchemaInference::schema() const { return root_->structure(false); }

namespace {

using ArrayResult = Result<std::shared_ptr<arrow::Array>>;

// One value as `target` wants it; the inference has seen to it that it fits.
Result<Value> convert_value(const Value& value, const ConnectSchema& target) {
  if (value.is_null()) return Value();
  switch (target.type()) {
    case Type::kInt64:
      if (auto* v = value.get_if<int8_t>()) return Value(int64_t{*v});
      if (auto* v = value.get_if<int16_t>()) return Value(int64_t{*v});
      if (auto* v = value.get_if<int32_t>()) return Value(int64_t{*v});
      return value;
    case Type::kFloat64:
      if (auto* v = value.get_if<int8_t>()) return Value(double(*v));
      if (auto* v = value.get_if<int16_t>()) return Value(double(*v));
      if (auto* v = value.get_if<int32_t>()) return Value(double(*v));
      if (auto* v = value.get_if<int64_t>()) return Value(static_cast<double>(*v));
      if (auto* v = value.get_if<float>()) return Value(double(*v));
      return value;
    case Type::kString: {
      if (value.is<std::string>()) return value;
      JsonWriteOptions options = JsonWriteOptions::s3_lines();
      options.strict = false;
      std::string text;
      RETURN_IF_ERROR(JsonWriter(options).write_value(nullptr, value, &text));
      return Value(std::move(text));
    }
    case Type::kArray: {
      Value::List items;
      for (const Value& item : *value.as_list()) {
        ASSIGN_OR_RETURN(Value converted, convert_value(item, *target.value_schema()));
        items.push_back(std::move(converted));
      }
      return Value::list(std::move(items));
    }
    case Type::kStruct: {
      std::vector<Value> values(target.fields().size());
      for (const auto& [key, v] : *value.as_map()) {
        int at = target.field_index(key.get<std::string>());
        if (at < 0) continue;
        ASSIGN_OR_RETURN(values[static_cast<size_t>(at)], convert_value(v, *target.fields()[static_cast<size_t>(at)].schema));
      }
      return Value::structure(ConnectSchema::make(target.spec()), std::move(values));
    }
    default: return value;
  }
}

ArrayResult convert_rows(const ConnectSchema& source, const arrow::Array& data, const SchemaPtr& target) {
  columnar::ValueAppender out(target);
  for (int64_t i = 0; i < data.length(); ++i) {
    ASSIGN_OR_RETURN(Value value, convert_value(columnar::value_at(source, data, i), *target));
    RETURN_IF_ERROR(out.append(value));
  }
  ASSIGN_OR_RETURN(Column column, out.finish());
  return column.data;
}

ArrayResult convert(const ConnectSchema& source, const std::shared_ptr<arrow::Array>& data, const SchemaPtr& target);

ArrayResult convert_struct(const ConnectSchema& source, const std::shared_ptr<arrow::Array>& data, const SchemaPtr& target) {
  const auto& structs = static_cast<const arrow::StructArray&>(*data);
  arrow::ArrayVector children;
  for (const auto& f : target->fields()) {
    int at = source.field_index(f.name);
    if (at < 0) {
      auto nulls = arrow::MakeArrayOfNull(f.schema->arrow_type(), data->length());
      if (!nulls.ok()) return Status::host(nulls.status().message());
      children.push_back(nulls.MoveValueUnsafe());
      continue;
    }
    ASSIGN_OR_RETURN(auto child, convert(*source.fields()[static_cast<size_t>(at)].schema, structs.field(at), f.schema));
    children.push_back(std::move(child));
  }
  std::shared_ptr<arrow::Buffer> nulls;
  if (data->null_count() > 0) {
    // A row that is no object has a null struct; a bitmap that starts at bit 0 goes with the sliced children.
    if (data->offset() != 0) return convert_rows(source, *data, target);
    nulls = data->null_bitmap();
  }
  return std::shared_ptr<arrow::Array>(std::make_shared<arrow::StructArray>(target->arrow_type(), data->length(), std::move(children), nulls));
}

ArrayResult convert(const ConnectSchema& source, const std::shared_ptr<arrow::Array>& data, const SchemaPtr& target) {
  if (data->null_count() == data->length() || data->type_id() == arrow::Type::NA) {
    auto nulls = arrow::MakeArrayOfNull(target->arrow_type(), data->length());
    if (!nulls.ok()) return Status::host(nulls.status().message());
    return nulls.MoveValueUnsafe();
  }
  if (source.type() == Type::kObject && target->type() == Type::kStruct) return convert_struct(source, data, target);
  bool number = target->type() == Type::kInt64 || target->type() == Type::kFloat64;
  if (source.type() == target->type() && source.logical() == columnar::Logical::kNone && target->type() != Type::kArray) return data;
  if (number && source.type() != Type::kVariant) {
    arrow::compute::CastOptions options;
    options.allow_float_truncate = options.allow_int_overflow = true;
    auto cast = arrow::compute::Cast(*data, target->arrow_type(), options);
    if (!cast.ok()) return Status::data(cast.status().message());
    return cast.MoveValueUnsafe();
  }
  if (source.type() == Type::kArray && target->type() == Type::kArray && source.value_schema()->arrow_type()->Equals(target->value_schema()->arrow_type())) {
    return data;
  }
  return convert_rows(source, *data, target);
}

}  // namespace

Result<Column> convert_to_inferred(const Column& column, const SchemaPtr& target) {
  ASSIGN_OR_RETURN(auto array, convert(*column.schema, column.data, target));
  return Column{target, std::move(array)};
}

}  // namespace bywash::formats
