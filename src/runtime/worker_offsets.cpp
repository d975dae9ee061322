// A connector's offsets over REST: a sink's are its consumer group's, a source's are in the offset store
// (GET, PATCH, DELETE /connectors/{name}/offsets of Kafka 4.3). Level 7.
#include <map>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "config/properties.h"
#include "config/variables.h"
#include "kafka/admin.h"
#include "runtime/client_properties.h"
#include "runtime/offset_store.h"
#include "runtime/worker.h"

namespace bywash::runtime {
namespace {

using nlohmann::json;
constexpr int kTimeoutMs = 30000;

Result<std::unique_ptr<kafka::Admin>> admin_of(const WorkerConfig& worker, const std::string& connector, const config::Properties& properties) {
  ASSIGN_OR_RETURN(auto java, admin_properties(worker, connector, properties));
  return kafka::Admin::make(java);
}

Result<std::pair<TopicPartition, Offset>> sink_entry(const std::string& partition, const std::string& offset) {
  json p = json::parse(partition, nullptr, false), o = json::parse(offset, nullptr, false);
  auto number = [](const json& v) -> std::optional<int64_t> {
    if (v.is_number_integer()) return v.get<int64_t>();
    if (!v.is_string()) return std::nullopt;
    auto parsed = config::parse_value(config::KeyType::kLong, v.get<std::string>());
    return parsed.ok() ? std::optional(std::get<int64_t>(*parsed)) : std::nullopt;
  };
  auto topic = p.is_object() ? p.value("kafka_topic", json()) : json();
  auto index = number(p.is_object() ? p.value("kafka_partition", json()) : json());
  auto position = number(o.is_object() ? o.value("kafka_offset", json()) : json());
  // The original takes whatever there is as text.
  if (!topic.is_null() && !topic.is_string()) topic = topic.dump();
  if (!topic.is_string() || !index || !position) {
    return Status::invalid(
        "The partition of a sink's offset has the keys 'kafka_topic' (a string) and 'kafka_partition' (a number), its offset the key 'kafka_offset' (a number)");
  }
  return std::pair{TopicPartition{topic.get<std::string>(), Partition(static_cast<int32_t>(*index))}, Offset(*position)};
}

}  // namespace

Result<OffsetEntries> Worker::offsets(const std::string& connector, const config::Properties& written) {
  ASSIGN_OR_RETURN(config::Properties properties, config::resolve_variables(config_.all, written));
  OffsetEntries out;
  if (registry_.sink(config::get_or(properties, "connector.class", ""))) {
    ASSIGN_OR_RETURN(auto admin, admin_of(config_, connector, properties));
    ASSIGN_OR_RETURN(auto offsets, admin->group_offsets(sink_group(connector, properties), kTimeoutMs));
    for (const auto& [tp, offset] : offsets) {
      nlohmann::ordered_json partition = {{"kafka_partition", tp.partition.value}, {"kafka_topic", tp.topic}};
      out.emplace_back(partition.dump(), json{{"kafka_offset", offset.value}}.dump());
    }
    return out;
  }
  ASSIGN_OR_RETURN(OffsetStore * store, offset_store(properties));
  RETURN_IF_ERROR(store->refresh());
  for (auto& [partition, offset] : store->list(connector)) out.emplace_back(partition, offset);
  return out;
}

Status Worker::alter_offsets(const std::string& connector, const config::Properties& written, const OffsetEntries& entries) {
  ASSIGN_OR_RETURN(config::Properties properties, config::resolve_variables(config_.all, written));
  if (!registry_.sink(config::get_or(properties, "connector.class", ""))) {
    ASSIGN_OR_RETURN(OffsetStore * store, offset_store(properties));
    const plugin::SourcePlugin* source = registry_.source(config::get_or(properties, "connector.class", ""));
    for (const auto& [partition, offset] : entries) {
      if (source && source->check_offset) RETURN_IF_ERROR(source->check_offset(properties, partition, offset));
      if (partition == "null" && offset) return Status::fatal("Partition objects cannot be null");
    }
    RETURN_IF_ERROR(store->refresh());
    return store->set(connector, entries);
  }
  ASSIGN_OR_RETURN(auto admin, admin_of(config_, connector, properties));
  std::map<TopicPartition, std::optional<Offset>> wanted;  // of a partition that is there twice the last counts, as in Connect
  for (const auto& [partition, offset] : entries) {
    ASSIGN_OR_RETURN(auto entry, sink_entry(partition, offset.value_or(R"({"kafka_offset":0})")));
    if (entry.second.value < 0) return Status::fatal(fmt::format("Failed to modify offsets for sink connector {}", connector));
    wanted[entry.first] = offset ? std::optional(entry.second) : std::nullopt;
  }
  std::vector<std::pair<TopicPartition, Offset>> offsets;
  std::vector<TopicPartition> forgotten;  // a null offset takes the group's away
  for (const auto& [partition, offset] : wanted) {
    if (offset) offsets.emplace_back(partition, *offset);
    else forgotten.push_back(partition);
  }
  const std::string group = sink_group(connector, properties);
  Status done = offsets.empty() ? Status() : admin->alter_group_offsets(group, offsets, kTimeoutMs);
  if (done.ok() && !forgotten.empty()) done = admin->delete_group_offsets(group, forgotten, kTimeoutMs);
  if (done.ok()) return done;
  // Connect says only this; why is in the log.
  log::error("connect", "Offsets of connector {} cannot be altered: {}", connector, done.message());
  return Status::fatal(fmt::format("Failed to alter consumer group offsets for connector {}", connector));
}

Status Worker::reset_offsets(const std::string& connector, const config::Properties& written) {
  ASSIGN_OR_RETURN(config::Properties properties, config::resolve_variables(config_.all, written));
  if (!registry_.sink(config::get_or(properties, "connector.class", ""))) {
    ASSIGN_OR_RETURN(OffsetStore * store, offset_store(properties));
    return store->remove(connector);
  }
  ASSIGN_OR_RETURN(auto admin, admin_of(config_, connector, properties));
  return admin->delete_group(sink_group(connector, properties), kTimeoutMs);
}

}  // namespace bywash::runtime
