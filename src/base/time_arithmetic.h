// Arithmetic on days and milliseconds since the epoch, also before it. Level 0.
#pragma once

#include <cstdint>

namespace bywash {

inline constexpr int64_t kMsPerDay = 86'400'000;

// a / b rounded down, as Java's Math.floorDiv; b must be positive.
constexpr int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

}  // namespace bywash
