// More hashes of bytes (CityHash, the first MurmurHash3, MD2), and UUIDs as texts and bytes. Semantics: HashFunctions and the UUID functions of
// Apache Pinot 1.5.1.
#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "analytics/index/city_hash.h"
#include "analytics/index/murmur.h"
#include "analytics/plan/function_groups.h"
#include "analytics/plan/row_function.h"
#include "base/clock.h"

namespace bywash::analytics {
namespace {

void append_big_endian(uint64_t word, std::string& out) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(word >> shift);
}
void append_hex_digits(std::string_view bytes, std::string& out) {
  for (unsigned char c : bytes) out += "0123456789abcdef"[c >> 4], out += "0123456789abcdef"[c & 15];
}

Result<BoundFunction> city_32(const FunctionArgs& call) {
  return row_function(call, "b", DataType::kLong, [](FunctionRow& row) { return static_cast<int32_t>(city_hash_32(row.text(0))); });
}
// cityHash64(bytes[, seed[, second seed]]).
Result<BoundFunction> city_64(const FunctionArgs& call) {
  return row_function(call, "b|ii", DataType::kLong, [](FunctionRow& row) {
    auto seed = [&](size_t i) { return static_cast<uint64_t>(row.integer(i)); };
    return row.size() == 1 ? city_hash_64(row.text(0)) : row.size() == 2 ? city_hash_64(row.text(0), seed(1)) : city_hash_64(row.text(0), seed(1), seed(2));
  });
}
Result<BoundFunction> city_128(const FunctionArgs& call) {
  return row_function(call, "b", DataType::kBytes, [](FunctionRow& row, std::string& out) {
    const auto [first, second] = city_hash_128(row.text(0));
    append_big_endian(first, out);
    append_big_endian(second, out);
  });
}

// The one that is named for 64 bits answers 32, as there.
Result<BoundFunction> murmur3_first(const FunctionArgs& call) {
  return row_function(call, "bi", call.name.ends_with("32") ? DataType::kInt : DataType::kLong, [](FunctionRow& row) {
    return static_cast<int32_t>(murmur3_first_128(row.text(0), static_cast<int32_t>(row.integer(1))).first >> 32);
  });
}
Result<BoundFunction> murmur3_first_bytes(const FunctionArgs& call) {
  return row_function(call, "bi", DataType::kBytes, [](FunctionRow& row, std::string& out) {
    const auto [h1, h2] = murmur3_first_128(row.text(0), static_cast<int32_t>(row.integer(1)));
    append_big_endian(h1, out);
    append_big_endian(h2, out);
  });
}

// RFC 1319; TLS libraries have it no more.
std::array<unsigned char, 16> md2_of(std::string_view bytes) {
  static constexpr unsigned char kDigitsOfPi[256] = {
      41, 46, 67, 201, 162, 216, 124, 1, 61, 54, 84, 161, 236, 240, 6, 19, 98, 167, 5, 243, 192, 199, 115, 140, 152, 147, 43, 217, 188, 76, 130, 202,
      30, 155, 87, 60, 253, 212, 224, 22, 103, 66, 111, 24, 138, 23, 229, 18, 190, 78, 196, 214, 218, 158, 222, 73, 160, 251, 245, 142, 187, 47, 238, 122,
      169, 104, 121, 145, 21, 178, 7, 63, 148, 194, 16, 137, 11, 34, 95, 33, 128, 127, 93, 154, 90, 144, 50, 39, 53, 62, 204, 231, 191, 247, 151, 3,
      255, 25, 48, 179, 72, 165, 181, 209, 215, 94, 146, 42, 172, 86, 170, 198, 79, 184, 56, 210, 150, 164, 125, 182, 118, 252, 107, 226, 156, 116, 4, 241,
      69, 157, 112, 89, 100, 113, 135, 32, 134, 91, 207, 101, 230, 45, 168, 2, 27, 96, 37, 173, 174, 176, 185, 246, 28, 70, 97, 105, 52, 64, 126, 15,
      85, 71, 163, 35, 221, 81, 175, 58, 195, 92, 249, 206, 186, 197, 234, 38, 44, 83, 13, 110, 133, 40, 132, 9, 211, 223, 205, 244, 65, 129, 77, 82,
      106, 220, 55, 200, 108, 193, 171, 250, 36, 225, 123, 8, 12, 189, 177, 74, 120, 136, 149, 139, 227, 99, 232, 109, 233, 203, 213, 254, 59, 0, 29, 57,
      242, 239, 183, 14, 102, 88, 208, 228, 166, 119, 114, 248, 235, 117, 75, 10, 49, 68, 80, 180, 143, 237, 31, 26, 219, 153, 141, 51, 159, 17, 131, 20};
  std::string padded(bytes);
  const size_t missing = 16 - bytes.size() % 16;
  padded.append(missing, static_cast<char>(missing));
  std::array<unsigned char, 16> sum{};
  unsigned char last = 0;
  for (size_t at = 0; at < padded.size(); ++at) last = sum[at % 16] ^= kDigitsOfPi[static_cast<unsigned char>(padded[at]) ^ last];
  padded.append(reinterpret_cast<const char*>(sum.data()), sum.size());
  std::array<unsigned char, 48> state{};
  for (size_t at = 0; at < padded.size(); at += 16) {
    for (size_t i = 0; i < 16; ++i) {
      state[16 + i] = static_cast<unsigned char>(padded[at + i]);
      state[32 + i] = state[16 + i] ^ state[i];
    }
    unsigned t = 0;
    for (unsigned round = 0; round < 18; ++round) {
      for (unsigned char& one : state) t = one ^= kDigitsOfPi[t];
      t = (t + round) & 255;
    }
  }
  std::array<unsigned char, 16> out{};
  std::copy(state.begin(), state.begin() + 16, out.begin());
  return out;
}
Result<BoundFunction> md2(const FunctionArgs& call) {
  return row_function(call, "b", DataType::kString, [](FunctionRow& row, std::string& out) {
    const auto sum = md2_of(row.text(0));
    append_hex_digits({reinterpret_cast<const char*>(sum.data()), sum.size()}, out);
  });
}

// ---- UUIDs

bool read_uuid(std::string_view text, std::string* out) {
  out->clear();
  if (text.size() != 36) return false;
  int high = -1;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i] != '-') return false;
      continue;
    }
    const char c = static_cast<char>(text[i] | 0x20);
    const int digit = text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) return false;
    if (high >= 0) *out += static_cast<char>(high << 4 | digit);
    high = high >= 0 ? -1 : digit;
  }
  return true;
}
void append_uuid(std::string_view bytes, std::string& out) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    append_hex_digits(bytes.substr(i, 1), out);
  }
}

// The 16 bytes of the argument, whether it is a text or bytes; false: it is no UUID.
bool uuid_of(FunctionRow& row, bool text, std::string* out) {
  if (text) return read_uuid(row.text(0), out);
  *out = row.text(0);
  return out->size() == 16;
}
bool need_uuid(FunctionRow& row, bool text, std::string* out) {
  if (uuid_of(row, text, out)) return true;
  row.fail("Invalid UUID: a text like '550e8400-e29b-41d4-a716-446655440000' or 16 bytes are needed");
  return false;
}
// Whether the argument is a text; bytes otherwise.
bool of_text(const FunctionArgs& call) {
  const bool named = call.name == "fromuuidbytes" || call.name == "bytestouuid";
  return call.size() == 0 || (call.type(0) != DataType::kBytes && !named);
}
const char* uuid_argument(const FunctionArgs& call) { return of_text(call) ? "t" : "b"; }

// toUUIDBytes answers null for what is no UUID, the others fail.
Result<BoundFunction> uuid_to_bytes(const FunctionArgs& call) {
  return row_function(call, uuid_argument(call), DataType::kBytes, [text = of_text(call), quiet = call.name == "touuidbytes"](FunctionRow& row, std::string& out) {
    std::string bytes;
    if (uuid_of(row, text, &bytes) || (!quiet && need_uuid(row, text, &bytes))) out += bytes;
    else row.null();
  });
}
Result<BoundFunction> uuid_to_text(const FunctionArgs& call) {
  return row_function(call, uuid_argument(call), DataType::kString, [text = of_text(call)](FunctionRow& row, std::string& out) {
    std::string bytes;
    if (need_uuid(row, text, &bytes)) append_uuid(bytes, out);
  });
}
Result<BoundFunction> is_uuid(const FunctionArgs& call) {
  return row_function(call, uuid_argument(call), DataType::kBoolean, [text = of_text(call)](FunctionRow& row) {
    std::string bytes;
    return uuid_of(row, text, &bytes);
  });
}
Result<BoundFunction> uuid_version(const FunctionArgs& call) {
  return row_function(call, uuid_argument(call), DataType::kInt, [text = of_text(call)](FunctionRow& row) {
    std::string bytes;
    return need_uuid(row, text, &bytes) ? static_cast<unsigned char>(bytes[6]) >> 4 : 0;
  });
}

// The time in a UUID of version 1, 6 or 7, in milliseconds.
Result<BoundFunction> uuid_timestamp(const FunctionArgs& call) {
  return row_function(call, uuid_argument(call), DataType::kLong, [text = of_text(call)](FunctionRow& row) -> int64_t {
    std::string bytes;
    if (!need_uuid(row, text, &bytes)) return 0;
    uint64_t high = 0;
    for (size_t i = 0; i < 8; ++i) high = high << 8 | static_cast<unsigned char>(bytes[i]);
    constexpr int64_t kGregorianToUnix = 0x01b21dd213814000;  // in steps of 100 ns
    const uint64_t version = (high >> 12) & 15, middle = (high >> 16) & 0xffff, low = high & 0xfff;
    if (version == 7) return static_cast<int64_t>(high >> 16);
    if (version == 6) return (static_cast<int64_t>((high >> 32) << 28 | middle << 12 | low) - kGregorianToUnix) / 10'000;
    if (version == 1) return (static_cast<int64_t>(high >> 32 | middle << 32 | low << 48) - kGregorianToUnix) / 10'000;
    row.fail(fmt::format("UUID version {} is not time-based; only versions 1, 6 and 7 are", version));
    return 0;
  });
}

// uuid_v4(), uuid_v7(): another for each row.
template <int Version>
Result<BoundFunction> new_uuid(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(0, 0));
  return BoundFunction{DataType::kString, [](const std::vector<const Vector*>&, size_t n, Vector& out) {
                         out.start_texts();
                         for (size_t i = 0; i < n; ++i) {
                           std::array<unsigned char, 16> bytes{};
                           if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) out.fail("This machine's source of randomness fails");
                           const auto millis = static_cast<uint64_t>(wall_clock_ms());
                           for (size_t k = 0; Version == 7 && k < 6; ++k) bytes[k] = static_cast<unsigned char>(millis >> (40 - 8 * k));
                           bytes[6] = static_cast<unsigned char>((bytes[6] & 15) | Version << 4);
                           bytes[8] = static_cast<unsigned char>((bytes[8] & 63) | 128);
                           append_uuid({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, out.bytes);
                           out.end_text();
                         }
                         out.finish_texts();
                       }};
}

}  // namespace

const std::vector<FunctionEntry>& hash_functions() {
  static const std::vector<FunctionEntry> entries = {
      {"cityhash32", city_32},       {"cityhash64", city_64},       {"cityhash128", city_128},      {"murmurhash3x64bit32", murmur3_first},
      {"murmurhash3x64bit64", murmur3_first}, {"murmurhash3x64bit128", murmur3_first_bytes}, {"md2", md2},
      {"touuidbytes", uuid_to_bytes}, {"uuidtobytes", uuid_to_bytes}, {"fromuuidbytes", uuid_to_text}, {"bytestouuid", uuid_to_text},
      {"uuidtostring", uuid_to_text}, {"touuid", uuid_to_text},      {"isuuid", is_uuid},            {"uuidversion", uuid_version}, {"uuidtimestamp", uuid_timestamp},
      {"uuidv4", new_uuid<4>},       {"uuidv7", new_uuid<7>}};
  return entries;
}

}  // namespace bywash::analytics
