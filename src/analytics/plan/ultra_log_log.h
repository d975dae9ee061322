// UltraLogLog (Ertl, "UltraLogLog: A Practical and More Space-Efficient Alternative to HyperLogLog for Approximate Distinct Counting",
// 2023), with the registers, hashes and estimates of hash4j 0.30.0, which Pinot 1.5.1 uses. Scan stage.
#pragma once

#include "analytics/plan/data_sketches.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace bywash::analytics {

// wyhash final 4 with seed 0.
uint64_t wyhash(std::string_view bytes);
// A value's hash as UltraLogLogUtils.hashObject makes it.
uint64_t ull_hash(const SketchItem& item);

class UltraLogLog {
 public:
  // `p`: 3 to 26, the base-2 logarithm of the number of registers.
  explicit UltraLogLog(int p) : state_(size_t{1} << p, '\0') {}
  void add(uint64_t hash);
  // Adds the registers of a sketch with at least as many; false: it has fewer, or a number that is no power of two.
  bool merge(std::string_view state);
  double estimate() const;
  const std::string& state() const { return state_; }

 private:
  std::string state_;
};

}  // namespace bywash::analytics
