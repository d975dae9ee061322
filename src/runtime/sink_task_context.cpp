// What a sink sees of its task: acknowledgements, errant records, seeks. Level 7; ack() from any thread.
#include "runtime/sink_task.h"

namespace bywash::runtime {

void SinkTask::ack(const TopicPartition& origin, Generation generation, OffsetRange range) { tracker_.ack(origin, generation, range); }

void SinkTask::ack(const columnar::Batch& batch, Generation generation) {
  const auto& offsets = batch.offsets;
  for (size_t i = 0; i < offsets.size();) {
    size_t end = i + 1;
    while (end < offsets.size() && offsets[end] == offsets[end - 1] + 1) ++end;
    tracker_.ack(batch.origin, generation, {offsets[i], offsets[end - 1] + 1});
    i = end;
  }
}

Status SinkTask::errant(const columnar::Batch& batch, int64_t row, const Status& error) {
  ErrantRecord record{batch.raw.get(), batch.raw_row(row), columnar::Stage::kTaskPut, "org.apache.kafka.connect.sink.SinkTask", error};
  if (!tolerates_errors()) return error;
  if (given_up()) return Status::cancelled("The task was given up");
  const int64_t offset = batch.offsets[static_cast<size_t>(row)];
  metrics_.refused(1);
  return reporter_.report(record, [this, tp = batch.origin, g = generation_, offset] { tracker_.ack(tp, g, {offset, offset + 1}); });
}

Result<std::optional<Offset>> SinkTask::committed(const TopicPartition& origin) {
  ASSIGN_OR_RETURN(auto offsets, consumer_->committed({origin}));
  if (offsets.empty() || offsets.front().second.value < 0) return std::optional<Offset>();
  return std::optional<Offset>(offsets.front().second);
}

void SinkTask::seek(const TopicPartition& origin, Offset offset) {
  if (consumer_->seek(origin, offset).ok()) tracker_.delivered_before(origin, offset);
}

}  // namespace bywash::runtime
