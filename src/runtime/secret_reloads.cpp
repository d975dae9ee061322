// See secret_reloads.h. Level 7.
#include "runtime/secret_reloads.h"

#include <pthread.h>

#include <algorithm>

#include "base/log.h"
#include "base/threads.h"

namespace bywash::runtime {
namespace {

constexpr Millis kTendEvery{60'000};
constexpr Millis kLongestWait{std::chrono::hours(24 * 365)};  // a lease of centuries must not overflow the clock

}  // namespace

SecretReloads::SecretReloads(Look look, std::function<void()> tend) : look_(std::move(look)), tend_(std::move(tend)) {}

SecretReloads::~SecretReloads() { end(); }

void SecretReloads::start() {
  std::lock_guard lock(mutex_);
  if (ended_ || thread_.joinable()) return;
  auto thread = start_thread("the reloads of secrets", [this] { run(); });
  if (thread.ok()) thread_ = *std::move(thread);
  else log::warn("runtime", "Secrets are not read anew until the next task starts: {}", thread.status().message());
}

void SecretReloads::expect(const TaskId& id, Millis in) {
  start();
  {
    std::lock_guard lock(mutex_);
    due_[id] = steady_now() + std::min(in, kLongestWait);
  }
  changed_.notify_all();
}

void SecretReloads::forget(const TaskId& id) {
  std::lock_guard lock(mutex_);
  due_.erase(id);
}

void SecretReloads::end() {
  {
    std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void SecretReloads::run() {
  pthread_setname_np(pthread_self(), "secret-reloads");
  SteadyTime tend_at = steady_now() + kTendEvery;
  std::unique_lock lock(mutex_);
  while (!ended_) {
    auto first = std::min_element(due_.begin(), due_.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    const SteadyTime now = steady_now();
    if (now >= tend_at) {
      lock.unlock();
      tend_();
      lock.lock();
      tend_at = steady_now() + kTendEvery;
    } else if (first == due_.end() || first->second > now) {
      changed_.wait_until(lock, first == due_.end() ? tend_at : std::min(tend_at, first->second));
    } else {
      const TaskId id = first->first;
      due_.erase(first);
      lock.unlock();
      auto next = look_(id);
      lock.lock();
      // Unless somebody has said otherwise meanwhile.
      if (next) due_.try_emplace(id, steady_now() + std::min(*next, kLongestWait));
    }
  }
}

}  // namespace bywash::runtime
