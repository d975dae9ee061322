// The content of the status topic (org.apache.kafka.connect.storage.KafkaStatusBackingStore, Kafka 4.3): states of connectors and tasks
// and the topics they use; and, under keys of our own, which worker is to run what. Pure; the caller locks. Level 7.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kafka/compacted_topic.h"
#include "runtime/distributed/assignment.h"
#include "runtime/worker.h"

namespace bywash::runtime {

struct StoredStatus {
  State state = State::kUnassigned;
  std::string worker_id;
  std::string version;
  std::string trace;
  int64_t generation = 0;
};

class StatusTable {
 public:
  enum class Change { kNone, kStatus, kTopics, kAssignment, kAck };
  Change apply(const kafka::TableRecord& record);

  const StoredStatus* connector(const std::string& name) const;
  const StoredStatus* task(const TaskId& id) const;
  // Tasks of a connector by number.
  std::vector<std::pair<int, StoredStatus>> tasks(const std::string& connector) const;
  std::set<std::string> topics(const std::string& connector) const;
  bool has_topic(const std::string& connector, const std::string& topic) const;
  // Every unit that has a status.
  std::vector<Unit> units() const;
  const Assignment& assignment() const { return assignment_; }
  const std::map<std::string, Ack>& acks() const { return acks_; }  // by worker

 private:
  std::map<Unit, StoredStatus> statuses_;
  std::map<std::string, std::set<std::string>> topics_;
  Assignment assignment_;
  std::map<std::string, Ack> acks_;
};

// Records to write. kDestroyed is a tombstone.
kafka::KeyValue status_record(const Unit& unit, const StoredStatus& status);
kafka::KeyValue topic_record(const std::string& connector, const std::string& topic, int task);
kafka::KeyValue topic_removal_record(const std::string& connector, const std::string& topic);
kafka::KeyValue assignment_record(const Assignment& assignment);
kafka::KeyValue ack_record(const std::string& worker, const Ack& ack);
kafka::KeyValue ack_removal_record(const std::string& worker);

}  // namespace bywash::runtime
