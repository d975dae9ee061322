// PostgreSQL's binary form of values, as COPY ... (FORMAT binary) has it (the types' *_send functions, PostgreSQL 9.6 to 18). Level 6,
// any thread.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace bywash::jdbc {

// Whether values of the type (pg_type.oid, of a domain its base's) are read from the binary form.
bool has_binary_form(uint32_t type);
// Two's complement, big-endian, 1 to 8 bytes.
inline int64_t binary_integer(std::string_view bytes) {
  // Nearly all are of these widths.
  if (bytes.size() == 4) {
    uint32_t value = 0;
    std::memcpy(&value, bytes.data(), sizeof value);
    return static_cast<int32_t>(__builtin_bswap32(value));
  }
  if (bytes.size() == 8) {
    uint64_t value = 0;
    std::memcpy(&value, bytes.data(), sizeof value);
    return static_cast<int64_t>(__builtin_bswap64(value));
  }
  uint64_t out = !bytes.empty() && (bytes[0] & 0x80) ? ~uint64_t{0} : 0;
  for (char c : bytes) out = out << 8 | static_cast<uint8_t>(c);
  return static_cast<int64_t>(out);
}
// Of integers and numerics, a fraction cut off; nothing where it is none, or does not fit.
std::optional<int64_t> whole_of_binary(uint32_t type, std::string_view bytes);
// Microseconds since 1970 of a timestamp or date; nothing where it is none, or infinite.
std::optional<int64_t> micros_of_binary(uint32_t type, std::string_view bytes);
// Days since 1970 of a date; nothing where it is infinite.
std::optional<int64_t> days_of_binary(std::string_view bytes);
// Appends a numeric, uuid or jsonb as the server writes it as text. False: not of the type.
bool append_text_of_binary(uint32_t type, std::string_view bytes, std::string* out);
// A numeric times 10^scale. False: not of the type, does not fit, or has more digits than `scale` behind the point.
bool unscaled_of_binary(std::string_view bytes, int32_t scale, int64_t* out);

}  // namespace bywash::jdbc
