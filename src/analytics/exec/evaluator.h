// Computes bound expressions over the selected rows of a block, or over the columns of an intermediate result. Scan and merge stages;
// one per query, its thread's own.
#pragma once

#include "analytics/plan/expression.h"
#include "analytics/segment/segment.h"

#include <string>
#include <vector>

namespace bywash::analytics {

// Rows of one block: the first `count` of it, or those that `rows` lists (offsets from the block's first row; may repeat).
struct Selection {
  const uint16_t* rows = nullptr;
  size_t count = 0;
};

// The first `count` rows of a block after a test of them: all, or with a mask those whose byte is 1.
struct TestedRows {
  size_t count = 0;
  const uint8_t* mask = nullptr;
};

class Evaluator {
 public:
  // `null_handling`: columns and results have nulls; else every value counts, a null's being the column's default.
  Evaluator(size_t slots, std::string host_name, bool null_handling = false)
      : values_(slots), epochs_(slots), host_name_(std::move(host_name)), null_handling_(null_handling) {}

  // What evaluate() reads from now on.
  void set_block(const Segment* segment, int64_t first_row, Selection selection);
  void set_inputs(const std::vector<Vector>* inputs, size_t count);

  // One value per selected row (or input row), valid until the next set_*() call.
  const Vector& evaluate(const Bound& expression);
  // The column that `expression` is, where its rows' dictionary ids say all of it; null: something else, or nulls that count.
  const ColumnView* dictionary_column(const Bound& expression) const;
  // Its ids of the selected rows.
  void load_ids(const ColumnView& column, std::vector<uint32_t>* out) const;
  // Of the block; null over the columns of an intermediate result.
  const Segment* segment() const { return inputs_ ? nullptr : segment_; }
  size_t count() const { return selection_.count; }
  bool null_handling() const { return null_handling_; }
  // The first reason why a value could not be computed; empty: none.
  const std::string& error() const { return error_; }

 private:
  void load_column(const Bound& expression, Vector& out) const;
  void load_arrays(const ColumnView& column, Vector& out) const;
  void call(const Bound& expression, Vector& out);
  void load_virtual(const Bound& expression, Vector& out);
  void load_literal(const Bound& expression, Vector& out) const;

  std::vector<Vector> values_;
  std::vector<uint64_t> epochs_;
  uint64_t epoch_ = 0;
  std::string host_name_, error_;
  bool null_handling_;
  const Segment* segment_ = nullptr;
  int64_t first_row_ = 0;
  Selection selection_;
  const std::vector<Vector>* inputs_ = nullptr;
};

}  // namespace bywash::analytics
