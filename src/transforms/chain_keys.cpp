// The keys of a connector's transforms and predicates, spliced into its definition (ConnectorConfig.EnrichablePlugin, Kafka 4.3).
// Level 4.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "config/properties.h"
#include "plugin/version_range.h"
#include "transforms/transform_chain.h"

namespace bywash::transforms {
namespace {

using config::ConfigDef;
using config::KeySpec;
using config::KeyType;
using plugin::Properties;

// What "transformation" and "predicate" differ in.
struct Kind {
  const char* list_key;    // "transforms"
  const char* group;       // "Transforms"
  const char* noun;        // "transformation"
  const char* type_label;  // "Transformation"
};
constexpr Kind kTransformKind{"transforms", "Transforms", "transformation", "Transformation"};
constexpr Kind kPredicateKind{"predicates", "Predicates", "predicate", "Predicate"};

KeySpec chain_key(std::string name, KeyType type, std::string doc) {
  KeySpec spec;
  spec.name = std::move(name);
  spec.type = type;
  spec.doc = std::move(doc);
  return spec;
}

// A type key; `unknown` words the error when the class is not one of the kind (registry and definition live for the process).
void define_type(ConfigDef* def, const Kind& kind, const std::string& alias, std::vector<std::string> classes, bool known,
                 std::function<std::string(const std::string& key, const std::string& name)> unknown) {
  KeySpec spec = chain_key(fmt::format("{}.{}.type", kind.list_key, alias), KeyType::kClass, fmt::format("Class for the '{}' {}.", alias, kind.noun));
  spec.required = true;
  spec.importance = config::Importance::kHigh;
  spec.width = config::Width::kLong;
  spec.group = fmt::format("{}: {}", kind.group, alias);
  spec.order_in_group = 0;
  spec.display_name = fmt::format("{} type for {}", kind.type_label, alias);
  spec.recommender = [classes = std::move(classes)](const Properties&) { return classes; };
  if (!known) {
    std::string key = spec.name;
    def->add_rule([key, unknown = std::move(unknown)](const Properties& properties, const auto& fail) {
      if (auto it = properties.find(key); it != properties.end()) fail(key, unknown(key, std::string(config::trim(it->second))));
    });
  }
  def->add(std::move(spec));
}

// What there is in place of a vendor's class that is not: its others, so that nobody looks for a wrong path of plugins.
std::string of_the_same_vendor(const std::string& name, const std::vector<std::string>& classes) {
  const size_t dot = name.find('.', name.find('.') + 1);
  if (dot == std::string::npos || name.starts_with("org.apache.")) return "";
  std::vector<std::string> there;
  for (const std::string& known : classes) {
    if (known.starts_with(name.substr(0, dot + 1))) there.push_back(known);
  }
  return there.empty() ? "" : fmt::format(" Of {} there are here: {}", name.substr(0, dot), fmt::join(there, ", "));
}

// Why a class name is none of the wanted kind: another kind of plugin, the abstract class of a $Key/$Value pair, or nothing at all.
std::string not_usable(const plugin::Registry& registry, const std::vector<std::string>& classes, const char* interface, const std::string& key,
                       const std::string& name) {
  std::vector<std::string> variants;
  for (const std::string& known : classes) {
    if (known.starts_with(name + "$")) variants.push_back(known);
  }
  if (!variants.empty()) return fmt::format("This class is abstract and cannot be created. Did you mean {}?", fmt::join(variants, ", "));
  if (name == fmt::format("org.apache.kafka.connect.transforms.{}{}", std::string_view(interface) == "Predicate" ? "predicates." : "", interface)) {
    return "This class is abstract and cannot be created.";
  }
  if (name == "java.lang.String" || name == "java.lang.Object" || registry.sink(name) || registry.source(name) || registry.converter(name) || registry.header_converter(name) || registry.transform(name) ||
      registry.predicate(name)) {
    return fmt::format("Class class {} does not implement the {} interface", name, interface);
  }
  return fmt::format("Invalid value {} for configuration {}: Class {} could not be found.{}", name, key, name, of_the_same_vendor(name, classes));
}

void define_version(ConfigDef* def, const Kind& kind, const std::string& alias, const plugin::PluginInfo* info, const std::string& class_name) {
  KeySpec spec = chain_key(fmt::format("{}.{}.plugin.version", kind.list_key, alias), KeyType::kString, fmt::format("Version of the '{}' {}.", alias, kind.noun));
  spec.importance = config::Importance::kHigh;
  spec.width = config::Width::kLong;
  spec.group = fmt::format("{}: {}", kind.group, alias);
  spec.order_in_group = 1;
  spec.display_name = fmt::format("{} version for {}", kind.type_label, alias);
  if (info) {
    spec.default_text = info->version;
    std::string version = info->version;
    spec.recommender = [version](const Properties&) { return std::vector<std::string>{version}; };
    std::string key = spec.name;
    std::string type_key = fmt::format("{}.{}.type", kind.list_key, alias);
    def->add_rule([key, type_key, version, class_name](const Properties& properties, const auto& fail) {
      auto it = properties.find(key);
      if (it == properties.end()) return;
      auto unmet = plugin::unmet_version(it->second, version);
      if (unmet.ok() && !*unmet) return;
      const std::string message = unmet.ok() ? plugin::version_problem(class_name, **unmet, version) : unmet.status().message();
      fail(type_key, message);
      fail(key, message);
    });
  }
  def->add(std::move(spec));
}

// ConfigDef.embed: keys in the order of ConfigDef.sortedConfigs, numbered behind the two of their group. Their validators see, and
// show, the bare names; whether a value is there and of its type is said with the whole one.
void embed_own_keys(ConfigDef* def, const ConfigDef& own, const std::string& prefix, const std::string& group) {
  std::vector<KeySpec> keys = own.keys();
  std::map<std::string, size_t> groups;
  for (const KeySpec& key : keys) groups.try_emplace(key.group, key.group.empty() ? 0 : groups.size() + 1);
  std::stable_sort(keys.begin(), keys.end(), [&](const KeySpec& a, const KeySpec& b) {
    return std::tuple(groups[a.group], !a.required, a.importance, std::string_view(a.name)) < std::tuple(groups[b.group], !b.required, b.importance, std::string_view(b.name));
  });
  ConfigDef placed;
  int order = 2;
  for (KeySpec& key : keys) {
    key.group = key.group.empty() ? group : group + ": " + key.group;
    key.order_in_group = order++;
    if (key.display_name.empty()) key.display_name = key.name;
    key.validators.clear();
    placed.add(std::move(key));
  }
  def->embed(prefix, placed);
  def->add_rule([own, start = prefix](const Properties& all, const auto& fail) {
    const Properties inner = config::with_prefix(all, start);
    std::map<std::string, size_t> said;
    for (KeySpec key : own.keys()) {
      key.validators.clear();
      said[key.name] = ConfigDef::value_of(key, inner).ok() ? 0 : 1;
    }
    for (const auto& value : own.validate(inner)) {
      for (size_t i = said[value.name]; i < value.errors.size(); ++i) fail(start + value.name, value.errors[i]);
    }
  });
}

template <class Plugins>
std::vector<std::string> class_names(const Plugins& plugins) {
  std::vector<std::string> names;
  for (const auto& p : plugins) names.insert(names.end(), p.info.class_names.begin(), p.info.class_names.end());
  std::sort(names.begin(), names.end());
  return names;
}

// The keys of a transform with those that every transform has.
ConfigDef with_condition(const ConfigDef& own) {
  ConfigDef out = own;
  KeySpec negate = chain_key("negate", KeyType::kBoolean, "Whether the configured predicate should be negated.");
  negate.default_text = "false";
  out.add(std::move(negate));
  out.add(chain_key("predicate", KeyType::kString, "The alias of a predicate used to determine whether to apply this transformation."));
  return out;
}

void check_condition(ConfigDef* def, const std::string& prefix) {
  def->add_rule([prefix](const Properties& p, const auto& fail) {
    if (p.count(prefix + "negate") && !p.count(prefix + "predicate")) {
      fail(prefix + "type", fmt::format("Config '{0}negate' was provided but there is no config '{0}predicate' defining a predicate to be negated.", prefix));
    }
  });
}

// Whether the version that is asked for is the one that is there: else the original does not look at the plugin's keys.
bool right_version(const Properties& properties, const std::string& prefix, const std::string& version) {
  auto asked = properties.find(prefix + "plugin.version");
  if (asked == properties.end()) return true;
  auto unmet = plugin::unmet_version(asked->second, version);
  return unmet.ok() && !*unmet;
}

std::string asked_class(const Properties& properties, const std::string& prefix) {
  return std::string(config::trim(config::get_or(properties, prefix + "type", "")));
}

}  // namespace

std::vector<std::string> chain_aliases(const Properties& properties, std::string_view list_key) {
  auto it = properties.find(list_key);
  if (it == properties.end()) return {};
  auto parsed = config::parse_value(KeyType::kList, it->second);
  std::vector<std::string> unique;
  if (!parsed.ok()) return unique;
  for (const std::string& alias : std::get<config::List>(*parsed)) {
    if (std::find(unique.begin(), unique.end(), alias) == unique.end()) unique.push_back(alias);
  }
  return unique;
}

void add_chain_keys(ConfigDef* def, const Properties& properties, const plugin::Registry& registry) {
  for (const std::string& alias : chain_aliases(properties, "transforms")) {
    const std::string prefix = fmt::format("transforms.{}.", alias), group = "Transforms: " + alias, asked = asked_class(properties, prefix);
    const plugin::TransformPlugin* found = registry.transform(asked);
    const auto classes = class_names(registry.transforms());
    define_type(def, kTransformKind, alias, classes, found || !properties.contains(prefix + "type"), [&registry, classes](const std::string& key, const std::string& name) {
      return not_usable(registry, classes, "Transformation", key, name);
    });
    define_version(def, kTransformKind, alias, found ? &found->info : nullptr, found ? plugin::canonical_class(found->info, asked) : "");
    if (!found || !right_version(properties, prefix, found->info.version)) continue;
    embed_own_keys(def, with_condition(found->def), prefix, group);
    check_condition(def, prefix);
  }
  for (const std::string& alias : chain_aliases(properties, "predicates")) {
    const std::string prefix = fmt::format("predicates.{}.", alias), asked = asked_class(properties, prefix);
    const plugin::PredicatePlugin* found = registry.predicate(asked);
    const auto classes = class_names(registry.predicates());
    define_type(def, kPredicateKind, alias, classes, found || !properties.contains(prefix + "type"), [&registry, classes](const std::string& key, const std::string& name) {
      return not_usable(registry, classes, "Predicate", key, name);
    });
    define_version(def, kPredicateKind, alias, found ? &found->info : nullptr, found ? plugin::canonical_class(found->info, asked) : "");
    if (found && right_version(properties, prefix, found->info.version)) embed_own_keys(def, found->def, prefix, "Predicates: " + alias);
  }
  for (const char* list : {"transforms", "predicates"}) {
    def->add_rule([list = std::string(list)](const Properties& p, const auto& fail) {
      auto it = p.find(list);
      if (it == p.end()) return;
      auto parsed = config::parse_value(KeyType::kList, it->second);
      if (!parsed.ok()) return;
      const auto& all = std::get<config::List>(*parsed);
      if (std::set<std::string>(all.begin(), all.end()).size() == all.size()) return;
      fail(list, fmt::format("Invalid value [{}] for configuration {}: Duplicate alias provided.", fmt::join(all, ", "), list));
    });
  }
}

}  // namespace bywash::transforms
