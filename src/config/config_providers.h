// Config providers: where the values of variables in configurations come from (org.apache.kafka.common.config.provider.ConfigProvider and
// ConfigData, Kafka 4.3). Kafka's FileConfigProvider, DirectoryConfigProvider and EnvVarConfigProvider are here; what needs more than files
// joins under its class name. Level 1, every thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "config/config_def.h"

namespace bywash::config {

struct ProvidedValues {
  std::map<std::string, std::string> values;  // by key; what the provider has not is absent
  std::optional<Millis> good_for;             // nullopt: nothing is known of an end
};

class ConfigProvider {
 public:
  virtual ~ConfigProvider() = default;
  // The values of `keys` under a path. Error: they cannot be had now; says why for which path, never a value.
  virtual Result<ProvidedValues> get(const std::string& path, const std::set<std::string>& keys) = 0;
  // Called now and then by whoever uses values for long: what must not run out (a login) is renewed.
  virtual void tend() {}
};

using ConfigProviders = std::map<std::string, std::shared_ptr<ConfigProvider>>;  // by the name in config.providers
using MakeConfigProvider = std::function<Result<std::shared_ptr<ConfigProvider>>(const Properties& parameters)>;

// Adds a class beside Kafka's three; what it makes is kept, one for each set of parameters, with its logins. At start, before any
// configuration is read.
void add_config_provider(const std::string& class_name, MakeConfigProvider make);

// The providers that config.providers names, by config.providers.<name>.class and .param.*; a parameter of an added class may itself have
// variables of Kafka's three. Error: an unknown class, or parameters that its class refuses.
Result<ConfigProviders> make_config_providers(const Properties& worker);

// tend() of all that are kept.
void tend_config_providers();

}  // namespace bywash::config
