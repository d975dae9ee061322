// numeric, arrays and temporal texts. Level 6, the task's thread.
#include "connectors/jdbc/dialects/postgresql_values.h"

#include <arrow/array.h>

#include <cstdlib>

#include "columnar/decimal.h"

namespace bywash::jdbc::postgresql {
namespace {

using columnar::Logical;
using columnar::Type;

std::string offset_text(int32_t seconds) {
  char sign = seconds < 0 ? '-' : '+';
  seconds = std::abs(seconds);
  std::string out = fmt::format("{}{:02}", sign, seconds / 3600);
  if (seconds % 3600) out += fmt::format(":{:02}", seconds / 60 % 60);
  if (seconds % 60) out += fmt::format(":{:02}", seconds % 60);
  return out;
}

std::string magnitude_digits(std::string_view unscaled, bool* negative) {
  if (unscaled.size() <= 8) {
    int64_t v = static_cast<int8_t>(unscaled.empty() ? 0 : unscaled[0]) < 0 ? -1 : 0;
    for (char c : unscaled) v = static_cast<int64_t>((static_cast<uint64_t>(v) << 8) | static_cast<uint8_t>(c));
    *negative = v < 0;
    return std::to_string(v < 0 ? 0 - static_cast<uint64_t>(v) : static_cast<uint64_t>(v));
  }
  std::string digits = columnar::integer_digits(unscaled);
  *negative = digits[0] == '-';
  return *negative ? digits.substr(1) : digits;
}

uint32_t element_oid(Wire wire) { return WireType{wire, wire}.oid(); }

}  // namespace

void append_numeric(std::string_view encoded, std::string* out) {
  int32_t scale = 0;
  if (encoded.size() >= 4) std::memcpy(&scale, encoded.data(), 4);
  bool negative = false;
  std::string digits = magnitude_digits(encoded.size() > 4 ? encoded.substr(4) : std::string_view("\0", 1), &negative);
  int64_t dscale = std::max(scale, 0);
  if (digits == "0") {
    for (int field : {0, 0, 0}) append_int<uint16_t>(static_cast<uint16_t>(field), out);
    append_int<uint16_t>(static_cast<uint16_t>(dscale), out);
    return;
  }
  if (scale < 0) digits.append(static_cast<size_t>(-int64_t{scale}), '0');
  if (static_cast<int64_t>(digits.size()) < dscale) digits.insert(0, static_cast<size_t>(dscale) - digits.size(), '0');
  size_t whole = digits.size() - static_cast<size_t>(dscale);
  digits.insert(0, (4 - whole % 4) % 4, '0');
  size_t whole_groups = (whole + 3) / 4;
  digits.append((4 - digits.size() % 4) % 4, '0');
  std::vector<uint16_t> groups;
  for (size_t i = 0; i < digits.size(); i += 4) {
    groups.push_back(static_cast<uint16_t>((digits[i] - '0') * 1000 + (digits[i + 1] - '0') * 100 + (digits[i + 2] - '0') * 10 + (digits[i + 3] - '0')));
  }
  auto weight = static_cast<int64_t>(whole_groups) - 1;
  size_t first = 0;
  while (first < groups.size() && groups[first] == 0) { ++first; --weight; }
  while (groups.size() > first && groups.back() == 0) groups.pop_back();
  append_int<uint16_t>(static_cast<uint16_t>(groups.size() - first), out);
  append_int<uint16_t>(static_cast<uint16_t>(weight), out);
  append_int<uint16_t>(negative ? 0x4000 : 0, out);
  append_int<uint16_t>(static_cast<uint16_t>(dscale), out);
  for (size_t i = first; i < groups.size(); ++i) append_int<uint16_t>(groups[i], out);
}

void append_array(const columnar::ConnectSchema& element, const arrow::ListArray& list, int64_t row, Wire wire, std::string* out) {
  int64_t from = list.value_offset(row), to = list.value_offset(row + 1);
  const arrow::Array& values = *list.values();
  bool nulls = false;
  for (int64_t i = from; i < to; ++i) nulls |= values.IsNull(i);
  append_int<uint32_t>(to > from ? 1 : 0, out);
  append_int<uint32_t>(nulls, out);
  append_int<uint32_t>(element_oid(wire), out);
  if (to == from) return;
  append_int<uint32_t>(static_cast<uint32_t>(to - from), out);
  append_int<uint32_t>(1, out);
  for (int64_t i = from; i < to; ++i) {
    if (values.IsNull(i)) { append_int<uint32_t>(0xffffffffu, out); continue; }
    auto number = [&]<class Int>(Int v) {
      append_int<uint32_t>(sizeof(Int), out);
      append_int<Int>(v, out);
    };
    switch (element.type()) {
      case Type::kInt8: number(static_cast<uint16_t>(static_cast<const arrow::Int8Array&>(values).Value(i))); break;
      case Type::kInt16: number(static_cast<uint16_t>(static_cast<const arrow::Int16Array&>(values).Value(i))); break;
      case Type::kInt32: number(static_cast<uint32_t>(static_cast<const arrow::Int32Array&>(values).Value(i))); break;
      case Type::kInt64: number(static_cast<uint64_t>(static_cast<const arrow::Int64Array&>(values).Value(i))); break;
      case Type::kBoolean: number(static_cast<uint8_t>(static_cast<const arrow::BooleanArray&>(values).Value(i))); break;
      case Type::kFloat32: { float v = static_cast<const arrow::FloatArray&>(values).Value(i); uint32_t u; std::memcpy(&u, &v, 4); number(u); break; }
      case Type::kFloat64: { double v = static_cast<const arrow::DoubleArray&>(values).Value(i); uint64_t u; std::memcpy(&u, &v, 8); number(u); break; }
      default: {
        auto text = static_cast<const arrow::StringArray&>(values).GetView(i);
        append_int<uint32_t>(static_cast<uint32_t>(text.size()), out);
        out->append(text);
      }
    }
  }
}

void append_temporal_text(const columnar::Column& column, int64_t row, const LocalTimes& times, std::string* out) {
  const arrow::Array& data = *column.data;
  switch (column.schema->logical()) {
    case Logical::kDate: {
      int32_t days = static_cast<const arrow::Date32Array&>(data).Value(row);
      *out += date_text(times.date_days(days)) + " " + offset_text(times.date_offset_seconds(int64_t{days} * 86'400'000));
      break;
    }
    case Logical::kTime: {
      int32_t ms = static_cast<const arrow::Time32Array&>(data).Value(row);
      *out += time_text(times.time_micros(ms)) + offset_text(times.offset_seconds(ms));
      break;
    }
    default: {
      int64_t ms = static_cast<const arrow::TimestampArray&>(data).Value(row);
      int64_t micros = 0;
      if (__builtin_mul_overflow(ms, int64_t{1000}, &micros)) micros = ms > 0 ? INT64_MAX : INT64_MIN;
      std::string text = timestamp_text(times.timestamp_micros(micros));
      bool before_christ = text.ends_with(" BC");
      if (before_christ) text.resize(text.size() - 3);
      *out += text + offset_text(times.offset_seconds(ms)) + (before_christ ? " BC" : "");
    }
  }
}

}  // namespace bywash::jdbc::postgresql
