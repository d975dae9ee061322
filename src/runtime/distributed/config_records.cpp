// Reading and writing of the config topic's records. Level 7.
#include "runtime/distributed/config_records.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/log.h"

namespace bywash::runtime {
namespace {

using ConfigJson = nlohmann::json;

constexpr std::string_view kConnector = "connector-", kTarget = "target-state-", kTask = "task-", kCommit = "commit-", kFencing = "tasks-fencing-",
                           kRestart = "restart-connector-", kLogger = "logger-cluster-", kSessionKey = "session-key";

// "STARTED" here, where REST says RUNNING.
std::string_view record_name(TargetState state) {
  return state == TargetState::kStarted ? "STARTED" : state == TargetState::kPaused ? "PAUSED" : "STOPPED";
}

std::optional<TargetState> target_named(const ConfigJson& json) {
  if (!json.is_string()) return std::nullopt;
  for (TargetState state : {TargetState::kStarted, TargetState::kPaused, TargetState::kStopped}) {
    if (json.get<std::string>() == record_name(state)) return state;
  }
  return std::nullopt;
}

std::string text_of(const ConfigJson& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

ConfigJson parsed(const std::optional<std::string>& value) { return value ? ConfigJson::parse(*value, nullptr, false) : ConfigJson(); }

std::string written(const ConfigJson& json) { return json.dump(-1, ' ', false, ConfigJson::error_handler_t::replace); }

ConfigChange unreadable(std::string_view what, std::string_view name) {
  log::warn("connect", "A record of the config topic cannot be understood and is left out: {} of '{}'", what, name);
  return {ConfigChange::Kind::kUnreadable, std::string(name)};
}

}  // namespace

const ConfigState::Connector* ConfigState::find(const std::string& name) const {
  auto it = connectors_.find(name);
  return it == connectors_.end() ? nullptr : &it->second;
}

TargetState ConfigState::target(const std::string& name) const {
  auto it = targets_.find(name);
  return it == targets_.end() ? TargetState::kStarted : it->second;
}

const config::Properties* ConfigState::task(const TaskId& id) const {
  auto it = tasks_.find(id);
  return it == tasks_.end() ? nullptr : &it->second;
}

std::vector<TaskId> ConfigState::tasks(const std::string& name) const {
  std::vector<TaskId> out;
  const Connector* connector = find(name);
  for (int i = 0; connector && connector->consistent && i < connector->task_count; ++i) out.push_back({name, i});
  return out;
}

ConfigChange ConfigState::apply(const kafka::TableRecord& record) {
  if (!record.key) return {};
  std::string_view key = *record.key;
  auto rest = [&](std::string_view prefix) { return std::string(key.substr(prefix.size())); };
  if (key.starts_with(kTarget)) return apply_target(rest(kTarget), record.value);
  if (key.starts_with(kConnector)) return apply_connector(rest(kConnector), record.value);
  if (key.starts_with(kFencing)) return apply_fencing(rest(kFencing), record.value);
  if (key == kSessionKey) return {};
  if (key.starts_with(kTask)) return apply_task(key.substr(kTask.size()), record.value);
  if (key.starts_with(kCommit)) return apply_commit(rest(kCommit), record.value);
  if (key.starts_with(kRestart)) {
    ConfigJson json = parsed(record.value);
    if (!json.is_object()) return {};
    ConfigChange out{ConfigChange::Kind::kRestart, rest(kRestart)};
    out.restart = {out.connector, json.value("only-failed", false), json.value("include-tasks", false)};
    return out;
  }
  if (key.starts_with(kLogger)) {
    ConfigJson json = parsed(record.value);
    if (!json.is_object() || !json.contains("level") || !json["level"].is_string()) return {};
    ConfigChange out{ConfigChange::Kind::kLogger, rest(kLogger)};
    out.level = json["level"].get<std::string>();
    return out;
  }
  return unreadable("an unknown key", key);
}

ConfigChange ConfigState::apply_connector(const std::string& name, const std::optional<std::string>& value) {
  if (!value) {
    connectors_.erase(name);
    deferred_.erase(name);
    early_commits_.erase(name);
    std::erase_if(tasks_, [&](const auto& entry) { return entry.first.connector == name; });
    return {ConfigChange::Kind::kRemoved, name};
  }
  ConfigJson json = parsed(value);
  if (!json.is_object() || !json.contains("properties") || !json["properties"].is_object()) return unreadable("the configuration", name);
  ConnectorProperties config;
  for (const auto& [key, item] : json["properties"].items()) {
    if (item.is_null()) config[key] = std::nullopt;
    else config[key] = text_of(item);
  }
  Connector& connector = connectors_[name];
  connector.config = std::move(config);
  connector.config_epoch = ++epoch_;
  if (auto early = early_commits_.find(name); early != early_commits_.end()) {
    commit(name, early->second, &connector);
    early_commits_.erase(early);
  }
  targets_.try_emplace(name, TargetState::kStarted);
  return {ConfigChange::Kind::kConnector, name};
}

ConfigChange ConfigState::apply_target(const std::string& name, const std::optional<std::string>& value) {
  if (!value) {
    targets_.erase(name);
    return {};
  }
  ConfigJson json = parsed(value);
  if (!json.is_object()) return unreadable("the target state", name);
  // state.v2 knows STOPPED, which older workers have to take for PAUSED.
  auto state = target_named(json.contains("state.v2") ? json["state.v2"] : json.value("state", ConfigJson()));
  if (!state) return unreadable("the target state", name);
  bool same = targets_.contains(name) && targets_[name] == *state;
  targets_[name] = *state;
  if (same) return {};
  return {ConfigChange::Kind::kTarget, name};
}

ConfigChange ConfigState::apply_task(std::string_view id, const std::optional<std::string>& value) {
  size_t dash = id.rfind('-');
  int task = -1;
  if (dash == id.npos || std::from_chars(id.data() + dash + 1, id.data() + id.size(), task).ec != std::errc() || task < 0) return unreadable("a task's key", id);
  std::string name(id.substr(0, dash));
  ConfigJson json = parsed(value);
  if (!value) return {};
  if (!json.is_object() || !json.contains("properties") || !json["properties"].is_object()) return unreadable("a task's configuration", name);
  config::Properties config;
  for (const auto& [key, item] : json["properties"].items()) {
    if (!item.is_null()) config[key] = text_of(item);
  }
  deferred_[name][task] = std::move(config);
  return {};
}

ConfigChange ConfigState::apply_commit(const std::string& name, const std::optional<std::string>& value) {
  ConfigJson json = parsed(value);
  if (!value) return {};
  if (!json.is_object() || !json.contains("tasks") || !json["tasks"].is_number_integer()) return unreadable("the number of tasks", name);
  pending_fencing_.insert(name);
  auto it = connectors_.find(name);
  // After compaction the newest configuration may stand behind the commit of its tasks.
  if (it == connectors_.end()) {
    early_commits_[name] = json["tasks"].get<int>();
    return {};
  }
  commit(name, json["tasks"].get<int>(), &it->second);
  return {ConfigChange::Kind::kTasks, name};
}

ConfigChange ConfigState::apply_fencing(const std::string& name, const std::optional<std::string>& value) {
  ConfigJson json = parsed(value);
  if (!json.is_object() || !json.contains("task-count") || !json["task-count"].is_number_integer()) return value ? unreadable("the number of fenced tasks", name) : ConfigChange{};
  fenced_tasks_[name] = json["task-count"].get<int>();
  pending_fencing_.erase(name);
  return {};
}

std::optional<int> ConfigState::fenced_tasks(const std::string& name) const {
  auto it = fenced_tasks_.find(name);
  return it == fenced_tasks_.end() ? std::nullopt : std::optional(it->second);
}

void ConfigState::commit(const std::string& name, int task_count, Connector* connector) {
  connector->task_count = task_count;
  for (auto& [task, config] : deferred_[name]) tasks_[{name, task}] = std::move(config);
  deferred_.erase(name);
  connector->consistent = true;
  for (int i = 0; i < connector->task_count; ++i) connector->consistent &= tasks_.contains({name, i});
  connector->tasks_epoch = ++epoch_;
  connector->applied = connector->config;
}

std::vector<kafka::KeyValue> connector_records(const std::string& name, const ConnectorProperties& config, std::optional<TargetState> initial) {
  ConfigJson properties = ConfigJson::object();
  for (const auto& [key, value] : config) properties[key] = value ? ConfigJson(*value) : ConfigJson();
  std::vector<kafka::KeyValue> out;
  // Before the configuration: nobody may see the connector in another state first.
  if (initial) out.push_back(target_record(name, *initial));
  out.emplace_back(std::string(kConnector) + name, written({{"properties", std::move(properties)}}));
  return out;
}

std::vector<kafka::KeyValue> removal_records(const std::string& name) {
  return {{std::string(kConnector) + name, std::nullopt}, {std::string(kTarget) + name, std::nullopt}};
}

std::vector<kafka::KeyValue> task_records(const std::string& name, const std::vector<config::Properties>& tasks) {
  std::vector<kafka::KeyValue> out;
  for (size_t i = 0; i < tasks.size(); ++i) {
    ConfigJson properties = ConfigJson::object();
    for (const auto& [key, value] : tasks[i]) properties[key] = value;
    out.emplace_back(fmt::format("{}{}-{}", kTask, name, i), written({{"properties", std::move(properties)}}));
  }
  out.emplace_back(std::string(kCommit) + name, written({{"tasks", tasks.size()}}));
  return out;
}

kafka::KeyValue fencing_record(const std::string& name, int task_count) {
  return {std::string(kFencing) + name, written({{"task-count", task_count}})};
}

kafka::KeyValue target_record(const std::string& name, TargetState target) {
  TargetState old = target == TargetState::kStopped ? TargetState::kPaused : target;
  return {std::string(kTarget) + name, written({{"state", record_name(old)}, {"state.v2", record_name(target)}})};
}

kafka::KeyValue restart_record(const RestartRequest& request) {
  return {std::string(kRestart) + request.connector, written({{"include-tasks", request.include_tasks}, {"only-failed", request.only_failed}})};
}

kafka::KeyValue logger_record(const std::string& logger, const std::string& level) {
  return {std::string(kLogger) + logger, written({{"level", level}})};
}

}  // namespace bywash::runtime
