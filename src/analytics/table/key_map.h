// Where the row of a primary key lies: open addressing over 128-bit hashes of keys, 24 bytes a slot, 28 to 40 bytes a key. A key is
// known by its hash alone: among 10^10 keys two share one with a probability below 10^-18. One writer, no readers beside it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace bywash::analytics {

struct KeyHash {
  uint64_t high = 0, low = 0;
};

// Of a key's values, serialized so that different keys differ.
KeyHash hash_of_key(std::string_view key);

struct RowPlace {
  uint32_t segment = 0, row = 0;
};

class KeyMap {
 public:
  // nullptr: unknown. Valid until the next put() or erase_if().
  RowPlace* find(KeyHash key);
  void put(KeyHash key, RowPlace place);
  size_t size() const { return size_; }
  int64_t memory_bytes() const { return static_cast<int64_t>(slots_.capacity() * sizeof(Slot)); }

  // Forgets the keys for whose place `gone` answers true.
  template <class Gone>
  void erase_if(Gone gone) {
    std::vector<Slot> kept;
    size_t left = 0;
    for (const Slot& slot : slots_) left += slot.place.segment != kFree && !gone(slot.place);
    if (left == size_) return;
    kept.swap(slots_);
    resize(left);
    for (const Slot& slot : kept) {
      if (slot.place.segment != kFree && !gone(slot.place)) put({slot.high, slot.low}, slot.place);
    }
  }

 private:
  static constexpr uint32_t kFree = UINT32_MAX;
  struct Slot {
    uint64_t high = 0, low = 0;
    RowPlace place{kFree, 0};
  };
  // An empty table with room for so many keys.
  void resize(size_t keys);
  void grow();
  size_t slot_of(KeyHash key) const;

  std::vector<Slot> slots_;
  size_t size_ = 0;
};

}  // namespace bywash::analytics
