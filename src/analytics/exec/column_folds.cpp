#include "analytics/exec/column_folds.h"

#include <algorithm>
#include <utility>

namespace bywash::analytics {
namespace {

// A raw column's numbers from `row` on.
kernels::Numbers numbers_of(const ColumnView& column, int64_t row) {
  using enum kernels::NumberKind;
  if (column.stored == Stored::kF32) return {column.block<float>(row), kF32};
  if (column.stored == Stored::kF64) return {column.block<double>(row), kF64};
  return column.with_integers(row, []<class T>(const T* at, int64_t base) {
    constexpr auto kind = std::is_signed_v<T> ? (sizeof(T) == 4 ? kI32 : kI64) : sizeof(T) == 1 ? kU8 : sizeof(T) == 2 ? kU16 : kU32;
    return kernels::Numbers{at, kind, base};
  });
}

// Adds `more` to the slots that `fold` fills of the same column; false: one of them has a taker already.
bool join(RawSlots& fold, const RawSlots& more) {
  auto taken = [](const auto* own, const auto* other) { return own && other; };
  kernels::Slots& own = fold.slots;
  const kernels::Slots& other = more.slots;
  if (fold.column != more.column || taken(own.counts, other.counts) || taken(own.whole_sums.even, other.whole_sums.even) || taken(own.real_sums, other.real_sums) ||
      taken(own.least, other.least) || taken(own.greatest, other.greatest)) {
    return false;
  }
  if (other.counts) own.counts = other.counts;
  if (other.whole_sums.even) own.whole_sums = other.whole_sums;
  if (other.real_sums) own.real_sums = other.real_sums;
  if (other.least) own.least = other.least;
  if (other.greatest) own.greatest = other.greatest;
  return true;
}

}  // namespace

void ColumnFolds::clear() {
  counts_ = nullptr;
  folds_.clear();
}

void ColumnFolds::add(const RawSlots& wanted) {
  if (!wanted.column) counts_ = wanted.slots.counts ? wanted.slots.counts : counts_;
  else if (std::none_of(folds_.begin(), folds_.end(), [&](RawSlots& fold) { return join(fold, wanted); })) folds_.push_back(wanted);
}

void ColumnFolds::run(int64_t first_row, Selection rows, kernels::Ids ids) {
  if (counts_ && !folds_.empty() && !folds_[0].slots.counts) folds_[0].slots.counts = std::exchange(counts_, nullptr);
  if (counts_) kernels::count_by_id(ids, rows.rows, rows.count, counts_);
  for (const RawSlots& fold : folds_) kernels::fold(ids, numbers_of(*fold.column, first_row), rows.rows, rows.count, fold.slots);
}

}  // namespace bywash::analytics
