// StandaloneHerder: the connectors of one worker (org.apache.kafka.connect.runtime.standalone.StandaloneHerder, Kafka 4.3). Changes go
// through a queue to one thread; what is read comes from a table under a lock that is never held while a task is started or stopped.
// In memory, or with a folder in which connectors survive a restart. Level 7.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "runtime/connector_store.h"
#include "runtime/herder.h"
#include "runtime/herder_request.h"
#include "runtime/worker_metrics.h"

namespace bywash::runtime {

struct HerderOptions {
  std::string worker_id = "localhost:8083";  // host:port, as statuses show it
  std::string store_folder;                  // empty: connectors live in memory, as in Connect's standalone worker
  int64_t request_timeout_ms = 90000;        // as Connect's HerderRequestHandler
};

class StandaloneHerder final : public Herder, public StatusListener {
 public:
  StandaloneHerder(WorkerConfig config, const plugin::Registry& registry, HerderOptions options);
  ~StandaloneHerder() override;

  // Starts the herder's thread and the stored connectors. Error: the store cannot be used.
  Status start();
  // Stops every task and ends the thread. Requests that wait are answered with kCancelled. Idempotent.
  void stop();
  void set_ready() { ready_ = true; }
  void set_worker_id(std::string worker_id);
  const Worker& worker() const { return worker_; }

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

  void on_task_state(const TaskId& id, State state, const std::string& trace) override;
  void on_task_problem(const TaskId& id, const std::string& problem) override;
  void on_connector_problem(const std::string& connector, const std::string& problem) override;
  void on_topic_used(const std::string& connector, const std::string& topic) override;

 private:
  struct TaskEntry {
    config::Properties config;
    State state = State::kUnassigned;
    std::string trace;
  };
  struct Entry {
    ConnectorProperties config;
    std::set<std::string> secrets;
    ConnectorPlugin plugin;
    TargetState target = TargetState::kStarted;
    State state = State::kUnassigned;
    std::string trace;
    std::vector<TaskEntry> tasks;
    // While it is asked for its tasks: which time that is, and what comes after.
    uint64_t asked = 0;
    std::function<void(Status)> after;
  };
  // Goes on where a connector has answered; once, on the herder's thread.
  using After = std::function<void(Status)>;

  // A request on its way.
  struct Asked {
    std::weak_ptr<HerderRequest> request;
    std::future<Status> answer;
    std::string what;
  };
  // Has `work` done for a connector on the herder's thread; the request is answered by what `work` is given.
  Asked ask(const std::string& connector, const std::string& what, std::function<void(After)> work);
  Status await_answer(Asked asked, Millis timeout);
  // The two together, up to the deadline; of the first kind where the work answers itself.
  Status request_later(const std::string& connector, const std::string& what, std::function<void(After)> work);
  Status request(const std::string& connector, const std::string& what, std::function<Status()> work);
  bool post(std::function<void()> work);
  void run();
  Status start_stored(std::vector<StoredConnector> stored);

  // On the herder's thread.
  void put_now(const std::string& name, ConnectorProperties config, const ConfigReport& report, std::optional<TargetState> initial, After after);
  void start_connector(const std::string& name, bool had_tasks, After after);
  void start_tasks(const std::string& name, const std::vector<int>& which);
  void stop_tasks(const std::string& name, const std::vector<int>& which);
  void regenerate_tasks(const std::string& name, bool force, After after);
  void tasks_made(const std::string& name, uint64_t asked, bool force, const ConnectorCalls::Answer& configs);
  Status take_tasks(const std::string& name, bool force, const ConnectorCalls::Answer& configs);
  void leave_start(const std::string& name);
  void stop_connector(const std::string& name);
  std::vector<int> still_restarting(const std::string& name, const std::vector<int>& which) const;
  Status persist(const std::string& name);
  Status check_stopped(const std::string& name) const;

  ConnectorSummary summary_locked(const std::string& name, const Entry& entry) const;
  ConnectorStatus status_locked(const std::string& name, const Entry& entry) const;
  std::vector<WorkerMetrics::Watched> watched() const;
  std::vector<int> all_tasks(const std::string& name) const;
  Result<config::Properties> properties_of(const std::string& name, std::string_view not_found) const;

  const plugin::Registry& registry_;
  const HerderOptions options_;
  std::optional<ConnectorStore> store_;
  mutable std::mutex mutex_;  // guards what follows
  std::string worker_id_;
  std::map<std::string, Entry> connectors_;
  std::map<std::string, std::set<std::string>> topics_;  // used by each connector; outlive it, as in the original
  std::deque<std::function<void()>> queue_;
  std::condition_variable wake_;
  std::string current_;  // the request that the thread works on
  bool stopping_ = false;
  uint64_t asked_ = 0;
  std::atomic<bool> ready_ = false;
  std::thread thread_;
  WorkerMetrics metrics_;  // reads the connectors above
  Worker worker_;          // last: its tasks report to the members above
};

}  // namespace bywash::runtime
