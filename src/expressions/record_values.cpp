// Reading names of an expression from a batch: fields of the value, of structs in them, and the record's own _key, _topic, _partition,
// _offset and _timestamp. Level 2.
#include <arrow/array.h>

#include "columnar/java_text.h"
#include "expressions/values.h"

namespace bywash::expressions {
namespace {

using columnar::Batch;
using columnar::Column;
using columnar::ConnectSchema;
using columnar::Logical;
using columnar::Type;
using columnar::Value;

template <class A, class Vector>
void copy_values(const arrow::Array& array, Vector& out) {
  const auto* raw = static_cast<const A&>(array).raw_values();
  out.assign(raw, raw + array.length());
}

void copy_nulls(const arrow::Array& array, Values& out) {
  if (array.null_count() == 0) return;
  for (size_t i = 0; i < out.count; ++i) {
    if (array.IsNull(static_cast<int64_t>(i))) out.set_null(i);
  }
}

// Values of several types in one field of schemaless records: numbers together are numbers, else their texts.
Values mixed_values(const Column& column) {
  const auto rows = static_cast<size_t>(column.row_count());
  std::vector<Value> all;
  bool whole = true, numbers = true, flags = true;
  for (size_t i = 0; i < rows; ++i) {
    all.push_back(value_at(column, static_cast<int64_t>(i)));
    const Value& v = all.back();
    if (v.is_null()) continue;
    const bool is_whole = v.is<int8_t>() || v.is<int16_t>() || v.is<int32_t>() || v.is<int64_t>();
    whole = whole && is_whole;
    numbers = numbers && (is_whole || v.is<float>() || v.is<double>());
    flags = flags && v.is<bool>();
  }
  Values out = Values::of(whole ? ValueKind::kInteger : numbers ? ValueKind::kReal : flags ? ValueKind::kBoolean : ValueKind::kText, rows);
  if (out.kind == ValueKind::kText) out.start_texts();
  for (size_t i = 0; i < rows; ++i) {
    if (all[i].is_null()) out.set_null(i);
    std::visit([&](const auto& v) {
      using T = std::decay_t<decltype(v)>;
      if constexpr (std::is_arithmetic_v<T>) {
        if (out.kind == ValueKind::kReal) out.reals[i] = static_cast<double>(v);
        else if (out.kind != ValueKind::kText) out.integers[i] = static_cast<int64_t>(v);
      }
    }, all[i].storage());
    if (out.kind == ValueKind::kText) {
      if (!all[i].is_null()) *out.bytes += columnar::java_text(all[i]);
      out.end_text();
    }
  }
  if (out.kind == ValueKind::kText) out.finish_texts();
  return out;
}

Values values_of(const Column& column) {
  const auto rows = static_cast<size_t>(column.row_count());
  const ConnectSchema& schema = *column.schema;
  const arrow::Array& data = *column.data;
  Values out = Values::of(ValueKind::kOther, rows);
  auto take = [&](ValueKind kind) { out.kind = kind; };
  switch (schema.logical()) {
    case Logical::kTimestamp: take(ValueKind::kTimestamp), copy_values<arrow::TimestampArray>(data, out.integers); break;
    case Logical::kDate:
      take(ValueKind::kTimestamp), copy_values<arrow::Date32Array>(data, out.integers);
      for (int64_t& day : out.integers) day *= 86'400'000;
      break;
    case Logical::kTime: take(ValueKind::kInteger), copy_values<arrow::Time32Array>(data, out.integers); break;
    case Logical::kDecimal:
      take(ValueKind::kReal), out.reals.resize(rows);
      for (size_t i = 0; i < rows; ++i) {
        if (data.IsNull(static_cast<int64_t>(i))) continue;
        out.reals[i] = std::strtod(columnar::to_java_string(columnar::decode_decimal(static_cast<const arrow::BinaryArray&>(data).GetView(static_cast<int64_t>(i)))).c_str(), nullptr);
      }
      break;
    case Logical::kNone:
      switch (schema.type()) {
        case Type::kInt8: take(ValueKind::kInteger), copy_values<arrow::Int8Array>(data, out.integers); break;
        case Type::kInt16: take(ValueKind::kInteger), copy_values<arrow::Int16Array>(data, out.integers); break;
        case Type::kInt32: take(ValueKind::kInteger), copy_values<arrow::Int32Array>(data, out.integers); break;
        case Type::kInt64: take(ValueKind::kInteger), copy_values<arrow::Int64Array>(data, out.integers); break;
        case Type::kFloat32: take(ValueKind::kReal), copy_values<arrow::FloatArray>(data, out.reals); break;
        case Type::kFloat64: take(ValueKind::kReal), copy_values<arrow::DoubleArray>(data, out.reals); break;
        case Type::kBoolean:
          take(ValueKind::kBoolean), out.integers.resize(rows);
          for (size_t i = 0; i < rows; ++i) out.integers[i] = static_cast<const arrow::BooleanArray&>(data).Value(static_cast<int64_t>(i));
          break;
        case Type::kString:
          take(ValueKind::kText), out.texts.resize(rows);
          for (size_t i = 0; i < rows; ++i) out.texts[i] = static_cast<const arrow::StringArray&>(data).GetView(static_cast<int64_t>(i));
          break;
        case Type::kNull: take(ValueKind::kNull); break;
        case Type::kVariant: out = mixed_values(column); break;
        default: break;
      }
  }
  if (out.kind != ValueKind::kNull) copy_nulls(data, out);
  return out;
}

Values nothing(size_t rows) { return Values::of(ValueKind::kNull, rows); }

// A field that rows lack, or whose parent is null there, is null.
void hide_missing(const Column& parent, int field, Values& out) {
  auto present = parent.present(field);
  if (!present && parent.data->null_count() == 0) return;
  bool any = false;
  for (size_t i = 0; i < out.count; ++i) {
    const auto row = static_cast<int64_t>(i);
    if (!parent.is_null(row) && (!present || present->Value(row))) continue;
    any = true;
    if (out.kind != ValueKind::kNull) out.set_null(i);
  }
  // The column itself has other nulls then.
  if (any) out.column = {};
}

Values record_values(const std::string& name, const Batch& batch) {
  const auto rows = static_cast<size_t>(batch.row_count());
  if (name == "_topic") {
    Values out = Values::of(ValueKind::kText, rows);
    for (size_t i = 0; i < rows; ++i) out.texts[i] = batch.topic_of(static_cast<int64_t>(i));
    return out;
  }
  if (name == "_partition") {
    Values out = Values::of(ValueKind::kInteger, rows);
    out.narrow = Type::kInt32;
    out.integers.assign(rows, batch.kafka_partition);
    return out;
  }
  if (name == "_offset") {
    Values out = Values::of(ValueKind::kInteger, rows);
    out.integers = batch.offsets;
    if (batch.from_source) out.nulls.assign(rows, 1);
    return out;
  }
  Values out = Values::of(ValueKind::kTimestamp, rows);
  out.integers = batch.timestamps_ms;
  for (size_t i = 0; i < rows; ++i) {
    if (batch.timestamps_ms[i] < 0) out.set_null(i);
  }
  return out;
}

}  // namespace

Result<Values> load_name(const Expression& name, const Batch& batch) {
  const auto rows = static_cast<size_t>(batch.row_count());
  const std::string& first = name.path[0];
  const bool own = !name.quoted && first.starts_with('_');
  if (own && name.path.size() == 1 && (first == "_topic" || first == "_partition" || first == "_offset" || first == "_timestamp")) return record_values(first, batch);
  const bool whole = own && (first == "_key" || first == "_value");
  Column at = whole && first == "_key" ? batch.key : batch.value;
  Values out;
  if (whole && name.path.size() == 1) {
    out = values_of(at);
    out.column = at;
    return out;
  }
  // Nulls on the way down count for every value below.
  std::vector<std::pair<Column, int>> parents;
  for (size_t step = whole ? 1 : 0; step < name.path.size(); ++step) {
    if (at.schema->type() == Type::kNull) return nothing(rows);
    const int i = at.schema->has_fields() ? at.schema->field_index(name.path[step]) : -1;
    if (i < 0) {
      // A schemaless record may lack any key.
      if (at.schema->type() == Type::kObject) return nothing(rows);
      std::string path = name.path[0];
      for (size_t k = 1; k <= step; ++k) path += "." + name.path[k];
      return Status::data(fmt::format("{} '{}'{}", at.schema->has_fields() ? "There is no field" : "There are no fields to take one from:", path, at_text(name.at)));
    }
    parents.emplace_back(at, i);
    at = at.child(i);
  }
  out = values_of(at);
  out.column = at;
  if (out.kind == ValueKind::kOther) {
    // Handed on as it is: rows without it need a null in the column itself.
    for (const auto& [parent, i] : parents) {
      if (parent.data->null_count() == 0 && !parent.present(i)) continue;
      std::vector<uint8_t> gone(rows);
      for (size_t r = 0; r < rows; ++r) gone[r] = parent.is_null(static_cast<int64_t>(r)) || !parent.is_present(i, static_cast<int64_t>(r));
      columnar::ValueAppender appender(at.schema);
      for (size_t r = 0; r < rows; ++r) RETURN_IF_ERROR(gone[r] ? appender.append_null() : appender.append(value_at(at, static_cast<int64_t>(r))));
      ASSIGN_OR_RETURN(at, appender.finish());
    }
    out.column = at;
    out.nulls.clear();
    copy_nulls(*at.data, out);
    return out;
  }
  for (const auto& [parent, i] : parents) hide_missing(parent, i, out);
  return out;
}

Values load_header(const std::string& name, const Batch& batch) {
  const auto rows = static_cast<size_t>(batch.row_count());
  if (batch.headers.empty()) return nothing(rows);
  Values out = Values::of(ValueKind::kText, rows);
  out.start_texts();
  for (size_t i = 0; i < rows; ++i) {
    const Value* found = nullptr;
    for (const columnar::Header& header : batch.headers[i]) {
      if (header.key == name) found = &header.value;
    }
    if (!found || found->is_null()) out.set_null(i);
    else *out.bytes += columnar::java_text(*found);
    out.end_text();
  }
  out.finish_texts();
  return out;
}

}  // namespace bywash::expressions
