// The hot loops over one block of rows: comparisons into byte masks, masks into selections, folds by dictionary id. Scan stage.
// Plain loops that the compiler vectorises; built for AVX2 and for the baseline, chosen at load time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bywash::analytics::kernels {

// mask[i] = 1 where low <= values[i] <= high, else 0.
void in_range(const int32_t* values, size_t n, int32_t low, int32_t high, uint8_t* mask);
void in_range(const int64_t* values, size_t n, int64_t low, int64_t high, uint8_t* mask);
void in_range(const uint8_t* values, size_t n, uint8_t low, uint8_t high, uint8_t* mask);
void in_range(const uint16_t* values, size_t n, uint16_t low, uint16_t high, uint8_t* mask);
void in_range(const uint32_t* values, size_t n, uint32_t low, uint32_t high, uint8_t* mask);
void in_range(const float* values, size_t n, double low, double high, uint8_t* mask);
void in_range(const double* values, size_t n, double low, double high, uint8_t* mask);

// mask[i] = table[ids[i]].
void look_up(const uint8_t* ids, size_t n, const uint8_t* table, uint8_t* mask);
void look_up(const uint16_t* ids, size_t n, const uint8_t* table, uint8_t* mask);
void look_up(const uint32_t* ids, size_t n, const uint8_t* table, uint8_t* mask);

void mask_and(uint8_t* mask, const uint8_t* other, size_t n);
void mask_or(uint8_t* mask, const uint8_t* other, size_t n);
void mask_not(uint8_t* mask, size_t n);
// How many bytes are 1.
size_t count(const uint8_t* mask, size_t n);
// The positions of the ones, ascending; returns how many. `rows` has room for n.
size_t select(const uint8_t* mask, size_t n, uint16_t* rows);

// sums[i] += after[i] - before[i]; `before` null: of nothing.
void add_differences(const int64_t* after, const int64_t* before, size_t n, int64_t* sums);

// Group numbers, unsigned, of 1, 2 or 4 bytes: one for each row that is folded in turn, or `by_row`: they lie as the values do. Null: all rows
// are of group 0.
struct Ids {
  const void* at = nullptr;
  uint8_t width = 4;
  bool by_row = false;
};

// Numbers as a column holds them: value = base + what lies there. Reals have no base.
enum class NumberKind : uint8_t { kU8, kU16, kU32, kI32, kI64, kF32, kF64 };
struct Numbers {
  const void* at = nullptr;
  NumberKind kind = NumberKind::kI64;
  int64_t base = 0;
};

// Whole sums in two halves, to be added up at the end: rows in turn go to one and the other, so that runs of one id do not wait for
// themselves. Both may be one array.
struct WholeSums {
  int64_t* even;
  int64_t* odd;
};

// The ids of the rows listed, or of the first n: out[i] = id where `stride` is 0, else out[i] += id * stride.
void combine_ids(Ids ids, const uint16_t* rows, size_t n, uint32_t stride, uint32_t* out);
// mask[i] ? ids[i] : one of kSpareIds from `otherwise` on, in turn: rows that follow each other do not wait for one slot. `out` has room
// for n numbers of four bytes; they may be narrower.
constexpr size_t kSpareIds = 16;
Ids masked_ids(Ids ids, const uint8_t* mask, size_t n, uint32_t otherwise, std::byte* out);
// seen[id] = 1 for n rows: the first ones, or those that `rows` lists.
void mark_seen(Ids ids, const uint16_t* rows, size_t n, uint8_t* seen);
// What is kept for each id; null: it is not. Whole sums must not overflow. NaN is neither the least nor the greatest.
struct Slots {
  int64_t* counts = nullptr;
  WholeSums whole_sums{nullptr, nullptr};
  double* real_sums = nullptr;
  double* least = nullptr;
  double* greatest = nullptr;
};
// The slots of each row's id take in its value, of n rows: the first ones, or those that `rows` lists. Reals are added in the rows' order.
void fold(Ids ids, const Numbers& values, const uint16_t* rows, size_t n, const Slots& slots);
// Only counts.
void count_by_id(Ids ids, const uint16_t* rows, size_t n, int64_t* counts);

}  // namespace bywash::analytics::kernels
