// Sinks: the put and flush steps, and the acknowledgement contract. Level 3.
//
// put(batches) hands rows to the sink. When the destination has rows durably the sink acks their offsets, in any order; the task
// commits the contiguous prefix of what is acked, filtered, or in the dead letter queue with the broker's ack.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "columnar/batch.h"
#include "plugin/plugin.h"

namespace bywash::plugin {

// What the runtime gives a sink task. Methods are safe from any thread unless said otherwise.
class SinkContext {
 public:
  virtual ~SinkContext() = default;
  virtual const std::string& connector_name() const = 0;
  virtual int task_id() const = 0;
  // These offsets of an origin partition are durable at the destination. Ignored when `generation` is no longer the partition's.
  virtual void ack(const TopicPartition& origin, Generation generation, OffsetRange range) = 0;
  // All rows of a batch at once, by their own offsets.
  virtual void ack(const columnar::Batch& batch, Generation generation) = 0;
  // Reports one row that the destination will never take (a data fault). Ok: tolerated, logged and queued for the DLQ as configured,
  // and acked by the runtime; the sink forgets the row. Not ok: errors.tolerance is none; return this status from put. Task thread only.
  virtual Status errant(const columnar::Batch& batch, int64_t row, const Status& error) = 0;
  // True when data faults are tolerated (errors.tolerance=all).
  virtual bool tolerates_errors() const = 0;
  // Starts the next fetch of an assigned partition at this offset (a sink that keeps offsets itself). In open() only.
  virtual void seek(const TopicPartition& origin, Offset offset) = 0;
  // The group's committed offset of an assigned partition; nothing when none was committed yet. Task thread only: asks the broker.
  virtual Result<std::optional<Offset>> committed(const TopicPartition& /*origin*/) { return std::optional<Offset>(); }
};

// One task. All calls come from the task's thread.
class SinkTask {
 public:
  virtual ~SinkTask() = default;
  virtual Status start(SinkContext* context) = 0;
  // Partitions were assigned; acks for them carry this generation.
  virtual Status open(const std::vector<TopicPartition>& partitions, Generation generation) = 0;
  // The batches of one poll, of one partition or several, every row selected, in offset order inside a batch; where there are several of a
  // partition (several schemas), a sink that needs the order across them merges by offset. Answers:
  //   ok            the rows are taken: acked now or later. The sink may keep the batches (columns are shared).
  //   kRetriable    nothing was taken: the runtime backs off, pauses and puts the same batches again, until stopped.
  //   kData         nothing was taken and the data is at fault: the runtime bisects until the bad record stands alone.
  //   anything else fails the task.
  virtual Status put(const std::vector<columnar::Batch>& batches) = 0;
  // Time to wait before the same batches are put again after a kRetriable, in milliseconds (retry.backoff.ms); 0: the runtime chooses,
  // growing with each failure.
  virtual int64_t retry_backoff_ms() const { return 0; }
  // Called at least every 100 ms while the task runs, also when nothing arrives: time-based rotation, retries, finished uploads.
  virtual Status tick() { return {}; }
  // False pauses the partitions until it is true again (bounded buffers).
  virtual bool wants_more() const { return true; }
  // These offsets are committed: what lies before them is never read again. After close() too, for the partitions that went.
  virtual void committed(const std::vector<std::pair<TopicPartition, Offset>>& /*offsets*/) {}
  // Before offsets are committed: deliver what can be delivered now without cutting files short.
  virtual Status flush() { return {}; }
  // Partitions are being taken away: finish or discard what is open for them; acks made inside are still committed.
  virtual Status close(const std::vector<TopicPartition>& partitions) = 0;
  virtual void stop() = 0;
};

struct SinkPlugin {
  PluginInfo info;
  ConfigDef def;
  // More checks at validation (can the database be reached?); adds errors by key. May be empty.
  std::function<void(const Properties&, std::vector<config::ConfigValue>*)> validate;
  // What the connector's own start refuses although every key is valid: it is FAILED then, without tasks. May be empty.
  std::function<Status(const Properties&)> check_start;
  std::function<Result<std::unique_ptr<SinkTask>>(const Properties&)> make;
};

}  // namespace bywash::plugin
