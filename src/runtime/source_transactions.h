// SourceTransactions: the produce and commit steps of a source that delivers exactly once (KIP-618,
// org.apache.kafka.connect.runtime.ExactlyOnceWorkerSourceTask, Kafka 4.3): records and their offsets in one transaction of the task's
// own transactional id, which fences whoever ran the task before. Level 7, the task's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "kafka/transactional_producer.h"
#include "runtime/offset_store.h"
#include "runtime/status_listener.h"

namespace bywash::runtime {

struct TransactionRules {
  bool per_poll = true;      // transaction.boundary=poll: one transaction for each poll; else after interval_ms
  int64_t interval_ms = 0;
  // Ok while this worker is the one to run the task, with the configuration that it was started with; kCancelled: no longer.
  std::function<Status(const TaskId& id)> still_owner;
};

// {group.id}-{connector}-{task}, as org.apache.kafka.connect.runtime.Worker.taskTransactionalId.
std::string transactional_id(const std::string& group, const TaskId& id);
// transaction.boundary and transaction.boundary.interval.ms of a connector; `interval_ms`: where the connector says nothing.
Result<TransactionRules> parse_transaction_rules(const config::Properties& connector, int64_t interval_ms);

class SourceTransactions {
 public:
  using Wanted = std::function<bool()>;  // false: the task is to stop
  SourceTransactions(TaskId id, TransactionRules rules, OffsetStore* offsets) : id_(std::move(id)), rules_(std::move(rules)), offsets_(offsets) {}

  // Fences the task's earlier lives, makes sure that it is still this worker's, reads the offsets that they have committed. `producer` has
  // to outlive it. Waits for brokers as long as the task is wanted; kCancelled: it is not this worker's any longer.
  Status open(kafka::TransactionalProducer* producer, const Wanted& wanted);
  // Before the first record of a transaction; does nothing in one.
  Status begin();
  bool in_transaction() const { return in_transaction_; }
  const TransactionRules& rules() const { return rules_; }
  // Writes the offsets and commits. Waits for brokers while the task is wanted, and `grace_ms` longer. Error: the transaction is aborted,
  // or its outcome is for the task's next life to see.
  Status commit(const OffsetStore::Offsets& offsets, const Wanted& wanted, int64_t grace_ms);
  // What is in the transaction is never seen.
  void abort();

 private:
  Status confirm(const Wanted& wanted) const;
  Status write_offsets(const OffsetStore::Offsets& offsets);
  const TaskId id_;
  const TransactionRules rules_;
  OffsetStore* const offsets_;
  kafka::TransactionalProducer* producer_ = nullptr;
  bool in_transaction_ = false;
};

}  // namespace bywash::runtime
