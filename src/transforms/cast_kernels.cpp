// Loops over Arrow arrays, one for each pair of types. Level 4.
#include "transforms/cast_kernels.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/builder.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/bitmap_ops.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "columnar/java_number.h"
#include "transforms/java_numbers.h"

namespace bywash::transforms {
namespace {

using columnar::ConnectSchema;
using columnar::Logical;
using columnar::Type;

// Java's narrowing: floating point saturates (by way of int for the small types), whole numbers lose their high bits.
template <class Out, class In>
Out narrowed(In value) {
  if constexpr (std::is_floating_point_v<Out> || std::is_integral_v<In>) {
    return static_cast<Out>(value);
  } else if constexpr (sizeof(Out) < 4) {
    return static_cast<Out>(narrowed<int32_t>(value));
  } else {
    if (std::isnan(value)) return 0;
    if (value >= static_cast<In>(std::numeric_limits<Out>::max())) return std::numeric_limits<Out>::max();
    if (value <= static_cast<In>(std::numeric_limits<Out>::min())) return std::numeric_limits<Out>::min();
    return static_cast<Out>(value);
  }
}

template <class ArrowOut, class Read>
std::shared_ptr<arrow::Array> numbers(const arrow::Array& in, Read read) {
  using Out = typename ArrowOut::c_type;
  auto buffer = arrow::AllocateBuffer(in.length() * static_cast<int64_t>(sizeof(Out)));
  if (!buffer.ok()) return nullptr;
  auto* to = reinterpret_cast<Out*>((*buffer)->mutable_data());
  for (int64_t i = 0; i < in.length(); ++i) to[i] = narrowed<Out>(read(i));
  return arrow::MakeArray(arrow::ArrayData::Make(arrow::TypeTraits<ArrowOut>::type_singleton(), in.length(), {validity_of(in), *std::move(buffer)}));
}

template <class Read>
std::shared_ptr<arrow::Array> booleans(const arrow::Array& in, Read read) {
  auto buffer = arrow::AllocateEmptyBitmap(in.length());
  if (!buffer.ok()) return nullptr;
  uint8_t* bits = (*buffer)->mutable_data();
  for (int64_t i = 0; i < in.length(); ++i) {
    // Number.longValue() != 0: what is between -1 and 1 is false.
    if (narrowed<int64_t>(read(i)) != 0) arrow::bit_util::SetBit(bits, i);
  }
  return arrow::MakeArray(arrow::ArrayData::Make(arrow::boolean(), in.length(), {validity_of(in), *std::move(buffer)}));
}

template <class Append>
std::shared_ptr<arrow::Array> texts(const arrow::Array& in, Append append) {
  auto offsets = arrow::AllocateBuffer((in.length() + 1) * static_cast<int64_t>(sizeof(int32_t)));
  if (!offsets.ok()) return nullptr;
  auto* at = reinterpret_cast<int32_t*>((*offsets)->mutable_data());
  std::string bytes;
  bytes.reserve(static_cast<size_t>(in.length()) * 8);
  for (int64_t i = 0; i < in.length(); ++i) {
    at[i] = static_cast<int32_t>(bytes.size());
    if (in.IsValid(i)) append(i, bytes);
  }
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max())) return nullptr;
  at[in.length()] = static_cast<int32_t>(bytes.size());
  return arrow::MakeArray(arrow::ArrayData::Make(arrow::utf8(), in.length(), {validity_of(in), *std::move(offsets), arrow::Buffer::FromString(std::move(bytes))}));
}

// Any target, from values that `read` gives as numbers.
template <class Read>
std::shared_ptr<arrow::Array> from_numbers(const arrow::Array& in, Type target, Read read) {
  switch (target) {
    case Type::kInt8: return numbers<arrow::Int8Type>(in, read);
    case Type::kInt16: return numbers<arrow::Int16Type>(in, read);
    case Type::kInt32: return numbers<arrow::Int32Type>(in, read);
    case Type::kInt64: return numbers<arrow::Int64Type>(in, read);
    case Type::kFloat32: return numbers<arrow::FloatType>(in, read);
    case Type::kFloat64: return numbers<arrow::DoubleType>(in, read);
    case Type::kBoolean: return booleans(in, read);
    default: break;
  }
  using In = decltype(read(0));
  return texts(in, [&](int64_t i, std::string& out) {
    if constexpr (std::is_same_v<In, float>) columnar::append_java_float(read(i), &out);
    else if constexpr (std::is_same_v<In, double>) columnar::append_java_double(read(i), &out);
    else {
      char digits[24];
      out.append(digits, std::to_chars(digits, digits + sizeof digits, int64_t{read(i)}).ptr);
    }
  });
}

template <class A>
std::shared_ptr<arrow::Array> from_array(const arrow::Array& in, Type target) {
  const auto* values = static_cast<const A&>(in).raw_values();
  return from_numbers(in, target, [values](int64_t i) { return values[i]; });
}

std::optional<int64_t> whole_number(std::string_view text, int64_t low, int64_t high) {
  int64_t value = 0;
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code == std::errc() && end == text.data() + text.size() && !text.empty()) return value >= low && value <= high ? std::optional(value) : std::nullopt;
  return parse_java_integer(text, low, high);
}

// Texts read by `parse` (nullopt: refused).
template <class Builder, class Parse>
std::shared_ptr<arrow::Array> parsed_texts(const arrow::StringArray& in, Parse parse, std::vector<int64_t>* refused) {
  Builder builder;
  if (!builder.Reserve(in.length()).ok()) return nullptr;
  for (int64_t i = 0; i < in.length(); ++i) {
    if (in.IsNull(i)) {
      builder.UnsafeAppendNull();
      continue;
    }
    auto value = parse(in.GetView(i));
    if (value) {
      builder.UnsafeAppend(static_cast<typename Builder::value_type>(*value));
    } else {
      builder.UnsafeAppendNull();
      refused->push_back(i);
    }
  }
  auto array = builder.Finish();
  return array.ok() ? array.MoveValueUnsafe() : nullptr;
}

template <class Builder, class Int>
std::shared_ptr<arrow::Array> parsed_whole(const arrow::StringArray& in, std::vector<int64_t>* refused) {
  return parsed_texts<Builder>(in, [](std::string_view text) { return whole_number(text, std::numeric_limits<Int>::min(), std::numeric_limits<Int>::max()); }, refused);
}

std::shared_ptr<arrow::Array> from_texts(const arrow::StringArray& in, Type target, std::vector<int64_t>* refused) {
  switch (target) {
    case Type::kInt8: return parsed_whole<arrow::Int8Builder, int8_t>(in, refused);
    case Type::kInt16: return parsed_whole<arrow::Int16Builder, int16_t>(in, refused);
    case Type::kInt32: return parsed_whole<arrow::Int32Builder, int32_t>(in, refused);
    case Type::kInt64: return parsed_whole<arrow::Int64Builder, int64_t>(in, refused);
    case Type::kFloat32: return parsed_texts<arrow::FloatBuilder>(in, [](std::string_view text) { return parse_java_float(text); }, refused);
    case Type::kFloat64: return parsed_texts<arrow::DoubleBuilder>(in, [](std::string_view text) { return parse_java_double(text); }, refused);
    default: return nullptr;
  }
}

std::shared_ptr<arrow::Array> cast_array(const ConnectSchema& from, const arrow::Array& in, Type target, std::vector<int64_t>* refused) {
  const bool to_text = target == Type::kString;
  switch (from.logical()) {
    case Logical::kDate: return to_text ? nullptr : from_array<arrow::Date32Array>(in, target);
    case Logical::kTime: return to_text ? nullptr : from_array<arrow::Time32Array>(in, target);
    case Logical::kTimestamp: return to_text ? nullptr : from_array<arrow::TimestampArray>(in, target);
    case Logical::kDecimal: return nullptr;
    case Logical::kNone: break;
  }
  switch (from.type()) {
    case Type::kInt8: return from_array<arrow::Int8Array>(in, target);
    case Type::kInt16: return from_array<arrow::Int16Array>(in, target);
    case Type::kInt32: return from_array<arrow::Int32Array>(in, target);
    case Type::kInt64: return from_array<arrow::Int64Array>(in, target);
    case Type::kFloat32: return from_array<arrow::FloatArray>(in, target);
    case Type::kFloat64: return from_array<arrow::DoubleArray>(in, target);
    case Type::kBoolean: {
      const auto& flags = static_cast<const arrow::BooleanArray&>(in);
      if (to_text) return texts(in, [&](int64_t i, std::string& out) { out += flags.Value(i) ? "true" : "false"; });
      return from_numbers(in, target, [&](int64_t i) { return static_cast<int32_t>(flags.Value(i)); });
    }
    case Type::kString: return from_texts(static_cast<const arrow::StringArray&>(in), target, refused);
    default: return nullptr;
  }
}

}  // namespace

std::shared_ptr<arrow::Buffer> validity_of(const arrow::Array& array) {
  if (array.null_count() == 0 || !array.null_bitmap()) return nullptr;
  if (array.offset() == 0) return array.null_bitmap();
  auto copied = arrow::internal::CopyBitmap(arrow::default_memory_pool(), array.null_bitmap_data(), array.offset(), array.length());
  return copied.ok() ? copied.MoveValueUnsafe() : nullptr;
}

std::optional<Column> cast_column(const Column& column, const SchemaPtr& out, Type target, std::vector<int64_t>* refused) {
  const ConnectSchema& from = *column.schema;
  // Schemaless columns of nulls only have a shape of their own.
  if (!out && column.data->null_count() == column.row_count()) return std::nullopt;
  SchemaPtr schema = out ? out : ConnectSchema::schemaless(target);
  // A date under its own schema, or anything else with a logical type, is not a plain number any more.
  if (schema->logical() != Logical::kNone) return std::nullopt;
  if (from.type() == target && from.logical() == Logical::kNone) return Column{std::move(schema), column.data};
  auto array = cast_array(from, *column.data, target, refused);
  if (!array) return std::nullopt;
  return Column{std::move(schema), std::move(array)};
}

}  // namespace bywash::transforms
