// Text of any Java charset to UTF-8 and back, with Java's replacements for what cannot be read or written. Decode and encode
// steps, the task's thread. Level 4.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

struct UConverter;

namespace bywash::formats {

class Charset {
 public:
  // By any name Java has for it ("UTF-8", "latin1", "UTF-16", "windows-1252"). Error: "Unsupported encoding x".
  static Result<Charset> named(const std::string& name);

  Charset(Charset&&) noexcept;
  Charset& operator=(Charset&&) noexcept;
  ~Charset();

  bool is_utf8() const { return kind_ == Kind::kUtf8; }
  // U+FFFD for what is malformed, as new String(bytes, charset). The result views `bytes` or `*scratch`.
  std::string_view decode(std::string_view bytes, std::string* scratch);
  // '?' for what the charset lacks, as String.getBytes(charset); UTF-16 is big-endian with a byte order mark, UTF-32 without.
  std::string encode(std::string_view utf8);

 private:
  enum class Kind : uint8_t { kUtf8, kLatin1, kAscii, kUtf16, kUtf16Be, kUtf16Le, kUtf32, kOther };
  struct Closer {
    void operator()(UConverter* c) const;
  };
  explicit Charset(Kind kind) : kind_(kind) {}
  Kind kind_;
  std::unique_ptr<UConverter, Closer> converter_;  // kOther
  bool lacks_controls_ = false;                    // kOther: U+0080 to U+009F are no characters of it
};

// Java's UTF-8 decoder: each malformed piece becomes one U+FFFD.
std::string_view repair_utf8(std::string_view bytes, std::string* scratch);

}  // namespace bywash::formats
