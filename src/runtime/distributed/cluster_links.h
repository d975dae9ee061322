// What binds a worker of a cluster to Kafka: its topics, its group, the transactional id of its leader. The herder asks for them here, so that
// tests can put a cluster of their own in their place. Level 7.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "kafka/compacted_topic.h"
#include "kafka/fenced_producer.h"
#include "kafka/group_member.h"
#include "runtime/distributed/cluster_config.h"

namespace bywash::runtime {

struct ClusterLinks {
  std::function<Status(const WorkerConfig& worker, const ClusterConfig& cluster)> make_topics = make_cluster_topics;
  std::function<Result<std::unique_ptr<kafka::CompactedTopic>>(kafka::CompactedTopicOptions options, kafka::CompactedTopic::Listener listener)> open_topic = kafka::CompactedTopic::open;
  std::function<Result<std::unique_ptr<kafka::GroupMember>>(kafka::GroupMemberOptions options)> join = kafka::GroupMember::join;
  std::function<Result<std::unique_ptr<kafka::FencedProducer>>(const kafka::Properties& java, const std::string& id, int timeout_ms)> fence = kafka::FencedProducer::make;
};

}  // namespace bywash::runtime
