// Admin: topics, groups and the cluster's id. Level 3. Safe from any thread; each call waits for the brokers' answer.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "kafka/client_config.h"

namespace bywash::kafka {

struct NewTopic {
  std::string name;
  int partitions = -1;          // -1: the broker's default
  int replication_factor = -1;  // -1: the broker's default
  std::map<std::string, std::string> configs;
};

class Admin {
 public:
  static Result<std::unique_ptr<Admin>> make(const Properties& java);
  virtual ~Admin() = default;
  virtual Result<std::string> cluster_id(int timeout_ms) = 0;
  // Topic to its number of partitions.
  virtual Result<std::map<std::string, int>> topics(int timeout_ms) = 0;
  // kConflict when it exists.
  virtual Status create_topic(const NewTopic& topic, int timeout_ms) = 0;
  // Committed offsets of a group, all partitions that have one.
  virtual Result<std::vector<std::pair<TopicPartition, Offset>>> group_offsets(const std::string& group, int timeout_ms) = 0;
  virtual Status alter_group_offsets(const std::string& group, const std::vector<std::pair<TopicPartition, Offset>>& offsets, int timeout_ms) = 0;
  // Ok for partitions that have none.
  virtual Status delete_group_offsets(const std::string& group, const std::vector<TopicPartition>& partitions, int timeout_ms) = 0;
  // Ok when the group does not exist.
  virtual Status delete_group(const std::string& group, int timeout_ms) = 0;
};

}  // namespace bywash::kafka
