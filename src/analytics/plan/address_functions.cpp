// Functions over IP addresses of both versions, and over prefixes like '10.0.0.0/8'. Semantics: IpAddressFunctions of Apache Pinot 1.5.1;
// IPv6 is written as RFC 5952 says.
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "analytics/plan/function_groups.h"
#include "analytics/plan/row_function.h"

namespace bywash::analytics {
namespace {

struct IpAddress {
  std::array<unsigned char, 16> bytes{};
  size_t size = 0;    // 4 or 16
  int prefix = -1;    // bits; -1: none
};

bool parse_address(std::string_view text, IpAddress* out) {
  *out = {};
  const size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view bits = text.substr(slash + 1);
    auto [end, error] = std::from_chars(bits.data(), bits.data() + bits.size(), out->prefix);
    if (bits.empty() || error != std::errc() || end != bits.data() + bits.size() || out->prefix < 0) return false;
  }
  const std::string address(text.substr(0, slash));
  const bool four = address.find(':') == std::string::npos;
  if (::inet_pton(four ? AF_INET : AF_INET6, address.c_str(), out->bytes.data()) != 1) return false;
  out->size = four ? 4 : 16;
  return out->prefix <= static_cast<int>(out->size * 8);
}

// The longest run of two or more zero groups becomes "::", the first of equals.
void append_address(const unsigned char* bytes, size_t size, std::string& out) {
  if (size == 4) {
    out += fmt::format("{}.{}.{}.{}", bytes[0], bytes[1], bytes[2], bytes[3]);
    return;
  }
  std::array<unsigned, 8> groups;
  for (size_t i = 0; i < 8; ++i) groups[i] = static_cast<unsigned>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
  size_t begin = 8, length = 1;
  for (size_t i = 0; i < 8; ++i) {
    size_t end = i;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - i > length) begin = i, length = end - i;
  }
  for (size_t i = 0; i < 8; ++i) {
    if (i == begin) {
      out += "::";
      i += length - 1;
      continue;
    }
    if (i > 0 && i != begin + length) out += ':';
    out += fmt::format("{:x}", groups[i]);
  }
}

// Sets the bits behind the prefix.
void fill_host_bits(IpAddress& address, int prefix, bool ones) {
  for (size_t i = 0; i < address.size; ++i) {
    const int kept = std::clamp(prefix - static_cast<int>(i) * 8, 0, 8);
    const auto mask = static_cast<unsigned char>(0xff00 >> kept);  // the kept bits, as the low byte
    address.bytes[i] = static_cast<unsigned char>(ones ? address.bytes[i] | static_cast<unsigned char>(~mask) : address.bytes[i] & mask);
  }
}

bool plain_address(FunctionRow& row, size_t at, IpAddress* out) {
  if (parse_address(row.text(at), out) && out->prefix < 0) return true;
  row.fail("An IP address without a prefix length is needed");
  return false;
}
bool prefixed_address(FunctionRow& row, size_t at, IpAddress* out) {
  if (parse_address(row.text(at), out) && out->prefix >= 0) return true;
  row.fail("An IP address with a prefix length is needed, like '10.0.0.0/8'");
  return false;
}

bool within(const IpAddress& prefix, IpAddress address) {
  if (prefix.size != address.size) return false;
  IpAddress network = prefix;
  fill_host_bits(network, prefix.prefix, false);
  fill_host_bits(address, prefix.prefix, false);
  return network.bytes == address.bytes;
}

template <size_t Size>
Result<BoundFunction> is_address(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kBoolean, [](FunctionRow& row) {
    IpAddress address;
    return parse_address(row.text(0), &address) && address.prefix < 0 && address.size == Size;
  });
}

Result<BoundFunction> is_subnet_of(const FunctionArgs& call) {
  return row_function(call, "tt", DataType::kBoolean, [](FunctionRow& row) {
    IpAddress prefix, address;
    return prefixed_address(row, 0, &prefix) && plain_address(row, 1, &address) && within(prefix, address);
  });
}

Result<BoundFunction> is_private(const FunctionArgs& call) {
  static const std::vector<IpAddress> kPrivate = [] {
    std::vector<IpAddress> out;
    for (const char* prefix : {"127.0.0.0/8", "::1/128", "169.254.0.0/16", "fe80::/10", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"}) {
      parse_address(prefix, &out.emplace_back());
    }
    return out;
  }();
  return row_function(call, "t", DataType::kBoolean, [](FunctionRow& row) {
    IpAddress address;
    if (!plain_address(row, 0, &address)) return false;
    return std::any_of(kPrivate.begin(), kPrivate.end(), [&](const IpAddress& prefix) { return within(prefix, address); });
  });
}

Result<BoundFunction> ip_prefix(const FunctionArgs& call) {
  return row_function(call, "ti", DataType::kString, [](FunctionRow& row, std::string& out) {
    IpAddress address;
    if (!plain_address(row, 0, &address)) return;
    const int64_t bits = row.integer(1);
    if (bits < 0 || bits > static_cast<int64_t>(address.size * 8)) return row.fail("Function ipPrefix needs a prefix length that the address has");
    fill_host_bits(address, static_cast<int>(bits), false);
    append_address(address.bytes.data(), address.size, out);
    out += fmt::format("/{}", bits);
  });
}

template <bool Last>
Result<BoundFunction> subnet_end(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) {
    IpAddress prefix;
    if (!prefixed_address(row, 0, &prefix)) return;
    fill_host_bits(prefix, prefix.prefix, Last);
    append_address(prefix.bytes.data(), prefix.size, out);
  });
}

template <bool Inverted>
Result<BoundFunction> ip_mask(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) {
    IpAddress prefix;
    if (!prefixed_address(row, 0, &prefix)) return;
    prefix.bytes.fill(Inverted ? 0 : 0xff);
    fill_host_bits(prefix, prefix.prefix, Inverted);
    append_address(prefix.bytes.data(), prefix.size, out);
  });
}

Result<BoundFunction> ip_mask_length(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kInt, [](FunctionRow& row) {
    IpAddress prefix;
    return prefixed_address(row, 0, &prefix) ? prefix.prefix : 0;
  });
}

Result<BoundFunction> ip_family(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kInt, [](FunctionRow& row) {
    IpAddress address;
    if (!parse_address(row.text(0), &address)) row.fail("Function ipFamily needs an IP address");
    return address.size == 16 ? 6 : 4;
  });
}

Result<BoundFunction> ipv4_to_long(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kLong, [](FunctionRow& row) -> int64_t {
    IpAddress a;
    if (!parse_address(row.text(0), &a) || a.size != 4) row.fail("Function ipv4ToLong needs an IPv4 address");
    return int64_t{a.bytes[0]} << 24 | int64_t{a.bytes[1]} << 16 | int64_t{a.bytes[2]} << 8 | int64_t{a.bytes[3]};
  });
}
Result<BoundFunction> long_to_ipv4(const FunctionArgs& call) {
  return row_function(call, "i", DataType::kString, [](FunctionRow& row, std::string& out) {
    const int64_t value = row.integer(0);
    if (value < 0 || value > 0xffffffffLL) return row.fail("Function longToIpv4 needs a number from 0 to 4294967295");
    out += fmt::format("{}.{}.{}.{}", value >> 24, value >> 16 & 255, value >> 8 & 255, value & 255);
  });
}

Result<BoundFunction> ipv6_to_bytes(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kBytes, [](FunctionRow& row, std::string& out) {
    IpAddress address;
    if (!parse_address(row.text(0), &address) || address.size != 16) return row.fail("Function ipv6ToBytes needs an IPv6 address");
    out.append(reinterpret_cast<const char*>(address.bytes.data()), 16);
  });
}
Result<BoundFunction> bytes_to_ipv6(const FunctionArgs& call) {
  return row_function(call, "b", DataType::kString, [](FunctionRow& row, std::string& out) {
    const std::string_view bytes = row.text(0);
    if (bytes.size() != 16) return row.fail("Function bytesToIpv6 needs 16 bytes");
    append_address(reinterpret_cast<const unsigned char*>(bytes.data()), 16, out);
  });
}
Result<BoundFunction> ipv4_to_ipv6(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) {
    IpAddress address;
    if (!parse_address(row.text(0), &address) || address.size != 4) return row.fail("Function ipv4ToIpv6 needs an IPv4 address");
    std::array<unsigned char, 16> mapped{};
    mapped[10] = mapped[11] = 0xff;
    std::copy_n(address.bytes.begin(), 4, mapped.begin() + 12);
    append_address(mapped.data(), 16, out);
  });
}

// ipv4CIDRToRange('10.0.0.0/8'): the first and the last address.
Result<BoundFunction> cidr_range(const FunctionArgs& call) {
  ASSIGN_OR_RETURN(RowArguments arguments, RowArguments::of(call, "t"));
  return BoundFunction{DataType::kString, [arguments](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         std::vector<Vector> converted;
                         const std::vector<const Vector*> read = arguments.read(args, n, converted);
                         FunctionRow row{read, out, 0, n};
                         out.start_texts();
                         out.offsets.assign(1, 0);
                         for (row.index = 0; row.index < n; ++row.index) {
                           IpAddress address;
                           if (!row.any_null() && prefixed_address(row, 0, &address)) {
                             if (address.size != 4) row.fail("Not an IPv4 CIDR");
                             for (bool ones : {false, true}) {
                               fill_host_bits(address, address.prefix, ones);
                               append_address(address.bytes.data(), address.size, out.bytes);
                               out.end_text();
                             }
                           }
                           out.offsets.push_back(static_cast<uint32_t>(out.ends.size()));
                         }
                         out.finish_texts();
                       }, true};
}

}  // namespace

const std::vector<FunctionEntry>& address_functions() {
  static const std::vector<FunctionEntry> entries = {
      {"isipv4string", is_address<4>}, {"isipv6string", is_address<16>}, {"issubnetof", is_subnet_of},   {"isprivateip", is_private},
      {"ipprefix", ip_prefix},         {"ipsubnetmin", subnet_end<false>}, {"ipsubnetmax", subnet_end<true>}, {"ipnetmask", ip_mask<false>},
      {"iphostmask", ip_mask<true>},   {"ipmasklen", ip_mask_length},    {"ipfamily", ip_family},        {"ipv4tolong", ipv4_to_long},
      {"longtoipv4", long_to_ipv4},    {"ipv6tobytes", ipv6_to_bytes},   {"bytestoipv6", bytes_to_ipv6}, {"ipv4toipv6", ipv4_to_ipv6},
      {"ipv4cidrtorange", cidr_range}};
  return entries;
}

}  // namespace bywash::analytics
