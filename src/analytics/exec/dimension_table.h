// A dimension table's rows by their primary key, for LOOKUP: made from a snapshot at the first query that wants it, and kept for as long as the
// table has the same segments. Query line, bind stage; any thread.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "analytics/plan/lookup.h"
#include "analytics/segment/segment.h"

namespace bywash::analytics {

struct TableSnapshot;

// Of one table; its snapshots share it.
class DimensionRows {
 public:
  // `unique`: a key that two rows have is an error, else the row of the later segment counts.
  explicit DimensionRows(bool unique) : unique_(unique) {}
  // kInvalid: a key stands twice. The call that finds other segments than the last one makes the rows anew.
  Result<std::shared_ptr<const LookupTable>> of(const TableSnapshot& snapshot);

 private:
  const bool unique_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<const Segment>> segments_;
  std::shared_ptr<const LookupTable> rows_;
};

}  // namespace bywash::analytics
