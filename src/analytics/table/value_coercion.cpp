// See value_coercion.h.
#include "analytics/table/value_coercion.h"

#include <cfloat>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "analytics/plan/decimal_text.h"
#include "analytics/sql/java_text.h"
#include "analytics/table/time_format.h"

namespace bywash::analytics {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

void put_integer(int64_t value, CoercedValue& out) {
  out.integer = value;
  out.null = false;
}

void put_real(double value, const FieldSpec& field, CoercedValue& out) {
  if (!std::isfinite(value) || (field.type == DataType::kFloat && std::fabs(value) > FLT_MAX)) return out.fail(ReplaceReason::kOutOfRange);
  out.real = value;
  out.null = false;
}

// An integer column's value from a number's text.
void integer_from(std::string_view token, const FieldSpec& field, CoercedValue& out) {
  int64_t value = 0;
  const char* last = token.data() + token.size();
  auto [end, error] = std::from_chars(token.data() + (token.starts_with('+') ? 1 : 0), last, value);
  if (error == std::errc::result_out_of_range && end == last) return out.fail(ReplaceReason::kOutOfRange);
  if (error != std::errc() || end != last) {
    double real = 0;
    auto [real_end, real_error] = std::from_chars(token.data(), last, real);
    if (real_error == std::errc::result_out_of_range) return out.fail(ReplaceReason::kOutOfRange);
    if (real_error != std::errc() || real_end != last || std::isnan(real)) return out.fail(ReplaceReason::kNotANumber);
    if (std::fabs(real) >= 9.2e18) return out.fail(ReplaceReason::kOutOfRange);
    if (std::trunc(real) != real) return out.fail(ReplaceReason::kFractional);
    value = static_cast<int64_t>(real);
  }
  if (stored_as(field.type) == Stored::kI32 && (value < INT32_MIN || value > INT32_MAX)) return out.fail(ReplaceReason::kOutOfRange);
  put_integer(value, out);
}

void real_from(std::string_view token, const FieldSpec& field, CoercedValue& out) {
  double value = 0;
  const char* last = token.data() + token.size();
  auto [end, error] = std::from_chars(token.data() + (token.starts_with('+') ? 1 : 0), last, value);
  if (error == std::errc::result_out_of_range) return out.fail(ReplaceReason::kOutOfRange);
  if (error != std::errc() || end != last || std::isnan(value)) return out.fail(ReplaceReason::kNotANumber);
  put_real(value + 0.0, field, out);  // -0.0 is 0.0 (SpecialValueTransformer 1.5.1)
}

void timestamp_from(std::string_view text, CoercedValue& out) {
  if (Result<Scalar> value = parse_scalar(DataType::kTimestamp, text)) return put_integer(value->integer, out);
  for (const char* pattern : {"SIMPLE_DATE_FORMAT|yyyy-MM-dd'T'HH:mm:ssX", "SIMPLE_DATE_FORMAT|yyyy-MM-dd'T'HH:mm:ss.SSSX",
                              "SIMPLE_DATE_FORMAT|yyyy-MM-dd'T'HH:mm:ss", "SIMPLE_DATE_FORMAT|yyyy-MM-dd'T'HH:mm:ss.SSS",
                              "SIMPLE_DATE_FORMAT|yyyy-MM-dd"}) {
    Result<TimeFormat> format = TimeFormat::parse(pattern);
    if (std::optional<int64_t> at = format ? format->to_millis(text) : std::nullopt) return put_integer(*at, out);
  }
  out.fail(ReplaceReason::kWrongType);
}

}  // namespace

bool is_json_number(std::string_view token) {
  size_t i = 0;
  auto digits = [&] {
    const size_t from = i;
    while (i < token.size() && token[i] >= '0' && token[i] <= '9') ++i;
    return i - from;
  };
  if (i < token.size() && token[i] == '-') ++i;
  const bool zero = i < token.size() && token[i] == '0';
  const size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (i < token.size() && token[i] == '.') {
    ++i;
    if (digits() == 0) return false;
  }
  if (i < token.size() && (token[i] == 'e' || token[i] == 'E')) {
    ++i;
    if (i < token.size() && (token[i] == '+' || token[i] == '-')) ++i;
    if (digits() == 0) return false;
  }
  return i == token.size();
}

void put_text(std::string text, const FieldSpec& field, LongText long_text, CoercedValue& out) {
  out.null = false;
  const auto limit = static_cast<size_t>(field.max_length);
  if (text.size() > limit && long_text != LongText::kKeep) {
    // maxLength counts Java chars: UTF-16 units. `cut` is where the first `limit` of them end.
    size_t units = 0, cut = text.size();
    for (size_t i = 0; i < text.size();) {
      const auto lead = static_cast<unsigned char>(text[i]);
      const size_t bytes = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
      units += bytes == 4 ? 2 : 1;
      if (units > limit) {
        cut = i;
        break;
      }
      i += bytes;
    }
    if (cut < text.size()) {
      out.problem = ReplaceReason::kTooLong;
      if (long_text != LongText::kTrim) return out.fail(ReplaceReason::kTooLong);
      text.resize(cut);
    }
  }
  out.text = std::move(text);
}

void coerce_text(std::string_view text, const FieldSpec& field, LongText long_text, CoercedValue& out) {
  out.reset();
  switch (field.type) {
    case DataType::kInt:
    case DataType::kLong: return integer_from(trimmed(text), field, out);
    case DataType::kFloat:
    case DataType::kDouble: return real_from(trimmed(text), field, out);
    case DataType::kTimestamp: return timestamp_from(trimmed(text), out);
    case DataType::kString: return put_text(std::string(text), field, long_text, out);
    case DataType::kJson:
      return put_text(nlohmann::json::accept(text) ? std::string(text) : nlohmann::json(text).dump(), field, long_text, out);
    default: break;
  }
  Result<Scalar> value = parse_scalar(field.type, trimmed(text));
  if (!value) return out.fail(field.type == DataType::kBigDecimal ? ReplaceReason::kNotANumber : ReplaceReason::kWrongType);
  if (field.type == DataType::kBoolean) return put_integer(value->integer, out);
  if (field.type == DataType::kBigDecimal && !field.trailing_zeros) value->text = without_trailing_zeros(value->text);
  put_text(std::move(value->text), field, long_text, out);
}

void coerce_number(std::string_view token, const FieldSpec& field, LongText long_text, CoercedValue& out) {
  out.reset();
  switch (field.type) {
    case DataType::kInt:
    case DataType::kLong:
    case DataType::kTimestamp: return integer_from(token, field, out);
    case DataType::kFloat:
    case DataType::kDouble: return real_from(token, field, out);
    case DataType::kBytes: return out.fail(ReplaceReason::kWrongType);
    case DataType::kJson: return put_text(std::string(token), field, long_text, out);
    case DataType::kBoolean: {
      double value = 0;
      std::from_chars(token.data(), token.data() + token.size(), value);
      return put_integer(value != 0 ? 1 : 0, out);
    }
    case DataType::kBigDecimal: return coerce_text(token, field, long_text, out);
    case DataType::kString: break;
  }
  // Java's text of the number: integers as they stand, others as Double.toString.
  if (token.find_first_of(".eE") == std::string_view::npos) return put_text(std::string(token), field, long_text, out);
  double value = 0;
  auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
  if (error != std::errc() || end != token.data() + token.size()) return put_text(std::string(token), field, long_text, out);
  put_text(sql::java_double(value), field, long_text, out);
}

void coerce_bool(bool flag, const FieldSpec& field, CoercedValue& out) {
  out.reset();
  if (field.type == DataType::kTimestamp || field.type == DataType::kBytes) return out.fail(ReplaceReason::kWrongType);
  out.null = false;
  out.integer = flag ? 1 : 0;
  out.real = flag ? 1 : 0;
  out.text = field.type == DataType::kBigDecimal ? (flag ? "1" : "0") : (flag ? "true" : "false");
}

}  // namespace bywash::analytics
