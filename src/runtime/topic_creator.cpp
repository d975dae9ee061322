// Groups of topics and their settings. Level 7.
#include "runtime/topic_creator.h"

#include <algorithm>

#include "base/log.h"
#include "config/properties.h"

namespace bywash::runtime {
namespace {

constexpr int kCreateTimeoutMs = 30000;
constexpr std::string_view kDefaultGroup = "default";

Result<std::vector<transforms::JavaRegex>> patterns_of(const config::Properties& group, const std::string& name, const char* key) {
  std::vector<transforms::JavaRegex> out;
  ASSIGN_OR_RETURN(config::Parsed list, config::parse_value(config::KeyType::kList, config::get_or(group, key, "")));
  if (!std::holds_alternative<config::List>(list)) return out;
  for (const std::string& text : std::get<config::List>(list)) {
    auto pattern = transforms::JavaRegex::compile(text);
    if (!pattern.ok()) return Status::invalid(fmt::format("Invalid value {} for configuration topic.creation.{}.{}: {}", text, name, key, pattern.status().message()));
    out.push_back(*std::move(pattern));
  }
  return out;
}

Result<int> number_of(const config::Properties& group, const std::string& name, const char* key, int fallback) {
  auto it = group.find(key);
  if (it == group.end()) return fallback;
  auto parsed = config::parse_value(config::KeyType::kInt, it->second);
  if (!parsed.ok()) return Status::invalid(fmt::format("Invalid value {} for configuration topic.creation.{}.{}: {}", it->second, name, key, parsed.status().message()));
  int64_t value = std::get<int64_t>(*parsed);
  if (value < -1 || value == 0) {
    return Status::invalid(fmt::format("Invalid value {} for configuration topic.creation.{}.{}: Value must be positive, or -1 to use the broker's default", value, name, key));
  }
  return static_cast<int>(value);
}

}  // namespace

bool TopicCreator::Group::takes(const std::string& topic) const {
  auto any = [&](const std::vector<transforms::JavaRegex>& patterns) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const transforms::JavaRegex& pattern) {
      auto matches = pattern.matches(topic);
      return matches.ok() && *matches;
    });
  };
  return name == kDefaultGroup || (any(include) && !any(exclude));
}

Result<TopicCreator::Group> TopicCreator::read_group(const config::Properties& connector, const std::string& name, const Group* defaults) {
  config::Properties keys = config::with_prefix(connector, fmt::format("topic.creation.{}.", name));
  Group out;
  out.name = name;
  ASSIGN_OR_RETURN(out.include, patterns_of(keys, name, "include"));
  ASSIGN_OR_RETURN(out.exclude, patterns_of(keys, name, "exclude"));
  ASSIGN_OR_RETURN(out.partitions, number_of(keys, name, "partitions", defaults ? defaults->partitions : -1));
  ASSIGN_OR_RETURN(out.replication_factor, number_of(keys, name, "replication.factor", defaults ? defaults->replication_factor : -1));
  for (const auto& [key, value] : keys) {
    if (key != "include" && key != "exclude" && key != "partitions" && key != "replication.factor") out.configs[key] = value;
  }
  return out;
}

Result<std::unique_ptr<TopicCreator>> TopicCreator::make(const config::Properties& connector, config::Properties admin) {
  std::unique_ptr<TopicCreator> out;
  if (!connector.contains("topic.creation.default.replication.factor") || !connector.contains("topic.creation.default.partitions")) return out;
  out = std::make_unique<TopicCreator>();
  ASSIGN_OR_RETURN(Group defaults, read_group(connector, std::string(kDefaultGroup), nullptr));
  ASSIGN_OR_RETURN(config::Parsed names, config::parse_value(config::KeyType::kList, config::get_or(connector, "topic.creation.groups", "")));
  if (std::holds_alternative<config::List>(names)) {
    for (const std::string& name : std::get<config::List>(names)) {
      if (name == kDefaultGroup) continue;
      ASSIGN_OR_RETURN(Group group, read_group(connector, name, &defaults));
      out->groups_.push_back(std::move(group));
    }
  }
  out->groups_.push_back(std::move(defaults));
  out->admin_properties_ = std::move(admin);
  return out;
}

kafka::NewTopic TopicCreator::plan(const std::string& topic) const {
  auto group = std::find_if(groups_.begin(), groups_.end(), [&](const Group& each) { return each.takes(topic); });
  return {topic, group->partitions, group->replication_factor, group->configs};
}

Status TopicCreator::ensure(const std::string& topic) {
  if (there_.contains(topic)) return {};
  if (!admin_) {
    ASSIGN_OR_RETURN(admin_, kafka::Admin::make(admin_properties_));
  }
  ASSIGN_OR_RETURN(auto topics, admin_->topics(kCreateTimeoutMs));
  if (!topics.contains(topic)) {
    kafka::NewTopic wanted = plan(topic);
    Status made = admin_->create_topic(wanted, kCreateTimeoutMs);
    if (!made.ok() && made.code() != Code::kConflict) {
      return made.with_context(fmt::format("Topic '{}' is missing and cannot be made with {} partitions and replication factor {} (topic.creation.*)", topic, wanted.partitions, wanted.replication_factor));
    }
    if (made.ok()) log::info("runtime", "Made topic '{}'", topic);
  }
  there_.insert(topic);
  return {};
}

}  // namespace bywash::runtime
