#include "analytics/segment/segment_file.h"
#include "analytics/segment/fields_for_tests.h"

#include "analytics/index/postings.h"
#include "analytics/segment/mutable_segment.h"
#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <random>

namespace bywash::analytics {
namespace {

class SegmentFile : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/bywash-segment-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
    schema_ = std::make_shared<TableSchema>();
    schema_->name = "t";
    schema_->fields = {test_field("s", DataType::kString), test_field("i", DataType::kInt), test_field("m", DataType::kInt, FieldKind::kMetric),
                       test_field("d", DataType::kDouble, FieldKind::kMetric), test_field("t", DataType::kLong, FieldKind::kDateTime),
                       test_field("mv", DataType::kString, FieldKind::kDimension, false), test_field("u", DataType::kString)};
  }
  void TearDown() override {
    ASSERT_EQ(::system(("rm -rf " + folder_).c_str()), 0);
  }

  std::shared_ptr<MutableSegment> fill(int64_t rows) {
    MutableSegmentOptions options;
    options.name = "t__0__0";
    options.time_column = "t";
    options.first_offset = 100;
    options.raw_columns = {"u"};
    auto segment = *MutableSegment::create(schema_, options);
    std::mt19937_64 random(7);
    for (int64_t row = 0; row < rows; ++row) {
      if (random() % 10 == 0) segment->append_null(0);
      else segment->append_text(0, "v" + std::to_string(random() % 300));
      segment->append_int(1, static_cast<int32_t>(random() % 1000) - 500);
      segment->append_int(2, static_cast<int32_t>(random()));
      segment->append_double(3, static_cast<double>(random() % 1000) / 8);
      segment->append_long(4, 1'000'000 - row);
      std::vector<std::string> texts;
      for (uint64_t i = 0; i < random() % 4; ++i) texts.push_back(std::to_string(random() % 20));
      std::vector<std::string_view> views(texts.begin(), texts.end());
      segment->append_texts(5, views);
      segment->append_text(6, std::to_string(random()));
    }
    segment->publish(100 + rows);
    return segment;
  }

  static std::string show(const ColumnView& column, int64_t row) {
    std::string out = column.is_null(row) ? "null:" : "";
    auto of_id = [&](uint32_t id) {
      if (column.dictionary.kind == Stored::kI64) return std::to_string(column.dictionary.integer(id));
      if (column.dictionary.kind == Stored::kF64) return std::to_string(column.dictionary.real(id));
      return std::string(column.dictionary.text(id));
    };
    if (!column.field->single_value) {
      MultiValue value = column.multi(row);
      for (uint32_t i = 0; i < value.count; ++i) out += of_id(value.ids[i]) + ",";
      return out;
    }
    if (column.encoding == Encoding::kDictionary) return out + of_id(column.dictionary_id(row));
    switch (column.stored) {
      case Stored::kI32:
      case Stored::kI64: return out + std::to_string(column.integer(row));
      case Stored::kF32: return out + std::to_string(*column.block<float>(row));
      case Stored::kF64: return out + std::to_string(*column.block<double>(row));
      case Stored::kBytes: return out + std::string(column.raw_text(row));
    }
    return out;
  }
  static std::string show(const Segment& segment, int64_t row) {
    std::string out;
    for (size_t i = 0; i < segment.column_count(); ++i) out += show(segment.column(i), row) + "|";
    return out;
  }
  static std::string contents(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void overwrite(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes; }

  std::string folder_;
  std::shared_ptr<TableSchema> schema_;
};

TEST(Crc32c, GivesTheStandardsCheckValue) {
  EXPECT_EQ(crc32c(0, "123456789", 9), 0xe3069283u);
  EXPECT_EQ(crc32c(crc32c(0, "1234", 4), "56789", 5), 0xe3069283u);
}

TEST_F(SegmentFile, GivesBackEveryRow) {
  auto source = fill(10'000);
  SealOptions options;
  options.inverted_columns = {"i", "mv"};
  options.raw_columns = {"u"};
  ASSERT_TRUE(seal_segment(*source->snapshot(), options, folder_ + "/a").ok());
  auto opened = open_segment(folder_ + "/a", schema_);
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  const Segment& sealed = **opened;
  ASSERT_EQ(sealed.rows(), 10'000);
  for (int64_t row = 0; row < sealed.rows(); ++row) ASSERT_EQ(show(sealed, row), show(*source->snapshot(), row)) << row;
  EXPECT_EQ(sealed.meta().offsets, (OffsetRange{100, 10'100}));
  EXPECT_EQ(sealed.meta().start_time, 990'001);
  EXPECT_EQ(sealed.meta().end_time, 1'000'000);
  EXPECT_EQ(sealed.column(0).width, 2);
  EXPECT_EQ(sealed.column(1).encoding, Encoding::kDictionary);
  EXPECT_EQ(sealed.column(2).encoding, Encoding::kRaw);
  EXPECT_TRUE(sealed.column(0).dictionary.sorted);
}

TEST_F(SegmentFile, PostsEachRowOnceUnderItsValues) {
  auto source = fill(5000);
  SealOptions options;
  options.inverted_columns = {"i", "mv"};
  ASSERT_TRUE(seal_segment(*source->snapshot(), options, folder_ + "/a").ok());
  auto sealed = *open_segment(folder_ + "/a", schema_);
  for (size_t field : {size_t{1}, size_t{5}}) {
    const ColumnView& column = sealed->column(field);
    ASSERT_TRUE(static_cast<bool>(column.inverted));
    for (uint32_t id = 0; id < column.dictionary.cardinality; ++id) {
      std::vector<uint32_t> expected, posted;
      for (int64_t row = 0; row < sealed->rows(); ++row) {
        bool holds = field == 1 ? column.dictionary_id(row) == id : false;
        MultiValue value = field == 5 ? column.multi(row) : MultiValue{};
        for (uint32_t i = 0; i < value.count; ++i) holds |= value.ids[i] == id;
        if (holds) expected.push_back(static_cast<uint32_t>(row));
      }
      ASSERT_TRUE(read_postings(column.inverted.offsets, column.inverted.bytes, id, &posted));
      ASSERT_EQ(posted, expected);
    }
  }
}

TEST_F(SegmentFile, SortsRowsByTheSortedColumn) {
  auto source = fill(3000);
  SealOptions options;
  options.sorted_column = "i";
  ASSERT_TRUE(seal_segment(*source->snapshot(), options, folder_ + "/a").ok());
  auto sealed = *open_segment(folder_ + "/a", schema_);
  EXPECT_TRUE(sealed->column(1).sorted_rows);
  std::vector<std::string> before, after;
  for (int64_t row = 0; row < 3000; ++row) {
    before.push_back(show(*source->snapshot(), row));
    after.push_back(show(*sealed, row));
  }
  EXPECT_NE(before, after);
  std::sort(before.begin(), before.end());
  std::sort(after.begin(), after.end());
  EXPECT_EQ(before, after);
}

// Whole numbers in a narrow range are sealed in as few bytes as it needs, and come back as they were.
TEST_F(SegmentFile, PacksWholeNumbersThatLieCloseTogether) {
  constexpr int64_t kLow = std::numeric_limits<int64_t>::min(), kHigh = std::numeric_limits<int64_t>::max();
  struct Case {
    int64_t least, most;
    DataType type;
    int width;
  };
  const std::vector<Case> cases = {{-3, 252, DataType::kInt, 1},  {-3, 253, DataType::kInt, 2},    {7, 7 + 65535, DataType::kLong, 2},           {7, 7 + 65536, DataType::kLong, 4},
                                   {0, 65536, DataType::kInt, 4}, {kLow, kHigh, DataType::kLong, 8}, {kHigh - UINT32_MAX, kHigh, DataType::kLong, 4}, {kLow, kLow + 1, DataType::kLong, 1},
                                   {kLow, kLow + (int64_t{1} << 32), DataType::kLong, 8}, {INT32_MIN, INT32_MAX, DataType::kInt, 4}};
  for (const Case& c : cases) {
    auto schema = std::make_shared<TableSchema>();
    schema->name = "t";
    schema->fields = {test_field("n", c.type, FieldKind::kMetric)};
    auto segment = *MutableSegment::create(schema, {});
    std::vector<int64_t> values;
    for (int i = 0; i < 99; ++i) {
      const int64_t value = i % 3 == 0 ? c.least : i % 3 == 1 ? c.most : c.least + static_cast<int64_t>((static_cast<uint64_t>(c.most) - static_cast<uint64_t>(c.least)) / static_cast<uint64_t>(i));
      values.push_back(value);
      if (c.type == DataType::kInt) segment->append_int(0, static_cast<int32_t>(value));
      else segment->append_long(0, value);
    }
    segment->publish(1);
    SealOptions options;
    options.raw_columns = {"n"};
    ASSERT_TRUE(seal_segment(*segment->snapshot(), options, folder_ + "/p").ok());
    auto packed = *open_segment(folder_ + "/p", schema);
    EXPECT_EQ(packed->column(0).width, c.width) << c.least << " to " << c.most;
    ASSERT_TRUE(seal_segment(*packed, options, folder_ + "/q").ok());
    auto again = *open_segment(folder_ + "/q", schema);
    for (int64_t row = 0; row < 99; ++row) {
      ASSERT_EQ(packed->column(0).integer(row), values[static_cast<size_t>(row)]);
      ASSERT_EQ(again->column(0).integer(row), values[static_cast<size_t>(row)]);
    }
  }
}

TEST_F(SegmentFile, SealsSealedAndEmptySegmentsAgain) {
  auto source = fill(2000);
  ASSERT_TRUE(seal_segment(*source->snapshot(), {}, folder_ + "/a").ok());
  auto first = *open_segment(folder_ + "/a", schema_);
  ASSERT_TRUE(seal_segment(*first, {}, folder_ + "/b").ok());
  auto second = *open_segment(folder_ + "/b", schema_);
  for (int64_t row = 0; row < 2000; ++row) ASSERT_EQ(show(*first, row), show(*second, row));
  ASSERT_TRUE(seal_segment(*fill(0)->snapshot(), {}, folder_ + "/c").ok());
  EXPECT_EQ((*open_segment(folder_ + "/c", schema_))->rows(), 0);
}

TEST_F(SegmentFile, ReadsColumnsThatCameLaterAsTheirDefault) {
  ASSERT_TRUE(seal_segment(*fill(5000)->snapshot(), {}, folder_ + "/a").ok());
  auto wider = std::make_shared<TableSchema>(*schema_);
  wider->fields.push_back(test_field("new_text", DataType::kString));
  wider->fields.push_back(test_field("new_metric", DataType::kDouble, FieldKind::kMetric));
  wider->fields.push_back(test_field("new_array", DataType::kInt, FieldKind::kDimension, false));
  auto sealed = *open_segment(folder_ + "/a", wider);
  for (int64_t row : {0, 4095, 4096, 4999}) {
    EXPECT_EQ(show(sealed->column(7), row), "null:null");
    EXPECT_EQ(show(sealed->column(8), row), "null:0.000000");
    EXPECT_EQ(show(sealed->column(9), row), "null:-2147483648,");
  }
}

TEST_F(SegmentFile, RefusesAChangedType) {
  ASSERT_TRUE(seal_segment(*fill(10)->snapshot(), {}, folder_ + "/a").ok());
  auto other = std::make_shared<TableSchema>(*schema_);
  other->fields[1].type = DataType::kLong;
  auto opened = open_segment(folder_ + "/a", other);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.status().code(), Code::kInvalid);
}

TEST_F(SegmentFile, DetectsEveryFlippedByteOrIsNotHarmed) {
  auto source = fill(40);
  SealOptions options;
  options.inverted_columns = {"i"};
  std::string path = folder_ + "/a";
  ASSERT_TRUE(seal_segment(*source->snapshot(), options, path).ok());
  std::string good = contents(path);
  int detected = 0;
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x41);
    overwrite(path, bad);
    auto opened = open_segment(path, schema_);
    if (!opened.ok()) {
      ++detected;
      EXPECT_NE(opened.status().message().find(path), std::string::npos);
      continue;
    }
    for (int64_t row = 0; row < 40; ++row) ASSERT_EQ(show(**opened, row), show(*source->snapshot(), row)) << "byte " << at;
  }
  EXPECT_GT(detected, static_cast<int>(good.size()) / 3);  // the rest is padding between blocks
}

TEST_F(SegmentFile, DetectsEveryTornEnd) {
  std::string path = folder_ + "/a";
  ASSERT_TRUE(seal_segment(*fill(40)->snapshot(), {}, path).ok());
  std::string good = contents(path);
  for (size_t size = 0; size < good.size(); size += 7) {
    overwrite(path, good.substr(0, size));
    ASSERT_FALSE(open_segment(path, schema_).ok()) << size;
  }
}

TEST_F(SegmentFile, SaysThatTheFolderIsMissing) {
  Status status = seal_segment(*fill(1)->snapshot(), {}, folder_ + "/none/a");
  EXPECT_EQ(status.blame(), Blame::kHost);
  EXPECT_NE(status.message().find("/none/a"), std::string::npos);
}

}  // namespace
}  // namespace bywash::analytics
