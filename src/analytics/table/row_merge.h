// What partial upserts make of a key's old row and its new one, column by column. Append step of the table line, partition's thread.
// Semantics: PartialUpsertColumnarMerger of Apache Pinot 1.5.1; a null of the new row never changes what is there, except by FORCE_OVERWRITE.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "analytics/segment/mutable_segment.h"
#include "analytics/segment/segment.h"

namespace bywash::analytics {

enum class MergeStrategy { kOverwrite, kForceOverwrite, kIgnore, kIncrement, kAppend, kUnion, kMax, kMin };
// By Pinot's name, "OVERWRITE"; nothing: there is none of this name.
std::optional<MergeStrategy> merge_strategy_from(std::string_view name);

struct RowInSegment {
  const Segment& segment;
  int64_t row;
};

// Replaces `now`, the newest and unpublished row of `target`, by what the strategies (one per field) make of it and `before`.
void merge_rows(const std::vector<MergeStrategy>& strategies, RowInSegment before, RowInSegment now, MutableSegment& target);

// The same row with another value in one field, which holds integers.
void set_integer(RowInSegment now, size_t field, int64_t value, MutableSegment& target);

}  // namespace bywash::analytics
