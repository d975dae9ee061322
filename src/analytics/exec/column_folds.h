// Aggregations straight from the columns of a segment: what several of them want of one column is done in one pass over its rows.
// Scan stage; one query's thread.
#pragma once

#include "analytics/exec/evaluator.h"
#include "analytics/exec/kernels.h"

#include <vector>

namespace bywash::analytics {

// The slots of an aggregation, to be filled from a raw column of numbers; without a column it only counts rows.
struct RawSlots {
  const ColumnView* column = nullptr;
  kernels::Slots slots;
};

class ColumnFolds {
 public:
  void clear();
  void add(const RawSlots& wanted);
  // Takes in the rows of a block, whose groups are `ids`.
  void run(int64_t first_row, Selection rows, kernels::Ids ids);

 private:
  int64_t* counts_ = nullptr;  // of rows, where no fold counts them
  std::vector<RawSlots> folds_;
};

}  // namespace bywash::analytics
