// RowMask: a bit per row of a batch. Level 1, the thread that owns the batch.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace bywash::columnar {

class RowMask {
 public:
  RowMask() = default;
  // All rows set.
  explicit RowMask(int64_t row_count) : row_count_(row_count), words_(static_cast<size_t>((row_count + 63) / 64), ~uint64_t{0}) {
    if (row_count % 64) words_.back() = (uint64_t{1} << (row_count % 64)) - 1;
  }
  int64_t row_count() const { return row_count_; }
  bool test(int64_t row) const { return words_[static_cast<size_t>(row >> 6)] >> (row & 63) & 1; }
  void set(int64_t row) { words_[static_cast<size_t>(row >> 6)] |= uint64_t{1} << (row & 63); }
  void clear(int64_t row) { words_[static_cast<size_t>(row >> 6)] &= ~(uint64_t{1} << (row & 63)); }
  int64_t count() const {
    int64_t n = 0;
    for (uint64_t w : words_) n += std::popcount(w);
    return n;
  }
  bool all() const { return count() == row_count_; }
  // Calls f(row) for every set row, ascending.
  template <class F>
  void for_each(F&& f) const {
    for (size_t i = 0; i < words_.size(); ++i) {
      for (uint64_t w = words_[i]; w; w &= w - 1) f(static_cast<int64_t>(i * 64) + std::countr_zero(w));
    }
  }

 private:
  int64_t row_count_ = 0;
  std::vector<uint64_t> words_;
};

}  // namespace bywash::columnar
