// Splits SQL text into tokens. Level 2.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "expressions/syntax.h"

namespace bywash::expressions {

enum class TokenKind : uint8_t { kEnd, kName, kQuotedName, kText, kNumber, kSymbol };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;   // unescaped for names and texts
  std::string upper;  // of a plain name
  Position at;
};

// With kEnd last. kInvalid with position for what cannot be read.
Result<std::vector<Token>> tokenize(std::string_view text);

}  // namespace bywash::expressions
