#include "columnar/batch.h"

#include <arrow/array.h>
#include <gtest/gtest.h>

namespace bywash::columnar {
namespace {
TEST(Batch, CompactKeepsSelectedRowsAndTheirOrigins) {
  Batch batch;
  std::vector<Value> values = {Value(int64_t{10}), Value(int64_t{20}), Value(int64_t{30})};
  batch.value = *infer_column(values);
  batch.key = *infer_column({Value(), Value(), Value()});
  batch.offsets = {5, 6, 9};
  batch.timestamps_ms = {1, 2, 3};
  batch.selected = RowMask(3);
  batch.drop(0);
  batch.fail(1, Stage::kTransformation, "x", Status::data("bad"));
  batch.check_invariants();
  Batch out = compact(std::move(batch));
  out.check_invariants();
  EXPECT_EQ(out.offsets, std::vector<int64_t>{9});
  EXPECT_EQ(out.raw_row(0), 2u);
  EXPECT_TRUE(value_at(out.value, 0) == values[2]);
}
TEST(Batch, TakeKeepsMarksAndErrorsOfItsRows) {
  Batch batch;
  batch.value = *infer_column({Value(int64_t{10}), Value(int64_t{20}), Value(int64_t{30})});
  batch.key = *infer_column({Value(), Value(), Value()});
  batch.offsets = {5, 6, 9};
  batch.timestamps_ms = {1, 2, 3};
  batch.selected = RowMask(3);
  batch.fail(2, Stage::kTransformation, "x", Status::data("bad"));
  Batch part = take(batch, {1, 2});
  part.check_invariants();
  EXPECT_EQ(part.offsets, (std::vector<int64_t>{6, 9}));
  EXPECT_TRUE(part.selected.test(0));
  EXPECT_FALSE(part.selected.test(1));
  ASSERT_EQ(part.errors.size(), 1u);
  EXPECT_EQ(part.errors[0].row, 1u);
  EXPECT_EQ(part.raw_row(1), 2u);
}
TEST(RowMask, CountsAndWalksSetRows) {
  RowMask mask(130);
  EXPECT_TRUE(mask.all());
  mask.clear(64);
  EXPECT_EQ(mask.count(), 129);
  int64_t sum = 0;
  mask.for_each([&](int64_t row) { sum += row; });
  EXPECT_EQ(sum, 129 * 130 / 2 - 64);
}
}  // namespace
}  // namespace bywash::columnar
