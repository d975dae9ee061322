// The content of the config topic (org.apache.kafka.connect.storage.KafkaConfigBackingStore, Kafka 4.3): which records there are, and the
// state that they add up to. Pure; the caller locks. Level 7.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kafka/compacted_topic.h"
#include "runtime/connector_config.h"
#include "runtime/worker.h"

namespace bywash::runtime {

struct RestartRequest {
  std::string connector;
  bool only_failed = false;
  bool include_tasks = false;
};

// What one record changed.
struct ConfigChange {
  enum class Kind { kNone, kConnector, kRemoved, kTasks, kTarget, kRestart, kLogger, kUnreadable };
  Kind kind = Kind::kNone;
  std::string connector;            // kLogger: the logger
  RestartRequest restart = {};      // kRestart
  std::string level = {};           // kLogger
};

class ConfigState {
 public:
  struct Connector {
    ConnectorProperties config;
    ConnectorProperties applied;  // what the tasks were made from; empty before the first commit of tasks
    int task_count = 0;
    bool consistent = true;       // false: a commit names more tasks than there are configurations
    int64_t tasks_epoch = 0;      // grows with each commit of tasks: they are to start anew
    int64_t config_epoch = 0;     // grows with each configuration
  };

  // Applies one record. Keys that are none of Connect's change nothing (kUnreadable).
  ConfigChange apply(const kafka::TableRecord& record);

  const std::map<std::string, Connector>& connectors() const { return connectors_; }
  const Connector* find(const std::string& name) const;
  TargetState target(const std::string& name) const;
  // A task's configuration, with task.class. Also of tasks that a stop has taken away, as in the original.
  const config::Properties* task(const TaskId& id) const;
  // 0..n-1 of a connector; empty where the configurations are not complete.
  std::vector<TaskId> tasks(const std::string& name) const;
  // Whether tasks were committed since the last round of fencing; and how many there were in that round, also for a connector that is gone
  // and may come back. nullopt: there was none.
  bool pending_fencing(const std::string& name) const { return pending_fencing_.contains(name); }
  std::optional<int> fenced_tasks(const std::string& name) const;

 private:
  ConfigChange apply_connector(const std::string& name, const std::optional<std::string>& value);
  ConfigChange apply_target(const std::string& name, const std::optional<std::string>& value);
  ConfigChange apply_task(std::string_view id, const std::optional<std::string>& value);
  ConfigChange apply_fencing(const std::string& name, const std::optional<std::string>& value);
  ConfigChange apply_commit(const std::string& name, const std::optional<std::string>& value);
  void commit(const std::string& name, int task_count, Connector* connector);

  std::map<std::string, Connector> connectors_;
  std::map<std::string, TargetState> targets_;
  std::map<TaskId, config::Properties> tasks_;
  std::set<std::string> pending_fencing_;
  std::map<std::string, int> fenced_tasks_;
  std::map<std::string, std::map<int, config::Properties>> deferred_;  // read, not yet committed
  std::map<std::string, int> early_commits_;  // of connectors whose configuration is still to come
  int64_t epoch_ = 0;
};

// Records to write.
std::vector<kafka::KeyValue> connector_records(const std::string& name, const ConnectorProperties& config, std::optional<TargetState> initial);
std::vector<kafka::KeyValue> removal_records(const std::string& name);
std::vector<kafka::KeyValue> task_records(const std::string& name, const std::vector<config::Properties>& tasks);
// The transactional ids of the tasks before are fenced; those of `task_count` tasks may be used from here on.
kafka::KeyValue fencing_record(const std::string& name, int task_count);
kafka::KeyValue target_record(const std::string& name, TargetState target);
kafka::KeyValue restart_record(const RestartRequest& request);
kafka::KeyValue logger_record(const std::string& logger, const std::string& level);

}  // namespace bywash::runtime
