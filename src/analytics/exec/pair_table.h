// Pairs of 32-bit ids to dense indexes, in order of arrival: how several group keys become one. Scan and merge stages.
#pragma once

#include "analytics/segment/hash.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bywash::analytics {

class PairTable {
 public:
  // The index of (first, second), a new one at its first appearance; `*added` says which.
  uint32_t index_of(uint32_t first, uint32_t second, bool* added = nullptr) {
    if (first < rows_ && second < columns_) return index_at(grid_[size_t{first} * columns_ + second], first, second, added);
    if (slots_.empty() && widen(first, second)) return index_of(first, second, added);
    const uint64_t key = key_of(first, second);
    if (slots_.empty()) use_hashes();
    size_t at = place_of(key);
    while (slots_[at] != 0 && keys_[slots_[at] - 1] != key) at = (at + 1) & (slots_.size() - 1);
    const uint32_t index = index_at(slots_[at], first, second, added);
    if (keys_.size() * 2 > slots_.size()) hash_into(slots_.size() * 2);
    return index;
  }
  uint32_t first(uint32_t index) const { return static_cast<uint32_t>(keys_[index] >> 32); }
  uint32_t second(uint32_t index) const { return static_cast<uint32_t>(keys_[index]); }
  size_t size() const { return keys_.size(); }
  int64_t memory_bytes() const { return static_cast<int64_t>(keys_.capacity() * sizeof(uint64_t) + (slots_.size() + grid_.size()) * sizeof(uint32_t)); }

 private:
  static constexpr size_t kGridMax = 1 << 18;
  static uint64_t key_of(uint32_t first, uint32_t second) { return (static_cast<uint64_t>(first) << 32) | second; }
  size_t place_of(uint64_t key) const { return hash_word(key, seed_) & (slots_.size() - 1); }

  // A slot holds an index + 1; 0 is empty.
  uint32_t index_at(uint32_t& slot, uint32_t first, uint32_t second, bool* added) {
    if (added) *added = slot == 0;
    if (slot != 0) return slot - 1;
    keys_.push_back(key_of(first, second));
    slot = static_cast<uint32_t>(keys_.size());
    return slot - 1;
  }

  // While ids are small each pair has a place of its own. False: they are too large for that.
  bool widen(uint32_t first, uint32_t second) {
    const size_t rows = std::bit_ceil(std::max<size_t>(rows_, size_t{first} + 1)), columns = std::bit_ceil(std::max<size_t>(columns_, size_t{second} + 1));
    if (rows > kGridMax || columns > kGridMax || rows * columns > kGridMax) return false;
    grid_.assign(rows * columns, 0);
    rows_ = rows, columns_ = columns;
    for (size_t i = 0; i < keys_.size(); ++i) grid_[(keys_[i] >> 32) * columns_ + static_cast<uint32_t>(keys_[i])] = static_cast<uint32_t>(i + 1);
    return true;
  }

  void use_hashes() {
    std::vector<uint32_t>().swap(grid_);
    rows_ = columns_ = 0;
    hash_into(std::bit_ceil(keys_.size() * 4 + 1024));
  }

  void hash_into(size_t slots) {
    std::vector<uint32_t>(slots).swap(slots_);
    for (size_t i = 0; i < keys_.size(); ++i) {
      size_t at = place_of(keys_[i]);
      while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = static_cast<uint32_t>(i + 1);
    }
  }

  uint64_t seed_ = process_hash_seed();
  std::vector<uint64_t> keys_;
  std::vector<uint32_t> grid_;   // by first and second; empty once there are slots_
  size_t rows_ = 0, columns_ = 0;
  std::vector<uint32_t> slots_;  // by hash
};

}  // namespace bywash::analytics
