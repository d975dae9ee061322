// Delivery: the objects of one topic partition on their way, cut by cut. Cuts that a restart would make again in the same way need
// nothing more: names and contents repeat. Where cuts depend on the clock, on sizes or on memory, each is written down at the store
// (the delivery log) after all its bytes are there and before the first of its objects becomes visible, which the task confirms by the group's
// offset; a restart finishes what is
// written down and forgets the rest, so that a reader of the bucket sees every record once. Level 6; called by the task's thread,
// continues on the pool's.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "connectors/s3/delivery_log.h"
#include "connectors/s3/upload.h"
#include "plugin/sink.h"

namespace bywash::connectors::s3 {

struct DeliveryParts {
  std::shared_ptr<UploadGroup> uploads;
  plugin::SinkContext* context = nullptr;
  TopicPartition origin;
  Generation generation;
  std::string log_prefix;  // where the log lies; empty: cuts are repeatable
};

// The objects of one cut.
struct Cut {
  OffsetRange range;   // of its rows
  int64_t from = -1;   // the end of the cut before; -1: not known
  size_t not_hidden = 0, not_durable = 0;
  bool logged = false, being_logged = false;
  std::vector<std::shared_ptr<FileUpload>> uploads;
};

class Delivery : public std::enable_shared_from_this<Delivery> {
 public:
  explicit Delivery(DeliveryParts parts) : parts_(std::move(parts)) {}
  bool is_logged() const { return !parts_.log_prefix.empty(); }
  // An upload of an object of the next cut.
  std::shared_ptr<FileUpload> make_upload(std::string key) const;
  // A cut of `object_count` objects, at least one. Cuts come in the order of their offsets.
  std::shared_ptr<Cut> begin(OffsetRange range, size_t object_count);
  // No more bytes come for one of its objects. When all are durable the cut's offsets are acked.
  void finish(const std::shared_ptr<Cut>& cut, const std::shared_ptr<FileUpload>& upload, std::string bytes, std::map<std::string, std::string> tags);
  // Where consumption begins (nothing: not known), after what an earlier task left has been settled.
  void starts_at(std::optional<int64_t> offset, const Recovered& recovered);
  // Cuts that are written down and wait for confirm() before they become visible; given back by a `committed` that is an error.
  std::vector<std::shared_ptr<Cut>> take_unconfirmed();
  // `committed` is the group's offset, asked for after take_unconfirmed(). If another task has committed rows of a cut it is not delivered.
  void confirm(std::vector<std::shared_ptr<Cut>> cuts, const Result<std::optional<Offset>>& committed);
  // The group's offset is committed: what the log says of offsets before it is of no use any more.
  void committed(Offset offset);
  // No more bytes come for this cut, nor for later ones: they are not delivered.
  void give_up_from(const Cut& cut);
  // Ok, or that another task has gone on with the partition and this one has not been told so by its group within `patience`.
  Status overtaken(SteadyTime now, Millis patience);
  // The partition is given up: cuts that are not written down yet are not delivered any more.
  void stop();

 private:
  void on_hidden(const std::shared_ptr<Cut>& cut);
  void on_durable(const std::shared_ptr<Cut>& cut);
  void write_next();
  void cancel(const std::vector<std::shared_ptr<Cut>>& cuts);
  void write(const std::shared_ptr<Cut>& cut);
  void be_overtaken(int64_t from, const Status& why);
  void write_entry(const std::shared_ptr<Cut>& cut, UploadGroup& group);
  void forget(int64_t from);

  DeliveryParts parts_;
  std::mutex mutex_;
  std::condition_variable written_one_;
  bool stopped_ = false, is_writing_ = false;
  int64_t next_from_ = -1;
  std::deque<std::shared_ptr<Cut>> waiting_;   // not durable yet, in order
  std::deque<KeptEntry> written_;              // entries that are there, in order
  std::vector<std::shared_ptr<Cut>> unconfirmed_;  // written down, not visible yet
  Status overtaken_;                           // not ok: nothing is delivered any more
  SteadyTime overtaken_at_;
  std::vector<std::weak_ptr<FileUpload>> open_;  // repeatable cuts: uploads that may not be durable yet
};

}  // namespace bywash::connectors::s3
