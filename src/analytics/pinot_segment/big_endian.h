// Numbers at places of a buffer that may be damaged: reads past its end answer 0 and are remembered. Upload line; one thread.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace bywash::analytics {

class BigEndian {
 public:
  explicit BigEndian(std::string_view bytes) : bytes_(bytes) {}

  uint8_t u8(uint64_t at) { return read<uint8_t>(at); }
  uint16_t u16(uint64_t at) { return __builtin_bswap16(read<uint16_t>(at)); }
  uint32_t u32(uint64_t at) { return __builtin_bswap32(read<uint32_t>(at)); }
  uint64_t u64(uint64_t at) { return __builtin_bswap64(read<uint64_t>(at)); }
  int32_t i32(uint64_t at) { return static_cast<int32_t>(u32(at)); }
  int64_t i64(uint64_t at) { return static_cast<int64_t>(u64(at)); }
  float f32(uint64_t at) { return std::bit_cast<float>(u32(at)); }
  double f64(uint64_t at) { return std::bit_cast<double>(u64(at)); }
  uint32_t little_u32(uint64_t at) { return read<uint32_t>(at); }
  std::string_view part(uint64_t at, uint64_t size) {
    if (at <= bytes_.size() && size <= bytes_.size() - at) return bytes_.substr(at, size);
    ok_ = false;
    return {};
  }
  uint64_t size() const { return bytes_.size(); }
  // False as soon as one read went past the end.
  bool ok() const { return ok_; }

 private:
  template <class T>
  T read(uint64_t at) {
    T out = 0;
    if (at > bytes_.size() || bytes_.size() - at < sizeof(T)) ok_ = false;
    else std::memcpy(&out, bytes_.data() + at, sizeof(T));
    return out;
  }

  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace bywash::analytics
