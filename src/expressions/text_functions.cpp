// Functions over texts; positions and lengths count characters, the first is 1. Level 2.
#include <fmt/format.h>
#include <unicode/regex.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <memory>

#include "columnar/java_number.h"
#include "expressions/functions.h"
#include "expressions/utf8.h"

namespace bywash::expressions {
namespace {

using TextArgs = std::vector<const Values*>;

Status expect_texts(std::string_view name, const TextArgs& args) {
  for (const Values* arg : args) RETURN_IF_ERROR(expect_kind(name, *arg, ValueKind::kText));
  return {};
}

// Writes one text for each row that has its arguments.
template <class F>
Status write_texts(Values& out, F f) {
  out.kind = ValueKind::kText;
  out.start_texts();
  for (size_t i = 0; i < out.count; ++i) {
    if (!out.null(i) && !out.is_bad(i)) f(i, *out.bytes);
    out.end_text();
  }
  out.finish_texts();
  return {};
}
template <class F>
Status write_integers(Values& out, ValueKind kind, F f) {
  out.kind = kind;
  out.integers.resize(out.count);
  for (size_t i = 0; i < out.count; ++i) {
    if (!out.null(i) && !out.is_bad(i)) out.integers[i] = f(i);
  }
  return {};
}

template <bool Upper>
Status cased(const TextArgs& args, Values& out) {
  RETURN_IF_ERROR(expect_texts(Upper ? "upper" : "lower", args));
  return write_texts(out, [&](size_t i, std::string& to) {
    const std::string_view text = args[0]->text(i);
    const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    if (!ascii) return utf8::append_case(text, Upper, to);
    for (char c : text) to += Upper ? (c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c) : (c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
  });
}

template <bool Left, bool Right>
Status trimmed(const TextArgs& args, Values& out) {
  RETURN_IF_ERROR(expect_texts("trim", args));
  return write_texts(out, [&](size_t i, std::string& to) {
    std::string_view text = args[0]->text(i);
    auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
    while (Left && !text.empty() && blank(text.front())) text.remove_prefix(1);
    while (Right && !text.empty() && blank(text.back())) text.remove_suffix(1);
    to += text;
  });
}

Status length(const TextArgs& args, Values& out) {
  RETURN_IF_ERROR(expect_texts("length", args));
  return write_integers(out, ValueKind::kInteger, [&](size_t i) { return static_cast<int64_t>(utf8::length(args[0]->text(i))); });
}

// substr(text, from[, length]): from 1; a negative `from` counts from the end.
Status substring(const TextArgs& args, Values& out) {
  RETURN_IF_ERROR(expect_kind("substr", *args[0], ValueKind::kText));
  for (size_t k = 1; k < args.size(); ++k) RETURN_IF_ERROR(expect_kind("substr", *args[k], ValueKind::kInteger));
  return write_texts(out, [&](size_t i, std::string& to) {
    const std::string_view text = args[0]->text(i);
    const auto size = static_cast<int64_t>(utf8::length(text));
    int64_t from = args[1]->integer(i);
    from = from < 0 ? size + from : from - 1;
    const int64_t count = args.size() > 2 ? std::clamp<int64_t>(args[2]->integer(i), 0, size) : size;
    const int64_t end = std::min(size, std::max<int64_t>(from, 0) + count + std::min<int64_t>(std::max<int64_t>(from, -size), 0));
    from = std::clamp<int64_t>(from, 0, size);
    if (from < end) to += utf8::slice(text, static_cast<size_t>(from), static_cast<size_t>(end));
  });
}

void append_value(const Values& value, size_t row, std::string& to) {
  switch (value.kind) {
    case ValueKind::kText: to += value.text(row); break;
    case ValueKind::kReal: columnar::append_java_double(value.real(row), &to); break;
    case ValueKind::kBoolean: to += value.integer(row) ? "true" : "false"; break;
    default: to += std::to_string(value.integer(row)); break;
  }
}
// a || b: null when one is null. concat(a, b, ...) leaves nulls out.
Status joined(const TextArgs& args, Values& out) {
  for (const Values* arg : args) {
    if (arg->kind == ValueKind::kOther || arg->kind == ValueKind::kTimestamp) return Status::invalid(fmt::format("|| takes texts, numbers and booleans, got {}", to_string(arg->kind)));
  }
  return write_texts(out, [&](size_t i, std::string& to) {
    for (const Values* arg : args) append_value(*arg, i, to);
  });
}
Status concat(const TextArgs& args, Values& out) {
  for (const Values* arg : args) {
    if (arg->kind == ValueKind::kOther || arg->kind == ValueKind::kTimestamp) return Status::invalid(fmt::format("concat takes texts, numbers and booleans, got {}", to_string(arg->kind)));
    Values errors;
    errors.count = out.count;
    errors.inherit({arg});
    for (size_t i = 0; i < out.count; ++i) {
      if (errors.is_bad(i)) out.set_bad(i, errors.why);
    }
  }
  return write_texts(out, [&](size_t i, std::string& to) {
    for (const Values* arg : args) {
      if (!arg->null(i)) append_value(*arg, i, to);
    }
  });
}

Status replace(const TextArgs& args, Values& out) {
  RETURN_IF_ERROR(expect_texts("replace", args));
  return write_texts(out, [&](size_t i, std::string& to) {
    std::string_view text = args[0]->text(i);
    const std::string_view what = args[1]->text(i);
    for (size_t at = what.empty() ? text.npos : text.find(what); at != text.npos; at = text.find(what)) {
      to += text.substr(0, at);
      to += args[2]->text(i);
      text.remove_prefix(at + what.size());
    }
    to += text;
  });
}

enum class Search : uint8_t { kStarts, kEnds, kContains };
template <Search S>
Status search(const TextArgs& args, Values& out) {
  RETURN_IF_ERROR(expect_texts(S == Search::kStarts ? "starts_with" : S == Search::kEnds ? "ends_with" : "contains", args));
  return write_integers(out, ValueKind::kBoolean, [&](size_t i) -> int64_t {
    const std::string_view text = args[0]->text(i), part = args[1]->text(i);
    if (S == Search::kStarts) return text.starts_with(part);
    return S == Search::kEnds ? text.ends_with(part) : text.find(part) != text.npos;
  });
}
// strpos(text, part): from 1; 0: it is not there.
Status position(const TextArgs& args, Values& out) {
  RETURN_IF_ERROR(expect_texts("strpos", args));
  return write_integers(out, ValueKind::kInteger, [&](size_t i) -> int64_t {
    const std::string_view text = args[0]->text(i);
    const size_t at = text.find(args[1]->text(i));
    return at == text.npos ? 0 : static_cast<int64_t>(utf8::length(text.substr(0, at))) + 1;
  });
}
// split_part(text, delimiter, n): the n-th part, from 1; empty when there are fewer.
Status split_part(const TextArgs& args, Values& out) {
  RETURN_IF_ERROR(expect_texts("split_part", {args[0], args[1]}));
  RETURN_IF_ERROR(expect_kind("split_part", *args[2], ValueKind::kInteger));
  return write_texts(out, [&](size_t i, std::string& to) {
    std::string_view text = args[0]->text(i);
    const std::string_view by = args[1]->text(i);
    int64_t n = args[2]->integer(i);
    if (by.empty()) return void(n == 1 ? to += text : to);
    for (; n > 1; --n) {
      const size_t at = text.find(by);
      if (at == text.npos) return;
      text.remove_prefix(at + by.size());
    }
    if (n == 1) to += text.substr(0, text.find(by));
  });
}

// A regular expression in Java's syntax, by ICU. (Arrow brings an RE2 of its own that must not meet another one.)
class TextPattern {
 public:
  static Result<TextPattern> of(std::string_view function, const Values& pattern) {
    ASSIGN_OR_RETURN(std::string text, constant_text(function, pattern));
    UErrorCode error = U_ZERO_ERROR;
    TextPattern out;
    out.matcher_ = std::make_unique<icu::RegexMatcher>(icu::UnicodeString::fromUTF8(text), 0, error);
    if (U_FAILURE(error)) return Status::invalid(fmt::format("'{}' is not a regular expression: {}", text, u_errorName(error)));
    // About a second of backtracking at most.
    out.matcher_->setTimeLimit(1000, error);
    return out;
  }
  int groups() const { return matcher_->groupCount(); }
  // Moves to the first match; false: none, or too much backtracking (`failed`).
  bool find(std::string_view text, bool* failed) {
    UErrorCode error = U_ZERO_ERROR;
    text_ = icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
    matcher_->reset(text_);
    const bool found = matcher_->find(error);
    *failed = U_FAILURE(error);
    return found && !*failed;
  }
  void append_group(int group, std::string& to) const {
    UErrorCode error = U_ZERO_ERROR;
    matcher_->group(group, error).toUTF8String(to);
  }
  bool append_replaced(std::string_view text, std::string_view replacement, std::string& to) {
    UErrorCode error = U_ZERO_ERROR;
    text_ = icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
    matcher_->reset(text_);
    const auto out = matcher_->replaceAll(icu::UnicodeString::fromUTF8(icu::StringPiece(replacement.data(), static_cast<int32_t>(replacement.size()))), error);
    if (U_SUCCESS(error)) out.toUTF8String(to);
    return U_SUCCESS(error);
  }

 private:
  std::unique_ptr<icu::RegexMatcher> matcher_;
  icu::UnicodeString text_;
};
constexpr std::string_view kPatternFailed = "The regular expression cannot be applied to this text";

// regexp_like(text, pattern): the pattern is found somewhere.
Status regexp_like(const TextArgs& args, Values& out) {
  RETURN_IF_ERROR(expect_kind("regexp_like", *args[0], ValueKind::kText));
  ASSIGN_OR_RETURN(TextPattern pattern, TextPattern::of("regexp_like", *args[1]));
  return write_integers(out, ValueKind::kBoolean, [&](size_t i) -> int64_t {
    bool failed = false;
    const bool found = pattern.find(args[0]->text(i), &failed);
    if (failed) out.set_bad(i, kPatternFailed);
    return found;
  });
}
// regexp_extract(text, pattern[, group]): null where it is not found.
Status regexp_extract(const TextArgs& args, Values& out) {
  RETURN_IF_ERROR(expect_kind("regexp_extract", *args[0], ValueKind::kText));
  ASSIGN_OR_RETURN(TextPattern pattern, TextPattern::of("regexp_extract", *args[1]));
  int64_t group = 0;
  if (args.size() > 2) {
    if (args[2]->kind != ValueKind::kInteger || !args[2]->constant) return Status::invalid("regexp_extract takes the group's number as a literal");
    group = args[2]->integer(0);
  }
  if (group < 0 || group > pattern.groups()) return Status::invalid(fmt::format("The regular expression has no group {}", group));
  return write_texts(out, [&](size_t i, std::string& to) {
    bool failed = false;
    if (pattern.find(args[0]->text(i), &failed)) pattern.append_group(static_cast<int>(group), to);
    else if (failed) out.set_bad(i, kPatternFailed);
    else out.set_null(i);
  });
}
// regexp_replace(text, pattern, replacement): every match; groups as $1.
Status regexp_replace(const TextArgs& args, Values& out) {
  RETURN_IF_ERROR(expect_texts("regexp_replace", {args[0], args[2]}));
  ASSIGN_OR_RETURN(TextPattern pattern, TextPattern::of("regexp_replace", *args[1]));
  return write_texts(out, [&](size_t i, std::string& to) {
    if (!pattern.append_replaced(args[0]->text(i), args[2]->text(i), to)) out.set_bad(i, kPatternFailed);
  });
}

}  // namespace

const std::vector<Function>& text_functions() {
  static const std::vector<Function> table = {
      {"upper", 1, 1, cased<true>}, {"lower", 1, 1, cased<false>}, {"trim", 1, 1, trimmed<true, true>}, {"ltrim", 1, 1, trimmed<true, false>}, {"rtrim", 1, 1, trimmed<false, true>},
      {"length", 1, 1, length}, {"substr", 2, 3, substring}, {"substring", 2, 3, substring}, {"||", 2, 2, joined}, {"concat", 1, 100, concat, false},
      {"replace", 3, 3, replace}, {"starts_with", 2, 2, search<Search::kStarts>}, {"ends_with", 2, 2, search<Search::kEnds>}, {"contains", 2, 2, search<Search::kContains>},
      {"strpos", 2, 2, position}, {"split_part", 3, 3, split_part}, {"regexp_like", 2, 2, regexp_like}, {"regexp_extract", 2, 3, regexp_extract},
      {"regexp_replace", 3, 3, regexp_replace}};
  return table;
}

}  // namespace bywash::expressions
