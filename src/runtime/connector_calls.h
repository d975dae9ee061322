// ConnectorCalls: what a herder asks of connectors themselves (the start, the configurations of tasks), each on a thread of its own, so that
// one that does not come back holds up nobody. A connector has one such call at a time: the next one gives up the one before. Level 7; any
// thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/status.h"
#include "config/config_def.h"
#include "runtime/call_watch.h"

namespace bywash::runtime {

class ConnectorCalls {
 public:
  using Answer = Result<std::vector<config::Properties>>;
  // The work says which call it is about to make; a literal.
  using Enter = std::function<void(const char* name)>;
  using Work = std::function<Answer(const Enter& enter)>;
  // On the call's thread or that of fail(), once, unless the call was given up before. Must not call back into here.
  using Done = std::function<void(Answer)>;

  ~ConnectorCalls() { end(); }
  // Begins a call; what was under way for the connector is given up. `work` works on copies, as its thread may outlive all else.
  void begin(const std::string& connector, Work work, Done done);
  // Whatever the connector's call comes back with is dropped, and nobody hears of it: true as soon as this returns.
  void give_up(const std::string& connector);
  // As if the call `number` had come back with `why`, where it still is under way; what it comes back with later is dropped. False: it has
  // come back.
  bool fail(const std::string& connector, uint64_t number, const Status& why);
  // Calls under way, by connector; a number tells one stage of one call from the next.
  std::vector<std::pair<std::string, RunningCall>> running() const;
  // Gives all up; none begins any more.
  void end();

 private:
  struct Call;
  static void run(Call& call, const std::string& connector, const Work& work);
  static void leave(Call& call);
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Call>> calls_;
  bool ended_ = false;
};

}  // namespace bywash::runtime
