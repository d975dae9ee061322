// TimestampConverter: times between text, Unix numbers, Date, Time and Timestamp (org.apache.kafka.connect.transforms.TimestampConverter,
// Kafka 4.3). Level 4, the task's thread.
#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>

#include "base/text.h"
#include "config/properties.h"
#include "base/time_arithmetic.h"
#include "transforms/cast_kernels.h"
#include "transforms/column_map.h"
#include "transforms/declaration.h"
#include "transforms/field_slots.h"
#include "transforms/java_date_format.h"
#include "transforms/reject.h"

namespace bywash::transforms {
namespace {

using columnar::ConnectSchema;
using columnar::Logical;
using columnar::Type;

constexpr std::string_view kTimestampConverterPurpose = "converting timestamp formats";
constexpr std::string_view kConnectException = "org.apache.kafka.connect.errors.ConnectException";

struct ConverterConfig {
  std::string field, target, format, precision;
  bool replace_null_with_default = true;
};

enum class TimeUnit : uint8_t { kSeconds, kMillis, kMicros, kNanos };

TimeUnit unit_named(const std::string& precision) {
  if (precision == "seconds") return TimeUnit::kSeconds;
  if (precision == "microseconds") return TimeUnit::kMicros;
  return precision == "nanoseconds" ? TimeUnit::kNanos : TimeUnit::kMillis;
}

enum class TimeKind : uint8_t { kString, kUnix, kDate, kTime, kTimestamp };

TimeKind kind_named(const std::string& target) {
  if (target == "string") return TimeKind::kString;
  if (target == "unix") return TimeKind::kUnix;
  if (target == "Date") return TimeKind::kDate;
  return target == "Time" ? TimeKind::kTime : TimeKind::kTimestamp;
}

SchemaPtr schema_of_kind(TimeKind kind, bool optional) {
  switch (kind) {
    case TimeKind::kString: return ConnectSchema::of(Type::kString, optional);
    case TimeKind::kUnix: return ConnectSchema::of(Type::kInt64, optional);
    default: break;
  }
  columnar::SchemaSpec spec;
  spec.type = kind == TimeKind::kTimestamp ? Type::kInt64 : Type::kInt32;
  spec.optional = optional;
  spec.name = std::string(kind == TimeKind::kDate ? columnar::kDateName : kind == TimeKind::kTime ? columnar::kTimeName : columnar::kTimestampName);
  spec.version = 1;
  return ConnectSchema::make(std::move(spec));
}

// What a schema's values are, or the original's refusal.
Result<TimeKind> kind_of(const ConnectSchema& schema) {
  switch (schema.logical()) {
    case Logical::kDate: return TimeKind::kDate;
    case Logical::kTime: return TimeKind::kTime;
    case Logical::kTimestamp: return TimeKind::kTimestamp;
    default: break;
  }
  if (schema.type() == Type::kString) return TimeKind::kString;
  if (schema.type() == Type::kInt64) return TimeKind::kUnix;
  return data_error(kConnectException, fmt::format("Schema Schema{{{}{}}} does not correspond to a known timestamp type format",
                                                   schema.name() ? *schema.name() + ":" : "", ascii_upper(columnar::to_string(schema.type()))));
}

struct Conversion {
  std::string field;
  TimeKind target = TimeKind::kTimestamp;
  std::optional<JavaDateFormat> format;
  std::string pattern;
  TimeUnit unit = TimeUnit::kMillis;
  bool defaults = true;
  Side side = Side::kValue;

  static int64_t saturating(int64_t n, int64_t by) {
    int64_t out = 0;
    return __builtin_mul_overflow(n, by, &out) ? (n < 0 ? INT64_MIN : INT64_MAX) : out;
  }
  // TimeUnit's conversions: towards zero when coarser, saturating when finer.
  int64_t unix_of(int64_t ms) const {
    switch (unit) {
      case TimeUnit::kSeconds: return ms / 1000;
      case TimeUnit::kMicros: return saturating(ms, 1000);
      case TimeUnit::kNanos: return saturating(ms, 1'000'000);
      default: return ms;
    }
  }
  int64_t millis_of(int64_t unix_time) const {
    switch (unit) {
      case TimeUnit::kSeconds: return saturating(unix_time, 1000);
      case TimeUnit::kMicros: return unix_time / 1000;
      case TimeUnit::kNanos: return unix_time / 1'000'000;
      default: return unix_time;
    }
  }
  Result<int64_t> millis(const Value& value) const {
    if (auto* ms = value.get_if<Value::Millis>()) return ms->ms;
    if (auto* n = value.get_if<int64_t>()) return millis_of(*n);
    auto* text = value.get_if<std::string>();
    if (!text) return data_error(kDataException, fmt::format("TimestampConverter does not support class {} objects as timestamps", java_class_of(value)));
    if (!format) return data_error(kNullPointer, "TimestampConverter needs the format option to read string timestamps");
    auto parsed = format->parse(*text);
    if (!parsed) return data_error(kDataException, fmt::format("Could not parse timestamp: value does not match pattern ({})", pattern));
    return *parsed;
  }
  Result<Value> operator()(const Value& value) const {
    if (value.is_null()) return value;
    ASSIGN_OR_RETURN(int64_t ms, millis(value));
    const int64_t in_day = ((ms % kMsPerDay) + kMsPerDay) % kMsPerDay;
    switch (target) {
      case TimeKind::kString: return Value(format->format(ms));
      case TimeKind::kUnix: return Value(unix_of(ms));
      case TimeKind::kDate: return Value(Value::Millis{ms - in_day});
      case TimeKind::kTime: return Value(Value::Millis{in_day});
      case TimeKind::kTimestamp: return Value(Value::Millis{ms});
    }
    return value;
  }
};

// Times of a column in milliseconds, with the rows whose text is no time; nullptr: this type goes value by value.
std::shared_ptr<arrow::Buffer> millis_of_column(const Conversion& how, const Column& column, std::vector<int64_t>* refused) {
  const int64_t rows = column.row_count();
  const ConnectSchema& schema = *column.schema;
  auto made = arrow::AllocateBuffer(rows * static_cast<int64_t>(sizeof(int64_t)));
  if (!made.ok()) return nullptr;
  auto* to = reinterpret_cast<int64_t*>((*made)->mutable_data());
  auto fill = [&](auto read) {
    for (int64_t i = 0; i < rows; ++i) to[i] = read(i);
  };
  if (schema.logical() == Logical::kDate) {
    fill([v = static_cast<const arrow::Date32Array&>(*column.data).raw_values()](int64_t i) { return v[i] * kMsPerDay; });
  } else if (schema.logical() == Logical::kTime) {
    fill([v = static_cast<const arrow::Time32Array&>(*column.data).raw_values()](int64_t i) { return int64_t{v[i]}; });
  } else if (schema.logical() == Logical::kTimestamp) {
    fill([v = static_cast<const arrow::TimestampArray&>(*column.data).raw_values()](int64_t i) { return v[i]; });
  } else if (schema.type() == Type::kInt64 && schema.logical() == Logical::kNone) {
    fill([&, v = static_cast<const arrow::Int64Array&>(*column.data).raw_values()](int64_t i) { return how.millis_of(v[i]); });
  } else if (schema.type() == Type::kString && how.format) {
    const auto& texts = static_cast<const arrow::StringArray&>(*column.data);
    for (int64_t i = 0; i < rows; ++i) {
      to[i] = 0;
      if (texts.IsNull(i)) continue;
      if (auto ms = how.format->parse(texts.GetView(i))) to[i] = *ms;
      else refused->push_back(i);
    }
  } else {
    return nullptr;
  }
  return *std::move(made);
}

// Milliseconds as the target's values, in a buffer of the same rows; the target is no text.
std::shared_ptr<arrow::Array> times_as(const Conversion& how, const arrow::Buffer& ms, std::shared_ptr<arrow::Buffer> validity, int64_t rows, const SchemaPtr& out) {
  const bool wide = how.target == TimeKind::kUnix || how.target == TimeKind::kTimestamp;
  auto made = arrow::AllocateBuffer(rows * (wide ? 8 : 4));
  if (!made.ok()) return nullptr;
  const auto* from = reinterpret_cast<const int64_t*>(ms.data());
  auto* wide_to = reinterpret_cast<int64_t*>((*made)->mutable_data());
  auto* narrow_to = reinterpret_cast<int32_t*>((*made)->mutable_data());
  auto fill = [&](auto* to, auto convert) {
    for (int64_t i = 0; i < rows; ++i) to[i] = static_cast<std::remove_pointer_t<decltype(to)>>(convert(from[i]));
  };
  switch (how.target) {
    case TimeKind::kUnix: fill(wide_to, [&how](int64_t t) { return how.unix_of(t); }); break;
    case TimeKind::kTimestamp: fill(wide_to, [](int64_t t) { return t; }); break;
    case TimeKind::kDate: fill(narrow_to, [](int64_t t) { return floor_div(t, kMsPerDay); }); break;
    default: fill(narrow_to, [](int64_t t) { return t - floor_div(t, kMsPerDay) * kMsPerDay; }); break;
  }
  return arrow::MakeArray(arrow::ArrayData::Make(out->arrow_type(), rows, {std::move(validity), *std::move(made)}));
}

// Milliseconds as what `append(ms, &bytes)` writes of each; nullptr: more than one array holds.
template <class Append>
std::shared_ptr<arrow::Array> times_as_bytes(const arrow::Buffer& ms, std::shared_ptr<arrow::Buffer> validity, int64_t rows, const SchemaPtr& out, size_t width, const Append& append) {
  auto offsets = arrow::AllocateBuffer((rows + 1) * static_cast<int64_t>(sizeof(int32_t)));
  if (!offsets.ok()) return nullptr;
  auto* at = reinterpret_cast<int32_t*>((*offsets)->mutable_data());
  const auto* from = reinterpret_cast<const int64_t*>(ms.data());
  std::string bytes;
  bytes.reserve(static_cast<size_t>(rows) * width);
  for (int64_t i = 0; i < rows; ++i) {
    at[i] = static_cast<int32_t>(bytes.size());
    if (!validity || arrow::bit_util::GetBit(validity->data(), i)) append(from[i], &bytes);
  }
  if (bytes.size() > static_cast<size_t>(INT32_MAX)) return nullptr;
  at[rows] = static_cast<int32_t>(bytes.size());
  return arrow::MakeArray(arrow::ArrayData::Make(out->arrow_type(), rows, {std::move(validity), *std::move(offsets), arrow::Buffer::FromString(std::move(bytes))}));
}

std::shared_ptr<arrow::Array> times_in(const Conversion& how, const arrow::Buffer& ms, std::shared_ptr<arrow::Buffer> validity, int64_t rows, const SchemaPtr& out) {
  if (how.target == TimeKind::kString) {
    return times_as_bytes(ms, std::move(validity), rows, out, how.pattern.size(), [&](int64_t time, std::string* to) { how.format->append(time, to); });
  }
  if (out->type() != Type::kVariant) return times_as(how, ms, std::move(validity), rows, out);
  // Dates without schema are java.util.Date, which no type of Connect holds.
  return times_as_bytes(ms, std::move(validity), rows, out, sizeof(int64_t) + 1, [&](int64_t time, std::string* to) {
    const int64_t in_day = time - floor_div(time, kMsPerDay) * kMsPerDay;
    const int64_t kept = how.target == TimeKind::kDate ? time - in_day : how.target == TimeKind::kTime ? in_day : time;
    to->append(columnar::encode_variant(Value(Value::Millis{kept})));
  });
}

// Whole columns where the types allow it, else value by value; a row that is no time fails with the same words either way.
Result<Column> convert_rows(Batch& batch, const Conversion& how, const Column& column, const SchemaPtr& out) {
  std::vector<int64_t> refused;
  std::shared_ptr<arrow::Buffer> ms;
  // Schemaless columns of nulls only have a shape of their own.
  if (column.data->null_count() < column.row_count()) ms = millis_of_column(how, column, &refused);
  if (!ms) return map_column(batch, column, out, how);
  auto validity = validity_of(*column.data);
  if (!refused.empty()) {
    auto own = arrow::AllocateBitmap(column.row_count());
    if (!own.ok()) return Status::fatal(own.status().message());
    for (int64_t row = 0; row < column.row_count(); ++row) arrow::bit_util::SetBitTo((*own)->mutable_data(), row, column.data->IsValid(row));
    for (int64_t row : refused) {
      arrow::bit_util::ClearBit((*own)->mutable_data(), row);
      if (batch.selected.test(row)) fail_row(batch, row, how(value_at(column, row)).status());
    }
    validity = *std::move(own);
  }
  const Type shape = how.target == TimeKind::kString ? Type::kString : how.target == TimeKind::kUnix ? Type::kInt64 : Type::kVariant;
  SchemaPtr schema = out ? out : ConnectSchema::schemaless(shape);
  auto array = times_in(how, *ms, std::move(validity), column.row_count(), schema);
  if (!array) return map_column(batch, column, out, how);
  return Column{std::move(schema), std::move(array)};
}

class ConvertWhole : public plugin::BoundTransform {
 public:
  ConvertWhole(const Conversion& how, SchemaPtr out) : how_(how), out_(std::move(out)) {}
  Status apply(Batch& batch) override {
    Column& record = column_of(batch, how_.side);
    ASSIGN_OR_RETURN(record, convert_rows(batch, how_, Column(record), out_));
    return {};
  }

 private:
  const Conversion how_;
  const SchemaPtr out_;  // null: schemaless
};

class ConvertInStruct : public plugin::BoundTransform {
 public:
  ConvertInStruct(const Conversion& how, SchemaPtr schema, int position, Status refusal)
      : how_(how), schema_(std::move(schema)), position_(position), refusal_(std::move(refusal)) {}
  Status apply(Batch& batch) override {
    Column& record = column_of(batch, how_.side);
    std::vector<Slot> slots = slots_of(record);
    if (how_.defaults) {
      for (Slot& slot : slots) { ASSIGN_OR_RETURN(slot.column, with_default(slot.column)); }
    }
    if (!refusal_.ok()) {
      columnar::RowMask rows = batch.selected;
      rows.for_each([&](int64_t row) {
        if (!record.is_null(row)) fail_row(batch, row, refusal_);
      });
    }
    if (position_ >= 0) {
      Column& column = slots[static_cast<size_t>(position_)].column;
      ASSIGN_OR_RETURN(column, convert_rows(batch, how_, masked_by_parent(column, record), schema_->fields()[static_cast<size_t>(position_)].schema));
    }
    record = assemble_struct(schema_, std::move(slots), record);
    return {};
  }

 private:
  const Conversion how_;
  const SchemaPtr schema_;
  const int position_;     // of the field, or -1
  const Status refusal_;   // its schema is no time
};

class ConvertInMap : public plugin::BoundTransform {
 public:
  explicit ConvertInMap(const Conversion& how) : how_(how) {}
  void leave_out(const Batch& batch, columnar::RowMask* rows) const override { leave_out_nulls(column_of(batch, how_.side), rows); }
  Status apply(Batch& batch) override {
    Column& record = column_of(batch, how_.side);
    if (record.schema->type() == Type::kVariant) return apply_rows(batch);
    std::vector<Slot> slots = slots_of(record);
    int at = find_slot(slots, how_.field);
    if (at < 0) {
      // A map gets the key, with null.
      slots.push_back({how_.field, {ConnectSchema::schemaless(Type::kNull), std::make_shared<arrow::NullArray>(batch.row_count())}, nullptr});
    } else {
      Slot& slot = slots[static_cast<size_t>(at)];
      Column column = masked_by_parent(present_only(slot.column, slot.present), record);
      ASSIGN_OR_RETURN(slot.column, convert_rows(batch, how_, column, nullptr));
      slot.present = nullptr;
    }
    record = assemble_(std::move(slots), record);
    return {};
  }

 private:
  Status apply_rows(Batch& batch) {
    return map_schemaless_rows(batch, how_.side, [&](const Value& value, int64_t) -> Result<Value> {
      const Value::Map* old = value.as_map();
      if (!old) return not_a_map(kTimestampConverterPurpose, java_class_of(value));
      Value::Map map = *old;
      const Value* found = map_get(map, how_.field);
      ASSIGN_OR_RETURN(Value converted, how_(found ? *found : Value()));
      map_put(map, how_.field, std::move(converted));
      return Value::map(std::move(map));
    });
  }
  const Conversion how_;
  ObjectAssembler assemble_;
};

class TimestampConverter : public plugin::Transform {
 public:
  explicit TimestampConverter(Conversion how) : how_(std::move(how)) {}
  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas& schemas) override {
    const ConnectSchema& schema = *schema_of(schemas, how_.side);
    if (schema.schemaless()) {
      if (schema.type() == Type::kNull) return pass_through();
      if (how_.field.empty()) return make_bound<ConvertWhole>(how_, nullptr);
      if (schema.type() != Type::kObject && schema.type() != Type::kVariant) return reject_not_map(how_.side, kTimestampConverterPurpose);
      return make_bound<ConvertInMap>(how_);
    }
    if (how_.field.empty()) {
      // The original asks the schema even for a null.
      ASSIGN_OR_RETURN(TimeKind from, kind_of(schema));
      (void)from;
      return make_bound<ConvertWhole>(how_, schema_of_kind(how_.target, schema.optional()));
    }
    if (schema.type() != Type::kStruct) return reject_not_struct_nor_null(how_.side, kTimestampConverterPurpose, "Cannot list fields on non-struct type");
    return bind_struct(schema);
  }

 private:
  Result<std::unique_ptr<plugin::BoundTransform>> bind_struct(const ConnectSchema& schema) {
    auto builder = StructSchemaBuilder::basics_of(schema);
    Status refusal;
    for (const auto& field : schema.fields()) {
      const bool it = field.name == how_.field;
      if (it) refusal = kind_of(*field.schema).status();
      RETURN_IF_ERROR(builder.add(field.name, it ? schema_of_kind(how_.target, field.schema->optional()) : field.schema));
    }
    if (schema.optional()) builder.optional();
    if (schema.default_value()) RETURN_IF_ERROR(convert_default(schema, builder));
    return make_bound<ConvertInStruct>(how_, builder.build(), refusal.ok() ? schema.field_index(how_.field) : -1, refusal);
  }
  // The struct's default with its field converted too.
  Status convert_default(const ConnectSchema& schema, StructSchemaBuilder& builder) {
    const Value::Struct* old = schema.default_value()->as_struct();
    if (!old) return {};
    std::vector<Value> values = old->values;
    if (int i = schema.field_index(how_.field); i >= 0) {
      ASSIGN_OR_RETURN(values[static_cast<size_t>(i)], how_(values[static_cast<size_t>(i)]));
    }
    SchemaPtr shape = builder.build();
    builder.spec().default_value = std::make_shared<const Value>(Value::structure(std::move(shape), std::move(values)));
    return {};
  }
  const Conversion how_;
};

Result<Conversion> conversion_of(const ConverterConfig& c, Side side) {
  Conversion how;
  how.field = c.field;
  how.target = kind_named(c.target);
  how.pattern = c.format;
  how.unit = unit_named(c.precision);
  how.defaults = c.replace_null_with_default;
  how.side = side;
  const bool blank = config::trim(c.format).empty();
  if (c.target == "string" && blank) return config_error("TimestampConverter requires format option to be specified when using string timestamps");
  if (blank) return how;
  auto format = JavaDateFormat::compile(c.format);
  if (!format.ok()) {
    return config_error(fmt::format("Invalid value java.lang.IllegalArgumentException: {} for configuration TimestampConverter requires a "
                                    "SimpleDateFormat-compatible pattern for string timestamps: {}", format.status().message(), c.format));
  }
  how.format = *std::move(format);
  return how;
}

}  // namespace

plugin::TransformPlugin timestamp_converter() {
  using C = ConverterConfig;
  config::TypedConfig<C> def;
  def.key("field", &C::field).by_default("").high().doc("The field containing the timestamp, or empty if the entire value is a timestamp");
  def.key("target.type", &C::target).required().high().one_of({"string", "unix", "Date", "Time", "Timestamp"})
      .doc("The desired timestamp representation: string, unix, Date, Time, or Timestamp");
  def.key("format", &C::format).by_default("")
      .doc("A SimpleDateFormat-compatible format for the timestamp. Used to generate the output when type=string or used to parse the input if the "
           "input is a string.");
  def.key("unix.precision", &C::precision).by_default("milliseconds").low().one_of({"nanoseconds", "microseconds", "milliseconds", "seconds"})
      .doc("The desired Unix precision for the timestamp: seconds, milliseconds, microseconds, or nanoseconds. Used to generate the output when type=unix or used to parse "
           "the input if the input is a Long.Note: This SMT will cause precision loss during conversions from, and to, values with sub-millisecond components.");
  define_replace_null(def, &C::replace_null_with_default);
  return declare(transform_info("timestamp_converter", "TimestampConverter", Sided::kYes, "Converts times between representations",
                                "Converts a field, or the whole key or value, between text, Unix numbers and Connect's Date, Time and Timestamp, in UTC.",
                                {R"({"field": "created", "target.type": "Timestamp", "format": "yyyy-MM-dd HH:mm:ss"})"}),
                 def, [](C c, Side side) -> Result<std::unique_ptr<plugin::Transform>> {
                   ASSIGN_OR_RETURN(Conversion how, conversion_of(c, side));
                   return make_transform<TimestampConverter>(std::move(how));
                 });
}

}  // namespace bywash::transforms
