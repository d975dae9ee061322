// One builder per kind of column; values are read where they lie. Level 6, the task's thread.
#include "connectors/jdbc/source/row_builder.h"

#include <arrow/array.h>
#include <arrow/builder.h>

#include <charconv>

#include "base/calendar.h"
#include "base/log.h"
#include "columnar/decimal.h"
#include "connectors/jdbc/source/postgresql_binary.h"
#include "connectors/jdbc/source/value_builder.h"
#include "connectors/jdbc/time_zone.h"

namespace bywash::jdbc {

using columnar::Column;
using columnar::ConnectSchema;
using columnar::SchemaPtr;
using columnar::Type;

namespace {

constexpr int64_t kSecondMicros = 1'000'000, kDayMicrosOfSource = 86'400 * kSecondMicros;
constexpr int64_t kInfiniteMs = 9223372036825200000, kMinusInfiniteMs = -9223372036832400000;  // pgjdbc's DATE_*_INFINITY

int64_t floored(int64_t a, int64_t b) { return a / b - (a % b < 0); }

template <class T>
bool number_of_text(std::string_view text, T* out) {
  if (text.starts_with('+')) text.remove_prefix(1);
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size();
}

// Digits at `at`, moved behind them; -1 without any.
int64_t digits(std::string_view text, size_t* at, size_t most = 18) {
  int64_t v = 0;
  size_t from = *at;
  while (*at < text.size() && *at - from < most && text[*at] >= '0' && text[*at] <= '9') v = v * 10 + (text[(*at)++] - '0');
  return *at == from ? -1 : v;
}

// "2024-06-15", "0044-03-15 ..."; years may have more than four digits.
std::optional<int64_t> date_part(std::string_view text, size_t* at) {
  int64_t year = digits(text, at);
  if (year < 0 || *at >= text.size() || text[*at] != '-') return std::nullopt;
  ++*at;
  int64_t month = digits(text, at, 2);
  if (month < 0 || *at >= text.size() || text[*at] != '-') return std::nullopt;
  ++*at;
  int64_t day = digits(text, at, 2);
  if (month < 1 || month > 12 || day < 1 || day > 31) return std::nullopt;
  if (text.ends_with(" BC")) year = 1 - year;
  return days_of_civil(year, month, day);
}

// "10:00:00.123456": microseconds of the day (or more, MySQL's TIME goes beyond).
std::optional<int64_t> time_part(std::string_view text, size_t* at) {
  int64_t hours = digits(text, at);
  if (hours < 0 || *at >= text.size() || text[*at] != ':') return std::nullopt;
  ++*at;
  int64_t minutes = digits(text, at, 2), seconds = 0, micros = 0;
  if (minutes < 0) return std::nullopt;
  if (*at < text.size() && text[*at] == ':') { ++*at; seconds = digits(text, at, 2); }
  if (*at < text.size() && text[*at] == '.') {
    size_t from = ++*at;
    int64_t fraction = digits(text, at, 9);
    for (size_t n = *at - from; n < 6; ++n) fraction *= 10;
    for (size_t n = *at - from; n > 6; --n) fraction /= 10;
    micros = fraction < 0 ? 0 : fraction;
  }
  if (seconds < 0) return std::nullopt;
  return ((hours * 60 + minutes) * 60 + seconds) * kSecondMicros + micros;
}

// "+02", "-03:30", "Z" at the end: seconds.
std::optional<int64_t> offset_part(std::string_view text, size_t at) {
  if (at < text.size() && text[at] == 'Z') return 0;
  if (at >= text.size() || (text[at] != '+' && text[at] != '-')) return std::nullopt;
  bool minus = text[at++] == '-';
  int64_t out = digits(text, &at, 2) * 3600;
  for (int64_t unit : {60, 1}) {
    if (at < text.size() && text[at] == ':') ++at;
    int64_t more = digits(text, &at, 2);
    if (more > 0) out += more * unit;
  }
  return minus ? -out : out;
}

template <class ArrowBuilder, class Native>
class NumberColumn final : public ValueBuilder {
 public:
  bool append(std::string_view text) override {
    Native value{};
    if constexpr (std::is_same_v<Native, bool>) {
      if (text.empty()) return false;
      value = text == "t" || text == "true" || (text[0] >= '1' && text[0] <= '9') || text == "TRUE" || text[0] == '\1';
    } else if (!number_of_text(text, &value)) {
      if constexpr (!std::is_floating_point_v<Native>) return false;
      else if (text == "Infinity") value = std::numeric_limits<Native>::infinity();
      else if (text == "-Infinity") value = -std::numeric_limits<Native>::infinity();
      else if (text == "NaN") value = std::numeric_limits<Native>::quiet_NaN();
      else return false;
    }
    return builder_.Append(value).ok();
  }
  void append_null() override { (void)builder_.AppendNull(); }
  Result<Column> finish(const SchemaPtr& schema) override { return finished(&builder_, schema); }

 private:
  ArrowBuilder builder_;
};

// NUMERIC to integers: "12.00" is 12.
template <class ArrowBuilder, class Native>
class WholeColumn final : public ValueBuilder {
 public:
  bool append(std::string_view text) override {
    if (size_t point = text.find('.'); point != text.npos && text.find_first_not_of('0', point + 1) == text.npos) text = text.substr(0, point);
    return inner_.append(text);
  }
  void append_null() override { inner_.append_null(); }
  Result<Column> finish(const SchemaPtr& schema) override { return inner_.finish(schema); }

 private:
  NumberColumn<ArrowBuilder, Native> inner_;
};

template <class ArrowBuilder>
class BytesColumn final : public ValueBuilder {
 public:
  bool append(std::string_view text) override { return builder_.Append(text.data(), static_cast<int32_t>(text.size())).ok(); }
  void append_null() override { (void)builder_.AppendNull(); }
  Result<Column> finish(const SchemaPtr& schema) override { return finished(&builder_, schema); }

 private:
  ArrowBuilder builder_;
};

class DecimalColumn final : public ValueBuilder {
 public:
  explicit DecimalColumn(int32_t scale) : scale_(scale) {}
  bool append(std::string_view text) override {
    auto value = columnar::parse_decimal(text);
    if (!value.ok()) return false;
    if (scale_ < 0 && value->scale == 0) {
      // numeric(5,-2): 12300 is 123 hundreds.
      const size_t zeros = static_cast<size_t>(-scale_), least = text.starts_with('-') ? 1 : 0;
      bool whole = text.size() > zeros + least && text.find_first_not_of('0', text.size() - zeros) == text.npos;
      if (!whole && text.find_first_of("123456789") != text.npos) return false;
      if (whole) value = columnar::parse_decimal(text.substr(0, text.size() - zeros));
      if (!value.ok()) return false;
      value->scale = scale_;
    }
    if (value->scale != scale_) {
      std::string plain = columnar::to_plain_string(*value);
      size_t point = plain.find('.');
      auto fraction = static_cast<int32_t>(point == plain.npos ? 0 : plain.size() - point - 1);
      if (fraction < scale_) plain += (point == plain.npos ? "." : "") + std::string(static_cast<size_t>(scale_ - fraction), '0');
      while (fraction > scale_ && plain.back() == '0') { plain.pop_back(); --fraction; }
      if (fraction > scale_) return false;
      if (plain.back() == '.') plain.pop_back();
      value = columnar::parse_decimal(plain);
      if (!value.ok()) return false;
    }
    return builder_.Append(columnar::encode_decimal(*value)).ok();
  }
  void append_null() override { (void)builder_.AppendNull(); }
  Result<Column> finish(const SchemaPtr& schema) override { return finished(&builder_, schema); }

 private:
  int32_t scale_;
  arrow::BinaryBuilder builder_;
};

// Dates, times and timestamps; `granularity` concerns timestamps.
class TemporalColumn final : public ValueBuilder {
 public:
  TemporalColumn(const SourceColumn& column, const SchemaPtr& schema, const SourceConfig& config)
      : type_(column.type), binary_type_(column.binary_type), granularity_(config.granularity), with_zone_(column.with_zone),
        clock_(config.db_timezone, config.date_calendar == "LEGACY") {
    (void)arrow::MakeBuilder(arrow::default_memory_pool(), schema->arrow_type(), &builder_);
  }
  bool append(std::string_view text) override {
    if (binary_type_) return append_binary(text);
    size_t at = 0;
    if (type_ == JdbcType::kTime) {
      bool minus = text.starts_with('-');
      auto micros = time_part(text.substr(minus), &at);
      if (!micros) return false;
      int64_t ms = *micros / 1000 % 86'400'000;
      if (auto offset = offset_part(text, at + minus)) ms = ((ms - *offset * 1000) % 86'400'000 + 86'400'000) % 86'400'000;
      return static_cast<arrow::Time32Builder&>(*builder_).Append(static_cast<int32_t>(minus ? (86'400'000 - ms) % 86'400'000 : ms)).ok();
    }
    if (type_ == JdbcType::kDate) {
      std::optional<int64_t> days = date_part(text, &at);
      int64_t ms = 0;
      if (!days && number_of_text(text, &ms)) days = floored(ms, 86'400'000);
      else if (days) days = clock_.days_of_date(*days);
      return days && static_cast<arrow::Date32Builder&>(*builder_).Append(static_cast<int32_t>(*days)).ok();
    }
    return append_timestamp(text);
  }
  void append_null() override { (void)builder_->AppendNull(); }
  Result<Column> finish(const SchemaPtr& schema) override {
    auto done = builder_->Finish();
    if (!done.ok()) return Status::host(done.status().message());
    return Column{schema, done.MoveValueUnsafe()};
  }

 private:
  bool append_binary(std::string_view value) {
    if (type_ == JdbcType::kTimestamp) {
      if (auto micros = micros_of_binary(binary_type_, value)) return append_micros(*micros, false);
      return value.size() == 8 && append_infinite(binary_integer(value) < 0);
    }
    if (type_ == JdbcType::kDate) {
      auto days = days_of_binary(value);
      return days && static_cast<arrow::Date32Builder&>(*builder_).Append(static_cast<int32_t>(clock_.days_of_date(*days))).ok();
    }
    // With a zone: seconds west of UTC behind it.
    if (value.size() != 8 && value.size() != 12) return false;
    int64_t ms = binary_integer(value.substr(0, 8)) / 1000 % 86'400'000;
    if (value.size() == 12) ms = ((ms + binary_integer(value.substr(8)) * 1000) % 86'400'000 + 86'400'000) % 86'400'000;
    return static_cast<arrow::Time32Builder&>(*builder_).Append(static_cast<int32_t>(ms)).ok();
  }
  bool append_infinite(bool minus) {
    if (granularity_ != Granularity::kLogical) return false;
    return static_cast<arrow::TimestampBuilder&>(*builder_).Append(minus ? kMinusInfiniteMs : kInfiniteMs).ok();
  }
  bool append_timestamp(std::string_view text) {
    if (granularity_ == Granularity::kLogical && text.ends_with("infinity")) return append_infinite(text[0] == '-');
    bool is_instant = false;
    auto parsed = timestamp_of_text(text, &is_instant);
    return parsed && append_micros(*parsed, is_instant);
  }
  bool append_micros(int64_t micros, bool is_instant) {
    int64_t instant = is_instant || with_zone_ ? micros : clock_.instant_of_local(micros), nanos = 0;
    switch (granularity_) {
      case Granularity::kLogical: return static_cast<arrow::TimestampBuilder&>(*builder_).Append(floored(instant, 1000)).ok();
      case Granularity::kMicrosLong: return static_cast<arrow::Int64Builder&>(*builder_).Append(instant).ok();
      case Granularity::kMicrosString: return static_cast<arrow::StringBuilder&>(*builder_).Append(std::to_string(instant)).ok();
      case Granularity::kNanosLong: case Granularity::kNanosString:
        if (__builtin_mul_overflow(instant, int64_t{1000}, &nanos)) return false;
        if (granularity_ == Granularity::kNanosLong) return static_cast<arrow::Int64Builder&>(*builder_).Append(nanos).ok();
        return static_cast<arrow::StringBuilder&>(*builder_).Append(std::to_string(nanos)).ok();
      default: break;
    }
    int64_t local = clock_.local_of_instant(instant), days = floored(local, kDayMicrosOfSource), rest = local - days * kDayMicrosOfSource;
    std::string out = fmt::format("{}T{:02}:{:02}:{:02}.{:06}", date_text(days), rest / (3600 * kSecondMicros), rest / (60 * kSecondMicros) % 60,
                                  rest / kSecondMicros % 60, rest % kSecondMicros);
    if (granularity_ == Granularity::kNanosIso) out += "000";
    return static_cast<arrow::StringBuilder&>(*builder_).Append(out).ok();
  }

  JdbcType type_;
  uint32_t binary_type_;
  Granularity granularity_;
  bool with_zone_;
  SourceClock clock_;
  std::unique_ptr<arrow::ArrayBuilder> builder_;
};

SchemaPtr optional_of(Type type, bool optional) { return ConnectSchema::of(type, optional); }

SchemaPtr decimal_of(const SourceColumn& column) {
  columnar::SchemaSpec spec = ConnectSchema::decimal(column.scale, column.nullable)->spec();
  spec.parameters["connect.decimal.precision"] = std::to_string(column.precision);
  return ConnectSchema::make(std::move(spec));
}

SchemaPtr numeric_of(const SourceColumn& column, NumericMapping mapping) {
  constexpr int32_t kIntegerPrecision = 18;
  auto integer = [&] {
    Type type = column.precision > 9 ? Type::kInt64 : column.precision > 4 ? Type::kInt32 : column.precision > 2 ? Type::kInt16 : Type::kInt8;
    return optional_of(type, column.nullable);
  };
  bool best = mapping == NumericMapping::kBestFit || mapping == NumericMapping::kBestFitEagerDouble;
  if (column.any_scale) return best ? optional_of(Type::kFloat64, column.nullable) : decimal_of(column);
  bool fits = column.precision <= kIntegerPrecision, whole = column.scale < 1 && column.scale >= -84;
  if (mapping == NumericMapping::kPrecisionOnly && column.scale == 0 && fits) return integer();
  if (best && whole && fits) return integer();
  if (column.scale > 0 && ((mapping == NumericMapping::kBestFit && fits) || mapping == NumericMapping::kBestFitEagerDouble)) {
    return optional_of(Type::kFloat64, column.nullable);
  }
  return decimal_of(column);
}

std::unique_ptr<ValueBuilder> text_builder_for(const SourceColumn& column, const SchemaPtr& schema) {
  if (schema->logical() == columnar::Logical::kDecimal) return std::make_unique<DecimalColumn>(schema->decimal_scale());
  bool whole = column.type == JdbcType::kNumeric;
  switch (schema->type()) {
    case Type::kInt8: if (whole) return std::make_unique<WholeColumn<arrow::Int8Builder, int8_t>>(); return std::make_unique<NumberColumn<arrow::Int8Builder, int8_t>>();
    case Type::kInt16: if (whole) return std::make_unique<WholeColumn<arrow::Int16Builder, int16_t>>(); return std::make_unique<NumberColumn<arrow::Int16Builder, int16_t>>();
    case Type::kInt32: if (whole) return std::make_unique<WholeColumn<arrow::Int32Builder, int32_t>>(); return std::make_unique<NumberColumn<arrow::Int32Builder, int32_t>>();
    case Type::kInt64: if (whole) return std::make_unique<WholeColumn<arrow::Int64Builder, int64_t>>(); return std::make_unique<NumberColumn<arrow::Int64Builder, int64_t>>();
    case Type::kFloat32: return std::make_unique<NumberColumn<arrow::FloatBuilder, float>>();
    case Type::kFloat64: return std::make_unique<NumberColumn<arrow::DoubleBuilder, double>>();
    case Type::kBoolean: return std::make_unique<NumberColumn<arrow::BooleanBuilder, bool>>();
    case Type::kBytes: return std::make_unique<BytesColumn<arrow::BinaryBuilder>>();
    default: return std::make_unique<BytesColumn<arrow::StringBuilder>>();
  }
}

std::unique_ptr<ValueBuilder> builder_for(const SourceColumn& column, const SchemaPtr& schema, const SourceConfig& config) {
  if (column.type == JdbcType::kDate || column.type == JdbcType::kTime || column.type == JdbcType::kTimestamp) {
    return std::make_unique<TemporalColumn>(column, schema, config);
  }
  auto of_text = text_builder_for(column, schema);
  return column.binary_type ? binary_value_builder(column, schema, std::move(of_text)) : std::move(of_text);
}

}  // namespace

std::optional<int64_t> timestamp_of_text(std::string_view text, bool* instant) {
  *instant = false;
  size_t at = 0;
  auto days = date_part(text, &at);
  if (!days) {
    int64_t ms = 0, micros = 0;
    *instant = number_of_text(text, &ms);
    return *instant && !__builtin_mul_overflow(ms, int64_t{1000}, &micros) ? std::optional(micros) : std::nullopt;
  }
  int64_t of_day = 0;
  if (at < text.size() && (text[at] == ' ' || text[at] == 'T') && !text.substr(at).starts_with(" BC")) {
    ++at;
    auto time = time_part(text, &at);
    if (!time) return std::nullopt;
    of_day = *time;
    if (auto offset = offset_part(text, at)) {
      *instant = true;
      of_day -= *offset * kSecondMicros;
    }
  }
  int64_t out = 0;
  if (__builtin_mul_overflow(*days, kDayMicrosOfSource, &out) || __builtin_add_overflow(out, of_day, &out)) return std::nullopt;
  return out;
}

std::optional<int64_t> whole_number_of(const SourceColumn& column, std::string_view value) {
  if (column.binary_type && column.type != JdbcType::kText) return whole_of_binary(column.binary_type, value);
  int64_t out = 0;
  value = value.substr(0, value.find('.'));
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  return error == std::errc() && end == value.data() + value.size() ? std::optional(out) : std::nullopt;
}

std::optional<int64_t> timestamp_of(const SourceColumn& column, std::string_view value, bool* instant) {
  *instant = false;
  if (!column.binary_type || column.type == JdbcType::kText) return timestamp_of_text(value, instant);
  if (column.type == JdbcType::kTimestamp || column.type == JdbcType::kDate) return micros_of_binary(column.binary_type, value);
  // Milliseconds, as in a text that is a number.
  auto ms = whole_of_binary(column.binary_type, value);
  int64_t micros = 0;
  *instant = ms.has_value();
  return ms && !__builtin_mul_overflow(*ms, int64_t{1000}, &micros) ? std::optional(micros) : std::nullopt;
}

int64_t SourceClock::instant_of_local(int64_t local) const {
  int64_t days = floored(local, kDayMicrosOfSource);
  local += (days_of_date(days) - days) * kDayMicrosOfSource;
  if (zone_.is_utc()) return local;
  int64_t ms = floored(local, 1000);
  int32_t before = zone_.offset_ms(ms - 86'400'000), after = zone_.offset_ms(ms + 86'400'000);
  // In an overlap the later offset counts, in a gap the earlier one.
  int32_t offset = before != after && zone_.offset_ms(ms - after) != after ? before : after;
  return local - int64_t{offset} * 1000;
}

int64_t SourceClock::local_of_instant(int64_t instant) const {
  return zone_.is_utc() ? instant : instant + int64_t{zone_.offset_ms(floored(instant, 1000))} * 1000;
}

int64_t SourceClock::days_of_date(int64_t days) const {
  if (!legacy_ || days >= kGregorianFromDays || days < -100'000'000) return days;
  // The same year, month and day in the Julian calendar.
  const CivilDate date = civil_date(days);
  return java_calendar_days(date.year, date.month, date.day);
}

SchemaPtr connect_schema_of(const SourceColumn& column, const SourceConfig& config) {
  bool optional = column.nullable;
  switch (column.type) {
    case JdbcType::kBoolean: return optional_of(Type::kBoolean, optional);
    case JdbcType::kTinyint: return optional_of(column.is_unsigned ? Type::kInt16 : Type::kInt8, optional);
    case JdbcType::kSmallint: return optional_of(column.is_unsigned ? Type::kInt32 : Type::kInt16, optional);
    case JdbcType::kInteger: return optional_of(column.is_unsigned ? Type::kInt64 : Type::kInt32, optional);
    case JdbcType::kBigint: return optional_of(Type::kInt64, optional);
    case JdbcType::kReal: return optional_of(Type::kFloat32, optional);
    case JdbcType::kDouble: return optional_of(Type::kFloat64, optional);
    case JdbcType::kNumeric: return numeric_of(column, config.numerics);
    case JdbcType::kText: return optional_of(Type::kString, optional);
    case JdbcType::kBytes: return optional_of(Type::kBytes, optional);
    case JdbcType::kDate: return ConnectSchema::named(Type::kInt32, columnar::kDateName, optional);
    case JdbcType::kTime: return ConnectSchema::named(Type::kInt32, columnar::kTimeName, optional);
    case JdbcType::kTimestamp:
      switch (config.granularity) {
        case Granularity::kLogical: return ConnectSchema::named(Type::kInt64, columnar::kTimestampName, optional);
        case Granularity::kMicrosLong: case Granularity::kNanosLong: return optional_of(Type::kInt64, optional);
        default: return optional_of(Type::kString, optional);
      }
    case JdbcType::kOther: break;
  }
  return nullptr;
}

RowBuilder::RowBuilder() = default;
RowBuilder::~RowBuilder() = default;

Result<std::unique_ptr<RowBuilder>> RowBuilder::make(const SourceConfig& config, const std::string& name, const std::vector<SourceColumn>& columns) {
  std::unique_ptr<RowBuilder> out(new RowBuilder);
  columnar::SchemaSpec spec;
  spec.type = Type::kStruct;
  if (!name.empty()) spec.name = name;
  for (size_t i = 0; i < columns.size(); ++i) {
    SchemaPtr schema = connect_schema_of(columns[i], config);
    if (!schema) {
      log::warn("jdbc.source", "Column '{}' is left out: its type {} has no counterpart in Connect. Cast it in a query", columns[i].name, columns[i].type_name);
      continue;
    }
    for (const columnar::Field& known : spec.fields) {
      if (known.name == columns[i].name) return Status::invalid(fmt::format("Two columns are named '{}': name them apart in the query", known.name));
    }
    spec.fields.push_back({columns[i].name, schema, false});
    out->builders_.push_back(builder_for(columns[i], schema, config));
    out->sources_.push_back(i);
  }
  out->schema_ = ConnectSchema::make(std::move(spec));
  return out;
}

Status RowBuilder::append(const SourceRow& row) {
  for (size_t i = 0; i < builders_.size(); ++i) {
    const auto& text = row[sources_[i]];
    if (!text) builders_[i]->append_null();
    else if (!builders_[i]->append(*text)) {
      const columnar::Field& field = schema_->fields()[i];
      return Status::data(fmt::format("A value of column '{}' is no {} ({}): set numeric.mapping, or cast the column in a query", field.name,
                                      to_string(field.schema->type()), field.schema->name().value_or("plain")))
          .with_java_class("org.apache.kafka.connect.errors.DataException");
    }
  }
  ++row_count_;
  return {};
}

Result<Column> RowBuilder::finish() {
  std::vector<Column> children;
  for (size_t i = 0; i < builders_.size(); ++i) {
    ASSIGN_OR_RETURN(Column child, builders_[i]->finish(schema_->fields()[i].schema));
    children.push_back(std::move(child));
  }
  int64_t rows = std::exchange(row_count_, 0);
  return make_struct_column(schema_, std::move(children), {}, nullptr, rows);
}

}  // namespace bywash::jdbc
