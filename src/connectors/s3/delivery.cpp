// Order of steps: bytes at the store, log entry, objects visible, offsets acked, offsets committed, entry removed. Level 6.
#include "connectors/s3/delivery.h"

#include "base/log.h"

namespace bywash::connectors::s3 {
namespace {

constexpr std::string_view kDeliveryLogger = "s3.delivery";
constexpr Millis kWriteWait{30'000};

}  // namespace

std::shared_ptr<FileUpload> Delivery::make_upload(std::string key) const {
  return std::make_shared<FileUpload>(parts_.uploads, std::move(key), is_logged());
}

void Delivery::starts_at(std::optional<int64_t> offset, const Recovered& recovered) {
  std::lock_guard lock(mutex_);
  next_from_ = recovered.position.value_or(offset.value_or(-1));
  written_.assign(recovered.kept.begin(), recovered.kept.end());
}

std::shared_ptr<Cut> Delivery::begin(OffsetRange range, size_t object_count) {
  auto cut = std::make_shared<Cut>();
  cut->range = range;
  cut->not_hidden = cut->not_durable = object_count;
  std::lock_guard lock(mutex_);
  cut->from = next_from_ >= 0 ? next_from_ : range.first;
  next_from_ = range.end;
  if (is_logged()) waiting_.push_back(cut);
  return cut;
}

void Delivery::finish(const std::shared_ptr<Cut>& cut, const std::shared_ptr<FileUpload>& upload, std::string bytes,
                      std::map<std::string, std::string> tags) {
  UploadEvents events;
  auto self = shared_from_this();
  events.durable = [self, cut] { self->on_durable(cut); };
  if (is_logged()) {
    events.hidden = [self, cut] { self->on_hidden(cut); };
    std::lock_guard lock(mutex_);
    cut->uploads.push_back(upload);
  } else {
    std::lock_guard lock(mutex_);
    std::erase_if(open_, [](const auto& u) { return u.expired(); });
    open_.push_back(upload);
  }
  upload->finish(std::move(bytes), std::move(tags), std::move(events));
}

void Delivery::on_durable(const std::shared_ptr<Cut>& cut) {
  {
    std::lock_guard lock(mutex_);
    if (--cut->not_durable > 0) return;
    if (is_logged()) std::erase(waiting_, cut);
  }
  parts_.context->ack(parts_.origin, parts_.generation, cut->range);
}

void Delivery::on_hidden(const std::shared_ptr<Cut>& cut) {
  {
    std::lock_guard lock(mutex_);
    if (--cut->not_hidden > 0) return;
  }
  write_next();
}

// Writes down the oldest cut that is not, if all its bytes are at the store: entries are made in order, so that those that are there
// have no gap.
void Delivery::write_next() {
  std::shared_ptr<Cut> next;
  {
    std::lock_guard lock(mutex_);
    if (stopped_) return;
    for (const auto& cut : waiting_) {
      if (cut->logged) continue;
      if (cut->not_hidden > 0 || cut->being_logged) return;
      next = cut;
      next->being_logged = true;
      break;
    }
  }
  if (next) UploadPool::process().post([self = shared_from_this(), next] { self->write(next); });
}

void Delivery::write(const std::shared_ptr<Cut>& cut) {
  UploadGroup& group = *parts_.uploads;
  {
    std::lock_guard lock(mutex_);
    if (stopped_ || group.is_stopped()) return;
    is_writing_ = true;
  }
  write_entry(cut, group);
  {
    std::lock_guard lock(mutex_);
    is_writing_ = false;
  }
  written_one_.notify_all();
  write_next();
}

void Delivery::write_entry(const std::shared_ptr<Cut>& cut, UploadGroup& group) {
  LoggedCut entry{cut->from, cut->range.end, {}};
  for (const auto& upload : cut->uploads) entry.objects.push_back({upload->key(), upload->id(), upload->size(), upload->part_tags()});
  for (const auto& upload : cut->uploads) upload->keep();
  Status written = write_cut(*group.store, parts_.log_prefix, entry);
  if (written.retriable()) {
    log::warn(kDeliveryLogger, "{}. Nothing is lost: trying again every {} ms", written.message(), group.retry_backoff.count());
    UploadPool::process().post([self = shared_from_this(), cut] { self->write(cut); }, group.retry_backoff);
    return;
  }
  if (written.code() == Code::kConflict) {
    be_overtaken(cut->from, written);
    return;
  }
  if (!written.ok()) {
    std::lock_guard lock(group.mutex);
    if (group.failure.ok()) group.failure = written;
    group.changed.notify_all();
    return;
  }
  {
    std::lock_guard lock(mutex_);
    cut->logged = true;
    written_.push_back({cut->from, cut->range.end});
    unconfirmed_.push_back(cut);
  }
}

void Delivery::committed(Offset offset) {
  std::lock_guard lock(mutex_);
  while (!written_.empty() && written_.front().end <= offset.value) {
    UploadPool::process().post([self = shared_from_this(), from = written_.front().from] { self->forget(from); });
    written_.pop_front();
  }
}

void Delivery::forget(int64_t from) {
  Status removed = parts_.uploads->store->remove(log_key(parts_.log_prefix, from));
  if (!removed.ok()) log::warn(kDeliveryLogger, "{}. It does no harm; the next start removes it", removed.message());
}

std::vector<std::shared_ptr<Cut>> Delivery::take_unconfirmed() {
  std::lock_guard lock(mutex_);
  return std::exchange(unconfirmed_, {});
}

void Delivery::confirm(std::vector<std::shared_ptr<Cut>> cuts, const Result<std::optional<Offset>>& committed) {
  if (!committed.ok()) {
    log::warn(kDeliveryLogger, "{}. Objects of {} wait for that", committed.status().message(), to_string(parts_.origin));
    std::lock_guard lock(mutex_);
    unconfirmed_.insert(unconfirmed_.begin(), cuts.begin(), cuts.end());
    return;
  }
  const std::optional<Offset>& offset = *committed;
  for (size_t i = 0; i < cuts.size(); ++i) {
    // Nothing of the cut is acked here yet: another task has committed its rows.
    if (offset && offset->value > cuts[i]->range.first) {
      be_overtaken(cuts[i]->from, Status::conflict(fmt::format("the group has committed offset {}", offset->value)));
      for (; i < cuts.size(); ++i) {
        for (const auto& upload : cuts[i]->uploads) upload->cancel();
        UploadPool::process().post([self = shared_from_this(), from = cuts[i]->from] { self->forget(from); });
      }
      return;
    }
    for (const auto& upload : cuts[i]->uploads) upload->complete();
  }
}

void Delivery::give_up_from(const Cut& cut) {
  std::vector<std::shared_ptr<Cut>> given_up;
  {
    std::lock_guard lock(mutex_);
    while (!waiting_.empty() && waiting_.back()->range.first >= cut.range.first) {
      given_up.push_back(waiting_.back());
      waiting_.pop_back();
    }
  }
  cancel(given_up);
}

// A task that slept through the group's time-out: the partition's next owner has its records. Its group tells it soon, too.
void Delivery::be_overtaken(int64_t from, const Status& why) {
  std::vector<std::shared_ptr<Cut>> given_up;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    overtaken_at_ = steady_now();
    overtaken_ = Status(Code::kFatal, Blame::kRemote,
                        fmt::format("Another task has gone on with {} from offset {}: this one delivers nothing of it any more ({}). Restart the task if it is "
                                    "the only one", to_string(parts_.origin), from, why.message()));
    for (const auto& cut : waiting_) {
      if (!cut->logged) given_up.push_back(cut);
    }
  }
  log::warn(kDeliveryLogger, "Another task has gone on with {} from offset {}: it delivers the records that are on their way here", to_string(parts_.origin), from);
  cancel(given_up);
}

Status Delivery::overtaken(SteadyTime now, Millis patience) {
  std::lock_guard lock(mutex_);
  return overtaken_.ok() || now - overtaken_at_ < patience ? Status() : overtaken_;
}

void Delivery::stop() {
  std::vector<std::shared_ptr<Cut>> given_up;
  {
    std::unique_lock lock(mutex_);
    stopped_ = true;
    // An entry that is on its way must not arrive after the next task has looked what there is.
    written_one_.wait_for(lock, kWriteWait, [this] { return !is_writing_; });
    for (const auto& cut : waiting_) {
      if (!cut->logged) given_up.push_back(cut);
    }
    for (const auto& weak : open_) {
      if (auto upload = weak.lock()) upload->cancel();
    }
  }
  cancel(given_up);
}

void Delivery::cancel(const std::vector<std::shared_ptr<Cut>>& cuts) {
  for (const auto& cut : cuts) {
    for (const auto& upload : cut->uploads) upload->cancel();
  }
}

}  // namespace bywash::connectors::s3
