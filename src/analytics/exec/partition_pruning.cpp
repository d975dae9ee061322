// See partition_pruning.h.
#include "analytics/exec/partition_pruning.h"

#include <algorithm>

#include "analytics/segment/field_indexes.h"

namespace bywash::analytics {

bool outside_partitions(const Predicate& predicate, const ColumnView& column) {
  if (predicate.negated || column.partitions.empty() || !column.field->indexes || !column.field->indexes->partition) return false;
  const PartitionFunction& function = *column.field->indexes->partition;
  if (function.settings() != column.partition_settings) return false;
  auto outside = [&](std::string_view value) {
    const int32_t id = function.partition_of(value);
    return id >= 0 && !std::binary_search(column.partitions.begin(), column.partitions.end(), static_cast<uint32_t>(id));
  };
  if (is_real(column.field->type)) return false;
  if (predicate.kind == PredicateKind::kRange) return is_integer(column.field->type) && predicate.low_integer == predicate.high_integer && outside(std::to_string(predicate.low_integer));
  if (predicate.kind != PredicateKind::kSet) return false;
  return std::all_of(predicate.integers.begin(), predicate.integers.end(), [&](int64_t value) { return outside(std::to_string(value)); }) &&
         std::all_of(predicate.texts.begin(), predicate.texts.end(), outside);
}

bool may_match_partitions(const Filter& filter, const Segment& segment) {
  auto may = [&](const FilterPtr& child) { return may_match_partitions(*child, segment); };
  switch (filter.kind) {
    case FilterKind::kAnd: return std::all_of(filter.children.begin(), filter.children.end(), may);
    case FilterKind::kOr: return std::any_of(filter.children.begin(), filter.children.end(), may);
    case FilterKind::kPredicate: return !outside_partitions(filter.predicate, segment.column(filter.predicate.field));
    default: return true;
  }
}

}  // namespace bywash::analytics
