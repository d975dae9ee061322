// Pieces of JSON text: numbers as Java prints them, base64, ISO dates. Encode step of the source line. Level 4.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bywash::formats::json {

void append_integer(int64_t value, std::string* out);
// NaN and the infinities as strings, as Jackson writes them.
void append_double(double value, std::string* out);
void append_float(float value, std::string* out);
// In quotes, padded.
void append_base64(std::string_view bytes, std::string* out);
// Without quotes: 2024-01-31, 10:00:00.000, 2024-01-31T10:00:00.000Z.
void append_iso_date(int64_t days, std::string* out);
void append_iso_time(int64_t ms_of_day, std::string* out);
void append_iso_timestamp(int64_t epoch_ms, std::string* out);

}  // namespace bywash::formats::json
