#include "analytics/exec/kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

namespace bywash::analytics::kernels {
namespace {

constexpr size_t kRows = 1000, kGroups = 50;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Totals {
  std::vector<int64_t> counts = std::vector<int64_t>(kGroups), whole = counts, odd = counts;
  std::vector<double> real = std::vector<double>(kGroups), least = std::vector<double>(kGroups, kInfinity), greatest = std::vector<double>(kGroups, -kInfinity);
};

// Folds rows of one kind of number by ids of one width, all of them or those listed, with every combination of slots, beside a plain loop.
template <class Id, class V>
void check_fold(NumberKind kind, int64_t base, bool listed, bool by_row, std::mt19937_64& random) {
  std::vector<Id> ids(kRows), own;
  std::vector<V> values(kRows);
  for (Id& id : ids) id = static_cast<Id>(random() % kGroups);
  for (V& value : values) value = static_cast<V>(random() % 200);
  std::vector<uint16_t> rows;
  for (uint16_t row = 0; row < kRows; ++row) {
    if (random() % 3 != 0) rows.push_back(row);
  }
  const size_t n = listed ? rows.size() : kRows;
  for (size_t i = 0; i < n; ++i) own.push_back(ids[listed ? rows[i] : i]);
  const bool real = std::is_floating_point_v<V>;
  for (unsigned wanted = 1; wanted < 16; ++wanted) {
    Totals expected, totals;
    for (size_t i = 0; i < n; ++i) {
      const size_t row = listed ? rows[i] : i, id = ids[row];
      const double value = static_cast<double>(values[row]) + (real ? 0.0 : static_cast<double>(base));
      if (wanted & 1) ++expected.counts[id];
      if (wanted & 2) expected.real[id] += value;
      if (wanted & 4) expected.least[id] = std::min(expected.least[id], value);
      if (wanted & 8) expected.greatest[id] = std::max(expected.greatest[id], value);
    }
    Slots slots;
    if (wanted & 1) slots.counts = totals.counts.data();
    if (wanted & 2 && real) slots.real_sums = totals.real.data();
    if (wanted & 2 && !real) slots.whole_sums = {totals.whole.data(), totals.odd.data()};
    if (wanted & 4) slots.least = totals.least.data();
    if (wanted & 8) slots.greatest = totals.greatest.data();
    fold({by_row ? ids.data() : own.data(), sizeof(Id), by_row}, {values.data(), kind, base}, listed ? rows.data() : nullptr, n, slots);
    for (size_t id = 0; id < kGroups && !real; ++id) totals.real[id] = static_cast<double>(totals.whole[id] + totals.odd[id]);
    ASSERT_EQ(totals.counts, expected.counts) << "slots " << wanted;
    ASSERT_EQ(totals.real, expected.real) << "slots " << wanted;
    ASSERT_EQ(totals.least, expected.least) << "slots " << wanted;
    ASSERT_EQ(totals.greatest, expected.greatest) << "slots " << wanted;
  }
}

template <class V>
void check_kind(NumberKind kind, int64_t base) {
  std::mt19937_64 random(5);
  for (bool listed : {false, true}) {
    for (bool by_row : {false, true}) {
      check_fold<uint8_t, V>(kind, base, listed, by_row, random);
      check_fold<uint16_t, V>(kind, base, listed, by_row, random);
      check_fold<uint32_t, V>(kind, base, listed, by_row, random);
    }
  }
}

TEST(Kernels, FoldsAsAPlainLoopDoes) {
  check_kind<uint8_t>(NumberKind::kU8, -70);
  check_kind<uint16_t>(NumberKind::kU16, 1000);
  check_kind<uint32_t>(NumberKind::kU32, -1);
  check_kind<int32_t>(NumberKind::kI32, 0);
  check_kind<int64_t>(NumberKind::kI64, 0);
  check_kind<float>(NumberKind::kF32, 0);
  check_kind<double>(NumberKind::kF64, 0);
}

TEST(Kernels, FoldsWithoutIdsIntoTheFirstSlot) {
  std::vector<double> values = {3, std::numeric_limits<double>::quiet_NaN(), -2, 8};
  double least = kInfinity, greatest = -kInfinity;
  int64_t count = 0;
  Slots slots;
  slots.counts = &count, slots.least = &least, slots.greatest = &greatest;
  fold({}, {values.data(), NumberKind::kF64, 0}, nullptr, values.size(), slots);
  EXPECT_EQ(count, 4);
  EXPECT_EQ(least, -2);
  EXPECT_EQ(greatest, 8);
}

TEST(Kernels, SelectsTheRowsWhoseByteIsOne) {
  std::mt19937_64 random(3);
  for (uint64_t one_in : {1, 2, 7, 100, 5000}) {
    for (size_t n : {0, 1, 15, 16, 63, 64, 65, 200, 4096}) {
      std::vector<uint8_t> mask(n);
      std::vector<uint16_t> expected, rows(n);
      for (size_t i = 0; i < n; ++i) {
        mask[i] = random() % one_in == 0;
        if (mask[i]) expected.push_back(static_cast<uint16_t>(i));
      }
      ASSERT_EQ(count(mask.data(), n), expected.size());
      rows.resize(select(mask.data(), n, rows.data()));
      ASSERT_EQ(rows, expected) << n << " rows, one in " << one_in;
    }
  }
}

TEST(Kernels, SendsRowsThatFailElsewhere) {
  std::mt19937_64 random(4);
  std::vector<uint16_t> ids(1003);
  std::vector<uint8_t> mask(ids.size());
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<uint16_t>(random() % kGroups), mask[i] = random() % 2;
  std::vector<std::byte> out(ids.size() * sizeof(uint32_t));
  for (uint32_t otherwise : {uint32_t{kGroups}, 70'000U}) {
    const Ids to = masked_ids({ids.data(), 2}, mask.data(), ids.size(), otherwise, out.data());
    ASSERT_EQ(to.width, otherwise < UINT16_MAX ? 2 : 4);
    for (size_t i = 0; i < ids.size(); ++i) {
      const uint32_t id = to.width == 2 ? static_cast<const uint16_t*>(to.at)[i] : static_cast<const uint32_t*>(to.at)[i];
      if (mask[i]) ASSERT_EQ(id, ids[i]);
      else ASSERT_TRUE(id >= otherwise && id < otherwise + kSpareIds) << id;
    }
  }
}

}  // namespace
}  // namespace bywash::analytics::kernels
