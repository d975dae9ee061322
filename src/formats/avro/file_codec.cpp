// Codecs by Arrow's libraries; Snappy's blocks end with a checksum. Level 4.
#include "formats/avro/file_codec.h"

#include <arrow/buffer.h>
#include <arrow/io/compressed.h>
#include <arrow/io/memory.h>
#include <arrow/util/compression.h>

#include <array>

namespace bywash::formats::avro {
namespace {

constexpr int64_t kBlockBytesMax = int64_t{1} << 30;

// CRC-32 of ISO 3309, as java.util.zip.CRC32.
uint32_t crc32_of(std::string_view bytes) {
  static const auto kTable = [] {
    std::array<uint32_t, 256> table{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t c = i;
      for (int k = 0; k < 8; ++k) c = c & 1 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
      table[i] = c;
    }
    return table;
  }();
  uint32_t crc = 0xFFFFFFFFu;
  for (char c : bytes) crc = kTable[(crc ^ static_cast<unsigned char>(c)) & 0xFF] ^ (crc >> 8);
  return crc ^ 0xFFFFFFFFu;
}

class PlainBlocks final : public BlockCodec {
 public:
  Result<std::string> compress(std::string_view block) override { return std::string(block); }
  Result<std::string> decompress(std::string_view bytes) override { return std::string(bytes); }
};

class ArrowBlocks final : public BlockCodec {
 public:
  ArrowBlocks(std::unique_ptr<arrow::util::Codec> codec, AvroCodec kind) : codec_(std::move(codec)), kind_(kind) {}

  Result<std::string> compress(std::string_view block) override {
    if (kind_ == AvroCodec::kBzip2) return compress_stream(block);
    const auto* input = reinterpret_cast<const uint8_t*>(block.data());
    auto size = static_cast<int64_t>(block.size());
    std::string out(static_cast<size_t>(codec_->MaxCompressedLen(size, input)), '\0');
    auto written = codec_->Compress(size, input, static_cast<int64_t>(out.size()), reinterpret_cast<uint8_t*>(out.data()));
    if (!written.ok()) return Status::fatal("Cannot compress an Avro block: " + written.status().message());
    out.resize(static_cast<size_t>(*written));
    if (kind_ == AvroCodec::kSnappy) {
      uint32_t crc = crc32_of(block);
      for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(crc >> shift);
    }
    return out;
  }

  Result<std::string> decompress(std::string_view bytes) override {
    if (kind_ == AvroCodec::kSnappy) return decompress_snappy(bytes);
    if (kind_ == AvroCodec::kDeflate) return inflate(bytes);
    auto input = std::make_shared<arrow::io::BufferReader>(std::make_shared<arrow::Buffer>(bytes));
    auto stream = arrow::io::CompressedInputStream::Make(codec_.get(), input);
    if (!stream.ok()) return bad_block();
    std::string out;
    while (true) {
      size_t before = out.size();
      out.resize(before + 256 * 1024);
      auto got = (*stream)->Read(256 * 1024, out.data() + before);
      if (!got.ok()) return bad_block();
      out.resize(before + static_cast<size_t>(*got));
      if (*got == 0) return out;
      if (static_cast<int64_t>(out.size()) > kBlockBytesMax) return bad_block();
    }
  }

 private:
  static Status bad_block() { return Status::data("A compressed block of the Avro file cannot be read: it is damaged or larger than 1 GiB"); }

  // Arrow has bzip2 as a stream only.
  Result<std::string> compress_stream(std::string_view block) {
    auto compressor = codec_->MakeCompressor();
    if (!compressor.ok()) return Status::fatal("Cannot compress an Avro block: " + compressor.status().message());
    std::string out;
    size_t used = 0;
    auto room = [&] {
      out.resize(used + 256 * 1024);
      return reinterpret_cast<uint8_t*>(out.data()) + used;
    };
    while (!block.empty()) {
      uint8_t* to = room();
      auto step = (*compressor)->Compress(static_cast<int64_t>(block.size()), reinterpret_cast<const uint8_t*>(block.data()), static_cast<int64_t>(out.size() - used), to);
      if (!step.ok()) return Status::fatal("Cannot compress an Avro block: " + step.status().message());
      block.remove_prefix(static_cast<size_t>(step->bytes_read));
      used += static_cast<size_t>(step->bytes_written);
    }
    for (bool more = true; more;) {
      uint8_t* to = room();
      auto step = (*compressor)->End(static_cast<int64_t>(out.size() - used), to);
      if (!step.ok()) return Status::fatal("Cannot compress an Avro block: " + step.status().message());
      used += static_cast<size_t>(step->bytes_written);
      more = step->should_retry;
    }
    out.resize(used);
    return out;
  }

  // Up to the end of the stream: behind it fastavro leaves bytes of zlib's wrapper, which Java passes over.
  Result<std::string> inflate(std::string_view bytes) {
    auto inflater = codec_->MakeDecompressor();
    if (!inflater.ok()) return bad_block();
    std::string out;
    size_t used = 0;
    while (!(*inflater)->IsFinished()) {
      out.resize(used + 256 * 1024);
      auto step = (*inflater)->Decompress(static_cast<int64_t>(bytes.size()), reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int64_t>(out.size() - used),
                                          reinterpret_cast<uint8_t*>(out.data()) + used);
      if (!step.ok() || (step->bytes_read == 0 && step->bytes_written == 0 && !(*inflater)->IsFinished())) return bad_block();
      bytes.remove_prefix(static_cast<size_t>(step->bytes_read));
      used += static_cast<size_t>(step->bytes_written);
      if (static_cast<int64_t>(used) > kBlockBytesMax) return bad_block();
    }
    out.resize(used);
    return out;
  }

  Result<std::string> decompress_snappy(std::string_view bytes) {
    if (bytes.size() < 4) return bad_block();
    std::string_view crc_bytes = bytes.substr(bytes.size() - 4), body = bytes.substr(0, bytes.size() - 4);
    // A Snappy block begins with its length as a varint.
    uint64_t size = 0;
    size_t at = 0;
    for (int shift = 0;; shift += 7, ++at) {
      if (at >= body.size() || shift > 28) return bad_block();
      size |= static_cast<uint64_t>(static_cast<unsigned char>(body[at]) & 0x7F) << shift;
      if (!(body[at] & 0x80)) break;
    }
    if (size > static_cast<uint64_t>(kBlockBytesMax)) return bad_block();
    std::string out(size, '\0');
    auto got = codec_->Decompress(static_cast<int64_t>(body.size()), reinterpret_cast<const uint8_t*>(body.data()), static_cast<int64_t>(size),
                                  reinterpret_cast<uint8_t*>(out.data()));
    if (!got.ok() || static_cast<uint64_t>(*got) != size) return bad_block();
    uint32_t wanted = 0;
    for (char c : crc_bytes) wanted = wanted << 8 | static_cast<unsigned char>(c);
    if (crc32_of(out) != wanted) return bad_block();
    return out;
  }

  std::unique_ptr<arrow::util::Codec> codec_;
  AvroCodec kind_;
};

}  // namespace

std::string_view codec_name(AvroCodec codec) {
  switch (codec) {
    case AvroCodec::kNull: return "null";
    case AvroCodec::kDeflate: return "deflate";
    case AvroCodec::kSnappy: return "snappy";
    case AvroCodec::kZstandard: return "zstandard";
    case AvroCodec::kBzip2: return "bzip2";
  }
  return "null";
}

Result<AvroCodec> parse_codec(std::string_view name) {
  if (name == "zstd") return AvroCodec::kZstandard;
  for (AvroCodec codec : {AvroCodec::kNull, AvroCodec::kDeflate, AvroCodec::kSnappy, AvroCodec::kZstandard, AvroCodec::kBzip2}) {
    if (codec_name(codec) == name) return codec;
  }
  return Status::invalid(fmt::format("Unknown Avro codec '{}'. Use null, deflate, snappy, bzip2 or zstandard", name));
}

Result<std::unique_ptr<BlockCodec>> make_block_codec(AvroCodec codec) {
  if (codec == AvroCodec::kNull) return std::unique_ptr<BlockCodec>(std::make_unique<PlainBlocks>());
  auto made = [&] {
    if (codec == AvroCodec::kSnappy) return arrow::util::Codec::Create(arrow::Compression::SNAPPY);
    if (codec == AvroCodec::kZstandard) return arrow::util::Codec::Create(arrow::Compression::ZSTD);
    if (codec == AvroCodec::kBzip2) return arrow::util::Codec::Create(arrow::Compression::BZ2);
    // Deflate without zlib's or gzip's frame.
    arrow::util::GZipCodecOptions options;
    options.gzip_format = arrow::util::GZipFormat::DEFLATE;
    return arrow::util::Codec::Create(arrow::Compression::GZIP, options);
  }();
  if (!made.ok()) return Status::fatal("Avro codec: " + made.status().message());
  return std::unique_ptr<BlockCodec>(std::make_unique<ArrowBlocks>(made.MoveValueUnsafe(), codec));
}

}  // namespace bywash::formats::avro
