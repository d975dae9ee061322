// Decimal, Date, TimeOfDay and Timestamp messages as Connect's logical values, by the rules of Confluent's ProtobufData and DecimalUtils
// 7.7. Decode and encode steps. Level 4.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "columnar/decimal.h"

namespace bywash::formats::protobuf {

// Fields 1 to 4 of such a message.
struct KnownParts {
  int64_t number[5] = {};
  std::string_view bytes;  // field 1 when it is bytes
  bool has_precision = false;
};
// Null, or what is wrong with the bytes.
const char* read_known_parts(std::string_view message, KnownParts* out);

// Null, or what is wrong: the message that the error carries.
const char* to_decimal(const KnownParts& parts, columnar::Decimal* out);
const char* to_days(const KnownParts& parts, int32_t* out);
const char* to_milliseconds_of_day(const KnownParts& parts, int32_t* out);
const char* to_timestamp_ms(const KnownParts& parts, int64_t* out);

// The messages for values.
void append_decimal(const columnar::Decimal& value, std::string* out);
void append_date(int32_t days, std::string* out);
// False: outside of a day.
bool append_time_of_day(int32_t ms, std::string* out);
// False: outside the years 1 to 9999.
bool append_timestamp(int64_t ms, std::string* out);

}  // namespace bywash::formats::protobuf
