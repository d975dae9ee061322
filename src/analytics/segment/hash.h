// Hashes of values for dictionaries and group tables. Not for anything that leaves the process: the seed differs per process, so that
// input cannot be crafted to collide.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace bywash::analytics {

uint64_t process_hash_seed();

inline uint64_t mix(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}
inline uint64_t hash_word(uint64_t word, uint64_t seed) { return mix(word ^ seed, 0x9e3779b97f4a7c15ULL); }

inline uint64_t hash_bytes(std::string_view text, uint64_t seed) {
  const char* at = text.data();
  size_t left = text.size();
  uint64_t h = seed ^ (left * 0xa0761d6478bd642fULL);
  uint64_t word;
  for (; left >= 8; at += 8, left -= 8) {
    std::memcpy(&word, at, 8);
    h = mix(h ^ word, 0xe7037ed1a0b428dbULL);
  }
  if (left > 0) {
    word = 0;
    std::memcpy(&word, at, left);
    h = mix(h ^ word, 0x8ebc6af09c88c6e3ULL);
  }
  return mix(h, 0x589965cc75374cc3ULL);
}

}  // namespace bywash::analytics
