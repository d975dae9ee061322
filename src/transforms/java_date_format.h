// java.text.SimpleDateFormat in UTC with English names (Locale.US, Java 17): the patterns of TimestampConverter and TimestampRouter. Level 4.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace bywash::transforms {

class JavaDateFormat {
 public:
  // Error: "Illegal pattern character 'b'" or "Unterminated quote".
  static Result<JavaDateFormat> compile(std::string_view pattern);
  // Milliseconds since the epoch as text; dates before 1582-10-15 are in the Julian calendar.
  std::string format(int64_t ms) const;
  // The same at the end of `out`.
  void append(int64_t ms, std::string* out) const;
  // The text's time; what follows the matched part is ignored and fields may overflow (February 30 is March 1 or 2), as with a lenient
  // SimpleDateFormat. Nullopt: it does not match.
  std::optional<int64_t> parse(std::string_view text) const;
  // Times of the same period, counted from the epoch, give the same text: 1 ms, a second, a minute, an hour or a day.
  int64_t period_ms() const;

 private:
  struct Token {
    char letter = 0;  // 0: a literal
    int count = 0;
    std::string literal;
  };
  struct Fields;
  struct Moment;
  // Where a number of fixed width stands.
  struct FixedField {
    char letter = 0;
    uint8_t at = 0, width = 0;
  };
  // Texts of a pattern whose parts all have fixed widths: "0000-00-00 00:00:00", a 0 where a digit stands. Empty: it is of another kind.
  struct FixedLayout {
    std::vector<FixedField> fields;
    std::string text;
    // The text's bytes, eight at a time (the last eight overlap): which bits must be as in `wanted`, and what brings a digit above 9 out
    // of its row of the ASCII table.
    struct Block {
      size_t at;
      uint64_t mask, wanted, carry;
    };
    std::vector<Block> blocks;
    void add(char letter, int width);
    // Prepares matches(); the text has eight bytes or more.
    void finish();
    bool matches(const char* bytes) const;
  };
  static void format_field(const Token& token, const Moment& moment, std::string& out);
  static bool parse_field(const Token& token, bool abutting, std::string_view text, size_t& at, Fields& fields);
  void put_fixed(const Moment& moment, char* to) const;
  void find_layouts();
  // The time of a text that looks exactly like the pattern; nullopt: parse() must take a closer look.
  std::optional<int64_t> parse_fixed(std::string_view text) const;
  std::vector<Token> tokens_;
  FixedLayout written_, read_;
};

}  // namespace bywash::transforms
