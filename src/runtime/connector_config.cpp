// Validation of connector configurations (org.apache.kafka.connect.runtime.AbstractHerder.validateConnectorConfig, Kafka 4.3). Level 7.
#include "runtime/connector_config.h"

#include <algorithm>
#include <mutex>

#include "config/java_order.h"
#include "config/properties.h"
#include "config/variables.h"
#include "plugin/exactly_once.h"
#include "plugin/version_range.h"
#include "runtime/client_overrides.h"
#include "runtime/connector_keys.h"
#include "transforms/java_regex.h"
#include "transforms/transform_chain.h"

namespace bywash::runtime {
namespace {

using config::ConfigDef;
using config::ConfigValue;
using config::KeySpec;
using config::KeyType;
using config::Properties;

bool looks_secret(std::string_view key) {
  for (std::string_view word : {"password", "passwd", "secret", "sasl.jaas.config", "keystore.key", "credentials", "token", "user.info", "private.key"}) {
    if (key.find(word) != key.npos) return true;
  }
  return false;
}

// "{a=b, name=x}" as Java prints a copy of a map; what looks like a secret is not shown.
std::string java_map(const ConnectorProperties& properties) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : properties) keys.push_back(key);
  std::string out = "{";
  for (const std::string& key : config::java_hash_order(std::move(keys), config::java_copy_capacity(properties.size()))) {
    const auto& value = properties.at(key);
    out += fmt::format("{}{}={}", out.size() > 1 ? ", " : "", key, !value ? "null" : looks_secret(key) ? std::string(config::kHidden) : *value);
  }
  return out + "}";
}

Status no_type(const ConnectorProperties& properties) { return Status::invalid(fmt::format("Connector config {} contains no connector type", java_map(properties))); }

// What the original says of a class that it cannot make a connector of, each time after the first: it keeps the failure, and wraps it then
// (CachedConnectors).
Status kept_failure(const std::string& class_name, const std::string& first) {
  constexpr size_t kNamesMax = 1000;
  static std::mutex mutex;
  static std::set<std::string> names;
  std::lock_guard lock(mutex);
  const bool known = names.contains(class_name);
  if (names.size() < kNamesMax) names.insert(class_name);
  return Status::invalid(known ? "org.apache.kafka.connect.errors.ConnectException: " + first : first);
}

template <class Plugins>
std::vector<std::string> known_classes(const Plugins& plugins) {
  std::vector<std::string> out;
  for (const auto& plugin : plugins) out.push_back(plugin::canonical_class(plugin.info, ""));
  return out;
}

// Which class a converter key means, and whether it exists.
struct Converter {
  std::string class_name;
  std::string version;
  const ConfigDef* def = nullptr;  // null: not found
  bool exists_otherwise = false;   // it is a plugin, but of another kind
  int copies = 1;                  // listed as converter and header converter
};

// Classes of the JVM itself count as there, too.
bool is_plugin(const plugin::Registry& r, std::string_view name) {
  return name == "java.lang.String" || name == "java.lang.Object" || r.sink(name) || r.source(name) || r.converter(name) || r.header_converter(name) || r.transform(name) || r.predicate(name);
}

Converter find_converter(const plugin::Registry& registry, const std::string& name, bool header) {
  Converter out;
  out.class_name = name;
  const plugin::PluginInfo* info = nullptr;
  const auto* as_converter = registry.converter(name);
  const auto* as_header = registry.header_converter(name);
  if (header && as_header) { info = &as_header->info; out.def = &as_header->def; }
  if (!header && as_converter) { info = &as_converter->info; out.def = &as_converter->def; }
  if (info) {
    out.class_name = plugin::canonical_class(*info, name);
    out.version = info->version;
    out.copies = as_converter && as_header ? 2 : 1;
  } else {
    out.exists_otherwise = is_plugin(registry, name);
  }
  return out;
}

// The work of one validation.
class Validation {
 public:
  Validation(const Properties& properties, const WorkerConfig& worker, const plugin::Registry& registry, Reach reach)
      : properties_(properties), worker_(worker), registry_(registry), reach_(reach) {}

  Result<ConfigReport> run() {
    auto given = properties_.find("connector.class");
    if (given == properties_.end()) return no_type({properties_.begin(), properties_.end()});
    std::string asked(config::trim(given->second));
    auto plugin = find_connector(registry_, asked);
    if (!plugin) {
      auto known = known_classes(registry_.sinks());
      for (auto& name : known_classes(registry_.sources())) known.push_back(std::move(name));
      if (asked.starts_with("org.apache.kafka.connect.") && asked.ends_with("Connector") && cannot_be_made(registry_, asked)) return Status::invalid("Instantiation error");
      return kept_failure(given->second, fmt::format("Failed to find any class that implements Connector and which name matches {}, available connectors are: {}", given->second, fmt::join(known, ", ")));
    }
    report_.name = given->second;
    ASSIGN_OR_RETURN(auto range, unmet("connector.plugin.version", plugin->info->version));
    declare(*plugin, !range);
    add_values(def_.validate(properties_), def_);
    fix_version(plugin->class_name, range, plugin->info->version);
    fix_classes();
    if (!range) {
      plugin->kind == ConnectorKind::kSink ? check_sink() : check_source();
      if (plugin->kind == ConnectorKind::kSink) check_group();
      validate_plugin(*plugin, asked);
      ASSIGN_OR_RETURN(auto overrides, client_override_keys(worker_, plugin->kind, properties_));
      for (ReportedKey& key : overrides) report_.keys.push_back(std::move(key));
      for (const char* role : {"header", "key", "value"}) add_converter_keys(role);
    }
    collect_groups();
    return std::move(report_);
  }

 private:
  // The range that a version key asks for and the version is not in.
  Result<std::optional<std::string>> unmet(const std::string& key, const std::string& version) const {
    auto given = properties_.find(key);
    return given == properties_.end() ? Result<std::optional<std::string>>(std::nullopt) : plugin::unmet_version(given->second, version);
  }

  // The definition of all keys but the plugin's own.
  void declare(const ConnectorPlugin& plugin, bool loadable) {
    ConnectorDefaults defaults;
    defaults.connector_version = plugin.info->version;
    if (loadable) {
      defaults.key = converter_default("key.converter", worker_.key_converter, false);
      defaults.value = converter_default("value.converter", worker_.value_converter, false);
      defaults.header = converter_default("header.converter", worker_.header_converter, true);
    }
    add_common_keys(&def_, defaults, registry_);
    if (!loadable) return;
    plugin.kind == ConnectorKind::kSink ? add_sink_keys(&def_) : add_source_keys(&def_);
    transforms::add_chain_keys(&def_, properties_, registry_);
  }

  ConnectorDefaults::Converter converter_default(const std::string& key, const std::string& of_worker, bool header) {
    ConnectorDefaults::Converter out;
    out.class_name = find_converter(registry_, of_worker, header).class_name;
    Converter used = find_converter(registry_, config::get_or(properties_, key, of_worker), header);
    out.version = used.version;
    out.known = used.def || used.exists_otherwise;
    return out;
  }

  void add_values(std::vector<ConfigValue> values, const ConfigDef& def) {
    for (ConfigValue& value : values) {
      const KeySpec* key = def.find(value.name);
      if (key && key->internal) continue;
      if (key) {
        report_.keys.push_back({*key, std::move(value)});
      } else {
        // A rule complained about a key that is not declared here: Connect lists those first.
        report_.keys.insert(report_.keys.begin(), {std::nullopt, std::move(value)});
      }
    }
  }

  ReportedKey* find(std::string_view name) {
    for (ReportedKey& key : report_.keys) {
      if (key.value.name == name) return &key;
    }
    return nullptr;
  }
  void fail(std::string_view name, std::string message) {
    if (ReportedKey* key = find(name)) key->value.errors.push_back(std::move(message));
  }

  void fix_version(const std::string& class_name, const std::optional<std::string>& range, const std::string& version) {
    if (!range) return;
    std::string problem = plugin::version_problem(class_name, *range, version);
    fail("connector.class", problem);
    fail("connector.plugin.version", problem);
  }

  // Class keys show the full class name; one that does not exist shows null, one of another kind says so.
  void fix_classes() {
    for (const char* name : {"key.converter", "value.converter", "header.converter"}) fix_converter(name, std::string_view(name) == "header.converter");
    for (ReportedKey& key : report_.keys) {
      std::string_view name = key.value.name;
      if (!key.definition || key.definition->type != KeyType::kClass || !key.value.value || !name.ends_with(".type")) continue;
      if (name.starts_with("transforms.")) fix_link(key, registry_.transform(*key.value.value), "Transformation");
      if (name.starts_with("predicates.")) fix_link(key, registry_.predicate(*key.value.value), "Predicate");
    }
  }

  template <class Plugin>
  void fix_link(ReportedKey& key, const Plugin* plugin, std::string_view interface_name) {
    const std::string asked = *key.value.value;
    if (plugin) {
      key.value.value = plugin::canonical_class(plugin->info, asked);
      // A version that is not there blames both keys.
      std::string version_key = key.value.name.substr(0, key.value.name.size() - 4) + "plugin.version";
      if (ReportedKey* version = find(version_key); version && !version->value.errors.empty()) key.value.errors = version->value.errors;
      return;
    }
    std::vector<std::string> variants;
    for (const auto& each : registry_.transforms()) {
      for (const auto& full : each.info.class_names) {
        if (full.starts_with(asked + "$")) variants.push_back(full);
      }
    }
    std::sort(variants.begin(), variants.end());
    if (!variants.empty() && interface_name == "Transformation") {
      key.value.errors = {fmt::format("This class is abstract and cannot be created. Did you mean {}?", fmt::join(variants, ", "))};
    } else if (asked == fmt::format("org.apache.kafka.connect.transforms.{}{}", interface_name == "Predicate" ? "predicates." : "", interface_name)) {
      key.value.errors = {"This class is abstract and cannot be created."};
    } else if (is_plugin(registry_, asked)) {
      key.value.errors = {fmt::format("Class class {} does not implement the {} interface", asked, interface_name)};
    } else {
      key.value.value.reset();
    }
  }

  void fix_converter(const std::string& name, bool header) {
    ReportedKey* key = find(name);
    if (!key || !key->value.value) return;
    const std::string asked = *key->value.value;
    Converter found = find_converter(registry_, asked, header);
    if (!found.def) {
      if (asked == (header ? "org.apache.kafka.connect.storage.HeaderConverter" : "org.apache.kafka.connect.storage.Converter")) {
        key->value.errors.emplace_back("This class is abstract and cannot be created.");
      } else if (found.exists_otherwise) {
        key->value.errors.push_back(fmt::format("Class class {} does not implement the {} interface", asked, header ? "HeaderConverter" : "Converter"));
      } else {
        key->value.errors.push_back(fmt::format("Invalid value {} for configuration {}: Class {} could not be found.", asked, name, asked));
        key->value.value.reset();
      }
      return;
    }
    key->value.value = found.class_name;
    // The original looks at the version of a converter only where the connector names it.
    if (!properties_.contains(name)) return;
    auto range = unmet(name + ".plugin.version", found.version);
    if (!range.ok() || *range) {
      std::string problem = range.ok() ? plugin::version_problem(found.class_name, **range, found.version, found.copies) : range.status().message();
      fail(name, problem);
      fail(name + ".plugin.version", problem);
    }
  }

  // SinkConnectorConfig.validate.
  void check_sink() {
    std::string topics(config::trim(config::get_or(properties_, "topics", "")));
    std::string regex(config::trim(config::get_or(properties_, "topics.regex", "")));
    std::string dlq(config::trim(config::get_or(properties_, "errors.deadletterqueue.topic.name", "")));
    if (!topics.empty() && !regex.empty()) {
      for (const char* key : {"topics", "topics.regex"}) fail(key, "topics and topics.regex are mutually exclusive options, but both are set.");
    }
    if (topics.empty() && regex.empty()) {
      for (const char* key : {"topics", "topics.regex"}) fail(key, "Must configure one of topics or topics.regex");
    }
    if (dlq.empty()) return;
    config::List list;
    if (auto parsed = config::parse_value(KeyType::kList, topics); parsed.ok()) list = std::get<config::List>(*parsed);
    if (std::find(list.begin(), list.end(), dlq) != list.end()) {
      fail("topics", fmt::format("The DLQ topic '{}' may not be included in the list of topics ('topics=[{}]') consumed by the connector", dlq, fmt::join(list, ", ")));
    }
    if (regex.empty()) return;
    auto pattern = transforms::JavaRegex::compile(regex);
    if (!pattern.ok()) return;
    auto matches = pattern->matches(dlq);
    if (matches.ok() && *matches) {
      fail("topics.regex", fmt::format("The DLQ topic '{}' may not be matched by the regex for the topics ('topics.regex={}') consumed by the connector", dlq, regex));
    }
  }

  void check_source() {
    auto given = [this](const char* key) {
      std::string text(config::trim(config::get_or(properties_, key, "")));
      for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      return text;
    };
    // A standalone worker looks at none of these (DistributedHerder.validateSourceConnectorConfig).
    const bool of_cluster = worker_.all.contains("config.storage.topic");
    if (of_cluster && given("exactly.once.support") == "required") check_exactly_once();
    if (of_cluster && given("transaction.boundary") == "connector") {
      fail("transaction.boundary", "The connector does not support connector-defined transaction boundaries with the given configuration. "
                                   "Please reconfigure it to use a different transaction boundary definition.");
    }
    auto groups = config::parse_value(KeyType::kList, config::get_or(properties_, "topic.creation.groups", ""));
    if (!groups.ok()) return;
    const auto& list = std::get<config::List>(*groups);
    if (std::set<std::string>(list.begin(), list.end()).size() != list.size()) {
      fail("topic.creation.groups", fmt::format("Invalid value [{}] for configuration topic.creation.groups: Duplicate alias provided.", fmt::join(list, ", ")));
    }
  }

  // DistributedHerder.validateExactlyOnceConfigs.
  void check_exactly_once() {
    if (!worker_.exactly_once_sources) fail("exactly.once.support", "This worker does not have exactly-once source support enabled.");
    const plugin::SourcePlugin* source = registry_.source(config::trim(config::get_or(properties_, "connector.class", "")));
    if (!source || !source->make) return;
    auto task = source->make(properties_);
    if (!task.ok()) return;  // its own keys say what is wrong
    const auto* resumes = dynamic_cast<const plugin::ResumesExactly*>(task->get());
    if (!resumes) {
      fail("exactly.once.support", "The connector does not implement the API required for preflight validation of exactly-once source support. Please consult the "
                                   "documentation for the connector to determine whether it supports exactly-once semantics, and then consider reconfiguring the "
                                   "connector to use the value \"requested\" for this property (which will disable this preflight check and allow the connector to be created).");
    } else if (!resumes->resumes_exactly()) {
      fail("exactly.once.support", "The connector does not support exactly-once semantics with the provided configuration.");
    }
  }

  // DistributedHerder.validateSinkConnectorGroupId.
  void check_group() {
    const std::string worker_group = config::get_or(worker_.all, "group.id", "");
    if (worker_group.empty() || !worker_.all.contains("config.storage.topic")) return;
    constexpr std::string_view kOverride = "consumer.override.group.id";
    if (auto given = properties_.find(kOverride); given != properties_.end()) {
      ConfigValue value;
      value.name = kOverride;
      value.value = given->second;
      if (given->second == worker_group) value.errors.push_back(fmt::format("Consumer group {} conflicts with Connect worker group {}", given->second, worker_group));
      report_.keys.insert(report_.keys.begin(), {std::nullopt, std::move(value)});
    } else if (std::string name = config::get_or(properties_, "name", ""); "connect-" + name == worker_group) {
      fail("name", fmt::format("Consumer group for sink connector named {} conflicts with Connect worker group {}", name, worker_group));
    }
  }

  // The plugin's own keys and checks. Its checks see its own values only.
  void validate_plugin(const ConnectorPlugin& plugin, const std::string& asked) {
    std::vector<ConfigValue> values = plugin.def->validate(properties_);
    bool sound = std::all_of(values.begin(), values.end(), [](const ConfigValue& v) { return v.errors.empty(); });
    const auto& more = plugin.kind == ConnectorKind::kSink ? registry_.sink(asked)->validate : registry_.source(asked)->validate;
    // Connecting somewhere makes sense only with values that are sound.
    if (more && sound && reach_ == Reach::kRemote) more(properties_, &values);
    for (ConfigValue& value : values) {
      // A key that every connector has and the plugin declares again: its errors go there.
      if (ReportedKey* common = find(value.name)) {
        for (auto& error : value.errors) {
          auto& have = common->value.errors;
          if (std::find(have.begin(), have.end(), error) == have.end()) have.push_back(std::move(error));
        }
        continue;
      }
      std::vector<ConfigValue> one;
      one.push_back(std::move(value));
      add_values(std::move(one), *plugin.def);
    }
  }

  // Keys of a converter that the connector names itself, in the order of ConfigDef.validate's map.
  void add_converter_keys(const std::string& role) {
    std::string key = role + ".converter";
    auto given = properties_.find(key);
    if (given == properties_.end()) return;
    Converter converter = find_converter(registry_, std::string(config::trim(given->second)), role == "header");
    ReportedKey* reported = find(key);
    if (!converter.def || !reported || !reported->value.errors.empty()) return;
    Properties own = config::with_prefix(properties_, key + ".");
    own.erase("plugin.version");
    own.emplace("converter.type", role);
    std::map<std::string, ReportedKey> found;
    std::vector<std::string> names;
    for (ConfigValue& value : converter.def->validate(own)) {
      const KeySpec* spec = converter.def->find(value.name);
      if (!spec || spec->internal) continue;
      ReportedKey out{*spec, std::move(value)};
      out.definition->name = out.value.name = key + "." + spec->name;
      if (out.definition->display_name.empty()) out.definition->display_name = spec->name;
      for (auto& dependent : out.definition->dependents) dependent = key + "." + dependent;
      names.push_back(spec->name);
      found.emplace(spec->name, std::move(out));
    }
    for (const std::string& name : config::java_hash_order(std::move(names))) report_.keys.push_back(std::move(found.at(name)));
  }

  void collect_groups() {
    for (const ReportedKey& key : report_.keys) {
      if (!key.definition || key.definition->group.empty()) continue;
      if (std::find(report_.groups.begin(), report_.groups.end(), key.definition->group) == report_.groups.end()) report_.groups.push_back(key.definition->group);
    }
  }

  const Properties& properties_;
  const WorkerConfig& worker_;
  const plugin::Registry& registry_;
  const Reach reach_;
  ConfigDef def_;
  ConfigReport report_;
};

}  // namespace

Status check_names_class(const ConnectorProperties& properties) {
  auto given = properties.find("connector.class");
  return given == properties.end() || !given->second ? no_type(properties) : Status();
}

Properties without_nulls(const ConnectorProperties& properties) {
  Properties out;
  for (const auto& [key, value] : properties) {
    if (value) out.emplace(key, *value);
  }
  return out;
}

int ConfigReport::error_count() const {
  int count = 0;
  for (const ReportedKey& key : keys) count += static_cast<int>(key.value.errors.size());
  return count;
}

Status ConfigReport::problems() const {
  if (error_count() == 0) return {};
  std::string text = fmt::format("Connector configuration is invalid and contains the following {} error(s):", error_count());
  for (const ReportedKey& key : keys) {
    for (const std::string& error : key.value.errors) text += "\n" + error;
  }
  return Status::invalid(text + "\nYou can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`");
}

std::set<std::string> ConfigReport::secret_keys(const Properties& properties) const {
  std::set<std::string> out;
  for (const ReportedKey& key : keys) {
    if (key.definition && key.definition->secret()) out.insert(key.value.name);
  }
  for (const auto& [given, value] : properties) {
    bool declared = std::any_of(keys.begin(), keys.end(), [&](const ReportedKey& k) { return k.definition && k.value.name == given; });
    if (!declared && looks_secret(given)) out.insert(given);
  }
  return out;
}

std::vector<std::string> ConfigReport::unknown_key_warnings(const Properties& properties) const {
  ConfigDef all;
  for (const ReportedKey& key : keys) {
    if (key.definition) all.add(*key.definition);
  }
  Properties closed;
  for (const auto& [given, value] : properties) {
    bool open = std::any_of(open_prefixes().begin(), open_prefixes().end(), [&](const std::string& p) { return given.starts_with(p); });
    if (!open) closed.emplace(given, value);
  }
  return all.unknown_key_warnings(closed, {});
}

namespace {

// What a provider gave shows up nowhere: the variable stands for it, in values and in messages.
void hide_resolved(const Properties& raw, const Properties& resolved, ConfigReport* report) {
  for (const auto& [key, value] : resolved) {
    const std::string& written = raw.at(key);
    if (written == value) continue;
    for (ReportedKey& reported : report->keys) {
      if (reported.value.name == key && reported.value.value && *reported.value.value != config::kHidden) reported.value.value = written;
      for (std::string& error : reported.value.errors) {
        for (size_t at = 0; !value.empty() && (at = error.find(value, at)) != error.npos; at += written.size()) error.replace(at, value.size(), written);
      }
    }
  }
}

}  // namespace

Result<ConfigReport> validate_connector(const Properties& properties, const WorkerConfig& worker, const plugin::Registry& registry, Reach reach) {
  ASSIGN_OR_RETURN(Properties resolved, config::resolve_variables(worker.all, properties));
  ASSIGN_OR_RETURN(ConfigReport report, Validation(resolved, worker, registry, reach).run());
  hide_resolved(properties, resolved, &report);
  return report;
}

namespace {

// What the validators of a key say of a null.
std::vector<std::string> validators_about_null(const ReportedKey& key) {
  if (!key.definition) return {};
  if (key.value.name == "transforms" || key.value.name == "predicates") return {fmt::format("Invalid value null for configuration {}: entry must be non null", key.value.name)};
  ConfigDef missing;
  KeySpec& spec = missing.add(*key.definition);
  spec.required = true;
  std::vector<std::string> errors = missing.validate({})[0].errors;
  std::erase_if(errors, [](const std::string& error) { return error.starts_with("Missing required configuration "); });
  return errors;
}

}  // namespace

void report_nulls(const ConnectorProperties& given, const plugin::Registry& registry, ConfigReport* report) {
  auto of_class = given.find("connector.class");
  auto plugin = find_connector(registry, of_class == given.end() || !of_class->second ? std::string_view() : config::trim(*of_class->second));
  ConfigDef common;
  add_common_keys(&common, {}, registry);
  for (const auto& [key, value] : given) {
    if (value) continue;
    auto reported = std::find_if(report->keys.begin(), report->keys.end(), [&, name = std::string_view(key)](const ReportedKey& each) { return each.value.name == name; });
    if (reported != report->keys.end()) {
      std::erase_if(reported->value.errors, [](const std::string& error) { return error.starts_with("Missing required configuration "); });
      reported->value.value.reset();
      const std::vector<std::string> about_null = validators_about_null(*reported);
      reported->value.errors.insert(reported->value.errors.begin(), about_null.begin(), about_null.end());
      if (key.ends_with(".converter")) {
        auto version = std::find_if(report->keys.begin(), report->keys.end(), [&](const ReportedKey& each) { return each.value.name == key + ".plugin.version"; });
        if (version != report->keys.end()) version->value.visible = false;
      }
    }
    if (plugin && plugin->def->find(key) && !common.find(key)) continue;
    if (reported == report->keys.end()) {
      reported = report->keys.insert(report->keys.begin(), ReportedKey{});
      reported->value.name = key;
    }
    reported->value.errors.emplace_back("Null value can not be supplied as the configuration value.");
  }
}

std::string_view to_string(TargetState state) {
  return state == TargetState::kStarted ? "RUNNING" : state == TargetState::kPaused ? "PAUSED" : "STOPPED";
}

bool parse_target_state(std::string_view text, TargetState* out) {
  std::string upper(text);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  for (TargetState state : {TargetState::kStarted, TargetState::kPaused, TargetState::kStopped}) {
    if (upper == to_string(state)) {
      *out = state;
      return true;
    }
  }
  return false;
}

ConnectorProperties masked(const ConnectorProperties& properties, const std::set<std::string>& secret_keys) {
  ConnectorProperties out = properties;
  for (auto& [key, value] : out) {
    if (value && !value->empty() && secret_keys.contains(key)) value = std::string(config::kHidden);
  }
  return out;
}

void unmask(ConnectorProperties* incoming, const ConnectorProperties& stored, const std::set<std::string>& secret_keys) {
  for (auto& [key, value] : *incoming) {
    if (!value || *value != config::kHidden || !secret_keys.contains(key)) continue;
    if (auto it = stored.find(key); it != stored.end()) value = it->second;
  }
}

}  // namespace bywash::runtime
