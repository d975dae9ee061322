// BIG_DECIMAL columns compare, sort and add up by value, over consuming and over sealed segments.
#include <gtest/gtest.h>
#include <unistd.h>

#include "analytics/exec/answers_for_tests.h"
#include "analytics/exec/query_engine.h"
#include "analytics/segment/fields_for_tests.h"
#include "analytics/segment/mutable_segment.h"
#include "analytics/segment/segment_file.h"

namespace bywash::analytics {
namespace {

class DecimalColumns : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    auto schema = std::make_shared<TableSchema>();
    schema->fields = {test_field("n", DataType::kInt), test_field("d", DataType::kBigDecimal)};
    MutableSegmentOptions options;
    options.name = "prices_0";
    auto segment = *MutableSegment::create(schema, options);
    const char* values[] = {"9", "10.5", "-3.25", "10.50", "100000000000000000000.1", "-3"};
    for (int i = 0; i < 6; ++i) segment->append_int(0, i), segment->append_text(1, values[i]);
    segment->publish(6);
    auto table = std::make_shared<TableSnapshot>();
    table->name = "prices";
    table->schema = schema;
    table->segments = {segment->snapshot()};
    if (GetParam()) {
      char folder[] = "/tmp/bywash-decimals-XXXXXX";
      ASSERT_NE(::mkdtemp(folder), nullptr);
      const std::string path = std::string(folder) + "/prices_0";
      const Status sealed = seal_segment(*segment->snapshot(), {}, path);
      ASSERT_TRUE(sealed.ok()) << sealed.message();
      table->segments = {*open_segment(path, schema)};
      ::unlink(path.c_str());
      ::rmdir(folder);
    }
    table_ = table;
  }
  std::string ask(const std::string& sql) const { return shown(answer(sql, {}, [this](std::string_view) { return table_; })); }

  std::shared_ptr<const TableSnapshot> table_;
};

TEST_P(DecimalColumns, FilterByValue) {
  EXPECT_EQ(ask("SELECT n FROM prices WHERE d > 9 ORDER BY n"), "1;3;4");
  EXPECT_EQ(ask("SELECT n FROM prices WHERE d = 10.5 ORDER BY n"), "1;3");
  EXPECT_EQ(ask("SELECT n FROM prices WHERE d = '100000000000000000000.10'"), "4");
  EXPECT_EQ(ask("SELECT n FROM prices WHERE d <> 10.5 ORDER BY n"), "0;2;4;5");
  EXPECT_EQ(ask("SELECT n FROM prices WHERE d BETWEEN -3.1 AND 9 ORDER BY n"), "0;5");
  EXPECT_EQ(ask("SELECT n FROM prices WHERE d IN (9, -3.250) ORDER BY n"), "0;2");
  EXPECT_EQ(ask("SELECT n FROM prices WHERE NOT d IN (9, -3.250) AND d < 0"), "5");
  EXPECT_EQ(ask("SELECT n FROM prices WHERE d + 1 = 10"), "0");
  EXPECT_NE(ask("SELECT n FROM prices WHERE d = 'x'").find("Cannot convert value: 'x' to type: BIG_DECIMAL"), std::string::npos);
}

TEST_P(DecimalColumns, SortAndAddUpByValue) {
  EXPECT_EQ(ask("SELECT d FROM prices ORDER BY d LIMIT 4"), "-3.25;-3;9;10.5");
  EXPECT_EQ(ask("SELECT d, COUNT(*) FROM prices GROUP BY d ORDER BY d DESC LIMIT 1"), "100000000000000000000.1|1");
  EXPECT_EQ(ask("SELECT DISTINCT d FROM prices WHERE d < 10 ORDER BY d DESC"), "9;-3;-3.25");
  EXPECT_EQ(ask("SELECT SUMPRECISION(d) FROM prices"), "100000000000000000023.85");
  EXPECT_EQ(ask("SELECT SUM(d), MIN(d), MAX(d), AVG(d) FROM prices WHERE n < 3"), "16.25|-3.25|10.5|5.416666667");
  EXPECT_EQ(ask("SELECT d * 2, d / 2, ROUND(d, 1) FROM prices WHERE n = 1"), "21.0|5.2|10");
}

INSTANTIATE_TEST_SUITE_P(OfSegments, DecimalColumns, ::testing::Bool(), [](const auto& sealed) { return sealed.param ? "Sealed" : "Consuming"; });

}  // namespace
}  // namespace bywash::analytics
