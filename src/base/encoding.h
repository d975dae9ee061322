// Bytes as text: Base64 (RFC 4648), hexadecimal and percent-encoding (RFC 3986). Level 0, any thread.
#pragma once

#include <string>
#include <string_view>

namespace bywash {

// With padding, without line breaks.
void append_base64(std::string_view bytes, std::string* out);
std::string base64(std::string_view bytes);

// Two lower-case digits a byte.
std::string hex(std::string_view bytes);

// ASCII letters, digits and the bytes of `kept` stay; every other byte is %XX with upper-case digits.
std::string percent_encoded(std::string_view text, std::string_view kept);
// The bytes that RFC 3986 calls unreserved, beside letters and digits.
inline constexpr std::string_view kUnreserved = "-._~";
// As a field of application/x-www-form-urlencoded: a space is '+'. `kept` as above.
std::string form_encoded(std::string_view text, std::string_view kept);

// What a hexadecimal digit is worth; -1 for any other byte.
inline int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace bywash
