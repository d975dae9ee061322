#include "analytics/segment/mutable_segment.h"
#include "analytics/segment/fields_for_tests.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <thread>

namespace bywash::analytics {
namespace {

std::shared_ptr<TableSchema> schema_of(std::vector<FieldSpec> fields) {
  auto schema = std::make_shared<TableSchema>();
  schema->name = "t";
  schema->fields = std::move(fields);
  return schema;
}
TEST(MutableSegment, ShowsOnlyPublishedRows) {
  auto segment = *MutableSegment::create(schema_of({test_field("s", DataType::kString), test_field("n", DataType::kInt)}), {});
  segment->append_text(0, "a");
  segment->append_int(1, 1);
  EXPECT_EQ(segment->snapshot()->rows(), 0);
  segment->publish(17);
  auto snapshot = segment->snapshot();
  EXPECT_EQ(snapshot->rows(), 1);
  EXPECT_EQ(snapshot->meta().offsets.end, 17);
  segment->append_text(0, "b");
  segment->append_int(1, -5);
  segment->publish(18);
  EXPECT_EQ(snapshot->rows(), 1);
  EXPECT_EQ(segment->snapshot()->column(1).min_integer, -5);
}

TEST(MutableSegment, ForgetsRolledBackRowsAndTheirNulls) {
  auto segment = *MutableSegment::create(schema_of({test_field("n", DataType::kInt), test_field("s", DataType::kString)}), {});
  segment->append_int(0, 1);
  segment->append_text(1, "x");
  segment->append_null(0);
  segment->rollback(1);
  segment->append_int(0, 2);
  segment->append_null(1);
  segment->publish(3);
  auto snapshot = segment->snapshot();
  EXPECT_EQ(*snapshot->column(0).block<int32_t>(1), 2);
  EXPECT_FALSE(snapshot->column(0).is_null(1));
  EXPECT_TRUE(snapshot->column(1).is_null(1));
  EXPECT_EQ(snapshot->column(1).dictionary.text(snapshot->column(1).dictionary_id(1)), "null");
}

TEST(MutableSegment, KnowsTheEndsOfBlocksThatAreFull) {
  auto segment = *MutableSegment::create(schema_of({test_field("n", DataType::kLong), test_field("d", DataType::kDouble)}), {});
  auto append = [&](int64_t row) {
    segment->append_long(0, row * 2 - 1000);
    segment->append_double(1, row == kBlockRows + 5 ? std::nan("") : static_cast<double>(-row));
  };
  for (int64_t row = 0; row < kBlockRows - 1; ++row) append(row);
  segment->publish(1);
  auto first = segment->snapshot();
  EXPECT_EQ(first->column(0).zones.count, 0u);
  for (int64_t row = kBlockRows - 1; row < 3 * kBlockRows; ++row) append(row);
  segment->rollback(3 * kBlockRows - 1);
  segment->publish(2);
  auto snapshot = segment->snapshot();
  const ZoneView integers = snapshot->column(0).zones, reals = snapshot->column(1).zones;
  ASSERT_EQ(integers.count, 2u);
  ASSERT_EQ(reals.count, 2u);
  EXPECT_EQ(integers.integers[0], -1000);
  EXPECT_EQ(integers.integers[1], (kBlockRows - 1) * 2 - 1000);
  EXPECT_EQ(integers.integers[2], kBlockRows * 2 - 1000);
  EXPECT_EQ(reals.reals[0], static_cast<double>(1 - kBlockRows));
  EXPECT_EQ(reals.reals[1], 0);
  EXPECT_TRUE(std::isnan(reals.reals[2]) && std::isnan(reals.reals[3]));
}

// A dictionary that outgrows two bytes: what was read before goes on, what comes after knows every row.
TEST(MutableSegment, WidensIdsWhenTwoBytesAreTooFew) {
  auto segment = *MutableSegment::create(schema_of({test_field("s", DataType::kString)}), {});
  constexpr int64_t kRows = 150'000, kDistinct = 70'000;
  auto text_of = [](int64_t row) { return "v" + std::to_string(row < kRows / 3 ? row % 1000 : row % kDistinct); };
  std::shared_ptr<const Segment> before;
  for (int64_t row = 0; row < kRows; ++row) {
    segment->append_text(0, text_of(row));
    if (row == kRows / 3) segment->publish(1), before = segment->snapshot();
    if (row == kRows / 2) segment->rollback(row), segment->append_text(0, text_of(row));
  }
  segment->publish(2);
  auto after = segment->snapshot();
  EXPECT_EQ(before->column(0).width, 2);
  EXPECT_EQ(after->column(0).width, 4);
  for (const auto& snapshot : {before, after}) {
    const ColumnView& column = snapshot->column(0);
    for (int64_t row = 0; row < snapshot->rows(); ++row) ASSERT_EQ(column.dictionary.text(column.dictionary_id(row)), text_of(row)) << row;
  }
}

TEST(MutableSegment, KeepsArraysOfAnyLength) {
  auto segment = *MutableSegment::create(schema_of({test_field("m", DataType::kLong, FieldKind::kDimension, false)}), {});
  std::vector<int64_t> values{3, 1, 3};
  segment->append_integers(0, values);
  segment->append_integers(0, {});
  segment->publish(2);
  auto snapshot = segment->snapshot();
  const ColumnView& column = snapshot->column(0);
  ASSERT_EQ(column.multi(0).count, 3u);
  EXPECT_EQ(column.dictionary.integer(column.multi(0).ids[2]), 3);
  ASSERT_EQ(column.multi(1).count, 1u);
  EXPECT_EQ(column.dictionary.integer(column.multi(1).ids[0]), std::numeric_limits<int64_t>::min());
}

TEST(MutableSegment, RefusesNamesThatTheSchemaLacks) {
  MutableSegmentOptions options;
  options.time_column = "nope";
  auto segment = MutableSegment::create(schema_of({test_field("n", DataType::kInt)}), options);
  ASSERT_FALSE(segment.ok());
  EXPECT_NE(segment.status().message().find("'nope'"), std::string::npos);
}

// One writer, one reader, no lock: every snapshot is a prefix of what was written.
TEST(MutableSegment, GivesReadersPrefixesWhileItIsWritten) {
  auto segment = *MutableSegment::create(schema_of({test_field("n", DataType::kLong), test_field("s", DataType::kString)}), {});
  constexpr int64_t kRows = 300'000;
  std::atomic<bool> failed{false};
  std::thread reader([&] {
    int64_t seen = 0;
    while (seen < kRows) {
      auto snapshot = segment->snapshot();
      if (snapshot->rows() < seen) failed = true;
      seen = snapshot->rows();
      for (int64_t row = std::max<int64_t>(0, seen - 50); row < seen; ++row) {
        const ColumnView& text = snapshot->column(1);
        uint32_t id = text.dictionary_id(row);
        if (*snapshot->column(0).block<int64_t>(row) != row || id >= text.dictionary.cardinality ||
            text.dictionary.text(id) != std::to_string(row % 5000)) {
          failed = true;
        }
      }
    }
  });
  for (int64_t row = 0; row < kRows; ++row) {
    segment->append_long(0, row);
    segment->append_text(1, std::to_string(row % 5000));
    if (row % 1000 == 999) segment->publish(row + 1);
  }
  reader.join();
  EXPECT_FALSE(failed);
}

}  // namespace
}  // namespace bywash::analytics
