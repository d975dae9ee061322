// Kafka's wire protocol in its non-flexible form: big-endian numbers, strings and arrays behind their length. Level 3; not included
// outside kafka/. Source: https://kafka.apache.org/protocol (the types of "Protocol Primitive Types").
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace bywash::kafka {

template <class T>
T load_big_endian(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  if constexpr (sizeof(T) == 2) return static_cast<T>(__builtin_bswap16(static_cast<uint16_t>(value)));
  else if constexpr (sizeof(T) == 4) return static_cast<T>(__builtin_bswap32(static_cast<uint32_t>(value)));
  else if constexpr (sizeof(T) == 8) return static_cast<T>(__builtin_bswap64(static_cast<uint64_t>(value)));
  else return value;
}

// A request: its frame's length is written by finish().
class RequestWriter {
 public:
  // Header version 1. `capacity`: how large it may become.
  RequestWriter(int16_t api, int16_t version, int32_t correlation, std::string_view client_id, size_t capacity = 0) {
    bytes_.reserve(capacity);
    i32(0);
    i16(api);
    i16(version);
    i32(correlation);
    string(client_id);
  }
  void i8(int8_t v) { bytes_.push_back(static_cast<char>(v)); }
  void i16(int16_t v) { number(v); }
  void i32(int32_t v) { number(v); }
  void i64(int64_t v) { number(v); }
  void string(std::string_view text) {
    i16(static_cast<int16_t>(text.size()));
    bytes_.append(text);
  }
  // Behind a 32-bit length.
  void bytes(std::string_view content) {
    i32(static_cast<int32_t>(content.size()));
    bytes_.append(content);
  }
  std::string finish() && {
    const auto length = static_cast<uint32_t>(bytes_.size() - 4);
    const uint32_t swapped = __builtin_bswap32(length);
    std::memcpy(bytes_.data(), &swapped, 4);
    return std::move(bytes_);
  }

 private:
  template <class T>
  void number(T v) {
    const T swapped = load_big_endian<T>(reinterpret_cast<const char*>(&v));
    bytes_.append(reinterpret_cast<const char*>(&swapped), sizeof swapped);
  }
  std::string bytes_;
};

// Reads a response. Past the end everything is 0 or empty and ok() is false from then on: asked once at the end, or where a count decides
// how much is made.
class ResponseReader {
 public:
  explicit ResponseReader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  int8_t i8() { return number<int8_t>(); }
  int16_t i16() { return number<int16_t>(); }
  int32_t i32() { return number<int32_t>(); }
  int64_t i64() { return number<int64_t>(); }
  // A null string is empty.
  std::string_view string() { return take(i16()); }
  // Bytes behind a 32-bit length; null is empty.
  std::string_view bytes() { return take(i32()); }
  // The length of an array whose elements have at least `least_size` bytes each; null is 0. More than can be there: not ok().
  int32_t array(size_t least_size) {
    const int32_t count = i32();
    if (count <= 0) return 0;
    if (static_cast<uint64_t>(count) * least_size > static_cast<uint64_t>(end_ - at_)) fail();
    return ok_ ? count : 0;
  }
  void skip(int64_t size) { take(size); }
  bool ok() const { return ok_; }

 private:
  template <class T>
  T number() {
    if (end_ - at_ < static_cast<int64_t>(sizeof(T))) {
      fail();
      return 0;
    }
    T value = load_big_endian<T>(at_);
    at_ += sizeof(T);
    return value;
  }
  std::string_view take(int64_t size) {
    if (size < 0) return {};
    if (size > end_ - at_) {
      fail();
      return {};
    }
    std::string_view out(at_, static_cast<size_t>(size));
    at_ += size;
    return out;
  }
  void fail() {
    ok_ = false;
    at_ = end_;
  }
  const char* at_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace bywash::kafka
