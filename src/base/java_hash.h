// java.lang.String.hashCode and the buckets of java.util.HashMap (JDK 17), for what the originals write or answer in a map's order. Level 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bywash {

// String.hashCode of a text in UTF-8: over its UTF-16 units.
inline int32_t java_string_hash(std::string_view utf8) {
  uint32_t hash = 0;
  auto add = [&](uint32_t unit) { hash = 31 * hash + unit; };
  for (size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    const size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    uint32_t point = length == 1 ? lead : lead & (0x7Fu >> length);
    for (size_t k = 1; k < length && i + k < utf8.size(); ++k) point = point << 6 | (static_cast<unsigned char>(utf8[i + k]) & 0x3F);
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

// The buckets of a map that began with `capacity` of them (a power of two; 16 is `new HashMap<>()`) and took `count` keys in one by one.
inline size_t java_map_capacity(size_t count, size_t capacity = 16) {
  while (count * 4 > capacity * 3) capacity *= 2;
  return capacity;
}

// The bucket of a key with that hashCode. Within one, keys stand in the order they came in.
inline size_t java_map_bucket(int32_t hash, size_t capacity) {
  const auto bits = static_cast<uint32_t>(hash);
  return (bits ^ bits >> 16) & (capacity - 1);
}

}  // namespace bywash
