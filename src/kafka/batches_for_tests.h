// Record batches as a broker stores them, made by hand for tests. Test support.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/crc32c.h"
#include "columnar/batch.h"

namespace bywash::kafka::for_tests {

// Numbers as Kafka writes them.
template <class T>
void big_endian(std::string* out, T value) {
  for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8) out->push_back(static_cast<char>(static_cast<uint64_t>(value) >> shift));
}
inline void varint(std::string* out, int64_t value) {
  auto left = (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
  for (; left > 0x7f; left >>= 7) out->push_back(static_cast<char>(left | 0x80));
  out->push_back(static_cast<char>(left));
}
inline void field(std::string* out, const std::optional<std::string>& value) {
  varint(out, value ? static_cast<int64_t>(value->size()) : -1);
  if (value) *out += *value;
}

struct TestRecord {
  std::optional<std::string> key, value;
  std::vector<columnar::RawHeader> headers;
};

inline TestRecord record(const std::string& text) { return {text, text, {}}; }

inline std::string record_bytes(int64_t delta, const TestRecord& record) {
  std::string body(1, '\0');
  varint(&body, delta * 10);  // timestamp
  varint(&body, delta);
  field(&body, record.key);
  field(&body, record.value);
  varint(&body, static_cast<int64_t>(record.headers.size()));
  for (const auto& [name, value] : record.headers) {
    field(&body, name);
    field(&body, value);
  }
  std::string out;
  varint(&out, static_cast<int64_t>(body.size()));
  return out + body;
}

inline constexpr int kAppendTime = 0x08, kTransactional = 0x10, kControl = 0x20;

// A batch whose records may be compressed already: `attributes` says so.
inline std::string batch_of(int64_t base, int32_t count, const std::string& records, int attributes, int64_t producer) {
  std::string tail;
  big_endian<int16_t>(&tail, static_cast<int16_t>(attributes));
  big_endian<int32_t>(&tail, count - 1);
  big_endian<int64_t>(&tail, 1000);  // first timestamp
  big_endian<int64_t>(&tail, 5000);  // greatest
  big_endian<int64_t>(&tail, producer);
  big_endian<int16_t>(&tail, 0);
  big_endian<int32_t>(&tail, 0);
  big_endian<int32_t>(&tail, count);
  tail += records;
  std::string out;
  big_endian<int64_t>(&out, base);
  big_endian<int32_t>(&out, static_cast<int32_t>(tail.size() + 9));
  big_endian<int32_t>(&out, 0);
  out.push_back(2);
  big_endian<uint32_t>(&out, crc32c(0, tail.data(), tail.size()));
  return out + tail;
}

inline std::string batch(int64_t base, const std::vector<TestRecord>& records, int attributes = 0, int64_t producer = -1) {
  std::string bytes;
  for (size_t i = 0; i < records.size(); ++i) bytes += record_bytes(static_cast<int64_t>(i), records[i]);
  return batch_of(base, static_cast<int32_t>(records.size()), bytes, attributes, producer);
}

}  // namespace bywash::kafka::for_tests
