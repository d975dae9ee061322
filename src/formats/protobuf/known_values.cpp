// Calendars as java.util.GregorianCalendar has them: Julian before 1582-10-15. Decode and encode steps. Level 4.
#include "formats/protobuf/known_values.h"

#include <algorithm>

#include "base/calendar.h"
#include "formats/protobuf/wire.h"

namespace bywash::formats::protobuf {

namespace {

constexpr char kTruncated[] = "the message is truncated or corrupt";
constexpr int64_t kSecondsMin = -62'135'596'800, kSecondsMax = 253'402'300'799;
constexpr int32_t kDayMs = 86'400'000;

void put_known_number(uint32_t number, int64_t value, std::string* out) {
  if (value == 0) return;
  put_varint(number << 3 | kWireVarint, out);
  put_varint(static_cast<uint64_t>(value), out);
}

std::string without_sign_bytes(std::string_view bytes) {
  size_t extra = 0;
  while (extra + 1 < bytes.size() && ((bytes[extra] == 0 && !(bytes[extra + 1] & 0x80)) || (bytes[extra] == '\xff' && (bytes[extra + 1] & 0x80)))) ++extra;
  return std::string(bytes.substr(extra));
}

// MathContext(precision), half up.
void round_decimal(uint32_t precision, columnar::Decimal* value) {
  std::string digits = columnar::integer_digits(value->unscaled);
  bool negative = digits[0] == '-';
  if (negative) digits.erase(0, 1);
  if (digits.size() <= precision) return;
  auto dropped = static_cast<int64_t>(digits.size() - precision);
  bool up = digits[precision] >= '5';
  digits.resize(precision);
  for (size_t i = precision; up && i > 0; --i) {
    up = digits[i - 1] == '9';
    digits[i - 1] = up ? '0' : static_cast<char>(digits[i - 1] + 1);
  }
  if (up) {
    digits = "1" + digits.substr(0, precision - 1);
    ++dropped;
  }
  if (negative) digits.insert(0, "-");
  auto bytes = columnar::integer_bytes(digits);
  if (!bytes.ok()) return;
  value->unscaled = *std::move(bytes);
  value->scale = static_cast<int32_t>(value->scale - dropped);
}

}  // namespace

const char* read_known_parts(std::string_view message, KnownParts* out) {
  const char* p = message.data();
  const char* end = p + message.size();
  while (p < end) {
    uint64_t v = 0;
    if (!read_varint(p, end, &v)) return kTruncated;
    auto tag = static_cast<uint32_t>(v);
    uint32_t number = tag >> 3;
    if (number == 0) return kTruncated;
    if ((tag & 7) == kWireVarint && number <= 4) {
      if (!read_varint(p, end, &v)) return kTruncated;
      out->number[number] = static_cast<int64_t>(v);
      if (number == 2) out->has_precision = static_cast<uint32_t>(v) != 0;
    } else if (tag == (1u << 3 | kWireLength)) {
      if (!read_span(p, end, &out->bytes)) return kTruncated;
    } else if (!skip_wire_value(tag, p, end, 100)) {
      return kTruncated;
    }
  }
  return nullptr;
}

const char* to_decimal(const KnownParts& parts, columnar::Decimal* out) {
  if (parts.bytes.empty()) return "Zero length BigInteger: a Decimal without digits";
  out->unscaled = without_sign_bytes(parts.bytes);
  out->scale = static_cast<int32_t>(parts.number[3]);
  if (!parts.has_precision) return nullptr;
  auto precision = static_cast<int32_t>(parts.number[2]);
  if (precision < 0) return "Digits < 0: the precision of a Decimal is too large";
  // Most values have the precision that they say; a byte is at most 2.41 digits.
  if (out->unscaled.size() * 241 / 100 + 1 > static_cast<size_t>(precision)) round_decimal(static_cast<uint32_t>(precision), out);
  return nullptr;
}

const char* to_days(const KnownParts& parts, int32_t* out) {
  auto year = static_cast<int32_t>(parts.number[1]);
  auto month = static_cast<int32_t>(parts.number[2]);
  auto day = static_cast<int32_t>(parts.number[3]);
  static constexpr char kNoDate[] = "not a date: year, month or day is out of range";
  // Beyond this a 32-bit number of days would not hold it.
  if (year < 1 || year > 5'000'000 || month < 1 || month > 12 || day < 1 || day > 31) return kNoDate;
  int64_t days = java_calendar_days(year, month, day);
  CivilDate back = java_calendar_date(days);
  if (back.year != year || back.month != month || back.day != day) return kNoDate;
  *out = static_cast<int32_t>(days);
  return nullptr;
}

const char* to_milliseconds_of_day(const KnownParts& parts, int32_t* out) {
  auto part = [&](int i) { return static_cast<int32_t>(parts.number[i]); };
  auto within = [](int32_t v, int32_t max) { return v >= 0 && v <= max; };
  if (!within(part(1), 23) || !within(part(2), 59) || !within(part(3), 59) || !within(part(4), 999'999'999)) {
    return "not a time of day: hours, minutes, seconds or nanos are out of range";
  }
  *out = ((part(1) * 60 + part(2)) * 60 + part(3)) * 1000 + part(4) / 1'000'000;
  return nullptr;
}

const char* to_timestamp_ms(const KnownParts& parts, int64_t* out) {
  int64_t seconds = parts.number[1];
  auto nanos = static_cast<int32_t>(parts.number[2]);
  if (seconds < kSecondsMin || seconds > kSecondsMax || nanos < 0 || nanos > 999'999'999) {
    return "Timestamp is not valid: it must lie in the years 1 to 9999, with nanos from 0 to 999,999,999";
  }
  *out = seconds * 1000 + nanos / 1'000'000;
  return nullptr;
}

void append_decimal(const columnar::Decimal& value, std::string* out) {
  out->push_back(1 << 3 | kWireLength);
  put_varint(value.unscaled.size(), out);
  out->append(value.unscaled);
  std::string digits = columnar::integer_digits(value.unscaled);
  put_known_number(2, static_cast<int64_t>(digits.size() - (digits[0] == '-')), out);
  put_known_number(3, value.scale, out);
}

void append_date(int32_t days, std::string* out) {
  CivilDate date = java_calendar_date(days);
  // The calendar counts years before Christ upwards: 1 BC is year 1.
  put_known_number(1, date.year > 0 ? date.year : 1 - date.year, out);
  put_known_number(2, date.month, out);
  put_known_number(3, date.day, out);
}

bool append_time_of_day(int32_t ms, std::string* out) {
  if (ms < 0 || ms > kDayMs) return false;
  ms %= kDayMs;
  put_known_number(1, ms / 3'600'000, out);
  put_known_number(2, ms / 60'000 % 60, out);
  put_known_number(3, ms / 1000 % 60, out);
  put_known_number(4, ms % 1000 * 1'000'000, out);
  return true;
}

bool append_timestamp(int64_t ms, std::string* out) {
  int64_t seconds = floor_div(ms, 1000);
  if (seconds < kSecondsMin || seconds > kSecondsMax) return false;
  put_known_number(1, seconds, out);
  put_known_number(2, (ms - seconds * 1000) * 1'000'000, out);
  return true;
}

}  // namespace bywash::formats::protobuf
