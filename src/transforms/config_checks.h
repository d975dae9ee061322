// Checks of keys that several transforms share, in Kafka 4.3's words. Level 4.
#pragma once

#include <optional>
#include <string>

#include "config/config_def.h"

namespace bywash::transforms {

// "Configuration 'fields' must not be empty. Valid values include: any non-empty value" for an empty list.
void refuse_empty_list(config::ConfigDef& def, const std::string& key);
// "Invalid value [a:b:c] for configuration renames: Invalid rename mapping: a:b:c" for an item that is not a pair; the original's
// message says "renames" whatever the key is called (ReplaceField.parseRenameMappings, used by Cast too).
std::string invalid_mapping(const config::List& list, const std::string& item);
// RegexValidator: valid_regex(), and what it says of a required key that is not there.
std::optional<std::string> given_regex(const config::Parsed& value);
// Java's String.split: trailing empty parts are dropped.
config::List java_split(const std::string& text, char separator);
// As Java prints a list: "[a, b]".
std::string java_list(const config::List& list);

}  // namespace bywash::transforms
