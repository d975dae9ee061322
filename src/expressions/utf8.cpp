#include "expressions/utf8.h"

#include <unicode/locid.h>
#include <unicode/unistr.h>

#include <algorithm>

namespace bywash::expressions::utf8 {
namespace {
bool continues(char c) { return (c & 0xc0) == 0x80; }
}  // namespace

size_t length(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

std::string_view slice(std::string_view text, size_t begin, size_t end) {
  auto byte_of = [&](size_t character, size_t from) {
    while (character > 0 && from < text.size()) {
      ++from;
      while (from < text.size() && continues(text[from])) ++from;
      --character;
    }
    return from;
  };
  size_t first = byte_of(begin, 0);
  size_t last = byte_of(end - begin, first);
  return text.substr(first, last - first);
}

void append_case(std::string_view text, bool upper, std::string& out) {
  bool ascii = std::none_of(text.begin(), text.end(), [](char c) { return c & 0x80; });
  if (!ascii) {
    icu::UnicodeString wide = icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
    upper ? wide.toUpper(icu::Locale::getRoot()) : wide.toLower(icu::Locale::getRoot());
    wide.toUTF8String(out);
    return;
  }
  for (char c : text) {
    if (upper && c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    if (!upper && c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    out += c;
  }
}

}  // namespace bywash::expressions::utf8
