// CRC-32C (Castagnoli), as segment files carry per block. Uses the SSE4.2 instruction when the CPU has it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bywash::analytics {

// Continues from `crc` (0 to start). CRC of "123456789" is 0xe3069283.
uint32_t crc32c(uint32_t crc, const void* bytes, size_t size);

}  // namespace bywash::analytics
