// All groups of a query: key values to group numbers, across segments. Scan and merge stages; one query's thread.
#pragma once

#include "analytics/exec/evaluator.h"
#include "analytics/exec/pair_table.h"
#include "analytics/segment/growing_dictionary.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace bywash::analytics {

class Groups {
 public:
  // `null_mask`: one more number per group, a bit for each key that is null.
  Groups(const std::vector<BoundPtr>& keys, bool null_mask);

  bool null_mask() const { return null_mask_; }
  size_t size() const { return dictionaries_.empty() ? 1 : dictionaries_.size() == 1 ? dictionaries_[0]->size() : tables_.back().size(); }
  // The number of a key column's value.
  GrowingDictionary& dictionary(size_t key) { return *dictionaries_[key]; }
  // The group of one value number per key.
  uint32_t group_of(const uint32_t* ids) {
    uint32_t group = ids[0];
    for (size_t key = 1; key < dictionaries_.size(); ++key) group = tables_[key - 1].index_of(group, ids[key]);
    return group;
  }
  // The key columns of all groups, in order of their numbers.
  void finish(std::vector<Vector>* out);
  int64_t memory_bytes() const;

 private:
  std::vector<DataType> types_;
  bool null_mask_;
  std::vector<std::unique_ptr<GrowingDictionary>> dictionaries_;
  std::vector<PairTable> tables_;
};

// Number of the dictionary value `id` of a column in a growing dictionary.
inline uint32_t translate(const DictionaryView& from, uint32_t id, GrowingDictionary& to) {
  if (from.kind == Stored::kI64) return to.id_of(from.integer(id));
  return from.kind == Stored::kF64 ? to.id_of(from.real(id)) : to.id_of(from.text(id));
}

// Whether two dictionaries are of sealed segments and hold the same values, so the same ids. Segments of one table often do, and
// comparing bytes is quicker than finding every value's number again.
bool same_values(const DictionaryView& a, const DictionaryView& b);

}  // namespace bywash::analytics
