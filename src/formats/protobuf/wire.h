// The wire format of Protocol Buffers: tags, varints, fixed numbers, lengths. Reading never passes `end`. Decode and encode steps.
// Level 4.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace bywash::formats::protobuf {

enum WireType : uint32_t { kWireVarint = 0, kWireFixed64 = 1, kWireLength = 2, kWireStartGroup = 3, kWireEndGroup = 4, kWireFixed32 = 5 };

// False: truncated, or longer than ten bytes.
inline bool read_varint_slow(const char*& p, const char* end, uint64_t* out) {
  uint64_t v = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    if (p == end) return false;
    auto byte = static_cast<uint8_t>(*p++);
    if (shift < 64) v |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (!(byte & 0x80)) {
      *out = v;
      return true;
    }
  }
  return false;
}

inline bool read_varint(const char*& p, const char* end, uint64_t* out) {
  if (p < end && !(*p & 0x80)) {
    *out = static_cast<uint8_t>(*p++);
    return true;
  }
  return read_varint_slow(p, end, out);
}

// A varint with eight bytes or more behind `p`: where the next thing begins, null when it is longer than eight bytes.
inline const char* read_varint_wide(const char* p, uint64_t* out) {
  uint64_t eight = 0;
  std::memcpy(&eight, p, sizeof eight);
  const uint64_t last = ~eight & 0x8080808080808080u;
  if (last == 0) return nullptr;
  // The bits up to the first byte that does not say "more", seven of each byte, moved together two by two.
  uint64_t v = eight & (last ^ (last - 1)) & 0x7f7f7f7f7f7f7f7fu;
  v = ((v & 0x7f007f007f007f00u) >> 1) | (v & 0x007f007f007f007fu);
  v = ((v & 0x3fff00003fff0000u) >> 2) | (v & 0x00003fff00003fffu);
  *out = ((v & 0x0fffffff00000000u) >> 4) | (v & 0x000000000fffffffu);
  return p + (std::countr_zero(last) + 1) / 8;
}

template <class T>
inline bool read_fixed(const char*& p, const char* end, T* out) {
  if (end - p < static_cast<std::ptrdiff_t>(sizeof(T))) return false;
  std::memcpy(out, p, sizeof(T));
  p += sizeof(T);
  return true;
}

inline bool read_span(const char*& p, const char* end, std::string_view* out) {
  uint64_t n = 0;
  if (!read_varint(p, end, &n) || n > static_cast<uint64_t>(end - p)) return false;
  *out = std::string_view(p, static_cast<size_t>(n));
  p += n;
  return true;
}

inline int64_t zigzag(uint64_t v) { return static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1); }

// Skips the value behind a tag; groups with everything inside. False: truncated, a wrong end of group, or groups nested deeper than
// `depth_max`.
inline bool skip_wire_value(uint32_t tag, const char*& p, const char* end, int depth_max) {
  uint64_t v = 0;
  std::string_view span;
  switch (tag & 7) {
    case kWireVarint: return read_varint(p, end, &v);
    case kWireFixed64: return read_fixed(p, end, &v);
    case kWireLength: return read_span(p, end, &span);
    case kWireFixed32: {
      uint32_t four = 0;
      return read_fixed(p, end, &four);
    }
    case kWireStartGroup:
      if (depth_max <= 0) return false;
      while (p < end) {
        if (!read_varint(p, end, &v)) return false;
        auto inner = static_cast<uint32_t>(v);
        if (inner >> 3 == 0) return false;
        if ((inner & 7) == kWireEndGroup) return inner >> 3 == tag >> 3;
        if (!skip_wire_value(inner, p, end, depth_max - 1)) return false;
      }
      return false;
    default: return false;
  }
}

inline void put_varint(uint64_t v, std::string* out) {
  while (v >= 0x80) {
    out->push_back(static_cast<char>(v | 0x80));
    v >>= 7;
  }
  out->push_back(static_cast<char>(v));
}

template <class T>
inline void put_fixed(T v, std::string* out) {
  out->append(reinterpret_cast<const char*>(&v), sizeof v);
}

// Strict UTF-8 (no surrogates, no overlong forms), as Java's parser wants it of proto3 strings.
inline bool valid_utf8(std::string_view text) {
  const auto* p = reinterpret_cast<const uint8_t*>(text.data());
  const uint8_t* end = p + text.size();
  while (p < end) {
    if (end - p >= 8) {
      uint64_t eight = 0;
      std::memcpy(&eight, p, 8);
      if (!(eight & 0x8080808080808080u)) {
        p += 8;
        continue;
      }
    }
    if (*p < 0x80) {
      ++p;
      continue;
    }
    int more = *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : 1;
    if (*p < 0xc2 || *p > 0xf4 || end - p <= more) return false;
    uint8_t low = *p == 0xe0 ? 0xa0 : *p == 0xf0 ? 0x90 : 0x80;
    uint8_t high = *p == 0xed ? 0x9f : *p == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < low || p[1] > high) return false;
    for (int i = 2; i <= more; ++i) {
      if ((p[i] & 0xc0) != 0x80) return false;
    }
    p += more + 1;
  }
  return true;
}

}  // namespace bywash::formats::protobuf
