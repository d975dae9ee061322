// SQL tokens: names, "quoted" and `quoted` names, 'texts' with doubled quotes, numbers, symbols, -- and /* */ comments. Level 2.
#include "expressions/lexer.h"

#include <cctype>

namespace bywash::expressions {
namespace {

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> run() {
    std::vector<Token> out;
    for (;;) {
      RETURN_IF_ERROR(skip());
      Token token;
      token.at = {line_, column_};
      if (i_ >= text_.size()) {
        out.push_back(std::move(token));
        return out;
      }
      RETURN_IF_ERROR(read(token));
      out.push_back(std::move(token));
    }
  }

 private:
  char peek(size_t ahead = 0) const { return i_ + ahead < text_.size() ? text_[i_ + ahead] : '\0'; }
  static bool name_start(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_' || c == '$' || static_cast<unsigned char>(c) >= 0x80; }
  static bool name_part(char c) { return name_start(c) || std::isdigit(static_cast<unsigned char>(c)); }
  char next() {
    const char c = text_[i_++];
    if (c == '\n') ++line_, column_ = 1;
    else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) ++column_;
    return c;
  }
  Status skip() {
    for (;;) {
      if (std::isspace(static_cast<unsigned char>(peek()))) {
        next();
      } else if (peek() == '-' && peek(1) == '-') {
        while (i_ < text_.size() && peek() != '\n') next();
      } else if (peek() == '/' && peek(1) == '*') {
        const Position at{line_, column_};
        next(), next();
        while (i_ < text_.size() && !(peek() == '*' && peek(1) == '/')) next();
        if (i_ >= text_.size()) return Status::invalid("The comment is not closed" + at_text(at));
        next(), next();
      } else {
        return {};
      }
    }
  }
  Status read(Token& token) {
    const char c = peek();
    if (c == '\'' || c == '"' || c == '`') return quoted(token, c);
    if (name_start(c)) {
      token.kind = TokenKind::kName;
      while (name_part(peek())) token.text += next();
      for (char letter : token.text) token.upper += static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
      return {};
    }
    if (std::isdigit(static_cast<unsigned char>(c)) || (c == '.' && std::isdigit(static_cast<unsigned char>(peek(1))))) return number(token);
    token.kind = TokenKind::kSymbol;
    for (std::string_view two : {"<>", "!=", "<=", ">=", "||"}) {
      if (text_.substr(i_, 2) != two) continue;
      token.text += next();
      token.text += next();
      return {};
    }
    if (std::string_view("+-*/%=<>(),.;").find(c) == std::string_view::npos) return Status::invalid(fmt::format("The character '{}' is not understood{}", c, at_text(token.at)));
    token.text = next();
    return {};
  }
  Status quoted(Token& token, char quote) {
    token.kind = quote == '\'' ? TokenKind::kText : TokenKind::kQuotedName;
    next();
    for (;;) {
      if (i_ >= text_.size()) return Status::invalid("The quote is not closed" + at_text(token.at));
      const char c = next();
      if (c == quote) {
        if (peek() != quote) break;
        next();
      }
      token.text += c;
    }
    if (token.kind == TokenKind::kQuotedName && token.text.empty()) return Status::invalid("A quoted name is empty" + at_text(token.at));
    return {};
  }
  Status number(Token& token) {
    token.kind = TokenKind::kNumber;
    auto digits = [&] {
      while (std::isdigit(static_cast<unsigned char>(peek()))) token.text += next();
    };
    digits();
    if (peek() == '.') token.text += next(), digits();
    if (peek() == 'e' || peek() == 'E') {
      token.text += next();
      if (peek() == '+' || peek() == '-') token.text += next();
      if (!std::isdigit(static_cast<unsigned char>(peek()))) return Status::invalid("The number has no digits after its exponent" + at_text(token.at));
      digits();
    }
    if (name_start(peek())) return Status::invalid("A name begins with a digit (quote it)" + at_text(token.at));
    return {};
  }

  std::string_view text_;
  size_t i_ = 0;
  int line_ = 1, column_ = 1;
};

}  // namespace

std::string at_text(Position at) { return fmt::format(" at line {}, column {}", at.line, at.column); }

Result<std::vector<Token>> tokenize(std::string_view text) { return Lexer(text).run(); }

}  // namespace bywash::expressions
