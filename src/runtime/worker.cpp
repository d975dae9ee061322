// The worker: makes tasks out of configurations and owns their threads. Level 7, the herder's thread.
#include "runtime/worker.h"

#include <future>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory_budget.h"
#include "config/properties.h"
#include "config/variables.h"
#include "kafka/admin.h"
#include "kafka/transactional_producer.h"
#include "runtime/client_properties.h"
#include "runtime/converter_choice.h"
#include "runtime/kafka_offset_store.h"
#include "runtime/offset_store.h"
#include "runtime/sink_task.h"
#include "runtime/source_task.h"
#include "runtime/task_supervisor.h"

namespace bywash::runtime {
namespace {

constexpr int kClusterIdTimeoutMs = 1500;  // someone waits for the answer
constexpr Millis kClusterIdRetry{3000};
constexpr int64_t kStopLookMs = 100;
constexpr int kFenceTaskTimeoutMs = 15000;

// The task's configuration over the connector's: what a task is made from.
config::Properties merged(const config::Properties& connector, const config::Properties& task) {
  config::Properties out = connector;
  for (const auto& [key, value] : task) out[key] = value;
  return out;
}

}  // namespace

std::string to_string(const TaskId& id) { return fmt::format("{}-{}", id.connector, id.task); }

std::string_view to_string(State state) {
  static constexpr std::string_view kNames[] = {"UNASSIGNED", "RUNNING", "PAUSED", "FAILED", "DESTROYED", "RESTARTING", "STOPPED"};
  return kNames[static_cast<int>(state)];
}

struct Worker::Shared {
  std::mutex asking;  // one asks for the cluster's id, the others wait for what comes of it
  Status no_cluster_id;
  SteadyTime ask_again{};
  std::future<void> asked_behind;  // once brokers have not answered nobody waits for them any more
  std::mutex mutex;
  std::unique_ptr<OffsetStore> offsets;  // opened at the first use
  OpenOffsetTopic open_topic;
  std::map<std::string, std::unique_ptr<OffsetStore>> own_topics;  // by topic; before `offsets` at the end, which they read too
};

Worker::Worker(WorkerConfig config, const plugin::Registry& registry, StatusListener* listener)
    : config_(std::move(config)), registry_(registry), shared_(std::make_shared<Shared>()),
      reloads_([this](const TaskId& id) { return look_at_values(id); }, config::tend_config_providers) {
  RestartPolicy policy{config_.task_restart_max_attempts, config_.task_restart_backoff_ms, config_.task_restart_backoff_max_ms, config_.task_restart_reset_ms};
  supervisor_ = std::make_unique<TaskSupervisor>(policy, listener, [this](const TaskId& id) { return restart_failed(id); });
  listener_ = supervisor_.get();
  MemoryBudget::process().set_limit(config_.memory_limit_bytes > 0 ? config_.memory_limit_bytes : int64_t{512} << 20);
}

Worker::~Worker() {
  connector_calls_.end();
  {
    std::lock_guard lock(mutex_);
    watch_ends_ = true;
  }
  watch_wake_.notify_all();
  if (watch_.joinable()) watch_.join();
  if (shared_->asked_behind.valid()) shared_->asked_behind.wait();
  reloads_.end();
  supervisor_->end();
  stop_all();
}

void Worker::use_offset_store(std::unique_ptr<OffsetStore> store, OpenOffsetTopic open_topic) {
  std::lock_guard lock(shared_->mutex);
  shared_->offsets = std::move(store);
  shared_->open_topic = std::move(open_topic);
}

void Worker::use_transactions(const std::string& group_id, std::function<Status(const TaskId& id)> still_owner) {
  transactions_group_ = group_id;
  still_owner_ = std::move(still_owner);
}

Status Worker::fence_task(const TaskId& id, const config::Properties& written) {
  ASSIGN_OR_RETURN(config::Properties connector, config::resolve_variables(config_.all, written));
  ASSIGN_OR_RETURN(auto java, transactional_producer_properties(config_, id, connector, transactional_id(transactions_group_, id)));
  java["client.id"] = "connector-fencer-" + to_string(id);
  ASSIGN_OR_RETURN(auto producer, kafka::TransactionalProducer::make(java));
  return producer->begin_life(kFenceTaskTimeoutMs);
}

Result<OffsetStore*> Worker::offset_store(const config::Properties& connector) {
  std::lock_guard lock(shared_->mutex);
  if (!shared_->offsets) {
    std::string path = config_.offset_storage_file;
    if (path.empty() && !config_.data_dir.empty()) path = config_.data_dir + "/connect.offsets";
    ASSIGN_OR_RETURN(shared_->offsets, OffsetStore::open(path));
  }
  const std::string topic(config::trim(config::get_or(connector, "offsets.storage.topic", "")));
  // Of a standalone worker all offsets are in its file, as in the original.
  if (topic.empty() || !shared_->open_topic || topic == config::get_or(config_.all, "offset.storage.topic", "")) return shared_->offsets.get();
  auto& own = shared_->own_topics[topic];
  if (!own) {
    ASSIGN_OR_RETURN(auto opened, shared_->open_topic(topic));
    own = std::make_unique<LayeredOffsetStore>(std::move(opened), shared_->offsets.get());
  }
  return own.get();
}

Result<std::string> Worker::kafka_cluster_id() {
  std::lock_guard asking(shared_->asking);
  {
    std::lock_guard lock(shared_->mutex);
    if (cluster_id_) return *cluster_id_;
  }
  if (shared_->no_cluster_id.ok()) return keep_cluster_id(ask_cluster_id());
  if (steady_now() >= shared_->ask_again) {
    shared_->asked_behind = std::async(std::launch::async, [this] {
      auto id = ask_cluster_id();
      std::lock_guard keeping(shared_->asking);
      static_cast<void>(keep_cluster_id(std::move(id)));
    });
    shared_->ask_again = SteadyTime::max();  // once the thread was there to be had
  }
  return shared_->no_cluster_id;
}

Result<std::string> Worker::ask_cluster_id() const {
  ASSIGN_OR_RETURN(auto properties, admin_properties(config_, "", {}));
  ASSIGN_OR_RETURN(auto admin, kafka::Admin::make(properties));
  return admin->cluster_id(kClusterIdTimeoutMs);
}

// By whoever asks just now.
Result<std::string> Worker::keep_cluster_id(Result<std::string> id) {
  shared_->no_cluster_id = id.status();
  shared_->ask_again = steady_now() + kClusterIdRetry;
  if (!id.ok()) return id;
  std::lock_guard lock(shared_->mutex);
  cluster_id_ = *id;
  return id;
}

Status Worker::start_task(const TaskId& id, const config::Properties& connector, const config::Properties& task, bool paused) {
  supervisor_->forget(id);
  reloads_.forget(id);
  auto values = resolve(connector, task);
  auto made = values.ok() ? make_task(id, *values, paused) : Result<std::unique_ptr<TaskThread>>(values.status());
  Status started = made.status();
  {
    std::lock_guard lock(mutex_);
    written_[id] = {connector, task, paused, ++lives_, {}};
    // Known before it can fail.
    if (started.ok()) started = take_in(id, *std::move(made), *std::move(values));
  }
  if (!started.ok()) supervisor_->will_restart(id, started);
  return started;
}

Status Worker::take_in(const TaskId& id, std::unique_ptr<TaskThread> made, Values values) {
  made->set_paused(written_[id].paused);
  RETURN_IF_ERROR(made->start());
  begin_watch();
  tasks_[id] = std::move(made);
  if (!values.look_in) return {};
  reloads_.expect(id, *values.look_in);
  written_[id].values = std::move(values);
  return {};
}

Result<std::unique_ptr<TaskThread>> Worker::make_task(const TaskId& id, const Values& values, bool paused) {
  const std::string class_name = config::get_or(values.connector, "connector.class", "");
  if (const plugin::SinkPlugin* sink = registry_.sink(class_name)) return make_sink_task(*sink, id, merged(values.connector, values.task), paused);
  if (const plugin::SourcePlugin* source = registry_.source(class_name)) return make_source_task(*source, id, values.connector, values.task, paused);
  return unknown_class("connector.class", "connectors", class_name);
}

Result<TaskSupervisor::Outcome> Worker::restart_failed(const TaskId& id) {
  using Outcome = TaskSupervisor::Outcome;
  Written written;
  {
    std::lock_guard lock(mutex_);
    auto entry = written_.find(id);
    if (entry == written_.end()) return Outcome::kNotOurs;
    if (auto task = tasks_.find(id); task != tasks_.end() && !task->second->join(0)) return Outcome::kStillEnding;
    written = entry->second;
  }
  // Before anything is locked: a provider may take its time.
  auto values = resolve(written.connector, written.task);
  std::lock_guard restarting(restarting_);
  std::shared_ptr<TaskRunner> failed;
  {
    std::lock_guard lock(mutex_);
    auto entry = written_.find(id);
    if (entry == written_.end() || entry->second.life != written.life) return Outcome::kNotOurs;
    if (auto task = tasks_.find(id); task != tasks_.end()) {
      if (!task->second->join(0)) return Outcome::kNotOurs;  // replaced meanwhile
      failed = std::move(task->second);
      tasks_.erase(task);
    }
  }
  failed.reset();
  RETURN_IF_ERROR(values.status());
  ASSIGN_OR_RETURN(auto made, make_task(id, *values, written.paused));
  std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(take_in(id, std::move(made), *std::move(values)));
  return Outcome::kRestarted;
}

Result<std::unique_ptr<TaskThread>> Worker::make_sink_task(const plugin::SinkPlugin& plugin, const TaskId& id, const config::Properties& properties, bool paused) {
  SinkTaskParts parts;
  parts.id = id;
  parts.connector = properties;
  parts.class_name = plugin::canonical_class(plugin.info, config::get_or(properties, "connector.class", ""));
  ASSIGN_OR_RETURN(auto key, make_converter(registry_, choose_converter(config_.all, properties, "key.converter"), true));
  ASSIGN_OR_RETURN(auto value, make_converter(registry_, choose_converter(config_.all, properties, "value.converter"), false));
  ASSIGN_OR_RETURN(auto header, make_header_converter(registry_, choose_converter(config_.all, properties, "header.converter")));
  parts.decoder = std::make_unique<RecordDecoder>(std::move(key), std::move(value), std::move(header));
  ASSIGN_OR_RETURN(parts.chain, transforms::TransformChain::make(properties, registry_));
  ASSIGN_OR_RETURN(parts.errors, parse_error_policy(properties));
  ASSIGN_OR_RETURN(parts.consumer, consumer_properties(config_, id, properties));
  ASSIGN_OR_RETURN(parts.dlq_producer, dlq_producer_properties(config_, id, properties));
  ASSIGN_OR_RETURN(parts.admin, admin_properties(config_, id.connector, properties));
  parts.make_sink = [make = plugin.make, properties] { return make(properties); };
  parts.commit_interval_ms = config_.offset_flush_interval_ms;
  return std::unique_ptr<TaskThread>(std::make_unique<SinkTask>(std::move(parts), listener_, paused));
}

Result<std::unique_ptr<TaskThread>> Worker::make_source_task(const plugin::SourcePlugin& plugin, const TaskId& id, const config::Properties& connector,
                                                             const config::Properties& task, bool paused) {
  SourceTaskParts parts;
  parts.id = id;
  parts.connector = connector;
  ASSIGN_OR_RETURN(auto key, make_converter(registry_, choose_converter(config_.all, connector, "key.converter"), true));
  ASSIGN_OR_RETURN(auto value, make_converter(registry_, choose_converter(config_.all, connector, "value.converter"), false));
  ASSIGN_OR_RETURN(auto header, make_header_converter(registry_, choose_converter(config_.all, connector, "header.converter")));
  parts.encoder = RecordEncoder(std::move(key), std::move(value), std::move(header));
  ASSIGN_OR_RETURN(parts.chain, transforms::TransformChain::make(connector, registry_));
  ASSIGN_OR_RETURN(parts.errors, parse_error_policy(connector));
  ASSIGN_OR_RETURN(parts.producer, producer_properties(config_, id, connector));
  ASSIGN_OR_RETURN(parts.offsets, offset_store(connector));
  if (!transactions_group_.empty()) {
    ASSIGN_OR_RETURN(parts.transactions, parse_transaction_rules(connector, config_.offset_flush_interval_ms));
    parts.transactions->still_owner = still_owner_;
    ASSIGN_OR_RETURN(parts.producer, transactional_producer_properties(config_, id, connector, transactional_id(transactions_group_, id)));
  } else {
    RETURN_IF_ERROR(parts.offsets->refresh());
  }
  if (config_.topic_creation_enable) {
    ASSIGN_OR_RETURN(auto admin, admin_properties(config_, id.connector, connector));
    ASSIGN_OR_RETURN(parts.topics, TopicCreator::make(connector, std::move(admin)));
  }
  parts.make_source = [make = plugin.make, properties = merged(connector, task)] { return make(properties); };
  parts.commit_interval_ms = config_.offset_flush_interval_ms;
  parts.flush_timeout_ms = config_.offset_flush_timeout_ms;
  return std::unique_ptr<TaskThread>(std::make_unique<SourceTask>(std::move(parts), listener_, paused));
}

void Worker::set_paused(const std::string& connector, bool paused) {
  std::lock_guard lock(mutex_);
  for (auto& [id, task] : tasks_) {
    if (id.connector == connector) task->set_paused(paused);
  }
  for (auto& [id, written] : written_) {
    if (id.connector == connector) written.paused = paused;
  }
}

void Worker::stop_tasks(const std::vector<TaskId>& ids) {
  std::vector<std::pair<TaskId, std::shared_ptr<TaskRunner>>> stopping;
  {
    std::scoped_lock lock(restarting_, mutex_);
    for (const TaskId& id : ids) {
      supervisor_->forget(id);
      reloads_.forget(id);
      written_.erase(id);
      auto it = tasks_.find(id);
      if (it == tasks_.end()) continue;
      it->second->request_stop();
      stopping.emplace_back(id, std::move(it->second));
      tasks_.erase(it);
    }
  }
  const SteadyTime deadline = steady_now() + Millis(config_.task_shutdown_graceful_timeout_ms);
  for (auto& [id, task] : stopping) await_end(id, task, deadline);
}

void Worker::await_end(const TaskId& id, const std::shared_ptr<TaskRunner>& task, SteadyTime deadline) {
  if (task->join(std::max<int64_t>(0, std::chrono::duration_cast<Millis>(deadline - steady_now()).count()))) return;
  log::warn("runtime", "Task {} has not stopped in {} ms (task.shutdown.graceful.timeout.ms)", to_string(id), config_.task_shutdown_graceful_timeout_ms);
  // One that is in a call of its connector may stay there for ever; everything else comes to an end by itself.
  while (!task->join(kStopLookMs)) {
    auto call = task->current_call();
    if (!call || !task->give_up(call->number, task)) continue;
    log::error("runtime", "Task {} is given up. {}", to_string(id), hanging("task", *call, "").message());
  }
}

void Worker::stop_all() { stop_tasks(tasks()); }

std::vector<TaskId> Worker::tasks() const {
  std::lock_guard lock(mutex_);
  std::vector<TaskId> out;
  for (const auto& [id, task] : tasks_) out.push_back(id);
  return out;
}

}  // namespace bywash::runtime
