// Arrow columns into JSON texts. Dates, times and decimals are JSON strings, bytes hexadecimal: the server reads all of them exactly. Level 6,
// the task's thread.
#include "connectors/jdbc/dialects/sqlserver_rows.h"

#include <arrow/array.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "columnar/decimal.h"

namespace bywash::jdbc::sqlserver {
namespace {

using columnar::Column;
using columnar::Logical;
using columnar::Type;

bool is_listed(const WriteColumn& write) {
  const columnar::ConnectSchema& schema = *write.schema;
  return write.is_timestamp && schema.logical() == Logical::kNone && (schema.type() == Type::kInt64 || schema.type() == Type::kString);
}

// The byte count of a valid UTF-8 sequence at `at`, 0 where there is none.
size_t utf8_length(std::string_view text, size_t at) {
  auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  unsigned first = byte(at);
  auto follows = [&](size_t count) {
    for (size_t i = 1; i <= count; ++i) {
      if ((byte(at + i) & 0xC0) != 0x80) return false;
    }
    return true;
  };
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    unsigned second = byte(at + 1);
    bool good = follows(2) && !(first == 0xE0 && second < 0xA0) && !(first == 0xED && second > 0x9F);  // no overlong form, no surrogate
    return good ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    unsigned second = byte(at + 1);
    return follows(3) && !(first == 0xF0 && second < 0x90) && !(first == 0xF4 && second > 0x8F) ? 4 : 0;
  }
  return 0;
}

// As a JSON string inside an SQL string: quotes of SQL are doubled. Line ends are escaped by JSON's rule, which also keeps a backslash before
// one from being SQL's continuation of a line.
bool append_text(std::string_view text, std::string* out) {
  *out += '"';
  for (size_t i = 0; i < text.size();) {
    auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x80) {
      size_t length = utf8_length(text, i);
      if (length == 0) return false;
      out->append(text, i, length);
      i += length;
      continue;
    }
    if (c == '"' || c == '\\') { *out += '\\'; *out += text[i]; }
    else if (c == '\'') *out += "''";
    else if (c < ' ') *out += fmt::format("\\u{:04x}", c);
    else *out += text[i];
    ++i;
  }
  *out += '"';
  return true;
}

void append_hex(std::string_view bytes, std::string* out) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  *out += '"';
  for (unsigned char c : bytes) {
    *out += kDigits[c >> 4];
    *out += kDigits[c & 15];
  }
  *out += '"';
}

template <class T>
void append_number(T value, std::string* out) {
  char text[40];
  auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out->append(text, static_cast<size_t>(end - text));
}

template <class A>
auto cell(const arrow::Array& data, int64_t row) { return static_cast<const A&>(data).Value(row); }

template <class A>
std::string_view view(const arrow::Array& data, int64_t row) { return static_cast<const A&>(data).GetView(row); }

int64_t saturated(int64_t ms) {
  int64_t out = 0;
  return __builtin_mul_overflow(ms, int64_t{1000}, &out) ? (ms > 0 ? INT64_MAX : INT64_MIN) : out;
}

bool plain_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) || c == '_'; });
}

// "varchar(900)": one character more than the column takes, so that what is too long stays so. Empty for other types.
std::string one_longer(const std::string& type) {
  for (std::string_view word : {"nvarchar(", "varchar(", "nchar(", "char("}) {
    if (!type.starts_with(word)) continue;
    bool wide = word[0] == 'n';
    int size = std::atoi(type.c_str() + word.size());
    if (size == 0) return "";  // max
    return fmt::format("{}varchar({})", wide ? "n" : "", std::min(size + 1, wide ? 4000 : 8000));
  }
  return "";
}

}  // namespace

Result<std::string> json_type(const WriteColumn& column) {
  const columnar::ConnectSchema& schema = *column.schema;
  switch (schema.logical()) {
    case Logical::kDecimal: return fmt::format("decimal(38,{})", std::clamp(schema.decimal_scale(), 0, 38));
    case Logical::kDate: return std::string("date");
    case Logical::kTime: return std::string("time");
    case Logical::kTimestamp: return std::string("datetime2");
    case Logical::kNone: break;
  }
  if (is_listed(column)) return std::string("datetime2");
  switch (schema.type()) {
    case Type::kInt8: case Type::kInt16: return std::string("smallint");  // tinyint has no sign
    case Type::kInt32: return std::string("int");
    case Type::kInt64: return std::string("bigint");
    case Type::kFloat32: return std::string("real");
    case Type::kFloat64: return std::string("float");
    case Type::kBoolean: return std::string("bit");
    case Type::kString: return std::string("nvarchar(max)");
    case Type::kBytes: return std::string("varchar(max)");
    default: {
      std::string type(to_string(schema.type()));
      for (char& c : type) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      return Status::data("Unsupported source data type: " + type).with_java_class("org.apache.kafka.connect.errors.ConnectException");
    }
  }
}

std::string value_of_json(const std::string& name, const WriteColumn& column, const TableColumn* target) {
  if (column.only_nulls) return "NULL";  // a text's null is refused by a column of bytes
  bool bytes = column.schema->logical() == Logical::kNone && column.schema->type() == Type::kBytes;
  if (bytes) return fmt::format("CONVERT(varbinary(max), {}, 2)", name);
  if (!target) return name;
  std::string text_type = one_longer(target->type);
  if (!text_type.empty()) {
    std::string out = fmt::format("CAST({} AS {})", name, text_type);
    return plain_word(target->collation) ? out + " COLLATE " + target->collation : out;
  }
  // Rounded as the column rounds it: 10:00:00.0014 of a datetime is 10:00:00.0000.
  bool text = target->type.find("text") != std::string::npos || target->type.ends_with("(max)") || target->type == "xml";
  return text ? name : fmt::format("CAST({} AS {})", name, target->type);
}

Result<JsonValues> JsonValues::make(const Column& column, const WriteColumn& write, const RowOptions& options) {
  RETURN_IF_ERROR(json_type(write).status());
  JsonValues out;
  out.column_ = column;
  out.write_ = &write;
  out.options_ = options;
  out.listed_ = is_listed(write);
  out.nulls_ = column.data->null_count() > 0;
  const auto& value = column.schema->default_value();
  bool replaces = options.replace_null_with_default || write.is_key;  // a key's default always counts
  if (out.nulls_ && replaces && value && !value->is_null()) {
    ASSIGN_OR_RETURN(out.default_value_, columnar::constant_column(column.schema, *value, 1));
  }
  return out;
}

Status JsonValues::append(int64_t row, std::string* out) const {
  if (!nulls_ || !column_.data->IsNull(row)) return append_value(*column_.data, row, out);
  if (default_value_.data) return append_value(*default_value_.data, 0, out);
  *out += "null";
  return {};
}

Status JsonValues::append_value(const arrow::Array& data, int64_t row, std::string* out) const {
  if (listed_ || column_.schema->logical() != Logical::kNone) return append_time(data, row, out);
  auto real = [&](auto value) {
    if (!std::isfinite(value)) return Status::data(fmt::format("Field '{}' is no number, or infinite, which SQL Server has no value for", write_->name));
    append_number(value, out);
    return Status();
  };
  switch (column_.schema->type()) {
    case Type::kInt8: append_number(int{cell<arrow::Int8Array>(data, row)}, out); break;
    case Type::kInt16: append_number(cell<arrow::Int16Array>(data, row), out); break;
    case Type::kInt32: append_number(cell<arrow::Int32Array>(data, row), out); break;
    case Type::kInt64: append_number(cell<arrow::Int64Array>(data, row), out); break;
    case Type::kFloat32: return real(cell<arrow::FloatArray>(data, row));
    case Type::kFloat64: return real(cell<arrow::DoubleArray>(data, row));
    case Type::kBoolean: *out += cell<arrow::BooleanArray>(data, row) ? '1' : '0'; break;
    case Type::kBytes: append_hex(view<arrow::BinaryArray>(data, row), out); break;
    default:
      if (!append_text(view<arrow::StringArray>(data, row), out)) return Status::data(fmt::format("Field '{}' holds text that is no UTF-8", write_->name));
  }
  return {};
}

Status JsonValues::append_time(const arrow::Array& data, int64_t row, std::string* out) const {
  const LocalTimes& times = *options_.times;
  auto quoted = [&](std::string text) {
    // The form with T is ISO's whatever the session's DATEFORMAT is.
    std::replace(text.begin(), text.end(), ' ', 'T');
    *out += '"' + text + '"';
  };
  if (listed_) {
    std::optional<int64_t> micros;
    if (column_.schema->type() == Type::kInt64) {
      int64_t v = cell<arrow::Int64Array>(data, row);
      micros = options_.timestamp_nanos ? micros_of_nanos(v) : v;
    } else {
      micros = parse_timestamp(view<arrow::StringArray>(data, row), options_.timestamp_nanos);
    }
    if (!micros) return Status::data(fmt::format("Field '{}' of timestamp.fields.list holds no timestamp", write_->name));
    quoted(timestamp_text(times.timestamp_micros(*micros)));
    return {};
  }
  switch (column_.schema->logical()) {
    case Logical::kDate: quoted(date_text(times.date_days(cell<arrow::Date32Array>(data, row)))); break;
    case Logical::kTime: quoted(time_text(times.time_micros(cell<arrow::Time32Array>(data, row)))); break;
    case Logical::kTimestamp: quoted(timestamp_text(times.timestamp_micros(saturated(cell<arrow::TimestampArray>(data, row))))); break;
    default: *out += '"' + columnar::to_plain_string(columnar::decode_decimal(view<arrow::BinaryArray>(data, row))) + '"';
  }
  return {};
}

}  // namespace bywash::jdbc::sqlserver
