// RowVerdicts: what a condition says of every row of a batch, as far as whole columns tell it: a field of text or whole numbers against
// a literal, and what and, or and not make of such. Rows that need more (a null, another type) are left to the walk over the record.
// Level 4, the task's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "transforms/record_node.h"

namespace bywash::transforms {

enum class Verdict : uint8_t { kNo, kYes, kAsk };

// What an operator says of an order below, at and above 0.
struct OrderVerdicts {
  Verdict below = Verdict::kAsk, equal = Verdict::kAsk, above = Verdict::kAsk;
  template <class Op>
  static OrderVerdicts of(Op op) {
    auto at = [op](int order) { return holds_of_order(op, order) ? Verdict::kYes : Verdict::kNo; };
    return {at(-1), at(0), at(1)};
  }
};

class RowVerdicts {
 public:
  // The field of the records that `path` names, in each row, compared with a text or a whole number (as Values: string, int32, int64).
  // kAsk where anything on the way is null or absent. nullopt: columns cannot tell, for want of such a field, its type or the literal's.
  static std::optional<RowVerdicts> compared(const RecordColumn& records, std::span<const std::string_view> path, const Value& literal, OrderVerdicts verdicts);

  // Left decides first: the other side counts where it says nothing yet, as in && and || of a language.
  void and_then(const RowVerdicts& other);
  void or_else(const RowVerdicts& other);
  // Both sides count: kAsk in either is kAsk.
  void and_both(const RowVerdicts& other);
  void or_both(const RowVerdicts& other);
  void negate();
  Verdict operator[](int64_t row) const { return rows_[static_cast<size_t>(row)]; }

 private:
  explicit RowVerdicts(int64_t rows) : rows_(static_cast<size_t>(rows), Verdict::kAsk) {}
  std::vector<Verdict> rows_;
};

}  // namespace bywash::transforms
