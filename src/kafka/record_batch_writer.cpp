// Records and the head before them; codecs by Arrow's libraries. Level 3.
#include "kafka/record_batch_writer.h"

#include <arrow/util/compression.h>

#include <algorithm>
#include <cstring>

#include "base/crc32c.h"
#include "kafka/record_format.h"
#include "kafka/wire.h"

namespace bywash::kafka {
namespace {

using namespace record_format;
using Headers = std::vector<columnar::RawHeader>;

constexpr size_t kFirstCapacity = 1024;
constexpr int64_t kNoProducer = -1;

arrow::Compression::type arrow_codec(Codec codec) {
  switch (codec) {
    case Codec::kGzip: return arrow::Compression::GZIP;
    case Codec::kSnappy: return arrow::Compression::SNAPPY;
    case Codec::kLz4: return arrow::Compression::LZ4;  // bare blocks
    case Codec::kZstd: return arrow::Compression::ZSTD;
    case Codec::kNone: break;
  }
  return arrow::Compression::UNCOMPRESSED;
}

// The head of a frame (LZ4 Frame Format 1.6.2) of blocks that stand by themselves, 64 KiB at most: the Java client reads no others.
constexpr std::string_view kLz4Head("\x04\x22\x4d\x18\x60\x40\x82", 7);
constexpr int64_t kLz4Block = 64 << 10;
constexpr uint32_t kLz4Uncompressed = 0x80000000u;

// How many bytes compress() may write.
int64_t most_compressed(arrow::util::Codec& codec, bool lz4, const uint8_t* from, int64_t size) {
  if (!lz4) return codec.MaxCompressedLen(size, from);
  const int64_t blocks = size / kLz4Block + 1;
  return static_cast<int64_t>(kLz4Head.size()) + blocks * (4 + codec.MaxCompressedLen(kLz4Block, from)) + 4;
}

arrow::Result<int64_t> compress(arrow::util::Codec& codec, bool lz4, const uint8_t* from, int64_t size, int64_t most, uint8_t* to) {
  if (!lz4) return codec.Compress(size, from, most, to);
  uint8_t* at = std::copy(kLz4Head.begin(), kLz4Head.end(), to);
  // Numbers of frames are little-endian, as the machine's.
  auto number = [&](uint32_t value) { at = std::copy_n(reinterpret_cast<const uint8_t*>(&value), 4, at); };
  for (int64_t done = 0; done < size; done += kLz4Block) {
    const int64_t block = std::min(kLz4Block, size - done);
    ARROW_ASSIGN_OR_RAISE(const int64_t written, codec.Compress(block, from + done, codec.MaxCompressedLen(block, from + done), at + 4));
    const bool shorter = written < block;
    number(static_cast<uint32_t>(shorter ? written : block) | (shorter ? 0 : kLz4Uncompressed));
    at = shorter ? at + written : std::copy_n(from + done, block, at);
  }
  number(0);
  return at - to;
}

size_t field_size(bool is_null, size_t size) { return is_null ? 1 : varint_size(static_cast<int64_t>(size)) + size; }

char* put_field(char* to, bool is_null, std::string_view value) {
  to = put_varint(to, is_null ? -1 : static_cast<int64_t>(value.size()));
  if (!value.empty()) std::memcpy(to, value.data(), value.size());
  return to + value.size();
}

template <class T>
void store(char* to, T value) {
  const T swapped = load_big_endian<T>(reinterpret_cast<const char*>(&value));
  std::memcpy(to, &swapped, sizeof swapped);
}

size_t header_count(const ProducerRecord& r) { return (r.headers ? r.headers->size() : 0) + (r.more_headers ? r.more_headers->size() : 0); }

template <class Each>
void each_header(const ProducerRecord& r, Each each) {
  for (const Headers* list : {r.headers, r.more_headers}) {
    if (!list) continue;
    for (const auto& [name, value] : *list) each(std::string_view(name), !value, value ? std::string_view(*value) : std::string_view());
  }
}

}  // namespace

size_t content_size(const ProducerRecord& r) {
  const size_t headers = header_count(r);
  size_t size = field_size(!r.key, r.key ? r.key->size() : 0) + field_size(!r.value, r.value ? r.value->size() : 0) + varint_size(static_cast<int64_t>(headers));
  if (headers > 0) {
    each_header(r, [&](std::string_view name, bool is_null, std::string_view value) { size += field_size(false, name.size()) + field_size(is_null, value.size()); });
  }
  return size;
}

RecordBatchWriter::RecordBatchWriter(std::string memory) : bytes_(std::move(memory)), size_(kRecords) {
  if (bytes_.size() < kFirstCapacity) bytes_.resize(kFirstCapacity);
}

// Where the next so many bytes go.
char* RecordBatchWriter::room(size_t bytes) {
  if (size_ + bytes > bytes_.size()) bytes_.resize(std::max(size_ + bytes, bytes_.size() * 2));
  char* to = bytes_.data() + size_;
  size_ += bytes;
  return to;
}

void RecordBatchWriter::add(const ProducerRecord& record, size_t content, int64_t timestamp_ms) {
  if (count_ == 0) first_timestamp_ = greatest_timestamp_ = timestamp_ms;
  greatest_timestamp_ = std::max(greatest_timestamp_, timestamp_ms);
  const auto delta = static_cast<int64_t>(static_cast<uint64_t>(timestamp_ms) - static_cast<uint64_t>(first_timestamp_));
  const size_t body = 1 + varint_size(delta) + varint_size(count_) + content;
  char* to = room(varint_size(static_cast<int64_t>(body)) + body);
  to = put_varint(to, static_cast<int64_t>(body));
  *to++ = 0;  // attributes: none are in use
  to = put_varint(to, delta);
  to = put_varint(to, count_);
  to = put_field(to, !record.key, record.key.value_or(""));
  to = put_field(to, !record.value, record.value.value_or(""));
  to = put_varint(to, static_cast<int64_t>(header_count(record)));
  each_header(record, [&](std::string_view name, bool is_null, std::string_view value) { to = put_field(put_field(to, false, name), is_null, value); });
  ++count_;
}

RecordBatchWriter RecordBatchWriter::part(int32_t begin, int32_t end) const {
  RecordBatchWriter out;
  const char* at = bytes_.data() + kRecords;
  const char* const last = bytes_.data() + size_;
  for (int32_t i = 0; i < end; ++i) {
    int64_t length = 0, delta = 0, offset = 0;
    varint(at, last, &length);
    const char* content = at + 1;
    at += length;
    if (i < begin) continue;
    varint(content, last, &delta);
    varint(content, last, &offset);
    const int64_t timestamp = static_cast<int64_t>(static_cast<uint64_t>(first_timestamp_) + static_cast<uint64_t>(delta));
    if (out.count_ == 0) out.first_timestamp_ = out.greatest_timestamp_ = timestamp;
    out.greatest_timestamp_ = std::max(out.greatest_timestamp_, timestamp);
    const auto own_delta = static_cast<int64_t>(static_cast<uint64_t>(timestamp) - static_cast<uint64_t>(out.first_timestamp_));
    const auto rest = static_cast<size_t>(at - content);
    const size_t body = 1 + varint_size(own_delta) + varint_size(out.count_) + rest;
    char* to = out.room(varint_size(static_cast<int64_t>(body)) + body);
    to = put_varint(to, static_cast<int64_t>(body));
    *to++ = 0;
    to = put_varint(put_varint(to, own_delta), out.count_);
    std::memcpy(to, content, rest);
    ++out.count_;
  }
  return out;
}

// `size`: of the whole batch. Offsets begin at 0: the broker gives them.
void RecordBatchWriter::put_head(std::string* batch, size_t size, int attributes) const {
  char* head = batch->data();
  std::memset(head, 0, kRecords);
  store(head + kBatchLength, static_cast<int32_t>(size - kLengthFrom));
  store(head + kMagic - 4, int32_t{-1});  // epoch of the leader
  head[kMagic] = 2;
  store(head + kAttributes, static_cast<int16_t>(attributes));
  store(head + kLastOffsetDelta, count_ - 1);
  store(head + kBaseTimestamp, first_timestamp_);
  store(head + kMaxTimestamp, greatest_timestamp_);
  store(head + kProducerId, kNoProducer);
  store(head + kProducerId + 8, int16_t{-1});   // its epoch
  store(head + kProducerId + 10, int32_t{-1});  // first sequence number
  store(head + kRecordCount, count_);
  store(head + kCrc, crc32c(0, head + kAttributes, size - kAttributes));
}

Result<std::string_view> RecordBatchWriter::finish(const Compression& compression, std::string* compressed) {
  if (compression.codec != Codec::kNone) {
    auto codec = compression.level < 0 ? arrow::util::Codec::Create(arrow_codec(compression.codec))
                                       : arrow::util::Codec::Create(arrow_codec(compression.codec), compression.level);
    if (!codec.ok()) return Status::fatal(fmt::format("compression.type: {}", codec.status().message()));
    const auto* records = reinterpret_cast<const uint8_t*>(bytes_.data() + kRecords);
    const auto length = static_cast<int64_t>(size_ - kRecords);
    const bool lz4 = compression.codec == Codec::kLz4;
    const int64_t most = most_compressed(**codec, lz4, records, length);
    compressed->resize(std::max(compressed->size(), kRecords + static_cast<size_t>(most)));
    auto written = compress(**codec, lz4, records, length, most, reinterpret_cast<uint8_t*>(compressed->data() + kRecords));
    if (!written.ok()) return Status::fatal(fmt::format("compression.type: {}", written.status().message()));
    if (*written < length) {
      const size_t size = kRecords + static_cast<size_t>(*written);
      put_head(compressed, size, static_cast<int>(compression.codec));
      return std::string_view(compressed->data(), size);
    }
  }
  put_head(&bytes_, size_, 0);
  return std::string_view(bytes_.data(), size_);
}

}  // namespace bywash::kafka
