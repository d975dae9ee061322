// Numbers as Java writes them, for result columns' names, CAST to STRING and JSON.
#pragma once

#include <cstdint>
#include <string>

namespace bywash::analytics::sql {

// java.lang.Double.toString and Float.toString with the shortest digits that read back as the same number (JDK 19 and later):
// "1.0", "1.0E10", "0.001", "1.0E-4", "NaN", "-Infinity".
std::string java_double(double value);
std::string java_float(float value);
// java.sql.Timestamp.toString in UTC, of milliseconds: "2026-11-22 20:42:17.233", with at least one digit of the fraction.
std::string java_timestamp(int64_t millis);

}  // namespace bywash::analytics::sql
