// Casting single values. Level 4.
#include "transforms/cast_rules.h"

#include <algorithm>
#include <limits>

#include "base/calendar.h"
#include "base/encoding.h"
#include "base/text.h"
#include "base/time_arithmetic.h"
#include "columnar/java_text.h"
#include "config/properties.h"
#include "transforms/config_checks.h"
#include "transforms/java_numbers.h"

namespace bywash::transforms {
namespace {

using columnar::ConnectSchema;
using columnar::Decimal;
using columnar::Logical;
using columnar::Type;

constexpr std::string_view kOutputs = "[INT8, INT16, INT32, INT64, FLOAT32, FLOAT64, BOOLEAN, STRING]";
constexpr std::string_view kInputs = "[INT8, INT16, INT32, INT64, FLOAT32, FLOAT64, BOOLEAN, STRING, BYTES]";

Result<Type> target_type(const std::string& text) {
  const std::string name = ascii_upper(config::trim(text));
  for (Type t : {Type::kInt8, Type::kInt16, Type::kInt32, Type::kInt64, Type::kFloat32, Type::kFloat64, Type::kBoolean, Type::kString}) {
    if (ascii_upper(columnar::to_string(t)) == name) return t;
  }
  for (Type t : {Type::kBytes, Type::kArray, Type::kMap, Type::kStruct}) {
    if (ascii_upper(columnar::to_string(t)) == name) {
      return config_error(fmt::format("Cast transformation does not support casting to {}; supported types are {}", name, kOutputs));
    }
  }
  return config_error(fmt::format("Invalid value java.lang.IllegalArgumentException: No enum constant org.apache.kafka.connect.data.Schema.Type.{} "
                                  "for configuration Invalid type found in casting spec: {}", name, config::trim(text)));
}

// Values.dateFormatFor: a time before 1970-01-02, a date at midnight, else a timestamp; in UTC.
std::string date_text(int64_t ms) {
  int64_t days = ms / kMsPerDay - (ms % kMsPerDay < 0), in_day = ms - days * kMsPerDay;
  std::string time = fmt::format("{:02}:{:02}:{:02}.{:03}Z", in_day / 3'600'000, in_day / 60'000 % 60, in_day / 1000 % 60, in_day % 1000);
  if (ms < kMsPerDay) return time;
  const CivilDate civil = civil_date(days);
  std::string date = fmt::format("{:04}-{:02}-{:02}", civil.year, civil.month, civil.day);
  return in_day == 0 ? date : date + "T" + time;
}

std::string text_of(const Value& value) {
  if (auto* ms = value.get_if<Value::Millis>()) return date_text(ms->ms);
  if (auto* bytes = value.get_if<Value::Bytes>()) return base64(bytes->data);
  return columnar::java_text(value);
}

// A date as the number that its schema keeps it as.
Value as_stored(const Value& value, const ConnectSchema& schema) {
  auto* ms = value.get_if<Value::Millis>();
  if (!ms) return value;
  switch (schema.logical()) {
    case Logical::kDate: return Value(static_cast<int32_t>(ms->ms / kMsPerDay - (ms->ms % kMsPerDay < 0)));
    case Logical::kTime: return Value(static_cast<int32_t>(ms->ms));
    case Logical::kTimestamp: return Value(ms->ms);
    default: return value;
  }
}

// The type of a schemaless value that Connect knows, or none.
std::optional<Type> inferred_type(const Value& value) {
  static constexpr Type kTypes[] = {Type::kBoolean, Type::kInt8, Type::kInt16, Type::kInt32, Type::kInt64, Type::kFloat32, Type::kFloat64, Type::kString, Type::kBytes};
  size_t i = value.storage().index();
  if (i >= 1 && i <= std::size(kTypes)) return kTypes[i - 1];
  if (value.as_list()) return Type::kArray;
  if (value.as_map()) return Type::kMap;
  if (value.as_struct()) return Type::kStruct;
  return std::nullopt;
}

template <class Int>
Result<Value> to_integer(const Value& value, std::string_view target) {
  if (auto* b = value.get_if<bool>()) return Value(static_cast<Int>(*b));
  if (auto* s = value.get_if<std::string>()) {
    if (auto n = parse_java_integer(*s, std::numeric_limits<Int>::min(), std::numeric_limits<Int>::max())) return Value(static_cast<Int>(*n));
    return data_error(kDataException, fmt::format("Value was out of range for requested data type (a string that is no {})", target));
  }
  if constexpr (sizeof(Int) <= 4) {
    if (auto n = int_value(value)) return Value(static_cast<Int>(*n));
  } else {
    if (auto n = long_value(value)) return Value(static_cast<Int>(*n));
  }
  return data_error(kDataException, "Unexpected type in Cast transformation: class " + java_class_of(value));
}

template <class Float>
Result<Value> to_float(const Value& value, std::string_view target) {
  if (auto* b = value.get_if<bool>()) return Value(static_cast<Float>(*b));
  std::optional<Float> parsed;
  if (auto* s = value.get_if<std::string>()) {
    if constexpr (sizeof(Float) == 4) parsed = parse_java_float(*s);
    else parsed = parse_java_double(*s);
    if (parsed) return Value(*parsed);
    return data_error(kDataException, fmt::format("Value was out of range for requested data type (a string that is no {})", target));
  }
  if constexpr (sizeof(Float) == 4) parsed = float_value(value);
  else parsed = double_value(value);
  if (parsed) return Value(*parsed);
  return data_error(kDataException, "Unexpected type in Cast transformation: class " + java_class_of(value));
}

Result<Value> to_boolean(const Value& value) {
  if (value.is<bool>()) return value;
  if (auto* s = value.get_if<std::string>()) return Value(ascii_upper(*s) == "TRUE");
  if (auto n = long_value(value)) return Value(*n != 0);
  return data_error(kDataException, "Unexpected type in Cast transformation: class " + java_class_of(value));
}

}  // namespace

Result<CastSpec> parse_cast_spec(const config::List& spec) {
  if (spec.empty()) return config_error("Must specify at least one field to cast.");
  CastSpec out;
  for (const std::string& mapping : spec) {
    config::List parts = java_split(mapping, ':');
    if (parts.empty() || parts.size() > 2) return config_error(invalid_mapping(spec, mapping));
    ASSIGN_OR_RETURN(Type type, target_type(parts.back()));
    if (parts.size() == 1) out.whole = type;
    else out.fields[std::string(config::trim(parts[0]))] = type;
  }
  if (out.whole && spec.size() > 1) {
    return config_error("Cast transformations that specify a type to cast the entire value to may only specify a single cast in their spec");
  }
  return out;
}

Result<Value> cast_value(const Value& value, const ConnectSchema* schema, Type target) {
  if (value.is_null()) return value;
  std::optional<Type> type = schema ? std::optional(schema->type()) : inferred_type(value);
  if (!type) {
    return data_error(kDataException, fmt::format("Cast transformation was passed a value of type class {} which is not supported by Connect's data API",
                                                  java_class_of(value)));
  }
  if (*type == Type::kArray || *type == Type::kMap || *type == Type::kStruct) {
    return data_error(kDataException, fmt::format("Cast transformation does not support casting from {}; supported types are {}", ascii_upper(columnar::to_string(*type)), kInputs));
  }
  const Value from = schema && target != Type::kString ? as_stored(value, *schema) : value;
  switch (target) {
    case Type::kInt8: return to_integer<int8_t>(from, "int8");
    case Type::kInt16: return to_integer<int16_t>(from, "int16");
    case Type::kInt32: return to_integer<int32_t>(from, "int32");
    case Type::kInt64: return to_integer<int64_t>(from, "int64");
    case Type::kFloat32: return to_float<float>(from, "float32");
    case Type::kFloat64: return to_float<double>(from, "float64");
    case Type::kBoolean: return to_boolean(from);
    default: return Value::string(text_of(from));
  }
}

}  // namespace bywash::transforms
