// See key_map.h.
#include "analytics/table/key_map.h"

#include <algorithm>

#include "analytics/segment/hash.h"

namespace bywash::analytics {
namespace {

constexpr size_t kFewestSlots = 64;
// Full at 85 %; grown by 1.4 it is 61 % full, which is 40 bytes a key.
constexpr double kFullest = 0.85, kGrowth = 1.4;

}  // namespace

KeyHash hash_of_key(std::string_view key) {
  const uint64_t seed = process_hash_seed();
  return {hash_bytes(key, seed), hash_bytes(key, mix(seed, 0xd6e8feb86659fd93ULL))};
}

// The key's slot, or the free one where it belongs.
size_t KeyMap::slot_of(KeyHash key) const {
  __extension__ using Wide = unsigned __int128;
  auto at = static_cast<size_t>((static_cast<Wide>(key.high) * slots_.size()) >> 64);
  while (slots_[at].place.segment != kFree && (slots_[at].high != key.high || slots_[at].low != key.low)) at = at + 1 == slots_.size() ? 0 : at + 1;
  return at;
}

RowPlace* KeyMap::find(KeyHash key) {
  if (slots_.empty()) return nullptr;
  Slot& slot = slots_[slot_of(key)];
  return slot.place.segment == kFree ? nullptr : &slot.place;
}

void KeyMap::put(KeyHash key, RowPlace place) {
  if (static_cast<double>(size_ + 1) > kFullest * static_cast<double>(slots_.size())) grow();
  Slot& slot = slots_[slot_of(key)];
  size_ += slot.place.segment == kFree;
  slot = {key.high, key.low, place};
}

void KeyMap::resize(size_t keys) {
  const auto slots = static_cast<size_t>(static_cast<double>(keys) / kFullest * 1.05) + 1;
  slots_ = std::vector<Slot>(std::max(kFewestSlots, slots));
  size_ = 0;
}

void KeyMap::grow() {
  std::vector<Slot> old(std::max(kFewestSlots, static_cast<size_t>(static_cast<double>(slots_.size()) * kGrowth)));
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.place.segment != kFree) slots_[slot_of({slot.high, slot.low})] = slot;
  }
}

}  // namespace bywash::analytics
