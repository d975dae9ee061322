// Arrow columns into parameter arrays. Dates, times and decimals go as texts: the server reads them exactly. Level 6, the task's thread.
#include "connectors/jdbc/dialects/mysql_parameters.h"

#include <arrow/array.h>

#include <cstring>

#include "columnar/decimal.h"

namespace bywash::jdbc::mysql {
namespace {

using columnar::Column;
using columnar::Logical;
using columnar::Type;

int64_t saturated_micros(int64_t ms) {
  int64_t out = 0;
  return __builtin_mul_overflow(ms, int64_t{1000}, &out) ? (ms > 0 ? INT64_MAX : INT64_MIN) : out;
}

class Filler {
 public:
  Filler(const Column& column, const WriteColumn& write, const TableColumn* target, const ParameterOptions& options)
      : column_(column), write_(write), options_(options), to_instant_(target && target->type == "timestamp") {}

  Result<Parameters> fill() {
    out_.source = column_;
    const auto& value = column_.schema->default_value();
    bool replaces = options_.replace_null_with_default || write_.is_key;  // a key's default always counts
    bool defaults = column_.data->null_count() > 0 && replaces && value && !value->is_null();
    if (defaults) { ASSIGN_OR_RETURN(out_.default_value, columnar::constant_column(column_.schema, *value, 1)); }
    RETURN_IF_ERROR(choose());
    const arrow::Array& data = *column_.data;
    const bool nulls = data.null_count() > 0;
    for (int64_t row = 0; row < data.length(); ++row) {
      bool null = nulls && data.IsNull(row);
      out_.nulls.push_back(null && !defaults);
      if (!null) RETURN_IF_ERROR(add(data, row));
      else if (defaults) RETURN_IF_ERROR(add(*out_.default_value.data, 0));
      else add_null();
    }
    // Pointers into `made` are given out once it does not grow any more.
    for (size_t row = 0; row < ends_.size(); ++row) {
      size_t from = row ? ends_[row - 1] : 0;
      out_.starts.push_back(out_.made.data() + from);
      out_.lengths.push_back(static_cast<unsigned long>(ends_[row] - from));
    }
    return std::move(out_);
  }

 private:
  Status choose() {
    const columnar::ConnectSchema& schema = *column_.schema;
    listed_ = write_.is_timestamp && schema.logical() == Logical::kNone && (schema.type() == Type::kInt64 || schema.type() == Type::kString);
    out_.type = MYSQL_TYPE_STRING;
    if (listed_ || schema.logical() != Logical::kNone) {
      made_ = true;
      out_.made.reserve(64);  // on the heap, where a move of the string leaves it
      return {};
    }
    auto fixed = [&](enum_field_types type, size_t width) { out_.type = type; out_.width = width; };
    switch (schema.type()) {
      case Type::kInt8: case Type::kBoolean: fixed(MYSQL_TYPE_TINY, 1); break;
      case Type::kInt16: fixed(MYSQL_TYPE_SHORT, 2); break;
      case Type::kInt32: fixed(MYSQL_TYPE_LONG, 4); break;
      case Type::kInt64: fixed(MYSQL_TYPE_LONGLONG, 8); break;
      case Type::kFloat32: fixed(MYSQL_TYPE_FLOAT, 4); break;
      case Type::kFloat64: fixed(MYSQL_TYPE_DOUBLE, 8); break;
      case Type::kString: break;
      case Type::kBytes: out_.type = MYSQL_TYPE_BLOB; break;
      default: {
        std::string type(to_string(schema.type()));
        for (char& c : type) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        return Status::data("Unsupported source data type: " + type).with_java_class("org.apache.kafka.connect.errors.ConnectException");
      }
    }
    return {};
  }

  template <class ArrayType>
  void number(const arrow::Array& data, int64_t row) {
    auto v = static_cast<const ArrayType&>(data).Value(row);
    out_.fixed.append(reinterpret_cast<const char*>(&v), sizeof v);
  }

  Status add(const arrow::Array& data, int64_t row) {
    if (made_) {
      RETURN_IF_ERROR(write_text(data, row));
      ends_.push_back(out_.made.size());
      return {};
    }
    switch (column_.schema->type()) {
      case Type::kInt8: number<arrow::Int8Array>(data, row); break;
      case Type::kBoolean: out_.fixed += static_cast<const arrow::BooleanArray&>(data).Value(row) ? '\1' : '\0'; break;
      case Type::kInt16: number<arrow::Int16Array>(data, row); break;
      case Type::kInt32: number<arrow::Int32Array>(data, row); break;
      case Type::kInt64: number<arrow::Int64Array>(data, row); break;
      case Type::kFloat32: number<arrow::FloatArray>(data, row); break;
      case Type::kFloat64: number<arrow::DoubleArray>(data, row); break;
      default: {
        auto bytes = static_cast<const arrow::BinaryArray&>(data).GetView(row);
        out_.starts.push_back(bytes.empty() ? "" : bytes.data());
        out_.lengths.push_back(static_cast<unsigned long>(bytes.size()));
      }
    }
    return {};
  }

  void add_null() {
    if (made_) ends_.push_back(out_.made.size());
    else if (out_.width) out_.fixed.append(out_.width, '\0');
    else { out_.starts.push_back(""); out_.lengths.push_back(0); }
  }

  Status write_text(const arrow::Array& data, int64_t row) {
    const LocalTimes& times = *options_.times;
    std::string& text = out_.made;
    if (listed_) {
      std::optional<int64_t> micros;
      if (column_.schema->type() == Type::kInt64) {
        int64_t v = static_cast<const arrow::Int64Array&>(data).Value(row);
        micros = options_.timestamp_nanos ? micros_of_nanos(v) : v;
      } else {
        micros = parse_timestamp(static_cast<const arrow::StringArray&>(data).GetView(row), options_.timestamp_nanos);
      }
      if (!micros) return Status::data(fmt::format("Field '{}' of timestamp.fields.list holds no timestamp", write_.name));
      append_timestamp_text(to_instant_ ? *micros : times.timestamp_micros(*micros), &text);
      return {};
    }
    switch (column_.schema->logical()) {
      case Logical::kDate: text += date_text(times.date_days(static_cast<const arrow::Date32Array&>(data).Value(row))); break;
      case Logical::kTime: text += time_text(times.time_micros(static_cast<const arrow::Time32Array&>(data).Value(row))); break;
      case Logical::kTimestamp: {
        int64_t micros = saturated_micros(static_cast<const arrow::TimestampArray&>(data).Value(row));
        append_timestamp_text(to_instant_ ? micros : times.timestamp_micros(micros), &text);
        break;
      }
      default: text += columnar::to_plain_string(columnar::decode_decimal(static_cast<const arrow::BinaryArray&>(data).GetView(row)));
    }
    return {};
  }

  const Column& column_;
  const WriteColumn& write_;
  const ParameterOptions& options_;
  bool to_instant_;          // a TIMESTAMP column: the session's zone is UTC
  bool made_ = false, listed_ = false;
  std::vector<size_t> ends_;
  Parameters out_;
};

}  // namespace

void Parameters::append_key(size_t row, std::string* out) const {
  *out += nulls[row] ? '\0' : '\1';
  if (nulls[row]) return;
  if (width) {
    const char* at = fixed.data() + row * width;
    bool real = type == MYSQL_TYPE_FLOAT || type == MYSQL_TYPE_DOUBLE;
    for (size_t i = width; i-- > 0;) *out += static_cast<char>(i == width - 1 && !real ? at[i] ^ '\x80' : at[i]);
    return;
  }
  std::string_view text(starts[row], lengths[row]);
  while (type == MYSQL_TYPE_STRING && text.ends_with(' ')) text.remove_suffix(1);
  for (char c : text) {
    *out += c;
    if (c == '\0') *out += '\xff';
  }
  out->append(2, '\0');
}

Result<Parameters> parameters_of(const Column& column, const WriteColumn& write, const TableColumn* target, const ParameterOptions& options) {
  return Filler(column, write, target, options).fill();
}

}  // namespace bywash::jdbc::mysql
