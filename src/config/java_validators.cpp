// See java_validators.h. Level 1.
#include "config/java_validators.h"

#include <algorithm>
#include <set>

namespace bywash::config {
namespace {

struct DistinctValues {
  std::string key;
  bool empty_allowed = false;
  std::optional<std::string> operator()(const Parsed& value) const {
    const auto* values = std::get_if<List>(&value);
    if (!values) return fmt::format("Configuration '{}' values must not be null.", key);
    if (values->empty() && !empty_allowed) return fmt::format("Configuration '{}' must not be empty. Valid values include: any non-empty value", key);
    if (std::set<std::string>(values->begin(), values->end()).size() != values->size()) return fmt::format("Configuration '{}' values must not be duplicated.", key);
    if (std::any_of(values->begin(), values->end(), [](const std::string& each) { return each.empty(); })) return fmt::format("Configuration '{}' values must not be empty.", key);
    return std::nullopt;
  }
};

}  // namespace

Validator distinct_values(std::string key, bool empty_allowed) { return DistinctValues{std::move(key), empty_allowed}; }

Properties without_duplicates(const ConfigDef& def, Properties properties) {
  for (const KeySpec& key : def.keys()) {
    auto given = properties.find(key.name);
    const bool distinct = std::any_of(key.validators.begin(), key.validators.end(), [](const Validator& each) { return each.target<DistinctValues>() != nullptr; });
    if (given == properties.end() || !distinct) continue;
    auto parsed = parse_value(KeyType::kList, given->second);
    if (!parsed.ok()) continue;
    List kept;
    for (std::string& each : std::get<List>(*parsed)) {
      if (std::find(kept.begin(), kept.end(), each) == kept.end()) kept.push_back(std::move(each));
    }
    given->second = fmt::format("{}", fmt::join(kept, ","));
  }
  return properties;
}

Validator entry_not_null() {
  return [](const Parsed& value) -> std::optional<std::string> {
    return std::holds_alternative<std::monostate>(value) ? std::optional<std::string>("entry must be non null") : std::nullopt;
  };
}

}  // namespace bywash::config
