// Life of the herder: topics, group, the thread's turns and the queue of requests. Level 7.
#include "runtime/distributed/distributed_herder.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "runtime/client_properties.h"
#include "runtime/herder_request.h"
#include "runtime/kafka_offset_store.h"

namespace bywash::runtime {
namespace {

constexpr int kReadTimeoutMs = 60000;
constexpr int kFlushTimeoutMs = 5000;
constexpr int64_t kRequestTimeoutMs = 90000;  // as Connect's HerderRequestHandler
constexpr Millis kTurn{100};                  // what waits for time alone is looked at this often

std::string worker_of(std::string_view url) {
  size_t scheme = url.find("://");
  return std::string(scheme == url.npos ? url : url.substr(scheme + 3));
}

WorkerConfig of_cluster(WorkerConfig worker, const ClusterConfig& cluster) {
  worker.exactly_once_sources = ascii_lower(cluster.exactly_once_source) == "enabled";
  return worker;
}

}  // namespace

DistributedHerder::DistributedHerder(WorkerConfig config, ClusterConfig cluster, const plugin::Registry& registry, ClusterLinks links)
    : registry_(registry), cluster_(std::move(cluster)), links_(std::move(links)), fence_([this](const TaskId& id) { return fence_task(id); }, [this] { wake(); }),
      metrics_([this] { return watched(); }), worker_(of_cluster(std::move(config), cluster_), registry, this) {}

DistributedHerder::~DistributedHerder() { stop(); }

Status DistributedHerder::start(ClusterMember self) {
  self_ = std::move(self);
  const WorkerConfig& worker = worker_.config();
  RETURN_IF_ERROR(links_.make_topics(worker, cluster_));
  ASSIGN_OR_RETURN(auto offsets_topic, cluster_topic(worker, cluster_, cluster_.offset_topic));
  ASSIGN_OR_RETURN(auto offsets, KafkaOffsetStore::open(std::move(offsets_topic), links_.open_topic));
  worker_.use_offset_store(std::move(offsets), [this](const std::string& topic) -> Result<std::unique_ptr<OffsetStore>> {
    RETURN_IF_ERROR(make_offset_topic(worker_.config(), cluster_, topic));
    ASSIGN_OR_RETURN(auto options, cluster_topic(worker_.config(), cluster_, topic));
    return KafkaOffsetStore::open(std::move(options), links_.open_topic);
  });

  if (worker.exactly_once_sources) worker_.use_transactions(cluster_.group_id, [this](const TaskId& id) { return still_owner(id); });
  ASSIGN_OR_RETURN(auto status_topic, cluster_topic(worker, cluster_, cluster_.status_topic));
  ASSIGN_OR_RETURN(status_log_, links_.open_topic(std::move(status_topic), [this](const kafka::TableRecord& record) {
    StatusTable::Change change;
    {
      std::lock_guard lock(mutex_);
      change = statuses_.apply(record);
      if (change == StatusTable::Change::kStatus) note_restart(record);
    }
    if (change == StatusTable::Change::kTopics && !record.value) {
      // Taken back: to be told anew at the next use.
      std::lock_guard lock(topics_mutex_);
      told_topics_.clear();
    }
    wake();
  }));
  ASSIGN_OR_RETURN(auto config_topic, cluster_topic(worker, cluster_, cluster_.config_topic));
  ASSIGN_OR_RETURN(config_log_, links_.open_topic(std::move(config_topic), [this](const kafka::TableRecord& record) {
    LoggerListener logger;
    ConfigChange change;
    {
      std::lock_guard lock(mutex_);
      change = config_.apply(record);
      if (!reading_done_) return;
      if (change.kind == ConfigChange::Kind::kRestart) restarts_.push_back(change.restart);
      if (change.kind == ConfigChange::Kind::kLogger) logger = logger_listener_;
    }
    if (logger) logger(change.connector, change.level);
    wake();
  }));
  RETURN_IF_ERROR(status_log_->read_to_end(kReadTimeoutMs));
  RETURN_IF_ERROR(config_log_->read_to_end(kReadTimeoutMs));
  {
    std::lock_guard lock(mutex_);
    reading_done_ = true;
    log::info("runtime", "Read the cluster's topics: {} connectors", config_.connectors().size());
  }

  kafka::GroupMemberOptions group;
  ASSIGN_OR_RETURN(group.java, admin_properties(worker, "", {}));
  group.java["group.id"] = cluster_.group_id;
  group.java["session.timeout.ms"] = std::to_string(cluster_.session_timeout_ms);
  group.java["heartbeat.interval.ms"] = std::to_string(cluster_.heartbeat_interval_ms);
  group.java["max.poll.interval.ms"] = std::to_string(std::max(cluster_.rebalance_timeout_ms, cluster_.session_timeout_ms));
  group.topic = cluster_.config_topic;
  group.name = self_.url;
  group.on_change = [this](const kafka::GroupView& view) {
    bool told = false;
    {
      std::lock_guard lock(mutex_);
      told = view_.problem == view.problem;
      if (view_.stable && !view.stable) unstable_since_ = steady_now();
      view_ = view;
    }
    if (!told && !view.problem.empty()) {
      log::warn("runtime", "The group '{}' cannot be joined yet: {}. If workers of Kafka Connect still run with this group.id, stop them first", cluster_.group_id, view.problem);
    }
    wake();
  };
  ASSIGN_OR_RETURN(member_, links_.join(std::move(group)));
  thread_ = std::thread([this] { run(); });
  return {};
}

// For as long as a rebalance may take nothing is wrong.
std::string DistributedHerder::trouble() const {
  std::lock_guard lock(mutex_);
  const auto away = std::chrono::duration_cast<Millis>(steady_now() - unstable_since_);
  if (!ready_ || view_.stable || away < Millis(cluster_.session_timeout_ms)) return {};
  return fmt::format("It has been out of the group '{}' for {} s{}{}", cluster_.group_id, away.count() / 1000, view_.problem.empty() ? "" : ": ", view_.problem);
}

void DistributedHerder::stop() {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  worker_.leave_connectors();
  fence_.stop();
  std::vector<Unit> all;
  for (const auto& [unit, running] : running_) all.push_back(unit);
  if (status_log_) {
    stop_units(all, true);
    status_log_->write_later(ack_removal_record(self_.worker_id));
    if (Status status = status_log_->flush(kFlushTimeoutMs); !status.ok()) log::warn("runtime", "While stopping: {}", status.message());
  }
  worker_.stop_all();
  fenced_.reset();
  if (member_) member_->leave();
  if (config_log_) config_log_->stop();
  if (status_log_) status_log_->stop();
}

void DistributedHerder::wake() {
  {
    std::lock_guard lock(mutex_);
    woken_ = true;
  }
  wake_.notify_all();
}

void DistributedHerder::run() {
  pthread_setname_np(pthread_self(), "herder");
  while (true) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, kTurn, [&] { return stopping_ || woken_; });
      if (stopping_) break;
      woken_ = false;
    }
    turn();
  }
  // Whoever still waits is answered kCancelled.
  std::lock_guard lock(mutex_);
  queue_.clear();
}

void DistributedHerder::turn() {
  lead();
  follow();
  reconcile();
  serve();
}

void DistributedHerder::serve() {
  while (true) {
    std::optional<Request> next;
    bool settled = false;
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return;
      settled = view_.stable && (leading_ || !view_.leads());
      for (auto it = queue_.begin(); it != queue_.end(); ++it) {
        // What only the leader may do waits until it is known who that is.
        if (it->by == By::kLeader && !settled && !cluster_.strict_rebalance) continue;
        next = std::move(*it);
        queue_.erase(it);
        break;
      }
    }
    if (!next) return;
    if (next->by == By::kLeader && !settled) {
      next->refuse(Status::conflict("Cannot complete request momentarily due to no known leader URL, likely because a rebalance was underway."));
    } else {
      next->work();
    }
    // What it has changed takes effect before the next one.
    lead();
    follow();
    reconcile();
  }
}

Status DistributedHerder::request(By by, const std::string& connector, const std::string& what, std::function<Status()> work) {
  auto asked = std::make_shared<HerderRequest>();
  std::weak_ptr<HerderRequest> queued = asked;
  auto answer = asked->answer();
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return Status::cancelled("The worker is shutting down");
    auto now = [this, asked, connector, what, work = std::move(work)] {
      log::Scope scope(connector, "");
      if (!asked->begin()) return;
      {
        std::lock_guard inner(mutex_);
        current_ = what;
      }
      Status done = work();
      {
        std::lock_guard inner(mutex_);
        current_.clear();
      }
      asked->finish(std::move(done));
    };
    queue_.push_back({by, std::move(now), [asked](Status status) { asked->finish(std::move(status)); }});
    woken_ = true;
  }
  wake_.notify_all();
  asked.reset();  // the queue's is the last
  if (auto done = await(queued, std::move(answer), Millis(kRequestTimeoutMs))) return *std::move(done);
  std::lock_guard lock(mutex_);
  return Status::timed_out(fmt::format("Request timed out. The worker is currently {}.", !view_.stable ? "waiting for its group" : current_.empty() ? "busy" : current_));
}

void DistributedHerder::note_restart(const kafka::TableRecord& record) {
  constexpr std::string_view kPrefix = "status-connector-";
  if (!reading_done_ || !record.key || !record.key->starts_with(kPrefix)) return;
  std::string name = record.key->substr(kPrefix.size());
  const StoredStatus* status = statuses_.connector(name);
  if (status && status->state == State::kRestarting) restarted_.insert(name);
}

Status DistributedHerder::not_leader() const {
  std::lock_guard lock(mutex_);
  return Status::conflict(view_.leader).with_java_class(std::string(kElsewhere));
}

Status DistributedHerder::elsewhere(const Unit& unit) const {
  std::lock_guard lock(mutex_);
  std::string url;
  if (!leading_) {
    url = view_.leader;
  } else {
    for (const auto& [worker, share] : statuses_.assignment().workers) {
      if (!share.units.contains(unit)) continue;
      for (const auto& member : view_.members) {
        if (worker_of(member.name) == worker) url = member.name;
      }
    }
  }
  return Status::conflict(url).with_java_class(std::string(kElsewhere));
}

Result<ConfigReport> DistributedHerder::validate(const config::Properties& properties) {
  return validate_in_time(properties, worker_.config(), registry_, Millis(kRequestTimeoutMs));
}

}  // namespace bywash::runtime
