// Shared checks of list keys. Level 4.
#include "transforms/config_checks.h"

#include <algorithm>

#include "transforms/java_regex.h"

namespace bywash::transforms {
namespace {

// The items of a list key that is given; an absent key has its default, which is fine.
std::optional<config::List> items_of(const config::Properties& properties, const std::string& key) {
  auto it = properties.find(key);
  if (it == properties.end()) return std::nullopt;
  auto parsed = config::parse_value(config::KeyType::kList, it->second);
  if (!parsed.ok()) return std::nullopt;
  return std::get<config::List>(*parsed);
}

}  // namespace

void refuse_empty_list(config::ConfigDef& def, const std::string& key) {
  def.add_rule([key](const config::Properties& properties, const auto& fail) {
    auto items = items_of(properties, key);
    if (items && items->empty()) fail(key, fmt::format("Configuration '{}' must not be empty. Valid values include: any non-empty value", key));
  });
}

std::optional<std::string> given_regex(const config::Parsed& value) {
  if (std::holds_alternative<std::monostate>(value)) return R"x(Invalid regex: Cannot invoke "String.isEmpty()" because "this.pattern" is null)x";
  return valid_regex(value);
}

std::string invalid_mapping(const config::List& list, const std::string& item) {
  return fmt::format("Invalid value {} for configuration renames: Invalid rename mapping: {}", java_list(list), item);
}

config::List java_split(const std::string& text, char separator) {
  config::List parts;
  size_t from = 0;
  for (size_t at = text.find(separator); at != std::string::npos; at = text.find(separator, from)) {
    parts.push_back(text.substr(from, at - from));
    from = at + 1;
  }
  parts.push_back(text.substr(from));
  // A text without any separator stays as it is, even when empty.
  while (parts.size() > 1 && parts.back().empty()) parts.pop_back();
  if (parts.size() == 1 && parts[0].empty() && !text.empty()) parts.clear();
  return parts;
}

std::string java_list(const config::List& list) { return fmt::format("[{}]", fmt::join(list, ", ")); }

}  // namespace bywash::transforms
