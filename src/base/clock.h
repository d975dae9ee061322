// Time sources. Wall time can jump and is for names and schedules; steady time is for deadlines. Level 0.
#pragma once

#include <chrono>
#include <cstdint>

namespace bywash {

using SteadyTime = std::chrono::steady_clock::time_point;
using Millis = std::chrono::milliseconds;

// Milliseconds since the Unix epoch, UTC.
inline int64_t wall_clock_ms() {
  return std::chrono::duration_cast<Millis>(std::chrono::system_clock::now().time_since_epoch()).count();
}
inline SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

}  // namespace bywash
