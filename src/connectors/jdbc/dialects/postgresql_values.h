// Single values in PostgreSQL's binary forms. Level 6, the task's thread.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "columnar/column.h"
#include "connectors/jdbc/dialects/postgresql_copy.h"

namespace arrow {
class ListArray;
}

namespace bywash::jdbc::postgresql {

inline constexpr int32_t kDaysTo2000 = 10957;
inline constexpr int64_t kMicrosTo2000 = 946'684'800'000'000;

// Stores big-endian; gives the place behind.
template <class Int>
inline uint8_t* store(uint8_t* at, Int value) {
  if constexpr (sizeof(Int) == 2) value = static_cast<Int>(__builtin_bswap16(static_cast<uint16_t>(value)));
  if constexpr (sizeof(Int) == 4) value = static_cast<Int>(__builtin_bswap32(static_cast<uint32_t>(value)));
  if constexpr (sizeof(Int) == 8) value = static_cast<Int>(__builtin_bswap64(static_cast<uint64_t>(value)));
  std::memcpy(at, &value, sizeof value);
  return at + sizeof value;
}
inline uint8_t* store32(uint8_t* at, uint32_t value) { return store<uint32_t>(at, value); }
template <class Int>
inline void append_int(Int value, std::string* out) {
  uint8_t bytes[sizeof(Int)];
  store<Int>(bytes, value);
  out->append(reinterpret_cast<const char*>(bytes), sizeof(Int));
}

// numeric from a decimal as columns hold it (columnar/decimal.h).
void append_numeric(std::string_view encoded, std::string* out);
// A one-dimensional array of primitives; null elements stay null.
void append_array(const columnar::ConnectSchema& element, const arrow::ListArray& list, int64_t row, Wire wire, std::string* out);
// A date, time or timestamp as pgjdbc 42.7 sends it: "2024-06-15 10:00:00.123+00".
void append_temporal_text(const columnar::Column& column, int64_t row, const LocalTimes& times, std::string* out);

}  // namespace bywash::jdbc::postgresql
