// See document_match.h. Texts are looked through as they are: without an index, the same answers.
#include "analytics/plan/document_match.h"

#include "expressions/utf8.h"

#include <re2/re2.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace bywash::analytics {
namespace {

bool stop_word(std::string_view term) {
  static constexpr std::string_view kWords[] = {"a",  "an", "and", "are", "as", "at", "be",   "but",  "by",   "for",   "if",    "in",   "into", "is",   "it",  "no",  "not",
                                                "of", "on", "or",  "such", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was", "will", "with"};
  return std::find(std::begin(kWords), std::end(kWords), term) != std::end(kWords);
}
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || static_cast<unsigned char>(c) >= 0x80; }

// Terms with their places; stop words leave a gap.
struct Term {
  std::string text;
  size_t place;
};
std::vector<Term> terms_of(std::string_view text) {
  std::vector<Term> out;
  size_t place = 0;
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    // An apostrophe or a point between letters or digits belongs to the word, as in Unicode's word boundaries.
    while (end < text.size() && (letter(text[end]) || (end > at && (text[end] == '\'' || text[end] == '.') && end + 1 < text.size() && letter(text[end + 1])))) ++end;
    if (end == at) {
      ++at;
      continue;
    }
    Term term{{}, place++};
    expressions::utf8::append_case(text.substr(at, end - at), false, term.text);
    if (!stop_word(term.text)) out.push_back(std::move(term));
    at = end;
  }
  return out;
}

struct TextNode {
  enum class Kind { kNothing, kTerm, kPhrase, kPattern, kBoolean };
  Kind kind = Kind::kNothing;
  std::vector<Term> terms;
  std::shared_ptr<const RE2> pattern;  // over a whole term
  struct Clause {
    std::shared_ptr<TextNode> node;
    enum class Occurs { kShould, kMust, kMustNot } occurs = Occurs::kShould;
  };
  std::vector<Clause> clauses;
};

bool has_phrase(const std::vector<Term>& text, const std::vector<Term>& phrase) {
  for (size_t i = 0; i < text.size(); ++i) {
    size_t k = 0;
    for (size_t j = i; j < text.size() && k < phrase.size(); ++j) {
      if (text[j].place - text[i].place == phrase[k].place - phrase[0].place && text[j].text == phrase[k].text) ++k;
      else if (text[j].place - text[i].place > phrase[k].place - phrase[0].place) break;
    }
    if (k == phrase.size()) return true;
  }
  return false;
}

bool matches(const TextNode& node, const std::vector<Term>& text) {
  switch (node.kind) {
    case TextNode::Kind::kNothing: return false;
    case TextNode::Kind::kTerm:
    case TextNode::Kind::kPhrase: return !node.terms.empty() && has_phrase(text, node.terms);
    case TextNode::Kind::kPattern:
      return std::any_of(text.begin(), text.end(), [&](const Term& term) { return RE2::FullMatch(term.text, *node.pattern); });
    case TextNode::Kind::kBoolean: break;
  }
  bool any_must = false, any_should = false, should = false;
  for (const TextNode::Clause& clause : node.clauses) {
    bool hit = matches(*clause.node, text);
    if (clause.occurs == TextNode::Clause::Occurs::kMustNot && hit) return false;
    if (clause.occurs == TextNode::Clause::Occurs::kMust) {
      any_must = true;
      if (!hit) return false;
    }
    if (clause.occurs == TextNode::Clause::Occurs::kShould) any_should = true, should |= hit;
  }
  return any_must || (any_should && should);
}

class TextQueryParser {
 public:
  explicit TextQueryParser(std::string_view text) : rest_(text) {}

  Result<std::shared_ptr<TextNode>> run() {
    ASSIGN_OR_RETURN(auto out, clauses(0));
    if (!rest_.empty()) return Status::invalid("TEXT_MATCH: a ')' has no '('");
    return out;
  }

 private:
  using Node = std::shared_ptr<TextNode>;
  using Occurs = TextNode::Clause::Occurs;

  void skip() {
    while (!rest_.empty() && rest_[0] == ' ') rest_.remove_prefix(1);
  }
  bool word(std::string_view keyword) {
    bool hit = rest_.starts_with(keyword) && (rest_.size() == keyword.size() || rest_[keyword.size()] == ' ' || rest_[keyword.size()] == '(');
    if (hit) rest_.remove_prefix(keyword.size());
    return hit;
  }

  Result<Node> clauses(int depth) {
    if (depth > 50) return Status::invalid("TEXT_MATCH: nested more than 50 levels deep");
    auto out = std::make_shared<TextNode>();
    out->kind = TextNode::Kind::kBoolean;
    bool conjunction = false;
    for (skip(); !rest_.empty() && rest_[0] != ')'; skip()) {
      if (word("AND") || word("&&")) {
        if (!out->clauses.empty() && out->clauses.back().occurs == Occurs::kShould) out->clauses.back().occurs = Occurs::kMust;
        conjunction = true;
        continue;
      }
      if (word("OR") || word("||")) {
        conjunction = false;
        continue;
      }
      TextNode::Clause clause;
      if (conjunction) clause.occurs = Occurs::kMust;
      conjunction = false;
      if (word("NOT") || rest_[0] == '-' || rest_[0] == '!') {
        if (rest_[0] == '-' || rest_[0] == '!') rest_.remove_prefix(1);
        clause.occurs = Occurs::kMustNot;
        skip();
      } else if (rest_[0] == '+') {
        rest_.remove_prefix(1);
        clause.occurs = Occurs::kMust;
      }
      ASSIGN_OR_RETURN(clause.node, primary(depth));
      bool ignored = clause.node->kind == TextNode::Kind::kTerm && clause.node->terms.empty();  // a stop word
      if (!ignored) out->clauses.push_back(std::move(clause));
    }
    return out;
  }

  Result<Node> primary(int depth) {
    if (rest_.starts_with('(')) {
      rest_.remove_prefix(1);
      ASSIGN_OR_RETURN(Node inner, clauses(depth + 1));
      if (!rest_.starts_with(')')) return Status::invalid("TEXT_MATCH: a '(' is not closed");
      rest_.remove_prefix(1);
      return inner;
    }
    auto out = std::make_shared<TextNode>();
    if (rest_.starts_with('"') || rest_.starts_with('/')) {
      char quote = rest_[0];
      size_t end = rest_.find(quote, 1);
      if (end == std::string_view::npos) return Status::invalid(fmt::format("TEXT_MATCH: a {} is not closed", quote));
      std::string_view inner = rest_.substr(1, end - 1);
      rest_.remove_prefix(end + 1);
      if (quote == '/') return pattern(std::string(inner));
      out->kind = TextNode::Kind::kPhrase;
      out->terms = terms_of(inner);
      return out;
    }
    size_t end = std::min(rest_.find_first_of(" )("), rest_.size());
    std::string_view term = rest_.substr(0, end);
    rest_.remove_prefix(end);
    if (term.empty()) return Status::invalid("TEXT_MATCH: a term is missing");
    if (term.find_first_of("*?") != std::string_view::npos) {
      std::string lower, regex;
      expressions::utf8::append_case(term, false, lower);
      for (char c : lower) regex += c == '*' ? std::string(".*") : c == '?' ? std::string(".") : RE2::QuoteMeta(re2::StringPiece(&c, 1));
      return pattern(regex);
    }
    out->terms = terms_of(term);
    out->kind = out->terms.size() > 1 ? TextNode::Kind::kPhrase : TextNode::Kind::kTerm;
    return out;
  }

  Result<Node> pattern(const std::string& regex) {
    auto out = std::make_shared<TextNode>();
    out->kind = TextNode::Kind::kPattern;
    RE2::Options options;
    options.set_log_errors(false);
    out->pattern = std::make_shared<const RE2>(regex, options);
    if (!out->pattern->ok()) return Status::invalid(fmt::format("TEXT_MATCH: not a valid regular expression: '{}'", regex));
    return out;
  }

  std::string_view rest_;
};

}  // namespace

Result<TextTest> text_match(std::string_view query) {
  ASSIGN_OR_RETURN(std::shared_ptr<TextNode> root, TextQueryParser(query).run());
  if (root->clauses.empty()) return Status::invalid("TEXT_MATCH: the query has no terms");
  return TextTest([root](std::string_view text) { return matches(*root, terms_of(text)); });
}

}  // namespace bywash::analytics
