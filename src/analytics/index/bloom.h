// Bloom filters: which values a sealed column surely does not hold. Written at seal, read when segments are pruned; any thread.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bywash::analytics {

// Over plain words: `count` of them, a power of two; each value sets `bits` of one block of eight words (a cache line).
struct BloomView {
  const uint64_t* words = nullptr;
  uint64_t count = 0;
  uint32_t bits = 0;
  explicit operator bool() const { return words != nullptr; }
  bool may_hold(uint64_t hash) const;
};

// Hashes that stay the same from process to process.
uint64_t bloom_hash(int64_t value);
uint64_t bloom_hash(double value);
uint64_t bloom_hash(std::string_view value);

class BloomWriter {
 public:
  // For `values` distinct values and a share of false answers between 0 and 1. `max_bytes` 0: no limit; past it more answers are false.
  BloomWriter(uint64_t values, double false_share, uint64_t max_bytes);
  void add(uint64_t hash);
  // Its first word holds `bits`.
  std::string bytes() const;
  // False: these are not the bytes of a filter.
  static bool read(std::string_view bytes, BloomView* out);

 private:
  std::vector<uint64_t> words_;
  uint32_t bits_;
};

}  // namespace bywash::analytics
