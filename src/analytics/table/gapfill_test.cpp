// Gapfill: the parking lots of Pinot's documentation, in all five shapes. Unit tests.
#include "analytics/table/gapfill.h"

#include <gtest/gtest.h>

#include "analytics/multistage/engine.h"
#include "analytics/segment/mutable_segment.h"

namespace bywash::analytics {
namespace {

constexpr int64_t kNine = 1'633'078'800'000;  // 2021-10-01 09:00:00 UTC
constexpr int64_t kMinute = 60'000;

std::shared_ptr<const TableSnapshot> parking_lots() {
  auto schema = std::make_shared<TableSchema>();
  schema->name = "parking";
  for (auto [name, type] : {std::pair("lotId", DataType::kString), std::pair("event_time", DataType::kLong), std::pair("is_occupied", DataType::kInt)}) {
    FieldSpec field;
    field.name = name;
    field.type = type;
    field.default_null = default_null_of(field.kind, type);
    schema->fields.push_back(field);
  }
  MutableSegmentOptions options;
  options.name = "rows";
  options.max_rows = 100;
  auto segment = *MutableSegment::create(schema, std::move(options));
  auto add = [&](const char* lot, int64_t minute, int32_t occupied) {
    segment->append_text(0, lot);
    segment->append_long(1, kNine + minute * kMinute);
    segment->append_int(2, occupied);
  };
  add("P1", 1, 1), add("P2", 17, 1), add("P1", 33, 0), add("P1", 47, 1), add("P3", 65, 1);
  add("P2", 66, 0), add("P2", 76, 1), add("P2", 91, 0), add("P3", 137, 0), add("P1", 174, 0);
  segment->publish(0);
  auto table = std::make_shared<TableSnapshot>();
  table->name = "parking";
  table->schema = schema;
  table->segments = {segment->snapshot()};
  return table;
}

std::string text_of(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell.value)) return *text;
  if (const auto* integer = std::get_if<int64_t>(&cell.value)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&cell.value)) return std::to_string(static_cast<int64_t>(*real));
  return "?";
}

// The rows, one a line, columns by '|'; or the error.
std::string ask(const std::string& sql) {
  EXPECT_TRUE(may_gapfill(sql));
  const auto table = parking_lots();
  const QueryResponse answer = answer_gapfill(sql, {}, [&](std::string_view) { return table; });
  if (!answer.exceptions.empty()) return answer.exceptions[0].message;
  std::string out;
  for (const auto& row : answer.table.rows) {
    for (size_t i = 0; i < row.size(); ++i) out += (i > 0 ? "|" : "") + text_of(row[i]);
    out += '\n';
  }
  return out;
}

const std::string kSlots =
    "SELECT DATETIMECONVERT(event_time, '1:MILLISECONDS:EPOCH', '1:MILLISECONDS:SIMPLE_DATE_FORMAT:yyyy-MM-dd HH:mm:ss.SSS', '30:MINUTES') AS time_col, lotId, "
    "LASTWITHTIME(is_occupied, event_time, 'INT') AS status FROM parking GROUP BY time_col, lotId ORDER BY time_col, lotId LIMIT 100";

std::string gapfill(const std::string& time, const std::string& more = "") {
  return "GAPFILL(" + time + ", '1:MILLISECONDS:SIMPLE_DATE_FORMAT:yyyy-MM-dd HH:mm:ss.SSS', '2021-10-01 09:00:00.000', '2021-10-01 12:00:00.000', '30:MINUTES', " + more +
         "FILL(status, 'FILL_PREVIOUS_VALUE'), TIMESERIESON(lotId))";
}

TEST(Gapfill, FillsEverySeriesInEveryBucketAroundAnAggregation) {
  EXPECT_EQ(ask("SELECT " + gapfill("time_col") + " AS time_col, lotId, status FROM (" + kSlots + ") LIMIT 100"),
            "2021-10-01 09:00:00.000|P1|1\n2021-10-01 09:00:00.000|P2|1\n2021-10-01 09:00:00.000|P3|0\n"
            "2021-10-01 09:30:00.000|P1|1\n2021-10-01 09:30:00.000|P2|1\n2021-10-01 09:30:00.000|P3|0\n"
            "2021-10-01 10:00:00.000|P2|1\n2021-10-01 10:00:00.000|P3|1\n2021-10-01 10:00:00.000|P1|1\n"
            "2021-10-01 10:30:00.000|P2|0\n2021-10-01 10:30:00.000|P1|1\n2021-10-01 10:30:00.000|P3|1\n"
            "2021-10-01 11:00:00.000|P3|0\n2021-10-01 11:00:00.000|P1|1\n2021-10-01 11:00:00.000|P2|0\n"
            "2021-10-01 11:30:00.000|P1|0\n2021-10-01 11:30:00.000|P2|0\n2021-10-01 11:30:00.000|P3|0\n");
}

TEST(Gapfill, AggregatesWhatItFilled) {
  const std::string filled = "SELECT " + gapfill("time_col") + " AS time_col, lotId, status FROM (" + kSlots + ") LIMIT 100";
  EXPECT_EQ(ask("SELECT time_col, SUM(status) AS occupied FROM (" + filled + ") GROUP BY time_col LIMIT 100"),
            "2021-10-01 09:00:00.000|2\n2021-10-01 09:30:00.000|2\n2021-10-01 10:00:00.000|3\n2021-10-01 10:30:00.000|2\n2021-10-01 11:00:00.000|1\n"
            "2021-10-01 11:30:00.000|0\n");
  EXPECT_EQ(ask("SELECT time_col, COUNT(*) AS lots FROM (" + filled + ") WHERE status = 1 GROUP BY time_col HAVING COUNT(*) > 1 LIMIT 100"),
            "2021-10-01 09:00:00.000|2\n2021-10-01 09:30:00.000|2\n2021-10-01 10:00:00.000|3\n2021-10-01 10:30:00.000|2\n");
  EXPECT_EQ(ask("SELECT time_col, COUNT(*) AS lots FROM (" + filled + ") WHERE status = 1 GROUP BY time_col LIMIT 2"),
            "2021-10-01 09:00:00.000|2\n2021-10-01 09:30:00.000|2\n");
  // Buckets of an hour over gaps of half an hour.
  EXPECT_EQ(ask("SELECT time_col, SUM(status) AS occupied FROM (SELECT " + gapfill("time_col", "'1:HOURS', ") + " AS time_col, lotId, status FROM (" + kSlots +
                ") LIMIT 100) GROUP BY time_col LIMIT 100"),
            "2021-10-01 09:00:00.000|4\n2021-10-01 10:00:00.000|5\n2021-10-01 11:00:00.000|1\n");
}

TEST(Gapfill, WorksOnRowsAsTheyAre) {
  const std::string rows = "SELECT GAPFILL(event_time, '1:MILLISECONDS:EPOCH', '1633082400000', '1633082640000', '1:MINUTES', FILL(is_occupied, 'FILL_DEFAULT_VALUE'), "
                           "TIMESERIESON(lotId)), lotId, is_occupied FROM parking WHERE lotId <> 'P1' ORDER BY event_time LIMIT 100";
  EXPECT_EQ(ask("SELECT event_time, lotId, is_occupied FROM (" + rows + ") WHERE is_occupied = 1 LIMIT 100"), "");
  // P2 was there before the first bucket; P3 comes past the last one and is no series of these buckets.
  EXPECT_EQ(ask(rows), "1633082400000|P2|0\n1633082460000|P2|0\n1633082520000|P2|0\n1633082580000|P2|0\n");
  EXPECT_EQ(ask("SELECT event_time, lotId FROM (" + rows + ") WHERE event_time > 1633082460000 LIMIT 1"), "1633082520000|P2\n");
}

TEST(Gapfill, SaysWhatIsWrong) {
  EXPECT_NE(ask("SELECT GAPFILL(event_time, '1:MILLISECONDS:EPOCH', '1', '2', '1:MINUTES'), lotId FROM parking").find("correct number of arguments"), std::string::npos);
  EXPECT_NE(ask("SELECT GAPFILL(event_time, '1:MILLISECONDS:EPOCH', '1', '2', '1:MINUTES', FILL(lotId, 'FILL_DEFAULT_VALUE')), lotId FROM parking").find("TimeSeriesOn"),
            std::string::npos);
  EXPECT_NE(ask("SELECT " + gapfill("event_time") + ", COUNT(*) FROM parking").find("can not be in the same sql statement"), std::string::npos);
  EXPECT_NE(ask("SELECT " + gapfill("nope") + ", lotId, status FROM (" + kSlots + ")").find("no column nope"), std::string::npos);
  EXPECT_NE(ask("SELECT GAPFILL(event_time, '1:MILLISECONDS:EPOCH', '0', '9999999999999', '1:MILLISECONDS', TIMESERIESON(lotId)), lotId FROM parking").find("buckets of time"),
            std::string::npos);
  EXPECT_NE(ask("SELECT gapfill(").find("SQLParsingError"), std::string::npos);
  EXPECT_FALSE(may_gapfill("SELECT gap, fill FROM t"));
}

}  // namespace
}  // namespace bywash::analytics
