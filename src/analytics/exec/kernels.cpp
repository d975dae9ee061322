#include "analytics/exec/kernels.h"

#include <cstring>

// Two versions of each function; the dynamic linker's resolver picks by CPU. Not under sanitizers: they run before resolvers may.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define BYWASH_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define BYWASH_CLONES
#endif

namespace bywash::analytics::kernels {
namespace {

template <class T, class U>
[[gnu::always_inline]] inline void range_loop(const T* values, size_t n, U low, U high, uint8_t* __restrict mask) {
  for (size_t i = 0; i < n; ++i) mask[i] = static_cast<uint8_t>((values[i] >= low) & (values[i] <= high));
}
template <class T>
[[gnu::always_inline]] inline void table_loop(const T* ids, size_t n, const uint8_t* table, uint8_t* __restrict mask) {
  for (size_t i = 0; i < n; ++i) mask[i] = table[ids[i]];
}
// Hardware prefetches stop at a page's end, and the pages of a mapped file are small.
constexpr size_t kAheadBytes = 2048, kLineBytes = 64, kStepRows = 16;

template <class T>
[[gnu::always_inline]] inline void fetch_ahead(const T* values) {
  const char* at = reinterpret_cast<const char*>(values) + kAheadBytes;
  for (size_t line = 0; line < kStepRows * sizeof(T); line += kLineBytes) __builtin_prefetch(at + line);
}

template <class Id, class V, class Sum>
[[gnu::always_inline]] inline void sum_loop(const Id* ids, const V* values, const uint16_t* rows, size_t n, Sum* even, Sum* odd) {
  size_t i = 0;
  if (!rows) {
    for (; i + kStepRows <= n; i += kStepRows) {
      fetch_ahead(ids + i);
      fetch_ahead(values + i);
      for (size_t k = i; k < i + kStepRows; k += 2) {
        even[ids[k]] += values[k];
        odd[ids[k + 1]] += values[k + 1];
      }
    }
    for (; i < n; ++i) even[ids[i]] += values[i];
  } else {
    for (; i + 2 <= n; i += 2) {
      even[ids[rows[i]]] += values[rows[i]];
      odd[ids[rows[i + 1]]] += values[rows[i + 1]];
    }
    if (i < n) even[ids[rows[i]]] += values[rows[i]];
  }
}

}  // namespace

BYWASH_CLONES void in_range(const int32_t* v, size_t n, int32_t low, int32_t high, uint8_t* mask) { range_loop(v, n, low, high, mask); }
BYWASH_CLONES void in_range(const int64_t* v, size_t n, int64_t low, int64_t high, uint8_t* mask) { range_loop(v, n, low, high, mask); }
BYWASH_CLONES void in_range(const uint8_t* v, size_t n, uint8_t low, uint8_t high, uint8_t* mask) { range_loop(v, n, low, high, mask); }
BYWASH_CLONES void in_range(const uint16_t* v, size_t n, uint16_t low, uint16_t high, uint8_t* mask) { range_loop(v, n, low, high, mask); }
BYWASH_CLONES void in_range(const uint32_t* v, size_t n, uint32_t low, uint32_t high, uint8_t* mask) { range_loop(v, n, low, high, mask); }
BYWASH_CLONES void in_range(const float* v, size_t n, double low, double high, uint8_t* mask) { range_loop(v, n, low, high, mask); }
BYWASH_CLONES void in_range(const double* v, size_t n, double low, double high, uint8_t* mask) { range_loop(v, n, low, high, mask); }

void look_up(const uint8_t* ids, size_t n, const uint8_t* table, uint8_t* mask) { table_loop(ids, n, table, mask); }
void look_up(const uint16_t* ids, size_t n, const uint8_t* table, uint8_t* mask) { table_loop(ids, n, table, mask); }
void look_up(const uint32_t* ids, size_t n, const uint8_t* table, uint8_t* mask) { table_loop(ids, n, table, mask); }

BYWASH_CLONES void mask_and(uint8_t* mask, const uint8_t* other, size_t n) {
  for (size_t i = 0; i < n; ++i) mask[i] &= other[i];
}
BYWASH_CLONES void mask_or(uint8_t* mask, const uint8_t* other, size_t n) {
  for (size_t i = 0; i < n; ++i) mask[i] |= other[i];
}
BYWASH_CLONES void mask_not(uint8_t* mask, size_t n) {
  for (size_t i = 0; i < n; ++i) mask[i] ^= 1;
}
BYWASH_CLONES size_t count(const uint8_t* mask, size_t n) {
  size_t out = 0;
  for (size_t at = 0; at < n;) {  // up to 255 ones fit a byte lane's partial sum
    size_t end = at + 4096 < n ? at + 4096 : n;
    uint32_t part = 0;
    for (; at < end; ++at) part += mask[at];
    out += part;
  }
  return out;
}

size_t select(const uint8_t* mask, size_t n, uint16_t* rows) {
  size_t k = 0, i = 0;
  for (; i + 8 <= n; i += 8) {
    uint64_t eight;
    std::memcpy(&eight, mask + i, 8);
    if (eight == 0) continue;  // few pass where an index or a narrow range chose
    for (size_t j = i; j < i + 8; ++j) {
      rows[k] = static_cast<uint16_t>(j);
      k += mask[j];
    }
  }
  for (; i < n; ++i) {
    rows[k] = static_cast<uint16_t>(i);
    k += mask[i];
  }
  return k;
}

BYWASH_CLONES int64_t sum(const int32_t* values, size_t n) {
  int64_t out = 0;
  for (size_t i = 0; i < n; ++i) out += values[i];
  return out;
}
BYWASH_CLONES int64_t sum(const int64_t* values, size_t n) {
  int64_t out = 0;
  for (size_t i = 0; i < n; ++i) out += values[i];
  return out;
}

void sum_by_id(const uint8_t* ids, const int32_t* v, const uint16_t* rows, size_t n, WholeSums sums) { sum_loop(ids, v, rows, n, sums.even, sums.odd); }
void sum_by_id(const uint16_t* ids, const int32_t* v, const uint16_t* rows, size_t n, WholeSums sums) { sum_loop(ids, v, rows, n, sums.even, sums.odd); }
void sum_by_id(const uint32_t* ids, const int32_t* v, const uint16_t* rows, size_t n, WholeSums sums) { sum_loop(ids, v, rows, n, sums.even, sums.odd); }
void sum_by_id(const uint8_t* ids, const int64_t* v, const uint16_t* rows, size_t n, WholeSums sums) { sum_loop(ids, v, rows, n, sums.even, sums.odd); }
void sum_by_id(const uint16_t* ids, const int64_t* v, const uint16_t* rows, size_t n, WholeSums sums) { sum_loop(ids, v, rows, n, sums.even, sums.odd); }
void sum_by_id(const uint32_t* ids, const int64_t* v, const uint16_t* rows, size_t n, WholeSums sums) { sum_loop(ids, v, rows, n, sums.even, sums.odd); }
void sum_by_id(const uint8_t* ids, const double* v, const uint16_t* rows, size_t n, double* sums) { sum_loop(ids, v, rows, n, sums, sums); }
void sum_by_id(const uint16_t* ids, const double* v, const uint16_t* rows, size_t n, double* sums) { sum_loop(ids, v, rows, n, sums, sums); }
void sum_by_id(const uint32_t* ids, const double* v, const uint16_t* rows, size_t n, double* sums) { sum_loop(ids, v, rows, n, sums, sums); }

}  // namespace bywash::analytics::kernels
