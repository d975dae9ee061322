// Murmur hashes as the JVM originals compute them: of bytes in order, words little-endian. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

namespace bywash::analytics {

// Kafka's and Pinot's MurmurHash2 of 32 bits (seed 0x9747b28c).
int32_t murmur2_32(std::string_view bytes);
// MurmurHash64A.
int64_t murmur2_64(std::string_view bytes, uint64_t seed);
// MurmurHash3_x86_32.
int32_t murmur3_32(std::string_view bytes, uint32_t seed);
// MurmurHash3_x64_128.
std::pair<uint64_t, uint64_t> murmur3_128(std::string_view bytes, uint64_t seed);
// The form of it that was published first, as Infinispan has it (Pinot's murmurHash3X64*).
std::pair<uint64_t, uint64_t> murmur3_first_128(std::string_view bytes, int32_t seed);

}  // namespace bywash::analytics
