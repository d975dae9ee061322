// Base64 (RFC 4648) as headers and tokens have it. Level 8, handler threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bywash::rest {

struct Base64Digits {
  std::string bytes;
  int count = 0;           // of digits
  uint32_t left_over = 0;  // bits of the last digit that are of no byte
};

// Digits without padding; `last_two` are those for 62 and 63. nullopt: another byte.
inline std::optional<Base64Digits> read_base64_digits(std::string_view text, std::string_view last_two) {
  Base64Digits out;
  uint32_t bits = 0;
  for (char c : text) {
    int digit = c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? c - 'a' + 26 : c >= '0' && c <= '9' ? c - '0' + 52 : c == last_two[0] ? 62 : c == last_two[1] ? 63 : -1;
    if (digit < 0) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    if (++out.count % 4 != 1) out.bytes += static_cast<char>(bits >> (out.count % 4 == 2 ? 4 : out.count % 4 == 3 ? 2 : 0) & 0xff);
  }
  out.left_over = out.count % 4 == 2 ? bits & 0xf : out.count % 4 == 3 ? bits & 3 : 0;
  return out;
}

}  // namespace bywash::rest
