// Calls of connectors themselves. Level 7.
#include "runtime/connector_calls.h"

#include <pthread.h>

#include <atomic>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/threads.h"
#include "runtime/task_thread.h"

namespace bywash::runtime {
namespace {

std::atomic<uint64_t> stages = 0;

ConnectorCalls::Answer guarded(const ConnectorCalls::Work& work, const ConnectorCalls::Enter& enter) {
  try {
    return work(enter);
  } catch (const std::exception& error) {
    return Status(Code::kFatal, Blame::kUs, fmt::format("Failed inside the program, which is a bug in Bywash: {}", error.what()));
  }
}

}  // namespace

struct ConnectorCalls::Call {
  std::mutex mutex;
  Done done;  // empty: given up, failed or answered
  const char* name = "start";
  SteadyTime since = steady_now();
  uint64_t stage = ++stages;
};

void ConnectorCalls::begin(const std::string& connector, Work work, Done done) {
  auto call = std::make_shared<Call>();
  call->done = std::move(done);
  std::shared_ptr<Call> before;
  {
    std::lock_guard lock(mutex_);
    if (ended_) return;
    before = std::exchange(calls_[connector], call);
  }
  if (before) leave(*before);
  auto thread = start_thread("connector " + connector, [call, connector, work = std::move(work)] { run(*call, connector, work); });
  if (thread.ok()) thread->detach();
  else std::exchange(call->done, nullptr)(thread.status());
}

void ConnectorCalls::run(Call& call, const std::string& connector, const Work& work) {
  pthread_setname_np(pthread_self(), "connector");
  log::Scope scope(connector, "");
  Answer answer = guarded(work, [&](const char* name) {
    std::lock_guard lock(call.mutex);
    call.name = name;
    call.since = steady_now();
    call.stage = ++stages;
  });
  std::lock_guard lock(call.mutex);
  if (call.done) std::exchange(call.done, nullptr)(std::move(answer));
  else TaskThread::count_hanging(-1);
}

void ConnectorCalls::leave(Call& call) {
  std::lock_guard lock(call.mutex);
  if (!call.done) return;
  call.done = nullptr;
  TaskThread::count_hanging(1);
}

void ConnectorCalls::give_up(const std::string& connector) {
  std::shared_ptr<Call> call;
  {
    std::lock_guard lock(mutex_);
    auto it = calls_.find(connector);
    if (it == calls_.end()) return;
    call = std::move(it->second);
    calls_.erase(it);
  }
  leave(*call);
}

bool ConnectorCalls::fail(const std::string& connector, uint64_t number, const Status& why) {
  std::shared_ptr<Call> call;
  {
    std::lock_guard lock(mutex_);
    auto it = calls_.find(connector);
    if (it == calls_.end()) return false;
    call = it->second;
  }
  std::lock_guard lock(call->mutex);
  if (!call->done || call->stage != number) return false;
  TaskThread::count_hanging(1);
  std::exchange(call->done, nullptr)(why);
  return true;
}

std::vector<std::pair<std::string, RunningCall>> ConnectorCalls::running() const {
  std::vector<std::pair<std::string, std::shared_ptr<Call>>> calls;
  {
    std::lock_guard lock(mutex_);
    calls.assign(calls_.begin(), calls_.end());
  }
  std::vector<std::pair<std::string, RunningCall>> out;
  for (const auto& [connector, call] : calls) {
    std::lock_guard lock(call->mutex);
    if (call->done) out.emplace_back(connector, RunningCall{call->name, std::chrono::duration_cast<Millis>(steady_now() - call->since).count(), call->stage});
  }
  return out;
}

void ConnectorCalls::end() {
  std::map<std::string, std::shared_ptr<Call>> calls;
  {
    std::lock_guard lock(mutex_);
    ended_ = true;
    calls.swap(calls_);
  }
  for (auto& [connector, call] : calls) leave(*call);
}

}  // namespace bywash::runtime
