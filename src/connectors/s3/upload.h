// Uploads in the background: a small pool of threads for the process, and one FileUpload per object whose steps run one after
// another on it. A store that fails is tried again until the task stops. Level 6; called by the task's thread, runs on the pool's.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "storage/object_store.h"

namespace bywash::connectors::s3 {

class UploadPool {
 public:
  // The process's, with four threads.
  static UploadPool& process();
  explicit UploadPool(int thread_count);
  ~UploadPool();
  // Runs `work` on a pool thread, not before `delay` has passed.
  void post(std::function<void()> work, Millis delay = Millis(0));

 private:
  void run();
  std::mutex mutex_;
  std::condition_variable wake_;
  std::multimap<SteadyTime, std::function<void()>> work_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

// What the uploads of one task share.
struct UploadGroup {
  std::shared_ptr<storage::ObjectStore> store;
  storage::ObjectAttributes attributes;
  Millis retry_backoff{5000};
  bool tagging = false;
  bool fail_on_tagging_error = false;

  std::atomic<int64_t> bytes_in_flight{0};  // queued or being sent
  std::atomic<int> retrying{0};             // uploads that the store has refused for now
  std::mutex mutex;
  std::condition_variable changed;
  int open_uploads = 0;  // finished by the task, not yet durable; under mutex
  Status failure;        // the first that is not worth retrying; under mutex
  bool stopped = false;  // under mutex: nothing is reported any more

  Status first_failure();
  // Waits until nothing is in flight, something has failed for good, the store is out of order, or the deadline; true: nothing is in
  // flight.
  bool wait_idle(Millis deadline);
  // After this returns no upload calls back.
  void stop();
  bool is_stopped();
};

class FileUpload : public std::enable_shared_from_this<FileUpload> {
 public:
  FileUpload(std::shared_ptr<UploadGroup> group, std::string key) : group_(std::move(group)), key_(std::move(key)) {}
  // A part of a large object (at least 5 MiB); more follows.
  void add_part(std::string bytes);
  // The rest of the object. `durable` runs on a pool thread when the object is there.
  void finish(std::string bytes, std::map<std::string, std::string> tags, std::function<void()> durable);
  // Gives the object up; parts at the store are removed.
  void cancel();

 private:
  void step();
  Status run_next(const std::string& bytes, bool last);
  void give_up(const Status& status);
  void schedule();

  std::shared_ptr<UploadGroup> group_;
  std::string key_;
  std::mutex mutex_;
  std::deque<std::string> parts_;
  bool finishing_ = false, running_ = false, cancelled_ = false, done_ = false;
  std::map<std::string, std::string> tags_;
  std::function<void()> durable_;
  // Touched by steps only, which never overlap.
  std::string upload_;
  std::vector<std::string> part_tags_;
  bool last_part_sent_ = false;
  int failures_ = 0;
};

}  // namespace bywash::connectors::s3
