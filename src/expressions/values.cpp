// Building values, and turning them into columns. Level 2.
#include "expressions/values.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/type.h>

namespace bywash::expressions {

using columnar::Column;
using columnar::ConnectSchema;
using columnar::SchemaPtr;
using columnar::Type;

std::string_view to_string(ValueKind kind) {
  switch (kind) {
    case ValueKind::kNull: return "NULL";
    case ValueKind::kBoolean: return "BOOLEAN";
    case ValueKind::kInteger: return "BIGINT";
    case ValueKind::kReal: return "DOUBLE";
    case ValueKind::kText: return "STRING";
    case ValueKind::kTimestamp: return "TIMESTAMP";
    case ValueKind::kOther: return "a value that expressions only hand on";
  }
  return "";
}

Values Values::of(ValueKind kind, size_t count) {
  Values out;
  out.kind = kind;
  out.count = count;
  switch (kind) {
    case ValueKind::kBoolean:
    case ValueKind::kInteger:
    case ValueKind::kTimestamp: out.integers.resize(count); break;
    case ValueKind::kReal: out.reals.resize(count); break;
    case ValueKind::kText: out.texts.resize(count); break;
    default: break;
  }
  return out;
}

void Values::set_null(size_t row) {
  if (nulls.empty()) nulls.resize(constant ? 1 : count);
  nulls[at(row)] = 1;
}

void Values::set_bad(size_t row, std::string_view reason) {
  if (bad.empty()) bad.resize(constant ? 1 : count);
  bad[at(row)] = 1;
  if (why.empty()) why = reason;
}

void Values::inherit(const std::vector<const Values*>& args) {
  for (const Values* arg : args) {
    if (arg->kind == ValueKind::kNull) nulls.assign(count, 1);
    auto merge = [&](const std::vector<uint8_t>& from, std::vector<uint8_t>& to) {
      if (from.empty()) return;
      if (to.empty()) to.resize(count);
      for (size_t i = 0; i < count; ++i) to[i] |= from[arg->at(i)];
    };
    merge(arg->nulls, nulls);
    merge(arg->bad, bad);
    if (why.empty()) why = arg->why;
  }
}

void Values::start_texts() {
  bytes = std::make_shared<std::string>();
  ends_.clear();
  ends_.reserve(count);
}

void Values::finish_texts() {
  texts.resize(ends_.size());
  for (size_t i = 0, from = 0; i < ends_.size(); from = ends_[i++]) texts[i] = std::string_view(*bytes).substr(from, ends_[i] - from);
}

namespace {

template <class Builder, class Read>
Result<std::shared_ptr<arrow::Array>> built(Builder& builder, const Values& values, Read read) {
  arrow::Status status = builder.Reserve(static_cast<int64_t>(values.count));
  for (size_t i = 0; i < values.count && status.ok(); ++i) {
    status = values.null(i) || values.is_bad(i) ? builder.AppendNull() : builder.Append(read(i));
  }
  std::shared_ptr<arrow::Array> out;
  if (status.ok()) status = builder.Finish(&out);
  if (!status.ok()) return Status::fatal(status.message());
  return out;
}

template <class Builder>
Result<std::shared_ptr<arrow::Array>> whole_numbers(const Values& values) {
  Builder builder;
  return built(builder, values, [&](size_t i) { return static_cast<typename Builder::value_type>(values.integer(i)); });
}

Result<std::shared_ptr<arrow::Array>> array_of(const Values& values, Type type, const std::shared_ptr<arrow::DataType>& arrow_type) {
  switch (type) {
    case Type::kInt8: return whole_numbers<arrow::Int8Builder>(values);
    case Type::kInt16: return whole_numbers<arrow::Int16Builder>(values);
    case Type::kInt32: return whole_numbers<arrow::Int32Builder>(values);
    case Type::kInt64: {
      if (values.kind != ValueKind::kTimestamp) return whole_numbers<arrow::Int64Builder>(values);
      arrow::TimestampBuilder builder(arrow_type, arrow::default_memory_pool());
      return built(builder, values, [&](size_t i) { return values.integer(i); });
    }
    case Type::kFloat32: {
      arrow::FloatBuilder builder;
      return built(builder, values, [&](size_t i) { return static_cast<float>(values.real(i)); });
    }
    case Type::kFloat64: {
      arrow::DoubleBuilder builder;
      return built(builder, values, [&](size_t i) { return values.real(i); });
    }
    case Type::kBoolean: {
      arrow::BooleanBuilder builder;
      return built(builder, values, [&](size_t i) { return values.integer(i) != 0; });
    }
    default: {
      arrow::StringBuilder builder;
      return built(builder, values, [&](size_t i) { return values.text(i); });
    }
  }
}

}  // namespace

Result<Column> column_of(const Values& values, bool schemaless) {
  if (values.column.data) return values.column;
  if (values.kind == ValueKind::kNull) {
    if (schemaless) return Column{ConnectSchema::schemaless(Type::kNull), std::make_shared<arrow::NullArray>(static_cast<int64_t>(values.count))};
    return columnar::constant_column(ConnectSchema::of(Type::kString, true), columnar::Value(), static_cast<int64_t>(values.count));
  }
  if (values.kind == ValueKind::kTimestamp) {
    // Schemaless records know times as numbers only.
    SchemaPtr schema = schemaless ? ConnectSchema::schemaless(Type::kInt64) : ConnectSchema::named(Type::kInt64, columnar::kTimestampName, true);
    Values numbers = values;
    if (schemaless) numbers.kind = ValueKind::kInteger;
    ASSIGN_OR_RETURN(auto array, array_of(numbers, Type::kInt64, schema->arrow_type()));
    return Column{std::move(schema), std::move(array)};
  }
  Type type = Type::kString;
  if (values.kind == ValueKind::kBoolean) type = Type::kBoolean;
  if (values.kind == ValueKind::kInteger) type = values.narrow <= Type::kInt64 ? values.narrow : Type::kInt64;
  if (values.kind == ValueKind::kReal) type = values.narrow == Type::kFloat32 ? Type::kFloat32 : Type::kFloat64;
  SchemaPtr schema = schemaless ? ConnectSchema::schemaless(type) : ConnectSchema::of(type, true);
  ASSIGN_OR_RETURN(auto array, array_of(values, type, schema->arrow_type()));
  return Column{std::move(schema), std::move(array)};
}

}  // namespace bywash::expressions
