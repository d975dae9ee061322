// A Kafka of a simulation: three logs, a group and one transactional id, kept in memory, through which real herders form a cluster. Records
// reach each worker late; a worker may be cut off, be counted as gone without hearing of it, or end without a word. Test code only.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "runtime/distributed/cluster_links.h"

namespace bywash::runtime::simulation {

using kafka::KeyValue;
using kafka::TableRecord;

class Kafka {
 public:
  explicit Kafka(uint32_t seed, int late_ms_max) : random_(seed), late_ms_max_(late_ms_max) {}

  // What one worker has of it. `node` tells the workers' lives apart: one that ended and one in its place are two.
  ClusterLinks links(int node);
  // Nothing comes to it or from it any more.
  void cut(int node) { set_cut(node, true); }
  void heal(int node) { set_cut(node, false); }
  // The group counts it as gone; it hears of that, and joins again, by rejoin() only.
  void drop(int node);
  void rejoin(int node);
  // One in so many records that nobody waits for does not reach its log; 0: none.
  void lose(uint32_t one_in) {
    std::lock_guard lock(mutex_);
    one_lost_in_ = one_in;
  }
  // A rebalance that does not end before settle().
  void unsettle() {
    settled_ = false;
    tell_all();
  }
  void settle() {
    settled_ = true;
    tell_all();
  }
  // The leader's node; 0: there is none.
  int leader();
  // How often a producer with the leader's transactional id was made.
  int64_t fences() {
    std::lock_guard lock(mutex_);
    return epoch_;
  }
  // How many members there are.
  size_t member_count();

 private:
  friend class Topic;
  friend class Member;
  friend class Fenced;

  struct Joined {
    std::string id, name;
    std::function<void(const kafka::GroupView&)> tell;
    int order = 0;
  };
  void set_cut(int node, bool cut) {
    std::lock_guard lock(mutex_);
    if (cut) cut_.insert(node);
    else cut_.erase(node);
    changed_.notify_all();
  }
  kafka::GroupView view_of(int node);
  void tell_all();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::mt19937 random_;
  const int late_ms_max_;
  std::map<std::string, std::vector<TableRecord>> logs_;
  std::set<int> cut_;
  std::map<int, Joined> members_, gone_;
  int ids_ = 0, orders_ = 0;
  int64_t epoch_ = 0;
  uint32_t one_lost_in_ = 0;
  std::atomic<bool> settled_ = true;
  std::mutex telling_;  // views come in order
};

// A worker's copy of a log, read by a thread of its own.
class Topic final : public kafka::CompactedTopic {
 public:
  Topic(Kafka* kafka, int node, std::string name, Listener listener) : kafka_(kafka), node_(node), name_(std::move(name)), listener_(std::move(listener)), thread_([this] { run(); }) {}
  ~Topic() override { stop(); }
  Status read_to_end(int timeout_ms) override {
    std::unique_lock lock(kafka_->mutex_);
    const size_t end = kafka_->logs_[name_].size();
    return await(lock, end, timeout_ms);
  }
  Status read_past(const kafka::WrittenEnds& ends, int timeout_ms) override {
    std::unique_lock lock(kafka_->mutex_);
    return await(lock, static_cast<size_t>(ends.at(0)), timeout_ms);
  }
  Status write(const std::vector<KeyValue>& records, int) override {
    std::lock_guard lock(kafka_->mutex_);
    if (kafka_->cut_.contains(node_)) return Status::timed_out("cut off");
    append(records);
    return {};
  }
  // What is on its way when the worker is cut off never comes.
  void write_later(const KeyValue& record) override {
    {
      std::lock_guard lock(kafka_->mutex_);
      if (kafka_->one_lost_in_ > 0 && kafka_->random_() % kafka_->one_lost_in_ == 0) return;
    }
    static_cast<void>(write({record}, 0));
  }
  Status flush(int) override { return {}; }
  void stop() override {
    {
      std::lock_guard lock(kafka_->mutex_);
      stopping_ = true;
      kafka_->changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  friend class Fenced;
  static constexpr int kCutTimeoutMs = 20;
  void append(const std::vector<KeyValue>& records) { append(kafka_, name_, records); }
  static void append(Kafka* kafka, const std::string& name, const std::vector<KeyValue>& records) {
    for (const auto& [key, value] : records) kafka->logs_[name].push_back({key, value, 0});
    kafka->changed_.notify_all();
  }
  Status await(std::unique_lock<std::mutex>& lock, size_t end, int timeout_ms) {
    const int wait = kafka_->cut_.contains(node_) ? kCutTimeoutMs : timeout_ms;
    const bool there = kafka_->changed_.wait_for(lock, Millis(wait), [&] { return read_ >= end || stopping_ || (wait != kCutTimeoutMs && kafka_->cut_.contains(node_)); }) && read_ >= end;
    return there ? Status() : Status::timed_out("cut off");
  }
  void run() {
    std::unique_lock lock(kafka_->mutex_);
    while (true) {
      kafka_->changed_.wait(lock, [&] { return stopping_ || (!kafka_->cut_.contains(node_) && read_ < kafka_->logs_[name_].size()); });
      if (stopping_) return;
      const TableRecord record = kafka_->logs_[name_][read_];
      const auto late = static_cast<int>(kafka_->random_() % 8 == 0 ? kafka_->random_() % static_cast<uint32_t>(kafka_->late_ms_max_ + 1) : 0);
      lock.unlock();
      if (late > 0) std::this_thread::sleep_for(Millis(late));
      listener_(record);
      lock.lock();
      ++read_;
      kafka_->changed_.notify_all();
    }
  }
  Kafka* const kafka_;
  const int node_;
  const std::string name_;
  const Listener listener_;
  size_t read_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

class Member final : public kafka::GroupMember {
 public:
  Member(Kafka* kafka, int node) : kafka_(kafka), node_(node) {}
  ~Member() override { leave(); }
  kafka::GroupView look() override {
    std::lock_guard lock(kafka_->mutex_);
    if (kafka_->cut_.contains(node_) || !kafka_->members_.contains(node_)) return {};
    return kafka_->view_of(node_);
  }
  void leave() override {
    {
      std::lock_guard telling(kafka_->telling_);
      std::lock_guard lock(kafka_->mutex_);
      if (left_) return;
      left_ = true;
      // One that is cut off cannot say so: the group has counted it as gone, or will.
      if (kafka_->cut_.contains(node_)) {
        if (auto it = kafka_->members_.find(node_); it != kafka_->members_.end()) it->second.tell = nullptr;
        kafka_->gone_.erase(node_);
        return;
      }
      kafka_->members_.erase(node_);
      kafka_->gone_.erase(node_);
    }
    kafka_->tell_all();
  }

 private:
  Kafka* const kafka_;
  const int node_;
  bool left_ = false;
};

class Fenced final : public kafka::FencedProducer {
 public:
  Fenced(Kafka* kafka, int node, int64_t epoch) : kafka_(kafka), node_(node), epoch_(epoch) {}
  Result<kafka::WrittenEnds> write(const std::string& topic, const std::vector<KeyValue>& records, int) override {
    std::lock_guard lock(kafka_->mutex_);
    if (kafka_->cut_.contains(node_)) return Status::timed_out("cut off");
    if (kafka_->epoch_ != epoch_) return Status::fatal("fenced");
    Topic::append(kafka_, topic, records);
    return kafka::WrittenEnds{{0, static_cast<int64_t>(kafka_->logs_[topic].size())}};
  }

 private:
  Kafka* const kafka_;
  const int node_;
  const int64_t epoch_;
};

inline ClusterLinks Kafka::links(int node) {
  ClusterLinks out;
  out.make_topics = [](const WorkerConfig&, const ClusterConfig&) { return Status(); };
  out.open_topic = [this, node](kafka::CompactedTopicOptions options, kafka::CompactedTopic::Listener listener) -> Result<std::unique_ptr<kafka::CompactedTopic>> {
    return std::unique_ptr<kafka::CompactedTopic>(std::make_unique<Topic>(this, node, options.topic, std::move(listener)));
  };
  out.join = [this, node](kafka::GroupMemberOptions options) -> Result<std::unique_ptr<kafka::GroupMember>> {
    {
      std::lock_guard lock(mutex_);
      members_[node] = {"m" + std::to_string(++ids_), options.name, options.on_change, ++orders_};
    }
    tell_all();
    return std::unique_ptr<kafka::GroupMember>(std::make_unique<Member>(this, node));
  };
  out.fence = [this, node](const kafka::Properties&, const std::string&, int) -> Result<std::unique_ptr<kafka::FencedProducer>> {
    std::lock_guard lock(mutex_);
    if (cut_.contains(node)) return Status::timed_out("cut off");
    return std::unique_ptr<kafka::FencedProducer>(std::make_unique<Fenced>(this, node, ++epoch_));
  };
  return out;
}

inline kafka::GroupView Kafka::view_of(int node) {
  kafka::GroupView view;
  view.stable = settled_;
  view.self = members_.at(node).id;
  const Joined* leader = nullptr;
  for (const auto& [number, member] : members_) {
    view.members.push_back({member.id, member.name});
    if (!leader || member.order < leader->order) leader = &member;
  }
  std::sort(view.members.begin(), view.members.end(), [](const auto& a, const auto& b) { return std::tie(a.name, a.id) < std::tie(b.name, b.id); });
  view.leader = leader->name;
  view.leader_id = leader->id;
  return view;
}

// One that is cut off hears nothing of it.
inline void Kafka::tell_all() {
  std::lock_guard telling(telling_);
  std::vector<std::pair<std::function<void(const kafka::GroupView&)>, kafka::GroupView>> views;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [node, member] : members_) {
      if (member.tell && !cut_.contains(node)) views.emplace_back(member.tell, view_of(node));
    }
  }
  for (const auto& [tell, view] : views) tell(view);
}

inline void Kafka::drop(int node) {
  {
    std::lock_guard lock(mutex_);
    auto it = members_.find(node);
    if (it == members_.end()) return;
    gone_[node] = it->second;
    members_.erase(it);
  }
  tell_all();
}

inline void Kafka::rejoin(int node) {
  {
    std::lock_guard lock(mutex_);
    auto it = gone_.find(node);
    if (it != gone_.end()) {
      members_[node] = it->second;
      members_[node].id = "m" + std::to_string(++ids_);
      members_[node].order = ++orders_;
      gone_.erase(it);
    }
  }
  tell_all();
}

inline int Kafka::leader() {
  std::lock_guard lock(mutex_);
  int out = 0, first = 0;
  for (const auto& [node, member] : members_) {
    if (out == 0 || member.order < first) {
      out = node;
      first = member.order;
    }
  }
  return out;
}

inline size_t Kafka::member_count() {
  std::lock_guard lock(mutex_);
  return members_.size();
}

}  // namespace bywash::runtime::simulation
