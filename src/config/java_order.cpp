// See java_order.h. Level 1.
#include "config/java_order.h"

#include <algorithm>

namespace bywash::config {

int32_t java_hash(std::string_view text) {
  uint32_t hash = 0;
  auto add = [&](uint32_t unit) { hash = 31 * hash + unit; };
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    uint32_t point = length == 1 ? lead : lead & (0x7Fu >> length);
    for (size_t k = 1; k < length && i + k < text.size(); ++k) point = point << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3F);
    if (point >= 0x10000) {
      add(0xD800 + ((point - 0x10000) >> 10));
      add(0xDC00 + ((point - 0x10000) & 0x3FF));
    } else {
      add(point);
    }
    i += length;
  }
  return static_cast<int32_t>(hash);
}

size_t java_copy_capacity(size_t count) {
  const auto wanted = static_cast<size_t>(static_cast<float>(count) / 0.75f + 1.0f);
  size_t capacity = 1;
  while (capacity < wanted) capacity *= 2;
  return capacity;
}

std::vector<std::string> java_hash_order(std::vector<std::string> keys, size_t capacity) {
  while (keys.size() * 4 > capacity * 3) capacity *= 2;
  auto bucket = [capacity](const std::string& key) {
    const auto hash = static_cast<uint32_t>(java_hash(key));
    return (hash ^ hash >> 16) & (capacity - 1);
  };
  // Within a bucket in the order they came in; a split keeps it.
  std::stable_sort(keys.begin(), keys.end(), [&](const std::string& a, const std::string& b) { return bucket(a) < bucket(b); });
  return keys;
}

}  // namespace bywash::config
