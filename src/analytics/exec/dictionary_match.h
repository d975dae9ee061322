// Which values of a dictionary pass a predicate. Prune stage; stateless.
#pragma once

#include "analytics/plan/predicate.h"
#include "analytics/segment/segment.h"

#include <cstdint>
#include <vector>

namespace bywash::analytics {

// How many ids pass a bare test (its negation apart), the first and the last of them.
struct MatchingIds {
  uint32_t passing = 0, first = UINT32_MAX, last = 0;
};

// Sets table[id] for the values that pass the bare test. Sorted dictionaries are searched, not read, for sets and integer ranges.
MatchingIds mark_ids(const Predicate& predicate, const DictionaryView& values, std::vector<uint8_t>& table);
// The ids that pass when a search alone finds them, in one run: one value, or a range of whole numbers, in a sorted dictionary.
bool find_run(const Predicate& predicate, const DictionaryView& values, MatchingIds* out);
// 1 for each id whose value passes a predicate (kRange or kSet) on a single-value column.
std::vector<uint8_t> passing_ids(const Predicate& predicate, const DictionaryView& values);

}  // namespace bywash::analytics
