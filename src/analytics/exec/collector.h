// Aggregations that keep more than a few numbers for each group: moments, sketches, lists of values, rows. Scan stage; one query's thread.
#pragma once

#include "analytics/exec/broker_response.h"
#include "analytics/plan/bound_query.h"
#include "analytics/plan/vector.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace bywash::analytics {

class Collector {
 public:
  virtual ~Collector() = default;
  // Room for groups 0 .. count - 1; new ones are empty.
  virtual void resize(size_t count) = 0;
  // Adds `n` rows of the aggregation's arguments, the i-th to groups[i], or all to group 0 when `groups` is null. Without nulls, but for
  // aggregations that look at whole rows (takes_rows()).
  virtual void add(std::span<const Vector* const> arguments, size_t n, const uint32_t* groups) = 0;
  // The results of all groups; the type and `multi` of `out` are set.
  virtual void finish(Vector* out) = 0;
  virtual int64_t memory_bytes() const = 0;
  // Of EXPRMIN and EXPRMAX: a group's values, each for a row of its own; nullptr: of others.
  virtual const std::vector<Cell>* values(size_t) const { return nullptr; }
};

// For an aggregation of the kind kCollected, which outlives the collector.
std::unique_ptr<Collector> make_collector(const Aggregation& aggregation);
// The same for sketches that are merged, or shown as bytes.
std::unique_ptr<Collector> make_sketch_collector(const Aggregation& aggregation);
// The same where it looks at whole rows.
std::unique_ptr<Collector> make_row_collector(const Aggregation& aggregation);

}  // namespace bywash::analytics
