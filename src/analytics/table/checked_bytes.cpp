// See checked_bytes.h.
#include "analytics/table/checked_bytes.h"

#include <array>
#include <charconv>

#include "analytics/table/durable_file.h"
#include "base/crc32c.h"
#include "base/log.h"

namespace bywash::analytics {
namespace {

constexpr std::string_view kSumPrefix = "\n// crc32c=";
constexpr size_t kSumDigits = 8;

std::string sum_line(std::string_view text) { return fmt::format("{}{:08x}\n", kSumPrefix, crc32c(0, text.data(), text.size())); }

// What a byte in the last place contributes to the checksum: it is linear in the bits.
uint32_t share_of(uint8_t byte) {
  const uint8_t zero = 0;
  return crc32c(0, &byte, 1) ^ crc32c(0, &zero, 1);
}

}  // namespace

bool mend_bit(std::string* bytes, uint32_t crc) {
  const uint32_t wrong = crc32c(0, bytes->data(), bytes->size()) ^ crc;
  if (wrong == 0) return false;
  static const std::array<uint32_t, 256> kShares = [] {
    std::array<uint32_t, 256> out{};
    for (size_t i = 0; i < out.size(); ++i) out[i] = share_of(static_cast<uint8_t>(i));
    return out;
  }();
  std::array<uint32_t, 8> shares{};  // of each bit of the byte looked at
  for (size_t bit = 0; bit < 8; ++bit) shares[bit] = kShares[size_t{1} << bit];
  for (size_t at = bytes->size(); at-- > 0;) {
    for (size_t bit = 0; bit < 8; ++bit) {
      if (shares[bit] == wrong) {
        (*bytes)[at] = static_cast<char>((*bytes)[at] ^ (1 << bit));
        return true;
      }
      shares[bit] = (shares[bit] >> 8) ^ kShares[shares[bit] & 0xff];  // one place further from the end
    }
  }
  return false;
}

Status write_document(const std::string& path, std::string_view text) { return write_file(path, std::string(text) + sum_line(text)); }

Result<std::string> read_document(const std::string& path) {
  ASSIGN_OR_RETURN(std::string text, read_file(path));
  const size_t length = kSumPrefix.size() + kSumDigits + 1;
  if (text.size() < length) return text;
  const std::string found = text.substr(text.size() - length);
  std::string mended = text.substr(0, text.size() - length);
  const std::string expected = sum_line(mended);
  int bits = 0;
  for (size_t i = 0; i < length; ++i) bits += __builtin_popcount(static_cast<uint8_t>(found[i] ^ expected[i]));
  if (bits == 0) return mended;
  if (bits > 1) {
    if (!found.starts_with(kSumPrefix)) return text;  // one without a checksum
    uint32_t crc = 0;
    const char* digits = found.data() + kSumPrefix.size();
    auto [end, error] = std::from_chars(digits, digits + kSumDigits, crc, 16);
    if (error != std::errc() || end != digits + kSumDigits || !mend_bit(&mended, crc)) {
      return Status::host(fmt::format("The file '{}' is damaged: its content is not what its checksum was made of. Restore it from a copy, or delete it and create what it "
                                      "describes again", path));
    }
  }
  log::warn("analytics.table", "The file '{}' had one flipped bit, which its checksum has put right. Look at the disk and the memory of this machine", path);
  RETURN_IF_ERROR(write_document(path, mended));
  return mended;
}

}  // namespace bywash::analytics
