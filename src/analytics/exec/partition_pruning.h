// What the partitions say that a segment's values belong to (segmentPartitionConfig). Prune stage; any thread.
#pragma once

#include "analytics/plan/predicate.h"
#include "analytics/segment/segment.h"

namespace bywash::analytics {

// Whether none of the values that a predicate asks for belongs to the partitions of the column's values.
bool outside_partitions(const Predicate& predicate, const ColumnView& column);
// Whether rows of the segment may pass, by that and the filter's = and IN alone.
bool may_match_partitions(const Filter& filter, const Segment& segment);

}  // namespace bywash::analytics
