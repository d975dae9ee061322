// The token rules of Values' parser, and its alignment of element types. Level 1.
#include "columnar/values_parser.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "base/calendar.h"
#include "base/time_arithmetic.h"

namespace bywash::columnar {

namespace {

// A plain number of more digits than this is not worked out: Java would fill its memory.
constexpr int64_t kDigitsMax = 1'000'000;
constexpr int kDepthMax = 1000;

std::string_view trim(std::string_view s) {
  while (!s.empty() && static_cast<unsigned char>(s.front()) <= ' ') s.remove_prefix(1);
  while (!s.empty() && static_cast<unsigned char>(s.back()) <= ' ') s.remove_suffix(1);
  return s;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

Status failed(std::string message) {
  return Status::data(std::move(message)).with_java_class("org.apache.kafka.connect.errors.DataException");
}

// Values.Parser: text between unescaped : , { } [ ] " is one token.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {}
  std::string_view text() const { return text_; }
  size_t mark() const { return at_ - (next_ ? next_->size() : 0); }
  void rewind(size_t position) {
    at_ = position;
    next_.reset();
  }
  bool has_next() const { return next_ || at_ < text_.size(); }
  std::string_view next() {
    if (!next_) return consume();
    std::string_view token = *next_;
    next_.reset();
    return token;
  }
  // The text of the next n tokens, or nothing (and no progress) when there are fewer.
  std::optional<std::string_view> next(int n) {
    size_t start = mark();
    for (int i = 0; i < n; ++i) {
      if (!has_next()) {
        rewind(start);
        return std::nullopt;
      }
      next();
    }
    return text_.substr(start, mark() - start);
  }
  bool can_consume(std::string_view expected) {
    if (!next_) {
      if (!has_next()) return false;
      next_ = consume();
    }
    while (trim(*next_).empty() && at_ < text_.size()) next_ = consume();
    if (trim(*next_) != expected) return false;
    next_.reset();
    return true;
  }

 private:
  std::string_view consume() {
    size_t start = at_;
    bool escaped = false;
    for (; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      bool delimiter = c == ':' || c == ',' || c == '{' || c == '}' || c == '[' || c == ']' || c == '"';
      if (delimiter && !escaped) {
        if (start < at_) return text_.substr(start, at_ - start);
        return text_.substr(at_++, 1);
      }
      escaped = c == '\\' && !escaped;
    }
    return text_.substr(start);
  }
  std::string_view text_;
  size_t at_ = 0;
  std::optional<std::string_view> next_;
};

// Java's numbers and dates are read in the digits of any script (of those that fit one char).
std::string with_ascii_digits(std::string_view text) {
  std::string out;
  const auto size = static_cast<int32_t>(text.size());
  for (int32_t i = 0; i < size;) {
    const int32_t start = i;
    UChar32 c;
    U8_NEXT(text.data(), i, size, c);
    const int32_t digit = c < 0x80 || c > 0xFFFF ? -1 : u_charDigitValue(c);
    if (digit >= 0) out += static_cast<char>('0' + digit);
    else out.append(text.substr(static_cast<size_t>(start), static_cast<size_t>(i - start)));
  }
  return out;
}

// An unsigned number of at least one digit, as SimpleDateFormat reads a field.
bool read_field(std::string_view& s, int64_t* out) {
  if (s.empty() || !is_digit(s[0])) return false;
  *out = 0;
  for (; !s.empty() && is_digit(s[0]); s.remove_prefix(1)) *out = *out * 10 + (s[0] - '0');
  return true;
}
bool read_literal(std::string_view& s, std::string_view literal) {
  if (!s.starts_with(literal)) return false;
  s.remove_prefix(literal.size());
  return true;
}

bool read_date(std::string_view& s, int64_t* days) {
  int64_t year = 0, month = 0, day = 0;
  if (!read_field(s, &year) || !read_literal(s, "-") || !read_field(s, &month) || !read_literal(s, "-") || !read_field(s, &day)) return false;
  *days = java_calendar_days(year, month, day);
  return true;
}

bool read_time(std::string_view& s, int64_t* ms) {
  int64_t h = 0, m = 0, sec = 0, milli = 0;
  bool ok = read_field(s, &h) && read_literal(s, ":") && read_field(s, &m) && read_literal(s, ":") && read_field(s, &sec) && read_literal(s, ".") &&
            read_field(s, &milli) && read_literal(s, "Z");
  *ms = ((h * 60 + m) * 60 + sec) * 1000 + milli;
  return ok;
}

std::optional<SchemaAndValue> parse_temporal(std::string_view token) {
  std::string unescaped;
  for (size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '\\' && i + 1 < token.size() && token[i + 1] == ':') continue;
    unescaped += token[i];
  }
  std::string_view s = unescaped;
  int64_t days = 0, ms = 0;
  if (unescaped.size() == 13 && read_time(s, &ms)) return SchemaAndValue{ConnectSchema::named(Type::kInt32, kTimeName), Value(Value::Millis{ms})};
  if (unescaped.size() == 24 && read_date(s, &days) && read_literal(s, "T") && read_time(s, &ms)) {
    return SchemaAndValue{ConnectSchema::named(Type::kInt64, kTimestampName), Value(Value::Millis{days * kMsPerDay + ms})};
  }
  if (unescaped.size() == 10 && read_date(s, &days)) {
    return SchemaAndValue{ConnectSchema::named(Type::kInt32, kDateName), Value(Value::Millis{days * kMsPerDay})};
  }
  return std::nullopt;
}

SchemaAndValue smallest_integer(int64_t v) {
  if (v == static_cast<int8_t>(v)) return {ConnectSchema::of(Type::kInt8), Value(static_cast<int8_t>(v))};
  if (v == static_cast<int16_t>(v)) return {ConnectSchema::of(Type::kInt16), Value(static_cast<int16_t>(v))};
  if (v == static_cast<int32_t>(v)) return {ConnectSchema::of(Type::kInt32), Value(static_cast<int32_t>(v))};
  return {ConnectSchema::of(Type::kInt64), Value(v)};
}

// A number's text as the nearest float or double: infinite when it is too large, zero when it is too small.
template <class T>
T nearest(std::string_view text) {
  T out = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc::result_out_of_range) return out;
  size_t exponent = text.find('E');
  const bool large = exponent == text.npos || text[exponent + 1] != '-';
  return large ? std::copysign(std::numeric_limits<T>::infinity(), text[0] == '-' ? T{-1} : T{1}) : T{0};
}

// The whole number that `decimal` is, if it is one and fits int64.
std::optional<int64_t> as_integer(const Decimal& decimal) {
  std::string digits = integer_digits(decimal.unscaled);
  bool negative = digits[0] == '-';
  if (negative) digits.erase(0, 1);
  int64_t scale = decimal.scale;
  while (scale > 0 && digits.size() > 1 && digits.back() == '0') {
    digits.pop_back();
    --scale;
  }
  if (digits == "0") return 0;
  if (scale > 0 || static_cast<int64_t>(digits.size()) - scale > 19) return std::nullopt;
  digits.append(static_cast<size_t>(-scale), '0');
  uint64_t v = 0;
  for (char c : digits) v = v * 10 + static_cast<uint64_t>(c - '0');
  if (v > uint64_t{INT64_MAX} + negative) return std::nullopt;
  return static_cast<int64_t>(negative ? 0 - v : v);
}

// nullopt: not a number.
Result<std::optional<SchemaAndValue>> parse_number(std::string_view token) {
  auto decimal = parse_decimal(token);
  if (!decimal.ok()) return std::optional<SchemaAndValue>();
  if (-int64_t{decimal->scale} > kDigitsMax || int64_t{decimal->scale} > kDigitsMax) return failed("A number in a header is too large to work out");
  if (auto integer = as_integer(*decimal)) return std::optional(smallest_integer(*integer));
  std::string text = to_java_string(*decimal);
  const auto f = nearest<float>(text);
  const auto d = nearest<double>(text);
  if (std::isfinite(f) && decimal->scale != 0) return std::optional(SchemaAndValue{ConnectSchema::of(Type::kFloat32), Value(f)});
  if (std::isfinite(d) && decimal->scale != 0) return std::optional(SchemaAndValue{ConnectSchema::of(Type::kFloat64), Value(d)});
  SchemaPtr schema = ConnectSchema::decimal(decimal->scale);
  return std::optional(SchemaAndValue{std::move(schema), Value(*std::move(decimal))});
}

int width(Type type) {
  switch (type) {
    case Type::kInt8: return 1;
    case Type::kInt16: return 2;
    case Type::kInt32: return 3;
    case Type::kInt64: return 4;
    case Type::kFloat32: return 5;
    case Type::kFloat64: return 6;
    default: return 0;
  }
}

// Keeps the type that all elements so far share; `compatible` is gone once there is none.
struct CommonSchema {
  SchemaPtr schema;
  bool compatible = true;

  void add(const SchemaAndValue& latest) {
    if (latest.schema) {
      if (!schema) {
        schema = latest.schema;
      } else if (schema->type() == latest.schema->type()) {
        schema = latest.schema;
      } else {
        int a = width(schema->type()), b = width(latest.schema->type());
        schema = a && b ? (a > b ? schema : latest.schema) : nullptr;
      }
      if (!schema) compatible = false;
    }
  }
};

template <class T>
double as_double(T v) { return static_cast<double>(v); }

Result<Value> align(const SchemaPtr& schema, const Value& value) {
  if (value.is_null()) return failed("Unable to convert a null value to a schema that requires a value");
  if (width(schema->type()) == 0 || schema->logical() != Logical::kNone) return value;
  int64_t whole = 0;
  double real = 0;
  bool number = true;
  if (auto* i8 = value.get_if<int8_t>()) real = as_double(whole = *i8);
  else if (auto* i16 = value.get_if<int16_t>()) real = as_double(whole = *i16);
  else if (auto* i32 = value.get_if<int32_t>()) real = as_double(whole = *i32);
  else if (auto* i64 = value.get_if<int64_t>()) real = as_double(whole = *i64);
  else if (auto* f = value.get_if<float>()) real = *f;
  else if (auto* d = value.get_if<double>()) real = *d;
  else number = false;
  if (!number) return value;
  switch (schema->type()) {
    case Type::kInt8: return Value(static_cast<int8_t>(whole));
    case Type::kInt16: return Value(static_cast<int16_t>(whole));
    case Type::kInt32: return Value(static_cast<int32_t>(whole));
    case Type::kInt64: return Value(whole);
    case Type::kFloat32: return value.is<float>() ? value : Value(static_cast<float>(whole));
    default: return Value(real);
  }
}

SchemaPtr no_schema() { return ConnectSchema::schemaless(Type::kVariant); }

class Parser {
 public:
  explicit Parser(std::string_view text) : tokens_(text) {}

  // No schema in the answer: null.
  Result<SchemaAndValue> parse(bool embedded, int depth) {
    if (!tokens_.has_next()) return SchemaAndValue();
    if (embedded && tokens_.can_consume("\"")) return quoted();
    if (literal("null", embedded)) return SchemaAndValue();
    if (literal("true", embedded)) return SchemaAndValue{ConnectSchema::of(Type::kBoolean), Value(true)};
    if (literal("false", embedded)) return SchemaAndValue{ConnectSchema::of(Type::kBoolean), Value(false)};
    size_t start = tokens_.mark();
    if (depth < kDepthMax) {
      bool list = tokens_.can_consume("[");
      if (list || tokens_.can_consume("{")) {
        auto container = list ? array(depth + 1) : map(depth + 1);
        if (container.ok()) return container;
        tokens_.rewind(start);
      }
    }
    std::string_view token = tokens_.next();
    if (trim(token).empty()) return SchemaAndValue{ConnectSchema::of(Type::kString), Value::string(token)};
    return plain(trim(token), embedded);
  }

 private:
  bool literal(std::string_view word, bool embedded) {
    size_t start = tokens_.mark();
    if (tokens_.can_consume(word) && (embedded || !tokens_.has_next())) return true;
    tokens_.rewind(start);
    return false;
  }

  Result<SchemaAndValue> plain(std::string_view original, bool embedded) {
    const std::string token = with_ascii_digits(original);
    bool digit = is_digit(token[0]);
    if (digit) {
      // Unescaped colons split a time into five tokens.
      size_t position = tokens_.mark();
      if (auto rest = tokens_.next(4)) {
        if (auto temporal = parse_temporal(token + with_ascii_digits(*rest))) return *std::move(temporal);
      }
      tokens_.rewind(position);
      if (auto temporal = parse_temporal(token)) return *std::move(temporal);
    }
    if (digit || token[0] == '+' || token[0] == '-') {
      ASSIGN_OR_RETURN(auto number, parse_number(token));
      if (number) return *std::move(number);
    }
    if (embedded) return failed("Failed to parse embedded value");
    return SchemaAndValue{ConnectSchema::of(Type::kString), Value::string(tokens_.text())};
  }

  Result<SchemaAndValue> quoted() {
    std::string content;
    while (tokens_.has_next() && !tokens_.can_consume("\"")) content += tokens_.next();
    if (auto temporal = parse_temporal(content)) return *std::move(temporal);
    return SchemaAndValue{ConnectSchema::of(Type::kString), Value(std::move(content))};
  }

  Result<SchemaAndValue> array(int depth) {
    Value::List items;
    CommonSchema common;
    while (tokens_.has_next()) {
      if (tokens_.can_consume("]")) {
        SchemaSpec spec;
        spec.type = Type::kArray;
        bool typed = common.schema && common.compatible;
        spec.value_schema = typed ? common.schema : no_schema();
        for (Value& item : items) {
          if (!typed) break;
          ASSIGN_OR_RETURN(item, align(common.schema, item));
        }
        return SchemaAndValue{ConnectSchema::make(std::move(spec)), Value::list(std::move(items))};
      }
      if (tokens_.can_consume(",")) return failed("Unable to parse an empty array element");
      ASSIGN_OR_RETURN(SchemaAndValue element, parse(true, depth));
      common.add(element);
      items.push_back(std::move(element.value));
      size_t position = tokens_.mark();
      if (tokens_.can_consume("]")) tokens_.rewind(position);
      else if (!tokens_.can_consume(",")) return failed("Array elements missing ']' delimiter");
    }
    return failed("Array is missing terminating ']'");
  }

  static void put(Value::Map* entries, Value key, Value value) {
    for (auto& [k, v] : *entries) {
      if (k == key) {
        v = std::move(value);
        return;
      }
    }
    entries->emplace_back(std::move(key), std::move(value));
  }

  Result<SchemaAndValue> map(int depth) {
    Value::Map entries;
    CommonSchema keys, values;
    while (tokens_.has_next()) {
      if (tokens_.can_consume("}")) return finish_map(std::move(entries), keys, values);
      if (tokens_.can_consume(",")) return failed("Unable to parse a map entry with no key or value");
      ASSIGN_OR_RETURN(SchemaAndValue key, parse(true, depth));
      if (key.value.is_null()) return failed("Map entry may not have a null key");
      if (!tokens_.can_consume(":")) return failed("Map entry is missing ':'");
      ASSIGN_OR_RETURN(SchemaAndValue value, parse(true, depth));
      keys.add(key);
      values.add(value);
      put(&entries, std::move(key.value), std::move(value.value));
      tokens_.can_consume(",");
    }
    return failed("Map is missing terminating '}'");
  }

  static Result<SchemaAndValue> finish_map(Value::Map entries, const CommonSchema& keys, const CommonSchema& values) {
    SchemaSpec spec;
    spec.type = Type::kMap;
    bool typed_keys = keys.schema && keys.compatible, typed_values = typed_keys && values.schema && values.compatible;
    spec.key_schema = typed_keys ? keys.schema : no_schema();
    spec.value_schema = typed_values ? values.schema : no_schema();
    Value::Map aligned;
    for (auto& [key, value] : entries) {
      if (typed_keys) {
        ASSIGN_OR_RETURN(key, align(keys.schema, key));
      }
      if (typed_values) {
        ASSIGN_OR_RETURN(value, align(values.schema, value));
      }
      put(&aligned, key, value);
    }
    return SchemaAndValue{ConnectSchema::make(std::move(spec)), Value::map(std::move(aligned))};
  }

  Tokens tokens_;
};

}  // namespace

Result<SchemaAndValue> parse_value_text(std::string_view text) {
  if (text.empty()) return SchemaAndValue{ConnectSchema::of(Type::kString), Value(std::string())};
  return Parser(text).parse(false, 0);
}

}  // namespace bywash::columnar
