// What record_sender.h has taken and not yet answered: batches that are being filled or wait, by topic and partition. Level 3; not included
// outside kafka/. Not safe by itself: its owner's lock guards it.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/status.h"
#include "kafka/producer.h"
#include "kafka/record_batch_writer.h"

namespace bywash::kafka {

// Who is told a record's answer: the listener with its number, or the function that came with it.
struct Receipts {
  std::vector<int64_t> numbers;                                  // of the records in order; -1: one that has a function
  std::map<int32_t, std::function<void(const Status&)>> done;    // by the record's place
};

struct OutgoingBatch {
  RecordBatchWriter records;
  Receipts receipts;
  SteadyTime made{};
  SteadyTime not_before{};
  int64_t attempts = 0;  // one that was sent takes no more records
  int damaged = 0;       // how often the broker found it so
  size_t bytes = 0;      // of its records, as they count against buffer.memory
};

// The batches of one partition in order.
struct Lane {
  TopicPartition partition;
  int32_t leader = -1;  // -1: none now
  std::deque<std::unique_ptr<OutgoingBatch>> waiting;
  bool asked = false;   // the first one is on its way, and nobody touches it
};

class RecordQueue {
 public:
  struct Limits {
    size_t batch_bytes = 0;
    size_t sticky_bytes = 0;  // how much goes to one partition at a time
    size_t kept_bytes = 0;  // of memory that is kept for new batches
  };
  struct Topic {
    std::string name;
    std::deque<Lane> lanes;  // empty: not known yet
    SteadyTime unknown_since{};
    // Records that came before the partitions were known; their contents are copies.
    struct Early {
      int32_t partition = -1;
      std::optional<std::string> key, value;
      std::vector<columnar::RawHeader> headers;
      int64_t timestamp_ms = 0, number = -1;
      size_t bytes = 0;  // as in OutgoingBatch
      SteadyTime queued{};
      std::function<void(const Status&)> done;
    };
    std::vector<Early> early;
    int32_t sticky = -1;  // where records without a key go for now
    size_t sticky_bytes = 0;
  };

  explicit RecordQueue(Limits limits) : limits_(limits), random_(std::random_device()()) {}

  Topic& topic(std::string_view name);
  // Null: nothing was ever queued for it.
  Topic* find(std::string_view name);
  std::map<std::string, Topic, std::less<>>& topics() { return topics_; }

  // Adds a record; true when a batch began, so that there is a new time to send something. Error: kNotFound, a partition that is not there.
  Result<bool> add(Topic* topic, const ProducerRecord& record, size_t content, int64_t number, std::function<void(const Status&)> done);
  // Places what came early, now that there are partitions. What cannot be placed is in the answer.
  std::vector<std::pair<Topic::Early, Status>> place_early(Topic* topic);
  // The first batch of a lane is over.
  std::unique_ptr<OutgoingBatch> take_first(Lane* lane);
  // Makes two batches of a lane's first one, which has several records.
  void halve_first(Lane* lane);
  // Takes all of a topic that is not on its way.
  std::vector<std::unique_ptr<OutgoingBatch>> take_all(Topic* topic);
  // Memory of a batch that is over.
  void give_back(std::string memory);
  bool is_full(const OutgoingBatch& batch) const { return batch.records.size() >= limits_.batch_bytes; }

 private:
  Result<Lane*> lane_for(Topic* topic, const ProducerRecord& record, size_t content);

  const Limits limits_;
  std::map<std::string, Topic, std::less<>> topics_;
  Topic* last_ = nullptr;  // of the last record
  std::vector<std::string> spare_;
  size_t spare_bytes_ = 0;
  std::minstd_rand random_;  // of each producer another one: together they reach every partition
};

}  // namespace bywash::kafka
