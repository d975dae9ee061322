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

class Evaluator {
 public:
  Evaluator(size_t slots, std::string host_name) : values_(slots), epochs_(slots), host_name_(std::move(host_name)) {}

  // What evaluate() reads from now on.
  void set_block(const Segment* segment, int64_t first_row, Selection selection);
  void set_inputs(const std::vector<Vector>* inputs, size_t count);

  // One value per selected row (or input row), valid until the next set_*() call.
  const Vector& evaluate(const Bound& expression);
  size_t count() const { return selection_.count; }

 private:
  void load_column(const Bound& expression, Vector& out) const;
  void load_virtual(const Bound& expression, Vector& out);
  void load_literal(const Bound& expression, Vector& out) const;

  std::vector<Vector> values_;
  std::vector<uint64_t> epochs_;
  uint64_t epoch_ = 0;
  std::string host_name_;
  const Segment* segment_ = nullptr;
  int64_t first_row_ = 0;
  Selection selection_;
  const std::vector<Vector>* inputs_ = nullptr;
};

}  // namespace bywash::analytics
