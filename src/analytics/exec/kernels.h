// The hot loops over one block of rows: comparisons into byte masks, masks into selections, sums by dictionary id. Scan stage.
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

int64_t sum(const int32_t* values, size_t n);
int64_t sum(const int64_t* values, size_t n);

// Whole sums in two halves, to be added up at the end: rows in turn go to one and the other, so that runs of one id do not wait for
// themselves. Both may be one array.
struct WholeSums {
  int64_t* even;
  int64_t* odd;
};

// sums[ids[i]] += values[i] for i < n, or for the rows listed (n of them) when `rows` is not null. Reals are added in the rows' order.
void sum_by_id(const uint8_t* ids, const int32_t* values, const uint16_t* rows, size_t n, WholeSums sums);
void sum_by_id(const uint16_t* ids, const int32_t* values, const uint16_t* rows, size_t n, WholeSums sums);
void sum_by_id(const uint32_t* ids, const int32_t* values, const uint16_t* rows, size_t n, WholeSums sums);
void sum_by_id(const uint8_t* ids, const int64_t* values, const uint16_t* rows, size_t n, WholeSums sums);
void sum_by_id(const uint16_t* ids, const int64_t* values, const uint16_t* rows, size_t n, WholeSums sums);
void sum_by_id(const uint32_t* ids, const int64_t* values, const uint16_t* rows, size_t n, WholeSums sums);
void sum_by_id(const uint8_t* ids, const double* values, const uint16_t* rows, size_t n, double* sums);
void sum_by_id(const uint16_t* ids, const double* values, const uint16_t* rows, size_t n, double* sums);
void sum_by_id(const uint32_t* ids, const double* values, const uint16_t* rows, size_t n, double* sums);

}  // namespace bywash::analytics::kernels
