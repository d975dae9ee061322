// Text to tree for conditions. What is outside of the subset is refused here, with its position. Level 4.
#include "transforms/condition.h"

#include <map>
#include <optional>

#include "transforms/java_numbers.h"
#include "transforms/java_regex.h"

namespace bywash::transforms {
namespace {

constexpr int kNestingMax = 100;
using Op = ConditionNode::Op;

bool starts_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_' || c == '$' || static_cast<unsigned char>(c) >= 0x80; }
bool continues_name(char c) { return starts_name(c) || std::isdigit(static_cast<unsigned char>(c)); }

class ConditionParser {
 public:
  ConditionParser(std::string_view text, ConditionLanguage language) : text_(text), language_(language) {}

  Result<ConditionNodePtr> whole() {
    ASSIGN_OR_RETURN(ConditionNodePtr out, ternary());
    skip();
    if (take(";")) skip();
    if (at_ < text_.size()) return error(fmt::format("'{}' is not understood here", text_[at_]));
    return out;
  }

 private:
  Status error(std::string_view what) const { return Status::invalid(fmt::format("At position {}: {}", at_ + 1, what)); }
  bool groovy() const { return language_ == ConditionLanguage::kGroovy; }
  void skip() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool sees(std::string_view what) {
    skip();
    return text_.substr(at_, what.size()) == what;
  }
  bool take(std::string_view what) {
    if (!sees(what)) return false;
    at_ += what.size();
    return true;
  }
  // A whole word.
  bool take_word(std::string_view word) {
    if (!sees(word) || (at_ + word.size() < text_.size() && continues_name(text_[at_ + word.size()]))) return false;
    at_ += word.size();
    return true;
  }
  std::shared_ptr<ConditionNode> node(Op op, std::vector<ConditionNodePtr> parts = {}) const {
    auto out = std::make_shared<ConditionNode>();
    out->op = op;
    out->parts = std::move(parts);
    out->at = at_ + 1;
    return out;
  }
  static ConditionNodePtr done(std::shared_ptr<ConditionNode> n) { return n; }

  Result<ConditionNodePtr> ternary() {
    if (++depth_ > kNestingMax) return error("the condition is nested too deep");
    ASSIGN_OR_RETURN(ConditionNodePtr test, disjunction());
    if (groovy() && take("?:")) {
      ASSIGN_OR_RETURN(ConditionNodePtr other, ternary());
      test = node(Op::kElvis, {test, other});
    } else if (sees("?") && !sees("?.") && take("?")) {
      ASSIGN_OR_RETURN(ConditionNodePtr yes, ternary());
      if (!take(":")) return error("':' is expected");
      ASSIGN_OR_RETURN(ConditionNodePtr no, ternary());
      test = node(Op::kTernary, {test, yes, no});
    }
    --depth_;
    return test;
  }
  Result<ConditionNodePtr> disjunction() {
    ASSIGN_OR_RETURN(ConditionNodePtr left, conjunction());
    while (take("||")) {
      ASSIGN_OR_RETURN(ConditionNodePtr right, conjunction());
      left = node(Op::kOr, {left, right});
    }
    return left;
  }
  Result<ConditionNodePtr> conjunction() {
    ASSIGN_OR_RETURN(ConditionNodePtr left, equality());
    while (take("&&")) {
      ASSIGN_OR_RETURN(ConditionNodePtr right, equality());
      left = node(Op::kAnd, {left, right});
    }
    return left;
  }
  Result<ConditionNodePtr> equality() {
    ASSIGN_OR_RETURN(ConditionNodePtr left, relation());
    for (;;) {
      if (groovy() && (sees("==~") || sees("=~"))) {
        ASSIGN_OR_RETURN(left, matched(left));
      } else if (sees("===") || sees("!==")) {
        if (groovy()) return error("'===' is not supported: use '=='");
        const bool same = text_[at_] == '=';
        at_ += 3;
        ASSIGN_OR_RETURN(ConditionNodePtr right, relation());
        left = node(same ? Op::kEq : Op::kNe, {left, right});
      } else if (take("==")) {
        ASSIGN_OR_RETURN(ConditionNodePtr right, relation());
        left = node(Op::kEq, {left, right});
      } else if (take("!=")) {
        ASSIGN_OR_RETURN(ConditionNodePtr right, relation());
        left = node(Op::kNe, {left, right});
      } else if (sees("=")) {
        return error("assignments are not supported: '==' compares");
      } else {
        return left;
      }
    }
  }
  // left ==~ /regex/ (the whole text), left =~ /regex/ (a part of it).
  Result<ConditionNodePtr> matched(ConditionNodePtr left) {
    const bool whole = take("==~");
    if (!whole) (void)take("=~");
    skip();
    std::string pattern;
    if (take("/")) {
      while (at_ < text_.size() && text_[at_] != '/') {
        if (text_[at_] == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] == '/') ++at_;
        pattern += text_[at_++];
      }
      if (!take("/")) return error("the regular expression is not closed");
    } else if (sees("'") || sees("\"")) {
      ASSIGN_OR_RETURN(pattern, quoted());
    } else {
      return error("a regular expression is expected, between slashes or quotes");
    }
    auto regex = JavaRegex::compile(whole ? pattern : fmt::format("(?s:.*?)(?:{})(?s:.*)", pattern));
    if (!regex.ok()) return error(regex.status().message());
    auto out = node(whole ? Op::kMatches : Op::kFinds, {std::move(left)});
    out->regex = std::make_shared<const JavaRegex>(*std::move(regex));
    return done(std::move(out));
  }
  // Texts are joined by '+' where one side shows that it is one; numbers are not added.
  static bool is_text(const ConditionNode& n) { return n.op == Op::kConcat || (n.op == Op::kLiteral && n.literal.is<std::string>()); }
  Result<ConditionNodePtr> sum() {
    ASSIGN_OR_RETURN(ConditionNodePtr left, unary());
    while (sees("+")) {
      const size_t plus = at_;
      (void)take("+");
      ASSIGN_OR_RETURN(ConditionNodePtr right, unary());
      if (!is_text(*left) && !is_text(*right)) {
        at_ = plus;
        return error("'+': computing is not supported in conditions");
      }
      left = node(Op::kConcat, {left, right});
    }
    return left;
  }
  Result<ConditionNodePtr> relation() {
    ASSIGN_OR_RETURN(ConditionNodePtr left, sum());
    for (;;) {
      std::optional<Op> op;
      if (sees("<=>") || sees("<<") || sees(">>")) return error("this operator is not supported");
      if (take("<=")) op = Op::kLe;
      else if (take(">=")) op = Op::kGe;
      else if (take("<")) op = Op::kLt;
      else if (take(">")) op = Op::kGt;
      else if (groovy() && take_word("in")) op = Op::kIn;
      else if (groovy() && take_word("!in")) op = Op::kNotIn;
      else if (take_word("instanceof")) return error("'instanceof' is not supported");
      else if (at_ < text_.size() && std::string_view("+-*/%&|^").find(text_[at_]) != std::string_view::npos && !sees("&&") && !sees("||")) {
        return error(fmt::format("'{}': computing is not supported in conditions", text_[at_]));
      }
      if (!op) return left;
      ASSIGN_OR_RETURN(ConditionNodePtr right, sum());
      left = node(*op, {left, right});
    }
  }
  Result<ConditionNodePtr> unary() {
    skip();
    if (sees("!") && !sees("!in") && take("!")) {
      if (++depth_ > kNestingMax) return error("the condition is nested too deep");
      ASSIGN_OR_RETURN(ConditionNodePtr inner, unary());
      --depth_;
      return done(node(Op::kNot, {std::move(inner)}));
    }
    return postfix();
  }
  Result<ConditionNodePtr> postfix() {
    ASSIGN_OR_RETURN(ConditionNodePtr out, primary());
    for (;;) {
      const bool safe = sees("?.") && at_ + 2 < text_.size() && !std::isdigit(static_cast<unsigned char>(text_[at_ + 2]));
      if (safe ? take("?.") : take(".")) {
        ASSIGN_OR_RETURN(out, member(std::move(out), safe));
      } else if (take("[")) {
        ASSIGN_OR_RETURN(ConditionNodePtr index, ternary());
        if (!take("]")) return error("']' is expected");
        out = node(Op::kIndex, {out, index});
      } else {
        return out;
      }
    }
  }
  Result<ConditionNodePtr> member(ConditionNodePtr of, bool safe) {
    skip();
    auto out = node(Op::kMember, {std::move(of)});
    out->safe = safe;
    if (at_ < text_.size() && (text_[at_] == '\'' || text_[at_] == '"')) {
      ASSIGN_OR_RETURN(out->name, quoted());
      return done(std::move(out));
    }
    if (at_ >= text_.size() || !starts_name(text_[at_])) return error("a field's name is expected after the dot");
    const size_t from = at_;
    while (at_ < text_.size() && continues_name(text_[at_])) ++at_;
    out->name = std::string(text_.substr(from, at_ - from));
    if (!sees("(")) return done(std::move(out));
    return call(std::move(out));
  }
  Result<ConditionNodePtr> call(std::shared_ptr<ConditionNode> out) {
    static const std::map<std::string, size_t, std::less<>> kArguments = {
        {"get", 1}, {"getString", 1}, {"getStruct", 1}, {"getInt8", 1}, {"getInt16", 1}, {"getInt32", 1}, {"getInt64", 1}, {"getFloat32", 1}, {"getFloat64", 1},
        {"getBoolean", 1}, {"getWithoutDefault", 1}, {"startsWith", 1}, {"endsWith", 1}, {"contains", 1}, {"equals", 1}, {"equalsIgnoreCase", 1}, {"matches", 1},
        {"containsKey", 1}, {"toLowerCase", 0}, {"toUpperCase", 0}, {"trim", 0}, {"isEmpty", 0}, {"size", 0}, {"length", 0}, {"name", 0}, {"toString", 0}};
    auto known = kArguments.find(out->name);
    if (known == kArguments.end()) return error(fmt::format("the method '{}' is not supported", out->name));
    (void)take("(");
    out->op = Op::kCall;
    while (!take(")")) {
      if (out->parts.size() > 1 && !take(",")) return error("',' or ')' is expected");
      ASSIGN_OR_RETURN(ConditionNodePtr argument, ternary());
      out->parts.push_back(std::move(argument));
    }
    if (out->parts.size() - 1 != known->second) return error(fmt::format("'{}' takes {} argument(s)", out->name, known->second));
    if (out->name == "matches") {
      if (out->parts[1]->op != Op::kLiteral || !out->parts[1]->literal.is<std::string>()) return error("'matches' takes a quoted regular expression");
      auto regex = JavaRegex::compile(out->parts[1]->literal.get<std::string>());
      if (!regex.ok()) return error(regex.status().message());
      out->regex = std::make_shared<const JavaRegex>(*std::move(regex));
    }
    return done(std::move(out));
  }
  Result<std::string> quoted() {
    const char quote = text_[at_++];
    std::string out;
    while (at_ < text_.size() && text_[at_] != quote) {
      char c = text_[at_++];
      if (c == '$' && quote == '"' && groovy()) return error("interpolated texts (\"$...\") are not supported: use single quotes");
      if (c == '\\' && at_ < text_.size()) {
        c = text_[at_++];
        c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
        if (c == 'u') return error("escapes as \\u0041 are not supported: write the character itself");
      }
      out += c;
    }
    if (at_ >= text_.size()) return error("a quote is not closed");
    ++at_;
    return out;
  }
  Result<ConditionNodePtr> primary() {
    skip();
    if (at_ >= text_.size()) return error("the condition ends too early");
    const char c = text_[at_];
    if (take("(")) {
      ASSIGN_OR_RETURN(ConditionNodePtr inner, ternary());
      if (!take(")")) return error("')' is expected");
      return inner;
    }
    if (c == '[') return list();
    auto out = node(Op::kLiteral);
    if (c == '\'' || c == '"') {
      ASSIGN_OR_RETURN(std::string text, quoted());
      out->literal = Value(std::move(text));
      return done(std::move(out));
    }
    if (std::isdigit(static_cast<unsigned char>(c)) || c == '-') {
      ASSIGN_OR_RETURN(out->literal, number());
      return done(std::move(out));
    }
    if (take_word("null") || (!groovy() && take_word("undefined"))) return done(std::move(out));
    if (take_word("true")) return out->literal = Value(true), done(std::move(out));
    if (take_word("false")) return out->literal = Value(false), done(std::move(out));
    static constexpr std::pair<std::string_view, Op> kNames[] = {{"value", Op::kValue}, {"key", Op::kKey}, {"topic", Op::kTopic}, {"keySchema", Op::kKeySchema},
                                                                 {"valueSchema", Op::kValueSchema}, {"header", Op::kHeaders}};
    for (auto [name, op] : kNames) {
      if (take_word(name)) return out->op = op, done(std::move(out));
    }
    return error("a literal, key, value, topic, keySchema, valueSchema or header is expected; other names and statements are not supported");
  }
  Result<ConditionNodePtr> list() {
    (void)take("[");
    auto out = node(Op::kList);
    while (!take("]")) {
      if (!out->parts.empty() && !take(",")) return error("',' or ']' is expected");
      ASSIGN_OR_RETURN(ConditionNodePtr item, ternary());
      out->parts.push_back(std::move(item));
    }
    return done(std::move(out));
  }
  // As Groovy types them: Integer, Long when it is larger or has an L, BigDecimal with a point, Double and Float by suffix.
  Result<Value> number() {
    const size_t from = at_;
    if (text_[at_] == '-') ++at_;
    while (at_ < text_.size() && (std::isdigit(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_' ||
                                  (text_[at_] == '.' && at_ + 1 < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_ + 1]))))) ++at_;
    std::string digits(text_.substr(from, at_ - from));
    std::erase(digits, '_');
    const bool point = digits.find('.') != std::string::npos;
    char suffix = 0;
    if (at_ < text_.size() && std::string_view("LlDdFfGg").find(text_[at_]) != std::string_view::npos) suffix = static_cast<char>(std::tolower(text_[at_++]));
    auto parsed = columnar::parse_decimal(digits);
    if (!parsed.ok() || (at_ < text_.size() && continues_name(text_[at_]))) return error("this number is not understood");
    if (!groovy() || suffix == 'd') return Value(parse_java_double(digits).value_or(0));
    if (suffix == 'f') return Value(parse_java_float(digits).value_or(0));
    if (point || suffix == 'g') return Value(*std::move(parsed));
    if (parsed->unscaled.size() > 8) return error("this number is too large");
    int64_t whole = std::stoll(digits);
    if (suffix == 'l' || whole > INT32_MAX || whole < INT32_MIN) return Value(whole);
    return Value(static_cast<int32_t>(whole));
  }

  std::string_view text_;
  const ConditionLanguage language_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<ConditionNodePtr> parse_condition(std::string_view text, ConditionLanguage language) { return ConditionParser(text, language).whole(); }

}  // namespace bywash::transforms
