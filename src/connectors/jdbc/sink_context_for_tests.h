// A stand-in for the runtime in tests of sinks: remembers acks, and puts batches as the runtime does.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "plugin/sink.h"

namespace bywash::jdbc {

class SinkContextForTests final : public plugin::SinkContext {
 public:
  const std::string& connector_name() const override { return name; }
  int task_id() const override { return 0; }
  void ack(const TopicPartition& origin, Generation, OffsetRange range) override { acked.emplace_back(origin, range); }
  void ack(const columnar::Batch& batch, Generation generation) override {
    acked_generation = generation;
    for (int64_t offset : batch.offsets) acked.emplace_back(batch.origin, OffsetRange{offset, offset + 1});
  }
  Status errant(const columnar::Batch&, int64_t, const Status& error) override { return error; }
  bool tolerates_errors() const override { return false; }
  void seek(const TopicPartition& origin, Offset offset) override { sought[origin] = offset; }

  std::string name = "jdbc-test";
  std::vector<std::pair<TopicPartition, OffsetRange>> acked;
  Generation acked_generation;
  std::map<TopicPartition, Offset> sought;
};

}  // namespace bywash::jdbc
