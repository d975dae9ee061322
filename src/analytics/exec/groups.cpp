#include "analytics/exec/groups.h"

#include <cstring>

namespace bywash::analytics {

Groups::Groups(const std::vector<BoundPtr>& keys, bool null_mask) : null_mask_(null_mask && !keys.empty()) {
  for (const BoundPtr& key : keys) {
    Physical physical = physical_of(key->type);
    types_.push_back(key->type);
    dictionaries_.push_back(std::make_unique<GrowingDictionary>(physical == Physical::kText ? Stored::kBytes : physical == Physical::kInteger ? Stored::kI64 : Stored::kF64));
  }
  if (null_mask_) {
    types_.push_back(DataType::kLong);
    dictionaries_.push_back(std::make_unique<GrowingDictionary>(Stored::kI64));
  }
  if (dictionaries_.size() > 1) tables_.resize(dictionaries_.size() - 1);
}

void Groups::finish(std::vector<Vector>* out) {
  if (dictionaries_.empty()) return;
  size_t n = size();
  std::vector<uint32_t> at(n);
  for (uint32_t i = 0; i < n; ++i) at[i] = i;
  out->resize(dictionaries_.size());
  for (size_t key = dictionaries_.size(); key-- > 0;) {
    std::vector<uint32_t> ids(n);
    for (size_t i = 0; i < n; ++i) {
      ids[i] = key == 0 ? at[i] : tables_[key - 1].second(at[i]);
      if (key > 0) at[i] = tables_[key - 1].first(at[i]);
    }
    dictionaries_[key]->publish();
    DictionaryView values = dictionaries_[key]->view();
    Vector& to = (*out)[key];
    to.type = types_[key];
    to.resize(n);
    for (size_t i = 0; i < n; ++i) {
      switch (to.physical()) {
        case Physical::kInteger: to.integers[i] = values.integer(ids[i]); break;
        case Physical::kReal: to.reals[i] = values.real(ids[i]); break;
        case Physical::kText: to.texts[i] = values.text(ids[i]); break;
      }
    }
  }
  if (!null_mask_) return;
  const std::vector<int64_t> masks = std::move(out->back().integers);
  out->pop_back();
  for (size_t key = 0; key < out->size(); ++key) {
    for (size_t i = 0; i < n; ++i) {
      if ((masks[i] >> key) & 1) (*out)[key].set_null(i, n);
    }
  }
}

int64_t Groups::memory_bytes() const {
  int64_t bytes = 0;
  for (const auto& dictionary : dictionaries_) bytes += dictionary->memory_bytes();
  for (const PairTable& table : tables_) bytes += table.memory_bytes();
  return bytes;
}

bool same_values(const DictionaryView& a, const DictionaryView& b) {
  if (!a.flat || !b.flat || a.kind != b.kind || a.cardinality != b.cardinality) return false;
  if (a.flat == b.flat && a.flat_offsets == b.flat_offsets) return true;
  if (a.kind != Stored::kBytes) return std::memcmp(a.flat, b.flat, size_t{8} * a.cardinality) == 0;
  return std::memcmp(a.flat_offsets, b.flat_offsets, size_t{4} * a.cardinality + 4) == 0 && std::memcmp(a.flat, b.flat, a.flat_offsets[a.cardinality]) == 0;
}

}  // namespace bywash::analytics
