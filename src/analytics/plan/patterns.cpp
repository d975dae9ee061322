#include "analytics/plan/patterns.h"

#include "base/text.h"

#include <re2/re2.h>

#include <algorithm>

namespace bywash::analytics {
namespace {

Result<Predicate> compiled(std::string_view regex, bool ignore_case, bool dot_is_any) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_case_sensitive(!ignore_case);
  options.set_dot_nl(dot_is_any);
  auto pattern = std::make_shared<const RE2>(re2::StringPiece(regex.data(), regex.size()), options);
  if (!pattern->ok()) return Status::invalid(fmt::format("Pattern is not a valid regular expression: '{}' ({})", regex, pattern->error()));
  Predicate out;
  out.kind = PredicateKind::kMatch;
  out.pattern = std::move(pattern);
  return out;
}

bool ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool has_letters(std::string_view text) { return std::any_of(text.begin(), text.end(), ascii_letter); }

// Java's CASE_INSENSITIVE: of ASCII letters only.
bool begins_alike(std::string_view text, std::string_view lower) {
  if (text.size() < lower.size()) return false;
  for (size_t i = 0; i < lower.size(); ++i) {
    if ((ascii_letter(text[i]) ? text[i] | 32 : text[i]) != lower[i]) return false;
  }
  return true;
}

// The text as it is, or what begins with it, case apart.
Predicate alike(const std::string& text, bool whole) {
  Predicate out;
  if (has_letters(text)) {
    out.kind = PredicateKind::kTest;
    out.matcher = [lower = ascii_lower(text), whole](std::string_view value) { return (!whole || value.size() == lower.size()) && begins_alike(value, lower); };
  } else if (whole) {
    out.kind = PredicateKind::kSet;
    out.texts.push_back(text);
  } else {
    out.kind = PredicateKind::kMatch;
    out.match_prefix = text;
    out.prefix_only = true;
  }
  return out;
}

}  // namespace

Result<Predicate> like_predicate(std::string_view pattern) {
  std::string regex = "^", prefix;
  bool in_prefix = true;
  for (size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    if (c == '%' || c == '_') {
      if (in_prefix && c == '%' && i + 1 == pattern.size()) return alike(prefix, false);
      regex += c == '%' ? ".*" : ".";
      in_prefix = false;
      continue;
    }
    if (c == '\\' && i + 1 < pattern.size()) c = pattern[++i];
    if (in_prefix) prefix += c;
    if (ascii_letter(c)) regex += {'[', static_cast<char>(c | 32), static_cast<char>(c & ~32), ']'};
    else regex += RE2::QuoteMeta(re2::StringPiece(&c, 1));
  }
  if (in_prefix) return alike(prefix, true);
  ASSIGN_OR_RETURN(Predicate out, compiled(regex + "\\z", false, true));
  out.match_prefix = prefix.substr(0, static_cast<size_t>(std::find_if(prefix.begin(), prefix.end(), ascii_letter) - prefix.begin()));
  return out;
}

Result<Predicate> regexp_predicate(std::string_view pattern, std::string_view flags) {
  if (flags != "" && flags != "c" && flags != "i" && flags != "C" && flags != "I") return Status::invalid(fmt::format("REGEXP_LIKE takes the flags 'c' or 'i', got: '{}'", flags));
  return compiled(pattern, flags == "i" || flags == "I", false);
}

}  // namespace bywash::analytics
