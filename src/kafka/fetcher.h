// The data path of a consumer: records of given partitions straight from their leaders' sockets, without a thread of its own. While the
// polling thread works on one answer, the broker prepares the next one and the kernel's buffers take it. Who reads which partition is
// decided elsewhere (kafka/consumer.cpp, by librdkafka's group). Level 3; not included outside kafka/. One thread unless said otherwise.
#pragma once

#include <librdkafka/rdkafka.h>

#include <deque>
#include <functional>
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
#include "kafka/broker_connection.h"
#include "kafka/consumer.h"
#include "kafka/fetch_protocol.h"
#include "kafka/record_set.h"

namespace bywash::kafka {

struct FetchSettings {
  std::vector<std::pair<std::string, int32_t>> bootstrap;
  std::string client_id;
  protocol::FetchLimits limits;
  RecordSetOptions records;
  std::optional<int64_t> reset_to;  // time of ListOffsets where there is no offset or one that is gone; none: that is an error
  int request_timeout_ms = 30000;
  int connect_timeout_ms = 30000;
  int backoff_ms = 50;
  int backoff_max_ms = 1000;
  int receive_buffer_bytes = 0;  // 0: the system's
  int64_t metadata_max_age_ms = 300000;
  int64_t ahead_bytes = 0;       // that may wait here for take()
  std::shared_ptr<const BrokerSecurity> security;

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
  // `trouble` is told what goes wrong with brokers while it goes on trying.
  Fetcher(FetchSettings settings, std::function<void(rd_kafka_resp_err_t, const std::string&)> trouble);

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
    int64_t broken_at = -1;            // an offset that could not be read: fetched once more
    Status failure;
  };
  using Readings = std::map<TopicPartition, Reading>;

  enum class Request { kNone, kVersions, kOffsets, kFetch };
  struct Link {
    Link(std::shared_ptr<ReadBuffers> buffers, std::shared_ptr<const BrokerSecurity> security) : connection(std::move(buffers), std::move(security)) {}
    std::string host;
    int32_t port = 0;
    BrokerConnection connection;
    Request request = Request::kNone;
    bool spoken = false;  // its versions are known to do
    int32_t correlation = 0;  // of the request
    SteadyTime deadline{};
    SteadyTime not_before{};
    int backoff_ms = 0;
  };

  void move_to(Reading* reading, int64_t offset);
  int32_t source_of(const Reading& reading) const { return reading.replica >= 0 ? reading.replica : reading.leader; }
  Status step_metadata();
  void begin_metadata();
  Status take_metadata(const Answer& answer);
  void metadata_failed(const Status& status);
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
  void refresh_metadata() { metadata_wanted_ = true; }

  const FetchSettings settings_;
  const std::function<void(rd_kafka_resp_err_t, const std::string&)> trouble_;
  std::shared_ptr<ReadBuffers> buffers_;
  Readings readings_;
  TopicPartition turn_;  // take() and requests begin behind it
  std::map<int32_t, std::unique_ptr<Link>> links_;
  std::map<int32_t, std::pair<std::string, int32_t>> addresses_;
  int64_t fetched_bytes_ = 0;
  int32_t correlation_ = 0;
  bool unsupported_ = false;

  BrokerConnection metadata_connection_;
  bool metadata_wanted_ = true;
  size_t metadata_turn_ = 0;
  SteadyTime metadata_not_before_{};
  SteadyTime metadata_deadline_{};
  SteadyTime metadata_old_at_{};
  SteadyTime last_step_{};

  mutable std::mutex watermarks_mutex_;
  std::map<TopicPartition, Watermarks> watermarks_;
};

}  // namespace bywash::kafka
