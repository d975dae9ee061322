// What a command line waits for, told while it takes long. The main thread; one at a time.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace bywash::verbs {

// From a second after it was made on: "Waiting for WHAT, N s" on standard error where that is a terminal, taken away at the end. Elsewhere
// nothing.
class WaitNote {
 public:
  explicit WaitNote(std::string what);
  ~WaitNote();
  WaitNote(const WaitNote&) = delete;
  WaitNote& operator=(const WaitNote&) = delete;

 private:
  void run();

  const std::string what_;
  std::mutex mutex_;
  std::condition_variable over_changed_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace bywash::verbs
