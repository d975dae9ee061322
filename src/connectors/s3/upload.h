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
#include "base/log_owner.h"
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
  log::Owner owner = log::current_owner();  // the task whose thread made the group
  Millis retry_backoff{5000};
  bool tagging = false;
  bool fail_on_tagging_error = false;
  bool only_if_absent = false;  // an object that another task has written is an error, not replaced

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
  // `meanwhile` runs every now and then.
  bool wait_idle(Millis deadline, const std::function<void()>& meanwhile);
  // After this returns no upload calls back.
  void stop();
  bool is_stopped();
};

// What an upload's owner wants to know. Both run on a pool thread.
struct UploadEvents {
  std::function<void()> hidden;   // two steps: all bytes are at the store, the object is not visible yet
  std::function<void()> durable;  // the object is there
};

class FileUpload : public std::enable_shared_from_this<FileUpload> {
 public:
  // `in_two_steps`: always a multipart upload, and not completed before complete() is called.
  FileUpload(std::shared_ptr<UploadGroup> group, std::string key, bool in_two_steps)
      : group_(std::move(group)), key_(std::move(key)), in_two_steps_(in_two_steps) {}
  // A part of a large object (at least 5 MiB); more follows.
  void add_part(std::string bytes);
  // The rest of the object. `tags` empty: none are set.
  void finish(std::string bytes, std::map<std::string, std::string> tags, UploadEvents events);
  // Two steps, after `hidden`: the upload is written down. Whatever happens, its parts stay for who reads that; unless it is cancelled.
  void keep();
  // Makes the object visible.
  void complete();
  // Gives the object up; parts at the store are removed.
  void cancel();
  const std::string& key() const { return key_; }
  // After `hidden`.
  const std::string& id() const { return upload_; }
  const std::vector<std::string>& part_tags() const { return part_tags_; }
  int64_t size() const { return sent_bytes_; }

 private:
  enum class Action { kNothing, kCancel, kSend, kPut, kComplete };
  Action next_action(std::string* bytes);
  void step();
  Status run(Action action, const std::string& bytes);
  Status send(const std::string& bytes);
  Status make_visible(Status status);
  void after(Action action);
  void try_again(Action action, std::string bytes, const Status& status);
  void done();
  void give_up(const Status& status);
  void schedule();

  std::shared_ptr<UploadGroup> group_;
  std::string key_;
  bool in_two_steps_;
  std::mutex mutex_;
  std::deque<std::string> parts_;
  bool finishing_ = false, released_ = false, running_ = false, cancelled_ = false, done_ = false, kept_ = false;
  bool all_sent_ = false;  // with finishing_: complete is what is left
  std::map<std::string, std::string> tags_;
  UploadEvents events_;
  // Touched by steps only, which never overlap.
  std::string upload_;
  std::vector<std::string> part_tags_;
  int64_t sent_bytes_ = 0;
  bool visible_ = false;  // the object is there, its tags perhaps not
  int failures_ = 0;
};

}  // namespace bywash::connectors::s3
