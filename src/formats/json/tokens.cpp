// Strings with escapes or beyond ASCII, and skipping. Decode step of the sink line, the task's thread. Level 4.
#include "formats/json/tokens.h"

#include "base/encoding.h"

namespace bywash::formats::json {
namespace {

// Joins UTF-16 units into characters, as Java's String keeps them and its UTF-8 encoder writes them.
class Utf16Sink {
 public:
  explicit Utf16Sink(std::string* out) : out_(out) {}
  void unit(uint32_t u) {
    if (u >= 0xDC00 && u < 0xE000 && high_) {
      append_code_point(0x10000 + ((high_ - 0xD800) << 10) + (u - 0xDC00), out_);
      high_ = 0;
      return;
    }
    flush();
    if (u >= 0xD800 && u < 0xDC00) high_ = u;
    else if (u >= 0xDC00 && u < 0xE000) *out_ += '?';
    else append_code_point(u, out_);
  }
  void flush() {
    if (high_) *out_ += '?';
    high_ = 0;
  }

 private:
  std::string* out_;
  uint32_t high_ = 0;
};

// p after the backslash.
bool scan_escape(const char*& p, const char* end, Utf16Sink* sink) {
  if (p == end) return false;
  switch (*p++) {
    case '"': sink->unit('"'); return true;
    case '\\': sink->unit('\\'); return true;
    case '/': sink->unit('/'); return true;
    case 'b': sink->unit('\b'); return true;
    case 'f': sink->unit('\f'); return true;
    case 'n': sink->unit('\n'); return true;
    case 'r': sink->unit('\r'); return true;
    case 't': sink->unit('\t'); return true;
    case 'u': break;
    default: return false;
  }
  if (end - p < 4) return false;
  uint32_t unit = 0;
  for (int i = 0; i < 4; ++i) {
    int d = hex_digit(*p++);
    if (d < 0) return false;
    unit = unit << 4 | static_cast<uint32_t>(d);
  }
  sink->unit(unit);
  return true;
}

// p at a byte of 0x80 or more. Jackson checks lead and continuation bytes, but neither overlong forms nor surrogates.
bool scan_multibyte(const char*& p, const char* end, Utf16Sink* sink) {
  auto lead = static_cast<unsigned char>(*p++);
  int more = (lead & 0xE0) == 0xC0 ? 1 : (lead & 0xF0) == 0xE0 ? 2 : (lead & 0xF8) == 0xF0 ? 3 : 0;
  if (more == 0 || end - p < more) return false;
  uint32_t c = lead & (0x3Fu >> more);
  for (int i = 0; i < more; ++i) {
    auto b = static_cast<unsigned char>(*p++);
    if ((b & 0xC0) != 0x80) return false;
    c = c << 6 | (b & 0x3Fu);
  }
  if (c < 0x10000) {
    sink->unit(c);
  } else if (c <= 0x10FFFF) {
    sink->unit(0xD800 + ((c - 0x10000) >> 10));
    sink->unit(0xDC00 + ((c - 0x10000) & 0x3FF));
  } else {
    sink->unit(0xFFFD);
  }
  return true;
}

bool skip_string(const char*& p, const char* end) {
  std::string_view plain;
  if (scan_plain_string(p, end, &plain)) return true;
  std::string scratch;
  return scan_string(p, end, &scratch);
}

bool skip_members(const char*& p, const char* end, int depth) {
  skip_space(p, end);
  if (p < end && *p == '}') return ++p, true;
  while (true) {
    skip_space(p, end);
    if (p == end || *p != '"' || !skip_string(++p, end)) return false;
    skip_space(p, end);
    if (p == end || *p++ != ':') return false;
    if (!skip_value(p, end, depth)) return false;
    skip_space(p, end);
    if (p == end) return false;
    char c = *p++;
    if (c == '}') return true;
    if (c != ',') return false;
  }
}

bool skip_items(const char*& p, const char* end, int depth) {
  skip_space(p, end);
  if (p < end && *p == ']') return ++p, true;
  while (true) {
    if (!skip_value(p, end, depth)) return false;
    skip_space(p, end);
    if (p == end) return false;
    char c = *p++;
    if (c == ']') return true;
    if (c != ',') return false;
  }
}

}  // namespace

void append_code_point(uint32_t c, std::string* out) {
  if (c < 0x80) {
    *out += static_cast<char>(c);
  } else if (c < 0x800) {
    *out += static_cast<char>(0xC0 | c >> 6);
    *out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    *out += static_cast<char>(0xE0 | c >> 12);
    *out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    *out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    *out += static_cast<char>(0xF0 | c >> 18);
    *out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    *out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    *out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

bool scan_string(const char*& p, const char* end, std::string* out) {
  out->clear();
  Utf16Sink sink(out);
  while (p < end) {
    auto c = static_cast<unsigned char>(*p);
    if (c == '"') {
      sink.flush();
      ++p;
      return true;
    }
    if (c < 0x20) return false;
    if (c == '\\') {
      if (!scan_escape(++p, end, &sink)) return false;
    } else if (c >= 0x80) {
      if (!scan_multibyte(p, end, &sink)) return false;
    } else {
      sink.flush();
      const char* run = p;
      while (p < end && static_cast<unsigned char>(*p) >= 0x20 && static_cast<unsigned char>(*p) < 0x80 && *p != '"' && *p != '\\') ++p;
      out->append(run, static_cast<size_t>(p - run));
    }
  }
  return false;
}

bool skip_value(const char*& p, const char* end, int depth) {
  skip_space(p, end);
  if (p == end) return false;
  switch (*p) {
    case '{': return depth < kMaxDepth && skip_members(++p, end, depth + 1);
    case '[': return depth < kMaxDepth && skip_items(++p, end, depth + 1);
    case '"': return skip_string(++p, end);
    case 't': return scan_word(p, end, "true");
    case 'f': return scan_word(p, end, "false");
    case 'n': return scan_word(p, end, "null");
    default: {
      Number number;
      return scan_number(p, end, &number);
    }
  }
}

}  // namespace bywash::formats::json
