// Worker: runs connector tasks, each on an OS thread of its own named task-<connector>-<n>. The herder says which; a StatusListener
// hears what becomes of them. Level 7; called from the herder's thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/status.h"
#include "config/config_def.h"
#include "plugin/registry.h"
#include "runtime/call_watch.h"
#include "runtime/connector_calls.h"
#include "runtime/secret_reloads.h"
#include "runtime/task_supervisor.h"
#include "runtime/worker_config.h"

namespace bywash::runtime {

// A task's thread; sink and source differ in what runs in it.
class TaskRunner {
 public:
  virtual ~TaskRunner() = default;
  virtual void set_paused(bool paused) = 0;
  // Asks the thread to end: it flushes, commits and stops.
  virtual void request_stop() = 0;
  // Waits for the end; false when the deadline passed first.
  virtual bool join(int64_t timeout_ms) = 0;
  // The call of the connector that its thread is in; nullopt: none just now.
  virtual std::optional<RunningCall> current_call() const = 0;
  // Gives up a thread that is in the call `number`: it ends when it comes back, having said and written nothing more; join() is true from
  // here on. `self` is kept until then. False: it has come back from that call.
  virtual bool give_up(uint64_t number, std::shared_ptr<TaskRunner> self) = 0;
};

// Offsets of a connector over REST: each entry a JSON object {"partition": {...}, "offset": {...} | null}.
using OffsetEntries = std::vector<std::pair<std::string, std::optional<std::string>>>;

class OffsetStore;
class TaskThread;
struct ConnectorPlugin;

class Worker {
 public:
  Worker(WorkerConfig config, const plugin::Registry& registry, StatusListener* listener);
  ~Worker();
  // Where source offsets are kept, instead of the worker's own file, and how to open a topic that a connector has for its own
  // (offsets.storage.topic). Before the first task.
  using OpenOffsetTopic = std::function<Result<std::unique_ptr<OffsetStore>>(const std::string& topic)>;
  void use_offset_store(std::unique_ptr<OffsetStore> store, OpenOffsetTopic open_topic);

  // Sources deliver exactly once from here on (KIP-618). Before the first task. `still_owner`: see TransactionRules.
  void use_transactions(const std::string& group_id, std::function<Status(const TaskId& id)> still_owner);
  // Ends what an earlier life of a source's task may still write in transactions, as Admin.fenceProducers. kRetriable, kTimedOut: brokers
  // do not answer.
  Status fence_task(const TaskId& id, const config::Properties& connector);

  const WorkerConfig& config() const { return config_; }
  const plugin::Registry& registry() const { return registry_; }
  // The id of the Kafka cluster; asked once, kept. Error: the brokers cannot be reached.
  Result<std::string> kafka_cluster_id();  // waits 1.5 s at most, and not at all once they did not answer

  // Asks a connector for the configurations of its tasks, on a thread of its own; see task_configs.h. `done` hears of it there, once, unless
  // another call of the connector or leave_connector() comes first; past task.call.timeout.ms it hears kTimedOut.
  void make_task_configs(const std::string& connector, const ConnectorPlugin& plugin, const config::Properties& properties, ConnectorCalls::Done done);
  // What is asked of a connector, or of all, is not wanted any more. Not from under a lock that `done` takes.
  void leave_connector(const std::string& connector) { connector_calls_.give_up(connector); }
  void leave_connectors() { connector_calls_.end(); }

  // Starts a task; variables of config providers are put in, and where config.action.reload allows it, put in anew in a task that takes its
  // place when their values have changed. Its thread reports kRunning (or kPaused), or kFailed with the trace. Only a configuration that
  // cannot even make a task is an error here; where its cause may pass, the supervisor tries again.
  Status start_task(const TaskId& id, const config::Properties& connector, const config::Properties& task, bool paused);
  // Pauses or resumes all running tasks of a connector.
  void set_paused(const std::string& connector, bool paused);
  // Stops tasks together and waits up to task.shutdown.graceful.timeout.ms for all of them; one that then hangs in a call of its connector
  // is given up. Unknown ids are ignored.
  void stop_tasks(const std::vector<TaskId>& ids);
  void stop_all();
  std::vector<TaskId> tasks() const;

  // A connector's offsets: for a sink its consumer group's, for a source those in the offset store. Altering and resetting need a
  // stopped connector (the herder checks).
  Result<OffsetEntries> offsets(const std::string& connector, const config::Properties& config);
  Status alter_offsets(const std::string& connector, const config::Properties& config, const OffsetEntries& entries);
  Status reset_offsets(const std::string& connector, const config::Properties& config);

 private:
  struct Shared;
  // A task's configuration with variables put in, and when they are to be looked at again; nullopt: never.
  struct Values {
    config::Properties connector, task;
    std::optional<Millis> look_in;
  };
  // What a task was made from, for making it anew.
  struct Written {
    config::Properties connector, task;
    bool paused = false;
    uint64_t life = 0;  // tells one start by the herder from the next
    Values values;      // empty where they are not looked at again
  };
  Result<std::unique_ptr<TaskThread>> make_task(const TaskId& id, const Values& values, bool paused);
  // Under the lock: a task that was made of values runs from here on.
  Status take_in(const TaskId& id, std::unique_ptr<TaskThread> made, Values values);
  // Of the supervisor's thread: a failed task anew.
  Result<TaskSupervisor::Outcome> restart_failed(const TaskId& id);
  void await_end(const TaskId& id, const std::shared_ptr<TaskRunner>& task, SteadyTime deadline);
  // Of the schedule's thread (worker_reloads.cpp).
  Result<Values> resolve(const config::Properties& connector, const config::Properties& task);
  std::optional<Millis> look_at_values(const TaskId& id);
  Status replace_task(const TaskId& id, uint64_t life, Values values);
  Result<std::string> ask_cluster_id() const;
  Result<std::string> keep_cluster_id(Result<std::string> id);
  Result<OffsetStore*> offset_store(const config::Properties& connector);
  Result<std::unique_ptr<TaskThread>> make_sink_task(const plugin::SinkPlugin& plugin, const TaskId& id, const config::Properties& properties, bool paused);
  Result<std::unique_ptr<TaskThread>> make_source_task(const plugin::SourcePlugin& plugin, const TaskId& id, const config::Properties& connector,
                                                       const config::Properties& task, bool paused);
  WorkerConfig config_;
  const plugin::Registry& registry_;
  StatusListener* listener_ = nullptr;  // the supervisor, which tells the herder's
  std::unique_ptr<TaskSupervisor> supervisor_;  // before the tasks, which report to it
  std::mutex restarting_;                       // a restart is under way; tasks are stopped before or after it
  mutable std::mutex mutex_;
  std::map<TaskId, Written> written_;
  uint64_t lives_ = 0;
  std::map<TaskId, std::shared_ptr<TaskRunner>> tasks_;
  // What is known of calls that take long; the watch's thread.
  struct Hanging {
    uint64_t number = 0;
    int64_t tell_at_ms = 0;
  };
  void watch();
  void begin_watch();
  void watch_calls();
  std::vector<std::pair<TaskId, RunningCall>> long_calls() const;
  void tell_problem(const TaskId& id, const std::string& problem);
  void give_up_call(const TaskId& id, const RunningCall& call);
  std::map<TaskId, Hanging> hanging_;
  std::condition_variable watch_wake_;
  bool watch_ends_ = false;
  std::shared_ptr<Shared> shared_;
  std::optional<std::string> cluster_id_;
  std::string transactions_group_;  // empty: sources deliver at least once
  std::function<Status(const TaskId& id)> still_owner_;
  SecretReloads reloads_;
  ConnectorCalls connector_calls_;
  std::thread watch_;  // last
};

}  // namespace bywash::runtime
