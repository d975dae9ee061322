#include "verbs/wait_note.h"

#include <unistd.h>

#include <cstdio>

#include "base/clock.h"

namespace bywash::verbs {

WaitNote::WaitNote(std::string what) : what_(std::move(what)) {
  if (::isatty(STDERR_FILENO)) thread_ = std::thread([this] { run(); });
}

WaitNote::~WaitNote() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    over_ = true;
  }
  over_changed_.notify_all();
  thread_.join();
}

void WaitNote::run() {
  std::unique_lock lock(mutex_);
  for (int seconds = 1; !over_changed_.wait_for(lock, Millis(1000), [this] { return over_; }); ++seconds) {
    std::fprintf(stderr, "\rWaiting for %s, %d s\033[K", what_.c_str(), seconds);
  }
  std::fputs("\r\033[K", stderr);
}

}  // namespace bywash::verbs
