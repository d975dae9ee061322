// Reading and writing of the status topic's records. Level 7.
#include "runtime/distributed/status_records.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/clock.h"

namespace bywash::runtime {
namespace {

using StatusJson = nlohmann::json;

constexpr std::string_view kStatusConnector = "status-connector-", kStatusTask = "status-task-", kStatusTopic = "status-topic-", kTopicSeparator = ":connector-";
// Ours: a JVM worker says of them that it does not know the key, and goes on.
constexpr std::string_view kAssignmentKey = "bywash-assignment", kAckPrefix = "bywash-worker-";

StatusJson json_of(const std::optional<std::string>& value) { return value ? StatusJson::parse(*value, nullptr, false) : StatusJson(); }
std::string json_text(const StatusJson& json) { return json.dump(-1, ' ', false, StatusJson::error_handler_t::replace); }

std::string field(const StatusJson& json, const char* name) {
  auto it = json.find(name);
  return it != json.end() && it->is_string() ? it->get<std::string>() : "";
}

std::optional<State> state_named(const std::string& name) {
  for (State state : {State::kUnassigned, State::kRunning, State::kPaused, State::kFailed, State::kDestroyed, State::kRestarting, State::kStopped}) {
    if (to_string(state) == name) return state;
  }
  return std::nullopt;
}

std::optional<StoredStatus> read_status(const std::optional<std::string>& value) {
  StatusJson json = json_of(value);
  if (!json.is_object()) return std::nullopt;
  auto state = state_named(field(json, "state"));
  if (!state) return std::nullopt;
  StoredStatus out;
  out.state = *state;
  out.worker_id = field(json, "worker_id");
  out.version = field(json, "version");
  out.trace = field(json, "trace");
  if (auto it = json.find("generation"); it != json.end() && it->is_number_integer()) out.generation = it->get<int64_t>();
  return out;
}

std::optional<Unit> task_unit(std::string_view id) {
  size_t dash = id.rfind('-');
  int task = -1;
  if (dash == id.npos || std::from_chars(id.data() + dash + 1, id.data() + id.size(), task).ec != std::errc()) return std::nullopt;
  return Unit{std::string(id.substr(0, dash)), task};
}

StatusJson units_json(const std::set<Unit>& units) {
  StatusJson connectors = StatusJson::array(), tasks = StatusJson::array();
  for (const Unit& unit : units) {
    if (unit.is_connector()) connectors.push_back(unit.connector);
    else tasks.push_back({unit.connector, unit.task});
  }
  return {{"connectors", std::move(connectors)}, {"tasks", std::move(tasks)}};
}

std::set<Unit> read_units(const StatusJson& json) {
  std::set<Unit> out;
  for (const StatusJson& name : json.value("connectors", StatusJson::array())) {
    if (name.is_string()) out.insert({name.get<std::string>(), -1});
  }
  for (const StatusJson& task : json.value("tasks", StatusJson::array())) {
    if (task.is_array() && task.size() == 2 && task[0].is_string() && task[1].is_number_integer()) out.insert({task[0].get<std::string>(), task[1].get<int>()});
  }
  return out;
}

Assignment read_assignment(const StatusJson& json) {
  Assignment out;
  out.version = json.value("version", int64_t{0});
  out.leader = field(json, "leader");
  const StatusJson workers = json.value("workers", StatusJson::object());
  for (const auto& [worker, item] : workers.items()) {
    if (item.is_object()) out.workers[worker] = {field(item, "member"), read_units(item)};
  }
  return out;
}

}  // namespace

StatusTable::Change StatusTable::apply(const kafka::TableRecord& record) {
  if (!record.key) return Change::kNone;
  std::string_view key = *record.key;
  std::optional<Unit> unit;
  if (key.starts_with(kStatusTask)) unit = task_unit(key.substr(kStatusTask.size()));
  else if (key.starts_with(kStatusConnector)) unit = Unit{std::string(key.substr(kStatusConnector.size())), -1};
  if (unit) {
    auto status = read_status(record.value);
    if (status && status->state != State::kDestroyed) statuses_[*unit] = *status;
    else statuses_.erase(*unit);
    return Change::kStatus;
  }
  if (key.starts_with(kStatusTopic)) {
    key.remove_prefix(kStatusTopic.size());
    size_t at = key.rfind(kTopicSeparator);
    if (at == key.npos) return Change::kNone;
    std::string topic(key.substr(0, at)), connector(key.substr(at + kTopicSeparator.size()));
    if (record.value) topics_[connector].insert(topic);
    else if (auto it = topics_.find(connector); it != topics_.end()) it->second.erase(topic);
    return Change::kTopics;
  }
  if (key == kAssignmentKey) {
    StatusJson json = json_of(record.value);
    Assignment read = json.is_object() ? read_assignment(json) : Assignment();
    if (!json.is_object()) read.version = assignment_.version;
    // A leader that was cut off may write once more, late.
    else if (read.version <= assignment_.version) return Change::kNone;
    assignment_ = std::move(read);
    return Change::kAssignment;
  }
  if (key.starts_with(kAckPrefix)) {
    std::string worker(key.substr(kAckPrefix.size()));
    StatusJson json = json_of(record.value);
    if (json.is_object()) acks_[worker] = {field(json, "member"), json.value("version", int64_t{0}), read_units(json)};
    else acks_.erase(worker);
    return Change::kAck;
  }
  return Change::kNone;
}

const StoredStatus* StatusTable::connector(const std::string& name) const {
  auto it = statuses_.find({name, -1});
  return it == statuses_.end() ? nullptr : &it->second;
}

const StoredStatus* StatusTable::task(const TaskId& id) const {
  auto it = statuses_.find({id.connector, id.task});
  return id.task < 0 || it == statuses_.end() ? nullptr : &it->second;
}

std::vector<std::pair<int, StoredStatus>> StatusTable::tasks(const std::string& connector) const {
  std::vector<std::pair<int, StoredStatus>> out;
  for (auto it = statuses_.lower_bound({connector, 0}); it != statuses_.end() && it->first.connector == connector; ++it) out.emplace_back(it->first.task, it->second);
  return out;
}

std::set<std::string> StatusTable::topics(const std::string& connector) const {
  auto it = topics_.find(connector);
  return it == topics_.end() ? std::set<std::string>() : it->second;
}

bool StatusTable::has_topic(const std::string& connector, const std::string& topic) const {
  auto it = topics_.find(connector);
  return it != topics_.end() && it->second.contains(topic);
}

std::vector<Unit> StatusTable::units() const {
  std::vector<Unit> out;
  for (const auto& [unit, status] : statuses_) out.push_back(unit);
  return out;
}

kafka::KeyValue status_record(const Unit& unit, const StoredStatus& status) {
  std::string key = unit.is_connector() ? fmt::format("{}{}", kStatusConnector, unit.connector) : fmt::format("{}{}-{}", kStatusTask, unit.connector, unit.task);
  if (status.state == State::kDestroyed) return {std::move(key), std::nullopt};
  auto text = [](const std::string& value) { return value.empty() ? StatusJson() : StatusJson(value); };
  StatusJson json = {{"state", to_string(status.state)}, {"trace", text(status.trace)}, {"worker_id", status.worker_id},
                     {"generation", status.generation}, {"version", text(status.version)}};
  return {std::move(key), json_text(json)};
}

kafka::KeyValue topic_record(const std::string& connector, const std::string& topic, int task) {
  StatusJson json = {{"topic", {{"name", topic}, {"connector", connector}, {"task", task}, {"discoverTimestamp", wall_clock_ms()}}}};
  return {fmt::format("{}{}{}{}", kStatusTopic, topic, kTopicSeparator, connector), json_text(json)};
}

kafka::KeyValue topic_removal_record(const std::string& connector, const std::string& topic) {
  return {fmt::format("{}{}{}{}", kStatusTopic, topic, kTopicSeparator, connector), std::nullopt};
}

kafka::KeyValue assignment_record(const Assignment& assignment) {
  StatusJson workers = StatusJson::object();
  for (const auto& [worker, share] : assignment.workers) {
    StatusJson item = units_json(share.units);
    item["member"] = share.member;
    workers[worker] = std::move(item);
  }
  return {std::string(kAssignmentKey), json_text({{"version", assignment.version}, {"leader", assignment.leader}, {"workers", std::move(workers)}})};
}

kafka::KeyValue ack_record(const std::string& worker, const Ack& ack) {
  StatusJson json = units_json(ack.owned);
  json["member"] = ack.member;
  json["version"] = ack.version;
  return {std::string(kAckPrefix) + worker, json_text(json)};
}

kafka::KeyValue ack_removal_record(const std::string& worker) { return {std::string(kAckPrefix) + worker, std::nullopt}; }

}  // namespace bywash::runtime
