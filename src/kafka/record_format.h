// Where things stand in record batches of format 2, and the numbers in records. Level 3; not included outside kafka/.
// Source: https://kafka.apache.org/documentation/#recordbatch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bywash::kafka::record_format {

// Where the fields of a batch stand; the checksum covers all from kAttributes on.
inline constexpr size_t kBatchLength = 8, kMagic = 16, kCrc = 17, kAttributes = 21, kLastOffsetDelta = 23, kBaseTimestamp = 27, kMaxTimestamp = 35,
                 kProducerId = 43, kRecordCount = 57, kRecords = 61;
// What the batch's length does not count: base offset and the length itself.
inline constexpr size_t kLengthFrom = 12;
inline constexpr int kCodecMask = 0x07, kAppendTime = 0x08, kTransactional = 0x10, kControl = 0x20;

// Zigzag number of a record; false when the bytes end or it has more than ten.
inline bool varint(const char*& at, const char* end, int64_t* out) {
  uint64_t value = 0;
  for (int shift = 0; shift < 70 && at < end; shift += 7) {
    const auto byte = static_cast<unsigned char>(*at++);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      *out = static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
      return true;
    }
  }
  return false;
}

// Bytes behind their length; a negative length is null.
inline bool field(const char*& at, const char* end, std::optional<std::string_view>* out) {
  int64_t size = 0;
  if (!varint(at, end, &size)) return false;
  if (size < 0) {
    out->reset();
    return true;
  }
  if (size > end - at) return false;
  out->emplace(at, static_cast<size_t>(size));
  at += size;
  return true;
}

// A number's zigzag form, and how many bytes it takes.
inline uint64_t zigzag(int64_t value) { return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63); }
inline size_t varint_size(int64_t value) { return (70 - static_cast<size_t>(__builtin_clzll(zigzag(value) | 1))) / 7; }
inline char* put_varint(char* to, int64_t value) {
  uint64_t left = zigzag(value);
  for (; left > 0x7f; left >>= 7) *to++ = static_cast<char>(left | 0x80);
  *to++ = static_cast<char>(left);
  return to;
}

}  // namespace bywash::kafka::record_format
