// Java .properties files and small operations on Properties. Level 1.
#pragma once

#include <string>
#include <string_view>

#include "config/config_def.h"

namespace bywash::config {

// Without Java's white space (String.trim) at both ends.
std::string_view trim(std::string_view text);

// Parses the text of a .properties file by java.util.Properties.load's rules: comments, continuation lines, escapes (\uXXXX too),
// "=", ":" or blank as separator; a later key wins. Error: a malformed \u escape, with its line.
Result<Properties> parse_properties(std::string_view text);
// Reads and parses a file. Error: kNotFound or kFatal naming the file.
Result<Properties> read_properties_file(const std::string& path);

// The entries whose key starts with `prefix`, without it.
Properties with_prefix(const Properties& properties, std::string_view prefix);
// Entry or `fallback`.
std::string get_or(const Properties& properties, std::string_view key, std::string_view fallback);

}  // namespace bywash::config
