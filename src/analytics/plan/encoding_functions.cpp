// Functions between texts and bytes: hexadecimal, Base64, digests, checksums, hashes.
// Semantics: DataTypeConversionFunctions and HashFunctions of Apache Pinot 1.5.1.
#include "analytics/index/murmur.h"
#include "analytics/plan/base64_text.h"
#include "analytics/plan/id_set.h"
#include "analytics/plan/row_function.h"
#include "base/encoding.h"

#include <openssl/evp.h>

#include <array>
#include <charconv>

namespace bywash::analytics {

bool append_from_base64(std::string_view text, std::string* out) {
  if (text.size() % 4 != 0) return false;
  std::string bytes(text.size() / 4 * 3 + 1, '\0');
  int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return false;
  for (size_t i = text.size(); i > 0 && text[i - 1] == '='; --i) --size;
  out->append(bytes, 0, static_cast<size_t>(std::max(size, 0)));
  return true;
}

namespace {

void append_hex(std::string_view bytes, std::string& out) {
  for (unsigned char c : bytes) out += "0123456789abcdef"[c >> 4], out += "0123456789abcdef"[c & 15];
}

Result<BoundFunction> bytes_to_hex(const FunctionArgs& call) {
  return row_function(call, "b", DataType::kString, [](FunctionRow& row, std::string& out) { append_hex(row.text(0), out); });
}
Result<BoundFunction> hex_to_bytes(const FunctionArgs& call) {
  return row_function(call, "b", DataType::kBytes, [](FunctionRow& row, std::string& out) { out += row.text(0); });
}
// toUtf8, toAscii and toBytes(text, charset): of UTF-8 and its subset.
Result<BoundFunction> to_bytes(const FunctionArgs& call) {
  return row_function(call, "t|t", DataType::kBytes, [](FunctionRow& row, std::string& out) { out += row.text(0); });
}
Result<BoundFunction> from_bytes(const FunctionArgs& call) {
  return row_function(call, "b|t", DataType::kString, [](FunctionRow& row, std::string& out) { out += row.text(0); });
}

Result<BoundFunction> to_base64(const FunctionArgs& call) {
  return row_function(call, "b", DataType::kString, [](FunctionRow& row, std::string& out) { append_base64(row.text(0), &out); });
}
Result<BoundFunction> from_base64(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kBytes, [](FunctionRow& row, std::string& out) {
    if (!append_from_base64(row.text(0), &out)) row.fail("Function fromBase64 needs Base64");
  });
}
// base64Encode and base64Decode are from bytes to bytes.
Result<BoundFunction> base64_encode(const FunctionArgs& call) {
  return row_function(call, "b", DataType::kBytes, [](FunctionRow& row, std::string& out) { append_base64(row.text(0), &out); });
}
Result<BoundFunction> base64_decode(const FunctionArgs& call) {
  return row_function(call, "b", DataType::kBytes, [](FunctionRow& row, std::string& out) {
    if (!append_from_base64(row.text(0), &out)) row.fail("Function base64Decode needs Base64");
  });
}

// ---- digests, checksums, hashes

Result<BoundFunction> digest(const FunctionArgs& call) {
  const EVP_MD* kind = call.name == "md5" ? EVP_md5() : call.name == "sha" ? EVP_sha1() : call.name == "sha224" ? EVP_sha224() : call.name == "sha256" ? EVP_sha256() : EVP_sha512();
  return row_function(call, "b", DataType::kString, [kind](FunctionRow& row, std::string& out) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> sum;
    unsigned size = 0;
    std::string_view bytes = row.text(0);
    if (EVP_Digest(bytes.data(), bytes.size(), sum.data(), &size, kind, nullptr) != 1) return row.fail("This machine's TLS library refuses the digest");
    append_hex({reinterpret_cast<const char*>(sum.data()), size}, out);
  });
}

template <uint32_t Polynomial>
Result<BoundFunction> crc(const FunctionArgs& call) {
  return row_function(call, "b", DataType::kInt, [](FunctionRow& row) {
    static const std::array<uint32_t, 256> table = [] {
      std::array<uint32_t, 256> out;
      for (uint32_t i = 0; i < 256; ++i) {
        out[i] = i;
        for (int bit = 0; bit < 8; ++bit) out[i] = out[i] & 1 ? out[i] >> 1 ^ Polynomial : out[i] >> 1;
      }
      return out;
    }();
    uint32_t sum = ~0u;
    for (unsigned char c : row.text(0)) sum = table[(sum ^ c) & 255] ^ sum >> 8;
    return static_cast<int32_t>(~sum);
  });
}
Result<BoundFunction> adler32(const FunctionArgs& call) {
  return row_function(call, "b", DataType::kInt, [](FunctionRow& row) {
    uint32_t a = 1, b = 0;
    for (unsigned char c : row.text(0)) a = (a + c) % 65521, b = (b + a) % 65521;
    return static_cast<int32_t>(b << 16 | a);
  });
}

Result<BoundFunction> murmur_hash(const FunctionArgs& call) {
  bool text = call.name.ends_with("utf8");
  return row_function(call, text ? "t" : "b", DataType::kInt, [](FunctionRow& row) { return murmur2_32(row.text(0)); });
}

template <class Word, Word Start, Word Prime, bool MultiplyFirst>
Result<BoundFunction> fnv(const FunctionArgs& call) {
  bool text = call.name.ends_with("utf8");
  return row_function(call, text ? "t" : "b", sizeof(Word) == 4 ? DataType::kInt : DataType::kLong, [](FunctionRow& row) -> int64_t {
    Word h = Start;
    for (unsigned char c : row.text(0)) {
      if (MultiplyFirst) h *= Prime, h ^= c;
      else h ^= c, h *= Prime;
    }
    return sizeof(Word) == 4 ? static_cast<int64_t>(static_cast<int32_t>(h)) : static_cast<int64_t>(h);
  });
}
constexpr uint32_t kStart32 = 0x811c9dc5, kPrime32 = 0x01000193;
constexpr uint64_t kStart64 = 0xcbf29ce484222325, kPrime64 = 0x100000001b3;

// ---- numbers in other notations

Result<BoundFunction> long_to_hex(const FunctionArgs& call) {
  return row_function(call, "i", DataType::kString, [](FunctionRow& row, std::string& out) { out += fmt::format("{:x}", static_cast<uint64_t>(row.integer(0))); });
}
Result<BoundFunction> hex_to_long(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kLong, [](FunctionRow& row) {
    std::string_view text = row.text(0);
    if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
    int64_t out = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, 16);
    if (error != std::errc() || end != text.data() + text.size()) row.fail("Function hexDecimalToLong needs a hexadecimal number");
    return out;
  });
}

// inIdSet(value, what ID_SET answered).
Result<BoundFunction> in_id_set(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 2));
  ASSIGN_OR_RETURN(const std::string text, call.literal_text(1));
  ASSIGN_OR_RETURN(std::unique_ptr<IdSet> parsed, IdSet::parse(text));
  return BoundFunction{DataType::kBoolean, [set = std::shared_ptr<const IdSet>(std::move(parsed))](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         const Vector& values = *args[0];
                         out.integers.resize(n);
                         for (size_t i = 0; i < n; ++i) {
                           switch (values.physical()) {
                             case Physical::kInteger: out.integers[i] = set->contains(values.type, values.integers[i]); break;
                             case Physical::kReal: out.integers[i] = set->contains(values.type, values.reals[i]); break;
                             case Physical::kText: out.integers[i] = set->contains(values.type, values.texts[i]); break;
                           }
                         }
                       }};
}

}  // namespace

const std::vector<FunctionEntry>& encoding_functions() {
  static const std::vector<FunctionEntry> entries = {
      {"bytestohex", bytes_to_hex},   {"hextobytes", hex_to_bytes},   {"toutf8", to_bytes},          {"toascii", to_bytes},
      {"tobytes", to_bytes},          {"fromutf8", from_bytes},       {"fromascii", from_bytes},     {"frombytes", from_bytes},
      {"inidset", in_id_set, Arrays::kRefused},
      {"tobase64", to_base64},        {"frombase64", from_base64},    {"base64encode", base64_encode}, {"base64decode", base64_decode},
      {"md5", digest},                {"sha", digest},                {"sha224", digest},            {"sha256", digest},
      {"sha512", digest},             {"crc32", crc<0xedb88320>},     {"crc32c", crc<0x82f63b78>},   {"adler32", adler32},
      {"murmurhash2", murmur_hash},   {"murmurhash2utf8", murmur_hash},
      {"fnv1hash32", fnv<uint32_t, kStart32, kPrime32, true>}, {"fnv1hash32utf8", fnv<uint32_t, kStart32, kPrime32, true>},
      {"fnv1ahash32", fnv<uint32_t, kStart32, kPrime32, false>}, {"fnv1ahash32utf8", fnv<uint32_t, kStart32, kPrime32, false>},
      {"fnv1hash64", fnv<uint64_t, kStart64, kPrime64, true>}, {"fnv1hash64utf8", fnv<uint64_t, kStart64, kPrime64, true>},
      {"fnv1ahash64", fnv<uint64_t, kStart64, kPrime64, false>}, {"fnv1ahash64utf8", fnv<uint64_t, kStart64, kPrime64, false>},
      {"longtohexdecimal", long_to_hex}, {"hexdecimaltolong", hex_to_long}};
  return entries;
}

}  // namespace bywash::analytics
