// The dictionary of a consuming column: value → id by a hash table that only the writer touches, id → value in chunks that double in
// size and never move, so readers need no lock. Table line, append stage.
#pragma once

#include "analytics/segment/segment.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace bywash::analytics {

// Bytes with stable addresses until destruction.
class Arena {
 public:
  std::string_view copy(std::string_view text);
  uint32_t* copy(const uint32_t* ids, size_t count);
  int64_t memory_bytes() const { return memory_bytes_; }

 private:
  char* take(size_t bytes, size_t alignment);
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* at_ = nullptr;
  size_t left_ = 0;
  int64_t memory_bytes_ = 0;
};

class GrowingDictionary {
 public:
  explicit GrowingDictionary(Stored kind);  // kI64, kF64 or kBytes
  ~GrowingDictionary();

  // The value's id, a new one at its first appearance. Reals compare by bits (NaN equals itself, -0.0 is not 0.0).
  uint32_t id_of(int64_t value);
  uint32_t id_of(double value);
  uint32_t id_of(std::string_view value);

  void publish() { published_.store(size_, std::memory_order_release); }
  DictionaryView view() const;
  uint32_t size() const { return size_; }
  int64_t memory_bytes() const { return memory_bytes_ + arena_.memory_bytes(); }

 private:
  struct Slot {
    uint32_t hash = 0;
    uint32_t id_plus_one = 0;
  };
  template <class T>
  T* slot_for_new();
  template <class T, class Same>
  uint32_t find_or_add(uint64_t hash, T value, Same same);
  void grow_table();

  Stored kind_;
  uint32_t size_ = 0;
  std::atomic<uint32_t> published_{0};
  std::array<void*, 23> chunks_{};  // 1024 · (2^23 − 1) values and more than a segment holds
  std::vector<Slot> table_;
  Arena arena_;
  int64_t memory_bytes_ = 0;
};

}  // namespace bywash::analytics
