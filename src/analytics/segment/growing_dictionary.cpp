#include "analytics/segment/growing_dictionary.h"

#include "analytics/segment/hash.h"
#include "base/check.h"

#include <algorithm>
#include <cstring>
#include <random>

namespace bywash::analytics {

uint64_t process_hash_seed() {
  static const uint64_t seed = [] {
    std::random_device source;
    return (static_cast<uint64_t>(source()) << 32) | source();
  }();
  return seed;
}

namespace {
constexpr size_t kFirstArenaBlock = 4 << 10, kArenaBlock = 256 << 10;  // blocks double up to the second
size_t chunk_values(size_t k) { return static_cast<size_t>(DictionaryView::kFirstChunk) << k; }
}  // namespace

char* Arena::take(size_t bytes, size_t alignment) {
  size_t padding = (alignment - reinterpret_cast<uintptr_t>(at_) % alignment) % alignment;
  if (left_ < bytes + padding) {
    const size_t block = std::min(kArenaBlock, kFirstArenaBlock << std::min<size_t>(blocks_.size(), 8));
    size_t size = std::max(bytes, block);
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(size));
    memory_bytes_ += static_cast<int64_t>(size);
    if (size > block) return blocks_.back().get();  // a big one stands alone; the current block goes on
    at_ = blocks_.back().get();
    left_ = size;
    padding = 0;
  }
  char* out = at_ + padding;
  at_ = out + bytes;
  left_ -= bytes + padding;
  return out;
}

std::string_view Arena::copy(std::string_view text) {
  if (text.empty()) return {};
  char* to = take(text.size(), 1);
  std::memcpy(to, text.data(), text.size());
  return {to, text.size()};
}

uint32_t* Arena::copy(const uint32_t* ids, size_t count) {
  auto* to = reinterpret_cast<uint32_t*>(take(count * sizeof(uint32_t), alignof(uint32_t)));
  std::memcpy(to, ids, count * sizeof(uint32_t));
  return to;
}

GrowingDictionary::GrowingDictionary(Stored kind) : kind_(kind), table_(256) {
  CHECK(kind == Stored::kI64 || kind == Stored::kF64 || kind == Stored::kBytes);
}

GrowingDictionary::~GrowingDictionary() {
  for (void* chunk : chunks_) std::free(chunk);
}

template <class T>
T* GrowingDictionary::slot_for_new() {
  uint32_t k = std::bit_width(size_ / DictionaryView::kFirstChunk + 1) - 1;
  CHECK(k < chunks_.size());
  if (!chunks_[k]) {
    chunks_[k] = std::malloc(chunk_values(k) * sizeof(T));
    CHECK(chunks_[k] != nullptr);
    memory_bytes_ += static_cast<int64_t>(chunk_values(k) * sizeof(T));
  }
  return static_cast<T*>(chunks_[k]) + (size_ - DictionaryView::kFirstChunk * ((1u << k) - 1));
}

void GrowingDictionary::grow_table() {
  std::vector<Slot> old(table_.size() * 2);
  old.swap(table_);
  memory_bytes_ += static_cast<int64_t>((table_.size() - old.size()) * sizeof(Slot));
  // The low 32 bits of the hash are what slots keep; tables stay below 2^32 slots.
  for (const Slot& slot : old) {
    if (!slot.id_plus_one) continue;
    size_t at = slot.hash & (table_.size() - 1);
    while (table_[at].id_plus_one) at = (at + 1) & (table_.size() - 1);
    table_[at] = slot;
  }
}

template <class T, class Same>
uint32_t GrowingDictionary::find_or_add(uint64_t hash, T value, Same same) {
  auto short_hash = static_cast<uint32_t>(hash ^ (hash >> 32));
  size_t mask = table_.size() - 1;
  size_t at = short_hash & mask;
  DictionaryView values;
  values.chunks = chunks_.data();
  while (table_[at].id_plus_one) {
    if (table_[at].hash == short_hash && same(values.chunked<T>(table_[at].id_plus_one - 1))) return table_[at].id_plus_one - 1;
    at = (at + 1) & mask;
  }
  if constexpr (std::is_same_v<T, std::string_view>) value = arena_.copy(value);
  *slot_for_new<T>() = value;
  table_[at] = {short_hash, ++size_};
  uint32_t id = size_ - 1;
  if (size_ * 2ull > table_.size()) grow_table();
  return id;
}

uint32_t GrowingDictionary::id_of(int64_t value) {
  return find_or_add<int64_t>(hash_word(static_cast<uint64_t>(value), process_hash_seed()), value, [&](int64_t other) { return other == value; });
}

uint32_t GrowingDictionary::id_of(double value) {
  uint64_t bits = std::bit_cast<uint64_t>(value);
  return find_or_add<double>(hash_word(bits, process_hash_seed()), value, [&](double other) { return std::bit_cast<uint64_t>(other) == bits; });
}

uint32_t GrowingDictionary::id_of(std::string_view value) {
  return find_or_add<std::string_view>(hash_bytes(value, process_hash_seed()), value, [&](std::string_view other) { return other == value; });
}

DictionaryView GrowingDictionary::view() const {
  DictionaryView out;
  out.kind = kind_;
  out.cardinality = published_.load(std::memory_order_acquire);
  out.chunks = chunks_.data();
  return out;
}

}  // namespace bywash::analytics
