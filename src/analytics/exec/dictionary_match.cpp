#include "analytics/exec/dictionary_match.h"

#include <algorithm>

namespace bywash::analytics {
namespace {

bool passes(const Predicate& predicate, const DictionaryView& values, uint32_t id) {
  if (values.kind == Stored::kI64) return predicate.test(values.integer(id));
  return values.kind == Stored::kF64 ? predicate.test(values.real(id)) : predicate.test(values.text(id));
}

bool less(const DictionaryView& values, uint32_t id, int64_t value) { return values.integer(id) < value; }
bool less(const DictionaryView& values, uint32_t id, double value) { return values.real(id) < value; }
bool less(const DictionaryView& values, uint32_t id, const std::string& value) { return values.text(id) < value; }

// The first id of a sorted dictionary whose value is not below `value`.
template <class T>
uint32_t lower_bound(const DictionaryView& values, const T& value) {
  uint32_t low = 0, high = values.cardinality;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    less(values, middle, value) ? low = middle + 1 : high = middle;
  }
  return low;
}

}  // namespace

MatchingIds mark_ids(const Predicate& predicate, const DictionaryView& values, std::vector<uint8_t>& table) {
  MatchingIds out;
  auto mark = [&](uint32_t id) {
    out.passing += !table[id];
    table[id] = 1;
    out.first = std::min(out.first, id);
    out.last = std::max(out.last, id);
  };
  if (values.sorted && predicate.kind == PredicateKind::kSet) {
    auto each = [&](const auto& wanted) {
      for (const auto& value : wanted) {
        for (uint32_t id = lower_bound(values, value); id < values.cardinality && passes(predicate, values, id) && !table[id]; ++id) mark(id);
      }
    };
    values.kind == Stored::kI64 ? each(predicate.integers) : values.kind == Stored::kF64 ? each(predicate.reals) : each(predicate.texts);
    return out;
  }
  uint32_t from = 0, end = values.cardinality;
  if (values.sorted && values.kind == Stored::kI64 && predicate.kind == PredicateKind::kRange) {
    if (predicate.low_integer > predicate.high_integer) return out;
    from = lower_bound(values, predicate.low_integer);
    if (predicate.high_integer != INT64_MAX) end = lower_bound(values, predicate.high_integer + 1);
  }
  for (uint32_t id = from; id < end; ++id) {
    if (passes(predicate, values, id)) mark(id);
  }
  return out;
}

bool find_run(const Predicate& predicate, const DictionaryView& values, MatchingIds* out) {
  if (!values.sorted) return false;
  uint32_t from = 0, end = 0;
  auto of_one = [&](const auto& wanted) {
    if (wanted.size() != 1) return false;
    from = end = lower_bound(values, wanted[0]);
    while (end < values.cardinality && passes(predicate, values, end)) ++end;
    return true;
  };
  if (predicate.kind == PredicateKind::kSet) {
    if (!(values.kind == Stored::kI64 ? of_one(predicate.integers) : values.kind == Stored::kF64 ? of_one(predicate.reals) : of_one(predicate.texts))) return false;
  } else if (predicate.kind == PredicateKind::kRange && values.kind == Stored::kI64) {
    if (predicate.low_integer <= predicate.high_integer) {
      from = lower_bound(values, predicate.low_integer);
      end = predicate.high_integer == INT64_MAX ? values.cardinality : lower_bound(values, predicate.high_integer + 1);
    }
  } else {
    return false;
  }
  if (from < end) *out = {end - from, from, end - 1};
  return true;
}

std::vector<uint8_t> passing_ids(const Predicate& predicate, const DictionaryView& values) {
  std::vector<uint8_t> out(values.cardinality);
  mark_ids(predicate, values, out);
  if (predicate.negated) for (uint8_t& id : out) id ^= 1;
  return out;
}

}  // namespace bywash::analytics
