#include "analytics/exec/kernels.h"

#include <cstring>
#include <type_traits>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

// Two versions of each function; the dynamic linker's resolver picks by CPU. Not under sanitizers: they run before resolvers may.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define BYWASH_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define BYWASH_CLONES
#endif

namespace bywash::analytics::kernels {
namespace {

// Hardware prefetches stop at a page's end, and the pages of a mapped file are small.
constexpr size_t kAheadBytes = 2048, kLineBytes = 64, kStepRows = 16;

template <class T>
[[gnu::always_inline]] inline void fetch_ahead(const T* values) {
  const char* at = reinterpret_cast<const char*>(values) + kAheadBytes;
  for (size_t line = 0; line < kStepRows * sizeof(T); line += kLineBytes) __builtin_prefetch(at + line);
}

// Calls `row` for each row, and `ahead` at each kStepRows of them.
template <class Ahead, class Row>
[[gnu::always_inline]] inline void for_rows(size_t n, Ahead ahead, Row row) {
  size_t i = 0;
  for (; i + kStepRows <= n; i += kStepRows) {
    ahead(i);
    for (size_t k = i; k < i + kStepRows; ++k) row(k);
  }
  for (; i < n; ++i) row(i);
}

template <class T, class U>
[[gnu::always_inline]] inline void range_loop(const T* values, size_t n, U low, U high, uint8_t* __restrict mask) {
  for_rows(n, [&](size_t i) __attribute__((always_inline)) { fetch_ahead(values + i); },
           [&](size_t i) __attribute__((always_inline)) { mask[i] = static_cast<uint8_t>((values[i] >= low) & (values[i] <= high)); });
}
template <class T>
[[gnu::always_inline]] inline void table_loop(const T* ids, size_t n, const uint8_t* table, uint8_t* __restrict mask) {
  for (size_t i = 0; i < n; ++i) mask[i] = table[ids[i]];
}
// Without a branch, which data would decide at random.
template <class Id, class Out>
[[gnu::always_inline]] inline void blend_loop(const Id* ids, const uint8_t* mask, size_t n, uint32_t otherwise, Out* __restrict out) {
  Out spare[kSpareIds];
  for (uint32_t k = 0; k < kSpareIds; ++k) spare[k] = static_cast<Out>(otherwise + k);
  size_t i = 0;
  for (; i + kSpareIds <= n; i += kSpareIds) {
    fetch_ahead(ids + i);
    for (size_t k = 0; k < kSpareIds; ++k) {
      const auto pass = static_cast<Out>(Out{0} - Out{mask[i + k]});
      out[i + k] = static_cast<Out>(spare[k] ^ ((spare[k] ^ Out{ids[i + k]}) & pass));
    }
  }
  for (; i < n; ++i) out[i] = static_cast<Out>(mask[i] ? ids[i] : otherwise);
}

// Calls `f` with the ids, typed.
template <class F>
void with_ids(Ids ids, F f) {
  if (ids.width == 1) f(static_cast<const uint8_t*>(ids.at));
  else if (ids.width == 2) f(static_cast<const uint16_t*>(ids.at));
  else f(static_cast<const uint32_t*>(ids.at));
}
template <class F>
void with_whole(const Numbers& values, F f) {
  switch (values.kind) {
    case NumberKind::kU8: return f(static_cast<const uint8_t*>(values.at));
    case NumberKind::kU16: return f(static_cast<const uint16_t*>(values.at));
    case NumberKind::kU32: return f(static_cast<const uint32_t*>(values.at));
    case NumberKind::kI32: return f(static_cast<const int32_t*>(values.at));
    default: return f(static_cast<const int64_t*>(values.at));
  }
}
// With what makes numbers of them: `f(values, to_number)`.
template <class F>
void with_numbers(const Numbers& values, F f) {
  auto as_real = [](auto value) { return static_cast<double>(value); };
  if (values.kind == NumberKind::kF64) return f(static_cast<const double*>(values.at), as_real);
  if (values.kind == NumberKind::kF32) return f(static_cast<const float*>(values.at), as_real);
  with_whole(values, [&](const auto* whole) { f(whole, [base = values.base](auto value) { return static_cast<double>(base + static_cast<int64_t>(value)); }); });
}

// Rows in turn to `even` and `odd`.
template <class Id, class V, class Number, class Sum>
[[gnu::always_inline]] inline void sum_loop(const Id* ids, const V* values, size_t n, Sum* even, Sum* odd, Number number) {
  size_t i = 0;
  for (; i + kStepRows <= n; i += kStepRows) {
    fetch_ahead(ids + i);
    fetch_ahead(values + i);
    for (size_t k = i; k < i + kStepRows; k += 2) {
      even[ids[k]] += number(values[k]);
      odd[ids[k + 1]] += number(values[k + 1]);
    }
  }
  for (; i < n; ++i) even[ids[i]] += number(values[i]);
}
// The same of the rows listed; `id_of(i, row)` of the i-th.
template <class IdOf, class V, class Number, class Sum>
[[gnu::always_inline]] inline void sum_listed(IdOf id_of, const V* values, const uint16_t* rows, size_t n, Sum* even, Sum* odd, Number number) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const char* ahead = reinterpret_cast<const char*>(values + rows[i]) + kAheadBytes;
    __builtin_prefetch(ahead);
    __builtin_prefetch(ahead + kLineBytes);
    for (size_t k = i; k < i + 8; k += 2) {
      even[id_of(k, rows[k])] += number(values[rows[k]]);
      odd[id_of(k + 1, rows[k + 1])] += number(values[rows[k + 1]]);
    }
  }
  for (; i + 2 <= n; i += 2) {
    even[id_of(i, rows[i])] += number(values[rows[i]]);
    odd[id_of(i + 1, rows[i + 1])] += number(values[rows[i + 1]]);
  }
  if (i < n) even[id_of(i, rows[i])] += number(values[rows[i]]);
}

// Calls `f` with what gives the id of the i-th of the rows listed.
template <class F>
[[gnu::always_inline]] inline void with_listed_ids(Ids ids, F f) {
  with_ids(ids, [&](const auto* id) {
    if (ids.by_row) f([id](size_t, size_t row) { return id[row]; });
    else f([id](size_t i, size_t) { return id[i]; });
  });
}

template <class V, class Number, class Sum>
[[gnu::always_inline]] inline void sum_all(Ids ids, const V* values, const uint16_t* rows, size_t n, Sum* even, Sum* odd, Number number) {
  if (ids.at && rows) return with_listed_ids(ids, [&](auto id_of) { sum_listed(id_of, values, rows, n, even, odd, number); });
  if (ids.at) return with_ids(ids, [&](const auto* id) { sum_loop(id, values, n, even, odd, number); });
  Sum sum = even[0];
  for (size_t i = 0; i < n; ++i) sum += number(values[rows ? rows[i] : i]);
  even[0] = sum;
}

// The best number of each id's; it seldom changes, so it is only written then.
template <bool kLeast>
void best_of(Ids ids, const Numbers& values, const uint16_t* rows, size_t n, double* best) {
  with_numbers(values, [&](const auto* at, auto number) {
    auto take = [&](double value, double& slot) {
      if (kLeast ? value < slot : value > slot) slot = value;
    };
    if (!ids.at) {
      double kept = best[0];
      for (size_t i = 0; i < n; ++i) take(number(at[rows ? rows[i] : i]), kept);
      best[0] = kept;
    } else if (rows) {
      with_listed_ids(ids, [&](auto id_of) { for (size_t i = 0; i < n; ++i) take(number(at[rows[i]]), best[id_of(i, rows[i])]); });
    } else {
      with_ids(ids, [&](const auto* id) {
        for_rows(n, [&](size_t i) { fetch_ahead(at + i); }, [&](size_t i) { take(number(at[i]), best[id[i]]); });
      });
    }
  });
}

// Calls `f` with the flag as a type.
template <class F>
void with_flag(bool flag, F f) {
  flag ? f(std::true_type{}) : f(std::false_type{});
}

// One pass over the rows for several slots: an id and a value are loaded once for all of them.
template <class Id, class V>
void fold_rows(const Id* ids, const V* values, int64_t base, size_t n, const Slots& slots) {
  constexpr bool kReal = std::is_floating_point_v<V>;
  with_flag(slots.counts, [&](auto counts) {
    with_flag(kReal ? slots.real_sums != nullptr : slots.whole_sums.even != nullptr, [&](auto sums) {
      with_flag(slots.least, [&](auto least) {
        with_flag(slots.greatest, [&](auto greatest) {
          for_rows(n, [&](size_t i) { fetch_ahead(ids + i), fetch_ahead(values + i); }, [&](size_t i) {
            const size_t id = ids[i];
            const auto value = [&] { if constexpr (kReal) return static_cast<double>(values[i]); else return base + static_cast<int64_t>(values[i]); }();
            if constexpr (counts) ++slots.counts[id];
            if constexpr (sums && kReal) slots.real_sums[id] += value;
            if constexpr (sums && !kReal) (i % 2 == 0 ? slots.whole_sums.even : slots.whole_sums.odd)[id] += value;
            const auto real = static_cast<double>(value);
            if constexpr (least) if (real < slots.least[id]) slots.least[id] = real;
            if constexpr (greatest) if (real > slots.greatest[id]) slots.greatest[id] = real;
          });
        });
      });
    });
  });
}

// False, and nothing is done: there is one slot only, or numbers are of a kind that seldom has several.
bool fold_together(Ids ids, const Numbers& values, size_t n, const Slots& slots) {
  const int kinds = (slots.counts != nullptr) + (slots.whole_sums.even != nullptr) + (slots.real_sums != nullptr) + (slots.least != nullptr) + (slots.greatest != nullptr);
  const bool whole = values.kind != NumberKind::kF32 && values.kind != NumberKind::kF64;
  if (kinds < 2 || (whole && slots.real_sums) || ids.width == 1) return false;
  auto rows = [&](const auto* at) {
    ids.width == 2 ? fold_rows(static_cast<const uint16_t*>(ids.at), at, values.base, n, slots) : fold_rows(static_cast<const uint32_t*>(ids.at), at, values.base, n, slots);
  };
  switch (values.kind) {
    case NumberKind::kU16: rows(static_cast<const uint16_t*>(values.at)); return true;
    case NumberKind::kI32: rows(static_cast<const int32_t*>(values.at)); return true;
    case NumberKind::kI64: rows(static_cast<const int64_t*>(values.at)); return true;
    case NumberKind::kF64: rows(static_cast<const double*>(values.at)); return true;
    default: return false;
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
#if defined(__SSE2__)
// Of each byte of eight bits the places of its ones, and how many.
struct Places {
  uint8_t at[256][8];
  uint8_t count[256];
};
constexpr Places kPlaces = [] {
  Places out{};
  for (size_t bits = 0; bits < 256; ++bits) {
    for (uint8_t place = 0; place < 8; ++place) {
      if (bits >> place & 1) out.at[bits][out.count[bits]++] = place;
    }
  }
  return out;
}();

size_t count(const uint8_t* mask, size_t n) {
  const __m128i none = _mm_setzero_si128();
  __m128i sums = none;  // of the eight bytes of either half
  size_t i = 0;
  for (; i + 16 <= n; i += 16) sums = _mm_add_epi64(sums, _mm_sad_epu8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(mask + i)), none));
  size_t out = static_cast<size_t>(_mm_cvtsi128_si64(sums)) + static_cast<size_t>(_mm_cvtsi128_si64(_mm_srli_si128(sums, 8)));
  for (; i < n; ++i) out += mask[i];
  return out;
}

// Eight rows at a time, whichever pass: no branch to guess wrong, but for many rows of which none does.
size_t select(const uint8_t* mask, size_t n, uint16_t* rows) {
  constexpr size_t kTogether = 64, kStep = 16;
  const __m128i none = _mm_setzero_si128();
  auto load = [mask](size_t at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(mask + at)); };
  size_t k = 0, i = 0;
  for (; i + kTogether <= n; i += kTogether) {
    const __m128i any = _mm_or_si128(_mm_or_si128(load(i), load(i + kStep)), _mm_or_si128(load(i + 2 * kStep), load(i + 3 * kStep)));
    if (_mm_movemask_epi8(_mm_cmpeq_epi8(any, none)) == 0xffff) continue;
    for (size_t at = i; at < i + kTogether; at += kStep) {
      const auto bits = static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpgt_epi8(load(at), none)));
      for (uint32_t half = 0; half < 2; ++half) {
        const uint32_t eight = bits >> half * 8 & 0xff;
        const __m128i places = _mm_unpacklo_epi8(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(kPlaces.at[eight])), none);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(rows + k), _mm_add_epi16(places, _mm_set1_epi16(static_cast<int16_t>(at + half * 8))));
        k += kPlaces.count[eight];
      }
    }
  }
  for (; i < n; ++i) {
    rows[k] = static_cast<uint16_t>(i);
    k += mask[i];
  }
  return k;
}
#else
size_t count(const uint8_t* mask, size_t n) {
  size_t out = 0;
  for (size_t i = 0; i < n; ++i) out += mask[i];
  return out;
}

size_t select(const uint8_t* mask, size_t n, uint16_t* rows) {
  size_t k = 0;
  for (size_t i = 0; i < n; ++i) {
    rows[k] = static_cast<uint16_t>(i);
    k += mask[i];
  }
  return k;
}
#endif

void combine_ids(Ids ids, const uint16_t* rows, size_t n, uint32_t stride, uint32_t* out) {
  with_ids(ids, [&](const auto* id) {
    if (stride == 0) {
      for (size_t i = 0; i < n; ++i) out[i] = id[rows ? rows[i] : i];
    } else {
      for (size_t i = 0; i < n; ++i) out[i] += id[rows ? rows[i] : i] * stride;
    }
  });
}

BYWASH_CLONES void blend(const uint8_t* ids, const uint8_t* mask, size_t n, uint32_t otherwise, uint16_t* out) { blend_loop(ids, mask, n, otherwise, out); }
BYWASH_CLONES void blend(const uint16_t* ids, const uint8_t* mask, size_t n, uint32_t otherwise, uint16_t* out) { blend_loop(ids, mask, n, otherwise, out); }
BYWASH_CLONES void blend(const uint8_t* ids, const uint8_t* mask, size_t n, uint32_t otherwise, uint32_t* out) { blend_loop(ids, mask, n, otherwise, out); }
BYWASH_CLONES void blend(const uint16_t* ids, const uint8_t* mask, size_t n, uint32_t otherwise, uint32_t* out) { blend_loop(ids, mask, n, otherwise, out); }
BYWASH_CLONES void blend(const uint32_t* ids, const uint8_t* mask, size_t n, uint32_t otherwise, uint32_t* out) { blend_loop(ids, mask, n, otherwise, out); }
Ids masked_ids(Ids ids, const uint8_t* mask, size_t n, uint32_t otherwise, std::byte* out) {
  Ids to{out, sizeof(uint32_t)};
  with_ids(ids, [&]<class Id>(const Id* id) {
    if constexpr (sizeof(Id) < sizeof(uint32_t)) {
      if (otherwise + kSpareIds <= UINT16_MAX) {
        to.width = sizeof(uint16_t);
        return blend(id, mask, n, otherwise, reinterpret_cast<uint16_t*>(out));
      }
    }
    blend(id, mask, n, otherwise, reinterpret_cast<uint32_t*>(out));
  });
  return to;
}

void mark_seen(Ids ids, const uint16_t* rows, size_t n, uint8_t* seen) {
  if (rows) with_listed_ids(ids, [&](auto id_of) { for (size_t i = 0; i < n; ++i) seen[id_of(i, rows[i])] = 1; });
  else with_ids(ids, [&](const auto* id) { for (size_t i = 0; i < n; ++i) seen[id[i]] = 1; });
}

BYWASH_CLONES void add_differences(const int64_t* after, const int64_t* before, size_t n, int64_t* __restrict sums) {
  if (!before) {
    for (size_t i = 0; i < n; ++i) sums[i] += after[i];
  } else {
    for (size_t i = 0; i < n; ++i) sums[i] += after[i] - before[i];
  }
}

void count_by_id(Ids ids, const uint16_t* rows, size_t n, int64_t* counts) {
  if (!ids.at) counts[0] += static_cast<int64_t>(n);
  else if (rows) with_listed_ids(ids, [&](auto id_of) { for (size_t i = 0; i < n; ++i) ++counts[id_of(i, rows[i])]; });
  else with_ids(ids, [&](const auto* id) { for (size_t i = 0; i < n; ++i) ++counts[id[i]]; });
}

void fold(Ids ids, const Numbers& values, const uint16_t* rows, size_t n, const Slots& slots) {
  if (!rows && ids.at && fold_together(ids, values, n, slots)) return;
  if (slots.counts) count_by_id(ids, rows, n, slots.counts);
  if (slots.whole_sums.even) {
    with_whole(values, [&](const auto* at) {
      sum_all(ids, at, rows, n, slots.whole_sums.even, slots.whole_sums.odd, [base = values.base](auto value) { return base + static_cast<int64_t>(value); });
    });
  }
  if (slots.real_sums) with_numbers(values, [&](const auto* at, auto number) { sum_all(ids, at, rows, n, slots.real_sums, slots.real_sums, number); });
  if (slots.least) best_of<true>(ids, values, rows, n, slots.least);
  if (slots.greatest) best_of<false>(ids, values, rows, n, slots.greatest);
}

}  // namespace bywash::analytics::kernels
