// TopicCreator: makes the topics that a source connector writes to, by its topic.creation.* keys
// (org.apache.kafka.connect.util.TopicCreation and TopicCreationGroup, Kafka 4.3). The produce step of the source line; level 7, the
// task's thread.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "config/config_def.h"
#include "kafka/admin.h"
#include "transforms/java_regex.h"

namespace bywash::runtime {

class TopicCreator {
 public:
  // Null: the connector asks for none (no topic.creation.default.replication.factor and .partitions); topics are then left to the brokers.
  // Error: a value or pattern is wrong.
  static Result<std::unique_ptr<TopicCreator>> make(const config::Properties& connector, config::Properties admin);

  // Returns when the topic is there; each is looked up once. Error: it is missing and cannot be made (kRetriable while brokers are away).
  Status ensure(const std::string& topic);
  // What a topic would be made with: by the first group that includes it, else by the default one.
  kafka::NewTopic plan(const std::string& topic) const;

 private:
  struct Group {
    std::string name;
    std::vector<transforms::JavaRegex> include, exclude;  // the default group has none: it takes every topic
    int partitions = -1;
    int replication_factor = -1;
    std::map<std::string, std::string> configs;
    bool takes(const std::string& topic) const;
  };
  static Result<Group> read_group(const config::Properties& connector, const std::string& name, const Group* defaults);

  std::vector<Group> groups_;  // the default one last
  config::Properties admin_properties_;
  std::unique_ptr<kafka::Admin> admin_;
  std::set<std::string> there_;
};

}  // namespace bywash::runtime
