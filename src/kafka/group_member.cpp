// Membership over librdkafka's consumer and DescribeConsumerGroups. Level 3.
#include "kafka/group_member.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "base/threads.h"
#include "kafka/client.h"

namespace bywash::kafka {
namespace {

constexpr std::string_view kClientPrefix = "bywash-worker|";
constexpr int kDescribeTimeoutMs = 3000;
// How often the coordinator is asked while nothing happens, and while something does.
constexpr Millis kQuietPause{300};
constexpr Millis kBusyPause{60};
constexpr Millis kAskerAge{2000};  // how soon one that gets no answer is replaced

struct MemberEventDeleter { void operator()(rd_kafka_event_t* e) const { rd_kafka_event_destroy(e); } };

class RdGroupMember final : public GroupMember, public ClientHealth {
 public:
  explicit RdGroupMember(GroupMemberOptions options) : options_(std::move(options)) {}
  ~RdGroupMember() override { leave(); }

  Status open() {
    Properties java = options_.java;
    group_ = java["group.id"];
    java["client.id"] = std::string(kClientPrefix) + options_.name;
    java["auto.offset.reset"] = "latest";
    java.erase("partition.assignment.strategy");
    // Sticky and cooperative: the leader stays the leader while others come and go.
    java["librdkafka.partition.assignment.strategy"] = "cooperative-sticky";
    ASSIGN_OR_RETURN(rd_kafka_t * rk, make_handle(ClientKind::kConsumer, java, {}, this, [](rd_kafka_conf_t* conf) { rd_kafka_conf_set_rebalance_cb(conf, on_rebalance); }));
    rk_.reset(rk);
    rd_kafka_poll_set_consumer(rk);
    PartitionList list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(list.get(), options_.topic.c_str(), RD_KAFKA_PARTITION_UA);
    RETURN_IF_ERROR(to_status(rd_kafka_subscribe(rk, list.get()), fmt::format("Cannot join the group '{}'", group_)));
    ASSIGN_OR_RETURN(poller_, start_thread("the worker's group", [this] { poll(); }));
    ASSIGN_OR_RETURN(watcher_, start_thread("the worker's group", [this] { watch(); }));
    return {};
  }

  GroupView look() override { return describe(); }

  void leave() override {
    stopping_ = true;
    if (watcher_.joinable()) watcher_.join();
    if (poller_.joinable()) poller_.join();
    drop_asker();
    if (rk_ && !closed_) rd_kafka_consumer_close(rk_.get());
    closed_ = true;
  }

 private:
  static void on_rebalance(rd_kafka_t* rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* list, void*) {
    auto* self = static_cast<RdGroupMember*>(health_of(rk));
    self->changed_ = true;
    rd_kafka_error_t* error = nullptr;
    if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
      error = rd_kafka_incremental_assign(rk, list);
      if (!error) rd_kafka_pause_partitions(rk, list);  // it is held, not read
    } else {
      error = rd_kafka_incremental_unassign(rk, list);
    }
    if (error) rd_kafka_error_destroy(error);
  }

  void poll() {
    pthread_setname_np(pthread_self(), "group-member");
    while (!stopping_) {
      rd_kafka_message_t* m = rd_kafka_consumer_poll(rk_.get(), 100);
      if (!m) continue;
      if (m->err) report(m->err, rd_kafka_message_errstr(m));
      rd_kafka_message_destroy(m);
    }
  }

  void watch() {
    pthread_setname_np(pthread_self(), "group-watcher");
    SteadyTime next = steady_now();
    GroupView last;
    while (!stopping_) {
      if (!changed_.exchange(false) && steady_now() < next) {
        std::this_thread::sleep_for(Millis(10));
        continue;
      }
      GroupView view = describe();
      if (view != last) {
        // A view in the middle of a rebalance tells nothing but that: the last one stands for its members.
        if (!view.stable && last.stable) {
          GroupView unsettled = last;
          unsettled.stable = false;
          unsettled.problem = view.problem;
          options_.on_change(unsettled);
        } else {
          options_.on_change(view);
        }
        last = view;
      }
      next = steady_now() + (view.stable ? kQuietPause : kBusyPause);
    }
  }

  // librdkafka (2.0 to 2.16) keeps to the coordinator that a client's first question found for as long as it goes on asking, whatever that
  // broker answers or whether it is there at all: another client asks then, and finds the new one.
  GroupView describe() {
    std::lock_guard lock(asking_);
    GroupView out;
    if (ask(&out)) return out;
    if (stopping_ || out.self.empty() || steady_now() < asker_since_ + kAskerAge) return out;
    drop_asker();
    asker_since_ = steady_now();
    Properties java = options_.java;
    java["client.id"] = "bywash-group-watcher";
    auto handle = make_handle(ClientKind::kConsumer, java, {}, this, nullptr);
    if (!handle.ok()) {
      log::warn("kafka", "Cannot look for the coordinator of the group '{}': {}", group_, handle.status().message());
      return out;
    }
    asker_.rk.reset(*handle);
    log::info("kafka", "The coordinator of the group '{}' does not answer for it any more, looking for the next one", group_);
    return out;
  }

  void drop_asker() {
    asker_.queue.reset();
    asker_.rk.reset();
  }

  // False: the coordinator did not answer, or says that it is none.
  bool ask(GroupView* out) {
    if (char* id = rd_kafka_memberid(rk_.get())) {
      out->self = id;
      rd_kafka_mem_free(rk_.get(), id);
    }
    out->problem = last_error();
    if (out->self.empty()) return false;
    const char* group = group_.c_str();
    rd_kafka_t* asker = asker_.rk ? asker_.rk.get() : rk_.get();
    if (!asker_.queue) asker_.queue.reset(rd_kafka_queue_new(asker));
    rd_kafka_AdminOptions_t* options = rd_kafka_AdminOptions_new(asker, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS);
    char reason[256];
    rd_kafka_AdminOptions_set_request_timeout(options, kDescribeTimeoutMs, reason, sizeof reason);
    rd_kafka_DescribeConsumerGroups(asker, &group, 1, options, asker_.queue.get());
    rd_kafka_AdminOptions_destroy(options);
    std::unique_ptr<rd_kafka_event_t, MemberEventDeleter> event(rd_kafka_queue_poll(asker_.queue.get(), kDescribeTimeoutMs + 1000));
    if (!event || rd_kafka_event_error(event.get())) return false;
    const auto* result = rd_kafka_event_DescribeConsumerGroups_result(event.get());
    size_t count = 0;
    const auto* groups = result ? rd_kafka_DescribeConsumerGroups_result_groups(result, &count) : nullptr;
    if (count == 0 || rd_kafka_ConsumerGroupDescription_error(groups[0])) return false;
    read(*groups[0], out);
    return true;
  }

  void read(const rd_kafka_ConsumerGroupDescription_t& group, GroupView* out) {
    bool here = false;
    for (size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count(&group); ++i) {
      const rd_kafka_MemberDescription_t* member = rd_kafka_ConsumerGroupDescription_member(&group, i);
      std::string_view client = rd_kafka_MemberDescription_client_id(member);
      std::string id = rd_kafka_MemberDescription_consumer_id(member);
      if (!client.starts_with(kClientPrefix)) continue;
      std::string name(client.substr(kClientPrefix.size()));
      here |= id == out->self;
      const auto* assignment = rd_kafka_MemberDescription_assignment(member);
      const auto* partitions = assignment ? rd_kafka_MemberAssignment_partitions(assignment) : nullptr;
      if (partitions && partitions->cnt > 0) {
        out->leader = name;
        out->leader_id = id;
      }
      out->members.push_back({std::move(id), std::move(name)});
    }
    std::sort(out->members.begin(), out->members.end(), [](const auto& a, const auto& b) { return std::tie(a.name, a.id) < std::tie(b.name, b.id); });
    out->stable = here && !out->leader.empty() && rd_kafka_ConsumerGroupDescription_state(&group) == RD_KAFKA_CONSUMER_GROUP_STATE_STABLE;
    if (out->stable) {
      clear();
      out->problem.clear();
    }
  }

  const GroupMemberOptions options_;
  std::string group_;
  std::unique_ptr<rd_kafka_t, HandleDeleter> rk_;
  struct Asker {
    std::unique_ptr<rd_kafka_t, HandleDeleter> rk;  // null: rk_
    Queue queue;
  };
  std::mutex asking_;  // guards what follows
  Asker asker_;
  SteadyTime asker_since_{};
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> changed_ = false;
  bool closed_ = false;
  std::thread poller_, watcher_;
};

}  // namespace

Result<std::unique_ptr<GroupMember>> GroupMember::join(GroupMemberOptions options) {
  auto member = std::make_unique<RdGroupMember>(std::move(options));
  RETURN_IF_ERROR(member->open());
  return std::unique_ptr<GroupMember>(std::move(member));
}

}  // namespace bywash::kafka
