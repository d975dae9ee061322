// Bytes with a checksum, and the one flipped bit that it can put right: CRC32C tells any two single-bit errors of our files apart.
// Table line, recovery. Level 5, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace bywash::analytics {

// Flips back the one bit whose flip explains that the checksum of `bytes` is not `crc`. False: no single bit does, or none has to.
bool mend_bit(std::string* bytes, uint32_t crc);

// A document with a last line "// crc32c=<hex>", which readers of JSON with comments pass over; written as write_file() does.
Status write_document(const std::string& path, std::string_view text);
// Its text, without that line; one without it is taken as it is. A flipped bit is put right, here and in the file, with a warning.
// kFatal with Blame::kHost: it is damaged otherwise.
Result<std::string> read_document(const std::string& path);

}  // namespace bywash::analytics
