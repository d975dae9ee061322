// Percent-encoding and file URLs. Level 3, every thread.
#include "storage/object_key.h"

namespace bywash::storage {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

}  // namespace

std::string percent_encode(std::string_view text, bool keep_slash) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size() + 16);
  for (char c : text) {
    if (unreserved(c) || (keep_slash && c == '/')) {
      out += c;
    } else {
      auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

Result<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    int high = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1, low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return Status::invalid(fmt::format("Malformed percent-encoding in '{}'", text));
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

Result<std::string> folder_of_file_url(std::string_view url) {
  if (!url.starts_with("file:")) return Status::invalid(fmt::format("'{}' is not a file URL", url));
  std::string_view rest = url.substr(5);
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    size_t slash = rest.find('/');
    std::string_view host = rest.substr(0, slash);
    if (slash == rest.npos || !(host.empty() || host == "localhost")) {
      return Status::invalid(fmt::format("'{}' is not a local folder: write it as file:///folder", url));
    }
    rest.remove_prefix(slash);
  }
  if (rest.empty() || rest.front() != '/') return Status::invalid(fmt::format("'{}' must name an absolute folder, as file:///folder", url));
  while (rest.size() > 1 && rest.back() == '/') rest.remove_suffix(1);
  return percent_decode(rest);
}

}  // namespace bywash::storage
