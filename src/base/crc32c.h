// CRC-32C (Castagnoli): blocks of segment files, record batches of Kafka. Uses the SSE4.2 instruction when the CPU has it. Level 0.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bywash {

// Continues from `crc` (0 to start). CRC of "123456789" is 0xe3069283.
uint32_t crc32c(uint32_t crc, const void* bytes, size_t size);

}  // namespace bywash
