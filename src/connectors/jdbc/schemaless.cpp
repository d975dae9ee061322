// Shapes to schemas. Level 6, the task's thread.
#include "connectors/jdbc/schemaless.h"

#include <arrow/array.h>
#include <arrow/builder.h>

#include <optional>

#include "columnar/value.h"
#include "formats/json/json_writer.h"

namespace bywash::jdbc {
namespace {

using columnar::Column;
using columnar::ConnectSchema;
using columnar::Type;
using columnar::Value;

columnar::SchemaPtr optional_schema(const ConnectSchema& shape) {
  columnar::SchemaSpec spec = shape.spec();
  spec.schemaless = false;
  spec.optional = true;
  return ConnectSchema::make(std::move(spec));
}

std::optional<double> number_of(const Value& v) {
  if (auto* n = v.get_if<int64_t>()) return static_cast<double>(*n);
  if (auto* n = v.get_if<double>()) return *n;
  if (auto* n = v.get_if<int32_t>()) return *n;
  if (auto* n = v.get_if<float>()) return *n;
  if (auto* n = v.get_if<int16_t>()) return *n;
  if (auto* n = v.get_if<int8_t>()) return *n;
  return std::nullopt;
}

// All values numbers: they fit a double column. Else nullopt.
std::optional<Column> as_doubles(const Column& column) {
  arrow::DoubleBuilder builder;
  for (int64_t row = 0; row < column.row_count(); ++row) {
    Value value = column.is_null(row) ? Value() : value_at(column, row);
    if (value.is_null()) { if (!builder.AppendNull().ok()) return std::nullopt; continue; }
    auto number = number_of(value);
    if (!number || !builder.Append(*number).ok()) return std::nullopt;
  }
  auto done = builder.Finish();
  if (!done.ok()) return std::nullopt;
  return Column{ConnectSchema::of(Type::kFloat64, true), done.MoveValueUnsafe()};
}

Result<Column> as_text(const Column& column) {
  formats::JsonWriteOptions options;
  options.decimals = formats::JsonWriteOptions::Decimals::kNumeric;
  options.strict = false;
  options.schemaless_logicals = true;
  formats::JsonWriter writer(options);
  arrow::StringBuilder builder;
  std::string text;
  bool mixed = column.schema->type() == Type::kVariant;
  for (int64_t row = 0; row < column.row_count(); ++row) {
    Value value = mixed && !column.is_null(row) ? value_at(column, row) : Value();
    arrow::Status appended;
    if (column.is_null(row) || (mixed && value.is_null())) {
      appended = builder.AppendNull();
    } else if (auto* s = value.get_if<std::string>()) {
      appended = builder.Append(*s);
    } else {
      text.clear();
      RETURN_IF_ERROR(writer.write(column, row, &text));
      appended = builder.Append(text);
    }
    if (!appended.ok()) return Status::host(appended.message());
  }
  auto done = builder.Finish();
  if (!done.ok()) return Status::host(done.status().message());
  return Column{ConnectSchema::of(Type::kString, true), done.MoveValueUnsafe()};
}

Result<Column> typed_field(const Column& column) {
  switch (column.schema->type()) {
    case Type::kVariant:
      if (auto doubles = as_doubles(column)) return *doubles;
      return as_text(column);
    case Type::kObject: case Type::kArray: case Type::kMap: case Type::kStruct: return as_text(column);
    default: return Column{optional_schema(*column.schema), column.data};
  }
}

}  // namespace

Result<Column> with_schema(const Column& column) {
  const ConnectSchema& shape = *column.schema;
  if (shape.type() == Type::kNull) return column;
  if (shape.type() != Type::kObject) {
    if (shape.type() < Type::kArray) return Column{optional_schema(shape), column.data};
    return Status::data(fmt::format("A record without schema must be a JSON object, but it is of type {}", to_string(shape.type())))
        .with_java_class("org.apache.kafka.connect.errors.ConnectException");
  }
  columnar::SchemaSpec spec;
  spec.type = Type::kStruct;
  std::vector<Column> children;
  for (size_t i = 0; i < shape.fields().size(); ++i) {
    if (shape.fields()[i].schema->type() == Type::kNull) continue;
    ASSIGN_OR_RETURN(Column child, typed_field(column.child(static_cast<int>(i))));
    // A field whose values are all null, of whatever type it was before, makes no column of its own.
    if (child.data->null_count() == child.data->length() && child.data->length() > 0) continue;
    spec.fields.push_back({shape.fields()[i].name, child.schema, false});
    children.push_back(std::move(child));
  }
  return make_struct_column(ConnectSchema::make(std::move(spec)), std::move(children), {}, column.data.get(), column.row_count());
}

}  // namespace bywash::jdbc
