#include "analytics/plan/predicate.h"

#include <re2/re2.h>

#include <algorithm>

namespace bywash::analytics {

bool Predicate::test(int64_t value) const {
  if (kind == PredicateKind::kSet) return std::binary_search(integers.begin(), integers.end(), value);
  return value >= low_integer && value <= high_integer;
}

bool Predicate::test(double value) const {
  if (kind == PredicateKind::kSet) return std::binary_search(reals.begin(), reals.end(), value);
  if (has_low && !(low_open ? value > low_real : value >= low_real)) return false;
  return !has_high || (high_open ? value < high_real : value <= high_real);
}

bool Predicate::test(std::string_view value) const {
  if (kind == PredicateKind::kSet) return std::binary_search(texts.begin(), texts.end(), value);
  if (kind == PredicateKind::kTest) return matcher(value);
  if (kind == PredicateKind::kMatch) {
    if (!value.starts_with(match_prefix)) return false;
    return prefix_only || re2::RE2::PartialMatch(re2::StringPiece(value.data(), value.size()), *pattern);
  }
  if (has_low && !(low_open ? value > low_text : value >= low_text)) return false;
  return !has_high || (high_open ? value < high_text : value <= high_text);
}

}  // namespace bywash::analytics
