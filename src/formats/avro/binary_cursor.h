// Cursor: Avro's binary encoding, read value by value. Decode step, the task's thread. Level 4.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace bywash::formats::avro {

// Reading stops at the first problem; `problem` says which.
struct Cursor {
  enum class Problem : uint8_t { kNone, kEnd, kNumber, kLength, kBranch, kSymbol, kTooMany, kDepth };
  const char* p;
  const char* end;
  Problem problem = Problem::kNone;

  explicit Cursor(std::string_view bytes) : p(bytes.data()), end(bytes.data() + bytes.size()) {}
  size_t left() const { return static_cast<size_t>(end - p); }
  bool fail(Problem what) {
    problem = what;
    return false;
  }

  // Zigzag variable-length integer of at most `max_bytes` (5 for an int, 10 for a long).
  template <int max_bytes>
  bool varint(int64_t* out) {
    if (p < end && !(*p & 0x80)) [[likely]] {
      auto n = static_cast<uint64_t>(static_cast<unsigned char>(*p++));
      *out = static_cast<int64_t>(n >> 1) ^ -static_cast<int64_t>(n & 1);
      return true;
    }
    uint64_t n = 0;
    for (int i = 0; i < max_bytes; ++i) {
      if (p == end) return fail(Problem::kEnd);
      auto b = static_cast<unsigned char>(*p++);
      n |= static_cast<uint64_t>(b & 0x7F) << (7 * i);
      if (b & 0x80) continue;
      if (max_bytes == 5) n &= 0xFFFFFFFFu;  // what Java's int keeps of a fifth byte
      *out = static_cast<int64_t>(n >> 1) ^ -static_cast<int64_t>(n & 1);
      return true;
    }
    return fail(Problem::kNumber);
  }

  template <class T>
  bool fixed(T* out) {
    if (left() < sizeof(T)) return fail(Problem::kEnd);
    std::memcpy(out, p, sizeof(T));
    p += sizeof(T);
    return true;
  }

  bool take(int64_t size, std::string_view* out) {
    if (size < 0) return fail(Problem::kLength);
    if (static_cast<uint64_t>(size) > left()) return fail(Problem::kEnd);
    *out = {p, static_cast<size_t>(size)};
    p += size;
    return true;
  }

  bool bytes(std::string_view* out) {
    int64_t size = 0;
    return varint<10>(&size) && take(size, out);
  }

  // The next block's item count (0: the end) of an array or map whose items take `item_bytes_min` bytes or more.
  bool block(int64_t item_bytes_min, int64_t read_so_far, int64_t* count) {
    // Items without bytes could be any number in a few bytes of message.
    constexpr int64_t kEmptyItemsMax = 1'000'000;
    if (!varint<10>(count)) return false;
    if (*count < 0) {
      int64_t bytes = 0;
      if (*count == INT64_MIN || !varint<10>(&bytes)) return problem == Problem::kNone ? fail(Problem::kLength) : false;
      if (bytes < 0) return fail(Problem::kLength);
      *count = -*count;
    }
    if (item_bytes_min > 0 && *count > static_cast<int64_t>(left()) / item_bytes_min) return fail(Problem::kEnd);
    if (item_bytes_min == 0 && *count > kEmptyItemsMax - read_so_far) return fail(Problem::kTooMany);
    return true;
  }
};

}  // namespace bywash::formats::avro
