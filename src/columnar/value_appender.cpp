// ValueAppender and shape inference: Values into columns. Level 1, the thread that owns the batch.
#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/type.h>

#include "base/check.h"
#include "columnar/column.h"

namespace bywash::columnar {
namespace {

std::string_view kind_of(const Value& value) {
  static constexpr std::string_view kNames[] = {"null",    "boolean", "int8",   "int16", "int32",   "int64", "float32", "float64",
                                                "string",  "bytes",   "decimal", "date", "list",    "map",   "struct"};
  return kNames[value.storage().index()];
}

Status mismatch(const ConnectSchema& schema, const Value& value) {
  return Status::data(fmt::format("Cannot store a value of another type than the schema has (schema type {}, value type {})",
                                  to_string(schema.type()), kind_of(value)))
      .with_context("Invalid value");
}

Status of(const arrow::Status& s) { return s.ok() ? Status() : Status::fatal(s.message()); }

Status append_value(const ConnectSchema& schema, arrow::ArrayBuilder* builder, const Value& value);

template <class Builder, class T>
Status append_number(const ConnectSchema& schema, arrow::ArrayBuilder* builder, const Value& value) {
  auto* v = value.get_if<T>();
  return v ? of(static_cast<Builder*>(builder)->Append(*v)) : mismatch(schema, value);
}

Status append_logical(const ConnectSchema& schema, arrow::ArrayBuilder* builder, const Value& value) {
  if (schema.logical() == Logical::kDecimal) {
    auto* d = value.get_if<Decimal>();
    return d ? of(static_cast<arrow::BinaryBuilder*>(builder)->Append(encode_decimal(*d))) : mismatch(schema, value);
  }
  auto* m = value.get_if<Value::Millis>();
  if (!m) return mismatch(schema, value);
  if (schema.logical() == Logical::kDate) {
    return of(static_cast<arrow::Date32Builder*>(builder)->Append(static_cast<int32_t>(m->ms / 86'400'000 - (m->ms % 86'400'000 < 0))));
  }
  if (schema.logical() == Logical::kTime) return of(static_cast<arrow::Time32Builder*>(builder)->Append(static_cast<int32_t>(m->ms)));
  return of(static_cast<arrow::TimestampBuilder*>(builder)->Append(m->ms));
}

const Value* find_key(const Value::Map& entries, const std::string& name) {
  for (const auto& [key, value] : entries) {
    if (auto* text = key.get_if<std::string>(); text && *text == name) return &value;
  }
  return nullptr;
}

Status append_fields(const ConnectSchema& schema, arrow::StructBuilder* builder, const Value& value) {
  const auto& fields = schema.fields();
  const Value::Struct* s = value.as_struct();
  const Value::Map* m = value.as_map();
  if (!s && !m) return mismatch(schema, value);
  if (s && s->values.size() != fields.size()) return mismatch(schema, value);
  RETURN_IF_ERROR(of(builder->Append()));
  int presence = static_cast<int>(fields.size());
  for (size_t i = 0; i < fields.size(); ++i) {
    static const Value kNull;
    const Value* v = s ? &s->values[i] : find_key(*m, fields[i].name);
    RETURN_IF_ERROR(append_value(*fields[i].schema, builder->field_builder(static_cast<int>(i)), v ? *v : kNull));
    if (fields[i].may_be_absent) {
      RETURN_IF_ERROR(of(static_cast<arrow::BooleanBuilder*>(builder->field_builder(presence++))->Append(v != nullptr)));
    }
  }
  return {};
}

Status append_list(const ConnectSchema& schema, arrow::ListBuilder* builder, const Value& value) {
  RETURN_IF_ERROR(of(builder->Append()));
  if (schema.type() == Type::kArray) {
    const Value::List* items = value.as_list();
    if (!items) return mismatch(schema, value);
    for (const Value& item : *items) RETURN_IF_ERROR(append_value(*schema.value_schema(), builder->value_builder(), item));
    return {};
  }
  const Value::Map* entries = value.as_map();
  if (!entries) return mismatch(schema, value);
  auto* pair = static_cast<arrow::StructBuilder*>(builder->value_builder());
  for (const auto& [key, item] : *entries) {
    RETURN_IF_ERROR(of(pair->Append()));
    RETURN_IF_ERROR(append_value(*schema.key_schema(), pair->field_builder(0), key));
    RETURN_IF_ERROR(append_value(*schema.value_schema(), pair->field_builder(1), item));
  }
  return {};
}

Status append_value(const ConnectSchema& schema, arrow::ArrayBuilder* builder, const Value& value) {
  if (value.is_null()) return of(builder->AppendNull());
  if (schema.type() == Type::kVariant) return of(static_cast<arrow::BinaryBuilder*>(builder)->Append(encode_variant(value)));
  if (schema.logical() != Logical::kNone) return append_logical(schema, builder, value);
  switch (schema.type()) {
    case Type::kInt8: return append_number<arrow::Int8Builder, int8_t>(schema, builder, value);
    case Type::kInt16: return append_number<arrow::Int16Builder, int16_t>(schema, builder, value);
    case Type::kInt32: return append_number<arrow::Int32Builder, int32_t>(schema, builder, value);
    case Type::kInt64: return append_number<arrow::Int64Builder, int64_t>(schema, builder, value);
    case Type::kFloat32: return append_number<arrow::FloatBuilder, float>(schema, builder, value);
    case Type::kFloat64: return append_number<arrow::DoubleBuilder, double>(schema, builder, value);
    case Type::kBoolean: return append_number<arrow::BooleanBuilder, bool>(schema, builder, value);
    case Type::kString: return append_number<arrow::StringBuilder, std::string>(schema, builder, value);
    case Type::kBytes: {
      auto* b = value.get_if<Value::Bytes>();
      return b ? of(static_cast<arrow::BinaryBuilder*>(builder)->Append(b->data)) : mismatch(schema, value);
    }
    case Type::kArray:
    case Type::kMap: return append_list(schema, static_cast<arrow::ListBuilder*>(builder), value);
    case Type::kStruct:
    case Type::kObject: return append_fields(schema, static_cast<arrow::StructBuilder*>(builder), value);
    case Type::kNull:
    case Type::kVariant: return mismatch(schema, value);
  }
  return mismatch(schema, value);
}

SchemaPtr merge_fields(const ConnectSchema& a, const ConnectSchema& b) {
  SchemaSpec spec;
  spec.type = Type::kObject;
  spec.optional = spec.schemaless = true;
  for (const Field& f : a.fields()) {
    int at = b.field_index(f.name);
    if (at < 0) {
      spec.fields.push_back({f.name, f.schema, true});
    } else {
      const Field& other = b.fields()[static_cast<size_t>(at)];
      spec.fields.push_back({f.name, merge_shapes(f.schema, other.schema), f.may_be_absent || other.may_be_absent});
    }
  }
  for (const Field& f : b.fields()) {
    if (a.field_index(f.name) < 0) spec.fields.push_back({f.name, f.schema, true});
  }
  return ConnectSchema::make(std::move(spec));
}

}  // namespace

SchemaPtr merge_shapes(const SchemaPtr& a, const SchemaPtr& b) {
  if (a == b || a->equals(*b) || b->type() == Type::kNull) return a;
  if (a->type() == Type::kNull) return b;
  if (a->type() == Type::kObject && b->type() == Type::kObject) return merge_fields(*a, *b);
  if (a->type() == Type::kArray && b->type() == Type::kArray) {
    SchemaSpec spec;
    spec.type = Type::kArray;
    spec.optional = spec.schemaless = true;
    spec.value_schema = merge_shapes(a->value_schema(), b->value_schema());
    return ConnectSchema::make(std::move(spec));
  }
  return ConnectSchema::schemaless(Type::kVariant);
}

ValueAppender::ValueAppender(SchemaPtr schema) : schema_(std::move(schema)) {
  auto made = arrow::MakeBuilder(schema_->arrow_type());
  CHECK(made.ok());
  builder_ = made.MoveValueUnsafe();
}
ValueAppender::~ValueAppender() = default;

Status ValueAppender::append(const Value& value) { return append_value(*schema_, builder_.get(), value); }
Status ValueAppender::append_null() { return append_value(*schema_, builder_.get(), Value()); }
int64_t ValueAppender::row_count() const { return builder_->length(); }

Result<Column> ValueAppender::finish() {
  std::shared_ptr<arrow::Array> out;
  RETURN_IF_ERROR(of(builder_->Finish(&out)));
  return Column{schema_, std::move(out)};
}

Result<Column> infer_column(const std::vector<Value>& values) {
  SchemaPtr shape = ConnectSchema::schemaless(Type::kNull);
  for (const Value& value : values) shape = merge_shapes(shape, shape_of(value));
  ValueAppender appender(shape);
  for (const Value& value : values) RETURN_IF_ERROR(appender.append(value));
  return appender.finish();
}

}  // namespace bywash::columnar
