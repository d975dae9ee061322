// The planner alone, and in a simulated cluster: seeded random crashes, joins, changes of leader, late and lost messages. What has to hold
// in every run: no unit has two owners that both live; what is quiet in the end is balanced and complete.
#include "runtime/distributed/assignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>

namespace bywash::runtime {
namespace {

using Members = std::map<std::string, std::string>;
using Acks = std::map<std::string, Ack>;

std::set<Unit> work_of(int connectors, int tasks) {
  std::set<Unit> out;
  for (int c = 0; c < connectors; ++c) {
    for (int t = -1; t < tasks; ++t) out.insert({"c" + std::to_string(c), t});
  }
  return out;
}

// Plans until nothing changes, every member applying at once.
Assignment settle(AssignmentPlanner& planner, const Members& members, const std::set<Unit>& work, Acks* acks, Assignment last, int64_t now = 0, int64_t delay = 0) {
  for (int i = 0; i < 1000; ++i) {
    auto next = planner.next({"w1", members, work, *acks, now, delay});
    if (!next) return last;
    last = *next;
    for (const auto& [worker, member] : members) (*acks)[worker] = {member, last.version, last.workers[worker].units};
  }
  ADD_FAILURE() << "does not settle";
  return last;
}

TEST(AssignmentPlanner, SharesWorkEvenly) {
  AssignmentPlanner planner({});
  Acks acks;
  Assignment got = settle(planner, {{"w1", "m1"}, {"w2", "m2"}, {"w3", "m3"}}, work_of(6, 3), &acks, {});
  for (const auto& [worker, share] : got.workers) EXPECT_EQ(share.units.size(), 8u) << worker;
}

TEST(AssignmentPlanner, AWorkerThatJoinsTakesOneUnitAtATime) {
  AssignmentPlanner planner({});
  Acks acks;
  auto work = work_of(4, 1);
  Assignment before = settle(planner, {{"w1", "m1"}}, work, &acks, {});
  Members both = {{"w1", "m1"}, {"w2", "m2"}};
  auto next = planner.next({"w1", both, work, acks, 0, 0});
  ASSERT_TRUE(next);
  EXPECT_EQ(next->workers["w1"].units.size(), 7u) << "one is given up";
  EXPECT_TRUE(next->workers["w2"].units.empty()) << "and handed over only when its worker has said that it is free";
  EXPECT_FALSE(planner.next({"w1", both, work, acks, 0, 0})) << "nothing else moves meanwhile";
  for (const auto& [worker, member] : both) acks[worker] = {member, next->version, next->workers[worker].units};
  Assignment after = settle(planner, both, work, &acks, *next);
  EXPECT_EQ(after.workers["w1"].units.size(), 4u);
  EXPECT_EQ(after.workers["w2"].units.size(), 4u);
}

TEST(AssignmentPlanner, WorkOfAWorkerThatWentWaitsForIt) {
  AssignmentPlanner planner({});
  Acks acks;
  auto work = work_of(2, 1);
  Assignment before = settle(planner, {{"w1", "m1"}, {"w2", "m2"}}, work, &acks, {}, 0, 1000);
  Members one = {{"w1", "m1"}};
  Assignment kept = settle(planner, one, work, &acks, before, 500, 1000);
  EXPECT_EQ(kept.workers["w2"].units, before.workers["w2"].units);
  EXPECT_EQ(planner.wait_ms(700, 1000), 800);
  Assignment taken = settle(planner, one, work, &acks, kept, 1500, 1000);
  EXPECT_EQ(taken.workers["w1"].units, work);
}

TEST(AssignmentPlanner, AWorkerThatComesBackInTimeHasItsWorkAgain) {
  AssignmentPlanner planner({});
  Acks acks;
  auto work = work_of(2, 1);
  Assignment before = settle(planner, {{"w1", "m1"}, {"w2", "m2"}}, work, &acks, {}, 0, 1000);
  settle(planner, {{"w1", "m1"}}, work, &acks, before, 100, 1000);
  Assignment after = settle(planner, {{"w1", "m1"}, {"w2", "m9"}}, work, &acks, before, 200, 1000);
  EXPECT_EQ(after.workers["w2"].units, before.workers["w2"].units);
  EXPECT_EQ(after.workers["w2"].member, "m9");
}

TEST(AssignmentPlanner, ANewLeaderWaitsForWhatAWorkerMayStillRun) {
  auto work = work_of(1, 1);
  // The last leader took everything from w2, which has not said that it has applied that.
  Assignment last{5, "w1", {{"w1", {"m1", {}}}, {"w2", {"m2", {}}}}};
  Acks acks = {{"w1", {"m1", 5, {}}}, {"w2", {"m2", 4, work}}};
  AssignmentPlanner planner(last);
  Members members = {{"w1", "m1"}, {"w2", "m2"}};
  auto next = planner.next({"w1", members, work, acks, 0, 0});
  ASSERT_TRUE(next);
  EXPECT_TRUE(next->workers["w1"].units.empty());
  EXPECT_TRUE(next->workers["w2"].units.empty());
  acks["w2"] = {"m2", next->version, {}};
  next = planner.next({"w1", members, work, acks, 0, 0});
  ASSERT_TRUE(next);
  EXPECT_EQ(next->workers["w1"].units.size() + next->workers["w2"].units.size(), 2u);
}

// Workers that read a log, each at its own pace, and a leader that writes it.
class Cluster {
 public:
  explicit Cluster(uint32_t seed) : random_(seed), work_(work_of(1 + pick(4), pick(4))) {}

  void run() {
    for (int i = 0; i < 5; ++i) join();
    for (int step = 0; step < 150; ++step) {
      switch (pick(12)) {
        case 0: join(); break;
        case 1: crash(); break;
        case 2: planner_.reset(); break;  // the leader changes
        case 3: change_work(); break;
        default: break;
      }
      now_ += pick(200);
      turn(false);
    }
    for (int step = 0; step < 150; ++step) {
      now_ += 100;
      turn(true);
    }
    check_quiet();
  }

 private:
  struct Node {
    std::string member;
    size_t read = 0;       // assignments
    std::set<Unit> owned;  // what really runs
    int64_t version = 0;
  };

  int pick(int below) { return static_cast<int>(random_() % static_cast<uint32_t>(std::max(below, 1))); }
  void join() {
    if (nodes_.size() >= 5) return;
    std::string name = "w" + std::to_string(pick(6));
    if (!nodes_.contains(name)) nodes_[name].member = "m" + std::to_string(++members_);
  }
  void crash() {
    if (nodes_.size() < 2) return;
    auto it = std::next(nodes_.begin(), pick(static_cast<int>(nodes_.size())));
    nodes_.erase(it);
  }
  void change_work() {
    Unit unit{"c" + std::to_string(pick(5)), pick(4) - 1};
    if (!work_.erase(unit)) work_.insert(unit);
  }

  void turn(bool everyone) {
    if (nodes_.empty()) return;
    // Acks reach the log late, in order.
    while (!acks_on_the_way_.empty() && (everyone || pick(2) == 0)) {
      auto& [worker, ack] = acks_on_the_way_.front();
      acks_[worker] = ack;
      acks_on_the_way_.pop_front();
    }
    if (!planner_) planner_.emplace(log_.empty() ? Assignment() : log_.back());
    Members members;
    for (const auto& [name, node] : nodes_) members[name] = node.member;
    if (auto next = planner_->next({nodes_.begin()->first, members, work_, acks_, now_, 300})) {
      ASSERT_GT(next->version, log_.empty() ? 0 : log_.back().version);
      // Now and then it cannot be written; the leader then begins anew from the log.
      if (!everyone && pick(10) == 0) planner_.reset();
      else log_.push_back(*next);
    }
    for (auto& [name, node] : nodes_) {
      if (!everyone && pick(3) == 0) continue;
      apply(name, node, everyone ? log_.size() : node.read + static_cast<size_t>(pick(static_cast<int>(log_.size() - node.read) + 1)));
    }
    check_owners();
  }

  void apply(const std::string& name, Node& node, size_t until) {
    for (; node.read < until; ++node.read) {
      const Assignment& assignment = log_[node.read];
      auto share = assignment.workers.find(name);
      if (share == assignment.workers.end() || share->second.member != node.member) continue;
      node.owned = share->second.units;
      node.version = assignment.version;
      acks_on_the_way_.emplace_back(name, Ack{node.member, node.version, node.owned});
    }
  }

  void check_owners() {
    std::map<Unit, std::string> owner;
    for (const auto& [name, node] : nodes_) {
      for (const Unit& unit : node.owned) {
        auto [it, alone] = owner.emplace(unit, name);
        ASSERT_TRUE(alone) << unit.connector << " " << unit.task << " runs on " << it->second << " and " << name;
      }
    }
  }

  void check_quiet() {
    std::set<Unit> all;
    size_t least = SIZE_MAX, most = 0;
    for (const auto& [name, node] : nodes_) {
      all.insert(node.owned.begin(), node.owned.end());
      size_t tasks = static_cast<size_t>(std::count_if(node.owned.begin(), node.owned.end(), [](const Unit& unit) { return !unit.is_connector(); }));
      least = std::min(least, tasks);
      most = std::max(most, tasks);
    }
    ASSERT_EQ(all, work_);
    ASSERT_LE(most - least, 1u);
  }

  std::mt19937 random_;
  std::set<Unit> work_;
  std::map<std::string, Node> nodes_;
  std::vector<Assignment> log_;
  Acks acks_;
  std::deque<std::pair<std::string, Ack>> acks_on_the_way_;
  std::optional<AssignmentPlanner> planner_;
  int members_ = 0;
  int64_t now_ = 0;
};

TEST(AssignmentPlanner, NoUnitEverHasTwoOwnersInASimulatedCluster) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    Cluster(seed).run();
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace bywash::runtime
