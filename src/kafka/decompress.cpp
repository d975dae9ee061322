// Codecs by Arrow's libraries, into memory that grows by doubling. Level 3.
#include "kafka/decompress.h"

#include <arrow/util/compression.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "kafka/wire.h"

namespace bywash::kafka {
namespace {

constexpr size_t kLargest = size_t{1} << 30;
// A decoder that has so much room and makes no progress never will.
constexpr size_t kLeastRoom = size_t{64} << 10;
// What the Java client writes before Snappy's blocks (org.xerial.snappy): the magic, a version and the oldest one that can read it.
constexpr std::string_view kXerialMagic("\x82SNAPPY\0", 8);
constexpr size_t kXerialHeader = 16;

// Memory that can still grow.
class Growing {
 public:
  explicit Growing(size_t capacity) : bytes_(static_cast<char*>(std::malloc(capacity))), capacity_(bytes_ ? capacity : 0) {}
  ~Growing() { std::free(bytes_); }
  Growing(const Growing&) = delete;
  Growing& operator=(const Growing&) = delete;

  // Room for `more` bytes; false beyond the limit.
  bool reserve(size_t more) {
    if (size_ + more <= capacity_) return true;
    if (size_ + more > kLargest) return false;
    const size_t wanted = std::min(kLargest, std::max(capacity_ * 2, size_ + more));
    char* grown = static_cast<char*>(std::realloc(bytes_, wanted));
    if (!grown) return false;
    bytes_ = grown;
    capacity_ = wanted;
    return true;
  }
  uint8_t* end() { return reinterpret_cast<uint8_t*>(bytes_ + size_); }
  size_t room() const { return capacity_ - size_; }
  void grew(size_t by) { size_ += by; }
  Decompressed finish() && {
    Decompressed out{std::shared_ptr<const char[]>(bytes_, [](const char* p) { std::free(const_cast<char*>(p)); }), size_};
    bytes_ = nullptr;
    return out;
  }

 private:
  char* bytes_;
  size_t capacity_;
  size_t size_ = 0;
};

Status broken(const char* codec) { return Status::data(fmt::format("its {} data cannot be decompressed", codec)); }
Status too_large() { return Status::data("its decompressed data is larger than 1 GiB"); }

// The length that stands before a Snappy block; -1 when there is none.
int64_t snappy_length(std::string_view block) {
  uint64_t value = 0;
  for (size_t i = 0; i < block.size() && i < 5; ++i) {
    value |= static_cast<uint64_t>(block[i] & 0x7f) << (7 * i);
    if (!(block[i] & 0x80)) return static_cast<int64_t>(value);
  }
  return -1;
}

Status add_snappy_block(arrow::util::Codec& codec, std::string_view block, Growing* out) {
  const int64_t length = snappy_length(block);
  if (length < 0) return broken("snappy");
  if (!out->reserve(static_cast<size_t>(length))) return too_large();
  auto written = codec.Decompress(static_cast<int64_t>(block.size()), reinterpret_cast<const uint8_t*>(block.data()), length, out->end());
  if (!written.ok() || *written != length) return broken("snappy");
  out->grew(static_cast<size_t>(length));
  return {};
}

Result<Decompressed> unsnap(std::string_view bytes) {
  auto codec = arrow::util::Codec::Create(arrow::Compression::SNAPPY);
  if (!codec.ok()) return Status::fatal(codec.status().message());
  Growing out(std::max<size_t>(bytes.size() * 3, 64));
  if (!bytes.starts_with(kXerialMagic)) {
    RETURN_IF_ERROR(add_snappy_block(**codec, bytes, &out));
    return std::move(out).finish();
  }
  if (bytes.size() < kXerialHeader) return broken("snappy");
  for (bytes.remove_prefix(kXerialHeader); !bytes.empty();) {
    if (bytes.size() < 4) return broken("snappy");
    const auto length = load_big_endian<uint32_t>(bytes.data());
    bytes.remove_prefix(4);
    if (length > bytes.size()) return broken("snappy");
    RETURN_IF_ERROR(add_snappy_block(**codec, bytes.substr(0, length), &out));
    bytes.remove_prefix(length);
  }
  return std::move(out).finish();
}

Result<Decompressed> expand(arrow::Compression::type kind, const char* name, std::string_view bytes) {
  auto codec = arrow::util::Codec::Create(kind);
  if (!codec.ok()) return Status::fatal(codec.status().message());
  auto stream = (*codec)->MakeDecompressor();
  if (!stream.ok()) return Status::fatal(stream.status().message());
  Growing out(std::max<size_t>(bytes.size() * 4, 4096));
  while (true) {
    if (out.room() == 0 && !out.reserve(1)) return too_large();
    auto step = (*stream)->Decompress(static_cast<int64_t>(bytes.size()), reinterpret_cast<const uint8_t*>(bytes.data()),
                                      static_cast<int64_t>(out.room()), out.end());
    if (!step.ok()) return broken(name);
    out.grew(static_cast<size_t>(step->bytes_written));
    bytes.remove_prefix(static_cast<size_t>(step->bytes_read));
    if ((*stream)->IsFinished()) {
      if (bytes.empty()) return std::move(out).finish();
      // Another frame follows.
      if (!(*stream)->Reset().ok()) return broken(name);
    } else if (step->bytes_read == 0 && step->bytes_written == 0 && (bytes.empty() || out.room() >= kLeastRoom)) {
      return broken(name);
    } else if (step->need_more_output && !out.reserve(std::max(out.room() + 1, kLeastRoom))) {
      return too_large();
    }
  }
}

}  // namespace

Result<Decompressed> decompress(int codec, std::string_view bytes) {
  switch (codec) {
    case 1: return expand(arrow::Compression::GZIP, "gzip", bytes);
    case 2: return unsnap(bytes);
    case 3: return expand(arrow::Compression::LZ4_FRAME, "lz4", bytes);
    case 4: return expand(arrow::Compression::ZSTD, "zstd", bytes);
    default: return Status::data(fmt::format("its compression has the number {}, which is not known here", codec));
  }
}

}  // namespace bywash::kafka
