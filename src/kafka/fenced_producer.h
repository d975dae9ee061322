// FencedProducer: writes under a transactional id, each call one transaction. Making one fences all earlier ones with the same id: what
// they still try to write is refused by the brokers. Level 3; one caller at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "kafka/compacted_topic.h"

namespace bywash::kafka {

class FencedProducer {
 public:
  // Registers `transactional_id`. kTimedOut: no coordinator answers; kUnauthorized: an ACL is missing.
  static Result<std::unique_ptr<FencedProducer>> make(const Properties& java, const std::string& transactional_id, int timeout_ms);
  virtual ~FencedProducer() = default;
  // All records or none; readers of committed records may see them a moment later (CompactedTopic::read_past). kFatal: fenced by another producer, this one is of no more use; kRetriable, kTimedOut: aborted, may be tried again.
  virtual Result<WrittenEnds> write(const std::string& topic, const std::vector<KeyValue>& records, int timeout_ms) = 0;
};

}  // namespace bywash::kafka
