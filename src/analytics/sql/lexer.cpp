#include "analytics/sql/lexer.h"

namespace bywash::analytics::sql {
namespace {

bool name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || static_cast<unsigned char>(c) >= 0x80; }
bool digit(char c) { return c >= '0' && c <= '9'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> run() {
    while (true) {
      RETURN_IF_ERROR(skip_blanks());
      Token token;
      token.at = here_;
      if (done()) {
        token.end = here_;
        tokens_.push_back(std::move(token));
        return std::move(tokens_);
      }
      RETURN_IF_ERROR(read(token));
      tokens_.push_back(std::move(token));
    }
  }

 private:
  bool done() const { return at_ >= text_.size(); }
  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  char next() {
    char c = text_[at_++];
    last_ = here_;
    if (c == '\n') {
      ++here_.line;
      here_.column = 1;
    } else {
      ++here_.column;
    }
    return c;
  }
  Status fail(Position at, std::string_view reason) const {
    return Status::invalid(fmt::format("At line {}, column {}: {}", at.line, at.column, reason));
  }

  Status skip_blanks() {
    while (!done()) {
      char c = peek();
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
        next();
      } else if (c == '-' && peek(1) == '-') {
        while (!done() && peek() != '\n') next();
      } else if (c == '/' && peek(1) == '*') {
        Position start = here_;
        next(), next();
        while (!done() && !(peek() == '*' && peek(1) == '/')) next();
        if (done()) return fail(start, "comment is not closed; end it with */");
        next(), next();
      } else {
        break;
      }
    }
    return {};
  }

  Status read(Token& token) {
    char c = peek();
    if (name_start(c)) {
      token.kind = TokenKind::kName;
      while (!done() && (name_start(peek()) || digit(peek()))) token.text += next();
    } else if (digit(c) || (c == '.' && digit(peek(1)))) {
      RETURN_IF_ERROR(number(token));
    } else if (c == '\'') {
      token.kind = TokenKind::kString;
      RETURN_IF_ERROR(quoted(token, "string"));
    } else if (c == '"') {
      token.kind = TokenKind::kQuotedName;
      RETURN_IF_ERROR(quoted(token, "quoted name"));
      if (token.text.empty()) return fail(token.at, "quoted name is empty");
    } else {
      RETURN_IF_ERROR(symbol(token));
    }
    token.end = last_;
    return {};
  }

  Status quoted(Token& token, std::string_view what) {
    char quote = next();
    while (!done()) {
      char c = next();
      if (c != quote) {
        token.text += c;
      } else if (peek() == quote) {
        token.text += next();
      } else {
        return {};
      }
    }
    return fail(token.at, fmt::format("{} is not closed; end it with {}", what, quote));
  }

  Status number(Token& token) {
    token.kind = TokenKind::kNumber;
    while (digit(peek())) token.text += next();
    if (peek() == '.') {
      token.text += next();
      while (digit(peek())) token.text += next();
    }
    bool exponent = (peek() == 'e' || peek() == 'E') && (digit(peek(1)) || ((peek(1) == '+' || peek(1) == '-') && digit(peek(2))));
    if (exponent) {
      token.text += next();
      token.text += next();
      while (digit(peek())) token.text += next();
    }
    if (name_start(peek())) return fail(here_, fmt::format("unexpected '{}' after number {}", peek(), token.text));
    return {};
  }

  Status symbol(Token& token) {
    token.kind = TokenKind::kSymbol;
    char c = peek(), d = peek(1);
    bool pair = (c == '<' && (d == '=' || d == '>')) || (c == '>' && d == '=') || (c == '!' && d == '=') || (c == '|' && d == '|');
    constexpr std::string_view kSingles = "()[],;.*+-/%=<>";
    if (!pair && kSingles.find(c) == std::string_view::npos) {
      if (static_cast<unsigned char>(c) < 0x20) return fail(here_, fmt::format("unexpected character (code {})", static_cast<int>(c)));
      return fail(here_, fmt::format("unexpected character '{}'{}", c, c == '`' ? "; quote names with \"" : ""));
    }
    token.text += next();
    if (pair) token.text += next();
    return {};
  }

  std::string_view text_;
  size_t at_ = 0;
  Position here_, last_;
  std::vector<Token> tokens_;
};

}  // namespace

Result<std::vector<Token>> tokenize(std::string_view text) { return Lexer(text).run(); }

}  // namespace bywash::analytics::sql
