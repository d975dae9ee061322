// See city_hash.h.
#include "analytics/index/city_hash.h"

#include <bit>
#include <cstring>

namespace bywash::analytics {
namespace {

using Pair = std::pair<uint64_t, uint64_t>;

constexpr uint64_t kPrime0 = 0xc3a5c85c97cb3127, kPrime1 = 0xb492b66fbe98f273, kPrime2 = 0x9ae16a3b2f90404f, kFold = 0x9ddfea08eb382d69;
constexpr uint32_t kMix1 = 0xcc9e2d51, kMix2 = 0x1b873593, kStep = 0xe6546b64;

template <class Word>
Word word_at(std::string_view bytes, size_t at) {
  Word out;
  std::memcpy(&out, bytes.data() + at, sizeof(out));
  return out;  // every machine that this runs on is little-endian
}
uint64_t wide(std::string_view bytes, size_t at) { return word_at<uint64_t>(bytes, at); }
uint32_t narrow(std::string_view bytes, size_t at) { return word_at<uint32_t>(bytes, at); }

uint64_t shift_mix(uint64_t value) { return value ^ (value >> 47); }
uint64_t fold(uint64_t u, uint64_t v, uint64_t factor = kFold) {
  const uint64_t a = shift_mix((u ^ v) * factor);
  return shift_mix((v ^ a) * factor) * factor;
}

// ---- 32 bits

uint32_t step_32(uint32_t h, int rotation) { return std::rotr(h, rotation) * 5 + kStep; }
uint32_t scrambled(uint32_t word) { return std::rotr(word * kMix1, 17) * kMix2; }
uint32_t mixed_in(uint32_t word, uint32_t h) { return step_32(h ^ scrambled(word), 19); }
uint32_t finish_32(uint32_t h) {
  h = (h ^ (h >> 16)) * 0x85ebca6b;
  h = (h ^ (h >> 13)) * 0xc2b2ae35;
  return h ^ (h >> 16);
}

uint32_t short_32(std::string_view bytes) {
  const auto size = static_cast<uint32_t>(bytes.size());
  if (size <= 4) {
    uint32_t b = 0, c = 9;
    for (char one : bytes) {
      b = b * kMix1 + static_cast<uint32_t>(static_cast<int32_t>(static_cast<signed char>(one)));
      c ^= b;
    }
    return finish_32(mixed_in(b, mixed_in(size, c)));
  }
  if (size <= 12) {
    const uint32_t a = size + narrow(bytes, 0), b = size * 5 + narrow(bytes, size - 4), c = 9 + narrow(bytes, (size >> 1) & 4);
    return finish_32(mixed_in(c, mixed_in(b, mixed_in(a, size * 5))));
  }
  uint32_t h = size;
  for (uint32_t at : {size / 2 - 4, 4u, size - 8, size / 2, 0u, size - 4}) h = mixed_in(narrow(bytes, at), h);
  return finish_32(h);
}

// ---- 64 bits

uint64_t up_to_16(std::string_view bytes) {
  const size_t size = bytes.size();
  const uint64_t factor = kPrime2 + size * 2;
  if (size >= 8) {
    const uint64_t a = wide(bytes, 0) + kPrime2, b = wide(bytes, size - 8);
    return fold(std::rotr(b, 37) * factor + a, (std::rotr(a, 25) + b) * factor, factor);
  }
  if (size >= 4) return fold(size + (uint64_t{narrow(bytes, 0)} << 3), narrow(bytes, size - 4), factor);
  if (size == 0) return kPrime2;
  auto byte = [&](size_t at) { return static_cast<uint32_t>(static_cast<unsigned char>(bytes[at])); };
  const uint32_t y = byte(0) + (byte(size >> 1) << 8), z = static_cast<uint32_t>(size) + (byte(size - 1) << 2);
  return shift_mix(y * kPrime2 ^ z * kPrime0) * kPrime2;
}

uint64_t up_to_32(std::string_view bytes) {
  const size_t size = bytes.size();
  const uint64_t factor = kPrime2 + size * 2;
  const uint64_t a = wide(bytes, 0) * kPrime1, b = wide(bytes, 8), c = wide(bytes, size - 8) * factor, d = wide(bytes, size - 16) * kPrime2;
  return fold(std::rotr(a + b, 43) + std::rotr(c, 30) + d, a + std::rotr(b + kPrime2, 18) + c, factor);
}

uint64_t up_to_64(std::string_view bytes) {
  const size_t size = bytes.size();
  const uint64_t factor = kPrime2 + size * 2;
  const uint64_t a = wide(bytes, 0) * kPrime2, b = wide(bytes, 8), c = wide(bytes, size - 24), d = wide(bytes, size - 32);
  const uint64_t e = wide(bytes, 16) * kPrime2, f = wide(bytes, 24) * 9, g = wide(bytes, size - 8), h = wide(bytes, size - 16) * factor;
  const uint64_t u = std::rotr(a + g, 43) + (std::rotr(b, 30) + c) * 9, v = ((a + g) ^ d) + f + 1;
  const uint64_t w = __builtin_bswap64((u + v) * factor) + h, x = std::rotr(e + f, 42) + c;
  const uint64_t y = (__builtin_bswap64((v + w) * factor) + g) * factor, z = e + f + c;
  return shift_mix((z + __builtin_bswap64((x + z) * factor + y) + b) * factor + d + h) * factor + x;
}

Pair weak(std::string_view bytes, size_t at, uint64_t a, uint64_t b) {
  const uint64_t first = wide(bytes, at), last = wide(bytes, at + 24);
  a += first;
  b = std::rotr(b + a + last, 21);
  const uint64_t c = a;
  a += wide(bytes, at + 8) + wide(bytes, at + 16);
  return {a + last, b + std::rotr(a, 44) + c};
}

// What goes through the blocks of 64 bytes.
struct Rounds {
  uint64_t x = 0, y = 0, z = 0;
  Pair v, w;
  void block(std::string_view bytes, size_t at) {
    x = std::rotr(x + y + v.first + wide(bytes, at + 8), 37) * kPrime1;
    y = std::rotr(y + v.second + wide(bytes, at + 48), 42) * kPrime1;
    x ^= w.second;
    y += v.first + wide(bytes, at + 40);
    z = std::rotr(z + w.first, 33) * kPrime1;
    v = weak(bytes, at, v.second * kPrime1, x + w.first);
    w = weak(bytes, at + 32, z + w.second, y + wide(bytes, at + 16));
    std::swap(z, x);
  }
};

// ---- 128 bits

Pair murmur_like(std::string_view bytes, uint64_t a, uint64_t b) {
  uint64_t c = 0, d = 0;
  size_t size = bytes.size();
  if (size <= 16) {
    a = shift_mix(a * kPrime1) * kPrime1;
    c = b * kPrime1 + up_to_16(bytes);
    d = shift_mix(a + (size >= 8 ? wide(bytes, 0) : c));
  } else {
    c = fold(wide(bytes, size - 8) + kPrime1, a);
    d = fold(b + size, c + wide(bytes, size - 16));
    a += d;
    for (size_t at = 0; at + 16 < size; at += 16) {
      a = (a ^ shift_mix(wide(bytes, at) * kPrime1) * kPrime1) * kPrime1;
      b ^= a;
      c = (c ^ shift_mix(wide(bytes, at + 8) * kPrime1) * kPrime1) * kPrime1;
      d ^= c;
    }
  }
  a = fold(a, c);
  b = fold(d, b);
  return {a ^ b, fold(b, a)};
}

Pair seeded_128(std::string_view bytes, uint64_t seed0, uint64_t seed1) {
  size_t left = bytes.size();
  if (left < 128) return murmur_like(bytes, seed0, seed1);
  Rounds r{seed0, seed1, left * kPrime1, {}, {}};
  r.v.first = std::rotr(r.y ^ kPrime1, 49) * kPrime1 + wide(bytes, 0);
  r.v.second = std::rotr(r.v.first, 42) * kPrime1 + wide(bytes, 8);
  r.w.first = std::rotr(r.y + r.z, 35) * kPrime1 + r.x;
  r.w.second = std::rotr(r.x + wide(bytes, 88), 53) * kPrime1;
  size_t at = 0;
  for (; left >= 128; left -= 128, at += 128) r.block(bytes, at), r.block(bytes, at + 64);
  r.x += std::rotr(r.v.first + r.z, 49) * kPrime0;
  r.y = r.y * kPrime0 + std::rotr(r.w.second, 37);
  r.z = r.z * kPrime0 + std::rotr(r.w.first, 27);
  r.w.first *= 9;
  r.v.first *= kPrime0;
  for (size_t done = 0; done < left;) {
    done += 32;
    const size_t from = at + left - done;
    r.y = std::rotr(r.x + r.y, 42) * kPrime0 + r.v.second;
    r.w.first += wide(bytes, from + 16);
    r.x = r.x * kPrime0 + r.w.first;
    r.z += r.w.second + wide(bytes, from);
    r.w.second += r.v.first;
    r.v = weak(bytes, from, r.v.first + r.z, r.v.second);
    r.v.first *= kPrime0;
  }
  const uint64_t x = fold(r.x, r.v.first), y = fold(r.y + r.z, r.w.first);
  return {fold(x + r.v.second, r.w.second) + y, fold(x + r.w.second, y + r.v.second)};
}

}  // namespace

uint32_t city_hash_32(std::string_view bytes) {
  if (bytes.size() <= 24) return short_32(bytes);
  const size_t size = bytes.size();
  uint32_t h = static_cast<uint32_t>(size), g = kMix1 * h, f = g;
  h = step_32(h ^ scrambled(narrow(bytes, size - 4)), 19);
  h = step_32(h ^ scrambled(narrow(bytes, size - 16)), 19);
  g = step_32(g ^ scrambled(narrow(bytes, size - 8)), 19);
  g = step_32(g ^ scrambled(narrow(bytes, size - 12)), 19);
  f = step_32(f + scrambled(narrow(bytes, size - 20)), 19);
  size_t at = 0;
  for (size_t rounds = (size - 1) / 20; rounds > 0; --rounds, at += 20) {
    const uint32_t a = scrambled(narrow(bytes, at)), b = narrow(bytes, at + 4), c = scrambled(narrow(bytes, at + 8)), d = scrambled(narrow(bytes, at + 12)),
                   e = narrow(bytes, at + 16);
    h = step_32(h ^ a, 18);
    f = std::rotr(f + b, 19) * kMix1;
    g = step_32(g + c, 18);
    h = step_32(h ^ (d + b), 19);
    g = __builtin_bswap32(g ^ e) * 5;
    h = __builtin_bswap32(h + e * 5);
    const uint32_t last = f + a;
    f = g, g = h, h = last;
  }
  auto ended = [](uint32_t word) { return std::rotr(std::rotr(word, 11) * kMix1, 17) * kMix1; };
  h = std::rotr(step_32(h + ended(g), 19), 17) * kMix1;
  return std::rotr(step_32(h + ended(f), 19), 17) * kMix1;
}

uint64_t city_hash_64(std::string_view bytes) {
  const size_t size = bytes.size();
  if (size <= 16) return up_to_16(bytes);
  if (size <= 32) return up_to_32(bytes);
  if (size <= 64) return up_to_64(bytes);
  Rounds r;
  r.x = wide(bytes, size - 40);
  r.y = wide(bytes, size - 16) + wide(bytes, size - 56);
  r.z = fold(wide(bytes, size - 48) + size, wide(bytes, size - 24));
  r.v = weak(bytes, size - 64, size, r.z);
  r.w = weak(bytes, size - 32, r.y + kPrime1, r.x);
  r.x = r.x * kPrime1 + wide(bytes, 0);
  for (size_t at = 0; at < ((size - 1) & ~size_t{63}); at += 64) r.block(bytes, at);
  return fold(fold(r.v.first, r.w.first) + shift_mix(r.y) * kPrime1 + r.z, fold(r.v.second, r.w.second) + r.x);
}
uint64_t city_hash_64(std::string_view bytes, uint64_t seed) { return city_hash_64(bytes, kPrime2, seed); }
uint64_t city_hash_64(std::string_view bytes, uint64_t seed, uint64_t second_seed) { return fold(city_hash_64(bytes) - seed, second_seed); }

std::pair<uint64_t, uint64_t> city_hash_128(std::string_view bytes) {
  if (bytes.size() < 16) return seeded_128(bytes, kPrime0, kPrime1);
  return seeded_128(bytes.substr(16), wide(bytes, 0), wide(bytes, 8) + kPrime0);
}

}  // namespace bywash::analytics
