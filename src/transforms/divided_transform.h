// Bound transforms whose rows come out with different schemas, though a batch has one: the chain makes a batch of each part. Level 4, the
// transform step; the task's thread.
#pragma once

#include <cstdint>
#include <vector>

#include "plugin/transform.h"

namespace bywash::transforms {

class DividedTransform : public plugin::BoundTransform {
 public:
  // The part of each row; rows of equal parts are applied together. Empty: all rows are of one part.
  virtual std::vector<uint32_t> parts(const columnar::Batch& batch, const columnar::RowMask& rows) const = 0;
};

}  // namespace bywash::transforms
