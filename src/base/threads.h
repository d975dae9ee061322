// Threads of a process that may have too few of them: where the system gives no more, that is an error as any other. Level 0; any thread.
#pragma once

#include <functional>
#include <mutex>
#include <string_view>
#include <thread>

#include "base/status.h"

namespace bywash {

// What one who has too few can do, behind an error's cause.
inline constexpr std::string_view kAllowThreads = "Allow the process more threads (ulimit -u, the pids limit of its control group), or run fewer tasks";

// A thread that does `work`. Fatal, the host's fault: the system gives none; `what` says for whom it would have been ("task a-0").
Result<std::thread> start_thread(std::string_view what, std::function<void()> work);

// Whether `count` threads more can be started now, found out by starting them; for those who call libraries that do not bear to get none.
// Nobody else asks while `asking` is held. Error as start_thread.
Status check_threads(int count, std::string_view what, std::unique_lock<std::mutex>* asking);

}  // namespace bywash
