// See document_match.h. Texts are looked through as they are: without an index, the same answers.
#include "analytics/plan/document_match.h"

#include "expressions/utf8.h"

#include <re2/re2.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace bywash::analytics {
namespace {

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || static_cast<unsigned char>(c) >= 0x80; }

// Terms with their places; stop words leave a gap.
struct Term {
  std::string text;
  size_t place;
};
std::vector<Term> terms_of(std::string_view text, const std::set<std::string>& stop_words) {
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
    if (!stop_words.contains(term.text)) out.push_back(std::move(term));
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
  TextQueryParser(std::string_view text, const std::set<std::string>& stop_words) : rest_(text), stop_words_(stop_words) {}

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
      out->terms = terms_of(inner, stop_words_);
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
    out->terms = terms_of(term, stop_words_);
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
  const std::set<std::string>& stop_words_;
};

// The same query over an index of terms. Phrases are looked for in the texts that have all of their words.
class IndexedText {
 public:
  IndexedText(const ColumnView& column, const std::set<std::string>& stop_words) : column_(column), stop_words_(stop_words) {}
  // False: the index is damaged.
  bool run(const TextNode& node, std::vector<uint32_t>* rows) {
    *rows = rows_of(node);
    return sound_;
  }

 private:
  std::vector<uint32_t> rows_of(const TextNode& node) {
    std::vector<uint32_t> out;
    switch (node.kind) {
      case TextNode::Kind::kNothing: return out;
      case TextNode::Kind::kPattern:
        for (uint64_t at = 0; at < index().term_count(); ++at) {
          if (RE2::FullMatch(index().term(at), *node.pattern)) sound_ &= index().append(at, &out);
        }
        sort_unique(&out);
        return out;
      case TextNode::Kind::kTerm:
      case TextNode::Kind::kPhrase: return phrase(node);
      case TextNode::Kind::kBoolean: return junction(node);
    }
    return out;
  }

  std::vector<uint32_t> phrase(const TextNode& node) {
    std::vector<uint32_t> out;
    for (size_t i = 0; i < node.terms.size(); ++i) {
      std::vector<uint32_t> rows;
      sound_ &= index().append(node.terms[i].text, &rows);
      out = i == 0 ? std::move(rows) : intersected(out, rows);
    }
    if (node.terms.size() > 1) std::erase_if(out, [&](uint32_t row) { return !has_phrase(terms_of(text_of(row), stop_words_), node.terms); });
    return out;
  }

  std::vector<uint32_t> junction(const TextNode& node) {
    using Occurs = TextNode::Clause::Occurs;
    std::vector<uint32_t> must, should, must_not;
    bool any_must = false;
    for (const TextNode::Clause& clause : node.clauses) {
      std::vector<uint32_t> rows = rows_of(*clause.node);
      if (clause.occurs == Occurs::kMustNot) must_not = united(must_not, rows);
      else if (clause.occurs == Occurs::kShould) should = united(should, rows);
      else must = any_must ? intersected(must, rows) : std::move(rows), any_must = true;
    }
    return subtracted(any_must ? must : should, must_not);
  }

  const DocumentIndexView& index() const { return column_.text_index; }
  std::string_view text_of(uint32_t row) const {
    return column_.encoding == Encoding::kRaw ? column_.raw_text(row) : column_.dictionary.text(column_.dictionary_id(row));
  }

  const ColumnView& column_;
  const std::set<std::string>& stop_words_;
  bool sound_ = true;
};

}  // namespace

const std::set<std::string>& english_stop_words() {
  static const std::set<std::string> words = {"a",  "an", "and", "are", "as", "at", "be",   "but",  "by",   "for",   "if",    "in",   "into", "is",   "it",  "no",  "not",
                                              "of", "on", "or",  "such", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was", "will", "with"};
  return words;
}

std::string text_settings(const TextIndexOptions& options) {
  std::string out = "stop=";
  for (const std::string& word : options.stop_words) out += word + ",";
  return out;
}

Result<DocumentQuery> text_match(std::string_view query, const std::shared_ptr<const TextIndexOptions>& given) {
  static const auto english = std::make_shared<const TextIndexOptions>(TextIndexOptions{english_stop_words()});
  const std::shared_ptr<const TextIndexOptions> options = given ? given : english;
  ASSIGN_OR_RETURN(std::shared_ptr<TextNode> root, TextQueryParser(query, options->stop_words).run());
  if (root->clauses.empty()) return Status::invalid("TEXT_MATCH: the query has no terms");
  DocumentQuery out;
  out.test = [root, options](std::string_view text) { return matches(*root, terms_of(text, options->stop_words)); };
  out.by_index = [root, options, settings = text_settings(*options)](const ColumnView& column, int64_t, std::vector<uint32_t>* rows) {
    return column.text_index && column.text_index.settings() == settings && IndexedText(column, options->stop_words).run(*root, rows);
  };
  return out;
}

DocumentTerms text_terms(std::shared_ptr<const TextIndexOptions> options) {
  return [options](std::string_view text, std::vector<std::vector<std::string>>* records) {
    std::vector<std::string>& terms = records->emplace_back();
    for (Term& term : terms_of(text, options->stop_words)) terms.push_back(std::move(term.text));
  };
}

}  // namespace bywash::analytics
