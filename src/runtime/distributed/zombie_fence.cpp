// Rounds of fencing. Level 7.
#include "runtime/distributed/zombie_fence.h"

#include <pthread.h>

#include "base/threads.h"

namespace bywash::runtime {
namespace {

constexpr Millis kFenceRetry{5000};

}  // namespace

std::vector<TaskId> tasks_to_fence(const std::string& connector, std::optional<int> before, int now) {
  std::vector<TaskId> out;
  if (!before || (*before == 1 && now == 1)) return out;
  for (int i = 0; i < *before; ++i) out.push_back({connector, i});
  return out;
}

std::optional<Status> ZombieFence::round(const std::string& connector, int64_t epoch, const std::vector<TaskId>& ids) {
  if (ids.empty()) return Status();
  std::lock_guard lock(mutex_);
  if (stopping_) return std::nullopt;
  auto known = rounds_.find(connector);
  if (known != rounds_.end() && known->second.epoch == epoch) {
    Round& round = known->second;
    if (!round.outcome) return std::nullopt;
    if (round.outcome->ok()) {
      rounds_.erase(known);
      return Status();
    }
    if (!round.told) {
      round.told = true;
      return round.outcome;
    }
    if (steady_now() < round.again) return std::nullopt;
  }
  if (!thread_.joinable()) {
    auto thread = start_thread("fencing tasks", [this] { run(); });
    if (!thread.ok()) return thread.status();
    thread_ = *std::move(thread);
  }
  rounds_[connector] = {epoch, ids, std::nullopt, false, {}};
  changed_.notify_all();
  return std::nullopt;
}

void ZombieFence::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Status ZombieFence::fence_all(const std::vector<TaskId>& ids) {
  for (const TaskId& id : ids) {
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return Status::cancelled("The worker is shutting down");
    }
    if (Status status = fence_one_(id); !status.ok()) return status.with_context(fmt::format("Earlier tasks of connector {} cannot be fenced", id.connector));
  }
  return {};
}

void ZombieFence::run() {
  pthread_setname_np(pthread_self(), "zombie-fence");
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    auto next = rounds_.begin();
    while (next != rounds_.end() && next->second.outcome) ++next;
    if (next == rounds_.end()) {
      changed_.wait(lock);
      continue;
    }
    const std::string connector = next->first;
    const Round work = next->second;
    lock.unlock();
    Status outcome = fence_all(work.ids);
    lock.lock();
    // A newer configuration may have replaced the round meanwhile.
    if (auto it = rounds_.find(connector); it != rounds_.end() && it->second.epoch == work.epoch) {
      it->second.outcome = std::move(outcome);
      it->second.again = steady_now() + kFenceRetry;
    }
    lock.unlock();
    done_();
    lock.lock();
  }
}

}  // namespace bywash::runtime
