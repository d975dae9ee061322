// Which partition a record goes to, as the Java producer chooses it. Level 3; not included outside kafka/.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace bywash::kafka {

// Utils.murmur2 (Kafka 4.3).
inline uint32_t murmur2(std::string_view bytes) {
  constexpr uint32_t kFactor = 0x5bd1e995;
  auto h = 0x9747b28cu ^ static_cast<uint32_t>(bytes.size());
  const char* at = bytes.data();
  for (size_t left = bytes.size() / 4; left > 0; --left, at += 4) {
    uint32_t k;
    std::memcpy(&k, at, 4);
    k *= kFactor;
    k ^= k >> 24;
    h = h * kFactor ^ k * kFactor;
  }
  const size_t rest = bytes.size() % 4;
  for (size_t i = rest; i-- > 0;) h ^= static_cast<uint32_t>(static_cast<unsigned char>(at[i])) << (8 * i);
  if (rest > 0) h *= kFactor;
  h ^= h >> 13;
  h *= kFactor;
  return h ^ h >> 15;
}

// BuiltInPartitioner.partitionForKey: of a key that is there, even an empty one.
inline int32_t partition_of_key(std::string_view key, size_t partitions) {
  return static_cast<int32_t>((murmur2(key) & 0x7fffffffu) % static_cast<uint32_t>(partitions));
}

}  // namespace bywash::kafka
