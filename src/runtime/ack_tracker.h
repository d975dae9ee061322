// AckTracker: which offsets are settled (delivered, filtered, or in the DLQ) and so how far each partition may be committed. Acks
// come in any order and from any thread; what is committed is the contiguous prefix. Level 7.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "columnar/batch.h"

namespace bywash::runtime {

class AckTracker {
 public:
  // A new assignment: all partitions start afresh under a new generation, which is returned.
  Generation assign(const std::vector<TopicPartition>& partitions);
  void revoke(const std::vector<TopicPartition>& partitions);

  // The partition is read from `offset` on because everything before it is delivered (a sink knows that from its destination): that
  // may be committed although nothing was read yet.
  void delivered_before(const TopicPartition& partition, Offset offset);

  // Records were read. Offsets that the partition does not have (compacted away, transaction markers) count as settled.
  void received(const columnar::RawBatch& raw);
  // Settles [first, end). Ignored under another generation than the partition's.
  void ack(const TopicPartition& partition, Generation generation, OffsetRange range);

  // Per partition the next offset to be read after a restart, where that has moved since it was last taken here.
  std::vector<std::pair<TopicPartition, Offset>> take_committable();
  // The commit of these failed: they are given again.
  void give_back(const std::vector<std::pair<TopicPartition, Offset>>& offsets);
  // Offsets read but not settled, over all partitions.
  int64_t outstanding() const;
  // The end of what was read.
  std::vector<std::pair<TopicPartition, Offset>> positions() const;

 private:
  struct State {
    Generation generation;
    int64_t base = -1;       // all below is settled; -1: nothing was read yet
    int64_t start = -1;      // first offset read under this assignment
    int64_t position = -1;   // next offset to be read
    int64_t committed = -1;  // last taken
    bool went_back = false;  // a topic made anew: acks of the one that was may lie beyond the position
    std::map<int64_t, int64_t> islands;  // settled ranges above base: first → end
    int64_t island_rows = 0;
  };
  static void settle(State& state, OffsetRange range);
  mutable std::mutex mutex_;
  int64_t next_generation_ = 0;
  std::map<TopicPartition, State> states_;
};

}  // namespace bywash::runtime
