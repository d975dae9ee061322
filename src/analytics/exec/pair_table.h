// Pairs of 32-bit ids to dense indexes, in order of arrival: how several group keys become one. Scan and merge stages.
#pragma once

#include "analytics/segment/hash.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bywash::analytics {

class PairTable {
 public:
  PairTable() : slots_(1024) {}

  // The index of (first, second), a new one at its first appearance; `*added` says which.
  uint32_t index_of(uint32_t first, uint32_t second, bool* added = nullptr) {
    uint64_t key = (static_cast<uint64_t>(first) << 32) | second;
    size_t at = hash_word(key, seed_) & (slots_.size() - 1);
    while (slots_[at] != 0) {
      if (keys_[slots_[at] - 1] == key) {
        if (added) *added = false;
        return slots_[at] - 1;
      }
      at = (at + 1) & (slots_.size() - 1);
    }
    keys_.push_back(key);
    slots_[at] = static_cast<uint32_t>(keys_.size());
    if (added) *added = true;
    if (keys_.size() * 2 > slots_.size()) grow();
    return static_cast<uint32_t>(keys_.size() - 1);
  }
  uint32_t first(uint32_t index) const { return static_cast<uint32_t>(keys_[index] >> 32); }
  uint32_t second(uint32_t index) const { return static_cast<uint32_t>(keys_[index]); }
  size_t size() const { return keys_.size(); }
  int64_t memory_bytes() const { return static_cast<int64_t>(keys_.capacity() * sizeof(uint64_t) + slots_.size() * sizeof(uint32_t)); }

 private:
  void grow() {
    std::vector<uint32_t>(slots_.size() * 2).swap(slots_);
    for (size_t i = 0; i < keys_.size(); ++i) {
      size_t at = hash_word(keys_[i], seed_) & (slots_.size() - 1);
      while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = static_cast<uint32_t>(i + 1);
    }
  }

  uint64_t seed_ = process_hash_seed();
  std::vector<uint64_t> keys_;
  std::vector<uint32_t> slots_;
};

}  // namespace bywash::analytics
