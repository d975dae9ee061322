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

bool UploadGroup::wait_idle(Millis deadline) {
  const SteadyTime end = steady_now() + deadline;
  std::unique_lock lock(mutex);
  while (open_uploads > 0 && failure.ok() && steady_now() < end) {
    // One more round for what is being retried, not the whole deadline.
    bool outage = retrying.load() > 0;
    changed.wait_for(lock, Millis(1000), [this] { return open_uploads == 0 || !failure.ok(); });
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

void FileUpload::finish(std::string bytes, std::map<std::string, std::string> tags, std::function<void()> durable) {
  add_bytes(*group_, static_cast<int64_t>(bytes.size()));
  {
    std::lock_guard lock(group_->mutex);
    ++group_->open_uploads;
  }
  {
    std::lock_guard lock(mutex_);
    parts_.push_back(std::move(bytes));
    finishing_ = true;
    tags_ = std::move(tags);
    durable_ = std::move(durable);
  }
  schedule();
}

void FileUpload::cancel() {
  {
    std::lock_guard lock(mutex_);
    if (done_ || cancelled_) return;
    cancelled_ = true;
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

// One request or a few; then the pool's next task may run.
void FileUpload::step() {
  std::string bytes;
  bool last = false, cancelled = group_->is_stopped();
  {
    std::lock_guard lock(mutex_);
    cancelled = cancelled_ = cancelled_ || cancelled;
    if (done_ || (!cancelled && parts_.empty())) {
      running_ = false;
      return;
    }
    if (!cancelled) {
      bytes = std::move(parts_.front());
      parts_.pop_front();
      last = finishing_ && parts_.empty();
    }
  }
  if (cancelled) {
    give_up({});
    return;
  }
  Status status = run_next(bytes, last);
  if (status.retriable()) {
    if (failures_ == 0) group_->retrying.fetch_add(1);
    if (failures_++ % 12 == 0) {
      log::warn(kUploadLogger, "{}. Nothing is lost: trying again every {} ms", status.message(), group_->retry_backoff.count());
    }
    {
      std::lock_guard lock(mutex_);
      parts_.push_front(std::move(bytes));
    }
    UploadPool::process().post([self = shared_from_this()] { self->step(); }, group_->retry_backoff);
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
  if (!last) {
    UploadPool::process().post([self = shared_from_this()] { self->step(); });
    return;
  }
  std::function<void()> durable;
  {
    std::lock_guard own(mutex_);
    done_ = true;
    running_ = false;
    durable = std::move(durable_);
  }
  // Under the lock, so that a stopped task is never called.
  std::lock_guard lock(group_->mutex);
  if (durable && !group_->stopped) durable();
  --group_->open_uploads;
  group_->changed.notify_all();
}

Status FileUpload::run_next(const std::string& bytes, bool last) {
  storage::ObjectStore& store = *group_->store;
  if (last && upload_.empty()) {
    RETURN_IF_ERROR(store.put(key_, bytes, group_->attributes));
  } else {
    if (upload_.empty()) {
      ASSIGN_OR_RETURN(upload_, store.create_upload(key_, group_->attributes));
    }
    // A part that went through before complete failed is not sent again.
    if (!last || !bytes.empty()) {
      size_t number = part_tags_.size() + 1;
      if (!last_part_sent_) {
        ASSIGN_OR_RETURN(std::string tag, store.upload_part(key_, upload_, static_cast<int>(number), bytes));
        part_tags_.push_back(std::move(tag));
        last_part_sent_ = last;
      }
    }
    if (last) RETURN_IF_ERROR(store.complete_upload(key_, upload_, part_tags_));
  }
  if (last && group_->tagging) {
    Status tagged = store.set_tags(key_, tags_);
    if (!tagged.ok() && group_->fail_on_tagging_error) return tagged;
    if (!tagged.ok()) log::warn(kUploadLogger, "{}. The object is there without its tags", tagged.message());
  }
  return {};
}

// After a failure that no retry mends, or when the task lets go of the object.
void FileUpload::give_up(const Status& status) {
  int64_t left = 0;
  bool counted = false;
  {
    std::lock_guard lock(mutex_);
    for (const std::string& part : parts_) left += static_cast<int64_t>(part.size());
    parts_.clear();
    counted = finishing_;
    done_ = true;
    running_ = false;
    durable_ = nullptr;
  }
  release_bytes(*group_, left);
  if (failures_ > 0) group_->retrying.fetch_sub(1);
  failures_ = 0;
  if (!upload_.empty()) {
    Status aborted = group_->store->abort_upload(key_, upload_);
    if (!aborted.ok()) log::warn(kUploadLogger, "{}. Its parts stay at the store until its lifecycle rules remove them", aborted.message());
  }
  std::lock_guard lock(group_->mutex);
  if (counted) --group_->open_uploads;
  if (!status.ok() && group_->failure.ok()) group_->failure = status;
  group_->changed.notify_all();
}

}  // namespace bywash::connectors::s3
