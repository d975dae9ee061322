// The keys that make a worker one of a cluster (org.apache.kafka.connect.runtime.distributed.DistributedConfig, Kafka 4.3) and the three
// topics that a cluster lives in. Level 7.
#pragma once

#include <string>

#include "kafka/compacted_topic.h"
#include "runtime/worker_config.h"

namespace bywash::runtime {

struct ClusterConfig {
  std::string group_id;
  int64_t session_timeout_ms = 10000;
  int64_t heartbeat_interval_ms = 1000;
  int64_t rebalance_timeout_ms = 60000;
  int64_t rebalance_delay_ms = 300000;  // scheduled.rebalance.max.delay.ms
  std::string connect_protocol;
  std::string exactly_once_source;      // exactly.once.source.support
  std::string config_topic, offset_topic, status_topic;
  int32_t config_replication = 3, offset_replication = 3, status_replication = 3;
  int32_t offset_partitions = 25, status_partitions = 5;
  bool strict_rebalance = false;        // ours: compatibility.strict.rebalance
};

const config::TypedConfig<ClusterConfig>& cluster_config_def();
// Error: every problem at once, in Kafka's words.
Result<ClusterConfig> parse_cluster_config(const config::Properties& properties);

// Makes the three topics where they are missing: compacted, with the configured partitions, replication and further settings
// (config.storage.<setting>, ...). Error: the brokers cannot be reached or refuse, or the config topic has more than one partition.
Status make_cluster_topics(const WorkerConfig& worker, const ClusterConfig& cluster);
// The same for one more topic of offsets, a connector's own.
Status make_offset_topic(const WorkerConfig& worker, const ClusterConfig& cluster, const std::string& name);
// How to read and write one of them.
Result<kafka::CompactedTopicOptions> cluster_topic(const WorkerConfig& worker, const ClusterConfig& cluster, const std::string& topic);

}  // namespace bywash::runtime
