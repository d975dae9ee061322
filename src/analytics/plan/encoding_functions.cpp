// Functions between texts and bytes: hexadecimal, Base64, URLs, digests, checksums, hashes, addresses.
// Semantics: DataTypeConversionFunctions, HashFunctions, UrlFunctions and IpAddressFunctions of Apache Pinot 1.5.1.
#include "analytics/plan/row_function.h"
#include "base/encoding.h"

#include <openssl/evp.h>

#include <array>
#include <charconv>

namespace bywash::analytics {
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
bool take_base64(std::string_view text, std::string& out) {
  if (text.size() % 4 != 0) return false;
  std::string bytes(text.size() / 4 * 3 + 1, '\0');
  int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return false;
  for (size_t i = text.size(); i > 0 && text[i - 1] == '='; --i) --size;
  out.append(bytes, 0, static_cast<size_t>(std::max(size, 0)));
  return true;
}
Result<BoundFunction> from_base64(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kBytes, [](FunctionRow& row, std::string& out) {
    if (!take_base64(row.text(0), out)) row.fail("Function fromBase64 needs Base64");
  });
}
// base64Encode and base64Decode are from bytes to bytes.
Result<BoundFunction> base64_encode(const FunctionArgs& call) {
  return row_function(call, "b", DataType::kBytes, [](FunctionRow& row, std::string& out) { append_base64(row.text(0), &out); });
}
Result<BoundFunction> base64_decode(const FunctionArgs& call) {
  return row_function(call, "b", DataType::kBytes, [](FunctionRow& row, std::string& out) {
    if (!take_base64(row.text(0), out)) row.fail("Function base64Decode needs Base64");
  });
}

// ---- URLs

Result<BoundFunction> encode_url(const FunctionArgs& call) {  // java.net.URLEncoder
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) { out += form_encoded(row.text(0), ".-*_"); });
}
Result<BoundFunction> decode_url(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) {
    std::string_view text = row.text(0);
    for (size_t i = 0; i < text.size(); ++i) {
      int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1, low = high < 0 ? -1 : hex_digit(text[i + 2]);
      if (low >= 0) out += static_cast<char>(high * 16 + low), i += 2;
      else out += text[i] == '+' ? ' ' : text[i];
    }
  });
}

struct Url {
  std::string_view protocol, authority, host, port, path, query, fragment;
};
Url take_apart(std::string_view text) {
  Url out;
  if (size_t hash = text.find('#'); hash != std::string_view::npos) out.fragment = text.substr(hash + 1), text = text.substr(0, hash);
  if (size_t mark = text.find('?'); mark != std::string_view::npos) out.query = text.substr(mark + 1), text = text.substr(0, mark);
  if (size_t colon = text.find("://"); colon != std::string_view::npos) {
    out.protocol = text.substr(0, colon);
    text.remove_prefix(colon + 3);
    size_t slash = std::min(text.find('/'), text.size());
    out.authority = text.substr(0, slash);
    out.path = text.substr(slash);
    std::string_view host = out.authority.substr(out.authority.find('@') == std::string_view::npos ? 0 : out.authority.find('@') + 1);
    size_t port = host.rfind(':');
    out.host = host.substr(0, port);
    if (port != std::string_view::npos) out.port = host.substr(port + 1);
  } else {
    out.path = text;
  }
  return out;
}
template <std::string_view Url::*Part>
Result<BoundFunction> url_part(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) { out += take_apart(row.text(0)).*Part; });
}
Result<BoundFunction> url_port(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kInt, [](FunctionRow& row) {
    std::string_view port = take_apart(row.text(0)).port;
    int64_t out = -1;
    std::from_chars(port.data(), port.data() + port.size(), out);
    return out;
  });
}
Result<BoundFunction> url_without_www(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) {
    std::string_view host = take_apart(row.text(0)).host;
    out += host.starts_with("www.") ? host.substr(4) : host;
  });
}
Result<BoundFunction> url_top_level(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) {
    std::string_view host = take_apart(row.text(0)).host;
    if (size_t dot = host.rfind('.'); dot != std::string_view::npos) out += host.substr(dot + 1);
  });
}
Result<BoundFunction> url_path_with_query(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) {
    Url url = take_apart(row.text(0));
    out += url.path;
    if (!url.query.empty()) out += "?", out += url.query;
  });
}
// The value of a parameter of the query; '' when it is not there.
Result<BoundFunction> url_parameter(const FunctionArgs& call) {
  return row_function(call, "tt", DataType::kString, [](FunctionRow& row, std::string& out) {
    std::string_view query = take_apart(row.text(0)).query;
    while (!query.empty()) {
      std::string_view pair = query.substr(0, query.find('&'));
      size_t equals = std::min(pair.find('='), pair.size());
      if (pair.substr(0, equals) == row.text(1)) {
        if (equals < pair.size()) out += pair.substr(equals + 1);
        return;
      }
      query.remove_prefix(std::min(pair.size() + 1, query.size()));
    }
  });
}
Result<BoundFunction> cut_query(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) {
    std::string_view text = row.text(0);
    size_t mark = text.find('?'), hash = text.find('#');
    out += text.substr(0, std::min(mark, hash));
    if (hash != std::string_view::npos) out += text.substr(hash);
  });
}
Result<BoundFunction> cut_fragment(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) { out += row.text(0).substr(0, row.text(0).find('#')); });
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

// Kafka's and Pinot's MurmurHash2 (seed 0x9747b28c).
int32_t murmur2(std::string_view bytes) {
  constexpr uint32_t m = 0x5bd1e995;
  uint32_t h = 0x9747b28c ^ static_cast<uint32_t>(bytes.size());
  auto at = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(bytes[i])); };
  size_t i = 0;
  for (; i + 4 <= bytes.size(); i += 4) {
    uint32_t k = at(i) | at(i + 1) << 8 | at(i + 2) << 16 | at(i + 3) << 24;
    k *= m, k ^= k >> 24, k *= m;
    h *= m, h ^= k;
  }
  switch (bytes.size() - i) {
    case 3: h ^= at(i + 2) << 16; [[fallthrough]];
    case 2: h ^= at(i + 1) << 8; [[fallthrough]];
    case 1: h ^= at(i), h *= m;
  }
  h ^= h >> 13, h *= m, h ^= h >> 15;
  return static_cast<int32_t>(h);
}
Result<BoundFunction> murmur_hash(const FunctionArgs& call) {
  bool text = call.name.ends_with("utf8");
  return row_function(call, text ? "t" : "b", DataType::kInt, [](FunctionRow& row) { return murmur2(row.text(0)); });
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

// ---- numbers and addresses in other notations

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

bool ipv4(std::string_view text, uint32_t* out) {
  *out = 0;
  for (int part = 0; part < 4; ++part) {
    unsigned value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || value > 255) return false;
    *out = *out << 8 | value;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (part == 3) return text.empty();
    if (!text.starts_with('.')) return false;
    text.remove_prefix(1);
  }
  return false;
}
Result<BoundFunction> ipv4_to_long(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kLong, [](FunctionRow& row) -> int64_t {
    uint32_t out;
    if (!ipv4(row.text(0), &out)) row.fail("Function ipv4ToLong needs an IPv4 address");
    return out;
  });
}
Result<BoundFunction> long_to_ipv4(const FunctionArgs& call) {
  return row_function(call, "i", DataType::kString, [](FunctionRow& row, std::string& out) {
    auto value = static_cast<uint32_t>(row.integer(0));
    out += fmt::format("{}.{}.{}.{}", value >> 24, value >> 16 & 255, value >> 8 & 255, value & 255);
  });
}
Result<BoundFunction> is_ipv4(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kBoolean, [](FunctionRow& row) {
    uint32_t ignored;
    return ipv4(row.text(0), &ignored);
  });
}
// isSubnetOf('10.0.0.0/8', address), of IPv4.
Result<BoundFunction> is_subnet_of(const FunctionArgs& call) {
  return row_function(call, "tt", DataType::kBoolean, [](FunctionRow& row) {
    std::string_view prefix = row.text(0);
    size_t slash = prefix.find('/');
    uint32_t network = 0, address = 0;
    unsigned bits = 33;
    if (slash != std::string_view::npos) std::from_chars(prefix.data() + slash + 1, prefix.data() + prefix.size(), bits);
    if (!ipv4(prefix.substr(0, slash), &network) || bits > 32 || !ipv4(row.text(1).substr(0, row.text(1).find('/')), &address)) {
      row.fail("Function isSubnetOf takes an IPv4 prefix like '10.0.0.0/8' and an IPv4 address");
      return false;
    }
    uint32_t mask = bits == 0 ? 0 : ~0u << (32 - bits);
    return (network & mask) == (address & mask);
  });
}

}  // namespace

const std::vector<FunctionEntry>& encoding_functions() {
  static const std::vector<FunctionEntry> entries = {
      {"bytestohex", bytes_to_hex},   {"hextobytes", hex_to_bytes},   {"toutf8", to_bytes},          {"toascii", to_bytes},
      {"tobytes", to_bytes},          {"fromutf8", from_bytes},       {"fromascii", from_bytes},     {"frombytes", from_bytes},
      {"tobase64", to_base64},        {"frombase64", from_base64},    {"base64encode", base64_encode}, {"base64decode", base64_decode},
      {"encodeurl", encode_url},      {"urlencode", encode_url},      {"urlencodeformcomponent", encode_url}, {"decodeurl", decode_url},
      {"urldecode", decode_url},      {"urldecodeformcomponent", decode_url}, {"urlprotocol", url_part<&Url::protocol>},
      {"urldomain", url_part<&Url::host>}, {"urlnetloc", url_part<&Url::authority>}, {"urlpath", url_part<&Url::path>},
      {"urlquerystring", url_part<&Url::query>}, {"urlfragment", url_part<&Url::fragment>}, {"urlport", url_port},
      {"urldomainwithoutwww", url_without_www}, {"urltopleveldomain", url_top_level}, {"urlpathwithquery", url_path_with_query},
      {"extracturlparameter", url_parameter}, {"cutquerystring", cut_query}, {"cutfragment", cut_fragment},
      {"md5", digest},                {"sha", digest},                {"sha224", digest},            {"sha256", digest},
      {"sha512", digest},             {"crc32", crc<0xedb88320>},     {"crc32c", crc<0x82f63b78>},   {"adler32", adler32},
      {"murmurhash2", murmur_hash},   {"murmurhash2utf8", murmur_hash},
      {"fnv1hash32", fnv<uint32_t, kStart32, kPrime32, true>}, {"fnv1hash32utf8", fnv<uint32_t, kStart32, kPrime32, true>},
      {"fnv1ahash32", fnv<uint32_t, kStart32, kPrime32, false>}, {"fnv1ahash32utf8", fnv<uint32_t, kStart32, kPrime32, false>},
      {"fnv1hash64", fnv<uint64_t, kStart64, kPrime64, true>}, {"fnv1hash64utf8", fnv<uint64_t, kStart64, kPrime64, true>},
      {"fnv1ahash64", fnv<uint64_t, kStart64, kPrime64, false>}, {"fnv1ahash64utf8", fnv<uint64_t, kStart64, kPrime64, false>},
      {"longtohexdecimal", long_to_hex}, {"hexdecimaltolong", hex_to_long}, {"ipv4tolong", ipv4_to_long}, {"longtoipv4", long_to_ipv4},
      {"isipv4string", is_ipv4},      {"issubnetof", is_subnet_of}};
  return entries;
}

}  // namespace bywash::analytics
