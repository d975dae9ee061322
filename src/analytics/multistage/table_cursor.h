// Reads the rows of a table that pass a filter, batch by batch: what a scan of a multi-stage query is made of. Query line, scan stage;
// the query's thread.
#pragma once

#include "analytics/exec/evaluator.h"
#include "analytics/exec/segment_filter.h"
#include "analytics/multistage/translation.h"
#include "analytics/plan/predicate.h"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace bywash::analytics::multistage {

// What Pinot's broker response counts of one scan.
struct ScanCounts {
  int64_t docs = 0, total_docs = 0, in_filter = 0;
  int32_t segments = 0, processed = 0, matched = 0, pruned = 0, pruned_by_value = 0;
  int32_t consuming = 0, consuming_processed = 0, consuming_matched = 0;
};

class TableCursor {
 public:
  // `every_row`: also those that upserts have replaced. kInvalid: the filter cannot be bound (translate() found that it can).
  static Result<std::unique_ptr<TableCursor>> make(const ScanPlan& plan, const TranslateOptions& options, bool every_row);
  // Moves to the next at most `most` rows; 0: no more. Their values are column(i)'s until the next call.
  size_t next(size_t most);
  const Vector& column(size_t i) { return evaluator_->evaluate(*columns_[i]); }
  size_t column_count() const { return columns_.size(); }
  const ScanCounts& counts() const { return counts_; }
  // Why a value could not be computed; empty: none.
  const std::string& error() const { return evaluator_->error(); }

 private:
  TableCursor() = default;
  bool next_segment();
  bool next_block();

  std::shared_ptr<const TableSnapshot> table_;
  bool every_row_ = false;
  BoundQuery bound_;
  FilterPtr before_, after_;       // of a hybrid table
  std::vector<BoundPtr> columns_;
  std::unique_ptr<Evaluator> evaluator_;
  std::unique_ptr<SegmentFilter> filter_;
  ScanCounts counts_;
  size_t segment_ = 0;             // the next one
  const Segment* current_ = nullptr;
  const ValidRows* kept_ = nullptr;
  bool whole_ = false, matched_ = false;
  int64_t row_ = 0, block_row_ = 0;  // the next block's first row, the current block's
  Selection selection_;              // of the current block
  size_t taken_ = 0;
  std::vector<uint8_t> mask_;
  std::vector<uint16_t> rows_;
};

}  // namespace bywash::analytics::multistage
