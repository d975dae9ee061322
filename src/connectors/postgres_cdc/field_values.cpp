// From the server's texts to values. Schemas are field_type.cpp's.
#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/encoding.h"
#include "base/time_arithmetic.h"
#include "columnar/decimal.h"
#include "connectors/postgres_cdc/field_type.h"
#include "connectors/postgres_cdc/server_text.h"

namespace bywash::postgres_cdc {
namespace {

using columnar::Decimal;
using columnar::Type;
using columnar::Value;
using formats::json::ColumnBuilder;

Status not_of_type() { return Status::data("the value is not of the column's type"); }

template <class T>
Status append_integer(std::string_view text, ColumnBuilder* out) {
  T value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return not_of_type();
  out->push_fixed(value);
  return {};
}

template <class T>
std::optional<T> real_of(std::string_view text) {
  if (text == "NaN") return std::numeric_limits<T>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<T>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<T>::infinity();
  T value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || (error != std::errc() && error != std::errc::result_out_of_range)) return std::nullopt;
  return value;
}

// "\x00ff" to its bytes.
std::optional<std::string> unhexed(std::string_view text) {
  if (!text.starts_with("\\x") || text.size() % 2) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 2);
  for (size_t i = 2; i < text.size(); i += 2) {
    int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

// "10110": the least bytes that hold it, the last bit first.
std::optional<std::string> bits_of(std::string_view text) {
  std::string out((text.size() + 7) / 8, '\0');
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[text.size() - 1 - i] == '1') out[i / 8] = static_cast<char>(out[i / 8] | 1 << (i % 8));
    else if (text[text.size() - 1 - i] != '0') return std::nullopt;
  }
  while (!out.empty() && out.back() == '\0') out.pop_back();
  return out;
}

// "-$1,234.56" or "($1,234.56)": "-1234.56".
std::string money_number(std::string_view text) {
  std::string out;
  bool negative = false;
  for (char c : text) {
    if (c == '-' || c == '(') negative = true;
    if ((c >= '0' && c <= '9') || c == '.') out += c;
  }
  return negative ? "-" + out : out;
}

// A decimal of another scale: zeros are added, digits are rounded half up.
Result<Decimal> with_scale(const Decimal& value, int32_t scale) {
  std::string digits = columnar::integer_digits(value.unscaled);
  bool negative = digits.front() == '-';
  if (negative) digits.erase(0, 1);
  if (scale >= value.scale) {
    digits.append(static_cast<size_t>(scale - value.scale), '0');
  } else {
    size_t drop = static_cast<size_t>(value.scale - scale);
    if (digits.size() <= drop) digits.insert(0, drop + 1 - digits.size(), '0');
    bool up = digits[digits.size() - drop] >= '5';
    digits.resize(digits.size() - drop);
    for (size_t i = digits.size(); up && i-- > 0;) {
      up = digits[i] == '9';
      digits[i] = up ? '0' : static_cast<char>(digits[i] + 1);
    }
    if (up) digits.insert(0, 1, '1');
  }
  Decimal out;
  ASSIGN_OR_RETURN(out.unscaled, columnar::integer_bytes((negative ? "-" : "") + digits));
  out.scale = scale;
  return out;
}

void strip_zeros(std::string* number) {
  if (number->find('.') == number->npos) return;
  while (number->back() == '0') number->pop_back();
  if (number->back() == '.') number->pop_back();
}

void append_json_text(std::string_view text, std::string* out) {
  *out += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') (*out += '\\') += c;
    else if (c == '\n') *out += "\\n";
    else if (c == '\r') *out += "\\r";
    else if (c == '\t') *out += "\\t";
    else if (static_cast<unsigned char>(c) < 0x20) *out += fmt::format("\\u{:04X}", static_cast<int>(c));
    else *out += c;
  }
  *out += '"';
}

// The first `count` characters as Java counts them: what lies beyond U+FFFF counts twice, and is not cut apart.
std::string_view first_characters(std::string_view text, int64_t count) {
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned char c = static_cast<unsigned char>(text[i]);
    if ((c & 0xc0) == 0x80) continue;
    int64_t units = c >= 0xf0 ? 2 : 1;
    if (count < units) return text.substr(0, i);
    count -= units;
  }
  return text;
}

template <class T>
void append_little_endian(T value, std::string* out) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out->append(bytes, sizeof value);
}

}  // namespace

Status FieldType::append_bytes(std::string_view bytes, ColumnBuilder* out) const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  switch (binaries_) {
    case BinaryMode::kBytes: out->push_bytes(bytes); return {};
    case BinaryMode::kBase64: append_base64(bytes, &text); break;
    case BinaryMode::kBase64Url:
      append_base64(bytes, &text);
      std::replace(text.begin(), text.end(), '+', '-');
      std::replace(text.begin(), text.end(), '/', '_');
      break;
    case BinaryMode::kHex:
      for (char c : bytes) (text += kDigits[static_cast<unsigned char>(c) >> 4]) += kDigits[c & 15];
      break;
  }
  out->push_bytes(text);
  return {};
}

Status FieldType::append_number(std::string_view text, ColumnBuilder* out) const {
  std::string number = kind_ == Kind::kMoney ? money_number(text) : std::string(text);
  bool special = number == "NaN" || number == "Infinity" || number == "-Infinity";
  if (decimals_ == DecimalMode::kDouble) {
    auto value = real_of<double>(number);
    if (!value) return not_of_type();
    out->push_fixed(*value);
    return {};
  }
  if (decimals_ == DecimalMode::kString) {
    out->push_bytes(!special ? number : number == "NaN" ? "NAN" : number == "Infinity" ? "POSITIVE_INFINITY" : "NEGATIVE_INFINITY");
    return {};
  }
  if (special) {
    return Status::data("NaN and Infinity of NUMERIC have no Decimal: set decimal.handling.mode to string or double")
        .with_java_class("org.apache.kafka.connect.errors.ConnectException");
  }
  if (kind_ == Kind::kVariableDecimal) strip_zeros(&number);
  ASSIGN_OR_RETURN(Decimal value, columnar::parse_decimal(number));
  if (kind_ == Kind::kVariableDecimal) {
    out->children()[0].builder->push_fixed(value.scale);
    out->children()[1].builder->push_bytes(value.unscaled);
    out->end_fields();
    return {};
  }
  if (value.scale != scale_) { ASSIGN_OR_RETURN(value, with_scale(value, scale_)); }
  out->push_bytes(columnar::encode_decimal(value));
  return {};
}

Status FieldType::append_time(std::string_view text, ColumnBuilder* out) const {
  if (kind_ == Kind::kInterval) {
    auto interval = parse_interval(text);
    if (!interval) return not_of_type();
    if (as_text_) out->push_bytes(iso_interval(*interval));
    else out->push_fixed(micros_of(*interval));
    return {};
  }
  if (kind_ == Kind::kDate) {
    auto infinite = infinite_days(text);
    auto days = infinite ? infinite : parse_date(text);
    if (!days) return not_of_type();
    if (iso_) out->push_bytes(infinite ? std::string(text) : iso_date(*days) + "Z");
    else out->push_fixed(static_cast<int32_t>(*days));
    return {};
  }
  if (kind_ == Kind::kTime || kind_ == Kind::kZonedTime) {
    auto time = parse_time(text);
    if (!time) return not_of_type();
    if (kind_ == Kind::kTime && !iso_) {
      if (schema_->type() == Type::kInt32) out->push_fixed(static_cast<int32_t>(time->micros / unit_micros_));
      else out->push_fixed(unit_micros_ ? time->micros / unit_micros_ : time->micros * 1000);
      return {};
    }
    bool end_of_day = kind_ == Kind::kZonedTime && time->micros == kMicrosPerDay && time->offset_seconds == 0;
    int64_t micros = time->micros - time->offset_seconds * kMicrosPerSecond;
    micros -= floor_div(micros, kMicrosPerDay) * kMicrosPerDay;
    out->push_bytes(end_of_day ? std::string("24:00:00Z") : iso_time(micros) + "Z");
    return {};
  }
  auto infinite = infinite_micros(text);
  auto micros = infinite ? infinite : parse_timestamp(text);
  if (!micros) return not_of_type();
  if (kind_ == Kind::kZonedTimestamp || iso_) {
    out->push_bytes(infinite ? std::string(text) : iso_timestamp(*micros, kind_ == Kind::kZonedTimestamp ? scale_ : -1) + "Z");
    return {};
  }
  int64_t value = *micros;
  if (unit_micros_ > 1) value = floor_div(*micros, unit_micros_);
  else if (unit_micros_ == 0 && __builtin_mul_overflow(*micros, int64_t{1000}, &value)) {
    return Status::data("the timestamp does not fit into nanoseconds of 64 bits: set time.precision.mode to adaptive or microseconds");
  }
  out->push_fixed(value);
  return {};
}

// Hexadecimal digits of extended well-known binary: byte order, type, and, where the type says so, the reference system (PostgisGeometry).
Status FieldType::append_geometry(std::string_view text, ColumnBuilder* out) {
  constexpr uint32_t kHasSrid = 0x20000000;
  auto wkb = unhexed("\\x" + std::string(text));
  if (!wkb || wkb->size() < 9) return not_of_type();
  auto number = [&](size_t at) {
    uint32_t value = 0;
    for (size_t i = 0; i < 4; ++i) {
      size_t place = (*wkb)[0] != 0 ? 3 - i : i;
      value = value << 8 | static_cast<unsigned char>((*wkb)[at + place]);
    }
    return value;
  };
  out->children()[0].builder->push_bytes(*wkb);
  if (number(1) & kHasSrid) out->children()[1].builder->push_fixed(static_cast<int32_t>(number(5)));
  else out->children()[1].builder->append_null();
  out->end_fields();
  return {};
}

// "{1:0.5,3:2}/5": places and values, then how many places there are.
Status FieldType::append_sparse_vector(std::string_view text, ColumnBuilder* out) {
  size_t slash = text.find('/');
  if (slash == text.npos || slash < 2 || text.front() != '{' || text[slash - 1] != '}') return not_of_type();
  auto whole = [](std::string_view digits, int16_t* value) {
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), *value);
    return error == std::errc() && end == digits.data() + digits.size();
  };
  int16_t dimensions = 0;
  if (!whole(text.substr(slash + 1), &dimensions)) return not_of_type();
  std::vector<std::pair<int16_t, double>> places;
  for (std::string_view rest = text.substr(1, slash - 2); !rest.empty();) {
    std::string_view one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    size_t colon = one.find(':');
    int16_t place = 0;
    auto value = colon == one.npos ? std::nullopt : real_of<double>(one.substr(colon + 1));
    if (!value || !whole(one.substr(0, colon), &place)) return not_of_type();
    places.emplace_back(place, *value);
  }
  out->children()[0].builder->push_fixed(dimensions);
  ColumnBuilder* vector = out->children()[1].builder.get();
  for (const auto& [place, value] : places) {
    vector->children()[0].builder->push_fixed(place);
    vector->children()[1].builder->push_fixed(value);
  }
  vector->end_list();
  out->end_fields();
  return {};
}

Status FieldType::append_structured(std::string_view text, ColumnBuilder* out) const {
  auto& children = out->children();
  if (kind_ == Kind::kArray) {
    auto elements = parse_array(text, delimiter_);
    if (!elements) return not_of_type();
    for (const auto& element : *elements) {
      if (element) RETURN_IF_ERROR(element_->append(*element, children[0].builder.get()));
      else children[0].builder->append_null();
    }
    out->end_list();
    return {};
  }
  if (kind_ == Kind::kVector) {
    std::string braces(text);
    if (braces.size() < 2) return not_of_type();
    braces.front() = '{';
    braces.back() = '}';
    auto elements = parse_array(braces);
    if (!elements) return not_of_type();
    for (const auto& element : *elements) {
      auto value = real_of<double>(element.value_or(""));
      if (!value) return not_of_type();
      if (schema_->value_schema()->type() == Type::kFloat64) children[0].builder->push_fixed(*value);
      else children[0].builder->push_fixed(static_cast<float>(*value));
    }
    out->end_list();
    return {};
  }
  if (kind_ == Kind::kPoint) {
    size_t comma = text.find(',');
    if (text.size() < 5 || comma == text.npos) return not_of_type();
    auto x = real_of<double>(text.substr(1, comma - 1)), y = real_of<double>(text.substr(comma + 1, text.size() - comma - 2));
    if (!x || !y) return not_of_type();
    // Well-known binary: little-endian, type 1 (point), then the coordinates.
    std::string wkb("\x01\x01\x00\x00\x00", 5);
    append_little_endian(*x, &wkb);
    append_little_endian(*y, &wkb);
    children[0].builder->push_fixed(*x);
    children[1].builder->push_fixed(*y);
    children[2].builder->push_bytes(wkb);
    children[3].builder->append_null();
    out->end_fields();
    return {};
  }
  auto pairs = parse_hstore(text);
  if (!pairs) return not_of_type();
  if (as_text_) {
    std::string json = "{";
    for (const auto& [key, value] : *pairs) {
      if (json.size() > 1) json += ',';
      append_json_text(key, &json);
      json += ':';
      if (value) append_json_text(*value, &json);
      else json += "null";
    }
    out->push_bytes(json + "}");
    return {};
  }
  for (const auto& [key, value] : *pairs) {
    children[0].builder->push_bytes(key);
    if (value) children[1].builder->push_bytes(*value);
    else children[1].builder->append_null();
  }
  out->end_list();
  return {};
}

Status FieldType::append(std::string_view text, ColumnBuilder* out) const {
  switch (kind_) {
    case Kind::kText:
      if (!labels_.empty() && std::find(labels_.begin(), labels_.end(), text) == labels_.end()) return Status::not_found("the enum has no such label yet");
      out->push_bytes(cut_ < 0 ? text : first_characters(text, cut_));
      return {};
    case Kind::kMask: out->push_bytes(mask_); return {};
    case Kind::kInt16: return append_integer<int16_t>(text, out);
    case Kind::kInt32: return append_integer<int32_t>(text, out);
    case Kind::kInt64: return append_integer<int64_t>(text, out);
    case Kind::kBoolean:
    case Kind::kOneBit: out->push_fixed<uint8_t>(text == "t" || text == "1"); return {};
    case Kind::kFloat: {
      auto value = real_of<float>(text);
      if (!value) return not_of_type();
      out->push_fixed(*value);
      return {};
    }
    case Kind::kDouble: {
      auto value = real_of<double>(text);
      if (!value) return not_of_type();
      out->push_fixed(*value);
      return {};
    }
    case Kind::kBytes: {
      if (as_text_) return append_bytes(text, out);
      auto bytes = unhexed(text);
      return bytes ? append_bytes(*bytes, out) : not_of_type();
    }
    case Kind::kBits: {
      auto bytes = bits_of(text);
      if (!bytes) return not_of_type();
      out->push_bytes(*bytes);
      return {};
    }
    case Kind::kDecimal: case Kind::kVariableDecimal: case Kind::kDecimalText: case Kind::kDecimalDouble: case Kind::kMoney: return append_number(text, out);
    case Kind::kDate: case Kind::kTime: case Kind::kTimestamp: case Kind::kZonedTime: case Kind::kZonedTimestamp: case Kind::kInterval: return append_time(text, out);
    case Kind::kPoint: case Kind::kHstore: case Kind::kVector: case Kind::kArray: return append_structured(text, out);
    case Kind::kGeometry: return append_geometry(text, out);
    case Kind::kSparseVector: return append_sparse_vector(text, out);
  }
  return not_of_type();
}

Status FieldType::append_null(ColumnBuilder* out) const {
  if (kind_ == Kind::kMask) {
    out->push_bytes(mask_);
    return {};
  }
  if (!needs_value_) {
    out->append_null();
    return {};
  }
  if (schema_->default_value()) return out->append(*schema_->default_value());
  switch (kind_) {
    case Kind::kInt16: case Kind::kInt32: case Kind::kInt64: case Kind::kFloat: case Kind::kDouble: case Kind::kDecimalDouble: return append("0", out);
    case Kind::kBoolean: case Kind::kOneBit: return append("f", out);
    case Kind::kDecimal: case Kind::kVariableDecimal: case Kind::kDecimalText: case Kind::kMoney: return append("0", out);
    case Kind::kDate: return append("1970-01-01", out);
    case Kind::kTime: return append("00:00:00", out);
    case Kind::kZonedTime: return append("00:00:00+00", out);
    case Kind::kTimestamp: return append("1970-01-01 00:00:00", out);
    case Kind::kZonedTimestamp: return append("1970-01-01 00:00:00+00", out);
    case Kind::kPoint: return append("(0,0)", out);
    case Kind::kGeometry: return append("010700000000000000", out);  // an empty collection
    case Kind::kSparseVector: return append("{}/0", out);
    case Kind::kArray: case Kind::kVector: return append("{}", out);
    case Kind::kBytes: return append(as_text_ ? "" : "\\x", out);
    default:
      out->push_bytes("");
      return {};
  }
}

Status FieldType::append_unavailable(ColumnBuilder* out) const {
  std::string bytes = unavailable_;
  if (bytes.starts_with("hex:")) bytes = unhexed("\\x" + bytes.substr(4)).value_or(bytes);
  if (kind_ == Kind::kBytes) return append_bytes(bytes, out);
  if (kind_ == Kind::kArray || kind_ == Kind::kVector) {
    ColumnBuilder* items = out->children()[0].builder.get();
    switch (schema_->value_schema()->type()) {
      case Type::kInt32: for (char c : bytes) items->push_fixed(static_cast<int32_t>(c)); break;
      case Type::kInt64: for (char c : bytes) items->push_fixed(static_cast<int64_t>(c)); break;
      case Type::kString: items->push_bytes(unavailable_); break;
      case Type::kBytes: items->push_bytes(bytes); break;
      default: break;
    }
    out->end_list();
    return {};
  }
  if (kind_ == Kind::kHstore && !as_text_) {
    out->children()[0].builder->push_bytes(unavailable_);
    out->children()[1].builder->push_bytes(unavailable_);
    out->end_list();
    return {};
  }
  if (kind_ == Kind::kHstore) {
    std::string json = "{";
    append_json_text(unavailable_, &json);
    json += ':';
    append_json_text(unavailable_, &json);
    out->push_bytes(json + "}");
    return {};
  }
  if (schema_->type() == Type::kString) {
    out->push_bytes(kind_ == Kind::kMask ? mask_ : unavailable_);
    return {};
  }
  if (schema_->type() == Type::kBytes && schema_->logical() == columnar::Logical::kNone) {
    out->push_bytes(bytes);
    return {};
  }
  return append_null(out);
}

}  // namespace bywash::postgres_cdc
