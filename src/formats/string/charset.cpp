// Charsets by hand where Java has rules of its own, by ICU for the rest. The task's thread. Level 4.
#include "formats/string/charset.h"

#include <unicode/ucnv.h>
#include <unicode/ustring.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <vector>

#include "formats/json/tokens.h"

namespace bywash::formats {
namespace {

using json::append_code_point;

uint8_t byte(std::string_view s, size_t i) { return static_cast<uint8_t>(s[i]); }
bool continues(std::string_view s, size_t i) { return i < s.size() && (byte(s, i) & 0xC0) == 0x80; }

// Length of the character at i; negative: that many bytes are one malformed piece (String.decodeUTF8 of Java 17).
int piece_at(std::string_view s, size_t i) {
  uint8_t b = byte(s, i);
  if (b < 0x80) return 1;
  if (b >= 0xC2 && b <= 0xDF) return continues(s, i + 1) ? 2 : -1;
  if (b >= 0xE0 && b <= 0xEF) {
    if (!continues(s, i + 1) || (b == 0xE0 && byte(s, i + 1) < 0xA0)) return -1;
    if (!continues(s, i + 2)) return -2;
    return b == 0xED && byte(s, i + 1) >= 0xA0 ? -3 : 3;
  }
  if (b >= 0xF0 && b <= 0xF4) {
    if (!continues(s, i + 1) || (b == 0xF0 && byte(s, i + 1) < 0x90) || (b == 0xF4 && byte(s, i + 1) > 0x8F)) return -1;
    if (!continues(s, i + 2)) return -2;
    return continues(s, i + 3) ? 4 : -3;
  }
  return -1;
}

size_t ascii_prefix(std::string_view s, size_t i) {
  constexpr uint64_t kHigh = 0x8080808080808080u;
  for (; i + 8 <= s.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, s.data() + i, 8);
    if (word & kHigh) break;
  }
  while (i < s.size() && byte(s, i) < 0x80) ++i;
  return i;
}

std::string decode_utf16(std::string_view bytes, bool big) {
  std::string out;
  auto unit = [&](size_t i) {
    uint32_t a = byte(bytes, i), b = byte(bytes, i + 1);
    return big ? a << 8 | b : b << 8 | a;
  };
  size_t i = 0;
  for (; i + 2 <= bytes.size(); i += 2) {
    uint32_t c = unit(i);
    if (c >= 0xD800 && c < 0xDC00 && i + 4 <= bytes.size() && unit(i + 2) >= 0xDC00 && unit(i + 2) < 0xE000) {
      c = 0x10000 + ((c - 0xD800) << 10) + (unit(i + 2) - 0xDC00);
      i += 2;
    } else if (c >= 0xD800 && c < 0xE000) {
      c = 0xFFFD;
    }
    append_code_point(c, &out);
  }
  if (i < bytes.size()) append_code_point(0xFFFD, &out);
  return out;
}

// Java's UTF-32 is big-endian unless a byte order mark says otherwise, and writes no mark.
std::string decode_utf32(std::string_view bytes) {
  const bool little = bytes.starts_with(std::string_view("\xFF\xFE\0\0", 4));
  if (little || bytes.starts_with(std::string_view("\0\0\xFE\xFF", 4))) bytes.remove_prefix(4);
  std::string out;
  for (; bytes.size() >= 4; bytes.remove_prefix(4)) {
    uint32_t c = 0;
    for (size_t i = 0; i < 4; ++i) c = c << 8 | byte(bytes, little ? 3 - i : i);
    append_code_point(c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) ? 0xFFFD : c, &out);
  }
  if (!bytes.empty()) append_code_point(0xFFFD, &out);
  return out;
}

// The characters of valid UTF-8.
template <class F>
void for_each_code_point(std::string_view utf8, F&& f) {
  for (size_t i = 0; i < utf8.size();) {
    uint8_t b = byte(utf8, i);
    size_t n = b < 0x80 ? 1 : b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
    uint32_t c = n == 1 ? b : b & (0x7Fu >> n);
    for (size_t k = 1; k < n && i + k < utf8.size(); ++k) c = c << 6 | (byte(utf8, i + k) & 0x3F);
    f(c);
    i += n;
  }
}

std::string encode_utf16(std::string_view utf8, bool big, bool mark) {
  std::string out;
  auto put = [&](uint32_t unit) {
    out += static_cast<char>(big ? unit >> 8 : unit);
    out += static_cast<char>(big ? unit : unit >> 8);
  };
  if (mark && !utf8.empty()) put(0xFEFF);
  for_each_code_point(utf8, [&](uint32_t c) {
    if (c < 0x10000) return put(c);
    put(0xD800 + ((c - 0x10000) >> 10));
    put(0xDC00 + ((c - 0x10000) & 0x3FF));
  });
  return out;
}

std::string encode_utf32(std::string_view utf8) {
  std::string out;
  for_each_code_point(utf8, [&](uint32_t c) {
    for (int shift : {24, 16, 8, 0}) out += static_cast<char>(c >> shift);
  });
  return out;
}

// Windows' code pages leave bytes without a character: ICU gives control characters for them, Java U+FFFD.
bool lacks_controls(UConverter* converter) {
  UErrorCode error = U_ZERO_ERROR;
  const char* name = ucnv_getName(converter, &error);
  const char* standard = U_FAILURE(error) ? nullptr : ucnv_getStandardName(name, "IANA", &error);
  return standard && std::string_view(standard).starts_with("windows-125");
}

// What java.nio.charset.Charset lets a name be made of; ICU passes over other characters.
bool legal_name(std::string_view name) {
  for (size_t i = 0; i < name.size(); ++i) {
    const bool plain = std::isalnum(byte(name, i)) != 0;
    if (!plain && (i == 0 || std::string_view("-+:_.").find(name[i]) == std::string_view::npos)) return false;
  }
  return !name.empty();
}

}  // namespace

void Charset::Closer::operator()(UConverter* c) const { ucnv_close(c); }
Charset::Charset(Charset&&) noexcept = default;
Charset& Charset::operator=(Charset&&) noexcept = default;
Charset::~Charset() = default;

Result<Charset> Charset::named(const std::string& name) {
  std::string key;
  for (char c : name) key += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  static constexpr std::pair<std::string_view, Kind> kKnown[] = {
      {"UTF-8", Kind::kUtf8},          {"UTF8", Kind::kUtf8},       {"UNICODE-1-1-UTF-8", Kind::kUtf8}, {"ISO-8859-1", Kind::kLatin1}, {"ISO8859_1", Kind::kLatin1},
      {"ISO8859-1", Kind::kLatin1},    {"LATIN1", Kind::kLatin1},   {"L1", Kind::kLatin1},              {"US-ASCII", Kind::kAscii},    {"ASCII", Kind::kAscii},
      {"ISO646-US", Kind::kAscii},     {"UTF-16", Kind::kUtf16},    {"UTF_16", Kind::kUtf16},           {"UTF16", Kind::kUtf16},       {"UNICODE", Kind::kUtf16},
      {"UTF-16BE", Kind::kUtf16Be},    {"UTF_16BE", Kind::kUtf16Be}, {"UTF-16LE", Kind::kUtf16Le},       {"UTF_16LE", Kind::kUtf16Le},
      {"UTF-32", Kind::kUtf32},        {"UTF_32", Kind::kUtf32},    {"UTF32", Kind::kUtf32},            {"ISO-10646-UCS-4", Kind::kUtf32}};
  for (const auto& [known, kind] : kKnown) {
    if (known == key) return Charset(kind);
  }
  UErrorCode error = U_ZERO_ERROR;
  UConverter* converter = legal_name(key) ? ucnv_open(key.c_str(), &error) : nullptr;
  if (!converter || U_FAILURE(error)) {
    return Status::invalid("Unsupported encoding " + name).with_java_class("org.apache.kafka.common.errors.SerializationException");
  }
  Charset out(Kind::kOther);
  out.converter_.reset(converter);
  out.lacks_controls_ = lacks_controls(converter);
  // Java writes '?' for what a charset lacks; ICU's default is the charset's own substitute.
  const char question = '?';
  ucnv_setSubstChars(converter, &question, 1, &error);
  return out;
}

std::string_view repair_utf8(std::string_view bytes, std::string* scratch) {
  size_t i = ascii_prefix(bytes, 0);
  while (i < bytes.size()) {
    int piece = piece_at(bytes, i);
    if (piece < 0) break;
    i = ascii_prefix(bytes, i + static_cast<size_t>(piece));
  }
  if (i == bytes.size()) return bytes;
  scratch->assign(bytes.substr(0, i));
  while (i < bytes.size()) {
    int piece = piece_at(bytes, i);
    auto n = static_cast<size_t>(std::abs(piece));
    n = std::min(n, bytes.size() - i);
    if (piece < 0) *scratch += "\xEF\xBF\xBD";
    else scratch->append(bytes.substr(i, n));
    i += n;
  }
  return *scratch;
}

std::string_view Charset::decode(std::string_view bytes, std::string* scratch) {
  switch (kind_) {
    case Kind::kUtf8: return repair_utf8(bytes, scratch);
    case Kind::kLatin1:
    case Kind::kAscii:
      if (ascii_prefix(bytes, 0) == bytes.size()) return bytes;
      scratch->clear();
      for (size_t i = 0; i < bytes.size(); ++i) append_code_point(kind_ == Kind::kAscii && byte(bytes, i) >= 0x80 ? 0xFFFD : byte(bytes, i), scratch);
      return *scratch;
    case Kind::kUtf16: {
      bool little = bytes.starts_with("\xFF\xFE");
      bool marked = little || bytes.starts_with("\xFE\xFF");
      *scratch = decode_utf16(marked ? bytes.substr(2) : bytes, !little);
      return *scratch;
    }
    case Kind::kUtf16Be:
    case Kind::kUtf16Le: *scratch = decode_utf16(bytes, kind_ == Kind::kUtf16Be); return *scratch;
    case Kind::kUtf32: *scratch = decode_utf32(bytes); return *scratch;
    case Kind::kOther: break;
  }
  UErrorCode error = U_ZERO_ERROR;
  std::vector<UChar> units(bytes.size() * 2 + 1);
  int32_t n = ucnv_toUChars(converter_.get(), units.data(), static_cast<int32_t>(units.size()), bytes.data(), static_cast<int32_t>(bytes.size()), &error);
  if (lacks_controls_) std::replace_if(units.begin(), units.begin() + (U_FAILURE(error) ? 0 : n), [](UChar c) { return c >= 0x80 && c < 0xA0; }, UChar{0xFFFD});
  *scratch = decode_utf16({reinterpret_cast<const char*>(units.data()), static_cast<size_t>(U_FAILURE(error) ? 0 : n) * 2}, false);
  return *scratch;
}

std::string Charset::encode(std::string_view utf8) {
  switch (kind_) {
    case Kind::kUtf8: return std::string(utf8);
    case Kind::kLatin1:
    case Kind::kAscii: {
      std::string out;
      uint32_t last = kind_ == Kind::kAscii ? 0x7F : 0xFF;
      for_each_code_point(utf8, [&](uint32_t c) { out += c <= last ? static_cast<char>(c) : '?'; });
      return out;
    }
    case Kind::kUtf16: return encode_utf16(utf8, true, true);
    case Kind::kUtf16Be: return encode_utf16(utf8, true, false);
    case Kind::kUtf16Le: return encode_utf16(utf8, false, false);
    case Kind::kUtf32: return encode_utf32(utf8);
    case Kind::kOther: break;
  }
  std::string units = encode_utf16(utf8, false, false);
  UErrorCode error = U_ZERO_ERROR;
  std::string out(UCNV_GET_MAX_BYTES_FOR_STRING(units.size() / 2, ucnv_getMaxCharSize(converter_.get())), '\0');
  std::vector<UChar> text(units.size() / 2);
  std::memcpy(text.data(), units.data(), units.size());
  int32_t n = ucnv_fromUChars(converter_.get(), out.data(), static_cast<int32_t>(out.size()), text.data(), static_cast<int32_t>(text.size()), &error);
  out.resize(U_FAILURE(error) ? 0 : static_cast<size_t>(n));
  return out;
}

}  // namespace bywash::formats
