// GroupMember: this process in a Kafka consumer group, for membership alone. Who is in the group, and who leads it (the member that has the
// one partition of the topic that all subscribe to), is asked of the group's coordinator; members tell where they listen in their client
// id. Level 3; any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "kafka/client_config.h"

namespace bywash::kafka {

struct GroupView {
  struct Member {
    std::string id;    // given by the coordinator, new at each joining
    std::string name;  // what the member said of itself
    friend bool operator==(const Member&, const Member&) = default;
  };
  bool stable = false;  // no rebalance is under way, and this process is in it
  std::string self;     // this process's member id
  std::string leader;   // the leader's name; empty: none just now
  std::string leader_id;
  std::vector<Member> members;
  std::string problem;  // why there is no group, if that is known
  bool leads() const { return stable && leader_id == self; }
  friend bool operator==(const GroupView&, const GroupView&) = default;
};

struct GroupMemberOptions {
  Properties java;    // Java consumer keys, with group.id, session.timeout.ms, ...
  std::string topic;  // with one partition; what is in it is not read
  std::string name;
  // Called on the member's thread when the view has changed.
  std::function<void(const GroupView&)> on_change;
};

class GroupMember {
 public:
  static Result<std::unique_ptr<GroupMember>> join(GroupMemberOptions options);
  virtual ~GroupMember() = default;
  // Asks the coordinator now, and waits for its answer: what on_change told last may be from before this process stood still. Not stable: it
  // is no member any more, a rebalance is under way, or there was no answer.
  virtual GroupView look() = 0;
  // Leaves the group and ends. Idempotent.
  virtual void leave() = 0;
};

}  // namespace bywash::kafka
