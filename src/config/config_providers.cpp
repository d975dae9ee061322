// Kafka's three providers, and the ones that were added. Level 1.
#include "config/config_providers.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <regex>
#include <sstream>

#include "config/properties.h"
#include "config/variables.h"

namespace bywash::config {
namespace {

constexpr std::string_view kKafkaPackage = "org.apache.kafka.common.config.provider.";

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

// Values from files, as far as allowed.paths lets it.
class PathProvider : public ConfigProvider {
 public:
  explicit PathProvider(const Properties& parameters) : paths_(get_or(parameters, "allowed.paths", "")) {}
  Result<ProvidedValues> get(const std::string& path, const std::set<std::string>& keys) final {
    return path.empty() || !allowed(paths_, path) ? ProvidedValues() : read(path, keys);
  }

 private:
  virtual Result<ProvidedValues> read(const std::string& path, const std::set<std::string>& keys) const = 0;
  const std::string paths_;
};

class FileProvider final : public PathProvider {
 public:
  using PathProvider::PathProvider;

 private:
  Result<ProvidedValues> read(const std::string& path, const std::set<std::string>& keys) const override {
    auto properties = read_properties_file(path);
    if (!properties.ok()) return Status::invalid(fmt::format("Could not read properties from file {}", path));
    ProvidedValues out;
    for (const std::string& key : keys) {
      if (auto it = properties->find(key); it != properties->end()) out.values[key] = it->second;
    }
    return out;
  }
};

class DirectoryProvider final : public PathProvider {
 public:
  using PathProvider::PathProvider;

 private:
  Result<ProvidedValues> read(const std::string& path, const std::set<std::string>& keys) const override {
    ProvidedValues out;
    for (const std::string& key : keys) {
      std::error_code error;
      if (key.find('/') != key.npos || !std::filesystem::is_regular_file(path + "/" + key, error)) continue;
      std::ifstream in(path + "/" + key, std::ios::binary);
      std::ostringstream text;
      text << in.rdbuf();
      if (!in) return Status::invalid(fmt::format("Could not read file {}/{}", path, key));
      out.values[key] = text.str();
    }
    return out;
  }
};

class EnvironmentProvider : public ConfigProvider {
 public:
  explicit EnvironmentProvider(const Properties& parameters) : pattern_(get_or(parameters, "allowlist.pattern", "")) {}
  Result<ProvidedValues> get(const std::string&, const std::set<std::string>& keys) override {
    ProvidedValues out;
    for (const std::string& key : keys) {
      if (!pattern_.empty()) {
        try {
          if (!std::regex_match(key, std::regex(pattern_))) continue;
        } catch (const std::regex_error&) {
          return Status::invalid(fmt::format("Invalid value {} for configuration allowlist.pattern: it is no regular expression", pattern_));
        }
      }
      if (const char* value = std::getenv(key.c_str())) out.values[key] = value;
    }
    return out;
  }

 private:
  const std::string pattern_;
};

std::shared_ptr<ConfigProvider> kafkas_own(std::string_view class_name, const Properties& parameters) {
  std::string_view simple = class_name.starts_with(kKafkaPackage) ? class_name.substr(kKafkaPackage.size()) : class_name;
  if (simple == "FileConfigProvider") return std::make_shared<FileProvider>(parameters);
  if (simple == "DirectoryConfigProvider") return std::make_shared<DirectoryProvider>(parameters);
  if (simple == "EnvVarConfigProvider") return std::make_shared<EnvironmentProvider>(parameters);
  return nullptr;
}

// What was added, and what was made of it.
struct AddedProviders {
  std::mutex mutex;
  std::map<std::string, MakeConfigProvider> classes;
  std::map<std::pair<std::string, Properties>, std::shared_ptr<ConfigProvider>> kept;
};
AddedProviders& added_providers() {
  static AddedProviders all;
  return all;
}

Result<std::shared_ptr<ConfigProvider>> added_provider(const std::string& name, const std::string& class_name, const Properties& parameters) {
  AddedProviders& all = added_providers();
  MakeConfigProvider make;
  {
    std::lock_guard lock(all.mutex);
    if (auto it = all.kept.find({class_name, parameters}); it != all.kept.end()) return it->second;
    if (auto it = all.classes.find(class_name); it != all.classes.end()) {
      make = it->second;
    } else {
      std::string known;
      for (const auto& [each, unused] : all.classes) known += ", " + each;
      return Status::invalid(fmt::format("Invalid value {} for configuration config.providers.{}.class: there are FileConfigProvider, DirectoryConfigProvider and "
                                         "EnvVarConfigProvider of org.apache.kafka.common.config.provider{}", class_name, name, known));
    }
  }
  auto made = make(parameters);
  if (!made.ok()) return made.status().with_context(fmt::format("config.providers.{}.param", name));
  std::lock_guard lock(all.mutex);
  return all.kept.try_emplace({class_name, parameters}, *std::move(made)).first->second;
}

}  // namespace

void add_config_provider(const std::string& class_name, MakeConfigProvider make) {
  AddedProviders& all = added_providers();
  std::lock_guard lock(all.mutex);
  all.classes[class_name] = std::move(make);
}

Result<ConfigProviders> make_config_providers(const Properties& worker) {
  ConfigProviders out;
  ASSIGN_OR_RETURN(Parsed names, parse_value(KeyType::kList, get_or(worker, "config.providers", "")));
  if (!std::holds_alternative<List>(names)) return out;
  std::vector<std::pair<std::string, std::string>> others;
  for (const std::string& name : std::get<List>(names)) {
    std::string class_name(trim(get_or(worker, fmt::format("config.providers.{}.class", name), "")));
    auto own = kafkas_own(class_name, with_prefix(worker, fmt::format("config.providers.{}.param.", name)));
    if (own) out[name] = std::move(own);
    else others.emplace_back(name, std::move(class_name));
  }
  const ConfigProviders kafkas = out;
  for (const auto& [name, class_name] : others) {
    ASSIGN_OR_RETURN(Resolved parameters, resolve_with(kafkas, with_prefix(worker, fmt::format("config.providers.{}.param.", name))));
    ASSIGN_OR_RETURN(out[name], added_provider(name, class_name, parameters.properties));
  }
  return out;
}

void tend_config_providers() {
  std::vector<std::shared_ptr<ConfigProvider>> all;
  {
    std::lock_guard lock(added_providers().mutex);
    for (const auto& [unused, provider] : added_providers().kept) all.push_back(provider);
  }
  for (const auto& provider : all) provider->tend();
}

}  // namespace bywash::config
