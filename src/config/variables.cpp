// Finding variables and putting their values in. Level 1.
#include "config/variables.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "config/properties.h"

namespace bywash::config {
namespace {

struct Variable {
  size_t begin = 0, end = 0;
  std::string provider, path, key;
};

// The next "${provider:[path:]key}" from `from` on: \$\{([^}]*?):(([^}]*?):)?([^}]*?)\} of the original.
std::optional<Variable> next_variable(std::string_view text, size_t from) {
  for (size_t at = text.find("${", from); at != text.npos; at = text.find("${", at + 2)) {
    size_t close = text.find('}', at);
    if (close == text.npos) return std::nullopt;
    std::string_view inside = text.substr(at + 2, close - at - 2);
    size_t first = inside.find(':');
    if (first == inside.npos) continue;
    Variable out{at, close + 1, std::string(inside.substr(0, first)), "", ""};
    std::string_view rest = inside.substr(first + 1);
    size_t second = rest.find(':');
    if (second != rest.npos) out.path = rest.substr(0, second);
    out.key = second == rest.npos ? rest : rest.substr(second + 1);
    return out;
  }
  return std::nullopt;
}

// What is asked of one path of one provider.
struct Asked {
  std::set<std::string> keys;
  std::string named_in;  // the first key of the configuration that has it, for messages
  std::map<std::string, std::string> values;
};
using AskedPaths = std::map<std::pair<std::string, std::string>, Asked>;  // by provider and path

std::string put_in(const std::string& value, const AskedPaths& asked) {
  std::string text;
  size_t from = 0;
  while (auto variable = next_variable(value, from)) {
    text.append(value, from, variable->begin - from);
    auto path = asked.find({variable->provider, variable->path});
    const std::string* found = nullptr;
    if (path != asked.end()) {
      if (auto it = path->second.values.find(variable->key); it != path->second.values.end()) found = &it->second;
    }
    if (found) text += *found;
    else text.append(value, variable->begin, variable->end - variable->begin);
    from = variable->end;
  }
  return text.append(value, from);
}

}  // namespace

bool has_variable(std::string_view value) { return next_variable(value, 0).has_value(); }

Result<Resolved> resolve_with(const ConfigProviders& providers, const Properties& properties) {
  AskedPaths asked;
  for (const auto& [key, value] : properties) {
    for (auto variable = next_variable(value, 0); variable; variable = next_variable(value, variable->end)) {
      if (!providers.contains(variable->provider)) continue;
      auto [path, added] = asked.try_emplace({variable->provider, variable->path});
      if (added) path->second.named_in = key;
      path->second.keys.insert(variable->key);
    }
  }
  Resolved out{properties, std::nullopt};
  for (auto& [where, what] : asked) {
    auto provided = providers.at(where.first)->get(where.second, what.keys);
    if (!provided.ok()) return provided.status().with_context(fmt::format("Key '{}' has a variable of config provider '{}'", what.named_in, where.first));
    what.values = std::move(provided->values);
    if (provided->good_for) out.good_for = std::min(out.good_for.value_or(*provided->good_for), *provided->good_for);
  }
  if (asked.empty()) return out;
  for (auto& [key, value] : out.properties) value = put_in(value, asked);
  return out;
}

Result<Resolved> resolve_with_time(const Properties& worker, const Properties& properties) {
  bool any = std::any_of(properties.begin(), properties.end(), [](const auto& entry) { return has_variable(entry.second); });
  if (!any || get_or(worker, "config.providers", "").empty()) return Resolved{properties, std::nullopt};
  ASSIGN_OR_RETURN(auto providers, make_config_providers(worker));
  return resolve_with(providers, properties);
}

Result<Properties> resolve_variables(const Properties& worker, const Properties& properties) {
  ASSIGN_OR_RETURN(Resolved resolved, resolve_with_time(worker, properties));
  return std::move(resolved.properties);
}

Properties restore_variables(const Properties& raw, const Properties& raw_resolved, Properties resolved) {
  for (auto& [key, value] : resolved) {
    auto written = raw.find(key), known = raw_resolved.find(key);
    if (written != raw.end() && known != raw_resolved.end() && written->second != known->second && known->second == value) value = written->second;
  }
  return resolved;
}

}  // namespace bywash::config
