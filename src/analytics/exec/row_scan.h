// The scan of queries without groups: which rows answer, the best by ORDER BY or the first that come. One query's thread.
#pragma once

#include "analytics/exec/broker_response.h"
#include "analytics/exec/evaluator.h"
#include "analytics/plan/bound_query.h"

#include <memory>
#include <vector>

namespace bywash::analytics {

class RowScan {
 public:
  RowScan(const BoundQuery& query, Evaluator* evaluator) : query_(query), evaluator_(evaluator) {}

  void begin(const std::shared_ptr<const Segment>& segment) { segments_.push_back(segment.get()); }
  void consume(int64_t first_row, Selection selection);
  // Whether more rows cannot change the answer.
  bool full() const { return query_.order.empty() && picked_.size() >= wanted(); }
  int64_t memory_bytes() const { return static_cast<int64_t>(picked_.size() * (sizeof(Picked) + query_.order.size() * sizeof(Scalar))) + text_bytes_; }
  // The answer's rows, after OFFSET, in order. False: they take more than `bytes_max`.
  bool finish(std::vector<std::vector<Cell>>* rows, int64_t bytes_max);

 private:
  struct Picked {
    uint32_t segment;
    uint32_t row;
    std::vector<Scalar> keys;
    uint64_t nulls = 0;  // a bit per key
  };
  size_t wanted() const { return static_cast<size_t>(query_.limit + query_.offset); }
  // < 0: the block's i-th row comes before `other`.
  int compare(const std::vector<const Vector*>& keys, size_t i, const Picked& other) const;
  size_t next_candidate(const Vector& key, size_t i, size_t n, const Picked& last) const;
  bool before(const Picked& a, const Picked& b) const;

  const BoundQuery& query_;
  Evaluator* evaluator_;
  std::vector<const Segment*> segments_;
  std::vector<Picked> picked_;  // with ORDER BY a heap, the last in order on top
  int64_t text_bytes_ = 0;  // of the picked rows' keys
};

}  // namespace bywash::analytics
