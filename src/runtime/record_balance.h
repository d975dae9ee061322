// RecordBalance: what became of the records that a task has read: handed to the sink, filtered, or refused (skipped, or in the dead
// letter queue); the rest is in its hands. Nothing else exists: checked at every commit. Level 7, the task's thread.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "columnar/batch.h"

namespace bywash::runtime {

inline int64_t rows_in(const std::vector<columnar::Batch>& batches) {
  int64_t rows = 0;
  for (const columnar::Batch& batch : batches) rows += batch.row_count();
  return rows;
}

class RecordBalance {
 public:
  void read(int64_t n) {
    read_ += n;
    in_hand_ += n;
  }
  void handed_over(int64_t n) { leave(n); }
  void filtered(int64_t n) { leave(n); }
  void refused(int64_t n) { leave(n); }
  // Forgotten, for whoever owns the partitions next.
  void given_up(int64_t n) { leave(n); }
  int64_t in_hand() const { return in_hand_; }
  // kFatal unless exactly `n` records are where they should be: the task fails before it commits, so that none is lost.
  Status check(int64_t n) const {
    if (in_hand_ == n) return {};
    return Status::fatal(fmt::format("{} records are unaccounted for after {} were read: nothing was committed. Please report this as a fault of Bywash", in_hand_ - n, read_));
  }

 private:
  void leave(int64_t n) { in_hand_ -= n; }
  int64_t read_ = 0;
  int64_t in_hand_ = 0;
};

}  // namespace bywash::runtime
