// The filter of a query: a tree of AND, OR, NOT over predicates on single columns, and over any other boolean expression.
// Query line, bind stage; immutable. The scan stage specialises it for each segment.
#pragma once

#include "analytics/plan/expression.h"
#include "analytics/segment/segment.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace re2 {
class RE2;
}

namespace bywash::analytics {

// The ascending rows of a column that pass, from its index; false: it cannot tell.
using DocumentLookup = std::function<bool(const ColumnView& column, int64_t rows, std::vector<uint32_t>* out)>;

enum class FilterKind : uint8_t { kAll, kNone, kAnd, kOr, kNot, kPredicate, kExpression };
// Test: any other test of texts. Range: between two ends. Set: one of a sorted list. Match: a regular expression over texts. Null: the null vector.
enum class PredicateKind : uint8_t { kRange, kSet, kMatch, kNull, kTest };

// A test of one column's value. `negated` on an array column means that no value passes the bare test (as Pinot's exclusive predicates).
struct Predicate {
  size_t field = 0;
  PredicateKind kind = PredicateKind::kRange;
  bool negated = false;
  // kRange. Integers: closed. Reals and texts: ends may be open; no end = has_low / has_high false.
  int64_t low_integer = INT64_MIN, high_integer = INT64_MAX;
  double low_real = 0, high_real = 0;
  std::string low_text, high_text;
  bool has_low = false, has_high = false, low_open = false, high_open = false;
  // kSet, ascending.
  std::vector<int64_t> integers;
  std::vector<double> reals;
  std::vector<std::string> texts;
  // kMatch: finds the pattern anywhere in the text (LIKE's are anchored).
  std::shared_ptr<const re2::RE2> pattern;
  std::string match_prefix;  // every match begins so; equal to the whole test when prefix_only
  bool prefix_only = false;
  std::function<bool(std::string_view)> matcher;  // kTest
  DocumentLookup by_index;      // kTest, the same from an index: may be empty
  std::string operation, text;  // as EXPLAIN shows it: EQ and "symbol = 'AA000'"

  bool test(int64_t value) const;          // without `negated`
  bool test(double value) const;
  bool test(std::string_view value) const;
};

struct Filter {
  FilterKind kind = FilterKind::kAll;
  std::vector<std::shared_ptr<const Filter>> children;
  Predicate predicate;
  BoundPtr expression;  // BOOLEAN
  bool negated = false;  // kExpression: rows pass where it is false; those where it is null never do
};
using FilterPtr = std::shared_ptr<const Filter>;

}  // namespace bywash::analytics
