// Java Object Serialization of HashMap<byte[], byte[]>, no more of the protocol than that. Level 7.
#include "runtime/java_hash_map.h"

#include <bit>
#include <cstdint>

namespace bywash::runtime {
namespace {

using std::string_view_literals::operator""sv;

// Stream header, then the class descriptor of java.util.HashMap with fields float loadFactor, int threshold, and no superclass.
constexpr std::string_view kHead =
    "\xac\xed\x00\x05"
    "sr\x00\x11java.util.HashMap\x05\x07\xda\xc1\xc3\x16\x60\xd1\x03\x00\x02"
    "F\x00\x0aloadFactor"
    "I\x00\x09thresholdxp"sv;
// Class descriptor of byte[]; later uses refer to it by handle 0x7e0002.
constexpr std::string_view kBytesClass = "r\x00\x02[B\xac\xf3\x17\xf8\x06\x08\x54\xe0\x02\x00\x00xp"sv;
constexpr std::string_view kBytesReference = "q\x00\x7e\x00\x02"sv;
constexpr float kLoadFactor = 0.75f;

class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}
  bool take(std::string_view expected) {
    if (!in_.starts_with(expected)) return false;
    in_.remove_prefix(expected.size());
    return true;
  }
  bool number(uint32_t* out) {
    if (in_.size() < 4) return false;
    *out = 0;
    for (int i = 0; i < 4; ++i) *out = *out << 8 | static_cast<uint8_t>(in_[static_cast<size_t>(i)]);
    in_.remove_prefix(4);
    return true;
  }
  // A byte[] or null.
  bool bytes(std::optional<std::string>* out) {
    if (take("p")) {
      out->reset();
      return true;
    }
    uint32_t size = 0;
    if (!take("u") || !(take(kBytesClass) || take(kBytesReference)) || !number(&size) || size > in_.size()) return false;
    *out = std::string(in_.substr(0, size));
    in_.remove_prefix(size);
    return true;
  }

 private:
  std::string_view in_;
};

void put_number(std::string& out, uint32_t n) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(n >> shift);
}

}  // namespace

Result<ByteMap> read_java_hash_map(std::string_view serialized) {
  Status bad = Status::invalid("Not a Java-serialized HashMap of byte arrays");
  Reader in(serialized);
  uint32_t factor = 0, threshold = 0, capacity = 0, size = 0;
  if (!in.take(kHead) || !in.number(&factor) || !in.number(&threshold) || !in.take("w\x08"sv) || !in.number(&capacity) || !in.number(&size)) return bad;
  ByteMap out;
  for (uint32_t i = 0; i < size; ++i) {
    std::optional<std::string> key, value;
    if (!in.bytes(&key) || !in.bytes(&value)) return bad;
    if (key) out[*key] = std::move(value);
  }
  if (!in.take("x")) return bad;
  return out;
}

std::string write_java_hash_map(const ByteMap& map) {
  uint32_t capacity = 16;
  while (static_cast<float>(capacity) * kLoadFactor < static_cast<float>(map.size())) capacity *= 2;
  std::string out(kHead);
  put_number(out, std::bit_cast<uint32_t>(kLoadFactor));
  put_number(out, static_cast<uint32_t>(static_cast<float>(capacity) * kLoadFactor));
  out += "w\x08"sv;
  put_number(out, capacity);
  put_number(out, static_cast<uint32_t>(map.size()));
  bool described = false;
  auto put_bytes = [&](const std::string& bytes) {
    out += 'u';
    out += described ? kBytesReference : kBytesClass;
    described = true;
    put_number(out, static_cast<uint32_t>(bytes.size()));
    out += bytes;
  };
  for (const auto& [key, value] : map) {
    put_bytes(key);
    if (value) put_bytes(*value);
    else out += 'p';
  }
  return out + 'x';
}

}  // namespace bywash::runtime
