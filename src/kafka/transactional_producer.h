// TransactionalProducer: a producer whose records are seen together or not at all by readers with read_committed (KIP-98): the produce and
// commit steps of the source line where sources deliver exactly once. Level 3. produce() from any thread, the rest from one.
#pragma once

#include <memory>

#include "kafka/producer.h"

namespace bywash::kafka {

class TransactionalProducer : public Producer {
 public:
  // `java` with `transactional.id`; `listener` as Producer's. Nothing is asked of the brokers yet.
  static Result<std::unique_ptr<TransactionalProducer>> make(const Properties& java, DeliveryListener* listener = nullptr);
  // Registers the transactional id: the brokers end an open transaction of an earlier producer with it, and refuse what that one still
  // writes. kRetriable, kTimedOut: no coordinator answers, call it again; kUnauthorized: an ACL is missing.
  virtual Status begin_life(int timeout_ms) = 0;
  virtual Status begin() = 0;
  // Waits for the acks of all records, then commits. kRetriable, kTimedOut: call it again, with nothing produced in between; kFatal: the
  // transaction is lost, or another producer with the id has fenced this one.
  virtual Status commit(int timeout_ms) = 0;
  virtual Status abort(int timeout_ms) = 0;
};

}  // namespace bywash::kafka
