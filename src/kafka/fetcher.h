// The data path of a consumer: records of given partitions straight from their leaders' sockets, without a thread of its own. While the
// polling thread works on one answer, the broker prepares the next one and the kernel's buffers take it. Who reads which partition is
// decided elsewhere (kafka/consumer.cpp, by librdkafka's group). Level 3; not included outside kafka/. One thread unless said otherwise.
#pragma once

#include <librdkafka/rdkafka.h>

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/status.h"
#include "columnar/batch.h"
#include "kafka/broker_links.h"
#include "kafka/consumer.h"
#include "kafka/protocol.h"
#include "kafka/record_set.h"

namespace bywash::kafka {

struct FetchSettings : ConnectionSettings {
  protocol::FetchLimits limits;
  RecordSetOptions records;
  std::optional<int64_t> reset_to;  // time of ListOffsets where there is no offset or one that is gone; none: that is an error
  int64_t ahead_bytes = 0;          // that may wait here for take()

  // From a Java client's keys and the client that was made of them. None: brokers that are reached by other ways than broker_security()
  // knows are read by librdkafka. Error: kInvalid naming the key.
  static Result<std::optional<FetchSettings>> of(rd_kafka_t* client, const Properties& java, int64_t ahead_bytes);
};

// Where a partition starts: an offset, or one of these.
inline constexpr int64_t kStartEnd = -1, kStartBeginning = -2;
// Not known yet; seek() will say.
inline constexpr int64_t kStartUnknown = -1001;

class Fetcher {
 public:
  Fetcher(FetchSettings settings, Trouble trouble);

  // From now on these partitions and no others.
  void assign(const std::vector<std::pair<TopicPartition, int64_t>>& partitions);
  std::vector<TopicPartition> assignment() const;
  std::vector<TopicPartition> without_start() const;
  // Moves the next record to be taken; what was fetched is dropped. False: not assigned.
  bool seek(const TopicPartition& partition, int64_t offset);
  // Where there is no committed offset: goes to where reset_to says. Error: kFatal when nothing says.
  Status reset(const TopicPartition& partition);
  // What was fetched of a paused partition waits.
  void pause(const std::vector<TopicPartition>& partitions, bool paused);

  // All that can be done without waiting: connects, reads answers, sends the next requests. Error: kFatal, kUnauthorized.
  Status step();
  // Up to `most` records that step() has read, a batch for each partition. Error: kFatal, a batch that is broken at the broker.
  Result<std::vector<std::shared_ptr<const columnar::RawBatch>>> take(size_t most);
  // Until step() has something to do, `wake` is readable, or the time is over.
  void wait(int wake, int timeout_ms);

  // A broker that is too old, or records in a format that is not read here: librdkafka has to take over, from positions() on.
  bool unsupported() const { return unsupported_; }
  struct Position {
    TopicPartition partition;
    int64_t offset;  // or one of the kStart values
    bool paused;
  };
  std::vector<Position> positions() const;
  // Whether every partition that is not paused has been answered since something went wrong with a broker; not
  // where there is none.
  bool all_answer() const;
  // Of the last answer. Any thread.
  Watermarks watermarks(const TopicPartition& partition) const;

 private:
  struct Reading {
    int64_t position = kStartUnknown;  // the next record for take(); below 0: to be asked for, or not known
    int64_t fetch_at = 0;              // the next record to be fetched
    bool paused = false;
    int32_t asked_in = 0;              // the request that asks for it now; 0: none. An answer to another one is dropped
    int32_t leader = -1;
    int32_t replica = -1;              // nearer than the leader (KIP-392); -1: none
    std::deque<RecordSet> fetched;
    int64_t fetched_bytes = 0;
    SteadyTime not_before{};
    bool answered = false;             // well, since trouble_ was told of anything
    int64_t broken_at = -1;            // an offset that could not be read: fetched once more
    Status failure;
  };
  using Readings = std::map<TopicPartition, Reading>;

  enum class Request { kNone, kVersions, kOffsets, kFetch };
  struct Link : BrokerLink {
    using BrokerLink::BrokerLink;
    Request request = Request::kNone;
  };

  void move_to(Reading* reading, int64_t offset);
  int32_t source_of(const Reading& reading) const { return reading.replica >= 0 ? reading.replica : reading.leader; }
  std::vector<std::string> topics() const;
  Status take_metadata(const protocol::Metadata& metadata);
  Status step_link(Link* link, int32_t id);
  void link_failed(Link* link, const Status& status);
  Status answered(Link* link, const Answer& answer);
  Status take_offsets(Link* link, std::string_view body);
  Status take_fetched(Link* link, const Answer& answer);
  Status take_partition(const protocol::FetchAnswer& answer, const SharedBytes& memory, Reading* reading, const TopicPartition& partition);
  Status partition_error(int16_t error, Reading* reading, const TopicPartition& partition);
  void ask(Link* link, int32_t id);
  bool ask_offsets(Link* link, int32_t id);
  bool ask_records(Link* link, int32_t id);
  void send(Link* link, Request request, std::string frame);
  static size_t waiting_records(const Reading& reading);
  Status read_partition(Readings::value_type* entry, size_t most, std::vector<std::shared_ptr<const columnar::RawBatch>>* out);
  Reading* asked_reading(const Link& link, const TopicPartition& partition);
  void not_asked(const Link& link);
  void refresh_metadata() { metadata_.want(); }

  const FetchSettings settings_;
  const Trouble trouble_;
  std::shared_ptr<ReadBuffers> buffers_;
  Readings readings_;
  TopicPartition turn_;  // take() and requests begin behind it
  std::map<int32_t, std::unique_ptr<Link>> links_;
  int64_t fetched_bytes_ = 0;
  int32_t correlation_ = 0;
  bool unsupported_ = false;

  MetadataReader metadata_;
  SteadyTime last_step_{};

  mutable std::mutex watermarks_mutex_;
  std::map<TopicPartition, Watermarks> watermarks_;
};

}  // namespace bywash::kafka
