// How Pinot compresses the chunks of forward indexes without a dictionary. Upload line; any thread.
// Source: org.apache.pinot.segment.spi.compression.ChunkCompressionType, org.apache.pinot.segment.local.io.compression.* 1.5.1.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace bywash::analytics {

enum class ChunkCodec : int32_t { kPassThrough = 0, kSnappy = 1, kZstandard = 2, kLz4 = 3, kLz4LengthPrefixed = 4, kGzip = 5 };

// kInvalid naming the number: it is none of these.
Result<ChunkCodec> chunk_codec_of(int32_t number);

// The chunk unpacked. `size_max` is what it may have at most; where the chunk itself says its size, 0 stands for that. kInvalid: it is damaged.
Result<std::string> unpack_chunk(ChunkCodec codec, std::string_view packed, uint64_t size_max);

}  // namespace bywash::analytics
