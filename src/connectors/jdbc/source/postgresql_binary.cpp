#include "connectors/jdbc/source/postgresql_binary.h"

#include <arrow/builder.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>

#include "columnar/decimal.h"
#include "connectors/jdbc/source/value_builder.h"

namespace bywash::jdbc {

using columnar::Column;
using columnar::SchemaPtr;
using columnar::Type;

namespace {

constexpr int64_t kDaysToPostgresEpoch = 10'957;  // 2000-01-01
constexpr int64_t kDayMicrosOfBinary = 86'400'000'000;

enum : uint32_t {
  kBoolOid = 16, kByteaOid = 17, kNameOid = 19, kInt8Oid = 20, kInt2Oid = 21, kInt4Oid = 23, kTextOid = 25, kOidOid = 26, kJsonOid = 114, kFloat4Oid = 700,
  kFloat8Oid = 701, kBpcharOid = 1042, kVarcharOid = 1043, kDateOid = 1082, kTimeOid = 1083, kTimestampOid = 1114, kTimestamptzOid = 1184, kTimetzOid = 1266,
  kBitOid = 1560, kNumericOid = 1700, kUuidOid = 2950, kJsonbOid = 3802
};

// A numeric: digits of base 10,000, the first of which counts 10,000^weight.
struct BinaryNumeric {
  std::string_view digits;
  int64_t weight = 0, shown_scale = 0;
  uint32_t sign = 0;
  int64_t count() const { return static_cast<int64_t>(digits.size() / 2); }
  int64_t digit(int64_t i) const { return i < 0 || i >= count() ? 0 : binary_integer(digits.substr(static_cast<size_t>(i) * 2, 2)); }
};

constexpr uint32_t kNegativeSign = 0x4000, kNotANumber = 0xC000, kPlusInfinity = 0xD000, kMinusInfinity = 0xF000;

std::optional<BinaryNumeric> numeric_of(std::string_view bytes) {
  if (bytes.size() < 8) return std::nullopt;
  BinaryNumeric out;
  out.digits = bytes.substr(8);
  out.weight = binary_integer(bytes.substr(2, 2));
  out.sign = static_cast<uint32_t>(binary_integer(bytes.substr(4, 2))) & 0xffff;
  out.shown_scale = binary_integer(bytes.substr(6, 2)) & 0x3fff;
  if (out.digits.size() % 2 || binary_integer(bytes.substr(0, 2)) != out.count()) return std::nullopt;
  for (int64_t i = 0; i < out.count(); ++i) {
    if (out.digit(i) < 0 || out.digit(i) > 9999) return std::nullopt;
  }
  return out;
}

void append_four_digits(int64_t digit, std::string* out) {
  for (int64_t unit : {1000, 100, 10, 1}) *out += static_cast<char>('0' + digit / unit % 10);
}

bool append_numeric(std::string_view bytes, std::string* out) {
  auto numeric = numeric_of(bytes);
  if (!numeric) return false;
  switch (numeric->sign) {
    case kNotANumber: *out += "NaN"; return true;
    case kPlusInfinity: *out += "Infinity"; return true;
    case kMinusInfinity: *out += "-Infinity"; return true;
    default: break;
  }
  if (numeric->sign == kNegativeSign) *out += '-';
  const size_t start = out->size();
  for (int64_t i = 0; i <= numeric->weight; ++i) append_four_digits(numeric->digit(i), out);
  const size_t first = std::min(out->find_first_not_of('0', start), out->size());
  out->erase(start, first - start);
  if (out->size() == start) *out += '0';
  if (numeric->shown_scale == 0) return true;
  *out += '.';
  const size_t end = out->size() + static_cast<size_t>(numeric->shown_scale);
  for (int64_t i = numeric->weight + 1; out->size() < end; ++i) append_four_digits(numeric->digit(i), out);
  out->resize(end);
  return true;
}

bool append_uuid(std::string_view bytes, std::string* out) {
  static constexpr char kHexDigits[] = "0123456789abcdef";
  if (bytes.size() != 16) return false;
  for (size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *out += '-';
    *out += kHexDigits[static_cast<unsigned char>(bytes[i]) >> 4];
    *out += kHexDigits[static_cast<unsigned char>(bytes[i]) & 15];
  }
  return true;
}

// Integers, oids and booleans.
template <class ArrowBuilder, class Native>
class BinaryIntegers final : public ValueBuilder {
 public:
  explicit BinaryIntegers(uint32_t type) : unsigned_(type == kOidOid), bit_(type == kBitOid), width_(bit_ ? 5 : unsigned_ ? 4 : sizeof(Native)) {}
  bool append(std::string_view value) override {
    if (value.size() != width_) return false;
    // bit(1): the number of bits, then the bits from the highest on.
    if (bit_) return builder_.Append(static_cast<Native>((value[4] & 0x80) != 0)).ok();
    int64_t number = binary_integer(value);
    if (unsigned_) number &= 0xffffffff;
    return builder_.Append(static_cast<Native>(number)).ok();
  }
  void append_null() override { (void)builder_.AppendNull(); }
  Result<Column> finish(const SchemaPtr& schema) override { return finished(&builder_, schema); }

 private:
  const bool unsigned_, bit_;
  const size_t width_;
  ArrowBuilder builder_;
};

template <class ArrowBuilder, class Native, class Bits>
class BinaryReals final : public ValueBuilder {
 public:
  bool append(std::string_view value) override {
    return value.size() == sizeof(Native) && builder_.Append(std::bit_cast<Native>(static_cast<Bits>(binary_integer(value)))).ok();
  }
  void append_null() override { (void)builder_.AppendNull(); }
  Result<Column> finish(const SchemaPtr& schema) override { return finished(&builder_, schema); }

 private:
  ArrowBuilder builder_;
};

// Numerics into a column of Decimals: the usual ones without a text in between.
class BinaryDecimals final : public ValueBuilder {
 public:
  explicit BinaryDecimals(int32_t scale) : scale_(scale) {}
  bool append(std::string_view value) override {
    int64_t unscaled = 0;
    if (unscaled_of_binary(value, scale_, &unscaled)) return append_unscaled(unscaled);
    std::string text;
    if (!append_numeric(value, &text)) return false;
    auto parsed = columnar::parse_decimal(text);
    if (!parsed.ok() || parsed->scale != scale_) return false;
    return builder_.Append(columnar::encode_decimal(*parsed)).ok();
  }
  void append_null() override { (void)builder_.AppendNull(); }
  Result<Column> finish(const SchemaPtr& schema) override { return finished(&builder_, schema); }

 private:
  bool append_unscaled(int64_t unscaled) {
    char out[12];
    for (int i = 0; i < 4; ++i) out[i] = static_cast<char>(static_cast<uint32_t>(scale_) >> 8 * i);
    for (int i = 0; i < 8; ++i) out[4 + i] = static_cast<char>(static_cast<uint64_t>(unscaled) >> (56 - 8 * i));
    // As few bytes as the sign allows.
    int skipped = 0;
    auto byte = [&](int i) { return static_cast<signed char>(out[4 + i]); };
    while (skipped < 7 && ((byte(skipped) == 0 && byte(skipped + 1) >= 0) || (byte(skipped) == -1 && byte(skipped + 1) < 0))) ++skipped;
    std::copy(out + 4 + skipped, out + 12, out + 4);
    return builder_.Append(out, 12 - skipped).ok();
  }

  const int32_t scale_;
  arrow::BinaryBuilder builder_;
};

// Through the text that the server would have written.
class BinaryByText final : public ValueBuilder {
 public:
  BinaryByText(uint32_t type, std::unique_ptr<ValueBuilder> of_text) : type_(type), of_text_(std::move(of_text)) {}
  bool append(std::string_view value) override {
    text_.clear();
    return append_text_of_binary(type_, value, &text_) && of_text_->append(text_);
  }
  void append_null() override { of_text_->append_null(); }
  Result<Column> finish(const SchemaPtr& schema) override { return of_text_->finish(schema); }

 private:
  const uint32_t type_;
  std::unique_ptr<ValueBuilder> of_text_;
  std::string text_;
};

}  // namespace

bool has_binary_form(uint32_t type) {
  switch (type) {
    case kBoolOid: case kByteaOid: case kNameOid: case kInt8Oid: case kInt2Oid: case kInt4Oid: case kTextOid: case kOidOid: case kJsonOid: case kFloat4Oid:
    case kFloat8Oid: case kBpcharOid: case kVarcharOid: case kDateOid: case kTimeOid: case kTimestampOid: case kTimestamptzOid: case kTimetzOid: case kBitOid:
    case kNumericOid: case kUuidOid: case kJsonbOid: return true;
    default: return false;
  }
}

std::optional<int64_t> whole_of_binary(uint32_t type, std::string_view bytes) {
  switch (type) {
    case kInt2Oid: case kInt4Oid: case kInt8Oid: return bytes.empty() || bytes.size() > 8 ? std::nullopt : std::optional(binary_integer(bytes));
    case kOidOid: return bytes.size() == 4 ? std::optional(binary_integer(bytes) & 0xffffffff) : std::nullopt;
    case kNumericOid: break;
    default: return std::nullopt;
  }
  std::string text;
  if (!append_numeric(bytes, &text)) return std::nullopt;
  const char* end = text.data() + std::min(text.find('.'), text.size());
  int64_t value = 0;
  auto [stopped, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stopped == end ? std::optional(value) : std::nullopt;
}

std::optional<int64_t> days_of_binary(std::string_view bytes) {
  if (bytes.size() != 4) return std::nullopt;
  const int64_t days = binary_integer(bytes);
  bool infinite = days == std::numeric_limits<int32_t>::max() || days == std::numeric_limits<int32_t>::min();
  return infinite ? std::nullopt : std::optional(days + kDaysToPostgresEpoch);
}

std::optional<int64_t> micros_of_binary(uint32_t type, std::string_view bytes) {
  int64_t out = 0;
  if (type == kDateOid) {
    auto days = days_of_binary(bytes);
    return days && !__builtin_mul_overflow(*days, kDayMicrosOfBinary, &out) ? std::optional(out) : std::nullopt;
  }
  if ((type != kTimestampOid && type != kTimestamptzOid) || bytes.size() != 8) return std::nullopt;
  const int64_t micros = binary_integer(bytes);
  bool infinite = micros == std::numeric_limits<int64_t>::max() || micros == std::numeric_limits<int64_t>::min();
  return infinite || __builtin_add_overflow(micros, kDaysToPostgresEpoch * kDayMicrosOfBinary, &out) ? std::nullopt : std::optional(out);
}

bool append_text_of_binary(uint32_t type, std::string_view bytes, std::string* out) {
  switch (type) {
    case kNumericOid: return append_numeric(bytes, out);
    case kUuidOid: return append_uuid(bytes, out);
    case kJsonbOid:
      // A version, then the text.
      if (bytes.empty() || bytes[0] != 1) return false;
      out->append(bytes.substr(1));
      return true;
    default: return false;
  }
}

bool unscaled_of_binary(std::string_view bytes, int32_t scale, int64_t* out) {
  auto numeric = numeric_of(bytes);
  if (!numeric || (numeric->sign & ~kNegativeSign) != 0 || numeric->count() > 5) return false;
  __int128 value = 0;
  for (int64_t i = 0; i < numeric->count(); ++i) value = value * 10'000 + numeric->digit(i);
  int64_t tens = (numeric->weight - numeric->count() + 1) * 4 + scale;
  if (value == 0) tens = 0;
  if (tens > 18 || tens < -18) return false;
  for (; tens > 0; --tens) value *= 10;
  for (; tens < 0; ++tens) {
    if (value % 10 != 0) return false;
    value /= 10;
  }
  if (value > std::numeric_limits<int64_t>::max()) return false;
  *out = static_cast<int64_t>(numeric->sign == kNegativeSign ? -value : value);
  return true;
}

std::unique_ptr<ValueBuilder> binary_value_builder(const SourceColumn& column, const SchemaPtr& schema, std::unique_ptr<ValueBuilder> of_text) {
  const uint32_t type = column.binary_type;
  switch (type) {
    case kBoolOid: case kBitOid: return std::make_unique<BinaryIntegers<arrow::BooleanBuilder, bool>>(type);
    case kInt2Oid: return std::make_unique<BinaryIntegers<arrow::Int16Builder, int16_t>>(type);
    case kInt4Oid: return std::make_unique<BinaryIntegers<arrow::Int32Builder, int32_t>>(type);
    case kInt8Oid: case kOidOid: return std::make_unique<BinaryIntegers<arrow::Int64Builder, int64_t>>(type);
    case kFloat4Oid: return std::make_unique<BinaryReals<arrow::FloatBuilder, float, uint32_t>>();
    case kFloat8Oid: return std::make_unique<BinaryReals<arrow::DoubleBuilder, double, uint64_t>>();
    case kNumericOid:
      // Without a scale of its own a value of the column may have any: texts are fitted.
      if (schema->logical() == columnar::Logical::kDecimal && !column.any_scale) return std::make_unique<BinaryDecimals>(schema->decimal_scale());
      return std::make_unique<BinaryByText>(type, std::move(of_text));
    case kUuidOid: case kJsonbOid: return std::make_unique<BinaryByText>(type, std::move(of_text));
    default: return of_text;
  }
}

}  // namespace bywash::jdbc
