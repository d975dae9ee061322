// Which worker runs what: the leader's plan, as pure logic over members, work and acknowledgements. A unit moves in two steps: its worker
// gives it up and says so, only then another gets it; so no unit ever has two owners, and nothing else stops. Level 7.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace bywash::runtime {

// A connector (task -1) or one of its tasks.
struct Unit {
  std::string connector;
  int task = -1;
  bool is_connector() const { return task < 0; }
  friend auto operator<=>(const Unit&, const Unit&) = default;
};

// What the leader publishes.
struct Assignment {
  struct Share {
    std::string member;  // the group's member id: a worker that has joined anew waits for its own share
    std::set<Unit> units;
    friend bool operator==(const Share&, const Share&) = default;
  };
  int64_t version = 0;                   // grows over all leaders
  std::string leader;                    // worker
  std::map<std::string, Share> workers;  // by worker id; also such as are away and may come back
};

// What a worker says after it has applied an assignment.
struct Ack {
  std::string member;
  int64_t version = 0;
  std::set<Unit> owned;
};

// The leader's side; made anew by each leader, from what the log says.
class AssignmentPlanner {
 public:
  struct Input {
    std::string leader;
    std::map<std::string, std::string> members;  // worker to member id
    std::set<Unit> work;
    const std::map<std::string, Ack>& acks;
    int64_t now_ms = 0;
    int64_t delay_ms = 0;  // scheduled.rebalance.max.delay.ms: how long the work of a worker that went is kept for it
  };
  // `last`: the newest assignment in the log, of whatever leader.
  explicit AssignmentPlanner(Assignment last) : current_(std::move(last)) {}

  // The next assignment to publish; nullopt: the last one stands. Call it whenever something has changed, and now and then.
  std::optional<Assignment> next(const Input& input);
  // Milliseconds until work of an absent worker is given away; nullopt: none waits.
  std::optional<int64_t> wait_ms(int64_t now_ms, int64_t delay_ms) const;

 private:
  void drop_absent(const Input& input);
  void drop_vanished_work(const Input& input);
  void release(const Input& input);
  void hand_out(const Input& input);
  void balance(const Input& input, bool connectors);
  bool is_held(const Unit& unit) const;

  Assignment current_;
  bool fresh_ = true;                                 // nothing published yet by this leader
  std::map<std::string, int64_t> absent_since_;
  std::map<Unit, std::map<std::string, int64_t>> held_;  // given up by, with the version that its worker has to acknowledge
};

}  // namespace bywash::runtime
