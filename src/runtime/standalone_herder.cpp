// The herder's queue, and what clients may read of the connectors. Level 7.
#include "runtime/standalone_herder.h"

#include <pthread.h>

#include <algorithm>

#include "base/clock.h"
#include "base/log.h"

namespace bywash::runtime {
namespace {

// How long a start of the worker waits for one connector, and for all of them, before it goes on without.
constexpr Millis kStoredWait{1000}, kStoredWaitAll{5000};

}  // namespace

StandaloneHerder::StandaloneHerder(WorkerConfig config, const plugin::Registry& registry, HerderOptions options)
    : registry_(registry), options_(std::move(options)), worker_id_(options_.worker_id), metrics_([this] { return watched(); }), worker_(std::move(config), registry, this) {}

StandaloneHerder::~StandaloneHerder() { stop(); }

Status StandaloneHerder::start() {
  std::vector<StoredConnector> stored;
  if (!options_.store_folder.empty()) {
    ASSIGN_OR_RETURN(store_, ConnectorStore::open(options_.store_folder));
    ASSIGN_OR_RETURN(stored, store_->load());
  }
  thread_ = std::thread([this] { run(); });
  return start_stored(std::move(stored));
}

// One after the other, so that a worker with hundreds does not come down on its databases all at once; one that hangs holds up the others
// for a moment only.
Status StandaloneHerder::start_stored(std::vector<StoredConnector> stored) {
  const SteadyTime deadline = steady_now() + kStoredWaitAll;
  for (StoredConnector& connector : stored) {
    auto properties = without_nulls(connector.config);
    // Without asking remote systems: a database that is down must not keep its connector from coming back; its task says so itself.
    auto report = validate_connector(properties, worker_.config(), registry_, Reach::kLocal);
    if (!report.ok()) {
      return report.status().with_context(fmt::format("Stored connector '{}' cannot be started; remove its file from '{}' or use a program that has its plugin", connector.name, options_.store_folder));
    }
    Asked asked = ask(connector.name, "starting connector " + connector.name, [this, connector, found = *report](After after) {
      put_now(connector.name, connector.config, found, connector.target, [name = connector.name, after](const Status& done) {
        if (!done.ok()) log::error("connect", "Connector {} could not be started: {}", name, done.message());
        after(done);
      });
    });
    const Millis wait = std::clamp(std::chrono::duration_cast<Millis>(deadline - steady_now()), Millis(0), kStoredWait);
    if (asked.answer.wait_for(wait) == std::future_status::timeout) log::warn("connect", "Connector {} has not come back from its start yet; the worker goes on", connector.name);
  }
  return {};
}

void StandaloneHerder::stop() {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  worker_.leave_connectors();
  {
    // Whoever waits for a connector's start is answered kCancelled.
    std::lock_guard lock(mutex_);
    for (auto& [name, entry] : connectors_) entry.after = nullptr;
  }
  worker_.stop_all();
}

void StandaloneHerder::set_worker_id(std::string worker_id) {
  std::lock_guard lock(mutex_);
  worker_id_ = std::move(worker_id);
}

void StandaloneHerder::run() {
  pthread_setname_np(pthread_self(), "herder");
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    if (stopping_) break;
    auto work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
    lock.lock();
    current_.clear();
  }
  // Whoever still waits is answered kCancelled.
  queue_.clear();
}

bool StandaloneHerder::post(std::function<void()> work) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return false;
    queue_.push_back(std::move(work));
  }
  wake_.notify_all();
  return true;
}

StandaloneHerder::Asked StandaloneHerder::ask(const std::string& connector, const std::string& what, std::function<void(After)> work) {
  auto asked = std::make_shared<HerderRequest>();
  Asked out{asked, asked->answer(), what};
  post([this, asked = std::move(asked), connector, what, work = std::move(work)] {
    log::Scope scope(connector, "");
    if (!asked->begin()) return;
    {
      std::lock_guard inner(mutex_);
      current_ = what;
    }
    work([asked](Status done) { asked->finish(std::move(done)); });
  });
  return out;
}

Status StandaloneHerder::await_answer(Asked asked, Millis timeout) {
  if (auto done = await(asked.request, std::move(asked.answer), timeout)) return *std::move(done);
  auto request = asked.request.lock();
  std::lock_guard lock(mutex_);
  const std::string& busy_with = request && request->begun() ? asked.what : current_;
  return Status::timed_out(fmt::format("Request timed out. The worker is currently {}.", busy_with.empty() ? "busy" : busy_with));
}

Status StandaloneHerder::request_later(const std::string& connector, const std::string& what, std::function<void(After)> work) {
  return await_answer(ask(connector, what, std::move(work)), Millis(options_.request_timeout_ms));
}

Status StandaloneHerder::request(const std::string& connector, const std::string& what, std::function<Status()> work) {
  return request_later(connector, what, [work = std::move(work)](const After& after) { after(work()); });
}

std::vector<std::string> StandaloneHerder::connectors() {
  std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [name, entry] : connectors_) out.push_back(name);
  return out;
}

ConnectorSummary StandaloneHerder::summary_locked(const std::string& name, const Entry& entry) const {
  ConnectorSummary out;
  out.name = name;
  out.config = masked(entry.config, entry.secrets);
  for (size_t i = 0; i < entry.tasks.size(); ++i) out.tasks.push_back({name, static_cast<int>(i)});
  out.type = to_string(entry.plugin.kind);
  return out;
}

ConnectorStatus StandaloneHerder::status_locked(const std::string& name, const Entry& entry) const {
  ConnectorStatus out;
  out.name = name;
  out.state = entry.state;
  out.worker_id = worker_id_;
  out.version = entry.plugin.info->version;
  out.trace = entry.trace;
  out.type = to_string(entry.plugin.kind);
  for (size_t i = 0; i < entry.tasks.size(); ++i) {
    out.tasks.push_back({static_cast<int>(i), entry.tasks[i].state, worker_id_, entry.plugin.info->version, entry.tasks[i].trace});
  }
  return out;
}

std::vector<WorkerMetrics::Watched> StandaloneHerder::watched() const {
  std::lock_guard lock(mutex_);
  std::vector<WorkerMetrics::Watched> out;
  for (const auto& [name, entry] : connectors_) out.push_back({status_locked(name, entry), entry.plugin.class_name});
  return out;
}

Result<ConnectorSummary> StandaloneHerder::connector(const std::string& name) {
  std::lock_guard lock(mutex_);
  auto it = connectors_.find(name);
  if (it == connectors_.end()) return no_connector(name);
  return summary_locked(name, it->second);
}

Result<ConnectorStatus> StandaloneHerder::status(const std::string& name) {
  std::lock_guard lock(mutex_);
  auto it = connectors_.find(name);
  if (it == connectors_.end()) return Status::not_found(fmt::format("No status found for connector {}", name));
  return status_locked(name, it->second);
}

Result<TaskStatus> StandaloneHerder::task_status(const TaskId& id) {
  std::lock_guard lock(mutex_);
  auto it = connectors_.find(id.connector);
  if (it == connectors_.end() || id.task < 0 || static_cast<size_t>(id.task) >= it->second.tasks.size()) {
    return Status::not_found(fmt::format("No status found for task {}", to_string(id)));
  }
  return status_locked(id.connector, it->second).tasks[static_cast<size_t>(id.task)];
}

Result<std::vector<std::pair<TaskId, config::Properties>>> StandaloneHerder::task_configs(const std::string& name) {
  std::lock_guard lock(mutex_);
  auto it = connectors_.find(name);
  if (it == connectors_.end()) return no_connector(name);
  std::vector<std::pair<TaskId, config::Properties>> out;
  for (size_t i = 0; i < it->second.tasks.size(); ++i) {
    config::Properties shown = masked_task(it->second.tasks[i].config, it->second.secrets);
    shown["task.class"] = task_class(it->second.plugin.class_name);
    out.emplace_back(TaskId{name, static_cast<int>(i)}, std::move(shown));
  }
  return out;
}

Result<std::vector<std::string>> StandaloneHerder::topics(const std::string& name) {
  RETURN_IF_ERROR(check_topic_tracking(worker_.config()));
  std::lock_guard lock(mutex_);
  auto it = topics_.find(name);
  return it == topics_.end() ? std::vector<std::string>() : std::vector<std::string>(it->second.begin(), it->second.end());
}

Status StandaloneHerder::reset_topics(const std::string& name) {
  RETURN_IF_ERROR(check_topic_reset(worker_.config()));
  std::lock_guard lock(mutex_);
  topics_.erase(name);
  return {};
}

Result<ConnectorKind> StandaloneHerder::kind(const std::string& name) {
  std::lock_guard lock(mutex_);
  auto it = connectors_.find(name);
  if (it == connectors_.end()) return no_connector(name);
  return it->second.plugin.kind;
}

Result<config::Properties> StandaloneHerder::properties_of(const std::string& name, std::string_view not_found) const {
  std::lock_guard lock(mutex_);
  auto it = connectors_.find(name);
  if (it == connectors_.end()) return Status::not_found(fmt::format(fmt::runtime(not_found), name));
  return without_nulls(it->second.config);
}

Result<OffsetEntries> StandaloneHerder::offsets(const std::string& name) {
  ASSIGN_OR_RETURN(auto properties, properties_of(name, "Connector {} not found"));
  return worker_.offsets(name, properties);
}

Status StandaloneHerder::check_stopped(const std::string& name) const {
  std::lock_guard lock(mutex_);
  auto it = connectors_.find(name);
  if (it == connectors_.end()) return no_connector(name);
  if (it->second.target == TargetState::kStopped && it->second.tasks.empty()) return {};
  return must_be_stopped(name);
}

Status StandaloneHerder::alter_offsets(const std::string& name, const OffsetEntries& entries) {
  return request(name, "altering offsets of connector " + name, [this, name, entries]() -> Status {
    RETURN_IF_ERROR(check_stopped(name));
    ASSIGN_OR_RETURN(auto properties, properties_of(name, "Connector {} not found"));
    return worker_.alter_offsets(name, properties, entries);
  });
}

Status StandaloneHerder::reset_offsets(const std::string& name) {
  return request(name, "resetting offsets of connector " + name, [this, name]() -> Status {
    RETURN_IF_ERROR(check_stopped(name));
    ASSIGN_OR_RETURN(auto properties, properties_of(name, "Connector {} not found"));
    return worker_.reset_offsets(name, properties);
  });
}

Result<ConfigReport> StandaloneHerder::validate(const config::Properties& properties) {
  return validate_in_time(properties, worker_.config(), registry_, Millis(options_.request_timeout_ms));
}

Result<std::string> StandaloneHerder::kafka_cluster_id() { return worker_.kafka_cluster_id(); }

void StandaloneHerder::on_task_state(const TaskId& id, State state, const std::string& trace) {
  std::lock_guard lock(mutex_);
  auto it = connectors_.find(id.connector);
  if (it == connectors_.end() || id.task < 0 || static_cast<size_t>(id.task) >= it->second.tasks.size()) return;
  TaskEntry& task = it->second.tasks[static_cast<size_t>(id.task)];
  // The end of a thread that a restart replaces is no news.
  if (task.state == State::kRestarting && (state == State::kUnassigned || state == State::kDestroyed)) return;
  task.state = state;
  task.trace = state == State::kFailed ? trace : "";
}

void StandaloneHerder::on_task_problem(const TaskId& id, const std::string& problem) {
  std::lock_guard lock(mutex_);
  auto it = connectors_.find(id.connector);
  if (it == connectors_.end() || id.task < 0 || static_cast<size_t>(id.task) >= it->second.tasks.size()) return;
  TaskEntry& task = it->second.tasks[static_cast<size_t>(id.task)];
  if (task.state == State::kRunning) task.trace = problem;
}

void StandaloneHerder::on_connector_problem(const std::string& connector, const std::string& problem) {
  std::lock_guard lock(mutex_);
  auto it = connectors_.find(connector);
  if (it != connectors_.end() && it->second.state == State::kRunning) it->second.trace = problem;
}

void StandaloneHerder::on_topic_used(const std::string& connector, const std::string& topic) {
  if (!worker_.config().topic_tracking_enable) return;
  std::lock_guard lock(mutex_);
  if (connectors_.contains(connector)) topics_[connector].insert(topic);
}

}  // namespace bywash::runtime
