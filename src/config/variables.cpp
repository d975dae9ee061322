// The three providers and the replacement. Level 1.
#include "config/variables.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <regex>
#include <sstream>

#include "config/properties.h"

namespace bywash::config {
namespace {

// Gives the value of a key under a path; nullopt: it has none.
using Provider = std::function<Result<std::optional<std::string>>(const std::string& path, const std::string& key)>;

// AllowedPaths: a file outside of them is as good as not there.
bool allowed(const std::string& allowed_paths, const std::string& path) {
  if (allowed_paths.empty()) return true;
  std::filesystem::path asked = std::filesystem::path(path).lexically_normal();
  std::stringstream list(allowed_paths);
  for (std::string one; std::getline(list, one, ',');) {
    std::filesystem::path root = std::filesystem::path(std::string(trim(one))).lexically_normal();
    auto [end, rest] = std::mismatch(root.begin(), root.end(), asked.begin(), asked.end());
    if (end == root.end() || (std::next(end) == root.end() && end->empty())) return true;
  }
  return false;
}

Provider file_provider(const Properties& parameters) {
  auto files = std::make_shared<std::map<std::string, Properties>>();  // each read once for a configuration
  return [files, paths = get_or(parameters, "allowed.paths", "")](const std::string& path, const std::string& key) -> Result<std::optional<std::string>> {
    if (path.empty() || !allowed(paths, path)) return std::optional<std::string>();
    if (!files->contains(path)) {
      auto read = read_properties_file(path);
      if (!read.ok()) return Status::invalid(fmt::format("Could not read properties from file {}", path));
      (*files)[path] = *std::move(read);
    }
    auto it = (*files)[path].find(key);
    return it == (*files)[path].end() ? std::nullopt : std::optional(it->second);
  };
}

Provider directory_provider(const Properties& parameters) {
  return [paths = get_or(parameters, "allowed.paths", "")](const std::string& path, const std::string& key) -> Result<std::optional<std::string>> {
    std::error_code error;
    if (path.empty() || !allowed(paths, path) || key.find('/') != key.npos || !std::filesystem::is_regular_file(path + "/" + key, error)) return std::optional<std::string>();
    std::ifstream in(path + "/" + key, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) return Status::invalid(fmt::format("Could not read file {}/{}", path, key));
    return std::optional(text.str());
  };
}

Provider environment_provider(const Properties& parameters) {
  return [pattern = get_or(parameters, "allowlist.pattern", "")](const std::string&, const std::string& key) -> Result<std::optional<std::string>> {
    if (!pattern.empty()) {
      try {
        if (!std::regex_match(key, std::regex(pattern))) return std::optional<std::string>();
      } catch (const std::regex_error&) {
        return Status::invalid(fmt::format("Invalid value {} for configuration allowlist.pattern: it is no regular expression", pattern));
      }
    }
    const char* value = std::getenv(key.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
  };
}

Result<std::map<std::string, Provider>> make_providers(const Properties& worker) {
  std::map<std::string, Provider> out;
  ASSIGN_OR_RETURN(Parsed names, parse_value(KeyType::kList, get_or(worker, "config.providers", "")));
  if (!std::holds_alternative<List>(names)) return out;
  for (const std::string& name : std::get<List>(names)) {
    std::string class_name(trim(get_or(worker, fmt::format("config.providers.{}.class", name), "")));
    Properties parameters = with_prefix(worker, fmt::format("config.providers.{}.param.", name));
    std::string_view simple = std::string_view(class_name).substr(class_name.rfind('.') == class_name.npos ? 0 : class_name.rfind('.') + 1);
    if (simple == "FileConfigProvider") out[name] = file_provider(parameters);
    else if (simple == "DirectoryConfigProvider") out[name] = directory_provider(parameters);
    else if (simple == "EnvVarConfigProvider") out[name] = environment_provider(parameters);
    else {
      return Status::invalid(fmt::format("Invalid value {} for configuration config.providers.{}.class: there are FileConfigProvider, DirectoryConfigProvider and "
                                         "EnvVarConfigProvider of org.apache.kafka.common.config.provider", class_name, name));
    }
  }
  return out;
}

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

}  // namespace

bool has_variable(std::string_view value) { return next_variable(value, 0).has_value(); }

Result<Properties> resolve_variables(const Properties& worker, const Properties& properties) {
  bool any = std::any_of(properties.begin(), properties.end(), [](const auto& entry) { return has_variable(entry.second); });
  if (!any || get_or(worker, "config.providers", "").empty()) return properties;
  ASSIGN_OR_RETURN(auto providers, make_providers(worker));
  Properties out = properties;
  for (auto& [key, value] : out) {
    std::string text;
    size_t from = 0;
    while (auto variable = next_variable(value, from)) {
      text.append(value, from, variable->begin - from);
      std::string replacement = value.substr(variable->begin, variable->end - variable->begin);
      if (auto provider = providers.find(variable->provider); provider != providers.end()) {
        auto found = provider->second(variable->path, variable->key);
        if (!found.ok()) return found.status().with_context(fmt::format("Key '{}' has a variable of config provider '{}'", key, variable->provider));
        if (*found) replacement = **found;
      }
      text += replacement;
      from = variable->end;
    }
    if (from > 0) value = text + value.substr(from);
  }
  return out;
}

Properties restore_variables(const Properties& raw, const Properties& raw_resolved, Properties resolved) {
  for (auto& [key, value] : resolved) {
    auto written = raw.find(key), known = raw_resolved.find(key);
    if (written != raw.end() && known != raw_resolved.end() && written->second != known->second && known->second == value) value = written->second;
  }
  return resolved;
}

}  // namespace bywash::config
