// Producer: records to topics with the broker's acknowledgement: the produce step of the source line, the DLQ, SQL results. Level 3.
// Safe from any thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "columnar/batch.h"
#include "kafka/client_config.h"

namespace bywash::kafka {

struct ProducerRecord {
  std::string_view topic;
  int32_t partition = -1;  // -1: by key, as Java's default partitioner (murmur2), or sticky without one
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
  int64_t timestamp_ms = -1;  // -1: now
  const std::vector<columnar::RawHeader>* headers = nullptr;
};

class Producer {
 public:
  // `java`: the Java producer's keys.
  static Result<std::unique_ptr<Producer>> make(const Properties& java);
  virtual ~Producer() = default;
  // Queues a record (the bytes are copied); waits while the queue is full. `done` runs once, on a librdkafka thread or inside
  // flush(), with the broker's answer.
  virtual Status produce(const ProducerRecord& record, std::function<void(const Status&)> done) = 0;
  // Waits until every queued record has its answer. kTimedOut when some have not.
  virtual Status flush(int timeout_ms) = 0;
};

}  // namespace bywash::kafka
