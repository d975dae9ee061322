// Timestamp extractors bound to columns. Level 6, the task's thread.
#include "connectors/s3/timestamp_extractor.h"

#include <arrow/array.h>
#include <arrow/type.h>

#include <algorithm>
#include <charconv>

#include "base/calendar.h"
#include "base/time_arithmetic.h"

namespace bywash::connectors::s3 {
namespace {

using columnar::Column;
using columnar::Logical;
using columnar::Type;
using columnar::Value;

// Reads a text from left to right; every step is optional for its caller.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}
  bool done() const { return rest_.empty(); }
  bool peek_digit() const { return !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; }
  bool take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // A letter in either case.
  bool take_letter(char capital) { return take(capital) || take(static_cast<char>(capital + 32)); }
  // Up to `most` digits, at least one: Joda's parser asks for no leading zeros.
  bool number(size_t most, int64_t* out) {
    int64_t n = 0;
    size_t digits = 0;
    for (; digits < most && digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9'; ++digits) n = n * 10 + (rest_[digits] - '0');
    rest_.remove_prefix(digits);
    *out = n;
    return digits > 0;
  }
  bool three_digits() const {
    return rest_.size() >= 3 && std::all_of(rest_.begin(), rest_.begin() + 3, [](char c) { return c >= '0' && c <= '9'; });
  }
  // A fraction of `unit` milliseconds: ".5" of an hour is half an hour.
  int64_t fraction(int64_t unit) {
    if (!take('.') && !take(',')) return 0;
    double scale = 0.1, sum = 0;
    while (peek_digit()) {
      sum += (rest_[0] - '0') * scale;
      scale /= 10;
      rest_.remove_prefix(1);
    }
    return static_cast<int64_t>(sum * static_cast<double>(unit) + 1e-6);
  }

 private:
  std::string_view rest_;
};

bool date_part(Scanner& in, int64_t* days) {
  int64_t year = 0, month = 1, day = 1, sign = in.take('-') ? -1 : 1;
  if (sign > 0) in.take('+');
  if (!in.number(9, &year)) return false;
  if (in.take('-')) {
    if (in.take_letter('W')) {
      int64_t week = 1, weekday = 1;
      if (!in.number(2, &week) || week < 1 || week > 53) return false;
      if (in.take('-') && (!in.number(1, &weekday) || weekday < 1 || weekday > 7)) return false;
      int64_t fourth = days_of_civil(sign * year, 1, 4), monday = fourth - ((fourth + 3) % 7 + 7) % 7;
      *days = monday + (week - 1) * 7 + weekday - 1;
      return true;
    }
    if (in.three_digits()) {
      int64_t ordinal = 0;
      if (!in.number(3, &ordinal) || ordinal < 1 || ordinal > 366) return false;
      *days = days_of_civil(sign * year, 1, 1) + ordinal - 1;
      return true;
    }
    if (!in.number(2, &month) || month < 1 || month > 12) return false;
    if (in.take('-') && !in.number(2, &day)) return false;
  }
  static constexpr int kLengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int64_t y = sign * year;
  bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
  if (day < 1 || day > kLengths[month - 1] + (month == 2 && leap)) return false;
  *days = days_of_civil(y, month, day);
  return true;
}

bool time_part(Scanner& in, int64_t* ms) {
  int64_t hour = 0, minute = 0, second = 0;
  if (!in.peek_digit()) return true;
  if (!in.number(2, &hour) || hour > 23) return false;
  *ms = hour * 3'600'000;
  if (!in.take(':')) {
    *ms += in.fraction(3'600'000);
    return true;
  }
  if (!in.number(2, &minute) || minute > 59) return false;
  *ms += minute * 60'000;
  if (!in.take(':')) {
    *ms += in.fraction(60'000);
    return true;
  }
  if (!in.number(2, &second) || second > 59) return false;
  *ms += second * 1000 + in.fraction(1000);
  return true;
}

bool offset_part(Scanner& in, int64_t* ms) {
  if (in.take_letter('Z')) return true;
  int64_t sign = in.take('+') ? 1 : in.take('-') ? -1 : 0, hour = 0, minute = 0, second = 0;
  if (sign == 0) return true;
  if (!in.number(2, &hour) || hour > 23) return false;
  in.take(':');
  if (in.peek_digit() && (!in.number(2, &minute) || minute > 59)) return false;
  if (in.take(':') && (!in.number(2, &second) || second > 59)) return false;
  *ms = sign * ((hour * 60 + minute) * 60 + second) * 1000;
  return true;
}

bool all_digits(std::string_view text) {
  if (!text.empty() && text[0] == '-') text.remove_prefix(1);
  if (text.empty() || text.size() > 19) return false;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
  }
  return true;
}

std::optional<int64_t> time_of(const Value& value) {
  if (auto* v = value.get_if<int64_t>()) return *v;
  if (auto* v = value.get_if<int32_t>()) return *v;
  if (auto* v = value.get_if<int16_t>()) return *v;
  if (auto* v = value.get_if<int8_t>()) return *v;
  if (auto* v = value.get_if<double>()) return static_cast<int64_t>(*v);
  if (auto* v = value.get_if<float>()) return static_cast<int64_t>(*v);
  if (auto* v = value.get_if<Value::Millis>()) return v->ms;
  if (auto* v = value.get_if<std::string>()) return parse_time_text(*v);
  return std::nullopt;
}

}  // namespace

std::optional<int64_t> parse_time_text(std::string_view text) {
  if (all_digits(text)) {
    int64_t n = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error == std::errc() && end == text.data() + text.size()) return n;
    return std::nullopt;
  }
  Scanner in(text);
  int64_t days = 0, ms = 0, offset = 0;
  if (in.take_letter('T')) {
    if (!in.peek_digit() || !time_part(in, &ms)) return std::nullopt;
  } else {
    if (!date_part(in, &days)) return std::nullopt;
    if ((in.take_letter('T') || in.take(' ')) && !time_part(in, &ms)) return std::nullopt;
  }
  if (!offset_part(in, &offset) || !in.done()) return std::nullopt;
  return days * kMsPerDay + ms - offset;
}

std::optional<Column> column_at_path(const Column& root, std::string_view path) {
  Column column = root;
  bool parent_nulls = false;
  while (true) {
    if (!column.schema->has_fields()) return std::nullopt;
    // A field whose own name has dots goes first.
    int at = column.schema->field_index(path);
    std::string_view rest;
    if (at < 0) {
      size_t dot = path.find('.');
      if (dot == path.npos) return std::nullopt;
      at = column.schema->field_index(path.substr(0, dot));
      if (at < 0) return std::nullopt;
      rest = path.substr(dot + 1);
    }
    parent_nulls = column.data->null_count() > 0;
    if (parent_nulls) {
      auto flat = static_cast<const arrow::StructArray&>(*column.data).GetFlattenedField(at);
      if (!flat.ok()) return std::nullopt;
      column = {column.schema->fields()[static_cast<size_t>(at)].schema, *flat};
    } else {
      column = column.child(at);
    }
    if (rest.empty()) return column;
    path = rest;
  }
}

BatchTimestamps TimestampExtractor::bind(const columnar::Batch& batch, int64_t now_ms) const {
  BatchTimestamps out;
  out.now_ms_ = now_ms;
  out.field_ = field_;
  using Source = BatchTimestamps::Source;
  if (kind_ == ExtractorKind::kWallclock) return out;
  if (kind_ == ExtractorKind::kRecord) {
    out.source_ = Source::kRecord;
    out.longs_ = batch.timestamps_ms.data();
    return out;
  }
  auto column = column_at_path(batch.value, field_);
  if (!column) {
    out.source_ = Source::kMissing;
    return out;
  }
  out.column_ = *column;
  switch (out.column_.data->type_id()) {
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP:
      out.source_ = Source::kInt64;
      out.longs_ = out.column_.data->data()->GetValues<int64_t>(1);
      break;
    case arrow::Type::INT32:
    case arrow::Type::TIME32:
      out.source_ = Source::kInt32;
      out.ints_ = out.column_.data->data()->GetValues<int32_t>(1);
      break;
    case arrow::Type::DATE32:
      out.source_ = Source::kDate32;
      out.ints_ = out.column_.data->data()->GetValues<int32_t>(1);
      break;
    default: out.source_ = Source::kValues;
  }
  return out;
}

std::optional<int64_t> BatchTimestamps::at(int64_t row, Status* error) const {
  constexpr const char* kDataException = "org.apache.kafka.connect.errors.DataException";
  switch (source_) {
    case Source::kConstant: return now_ms_;
    case Source::kRecord:
      if (longs_[row] >= 0) return longs_[row];
      *error = Status::data("The record has no timestamp for timestamp.extractor=Record").with_java_class(kDataException);
      return std::nullopt;
    case Source::kMissing: break;
    default:
      if (column_.data->IsNull(row)) break;
      if (source_ == Source::kInt64) return longs_[row];
      if (source_ == Source::kInt32) return ints_[row];
      if (source_ == Source::kDate32) return int64_t{ints_[row]} * kMsPerDay;
      if (auto time = time_of(columnar::value_at(column_, row))) return time;
      *error = Status::data(fmt::format("The value of field '{}' is not a time: timestamp.field needs epoch milliseconds, an ISO-8601 text or a Timestamp",
                                        field_)).with_java_class("java.lang.IllegalArgumentException");
      return std::nullopt;
  }
  *error = Status::data(fmt::format("The field '{}' does not exist.", field_)).with_java_class(kDataException);
  return std::nullopt;
}

}  // namespace bywash::connectors::s3
