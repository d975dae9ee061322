// Which rows of a snapshot count whatever the query asks: not those that upserts replaced, nor those of the other half of a hybrid
// table. Scan stage.
#pragma once

#include "analytics/exec/query_engine.h"
#include "analytics/exec/segment_filter.h"
#include "analytics/plan/predicate.h"

#include <cstddef>
#include <cstdint>

namespace bywash::analytics {

// Leaves of a block's rows those whose bits are set in `words` (null: none is). The mask is read and written only where the answer is
// kMixed.
Verdict keep_valid(const uint64_t* words, size_t n, Verdict verdict, uint8_t* mask);

// `filter` and the time boundary of a hybrid table: up to it for the OFFLINE half (`before`), past it for the REALTIME one.
FilterPtr within_boundary(const TableSnapshot& table, const FilterPtr& filter, bool before);

}  // namespace bywash::analytics
