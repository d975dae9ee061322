// DistributedHerder: the connectors of a cluster of workers, as one of them sees and runs them
// (org.apache.kafka.connect.runtime.distributed.DistributedHerder, Kafka 4.3). What is to be stands in the config topic; who runs it, in an
// assignment that the leader publishes; what is, in the status topic. Every turn of the one thread brings this worker's tasks from what is
// to what is to be, so that a lost or late message changes only when, never what. Level 7.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "runtime/distributed/cluster_config.h"
#include "runtime/distributed/cluster_links.h"
#include "runtime/distributed/config_records.h"
#include "runtime/distributed/status_records.h"
#include "runtime/distributed/zombie_fence.h"
#include "runtime/herder.h"
#include "runtime/worker_metrics.h"

namespace bywash::runtime {

struct ClusterMember {
  std::string worker_id;  // "host:port", as statuses show it
  std::string url;        // where other workers reach it
};

class DistributedHerder final : public Herder, public StatusListener {
 public:
  DistributedHerder(WorkerConfig config, ClusterConfig cluster, const plugin::Registry& registry, ClusterLinks links = {});
  ~DistributedHerder() override;

  // Makes and reads the topics, joins the group, starts the thread. Error: the topics or the group cannot be used.
  Status start(ClusterMember self);
  // Stops this worker's tasks, says so in the status topic, leaves the group. Idempotent.
  void stop();

  bool distributed() const override { return true; }
  std::vector<std::string> connectors() override;
  Result<ConnectorSummary> connector(const std::string& name) override;
  Result<ConnectorStatus> status(const std::string& name) override;
  Result<TaskStatus> task_status(const TaskId& id) override;
  Result<std::vector<std::pair<TaskId, config::Properties>>> task_configs(const std::string& name) override;
  Result<PutResult> put(const ConnectorRequest& request, bool replace) override;
  Result<ConnectorSummary> patch(const std::string& name, const ConnectorProperties& patch) override;
  Status remove(const std::string& name) override;
  Status set_target(const std::string& name, TargetState target) override;
  Status restart_connector(const std::string& name) override;
  Result<ConnectorStatus> restart(const std::string& name, bool only_failed, bool include_tasks) override;
  Status restart_task(const TaskId& id) override;
  Result<std::vector<std::string>> topics(const std::string& name) override;
  Status reset_topics(const std::string& name) override;
  Result<OffsetEntries> offsets(const std::string& name) override;
  Status alter_offsets(const std::string& name, const OffsetEntries& entries) override;
  Status reset_offsets(const std::string& name) override;
  Result<ConnectorKind> kind(const std::string& name) override;
  Result<ConfigReport> validate(const config::Properties& properties) override;
  Result<std::string> kafka_cluster_id() override;
  bool ready() const override { return ready_; }
  std::string trouble() const override;
  Status set_cluster_logger(const std::string& logger, const std::string& level) override;
  void on_logger_level(LoggerListener listener) override;

  void on_task_state(const TaskId& id, State state, const std::string& trace) override;
  void on_task_problem(const TaskId& id, const std::string& problem) override;
  void on_connector_problem(const std::string& connector, const std::string& problem) override;
  void on_topic_used(const std::string& connector, const std::string& topic) override;

 private:
  // Who may serve a request.
  enum class By { kAnyone, kLeader };
  Status request(By by, const std::string& connector, const std::string& what, std::function<Status()> work);
  void run();
  void turn();
  void serve();
  void note_restart(const kafka::TableRecord& record);
  void wake();

  // Leadership (distributed_lead.cpp). What a connector that was asked for its tasks has answered:
  struct CameBack {
    std::string connector;
    int64_t number = 0, config_epoch = 0;
    ConnectorCalls::Answer configs;
  };
  void lead();
  Status become_leader();
  Status still_leader() const;
  void plan();
  void make_tasks();
  void ask_for_tasks(const std::string& name, int64_t config_epoch);
  void came_back(CameBack answer);
  void take_tasks();
  Status write_tasks(CameBack answer);
  void put_leaders_status(const std::string& name, State state, const std::string& trace);
  void sweep_statuses();
  Status write_config(const std::vector<kafka::KeyValue>& records);
  Status not_leader() const;
  Status elsewhere(const Unit& unit) const;

  // Sources that deliver exactly once (distributed_fencing.cpp).
  bool awaits_fencing(const std::string& name) const;
  bool still_stopping(const std::string& name, int before) const;
  void fence_zombies();
  void not_fenced(const std::string& name, int task_count, const Status& why);
  Status fence_task(const TaskId& id);
  Status still_owner(const TaskId& id);
  Status await_fencing(const std::string& name);

  // What this worker runs (distributed_units.cpp).
  void follow();
  void say_ack();
  void say_ack_again();
  void reconcile();
  void stop_units(const std::vector<Unit>& units, bool say_so);
  void start_unit(const Unit& unit);
  void start_connector(const Unit& unit);
  void start_task(const Unit& unit);
  void restart_units(const RestartRequest& request);
  void put_status(const Unit& unit, State state, const std::string& trace);
  void correct_statuses();
  std::string version_of(const std::string& connector) const;

  std::set<std::string> secrets_of(const std::string& name);
  Result<config::Properties> properties_of(const std::string& name) const;
  Status check_stopped(const std::string& name) const;
  ConnectorStatus status_locked(const std::string& name, const StoredStatus& stored) const;
  ConnectorSummary summary_locked(const std::string& name, const std::set<std::string>& secrets) const;
  std::vector<WorkerMetrics::Watched> watched() const;

  // What a unit was started with.
  struct Running {
    int64_t epoch = 0;
    TargetState target = TargetState::kStarted;
  };
  // What a connector's tasks were last made for.
  struct Made {
    int64_t config_epoch = 0;
    bool started = false;
  };
  struct Request {
    By by;
    std::function<void()> work;
    std::function<void(Status)> refuse;
  };
  struct Secrets {
    int64_t config_epoch = 0;
    std::set<std::string> keys;
  };

  const plugin::Registry& registry_;
  const ClusterConfig cluster_;
  const ClusterLinks links_;
  ClusterMember self_;
  mutable std::mutex mutex_;  // guards what follows, up to `ready_`
  ConfigState config_;
  StatusTable statuses_;
  kafka::GroupView view_;
  SteadyTime unstable_since_{};               // of view_, while it is not stable
  std::vector<RestartRequest> restarts_;
  struct Said {
    StoredStatus status;
    SteadyTime at{};
  };
  std::map<Unit, Said> said_;                 // of what runs here
  std::map<TaskId, int64_t> started_epochs_;  // tasks_epoch that each task was started with
  std::set<std::string> restarted_;  // connectors whose workers have said so: their tasks are made anew
  std::vector<CameBack> came_back_;
  std::list<Request> queue_;
  std::map<std::string, Secrets> secrets_;
  std::string current_;
  LoggerListener logger_listener_;
  bool woken_ = false;
  bool stopping_ = false;
  bool reading_done_ = false;  // restarts and loggers from before this worker's time do not concern it
  std::condition_variable wake_;
  std::atomic<bool> ready_ = false;
  std::mutex topics_mutex_;
  std::set<std::pair<std::string, std::string>> told_topics_;  // connector and topic

  // The herder's thread only.
  std::map<Unit, Running> running_;
  std::set<Unit> mine_;
  int64_t applied_version_ = 0;
  std::string applied_member_;
  SteadyTime ack_said_{};
  bool leading_ = false;
  std::optional<AssignmentPlanner> planner_;
  std::unique_ptr<kafka::FencedProducer> fenced_;
  std::map<std::string, Made> made_;
  std::map<std::string, int64_t> asked_;  // for their tasks, by the number of the question
  int64_t asks_ = 0, sweeps_ = 0;
  std::map<std::string, SteadyTime> fencing_since_;
  std::set<Unit> swept_;

  std::unique_ptr<kafka::CompactedTopic> config_log_, status_log_;
  std::unique_ptr<kafka::GroupMember> member_;
  std::thread thread_;
  ZombieFence fence_;
  WorkerMetrics metrics_;
  Worker worker_;  // last: its tasks report to the members above
};

}  // namespace bywash::runtime
