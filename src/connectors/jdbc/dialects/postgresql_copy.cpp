// The hot loop of the PostgreSQL sink: two passes over each column, sizes then bytes, with no call per value. Formats after PostgreSQL
// 15's *_recv functions. Level 6, the task's thread.
#include "connectors/jdbc/dialects/postgresql_copy.h"

#include <arrow/array.h>

#include <cstring>
#include <optional>

#include "connectors/jdbc/dialects/postgresql_values.h"

namespace bywash::jdbc::postgresql {
namespace {

using columnar::Column;
using columnar::Logical;
using columnar::Type;

// One column on its way into rows.
class ColumnCoder {
 public:
  explicit ColumnCoder(const arrow::Array& data) : data_(data), nulls_(data.null_count() > 0) {}
  virtual ~ColumnCoder() = default;
  virtual void add_sizes(uint32_t* sizes) const = 0;
  // Writes each row's field at its cursor and moves the cursor behind it.
  virtual void write(uint8_t** cursors) const = 0;

  // What nulls become: the field of this default.
  void set_default(std::string field) { default_ = std::move(field); }

 protected:
  uint8_t* write_null(uint8_t* at) const {
    if (default_.empty()) return store32(at, 0xffffffffu);
    std::memcpy(at, default_.data(), default_.size());
    return at + default_.size();
  }
  uint32_t null_size() const { return default_.empty() ? 4 : static_cast<uint32_t>(default_.size()); }

  const arrow::Array& data_;
  bool nulls_;
  std::string default_;  // with its length in front
};

// Values of a fixed size. Convert: raw value → the unsigned integer whose big-endian bytes go onto the wire.
template <class Raw, class WireInt, class Convert>
class FixedCoder final : public ColumnCoder {
 public:
  FixedCoder(const arrow::Array& data, const Raw* values, Convert convert) : ColumnCoder(data), values_(values), convert_(convert) {}
  void add_sizes(uint32_t* sizes) const override {
    const int64_t n = data_.length();
    for (int64_t i = 0; i < n; ++i) sizes[i] += 4 + sizeof(WireInt);
    if (!nulls_) return;
    for (int64_t i = 0; i < n; ++i) {
      if (data_.IsNull(i)) sizes[i] = sizes[i] - 4 - static_cast<uint32_t>(sizeof(WireInt)) + null_size();
    }
  }
  void write(uint8_t** cursors) const override {
    const int64_t n = data_.length();
    for (int64_t i = 0; i < n; ++i) {
      uint8_t* at = cursors[i];
      if (nulls_ && data_.IsNull(i)) { cursors[i] = write_null(at); continue; }
      at = store32(at, sizeof(WireInt));
      cursors[i] = store<WireInt>(at, convert_(values_[i]));
    }
  }

 private:
  const Raw* values_;
  Convert convert_;
};

class BoolCoder final : public ColumnCoder {
 public:
  using ColumnCoder::ColumnCoder;
  void add_sizes(uint32_t* sizes) const override {
    for (int64_t i = 0; i < data_.length(); ++i) sizes[i] += nulls_ && data_.IsNull(i) ? null_size() : 5;
  }
  void write(uint8_t** cursors) const override {
    const auto& values = static_cast<const arrow::BooleanArray&>(data_);
    for (int64_t i = 0; i < data_.length(); ++i) {
      if (nulls_ && data_.IsNull(i)) { cursors[i] = write_null(cursors[i]); continue; }
      cursors[i] = store<uint8_t>(store32(cursors[i], 1), values.Value(i));
    }
  }
};

// Text and bytes straight out of the array's buffers.
class BytesCoder final : public ColumnCoder {
 public:
  explicit BytesCoder(const arrow::Array& data)
      : ColumnCoder(data), offsets_(static_cast<const arrow::BinaryArray&>(data).raw_value_offsets()),
        bytes_(static_cast<const arrow::BinaryArray&>(data).raw_data()) {}
  void add_sizes(uint32_t* sizes) const override {
    const int64_t n = data_.length();
    for (int64_t i = 0; i < n; ++i) {
      sizes[i] += nulls_ && data_.IsNull(i) ? null_size() : 4 + static_cast<uint32_t>(offsets_[i + 1] - offsets_[i]);
    }
  }
  void write(uint8_t** cursors) const override {
    const int64_t n = data_.length();
    for (int64_t i = 0; i < n; ++i) {
      if (nulls_ && data_.IsNull(i)) { cursors[i] = write_null(cursors[i]); continue; }
      auto length = static_cast<uint32_t>(offsets_[i + 1] - offsets_[i]);
      uint8_t* at = store32(cursors[i], length);
      std::memcpy(at, bytes_ + offsets_[i], length);
      cursors[i] = at + length;
    }
  }

 private:
  const int32_t* offsets_;
  const uint8_t* bytes_;
};

// Values whose wire form was made beforehand, one after the other.
class PreparedCoder final : public ColumnCoder {
 public:
  PreparedCoder(const arrow::Array& data, std::string bytes, std::vector<size_t> ends)
      : ColumnCoder(data), bytes_(std::move(bytes)), ends_(std::move(ends)) {}
  void add_sizes(uint32_t* sizes) const override {
    for (size_t i = 0; i < ends_.size(); ++i) sizes[i] += null_at(i) ? null_size() : 4 + length(i);
  }
  void write(uint8_t** cursors) const override {
    for (size_t i = 0; i < ends_.size(); ++i) {
      if (null_at(i)) { cursors[i] = write_null(cursors[i]); continue; }
      uint8_t* at = store32(cursors[i], length(i));
      std::memcpy(at, bytes_.data() + ends_[i] - length(i), length(i));
      cursors[i] = at + length(i);
    }
  }

 private:
  bool null_at(size_t i) const { return nulls_ && data_.IsNull(static_cast<int64_t>(i)); }
  uint32_t length(size_t i) const { return static_cast<uint32_t>(ends_[i] - (i ? ends_[i - 1] : 0)); }
  std::string bytes_;
  std::vector<size_t> ends_;
};

using CoderPtr = std::unique_ptr<ColumnCoder>;

template <class WireInt, class ArrayType, class Convert>
CoderPtr fixed(const arrow::Array& data, Convert convert) {
  const auto* values = static_cast<const ArrayType&>(data).raw_values();
  return std::make_unique<FixedCoder<std::remove_cvref_t<decltype(*values)>, WireInt, Convert>>(data, values, convert);
}

// f(row, &bytes) appends the wire form of a row that is not null.
template <class F>
Result<CoderPtr> prepared(const arrow::Array& data, F f) {
  std::string bytes;
  std::vector<size_t> ends;
  ends.reserve(static_cast<size_t>(data.length()));
  for (int64_t i = 0; i < data.length(); ++i) {
    if (!data.IsNull(i)) RETURN_IF_ERROR(f(i, &bytes));
    ends.push_back(bytes.size());
  }
  return CoderPtr(std::make_unique<PreparedCoder>(data, std::move(bytes), std::move(ends)));
}

CoderPtr integer_coder(const Column& column, Wire wire) {
  const arrow::Array& data = *column.data;
  auto as_is = [](auto v) { return v; };
  switch (column.schema->type()) {
    case Type::kInt8: return fixed<uint16_t, arrow::Int8Array>(data, [](int8_t v) { return static_cast<uint16_t>(v); });
    case Type::kInt16: return fixed<uint16_t, arrow::Int16Array>(data, as_is);
    case Type::kInt32: return fixed<uint32_t, arrow::Int32Array>(data, as_is);
    case Type::kInt64: return fixed<uint64_t, arrow::Int64Array>(data, as_is);
    case Type::kFloat32:
      return fixed<uint32_t, arrow::FloatArray>(data, [](float v) { uint32_t u; std::memcpy(&u, &v, 4); return u; });
    case Type::kFloat64:
      return fixed<uint64_t, arrow::DoubleArray>(data, [](double v) { uint64_t u; std::memcpy(&u, &v, 8); return u; });
    default: return wire == Wire::kBool ? std::make_unique<BoolCoder>(data) : nullptr;
  }
}

// Local microseconds since 1970 as PostgreSQL counts, since 2000; infinities are kept off.
uint64_t from_2000(int64_t micros) {
  int64_t out = 0;
  if (__builtin_sub_overflow(micros, kMicrosTo2000, &out)) out = INT64_MIN + 1;
  if (out == INT64_MAX) --out;
  return static_cast<uint64_t>(out);
}

int64_t micros_of_ms(int64_t ms) {
  int64_t out = 0;
  return __builtin_mul_overflow(ms, int64_t{1000}, &out) ? (ms > 0 ? INT64_MAX - 1 : INT64_MIN + 1) : out;
}

Result<CoderPtr> temporal_coder(const Column& column, Wire wire, const EncodeOptions& options) {
  const LocalTimes* times = options.times;
  const arrow::Array& data = *column.data;
  Logical logical = column.schema->logical();
  if (wire == Wire::kTemporalText) {
    return prepared(data, [&](int64_t row, std::string* out) {
      append_temporal_text(column, row, *times, out);
      return Status();
    });
  }
  if (wire == Wire::kDate && logical == Logical::kDate) {
    return fixed<uint32_t, arrow::Date32Array>(data, [times](int32_t d) { return static_cast<uint32_t>(times->date_days(d) - kDaysTo2000); });
  }
  if (wire == Wire::kTime) {
    return fixed<uint64_t, arrow::Time32Array>(data, [times](int32_t ms) { return static_cast<uint64_t>(times->time_micros(ms)); });
  }
  if (logical == Logical::kTimestamp && wire == Wire::kTimestamptz) {
    return fixed<uint64_t, arrow::TimestampArray>(data, [](int64_t ms) { return from_2000(micros_of_ms(ms)); });
  }
  return fixed<uint64_t, arrow::TimestampArray>(
      data, [times](int64_t ms) { return from_2000(times->timestamp_micros(micros_of_ms(ms))); });
}

// int64 and string fields of timestamp.fields.list.
Result<CoderPtr> listed_timestamp_coder(const Column& column, const WriteColumn& target, Wire wire, const EncodeOptions& options) {
  bool nanos = options.timestamp_nanos;
  auto encode = [times = options.times, with_zone = wire == Wire::kTimestamptz](int64_t micros) {
    return from_2000(with_zone ? micros : times->timestamp_micros(micros));
  };
  if (column.schema->type() == Type::kInt64) {
    return fixed<uint64_t, arrow::Int64Array>(*column.data, [=](int64_t v) { return encode(nanos ? micros_of_nanos(v) : v); });
  }
  const auto& texts = static_cast<const arrow::StringArray&>(*column.data);
  return prepared(*column.data, [&](int64_t row, std::string* out) {
    auto micros = parse_timestamp(texts.GetView(row), nanos);
    if (!micros) return Status::data(fmt::format("Field '{}' of timestamp.fields.list holds no timestamp", target.name));
    char bytes[8];
    store<uint64_t>(reinterpret_cast<uint8_t*>(bytes), encode(*micros));
    out->append(bytes, 8);
    return Status();
  });
}

Result<CoderPtr> make_coder(const Column& column, const WriteColumn& target, const WireType& type, const EncodeOptions& options) {
  const arrow::Array& data = *column.data;
  switch (type.wire) {
    case Wire::kText: case Wire::kBytes: return CoderPtr(std::make_unique<BytesCoder>(data));
    case Wire::kNumeric:
      return prepared(data, [&](int64_t row, std::string* out) {
        append_numeric(static_cast<const arrow::BinaryArray&>(data).GetView(row), out);
        return Status();
      });
    case Wire::kArray:
      return prepared(data, [&](int64_t row, std::string* out) {
        append_array(*column.schema->value_schema(), static_cast<const arrow::ListArray&>(data), row, type.element, out);
        return Status();
      });
    case Wire::kDate: case Wire::kTime: case Wire::kTimestamp: case Wire::kTimestamptz: case Wire::kTemporalText:
      if (target.is_timestamp && column.schema->logical() == Logical::kNone) {
        return listed_timestamp_coder(column, target, type.wire, options);
      }
      return temporal_coder(column, type.wire, options);
    default: {
      CoderPtr coder = integer_coder(column, type.wire);
      if (!coder) return Status::fatal(fmt::format("No wire form for field '{}' of type {}", target.name, to_string(column.schema->type())));
      return coder;
    }
  }
}

// The field that a null becomes; empty when it stays null.
Result<std::string> default_field(const Column& column, const WriteColumn& target, const WireType& type, const EncodeOptions& options) {
  const auto& value = column.schema->default_value();
  // A key's default always counts (PreparedStatementBinder.bindKeyFields).
  if (!options.replace_null_with_default && !target.is_key) return std::string();
  if (!value || value->is_null() || column.data->null_count() == 0) return std::string();
  ASSIGN_OR_RETURN(Column one, columnar::constant_column(column.schema, *value, 1));
  ASSIGN_OR_RETURN(CoderPtr coder, make_coder(one, target, type, options));
  uint32_t size = 0;
  coder->add_sizes(&size);
  std::string field(size, '\0');
  auto* cursor = reinterpret_cast<uint8_t*>(field.data());
  coder->write(&cursor);
  return field;
}

void note_null_keys(const RowBlock& block, size_t key_count, EncodedRows* out) {
  for (size_t c = 0; c < key_count; ++c) {
    const arrow::Array& data = *block.columns[c].data;
    const auto& otherwise = block.columns[c].schema->default_value();
    if (data.null_count() == 0 || (otherwise && !otherwise->is_null())) continue;
    out->null_keys.resize(static_cast<size_t>(block.row_count));
    for (int64_t i = 0; i < block.row_count; ++i) {
      if (data.IsNull(i)) out->null_keys[static_cast<size_t>(i)] = true;
    }
  }
}

}  // namespace

Result<EncodedRows> encode_rows(const RowBlock& block, const std::vector<WriteColumn>& columns, const std::vector<WireType>& wires,
                                size_t column_count, size_t key_count, const EncodeOptions& options) {
  auto n = static_cast<size_t>(block.row_count);
  std::vector<CoderPtr> coders;
  std::vector<uint32_t> sizes(n, 2);
  for (size_t c = 0; c < column_count; ++c) {
    ASSIGN_OR_RETURN(CoderPtr coder, make_coder(block.columns[c], columns[c], wires[c], options));
    ASSIGN_OR_RETURN(std::string null_field, default_field(block.columns[c], columns[c], wires[c], options));
    coder->set_default(std::move(null_field));
    coder->add_sizes(sizes.data());
    coders.push_back(std::move(coder));
  }
  EncodedRows out;
  out.starts.resize(n + 1);
  for (size_t i = 0; i < n; ++i) out.starts[i + 1] = out.starts[i] + sizes[i];
  out.bytes.reset(new uint8_t[out.starts[n] + 1]);
  std::vector<uint8_t*> cursors(n);
  for (size_t i = 0; i < n; ++i) cursors[i] = store<uint16_t>(out.bytes.get() + out.starts[i], static_cast<uint16_t>(column_count));
  for (size_t c = 0; c < column_count; ++c) {
    if (c == key_count) {
      out.key_ends.resize(n);
      for (size_t i = 0; i < n; ++i) out.key_ends[i] = static_cast<uint32_t>(cursors[i] - out.bytes.get() - out.starts[i]);
    }
    coders[c]->write(cursors.data());
  }
  if (column_count == key_count) {
    out.key_ends.resize(n);
    for (size_t i = 0; i < n; ++i) out.key_ends[i] = sizes[i];
  }
  note_null_keys(block, key_count, &out);
  return out;
}

}  // namespace bywash::jdbc::postgresql
