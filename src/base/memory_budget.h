// The process's memory budget: whoever buffers record data (librdkafka's queues, open files, staged rows, consuming segments)
// reserves its bytes here; past the limit callers pause their partitions instead of growing. Level 0, every thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace bywash {

class MemoryBudget {
 public:
  explicit MemoryBudget(int64_t limit_bytes) : limit_(limit_bytes) {}

  // The one budget of the process (default 512 MiB until set_limit).
  static MemoryBudget& process();

  void set_limit(int64_t bytes) { limit_.store(bytes, std::memory_order_relaxed); }
  int64_t limit() const { return limit_.load(std::memory_order_relaxed); }
  int64_t used() const { return used_.load(std::memory_order_relaxed); }
  bool exceeded() const { return used() > limit(); }

  void add(int64_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void release(int64_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> limit_;
  std::atomic<int64_t> used_{0};
};

// Bytes that one holder has reserved; given back on destruction. Movable, one owner thread at a time.
class Reservation {
 public:
  explicit Reservation(MemoryBudget& budget = MemoryBudget::process(), int64_t bytes = 0) : budget_(&budget) { resize(bytes); }
  ~Reservation() { resize(0); }
  Reservation(Reservation&& other) noexcept : budget_(other.budget_), bytes_(std::exchange(other.bytes_, 0)) {}
  Reservation& operator=(Reservation&& other) noexcept {
    if (this != &other) {
      resize(0);
      budget_ = other.budget_;
      bytes_ = std::exchange(other.bytes_, 0);
    }
    return *this;
  }
  void resize(int64_t bytes) {
    budget_->add(bytes - bytes_);
    bytes_ = bytes;
  }
  int64_t bytes() const { return bytes_; }

 private:
  MemoryBudget* budget_;
  int64_t bytes_ = 0;
};

}  // namespace bywash
