// A producer of our own: records are written into batches by the threads that produce, and one thread sends those over its own sockets, a
// request at a time for each broker. At least once, in order within a partition; no transactions, no sequence numbers (those are
// librdkafka's, kafka/producer.cpp). Level 3; not included outside kafka/.
#pragma once

#include <memory>
#include <optional>

#include "kafka/broker_links.h"
#include "kafka/producer.h"
#include "kafka/record_batch_writer.h"

namespace bywash::kafka {

// Milliseconds and numbers of tries that have no end.
inline constexpr int64_t kForEver = 2147483647;

struct SendSettings : ConnectionSettings {
  int16_t acks = -1;
  size_t batch_bytes = 1'000'000;
  size_t sticky_bytes = 16384;
  size_t buffer_bytes = 32 << 20;       // of records that wait for their answers
  size_t largest_bytes = 1 << 20;       // of one record's batch, and of one request
  int linger_ms = 5;
  int retry_backoff_ms = 100;
  int64_t retries = kForEver;
  int64_t delivery_timeout_ms = 120000;
  int topic_timeout_ms = 30000;         // how long a topic may be unknown to the brokers
  Compression compression;

  // From a Java producer's keys. None: what they ask for is left to librdkafka. Error: kInvalid naming the key.
  static Result<std::optional<SendSettings>> of(const Properties& java);
};

Result<std::unique_ptr<Producer>> make_record_sender(SendSettings settings, DeliveryListener* listener);

}  // namespace bywash::kafka
