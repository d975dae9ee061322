#include "analytics/exec/visible_rows.h"

#include <algorithm>
#include <bit>

namespace bywash::analytics {

Verdict keep_valid(const uint64_t* words, size_t n, Verdict verdict, uint8_t* mask) {
  if (!words) return Verdict::kNone;
  size_t valid = 0;
  for (size_t word = 0; word * 64 < n; ++word) {
    const size_t left = n - word * 64;
    valid += static_cast<size_t>(std::popcount(left >= 64 ? words[word] : words[word] & ((uint64_t{1} << left) - 1)));
  }
  if (valid == 0) return Verdict::kNone;
  if (valid == n) return verdict;
  if (verdict == Verdict::kAll) std::fill_n(mask, n, uint8_t{1});
  for (size_t i = 0; i < n; ++i) mask[i] &= static_cast<uint8_t>(words[i >> 6] >> (i & 63) & 1);
  return Verdict::kMixed;
}

FilterPtr within_boundary(const TableSnapshot& table, const FilterPtr& filter, bool before) {
  const TimeBoundary& boundary = *table.boundary;
  DataType type = table.schema->fields[boundary.field].type;
  Predicate predicate;
  predicate.field = boundary.field;
  predicate.operation = "RANGE";
  predicate.text = fmt::format("{} {} time boundary", table.schema->fields[boundary.field].name, before ? "<=" : ">");
  if (is_text(type)) {
    (before ? predicate.high_text : predicate.low_text) = boundary.value.text;
    (before ? predicate.has_high : predicate.has_low) = true;
    predicate.low_open = !before;
  } else if (before) {
    predicate.high_integer = boundary.value.integer;
  } else {
    predicate.low_integer = boundary.value.integer + 1;
  }
  auto time = std::make_shared<Filter>();
  time->kind = FilterKind::kPredicate;
  time->predicate = std::move(predicate);
  auto both = std::make_shared<Filter>();
  both->kind = FilterKind::kAnd;
  both->children = {std::move(time), filter};
  return both;
}

}  // namespace bywash::analytics
