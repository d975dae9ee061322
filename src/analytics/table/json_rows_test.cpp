// Records into rows: what Apache Pinot 1.5.1 made of the same records, and what is better here. Unit tests.
#include "analytics/table/json_rows.h"

#include <gtest/gtest.h>

#include "analytics/table/csv_rows.h"
#include "analytics/table/json_lines.h"
#include "analytics/table/value_coercion.h"

namespace bywash::analytics {
namespace {

constexpr int64_t kRowsNow = 1'795'380'636'362;

SchemaConfig stocks() {
  return *parse_schema_config(R"({"schemaName":"s","dimensionFieldSpecs":[{"name":"id","dataType":"INT"},{"name":"user_id","dataType":"INT"},
      {"name":"symbol","dataType":"STRING"}],"metricFieldSpecs":[{"name":"shares","dataType":"INT"},{"name":"purchase","dataType":"DOUBLE"}],
      "dateTimeFieldSpecs":[{"name":"update_at","dataType":"LONG","format":"1:MILLISECONDS:EPOCH","granularity":"1:DAYS"}]})");
}

TableConfig timed() {
  TableConfig table;
  table.name = "s";
  table.time_column = "update_at";
  return table;
}

struct Ingest {
  explicit Ingest(SchemaConfig config, TableConfig table_config = timed())
      : schema(std::move(config)), table(std::move(table_config)), rows(schema, table) {
    MutableSegmentOptions options;
    options.name = "t";
    options.max_rows = 1000;
    options.time_column = table.time_column;
    segment = *MutableSegment::create(segment_schema(schema, table, kRowsNow), options);
  }
  bool add(std::string_view json) { return rows.append(json, *segment); }
  // The last row as text, columns by '|'; nulls in brackets.
  std::string last() {
    segment->publish(0);
    const auto snapshot = segment->snapshot();
    const int64_t row = snapshot->rows() - 1;
    std::string out;
    for (size_t i = 0; i < snapshot->column_count(); ++i) out += (i ? "|" : "") + text(snapshot->column(i), row);
    return out;
  }
  static std::string text(const ColumnView& column, int64_t row) {
    std::string value;
    if (!column.field->single_value) {
      const MultiValue values = column.multi(row);
      for (uint32_t i = 0; i < values.count; ++i) {
        value += (i ? "," : "") + (is_text(column.field->type) ? std::string(column.dictionary.text(values.ids[i])) : std::to_string(column.dictionary.integer(values.ids[i])));
      }
    } else if (column.stored == Stored::kI32) {
      value = std::to_string(column.block<int32_t>(row)[0]);
    } else if (column.stored == Stored::kI64) {
      value = std::to_string(column.block<int64_t>(row)[0]);
    } else if (column.stored == Stored::kF64) {
      value = fmt::format("{}", column.block<double>(row)[0]);
    } else if (column.stored == Stored::kF32) {
      value = fmt::format("{}", column.block<float>(row)[0]);
    } else {
      value = std::string(column.encoding == Encoding::kDictionary ? column.dictionary.text(column.dictionary_id(row)) : column.raw_text(row));
    }
    return column.is_null(row) ? "[" + value + "]" : value;
  }
  int64_t replaced(ReplaceReason reason) { return rows.take_counts().replaced[static_cast<size_t>(reason)]; }

  SchemaConfig schema;
  TableConfig table;
  JsonRows rows;
  std::shared_ptr<MutableSegment> segment;
};

// The records and rows recorded from Apache Pinot 1.5.1; where it wraps, cuts or drops in silence the expectation is ours.
TEST(JsonRows, AwkwardRecordsBecomeTheRowsThatPinotMakes) {
  Ingest in(stocks());
  ASSERT_TRUE(in.add(R"({"id":1,"user_id":1,"symbol":"ok","shares":1,"purchase":1.5,"update_at":1795380636705})"));
  EXPECT_EQ(in.last(), "1|1|ok|1|1.5|1795380636705");
  ASSERT_TRUE(in.add(R"({"id":2})"));
  EXPECT_EQ(in.last(), "2|[-2147483648]|[null]|[0]|[0]|[1795380636362]");
  ASSERT_TRUE(in.add("{}"));
  EXPECT_EQ(in.last(), "[-2147483648]|[-2147483648]|[null]|[0]|[0]|[1795380636362]");
  ASSERT_TRUE(in.add(R"({"id":"4","user_id":"44","symbol":5,"shares":"7","purchase":"2.5","update_at":"1795380636705"})"));
  EXPECT_EQ(in.last(), "4|44|5|7|2.5|1795380636705");
  ASSERT_TRUE(in.add(R"({"id":5,"user_id":null,"symbol":null,"shares":null,"purchase":null,"update_at":1795380636705})"));
  EXPECT_EQ(in.last(), "5|[-2147483648]|[null]|[0]|[0]|1795380636705");
  ASSERT_TRUE(in.add(R"({"id":7,"symbol":"extra","zzz":{"a":1},"update_at":1795380636705})"));
  EXPECT_EQ(in.last(), "7|[-2147483648]|extra|[0]|[0]|1795380636705");
  ASSERT_TRUE(in.add(R"({"id":8,"symbol":"oldtime","update_at":0})"));
  EXPECT_EQ(in.last(), "8|[-2147483648]|oldtime|[0]|[0]|0");
  ASSERT_TRUE(in.add(R"({"id":9,"symbol":"future","update_at":99999999999999})"));
  EXPECT_EQ(in.last(), "9|[-2147483648]|future|[0]|[0]|99999999999999");
  ASSERT_TRUE(in.add(R"({"id":13,"symbol":{"o":1},"update_at":1795380636705})"));
  EXPECT_EQ(in.last(), "13|[-2147483648]|1|[0]|[0]|1795380636705");
  ASSERT_TRUE(in.add(R"({"id":16,"symbol":"dupkey","shares":1,"shares":2,"update_at":1795380636705})"));
  EXPECT_EQ(in.last(), "16|[-2147483648]|dupkey|2|[0]|1795380636705");
}

TEST(JsonRows, WhatPinotLosesInSilenceIsNullAndCounted) {
  Ingest in(stocks());
  ASSERT_TRUE(in.add(R"({"id":"3","user_id":"abc","symbol":"badint","shares":1,"purchase":1,"update_at":1795380636705})"));
  EXPECT_EQ(in.last(), "3|[-2147483648]|badint|1|1|1795380636705");
  EXPECT_EQ(in.replaced(ReplaceReason::kNotANumber), 1);
  ASSERT_TRUE(in.add(R"({"id":6,"user_id":3000000000,"symbol":"overflow","shares":1.9,"purchase":1e400,"update_at":1795380636705})"));
  EXPECT_EQ(in.last(), "6|[-2147483648]|overflow|[0]|[0]|1795380636705");
  const IngestCounts counts = in.rows.take_counts();
  EXPECT_EQ(counts.replaced[static_cast<size_t>(ReplaceReason::kOutOfRange)], 2);
  EXPECT_EQ(counts.replaced[static_cast<size_t>(ReplaceReason::kFractional)], 1);
  ASSERT_TRUE(in.add(R"({"id":[11,12],"symbol":"array"})"));
  EXPECT_EQ(in.last().substr(0, 14), "[-2147483648]|");
  EXPECT_EQ(in.replaced(ReplaceReason::kNested), 1);
  ASSERT_TRUE(in.add(R"({"id":true,"symbol":"bool","purchase":"NaN"})"));
  EXPECT_EQ(in.last().substr(0, 2), "1|");
  EXPECT_EQ(in.replaced(ReplaceReason::kNotANumber), 1);
  ASSERT_TRUE(in.add("{\"id\":14,\"symbol\":\"" + std::string(600, 'x') + "\"}"));
  EXPECT_NE(in.last().find("|" + std::string(512, 'x') + "|"), std::string::npos);
  EXPECT_EQ(in.replaced(ReplaceReason::kTooLong), 1);
  ASSERT_TRUE(in.add("{\"id\":15,\"symbol\":\"u\\u0000n\\u00e9\xF0\x9F\x98\x80\"}"));
  EXPECT_NE(in.last().find(std::string("u\0n\xC3\xA9\xF0\x9F\x98\x80", 9)), std::string::npos);
}

TEST(JsonRows, RecordsThatAreNoObjectAreDroppedWithTheirReason) {
  Ingest in(stocks());
  for (const char* bad : {"not json", "[]", "null", "", "{\"id\":1", "{\"id\":1,}", "{\"id\":tru}", "\"text\"", "{\"id\":01}"}) {
    EXPECT_FALSE(in.add(bad)) << bad;
  }
  EXPECT_FALSE(in.rows.append(std::nullopt, *in.segment));
  EXPECT_EQ(in.segment->appended_rows(), 0);
  const IngestCounts counts = in.rows.take_counts();
  EXPECT_EQ(counts.rows, 0);
  EXPECT_EQ(counts.dropped[static_cast<size_t>(DropReason::kTombstone)], 2);
  EXPECT_EQ(counts.dropped[static_cast<size_t>(DropReason::kNotAnObject)], 3);
  EXPECT_EQ(counts.dropped[static_cast<size_t>(DropReason::kNotJson)], 5);
  EXPECT_TRUE(in.add(R"({"id":1})"));
}

TEST(JsonRows, KeysMayComeInAnyOrder) {
  Ingest in(stocks());
  ASSERT_TRUE(in.add(R"({"id":1,"symbol":"a","shares":5})"));
  ASSERT_TRUE(in.add(R"({"shares":6,"purchase":2,"id":2,"symbol":"b","user_id":9,"update_at":3})"));
  EXPECT_EQ(in.last(), "2|9|b|6|2|3");
  ASSERT_TRUE(in.add(R"({"\u0069d":3,"update_at":4})"));
  EXPECT_EQ(in.last(), "3|[-2147483648]|[null]|[0]|[0]|4");
}

TEST(JsonRows, EveryTypeIsRead) {
  SchemaConfig schema = *parse_schema_config(R"({"schemaName":"s","dimensionFieldSpecs":[{"name":"l","dataType":"LONG"},{"name":"f","dataType":"FLOAT"},
      {"name":"b","dataType":"BOOLEAN"},{"name":"j","dataType":"JSON"},{"name":"x","dataType":"BYTES"},{"name":"d","dataType":"BIG_DECIMAL"},
      {"name":"m","dataType":"INT","singleValueField":false},{"name":"n","dataType":"STRING","singleValueField":false}],
      "dateTimeFieldSpecs":[{"name":"t","dataType":"TIMESTAMP","format":"TIMESTAMP","granularity":"1:MILLISECONDS"}]})");
  TableConfig table;
  table.name = "s";
  Ingest in(schema, table);
  ASSERT_TRUE(in.add(R"({"l":9223372036854775807,"f":1.5,"b":true,"j":{"a": [1, 2]},"x":"0aff","d":"12.50","m":[1,2],"n":["p","q"],"t":"2023-11-14 22:13:20"})"));
  EXPECT_EQ(in.last(), std::string("9223372036854775807|1.5|1|{\"a\":[1,2]}|\x0a\xff|12.5|1,2|p,q|1700000000000"));
  ASSERT_TRUE(in.add(R"({"l":1e3,"f":"2","b":"false","j":"plain","x":5,"d":7,"m":3,"n":[],"t":"2023-11-14T22:13:20Z"})"));
  EXPECT_EQ(in.last(), "1000|2|0|\"plain\"|[]|7|3|[null]|1700000000000");
  EXPECT_EQ(in.replaced(ReplaceReason::kWrongType), 1);
}

// SpecialValueTransformer 1.5.1.
TEST(JsonRows, DecimalsLoseZerosAtTheirEndUnlessTheSchemaKeepsThem) {
  SchemaConfig schema = *parse_schema_config(R"({"schemaName":"s","metricFieldSpecs":[{"name":"d","dataType":"BIG_DECIMAL"},{"name":"k","dataType":"BIG_DECIMAL","allowTrailingZeros":true}]})");
  TableConfig table;
  table.name = "s";
  Ingest in(schema, table);
  ASSERT_TRUE(in.add(R"({"d":"12.500","k":"12.500"})"));
  EXPECT_EQ(in.last(), "12.5|12.500");
  ASSERT_TRUE(in.add(R"({"d":100.0,"k":"1e3"})"));
  EXPECT_EQ(in.last(), "100|1e3");
  ASSERT_TRUE(in.add(R"({"d":"-0.00","k":5})"));
  EXPECT_EQ(in.last(), "0|5");
  ASSERT_TRUE(in.add(R"({"d":"1.2e3","k":1})"));
  EXPECT_EQ(in.last(), "1200|1");
}

TEST(JsonRows, ZeroHasNoSign) {
  SchemaConfig schema = *parse_schema_config(R"({"schemaName":"s","metricFieldSpecs":[{"name":"d","dataType":"DOUBLE"},{"name":"f","dataType":"FLOAT"}]})");
  TableConfig table;
  table.name = "s";
  Ingest in(schema, table);
  ASSERT_TRUE(in.add(R"({"d":-0.0,"f":"-0.0"})"));
  EXPECT_EQ(in.last(), "0|0");
  ASSERT_TRUE(in.add(R"({"d":"-0","f":-0.0})"));
  EXPECT_EQ(in.last(), "0|0");
}

TEST(JsonRows, TimesOutsideTheSensibleRangeAreReplacedWhenTheTableAsksForIt) {
  TableConfig table = timed();
  table.row_time_check = true;
  Ingest in(stocks(), table);
  ASSERT_TRUE(in.add(R"({"id":1,"update_at":99999999999999})"));
  EXPECT_EQ(in.last(), "1|[-2147483648]|[null]|[0]|[0]|[1795380636362]");
  EXPECT_EQ(in.replaced(ReplaceReason::kTimeOutOfRange), 1);
}

TEST(JsonLines, RowsAreSplitFromLinesAndArrays) {
  auto split = [](std::string_view text) {
    std::vector<std::string_view> rows;
    EXPECT_TRUE(split_json_rows(text, &rows).ok()) << text;
    return rows;
  };
  EXPECT_EQ(split("{\"a\":1}\r\n\n{\"a\":\"}\\\"{\"}"), (std::vector<std::string_view>{"{\"a\":1}", "{\"a\":\"}\\\"{\"}"}));
  EXPECT_EQ(split("[{\"a\":1}, {\"a\":[2]}]").size(), 2u);
  EXPECT_EQ(split("{\n\"a\":\n1}{}").size(), 2u);
  EXPECT_EQ(split("").size(), 0u);
  std::vector<std::string_view> rows;
  EXPECT_FALSE(split_json_rows("{\"a\":1}\n{\"b\":", &rows).ok());
  EXPECT_FALSE(split_json_rows("[{}", &rows).ok());
}

TEST(CsvRows, BecomeJsonObjects) {
  SchemaConfig schema = *parse_schema_config(R"({"schemaName":"s","dimensionFieldSpecs":[{"name":"a","dataType":"INT"},
      {"name":"m","dataType":"STRING","singleValueField":false}]})");
  Result<std::string> rows = csv_to_json_rows("a,m\r\n1,x;y\r\n\"2\",\"q\"\"\n,\"\r\n,\n", {}, *schema.schema);
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(*rows, "{\"a\":\"1\",\"m\":[\"x\",\"y\"]}\n{\"a\":\"2\",\"m\":[\"q\\\"\\n,\"]}\n{}\n");
  EXPECT_FALSE(csv_to_json_rows("a\n1,2\n", {}, *schema.schema).ok());
  EXPECT_FALSE(csv_to_json_rows("a\n\"1\n", {}, *schema.schema).ok());
}

}  // namespace
}  // namespace bywash::analytics
