#include "analytics/index/postings.h"

#include <roaring/roaring.h>

#include <cstring>
#include <memory>

namespace bywash::analytics {
namespace {

// A list's first 32-bit word is its row count; up to this many rows follow as plain words, else Roaring bytes.
constexpr uint32_t kPlainRows = 64;

struct FreeBitmap {
  void operator()(roaring_bitmap_t* bitmap) const { roaring_bitmap_free(bitmap); }
};
using Bitmap = std::unique_ptr<roaring_bitmap_t, FreeBitmap>;

}  // namespace

void PostingsWriter::add(const uint32_t* rows, size_t count) {
  auto header = static_cast<uint32_t>(count);
  bytes_.append(reinterpret_cast<const char*>(&header), sizeof header);
  if (count <= kPlainRows) {
    bytes_.append(reinterpret_cast<const char*>(rows), count * sizeof(uint32_t));
  } else {
    Bitmap bitmap(roaring_bitmap_of_ptr(count, rows));
    roaring_bitmap_run_optimize(bitmap.get());
    size_t at = bytes_.size();
    bytes_.resize(at + roaring_bitmap_portable_size_in_bytes(bitmap.get()));
    roaring_bitmap_portable_serialize(bitmap.get(), bytes_.data() + at);
  }
  offsets_.push_back(bytes_.size());
}

uint64_t count_postings(const uint64_t* offsets, const char* bytes, uint32_t id) {
  if (offsets[id + 1] - offsets[id] < sizeof(uint32_t)) return 0;
  uint32_t count;
  std::memcpy(&count, bytes + offsets[id], sizeof count);
  return count;
}

bool read_postings(const uint64_t* offsets, const char* bytes, uint32_t id, std::vector<uint32_t>* rows) {
  uint64_t size = offsets[id + 1] - offsets[id];
  if (size < sizeof(uint32_t)) return false;
  auto count = static_cast<size_t>(count_postings(offsets, bytes, id));
  const char* at = bytes + offsets[id] + sizeof(uint32_t);
  size -= sizeof(uint32_t);
  size_t old = rows->size();
  if (count <= kPlainRows) {
    if (size != count * sizeof(uint32_t)) return false;
    rows->resize(old + count);
    std::memcpy(rows->data() + old, at, size);
    return true;
  }
  Bitmap bitmap(roaring_bitmap_portable_deserialize_safe(at, size));
  if (!bitmap || roaring_bitmap_get_cardinality(bitmap.get()) != count) return false;
  rows->resize(old + count);
  roaring_bitmap_to_uint32_array(bitmap.get(), rows->data() + old);
  return true;
}

}  // namespace bywash::analytics
