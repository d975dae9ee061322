// Aggregations that keep more than a few numbers for each group: moments, sketches, lists of values. Scan stage; one query's thread.
#pragma once

#include "analytics/plan/bound_query.h"
#include "analytics/plan/vector.h"

#include <cstdint>
#include <memory>

namespace bywash::analytics {

class Collector {
 public:
  virtual ~Collector() = default;
  // Room for groups 0 .. count - 1; new ones are empty.
  virtual void resize(size_t count) = 0;
  // Adds `n` values without nulls, the i-th to groups[i], or all to group 0 when `groups` is null. `second`: of aggregations of two.
  virtual void add(const Vector& values, const Vector* second, size_t n, const uint32_t* groups) = 0;
  // The results of all groups; the type and `multi` of `out` are set.
  virtual void finish(Vector* out) = 0;
  virtual int64_t memory_bytes() const = 0;
};

// For an aggregation of the kind kCollected, which outlives the collector.
std::unique_ptr<Collector> make_collector(const Aggregation& aggregation);

}  // namespace bywash::analytics
