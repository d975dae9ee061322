// CompactedTopic: a topic read as a table, from its beginning and for good, as Connect's KafkaBasedLog: one thread reads every record in
// order and hands it to a listener; writes go through a producer of its own. Level 3. Calls are for any thread but the listener's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "kafka/client_config.h"

namespace bywash::kafka {

struct TableRecord {
  std::optional<std::string> key;
  std::optional<std::string> value;  // nullopt: a tombstone
  int64_t timestamp_ms = 0;
};

// A record to write: key, and value or tombstone.
using KeyValue = std::pair<std::string, std::optional<std::string>>;

// For each partition that was written to: the offset behind the last record.
using WrittenEnds = std::map<int32_t, int64_t>;

struct CompactedTopicOptions {
  std::string topic;
  Properties consumer;  // Java keys; group.id is needed by the client but never joined
  Properties producer;
};

class CompactedTopic {
 public:
  using Listener = std::function<void(const TableRecord&)>;
  // Starts reading at the beginning. Records of aborted transactions are left out. Error: the clients cannot be made, the topic is not there.
  static Result<std::unique_ptr<CompactedTopic>> open(CompactedTopicOptions options, Listener listener);
  virtual ~CompactedTopic() = default;

  // Returns when the listener has seen everything that was in the topic at the call. kTimedOut: the brokers did not answer in time.
  virtual Status read_to_end(int timeout_ms) = 0;
  // Returns when the listener has seen everything before these offsets. kTimedOut as above.
  virtual Status read_past(const WrittenEnds& ends, int timeout_ms) = 0;
  // Writes records and waits for the broker's acks.
  virtual Status write(const std::vector<KeyValue>& records, int timeout_ms) = 0;
  // Writes without waiting; what cannot be written is logged.
  virtual void write_later(const KeyValue& record) = 0;
  // Waits for what write_later() has queued.
  virtual Status flush(int timeout_ms) = 0;
  // No more calls of the listener after it. Idempotent.
  virtual void stop() = 0;
};

}  // namespace bywash::kafka
