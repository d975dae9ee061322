// UploadPool and FileUpload. Level 6.
#include "connectors/s3/upload.h"

#include <algorithm>

#include "base/log.h"
#include "base/memory_budget.h"

namespace bywash::connectors::s3 {
namespace {

constexpr std::string_view kUploadLogger = "s3.upload";

void add_bytes(UploadGroup& group, int64_t bytes) {
  group.bytes_in_flight.fetch_add(bytes, std::memory_order_relaxed);
  MemoryBudget::process().add(bytes);
}
void release_bytes(UploadGroup& group, int64_t bytes) {
  group.bytes_in_flight.fetch_sub(bytes, std::memory_order_relaxed);
  MemoryBudget::process().release(bytes);
}

}  // namespace

UploadPool& UploadPool::process() {
  // Never destroyed: its threads may still be in a request when the process ends.
  static UploadPool* pool = new UploadPool(4);
  return *pool;
}

UploadPool::UploadPool(int thread_count) {
  for (int i = 0; i < thread_count; ++i) threads_.emplace_back([this] { run(); });
}

UploadPool::~UploadPool() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& t : threads_) t.join();
}

void UploadPool::post(std::function<void()> work, Millis delay) {
  {
    std::lock_guard lock(mutex_);
    work_.emplace(steady_now() + delay, std::move(work));
  }
  wake_.notify_one();
}

void UploadPool::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (work_.empty()) {
      wake_.wait(lock);
      continue;
    }
    SteadyTime due = work_.begin()->first;
    if (due > steady_now()) {
      wake_.wait_until(lock, due);
      continue;
    }
    auto work = std::move(work_.begin()->second);
    work_.erase(work_.begin());
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
  }
}

Status UploadGroup::first_failure() {
  std::lock_guard lock(mutex);
  return failure;
}

bool UploadGroup::wait_idle(Millis deadline, const std::function<void()>& meanwhile) {
  const SteadyTime end = steady_now() + deadline;
  std::unique_lock lock(mutex);
  while (open_uploads > 0 && failure.ok() && steady_now() < end) {
    // One more round for what is being retried, not the whole deadline.
    bool outage = retrying.load() > 0;
    for (const SteadyTime round = std::min(end, steady_now() + Millis(1000)); open_uploads > 0 && failure.ok() && steady_now() < round;) {
      lock.unlock();
      meanwhile();
      lock.lock();
      changed.wait_for(lock, Millis(20), [this] { return open_uploads == 0 || !failure.ok(); });
    }
    if (outage && retrying.load() >= open_uploads) break;
  }
  return open_uploads == 0;
}

void UploadGroup::stop() {
  std::lock_guard lock(mutex);
  stopped = true;
}

bool UploadGroup::is_stopped() {
  std::lock_guard lock(mutex);
  return stopped;
}

void FileUpload::add_part(std::string bytes) {
  add_bytes(*group_, static_cast<int64_t>(bytes.size()));
  {
    std::lock_guard lock(mutex_);
    parts_.push_back(std::move(bytes));
  }
  schedule();
}

void FileUpload::finish(std::string bytes, std::map<std::string, std::string> tags, UploadEvents events) {
  add_bytes(*group_, static_cast<int64_t>(bytes.size()));
  {
    std::lock_guard lock(group_->mutex);
    ++group_->open_uploads;
  }
  {
    std::lock_guard lock(mutex_);
    parts_.push_back(std::move(bytes));
    finishing_ = true;
    released_ = !in_two_steps_;
    tags_ = std::move(tags);
    events_ = std::move(events);
  }
  schedule();
}

void FileUpload::keep() {
  std::lock_guard lock(mutex_);
  kept_ = true;
}

void FileUpload::complete() {
  {
    std::lock_guard lock(mutex_);
    released_ = true;
  }
  schedule();
}

void FileUpload::cancel() {
  {
    std::lock_guard lock(mutex_);
    if (done_ || cancelled_) return;
    cancelled_ = true;
    kept_ = false;
  }
  schedule();
}

void FileUpload::schedule() {
  {
    std::lock_guard lock(mutex_);
    if (running_) return;
    running_ = true;
  }
  UploadPool::process().post([self = shared_from_this()] { self->step(); });
}

FileUpload::Action FileUpload::next_action(std::string* bytes) {
  bool stopped = group_->is_stopped();
  std::lock_guard lock(mutex_);
  if (done_) return Action::kNothing;
  if (cancelled_ = cancelled_ || stopped; cancelled_) return Action::kCancel;
  if (!parts_.empty()) {
    bool last = finishing_ && parts_.size() == 1;
    *bytes = std::move(parts_.front());
    parts_.pop_front();
    return last && upload_.empty() && !in_two_steps_ ? Action::kPut : Action::kSend;
  }
  if (finishing_ && all_sent_ && released_) return Action::kComplete;
  return Action::kNothing;
}

// One request or a few; then the pool's next task may run.
void FileUpload::step() {
  log::OwnerScope scope(group_->owner);
  std::string bytes;
  Action action = next_action(&bytes);
  if (action == Action::kNothing) {
    std::lock_guard lock(mutex_);
    // Something may have come since.
    bool more = !done_ && (cancelled_ || !parts_.empty() || (finishing_ && all_sent_ && released_));
    running_ = more;
    if (more) UploadPool::process().post([self = shared_from_this()] { self->step(); });
    return;
  }
  if (action == Action::kCancel) {
    give_up({});
    return;
  }
  Status status = run(action, bytes);
  if (status.retriable()) {
    try_again(action, std::move(bytes), status);
    return;
  }
  release_bytes(*group_, static_cast<int64_t>(bytes.size()));
  if (!status.ok()) {
    give_up(status);
    return;
  }
  if (failures_ > 0) {
    group_->retrying.fetch_sub(1);
    log::info(kUploadLogger, "'{}/{}': the store answers again", group_->store->name(), key_);
  }
  failures_ = 0;
  after(action);
}

void FileUpload::try_again(Action action, std::string bytes, const Status& status) {
  if (failures_ == 0) group_->retrying.fetch_add(1);
  if (failures_++ % 12 == 0) {
    log::warn(kUploadLogger, "{}. Nothing is lost: trying again every {} ms", status.message(), group_->retry_backoff.count());
  }
  if (action != Action::kComplete) {
    std::lock_guard lock(mutex_);
    parts_.push_front(std::move(bytes));
  }
  UploadPool::process().post([self = shared_from_this()] { self->step(); }, group_->retry_backoff);
}

Status FileUpload::run(Action action, const std::string& bytes) {
  storage::ObjectStore& store = *group_->store;
  if (action == Action::kSend) return send(bytes);
  if (!visible_) {
    if (action == Action::kPut) {
      storage::ObjectAttributes attributes = group_->attributes;
      attributes.only_if_absent = group_->only_if_absent;
      sent_bytes_ = static_cast<int64_t>(bytes.size());
      RETURN_IF_ERROR(make_visible(store.put(key_, bytes, attributes)));
    } else {
      RETURN_IF_ERROR(make_visible(store.complete_upload(key_, upload_, part_tags_, group_->only_if_absent)));
    }
    visible_ = true;
  }
  if (tags_.empty()) return {};
  Status tagged = store.set_tags(key_, tags_);
  if (tagged.ok()) return {};
  if (group_->fail_on_tagging_error) return tagged;
  log::warn(kUploadLogger, "{}. The object is there without its tags", tagged.message());
  return {};
}

Status FileUpload::send(const std::string& bytes) {
  storage::ObjectStore& store = *group_->store;
  if (upload_.empty()) {
    ASSIGN_OR_RETURN(upload_, store.create_upload(key_, group_->attributes));
  }
  // A file that ended exactly at a part's end has nothing left.
  if (bytes.empty() && !part_tags_.empty()) return {};
  ASSIGN_OR_RETURN(std::string tag, store.upload_part(key_, upload_, static_cast<int>(part_tags_.size() + 1), bytes));
  part_tags_.push_back(std::move(tag));
  sent_bytes_ += static_cast<int64_t>(bytes.size());
  return {};
}

// An answer that got lost makes the same request fail when it is repeated: the object is there already, or the upload is gone.
Status FileUpload::make_visible(Status status) {
  if (status.code() != Code::kConflict && status.code() != Code::kNotFound) return status;
  auto there = group_->store->head(key_);
  if (there.ok() && there->size == sent_bytes_) return {};
  if (!there.ok() && there.status().retriable()) return there.status();
  if (status.code() == Code::kNotFound) return status;
  return Status(Code::kFatal, Blame::kRemote,
                fmt::format("{}: another task has written an object of this name, or offsets were set back. Delete the objects from this offset on, or set "
                            "enable.conditional.writes=false to replace them", status.message()));
}

// What follows a request that went well.
void FileUpload::after(Action action) {
  if (action != Action::kSend) {
    done();
    return;
  }
  std::function<void()> hidden;
  {
    std::lock_guard lock(mutex_);
    if (finishing_ && parts_.empty() && !all_sent_) {
      all_sent_ = true;
      hidden = std::move(events_.hidden);
    }
  }
  if (hidden) hidden();
  UploadPool::process().post([self = shared_from_this()] { self->step(); });
}

void FileUpload::done() {
  std::function<void()> durable;
  {
    std::lock_guard own(mutex_);
    done_ = true;
    running_ = false;
    durable = std::move(events_.durable);
    events_ = {};
  }
  // Under the lock, so that a stopped task is never called.
  std::lock_guard lock(group_->mutex);
  if (durable && !group_->stopped) durable();
  --group_->open_uploads;
  group_->changed.notify_all();
}

// After a failure that no retry mends, or when the task lets go of the object.
void FileUpload::give_up(const Status& status) {
  int64_t left = 0;
  bool counted = false, kept = false;
  UploadEvents events;
  {
    std::lock_guard lock(mutex_);
    for (const std::string& part : parts_) left += static_cast<int64_t>(part.size());
    parts_.clear();
    counted = finishing_;
    kept = kept_;
    done_ = true;
    running_ = false;
    events = std::exchange(events_, {});
  }
  release_bytes(*group_, left);
  if (failures_ > 0) group_->retrying.fetch_sub(1);
  failures_ = 0;
  // What is written down in the delivery log is the next task's to complete.
  if (!upload_.empty() && !kept) {
    Status aborted = group_->store->abort_upload(key_, upload_);
    if (!aborted.ok()) log::warn(kUploadLogger, "{}. Its parts stay at the store until its lifecycle rules remove them", aborted.message());
  }
  std::lock_guard lock(group_->mutex);
  if (counted) --group_->open_uploads;
  if (!status.ok() && group_->failure.ok()) group_->failure = status;
  group_->changed.notify_all();
}

}  // namespace bywash::connectors::s3
