// CityHash 1.1 (Geoff Pike and Jyrki Alakuijala, Google) with 32, 64 and 128 bits, of bytes in order, words little-endian. Pure functions,
// any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

namespace bywash::analytics {

uint32_t city_hash_32(std::string_view bytes);
uint64_t city_hash_64(std::string_view bytes);
uint64_t city_hash_64(std::string_view bytes, uint64_t seed);
uint64_t city_hash_64(std::string_view bytes, uint64_t seed, uint64_t second_seed);
// The first and the second half.
std::pair<uint64_t, uint64_t> city_hash_128(std::string_view bytes);

}  // namespace bywash::analytics
