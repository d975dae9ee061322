// See threads.h.
#include "base/threads.h"

#include <latch>
#include <system_error>
#include <vector>

namespace bywash {

Result<std::thread> start_thread(std::string_view what, std::function<void()> work) {
  try {
    return std::thread(std::move(work));
  } catch (const std::system_error& error) {
    return Status::host(fmt::format("No thread can be started for {}: {}. {}", what, error.code().message(), kAllowThreads));
  }
}

Status check_threads(int count, std::string_view what, std::unique_lock<std::mutex>* asking) {
  static std::mutex mutex;
  *asking = std::unique_lock(mutex);
  std::latch all(1);
  std::vector<std::thread> started;
  Status status;
  for (int i = 0; status.ok() && i < count; ++i) {
    auto thread = start_thread(what, [&] { all.wait(); });
    if (thread.ok()) started.push_back(*std::move(thread));
    else status = thread.status();
  }
  all.count_down();
  for (std::thread& thread : started) thread.join();
  return status;
}

}  // namespace bywash
