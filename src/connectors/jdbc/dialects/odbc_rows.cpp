// Values as the driver's C types have them. What C types would round, doubles of a driver that prints them with 15 digits, decimals, times of a
// day with fractions, goes as text. Level 6, the task's thread.
#include "connectors/jdbc/dialects/odbc_rows.h"

#include <arrow/array.h>
#include <sql.h>
#include <sqlext.h>
#include <sqlucode.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/calendar.h"
#include "columnar/decimal.h"
#include "columnar/java_text.h"

namespace bywash::jdbc::odbc {
namespace {

using columnar::Logical;
using columnar::Type;

constexpr int64_t kDayMicros = 86'400'000'000;
// Beyond these a type of unlimited length is bound; many databases end VARCHARs there.
constexpr uint64_t kTextMax = 4000, kBytesMax = 8000;

template <class A>
auto cell_of(const arrow::Array& data, int64_t row) { return static_cast<const A&>(data).Value(row); }

template <class A>
std::string_view bytes_of(const arrow::Array& data, int64_t row) { return static_cast<const A&>(data).GetView(row); }

template <class T>
void append_raw(T value, std::string* out) { out->append(reinterpret_cast<const char*>(&value), sizeof value); }

int64_t saturated_ms(int64_t ms) {
  int64_t out = 0;
  return __builtin_mul_overflow(ms, int64_t{1000}, &out) ? (ms > 0 ? INT64_MAX : INT64_MIN) : out;
}

std::string real_text(double value, bool single) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return single ? fmt::format("{}", static_cast<float>(value)) : fmt::format("{}", value);
}

// Databases whose flags are small numbers.
bool has_flags(ProductKind kind) {
  return kind != ProductKind::kMysql && kind != ProductKind::kSqlite && kind != ProductKind::kOracle && kind != ProductKind::kDb2;
}

// Databases whose column for a time of the day is a DATE.
bool times_are_dates(ProductKind kind) { return kind == ProductKind::kOracle || kind == ProductKind::kHana; }

}  // namespace

int64_t Cells::clock(int64_t instant_micros) const { return to_instant_ ? instant_micros : options_.times->timestamp_micros(instant_micros); }

Result<Cells> Cells::make(const columnar::Column& column, const WriteColumn& write, const TableColumn* target, const CellOptions& options) {
  Cells out(write, target, options);
  const columnar::ConnectSchema& schema = *column.schema;
  const arrow::Array& data = *column.data;
  RETURN_IF_ERROR(out.choose(schema));
  const auto& value = schema.default_value();
  bool replaces = options.replace_null_with_default || write.is_key;  // a key's default always counts
  columnar::Column fallback;
  if (data.null_count() > 0 && replaces && value && !value->is_null()) { ASSIGN_OR_RETURN(fallback, columnar::constant_column(column.schema, *value, 1)); }
  for (int64_t row = 0; row < data.length(); ++row) {
    bool null = data.IsNull(row);
    if (!null) RETURN_IF_ERROR(out.add(schema, data, row));
    else if (fallback.data) RETURN_IF_ERROR(out.add(schema, *fallback.data, 0));
    out.end(null && !fallback.data);
  }
  return out;
}

void Cells::end(bool null) {
  ends_.push_back(bytes_.size());
  nulls_.push_back(null);
}

Status Cells::choose(const columnar::ConnectSchema& schema) {
  auto as = [&](int c, int sql, uint64_t size, int digits) { c_type_ = c; sql_type_ = sql; size_ = size; digits_ = digits; return Status(); };
  c_type_ = SQL_C_WCHAR;
  sql_type_ = SQL_WVARCHAR;
  listed_ = write_->is_timestamp && schema.logical() == Logical::kNone && (schema.type() == Type::kInt64 || schema.type() == Type::kString);
  if (listed_) return as(SQL_C_TYPE_TIMESTAMP, SQL_TYPE_TIMESTAMP, 26, 6);
  switch (schema.logical()) {
    case Logical::kDecimal: return as(SQL_C_CHAR, SQL_DECIMAL, 0, 0);
    case Logical::kDate: return as(SQL_C_TYPE_DATE, SQL_TYPE_DATE, 10, 0);
    case Logical::kTime:
      if (times_are_dates(options_.product)) return as(SQL_C_TYPE_TIMESTAMP, SQL_TYPE_TIMESTAMP, 26, 6);
      // MariaDB's driver refuses a TIME with fractions; the server reads the text.
      return as(SQL_C_CHAR, options_.product == ProductKind::kMysql ? SQL_VARCHAR : SQL_TYPE_TIME, 15, 6);
    case Logical::kTimestamp: return as(SQL_C_TYPE_TIMESTAMP, SQL_TYPE_TIMESTAMP, 26, 6);
    case Logical::kNone: break;
  }
  const bool texts = options_.product == ProductKind::kPostgresql;  // psqlodbc prints 15 digits of a double
  switch (schema.type()) {
    case Type::kInt8: case Type::kInt16: return as(SQL_C_SSHORT, SQL_SMALLINT, 5, 0);
    case Type::kInt32: return as(SQL_C_SLONG, SQL_INTEGER, 10, 0);
    case Type::kInt64: return options_.has_bigint ? as(SQL_C_SBIGINT, SQL_BIGINT, 19, 0) : as(SQL_C_CHAR, SQL_DECIMAL, 19, 0);
    case Type::kFloat32: return texts ? as(SQL_C_CHAR, SQL_REAL, 15, 0) : as(SQL_C_FLOAT, SQL_REAL, 7, 0);
    case Type::kFloat64: return texts ? as(SQL_C_CHAR, SQL_DOUBLE, 24, 0) : as(SQL_C_DOUBLE, SQL_DOUBLE, 15, 0);
    case Type::kBoolean: return has_flags(options_.product) ? as(SQL_C_BIT, SQL_BIT, 1, 0) : as(SQL_C_SSHORT, SQL_SMALLINT, 5, 0);
    case Type::kString: return {};
    case Type::kBytes: return as(SQL_C_BINARY, SQL_VARBINARY, 0, 0);
    default: {
      std::string type(to_string(schema.type()));
      for (char& c : type) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      return Status::data("Unsupported source data type: " + type).with_java_class("org.apache.kafka.connect.errors.ConnectException");
    }
  }
}

Status Cells::add(const columnar::ConnectSchema& schema, const arrow::Array& data, int64_t row) {
  if (listed_) {
    std::optional<int64_t> micros;
    if (schema.type() == Type::kInt64) {
      int64_t v = cell_of<arrow::Int64Array>(data, row);
      micros = options_.timestamp_nanos ? micros_of_nanos(v) : v;
    } else {
      micros = parse_timestamp(bytes_of<arrow::StringArray>(data, row), options_.timestamp_nanos);
    }
    if (!micros) return Status::data(fmt::format("Field '{}' of timestamp.fields.list holds no timestamp", write_->name));
    return add_timestamp(clock(*micros));
  }
  if (schema.logical() == Logical::kDecimal) return add_decimal(bytes_of<arrow::BinaryArray>(data, row));
  if (schema.logical() != Logical::kNone) return add_time(schema, data, row);
  switch (schema.type()) {
    case Type::kInt8: append_raw(static_cast<int16_t>(cell_of<arrow::Int8Array>(data, row)), &bytes_); break;
    case Type::kInt16: append_raw(cell_of<arrow::Int16Array>(data, row), &bytes_); break;
    case Type::kInt32: append_raw(cell_of<arrow::Int32Array>(data, row), &bytes_); break;
    case Type::kInt64:
      if (c_type_ == SQL_C_SBIGINT) append_raw(cell_of<arrow::Int64Array>(data, row), &bytes_);
      else bytes_ += std::to_string(cell_of<arrow::Int64Array>(data, row));
      break;
    case Type::kFloat32:
      if (c_type_ == SQL_C_FLOAT) append_raw(cell_of<arrow::FloatArray>(data, row), &bytes_);
      else bytes_ += real_text(static_cast<double>(cell_of<arrow::FloatArray>(data, row)), true);
      break;
    case Type::kFloat64:
      if (c_type_ == SQL_C_DOUBLE) append_raw(cell_of<arrow::DoubleArray>(data, row), &bytes_);
      else bytes_ += real_text(cell_of<arrow::DoubleArray>(data, row), false);
      break;
    case Type::kBoolean: {
      bool value = cell_of<arrow::BooleanArray>(data, row);
      if (c_type_ == SQL_C_BIT) bytes_ += value ? '\1' : '\0';
      else append_raw(static_cast<int16_t>(value), &bytes_);
      break;
    }
    case Type::kBytes: bytes_ += bytes_of<arrow::BinaryArray>(data, row); break;
    default: return add_text(bytes_of<arrow::StringArray>(data, row));
  }
  return {};
}

Status Cells::add_text(std::string_view text) {
  // Drivers hand texts on that end at a zero.
  if (text.find('\0') != text.npos) return Status::data(fmt::format("SQLSTATE 22021: field '{}' holds U+0000, which ODBC drivers end a text at", write_->name));
  auto units = utf16_of(text);
  if (!units) return Status::data(fmt::format("SQLSTATE 22021: field '{}' holds text that is no UTF-8", write_->name));
  bytes_.append(reinterpret_cast<const char*>(units->data()), units->size() * 2);
  return {};
}

Status Cells::add_decimal(std::string_view encoded) {
  std::string text = columnar::to_plain_string(columnar::decode_decimal(encoded));
  size_t point = text.find('.'), whole = std::min(point, text.size()), fraction = point == text.npos ? 0 : text.size() - point - 1;
  digits_ = std::max(digits_, static_cast<int>(fraction));
  precision_ = std::max(precision_, whole);
  bytes_ += text;
  return {};
}

Status Cells::add_time(const columnar::ConnectSchema& schema, const arrow::Array& data, int64_t row) {
  const LocalTimes& times = *options_.times;
  if (schema.logical() == Logical::kTimestamp) return add_timestamp(clock(saturated_ms(cell_of<arrow::TimestampArray>(data, row))));
  if (schema.logical() == Logical::kTime) {
    int64_t micros = times.time_micros(cell_of<arrow::Time32Array>(data, row));
    if (c_type_ == SQL_C_TYPE_TIMESTAMP) return add_timestamp(micros);
    bytes_ += time_text(micros);
    return {};
  }
  CivilDate date = civil_date(times.date_days(cell_of<arrow::Date32Array>(data, row)));
  if (date.year < 1 || date.year > 9999) return Status::data(fmt::format("SQLSTATE 22008: field '{}' holds a date beyond the years 1 to 9999, which ODBC has no value for", write_->name));
  append_raw(SQL_DATE_STRUCT{static_cast<SQLSMALLINT>(date.year), static_cast<SQLUSMALLINT>(date.month), static_cast<SQLUSMALLINT>(date.day)}, &bytes_);
  return {};
}

Status Cells::add_timestamp(int64_t micros) {
  int64_t days = micros / kDayMicros - (micros % kDayMicros < 0), rest = micros - days * kDayMicros;
  CivilDate date = civil_date(days);
  if (date.year < 1 || date.year > 9999) return Status::data(fmt::format("SQLSTATE 22008: field '{}' holds a time beyond the years 1 to 9999, which ODBC has no value for", write_->name));
  SQL_TIMESTAMP_STRUCT out{};
  out.year = static_cast<SQLSMALLINT>(date.year);
  out.month = static_cast<SQLUSMALLINT>(date.month);
  out.day = static_cast<SQLUSMALLINT>(date.day);
  out.hour = static_cast<SQLUSMALLINT>(rest / 3'600'000'000);
  out.minute = static_cast<SQLUSMALLINT>(rest / 60'000'000 % 60);
  out.second = static_cast<SQLUSMALLINT>(rest / 1'000'000 % 60);
  out.fraction = static_cast<SQLUINTEGER>(rest % 1'000'000 * 1000);
  append_raw(out, &bytes_);
  return {};
}

Parameter Cells::array(size_t from, size_t to) const {
  Parameter out;
  out.c_type = c_type_;
  out.sql_type = sql_type_;
  out.digits = digits_;
  size_t longest = 1;
  for (size_t row = from; row < to; ++row) longest = std::max(longest, width(row));
  out.width = longest;
  const bool texts = c_type_ == SQL_C_WCHAR, bytes = c_type_ == SQL_C_BINARY;
  if (texts) out.width = std::max<size_t>(longest + longest % 2, 2);
  out.size = size_ ? size_ : sql_type_ == SQL_DECIMAL ? std::max<uint64_t>(precision_ + static_cast<size_t>(digits_), 1) : texts ? out.width / 2 : longest;
  if (texts && out.size > kTextMax) out.sql_type = SQL_WLONGVARCHAR;
  if (bytes && out.size > kBytesMax) out.sql_type = SQL_LONGVARBINARY;
  out.values.assign(out.width * (to - from), '\0');
  out.lengths.reserve(to - from);
  for (size_t row = from; row < to; ++row) {
    if (nulls_[row]) { out.lengths.push_back(SQL_NULL_DATA); continue; }
    std::memcpy(out.values.data() + out.width * (row - from), bytes_.data() + ends_[row] - width(row), width(row));
    out.lengths.push_back(static_cast<long>(width(row)));
  }
  return out;
}

}  // namespace bywash::jdbc::odbc
