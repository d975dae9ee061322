// See chunk_codec.h.
#include "analytics/pinot_segment/chunk_codec.h"

#include <arrow/util/compression.h>

#include <algorithm>
#include <memory>

#include "analytics/pinot_segment/big_endian.h"

namespace bywash::analytics {
namespace {

constexpr uint64_t kChunkMax = uint64_t{1} << 30;
constexpr uint64_t kShareMax = 80'000;  // no codec packs half as tight

Status damaged_chunk(std::string_view why) { return Status::invalid(fmt::format("A compressed chunk is damaged: {}", why)); }

// What Snappy's block and Zstandard's frame say of their own size; 0: nothing.
uint64_t snappy_size(std::string_view packed) {
  uint64_t out = 0;
  for (size_t i = 0; i < std::min<size_t>(packed.size(), 5); ++i) {
    out |= static_cast<uint64_t>(packed[i] & 0x7f) << (7 * i);
    if (!(packed[i] & 0x80)) return out;
  }
  return 0;
}
uint64_t zstandard_size(std::string_view packed) {
  if (packed.size() < 6) return 0;
  const auto descriptor = static_cast<unsigned char>(packed[4]);
  const bool single = descriptor & 0x20;
  const size_t dictionary = (descriptor & 3) == 3 ? 4 : descriptor & 3, kind = descriptor >> 6, width = kind == 0 ? (single ? 1 : 0) : size_t{1} << kind;
  const size_t at = 5 + (single ? 0 : 1) + dictionary;
  if (packed.size() < at + width) return 0;
  uint64_t out = 0;
  for (size_t i = 0; i < width; ++i) out |= static_cast<uint64_t>(static_cast<unsigned char>(packed[at + i])) << (8 * i);
  return kind == 1 ? out + 256 : out;
}

arrow::Result<std::unique_ptr<arrow::util::Codec>> codec_for(ChunkCodec codec) {
  switch (codec) {
    case ChunkCodec::kSnappy: return arrow::util::Codec::Create(arrow::Compression::SNAPPY);
    case ChunkCodec::kZstandard: return arrow::util::Codec::Create(arrow::Compression::ZSTD);
    case ChunkCodec::kGzip: {
      arrow::util::GZipCodecOptions zlib;  // Java's Deflater
      zlib.gzip_format = arrow::util::GZipFormat::ZLIB;
      return arrow::util::Codec::Create(arrow::Compression::GZIP, zlib);
    }
    default: return arrow::util::Codec::Create(arrow::Compression::LZ4);
  }
}

}  // namespace

Result<ChunkCodec> chunk_codec_of(int32_t number) {
  if (number >= 0 && number <= static_cast<int32_t>(ChunkCodec::kGzip)) return static_cast<ChunkCodec>(number);
  return Status::invalid(fmt::format("chunk compression {} is not supported; PASS_THROUGH, SNAPPY, ZSTANDARD, LZ4, LZ4_LENGTH_PREFIXED and GZIP are", number));
}

Result<std::string> unpack_chunk(ChunkCodec codec, std::string_view packed, uint64_t size_max) {
  if (codec == ChunkCodec::kPassThrough) return std::string(packed);
  uint64_t size = std::min({size_max, packed.size() / 2 * kShareMax, kChunkMax});
  BigEndian numbers(packed);
  if (codec == ChunkCodec::kSnappy) size = snappy_size(packed);
  if (codec == ChunkCodec::kZstandard && zstandard_size(packed) > 0) size = zstandard_size(packed);
  if (codec == ChunkCodec::kLz4LengthPrefixed) {
    size = numbers.little_u32(0);
    packed.remove_prefix(std::min<size_t>(packed.size(), 4));
  }
  if (codec == ChunkCodec::kGzip) {  // the size stands behind the stream, little-endian where chunks may say it alone (versions from 4 on)
    if (size_max == 0) size = packed.size() < 4 ? 0 : numbers.little_u32(packed.size() - 4);
    packed.remove_suffix(std::min<size_t>(packed.size(), 4));
  }
  if (!numbers.ok()) return damaged_chunk("it is cut off");
  if (size > kChunkMax || size / kShareMax > packed.size()) return damaged_chunk(fmt::format("it cannot have {} bytes", size));
  if (size == 0) return std::string();
  auto unpacker = codec_for(codec);
  if (!unpacker.ok()) return Status::host("Cannot unpack a chunk: " + unpacker.status().message());
  auto room = std::make_unique_for_overwrite<uint8_t[]>(size);
  auto written = (*unpacker)->Decompress(static_cast<int64_t>(packed.size()), reinterpret_cast<const uint8_t*>(packed.data()), static_cast<int64_t>(size), room.get());
  if (!written.ok()) return damaged_chunk(written.status().message());
  return std::string(reinterpret_cast<const char*>(room.get()), static_cast<size_t>(*written));
}

}  // namespace bywash::analytics
