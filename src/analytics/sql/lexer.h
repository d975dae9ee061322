// Splits SQL text into tokens: names, quoted names, strings, numbers, operators. Query line, parse stage.
#pragma once

#include "analytics/sql/query.h"
#include "base/status.h"

#include <string>
#include <string_view>
#include <vector>

namespace bywash::analytics::sql {

enum class TokenKind : uint8_t { kEnd, kName, kQuotedName, kString, kNumber, kSymbol };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;  // unescaped for names and strings
  Position at;
  Position end;  // of the last character
};

// The tokens of `text` with kEnd last. kInvalid with position for characters and literals that cannot be read.
Result<std::vector<Token>> tokenize(std::string_view text);

}  // namespace bywash::analytics::sql
