// Producer: records to topics with the broker's acknowledgement: the produce step of the source line, the DLQ, SQL results. Level 3.
// Safe from any thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
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
  const std::vector<columnar::RawHeader>* more_headers = nullptr;  // behind `headers`
};

// The brokers' answers to records that were queued by number. Called on a thread of the producer's or inside flush().
class DeliveryListener {
 public:
  virtual ~DeliveryListener() = default;
  virtual void delivered(std::span<const int64_t> numbers) = 0;
  virtual void refused(int64_t number, const std::string& topic, const Status& answer) = 0;
};

class Producer {
 public:
  // `java`: the Java producer's keys. `listener`, where records are queued by number, outlives the producer.
  static Result<std::unique_ptr<Producer>> make(const Properties& java, DeliveryListener* listener = nullptr);
  virtual ~Producer() = default;
  // Queues a record (the bytes are copied); waits while the queue is full. `done` runs once, on a thread of the producer's or inside
  // flush(), with the broker's answer.
  virtual Status produce(const ProducerRecord& record, std::function<void(const Status&)> done) = 0;
  // The same without an allocation for the answer: the listener has it, with `number` (0 to 2^62).
  virtual Status produce_numbered(const ProducerRecord& record, int64_t number) = 0;
  // Waits until every queued record has its answer. kTimedOut when some have not.
  virtual Status flush(int timeout_ms) = 0;
};

}  // namespace bywash::kafka
