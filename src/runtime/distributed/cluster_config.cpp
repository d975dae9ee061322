// Declaration of the cluster's keys, and its topics. Level 7.
#include "runtime/distributed/cluster_config.h"

#include <map>

#include "base/log.h"
#include "config/properties.h"
#include "kafka/admin.h"
#include "runtime/client_properties.h"

namespace bywash::runtime {
namespace {

constexpr int kTopicTimeoutMs = 30000;

void declare_topics(config::TypedConfig<ClusterConfig>& def) {
  using C = ClusterConfig;
  def.key("config.storage.topic", &C::config_topic).required().high().doc("Topic in which connectors, their tasks' configurations and target states are kept.");
  def.key("config.storage.replication.factor", &C::config_replication).by_default("3").low().doc("Replication factor of the config topic when it is made; -1: the brokers' default.");
  def.key("offset.storage.topic", &C::offset_topic).required().high().doc("Topic in which offsets of source connectors are kept.");
  def.key("offset.storage.partitions", &C::offset_partitions).by_default("25").low().doc("Partitions of the offsets topic when it is made; -1: the brokers' default.");
  def.key("offset.storage.replication.factor", &C::offset_replication).by_default("3").low().doc("Replication factor of the offsets topic when it is made.");
  def.key("status.storage.topic", &C::status_topic).required().high().doc("Topic in which states of connectors and tasks are kept.");
  def.key("status.storage.partitions", &C::status_partitions).by_default("5").low().doc("Partitions of the status topic when it is made; -1: the brokers' default.");
  def.key("status.storage.replication.factor", &C::status_replication).by_default("3").low().doc("Replication factor of the status topic when it is made.");
}

config::TypedConfig<ClusterConfig> declare_cluster() {
  using C = ClusterConfig;
  config::TypedConfig<C> def;
  def.key("group.id", &C::group_id).required().high().check(config::not_empty()).doc("Name of the cluster: workers with the same one share its work.");
  def.key("session.timeout.ms", &C::session_timeout_ms).by_default("10000").at_least(1).high().doc("Time without a heartbeat after which a worker counts as gone.");
  def.key("heartbeat.interval.ms", &C::heartbeat_interval_ms).by_default("1000").at_least(1).high().doc("Time between two heartbeats: how soon a worker hears that another came or went.");
  def.key("rebalance.timeout.ms", &C::rebalance_timeout_ms).by_default("60000").at_least(1).high().doc("Longest time for a worker to answer a rebalance.");
  def.key("scheduled.rebalance.max.delay.ms", &C::rebalance_delay_ms).by_default("300000").at_least(0).low()
      .doc("How long the work of a worker that went away is kept for it before others take it.");
  def.key("connect.protocol", &C::connect_protocol).by_default("sessioned").low().one_of({"eager", "compatible", "sessioned"}, true)
      .doc("Taken for the sake of files that set it: work always moves piece by piece here.");
  def.key("exactly.once.source.support", &C::exactly_once_source).by_default("disabled").high().one_of({"disabled", "preparing", "enabled"}, true)
      .doc("Exactly-once delivery of source connectors: records and their offsets in one transaction. 'preparing' first on all workers, then 'enabled'.");
  def.key("compatibility.strict.rebalance", &C::strict_rebalance).by_default("false")
      .doc("Answer changes with 409 while the cluster has no leader, as Kafka Connect does, instead of letting them wait for one.");
  declare_topics(def);
  return def;
}

// Topic settings under a prefix: config.storage.retention.ms and the like.
std::map<std::string, std::string> topic_settings(const config::Properties& all, std::string_view prefix) {
  std::map<std::string, std::string> out;
  for (const auto& [key, value] : config::with_prefix(all, prefix)) {
    if (key != "topic" && key != "partitions" && key != "replication.factor" && key != "file.filename" && key != "cleanup.policy") out[key] = value;
  }
  out["cleanup.policy"] = "compact";
  return out;
}

}  // namespace

const config::TypedConfig<ClusterConfig>& cluster_config_def() {
  static const auto def = declare_cluster();
  return def;
}

Result<ClusterConfig> parse_cluster_config(const config::Properties& properties) { return cluster_config_def().parse(properties); }

Status make_cluster_topics(const WorkerConfig& worker, const ClusterConfig& cluster) {
  ASSIGN_OR_RETURN(auto properties, admin_properties(worker, "", {}));
  ASSIGN_OR_RETURN(auto admin, kafka::Admin::make(properties));
  ASSIGN_OR_RETURN(auto there, admin->topics(kTopicTimeoutMs));
  struct Wanted {
    const char* key;
    const std::string& name;
    int partitions, replication;
  };
  for (const Wanted& wanted : {Wanted{"config.storage.", cluster.config_topic, 1, cluster.config_replication},
                               Wanted{"offset.storage.", cluster.offset_topic, cluster.offset_partitions, cluster.offset_replication},
                               Wanted{"status.storage.", cluster.status_topic, cluster.status_partitions, cluster.status_replication}}) {
    if (auto it = there.find(wanted.name); it != there.end()) {
      if (wanted.partitions == 1 && &wanted.name == &cluster.config_topic && it->second != 1) {
        return Status::invalid(fmt::format("Topic '{}' supplied via the 'config.storage.topic' property is required to have a single partition in order to guarantee "
                                           "consistency of connector configurations, but found {} partitions.", wanted.name, it->second));
      }
      continue;
    }
    kafka::NewTopic topic{wanted.name, wanted.partitions, wanted.replication, topic_settings(worker.all, wanted.key)};
    Status made = admin->create_topic(topic, kTopicTimeoutMs);
    if (!made.ok() && made.code() != Code::kConflict) {
      return made.with_context(fmt::format("The topic of '{}topic' is missing and cannot be made; check '{}replication.factor' ({}) against the number of brokers", wanted.key, wanted.key, wanted.replication));
    }
    if (made.ok()) log::info("runtime", "Made topic '{}' ({}topic), compacted", wanted.name, wanted.key);
  }
  return {};
}

Status make_offset_topic(const WorkerConfig& worker, const ClusterConfig& cluster, const std::string& name) {
  ASSIGN_OR_RETURN(auto properties, admin_properties(worker, "", {}));
  ASSIGN_OR_RETURN(auto admin, kafka::Admin::make(properties));
  kafka::NewTopic topic{name, cluster.offset_partitions, cluster.offset_replication, topic_settings(worker.all, "offset.storage.")};
  Status made = admin->create_topic(topic, kTopicTimeoutMs);
  if (made.ok() || made.code() == Code::kConflict) return {};
  return made.with_context(fmt::format("The topic '{}' (offsets.storage.topic) is missing and cannot be made", name));
}

Result<kafka::CompactedTopicOptions> cluster_topic(const WorkerConfig& worker, const ClusterConfig& cluster, const std::string& topic) {
  kafka::CompactedTopicOptions out;
  out.topic = topic;
  // The worker's own clients take its keys as they stand, not those for connectors (consumer.*, producer.*), as in the original.
  ASSIGN_OR_RETURN(out.consumer, admin_properties(worker, "", {}));
  out.producer = out.consumer;
  out.consumer["group.id"] = cluster.group_id;
  out.consumer["client.id"] = fmt::format("{}-{}-reader", cluster.group_id, topic);
  // The end of a transaction is seen when a fetch comes back empty, and each change of a connector waits for two such ends: with librdkafka's
  // 500 ms a request took 1.05 s.
  if (topic == cluster.config_topic) out.consumer["fetch.max.wait.ms"] = "25";
  out.producer["client.id"] = fmt::format("{}-{}-writer", cluster.group_id, topic);
  out.producer["acks"] = "all";
  return out;
}

}  // namespace bywash::runtime
