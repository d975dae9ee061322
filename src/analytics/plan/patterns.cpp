#include "analytics/plan/patterns.h"

#include <re2/re2.h>

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

}  // namespace

Result<Predicate> like_predicate(std::string_view pattern) {
  std::string regex = "^", prefix;
  bool in_prefix = true;
  for (size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    bool wild = c == '%' || c == '_';
    if (wild) {
      bool tail = c == '%' && i + 1 == pattern.size();
      if (in_prefix && tail) {
        Predicate out;
        out.kind = PredicateKind::kMatch;
        out.match_prefix = prefix;
        out.prefix_only = true;
        return out;
      }
      regex += c == '%' ? ".*" : ".";
      in_prefix = false;
      continue;
    }
    if (c == '\\' && i + 1 < pattern.size()) c = pattern[++i];
    if (in_prefix) prefix += c;
    regex += RE2::QuoteMeta(re2::StringPiece(&c, 1));
  }
  if (in_prefix) {  // no wildcard: equality
    Predicate out;
    out.kind = PredicateKind::kSet;
    out.texts.push_back(prefix);
    return out;
  }
  ASSIGN_OR_RETURN(Predicate out, compiled(regex + "\\z", false, true));
  out.match_prefix = prefix;
  return out;
}

Result<Predicate> regexp_predicate(std::string_view pattern, std::string_view flags) {
  if (flags != "" && flags != "c" && flags != "i") return Status::invalid(fmt::format("REGEXP_LIKE takes the flags 'c' or 'i', got: '{}'", flags));
  return compiled(pattern, flags == "i", false);
}

}  // namespace bywash::analytics
