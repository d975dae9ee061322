// Java's regular expressions by ICU. The replacement text is read by Matcher.appendExpandedReplacement's rules (JDK 17), which
// are not ICU's: the digits after $ are taken greedily as long as the group exists. Level 4, the task's thread.
#include "transforms/java_regex.h"

#include <unicode/regex.h>

#include "transforms/record_side.h"

namespace bywash::transforms {
namespace {

icu::UnicodeString utf16(std::string_view text) {
  return icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
}

std::string utf8(const icu::UnicodeString& text) {
  std::string out;
  text.toUTF8String(out);
  return out;
}

// Java's description of a fault in a pattern, by ICU's code.
std::string description(UErrorCode code, const std::string& pattern, int32_t at) {
  bool dangling = at < static_cast<int32_t>(pattern.size()) && std::string_view("*+?").find(pattern[static_cast<size_t>(at)]) != std::string_view::npos;
  switch (code) {
    case U_REGEX_MISMATCHED_PAREN: return "Unclosed group";
    case U_REGEX_BAD_ESCAPE_SEQUENCE: return "Illegal/unsupported escape sequence";
    case U_REGEX_RULE_SYNTAX: return dangling ? fmt::format("Dangling meta character '{}'", pattern[static_cast<size_t>(at)]) : "Syntax error";
    case U_REGEX_BAD_INTERVAL: return "Illegal repetition";
    case U_REGEX_MAX_LT_MIN: return "Illegal repetition range";
    case U_REGEX_NUMBER_TOO_BIG: return "Illegal repetition range";
    case U_REGEX_MISSING_CLOSE_BRACKET: return "Unclosed character class";
    case U_REGEX_INVALID_RANGE: return "Illegal character range";
    case U_REGEX_LOOK_BEHIND_LIMIT: return "Look-behind group does not have an obvious maximum length";
    case U_REGEX_INVALID_CAPTURE_GROUP_NAME: return "named capturing group is missing trailing '>' or does not exist";
    case U_REGEX_PROPERTY_SYNTAX: return "Unknown character property name";
    case U_REGEX_INVALID_BACK_REF: return "Illegal back reference";
    case U_REGEX_INVALID_FLAG: return "Unknown inline modifier";
    default: return std::string("Syntax error (") + u_errorName(code) + ")";
  }
}

// ICU's classes know all of Unicode and it takes an unknown escaped letter for itself; Java's are ASCII and it refuses. The pattern
// with those classes written out; `bad_at` is set to the letter of an escape that Java doesn't have.
std::string java_classes(std::string_view pattern, std::optional<size_t>* bad_at) {
  static constexpr std::string_view kKnown = "0xuaefnrtcdDhHsSvVwWbBAGzZRXkpPNQE123456789";
  std::string out;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '\\' || i + 1 == pattern.size()) {
      out += pattern[i];
      continue;
    }
    const char c = pattern[++i];
    switch (c) {
      case 'd': out += "[0-9]"; continue;
      case 'D': out += "[^0-9]"; continue;
      case 'w': out += "[a-zA-Z_0-9]"; continue;
      case 'W': out += "[^a-zA-Z_0-9]"; continue;
      case 's': out += "[ \\t\\n\\x0B\\f\\r]"; continue;
      case 'S': out += "[^ \\t\\n\\x0B\\f\\r]"; continue;
      case 'Q': {
        // Quoted up to \E or the end.
        const size_t end = pattern.find("\\E", i);
        const size_t stop = end == pattern.npos ? pattern.size() : end + 2;
        out.append(pattern.substr(i - 1, stop - (i - 1)));
        i = stop - 1;
        continue;
      }
      default: break;
    }
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter && kKnown.find(c) == kKnown.npos && !*bad_at) *bad_at = i;
    out.append("\\").append(1, c);
  }
  return out;
}

Status illegal(std::string message) { return data_error(kIllegalArgument, std::move(message)); }

// Group number that "$..." at `i` (on the character after $) means; moves `i` behind it.
Result<int32_t> group_number(const icu::UnicodeString& replacement, int32_t& i, const icu::RegexMatcher& matcher) {
  if (i >= replacement.length()) return illegal("Illegal group reference: group index is missing");
  char16_t c = replacement[i];
  if (c == u'{') {
    int32_t end = ++i;
    auto is_letter = [](char16_t x) { return (x >= u'a' && x <= u'z') || (x >= u'A' && x <= u'Z'); };
    auto is_digit = [](char16_t x) { return x >= u'0' && x <= u'9'; };
    while (end < replacement.length() && (is_letter(replacement[end]) || is_digit(replacement[end]))) ++end;
    icu::UnicodeString name(replacement, i, end - i);
    if (name.isEmpty()) return illegal("named capturing group is missing trailing '}'");
    if (end >= replacement.length() || replacement[end] != u'}') return illegal("named capturing group is missing trailing '}'");
    if (is_digit(name[0])) return illegal("capturing group name {" + utf8(name) + "} starts with digit character");
    i = end + 1;
    UErrorCode code = U_ZERO_ERROR;
    int32_t number = matcher.pattern().groupNumberFromName(name, code);
    if (U_FAILURE(code)) return illegal("No group with name {" + utf8(name) + "}");
    return number;
  }
  if (c < u'0' || c > u'9') return illegal("Illegal group reference");
  int32_t number = c - u'0';
  ++i;
  if (matcher.groupCount() < number) {
    return data_error("java.lang.IndexOutOfBoundsException", fmt::format("No group {}", number));
  }
  while (i < replacement.length() && replacement[i] >= u'0' && replacement[i] <= u'9') {
    int64_t longer = int64_t{number} * 10 + (replacement[i] - u'0');
    if (matcher.groupCount() < longer) break;
    number = static_cast<int32_t>(longer);
    ++i;
  }
  return number;
}

}  // namespace

struct JavaRegex::State {
  std::unique_ptr<icu::RegexPattern> pattern;
};

JavaRegex::JavaRegex(std::unique_ptr<State> state) : state_(std::move(state)) {}
JavaRegex::~JavaRegex() = default;
JavaRegex::JavaRegex(JavaRegex&&) noexcept = default;
JavaRegex& JavaRegex::operator=(JavaRegex&&) noexcept = default;

Result<JavaRegex> JavaRegex::compile(std::string_view pattern) {
  UErrorCode code = U_ZERO_ERROR;
  UParseError where{};
  auto state = std::make_unique<State>();
  std::optional<size_t> bad_at;
  state->pattern.reset(icu::RegexPattern::compile(utf16(java_classes(pattern, &bad_at)), 0, where, code));
  if (bad_at) {
    return Status::invalid(fmt::format("Illegal/unsupported escape sequence near index {0}\n{1}\n{2:{0}}^", *bad_at, pattern, ""))
        .with_java_class("java.util.regex.PatternSyntaxException");
  }
  if (U_FAILURE(code)) {
    std::string text(pattern);
    int32_t at = where.line <= 1 && where.offset > 0 ? where.offset - 1 : 0;
    // An unclosed group is found at the end in Java.
    int32_t shown = code == U_REGEX_MISMATCHED_PAREN ? static_cast<int32_t>(text.size()) : at;
    std::string message = fmt::format("{} near index {}\n{}", description(code, text, at), shown, text);
    if (shown < static_cast<int32_t>(text.size())) message += "\n" + std::string(static_cast<size_t>(shown), ' ') + "^";
    return Status::invalid(message).with_java_class("java.util.regex.PatternSyntaxException");
  }
  return JavaRegex(std::move(state));
}

Result<bool> JavaRegex::matches(std::string_view text) const {
  UErrorCode code = U_ZERO_ERROR;
  icu::UnicodeString input = utf16(text);
  std::unique_ptr<icu::RegexMatcher> matcher(state_->pattern->matcher(input, code));
  bool found = U_SUCCESS(code) && matcher->matches(code);
  if (U_FAILURE(code)) return Status::data(fmt::format("The regular expression cannot be matched ({})", u_errorName(code))).with_java_class("java.lang.StackOverflowError");
  return found;
}

Result<std::string> JavaRegex::replace_first(std::string_view text, std::string_view replacement) const {
  UErrorCode code = U_ZERO_ERROR;
  icu::UnicodeString input = utf16(text);
  std::unique_ptr<icu::RegexMatcher> matcher(state_->pattern->matcher(input, code));
  bool found = U_SUCCESS(code) && matcher->find(code);
  if (U_FAILURE(code)) return Status::data(fmt::format("The regular expression cannot be matched ({})", u_errorName(code))).with_java_class("java.lang.StackOverflowError");
  if (!found) return std::string(text);
  icu::UnicodeString with = utf16(replacement), out(input, 0, matcher->start(code));
  for (int32_t i = 0; i < with.length();) {
    char16_t c = with[i++];
    if (c == u'\\') {
      if (i >= with.length()) return illegal("character to be escaped is missing");
      out.append(with[i++]);
    } else if (c == u'$') {
      ASSIGN_OR_RETURN(int32_t group, group_number(with, i, *matcher));
      // A group that took no part in the match adds nothing.
      UErrorCode group_code = U_ZERO_ERROR;
      if (matcher->start(group, group_code) >= 0) out.append(matcher->group(group, group_code));
    } else {
      out.append(c);
    }
  }
  out.append(input, matcher->end(code), input.length() - matcher->end(code));
  return utf8(out);
}

std::optional<std::string> valid_regex(const config::Parsed& value) {
  auto* pattern = std::get_if<std::string>(&value);
  if (!pattern) return std::nullopt;
  auto compiled = JavaRegex::compile(*pattern);
  if (compiled.ok()) return std::nullopt;
  return "Invalid regex: " + compiled.status().message();
}

}  // namespace bywash::transforms
