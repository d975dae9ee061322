// See murmur.h.
#include "analytics/index/murmur.h"

#include <algorithm>
#include <bit>

namespace bywash::analytics {
namespace {

uint64_t little_endian(std::string_view bytes, size_t at, size_t size) {
  uint64_t out = 0;
  for (size_t i = 0; i < size; ++i) out |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  return out;
}

uint64_t finish_64(uint64_t k) {
  k = (k ^ (k >> 33)) * 0xff51afd7ed558ccd;
  k = (k ^ (k >> 33)) * 0xc4ceb9fe1a85ec53;
  return k ^ (k >> 33);
}

}  // namespace

int32_t murmur2_32(std::string_view bytes) {
  constexpr uint32_t m = 0x5bd1e995;
  uint32_t h = 0x9747b28c ^ static_cast<uint32_t>(bytes.size());
  size_t i = 0;
  for (; i + 4 <= bytes.size(); i += 4) {
    auto k = static_cast<uint32_t>(little_endian(bytes, i, 4)) * m;
    k ^= k >> 24, k *= m;
    h *= m, h ^= k;
  }
  if (i < bytes.size()) h = (h ^ static_cast<uint32_t>(little_endian(bytes, i, bytes.size() - i))) * m;
  h ^= h >> 13, h *= m, h ^= h >> 15;
  return static_cast<int32_t>(h);
}

int64_t murmur2_64(std::string_view bytes, uint64_t seed) {
  constexpr uint64_t m = 0xc6a4a7935bd1e995;
  uint64_t h = seed ^ (bytes.size() * m);
  size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    uint64_t k = little_endian(bytes, at, 8) * m;
    k ^= k >> 47;
    h = (h ^ (k * m)) * m;
  }
  if (at < bytes.size()) h = (h ^ little_endian(bytes, at, bytes.size() - at)) * m;
  h ^= h >> 47;
  h *= m;
  return static_cast<int64_t>(h ^ (h >> 47));
}

int32_t murmur3_32(std::string_view bytes, uint32_t seed) {
  uint32_t h = seed;
  auto mixed = [](uint32_t k) { return std::rotl(k * 0xcc9e2d51u, 15) * 0x1b873593u; };
  size_t at = 0;
  for (; at + 4 <= bytes.size(); at += 4) h = std::rotl(h ^ mixed(static_cast<uint32_t>(little_endian(bytes, at, 4))), 13) * 5 + 0xe6546b64u;
  if (at < bytes.size()) h ^= mixed(static_cast<uint32_t>(little_endian(bytes, at, bytes.size() - at)));
  h ^= static_cast<uint32_t>(bytes.size());
  h = (h ^ (h >> 16)) * 0x85ebca6bu;
  h = (h ^ (h >> 13)) * 0xc2b2ae35u;
  return static_cast<int32_t>(h ^ (h >> 16));
}

std::pair<uint64_t, uint64_t> murmur3_128(std::string_view bytes, uint64_t seed) {
  constexpr uint64_t c1 = 0x87c37b91114253d5, c2 = 0x4cf5ad432745937f;
  auto first = [](uint64_t k) { return std::rotl(k * c1, 31) * c2; };
  auto second = [](uint64_t k) { return std::rotl(k * c2, 33) * c1; };
  uint64_t h1 = seed, h2 = seed;
  size_t at = 0;
  for (; at + 16 <= bytes.size(); at += 16) {
    h1 = (std::rotl(h1 ^ first(little_endian(bytes, at, 8)), 27) + h2) * 5 + 0x52dce729;
    h2 = (std::rotl(h2 ^ second(little_endian(bytes, at + 8, 8)), 31) + h1) * 5 + 0x38495ab5;
  }
  const size_t left = bytes.size() - at;
  if (left > 8) h2 ^= second(little_endian(bytes, at + 8, left - 8));
  if (left > 0) h1 ^= first(little_endian(bytes, at, std::min<size_t>(left, 8)));
  h1 ^= bytes.size(), h2 ^= bytes.size();
  h1 += h2, h2 += h1;
  h1 = finish_64(h1), h2 = finish_64(h2);
  h1 += h2;
  return {h1, h2 + h1};
}

std::pair<uint64_t, uint64_t> murmur3_first_128(std::string_view bytes, int32_t seed) {
  const auto wide_seed = static_cast<uint64_t>(int64_t{seed});
  uint64_t h1 = 0x9368e53c2f6af274 ^ wide_seed, h2 = 0x586dcd208f7cd3fd ^ wide_seed, c1 = 0x87c37b91114253d5, c2 = 0x4cf5ad432745937f;
  auto mix = [&](uint64_t k1, uint64_t k2) {
    h1 = (h1 ^ std::rotl(k1 * c1, 23) * c2) + h2;
    h2 = (std::rotl(h2, 41) ^ std::rotl(k2 * c2, 23) * c1) + h1;
    h1 = h1 * 3 + 0x52dce729;
    h2 = h2 * 3 + 0x38495ab5;
    c1 = c1 * 5 + 0x7b7d159c;
    c2 = c2 * 5 + 0x6bce6396;
  };
  size_t at = 0;
  for (; at + 16 <= bytes.size(); at += 16) mix(little_endian(bytes, at, 8), little_endian(bytes, at + 8, 8));
  if (at < bytes.size()) {  // bytes of the rest have their sign there
    uint64_t rest[2] = {0, 0};
    for (size_t i = 0; at + i < bytes.size(); ++i) rest[i / 8] ^= static_cast<uint64_t>(int64_t{static_cast<signed char>(bytes[at + i])}) << (8 * (i % 8));
    mix(rest[0], rest[1]);
  }
  h2 ^= bytes.size();
  h1 += h2, h2 += h1;
  h1 = finish_64(h1), h2 = finish_64(h2);
  h1 += h2;
  return {h1, h2 + h1};
}

}  // namespace bywash::analytics
