// Percent-encoding and file URLs. Level 3, every thread.
#include "storage/object_key.h"

#include "base/encoding.h"

namespace bywash::storage {
std::string percent_encode(std::string_view text, bool keep_slash) {
  return percent_encoded(text, keep_slash ? "-._~/" : kUnreserved);
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
