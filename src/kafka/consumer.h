// Consumer: topics of one group (or partitions by hand) as RawBatches: the poll step of the sink and table lines. Level 3.
// One thread polls; the rest of the methods are for that thread too, unless said otherwise. librdkafka's own threads fetch ahead,
// bounded in bytes.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "columnar/batch.h"
#include "kafka/client_config.h"

namespace bywash::kafka {

struct ConsumerOptions {
  Properties java;        // the Java consumer's keys (bootstrap.servers, group.id, ...)
  // Bytes that may be fetched ahead; counted in the process's memory budget.
  int64_t prefetch_bytes = int64_t{24} << 20;
  // Called inside poll(): partitions assigned. The next fetch starts at the committed offsets unless seek() is called here.
  std::function<Status(const std::vector<TopicPartition>&)> on_assigned;
  // Called inside poll(): partitions go away. `lost`: they are already someone else's, committing would fail.
  std::function<Status(const std::vector<TopicPartition>&, bool lost)> on_revoked;
};

struct Watermarks {
  int64_t low = -1;
  int64_t high = -1;  // next offset to be written
};

class Consumer {
 public:
  static Result<std::unique_ptr<Consumer>> make(ConsumerOptions options);
  virtual ~Consumer() = default;

  // Joins the group for these topics; names that start with ^ are regular expressions.
  virtual Status subscribe(const std::vector<std::string>& topics) = 0;
  // Takes partitions by hand, without a group; an offset of -2 is the beginning, -1 the end.
  virtual Status assign(const std::vector<std::pair<TopicPartition, Offset>>& partitions) = 0;
  // Up to `max_records` records, one batch per partition, waiting at most `timeout_ms` for the first. A fatal client error is
  // kFatal, refused credentials kUnauthorized, an unreachable broker nothing (see last_error()): the client goes on trying.
  virtual Result<std::vector<std::shared_ptr<const columnar::RawBatch>>> poll(int max_records, int timeout_ms) = 0;
  // The next offsets to read, written to the group; waits for the broker's answer.
  virtual Status commit(const std::vector<std::pair<TopicPartition, Offset>>& offsets) = 0;
  // The group's committed offsets; -1 where there is none.
  virtual Result<std::vector<std::pair<TopicPartition, Offset>>> committed(const std::vector<TopicPartition>& partitions) = 0;
  // Moves the next fetch. Inside on_assigned or later.
  virtual Status seek(const TopicPartition& partition, Offset offset) = 0;
  virtual Status pause(const std::vector<TopicPartition>& partitions) = 0;
  virtual Status resume(const std::vector<TopicPartition>& partitions) = 0;
  virtual std::vector<TopicPartition> assignment() const = 0;
  // Known from the last fetch; no request. Any thread.
  virtual Watermarks watermarks(const TopicPartition& partition) = 0;
  // Asked of the broker. Any thread.
  virtual Result<Watermarks> query_watermarks(const TopicPartition& partition, int timeout_ms) = 0;
  // First offset whose record has this timestamp or a later one; the end offset when there is none.
  virtual Result<Offset> offset_for_time(const TopicPartition& partition, int64_t timestamp_ms, int timeout_ms) = 0;
  // Number of partitions; kNotFound when the topic does not exist (yet).
  virtual Result<int> partition_count(const std::string& topic, int timeout_ms) = 0;
  // What last went wrong with the brokers, for a status page; empty when all is well. Any thread.
  virtual std::string last_error() const = 0;
  // Leaves the group (on_revoked is called) and ends. Also done by the destructor, without callbacks.
  virtual Status close() = 0;
  // Any thread: leaves the group without callbacks, for a polling thread that hangs elsewhere; waits for the brokers. What that thread
  // still asks of the consumer is answered kCancelled.
  virtual void give_up() = 0;
};

}  // namespace bywash::kafka
