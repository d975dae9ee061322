// java.util.regex.Pattern and Matcher.replaceFirst over ICU's regular expressions, whose syntax is Java's. Level 4.
// One instance per transform; not for use by two threads at once.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "config/config_def.h"


namespace bywash::transforms {

class JavaRegex {
 public:
  // Error: what PatternSyntaxException says, without the "Invalid regex: " that Kafka's validator puts before it.
  static Result<JavaRegex> compile(std::string_view pattern);
  ~JavaRegex();
  JavaRegex(JavaRegex&&) noexcept;
  JavaRegex& operator=(JavaRegex&&) noexcept;

  // Does the whole text match? Error: the pattern backtracks beyond all bounds on this text.
  Result<bool> matches(std::string_view text) const;
  // The text with its first match replaced; `replacement` has Java's $1, ${name} and \x. Errors with the Java class and message:
  // IndexOutOfBoundsException "No group 2", IllegalArgumentException "Illegal group reference", ...
  Result<std::string> replace_first(std::string_view text, std::string_view replacement) const;

 private:
  struct State;
  explicit JavaRegex(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Validator of keys that hold a pattern: "Invalid regex: Unclosed group near index 1 ..." (TransformationConfig's RegexValidator).
std::optional<std::string> valid_regex(const config::Parsed& value);

}  // namespace bywash::transforms
