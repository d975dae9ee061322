// exactly.once: the offsets of what was written, in a table of the destination. One row per connector and partition, changed in the
// transaction that writes the rows. Level 6, one per task thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "columnar/batch.h"
#include "connectors/jdbc/dialect.h"

namespace bywash::jdbc {

class DeliveredOffsets {
 public:
  DeliveredOffsets(const SinkConfig* config, const Dialect* dialect)
      : config_(config), dialect_(dialect), rules_(dialect->identifiers(config->quote)) {}

  // Creates the table where it is missing and gives the next offset of each partition that has one. Outside of a transaction.
  Result<std::map<TopicPartition, int64_t>> open(Session& session, const std::vector<TopicPartition>& partitions);
  // At the start of a transaction: locks the partitions' rows. True when one of them is not where this task left it: another task wrote
  // meanwhile, or a commit took effect whose answer was lost. Then the transaction is to be rolled back and undelivered() to be asked.
  // kFatal: the database has lost what this task committed.
  Result<bool> lock(Session& session, const std::vector<columnar::Batch>& batches);
  // At its end: notes the batches as written.
  Status store(Session& session, const std::vector<columnar::Batch>& batches);
  // After the commit.
  void committed(const std::vector<columnar::Batch>& batches);
  // The batches without rows that are written already.
  std::vector<columnar::Batch> undelivered(const std::vector<columnar::Batch>& batches) const;

 private:
  Result<std::string> where(const TopicPartition& partition) const;
  Status create(Session& session) const;
  Result<std::optional<int64_t>> read(Session& session, const TopicPartition& partition, bool locks) const;

  const SinkConfig* config_;
  const Dialect* dialect_;
  IdentifierRules rules_;
  std::string table_;  // for statements
  std::map<TopicPartition, int64_t> next_;  // as this task knows it; -1: nothing yet
};

}  // namespace bywash::jdbc
