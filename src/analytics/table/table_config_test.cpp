// Schema, table and stream configs, with documents recorded from Apache Pinot 1.5.1. Unit tests.
#include "analytics/table/table_config.h"

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "analytics/table/json_document.h"
#include "analytics/table/schema_config.h"
#include "analytics/table/time_format.h"

namespace bywash::analytics {
namespace {

// Recorded from Apache Pinot 1.5.1, and the document's own examples with their comment lines.
std::string recorded(const std::string& name) {
  std::ifstream file("tests/conformance/pinot/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(SchemaConfig, TheDocumentsSchemaIsReadAsItStands) {
  Result<SchemaConfig> schema = parse_schema_config(recorded("document-schema.json"));
  ASSERT_TRUE(schema.ok()) << schema.status().message();
  EXPECT_EQ(schema->schema->name, "stock_transactions");
  ASSERT_EQ(schema->schema->fields.size(), 6u);
  EXPECT_EQ(schema->schema->fields[3].kind, FieldKind::kMetric);
  EXPECT_EQ(schema->schema->fields[5].format, "1:MILLISECONDS:EPOCH");
  EXPECT_EQ(schema->unrecognized, "{}");
  EXPECT_EQ(pretty_json(schema->stored).substr(0, 193),
            "{\n  \"schemaName\" : \"stock_transactions\",\n  \"enableColumnBasedNullHandling\" : false,\n  \"dimensionFieldSpecs\" : [ {\n"
            "    \"name\" : \"id\",\n    \"dataType\" : \"INT\",\n    \"fieldType\" : \"DIMENSION\"\n  }, {");
}

TEST(SchemaConfig, WhatIsStoredReadsBackTheSame) {
  Result<SchemaConfig> schema = parse_schema_config(
      R"({"schemaName":"s","dimensionFieldSpecs":[{"name":"a","dataType":"STRING","singleValueField":false,"defaultNullValue":"-","maxLength":3}],
          "dateTimeFieldSpecs":[{"name":"t","dataType":"TIMESTAMP","format":"TIMESTAMP","granularity":"1:MILLISECONDS"}]})");
  ASSERT_TRUE(schema.ok());
  Result<SchemaConfig> again = parse_schema_config(schema->stored);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->stored, schema->stored);
  EXPECT_EQ(again->schema->fields[0].default_null.text, "-");
  EXPECT_FALSE(again->schema->fields[0].single_value);
  EXPECT_EQ(again->schema->fields[0].max_length, 3);
}

TEST(SchemaConfig, ErrorsAreInPinotsWords) {
  auto error = [](const char* text) { return parse_schema_config(text).status().message(); };
  EXPECT_NE(error(R"({"schemaName":"x","dimensionFieldSpecs":[{"name":"a","dataType":"TINYINT"}]})")
                .find("Reason: Cannot deserialize value of type `org.apache.pinot.spi.data.FieldSpec$DataType` from String \"TINYINT\": not one of the values "
                      "accepted for Enum class"), std::string::npos);
  EXPECT_NE(error(R"({"schemaName":"x","dimensionFieldSpecs":[{"name":"a","dataType":"INT"},{"name":"a","dataType":"LONG"}]})")
                .find("Reason: Field spec already exists for column: a"), std::string::npos);
  EXPECT_EQ(error(R"({"schemaName":"x","dateTimeFieldSpecs":[{"name":"a","dataType":"LONG","format":"1:MILLIS:EPOCH","granularity":"1:DAYS"}]})"),
            "Invalid schema: x. Reason: Invalid format: 1:MILLIS:EPOCH");
  EXPECT_NE(error("{bad").find("line: 1, column: 2"), std::string::npos);
}

TEST(SchemaConfig, SeveralProblemsComeAtOnce) {
  const std::string message = parse_schema_config(
      R"({"schemaName":"x","metricFieldSpecs":[{"name":"m","dataType":"STRING"}],
          "dateTimeFieldSpecs":[{"name":"a","dataType":"LONG","format":"no","granularity":"1:DAYS"}]})").status().message();
  EXPECT_NE(message.find("METRIC field: m"), std::string::npos) << message;
  EXPECT_NE(message.find("Invalid format: no"), std::string::npos) << message;
}

TEST(SchemaConfig, UnknownKeysAreReportedFlattened) {
  Result<SchemaConfig> schema = parse_schema_config(R"({"schemaName":"x","zzz":1,"dimensionFieldSpecs":[{"name":"a","dataType":"INT","odd":{"b":2}}]})");
  ASSERT_TRUE(schema.ok());
  EXPECT_EQ(Json::parse(schema->unrecognized), Json::parse(R"({"/zzz":1,"/dimensionFieldSpecs/0/odd/b":2})"));
}

TEST(SchemaConfig, OnlyNewColumnsMayBeAdded) {
  auto before = parse_schema_config(R"({"schemaName":"x","dimensionFieldSpecs":[{"name":"a","dataType":"INT"}]})");
  auto wider = parse_schema_config(R"({"schemaName":"x","dimensionFieldSpecs":[{"name":"b","dataType":"INT"},{"name":"a","dataType":"INT"}]})");
  auto other = parse_schema_config(R"({"schemaName":"x","dimensionFieldSpecs":[{"name":"a","dataType":"LONG"}]})");
  EXPECT_TRUE(check_schema_evolution(*before->schema, *wider->schema).ok());
  EXPECT_FALSE(check_schema_evolution(*before->schema, *other->schema).ok());
  EXPECT_FALSE(check_schema_evolution(*wider->schema, *before->schema).ok());
}

TEST(TableConfig, TheDocumentsTableWorksAsItStandsWithWarnings) {
  Result<TableConfig> table = parse_table_config(recorded("document-table.json"), 0);
  ASSERT_TRUE(table.ok()) << table.status().message();
  EXPECT_EQ(table->name_with_type, "stock_transactions_REALTIME");
  EXPECT_EQ(table->time_column, "update_at");
  EXPECT_EQ(table->retention_ms, 60LL * 86'400'000);
  EXPECT_EQ(table->indexes.inverted_columns, std::vector<std::string>{"id"});
  ASSERT_EQ(table->streams.size(), 1u);
  EXPECT_EQ(table->streams[0].topic, "processed-topic");
  EXPECT_EQ(table->streams[0].brokers, "localhost:9092");
  EXPECT_EQ(table->streams[0].criteria.kind, OffsetCriteria::Kind::kLargest);
  EXPECT_EQ(table->warnings.size(), 2u);
  Result<SchemaConfig> schema = parse_schema_config(recorded("document-schema.json"));
  EXPECT_TRUE(check_table_config(*table, *schema->schema).ok());
}

TEST(TableConfig, IsStoredAsPinotStoresIt) {
  Result<TableConfig> table = parse_table_config(recorded("document-table.json"), 0);
  ASSERT_TRUE(table.ok());
  nlohmann::json expected = nlohmann::json::parse(recorded("table-stored.json"))["REALTIME"];
  nlohmann::json actual = nlohmann::json::parse(table->stored);
  expected["ingestionConfig"]["streamIngestionConfig"]["streamConfigMaps"][0]["stream.kafka.broker.list"] = "localhost:9092";
  EXPECT_EQ(actual, expected) << nlohmann::json::diff(actual, expected).dump();
}

TEST(TableConfig, PinotsOwnStoredFormReadsBackTheSame) {
  const std::string stored = nlohmann::ordered_json::parse(recorded("table-stored.json"))["REALTIME"].dump();
  Result<TableConfig> table = parse_table_config(stored, 0);
  ASSERT_TRUE(table.ok()) << table.status().message();
  EXPECT_EQ(table->name, "stock_transactions");
  EXPECT_EQ(table->unrecognized, "{}");
  EXPECT_EQ(nlohmann::json::parse(table->stored), nlohmann::json::parse(stored));
}

std::string offline(const std::string& more) {
  return R"({"tableName":"other","tableType":"OFFLINE","segmentsConfig":{"replication":"1"},"tenants":{})" + more + "}";
}

TEST(TableConfig, ProblemsWithTheSchemaAreInPinotsWords) {
  Result<SchemaConfig> schema = parse_schema_config(R"({"schemaName":"other","dimensionFieldSpecs":[{"name":"a","dataType":"INT"}]})");
  Result<TableConfig> table = parse_table_config(offline(R"(,"tableIndexConfig":{"invertedIndexColumns":["nope"]})"), 0);
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(check_table_config(*table, *schema->schema).message(), "Failed to find column: nope in schema");
  table->time_column = "when";
  table->name_with_type = "other_REALTIME";
  EXPECT_EQ(check_table_config(*table, *schema->schema).message(),
            "Cannot find valid fieldSpec for timeColumn: when from the table config: other_REALTIME, in the schema: other\n"
            "Failed to find column: nope in schema");
}

constexpr const char* kTrades = R"({"schemaName":"other","dimensionFieldSpecs":[{"name":"a","dataType":"INT"},{"name":"b","dataType":"STRING"},
    {"name":"many","dataType":"INT","singleValueField":false},{"name":"yes","dataType":"BOOLEAN"}],"metricFieldSpecs":[{"name":"m","dataType":"LONG"}]})";

TEST(TableConfig, ReadsIndexesOfBothForms) {
  Result<TableConfig> table = parse_table_config(offline(R"(,"tableIndexConfig":{"rangeIndexColumns":["m"],"bloomFilterConfigs":{"b":{"fpp":0.01,"maxSizeInBytes":4096}},
      "starTreeIndexConfigs":[{"dimensionsSplitOrder":["b","a"],"skipStarNodeCreationForDimensions":["a"],"functionColumnPairs":["COUNT__*","SUM__m","DISTINCTCOUNTHLL__b"],
                               "maxLeafRecords":7},
                              {"dimensionsSplitOrder":["a"],"aggregationConfigs":[{"aggregationFunction":"min_max_range","columnName":"m"}]}],"enableDefaultStarTree":true},
      "fieldConfigList":[{"name":"a","indexes":{"bloom":{},"range":{"disabled":true},"inverted":{}}}])"), 0);
  ASSERT_TRUE(table.ok()) << table.status().message();
  const SealOptions& indexes = table->indexes;
  EXPECT_EQ(indexes.range_columns, std::vector<std::string>{"m"});
  EXPECT_EQ(indexes.inverted_columns, std::vector<std::string>{"a"});
  EXPECT_EQ(indexes.bloom_columns.at("b").false_share, 0.01);
  EXPECT_EQ(indexes.bloom_columns.at("b").max_bytes, 4096u);
  EXPECT_EQ(indexes.bloom_columns.at("a").false_share, 0.05);
  EXPECT_TRUE(indexes.default_star_tree);
  ASSERT_EQ(indexes.star_trees.size(), 2u);
  EXPECT_EQ(indexes.star_trees[0].dimensions, (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(indexes.star_trees[0].without_star, std::vector<std::string>{"a"});
  EXPECT_EQ(indexes.star_trees[0].pairs, (std::vector<StarPair>{{StarFunction::kCount, "*"}, {StarFunction::kSum, "m"}}));
  EXPECT_EQ(indexes.star_trees[0].max_leaf_records, 7u);
  EXPECT_EQ(indexes.star_trees[1].pairs, (std::vector<StarPair>{{StarFunction::kMinMaxRange, "m"}}));
  EXPECT_EQ(indexes.star_trees[1].max_leaf_records, 10'000u);
  EXPECT_NE(fmt::format("{}", fmt::join(table->warnings, "; ")).find("DISTINCTCOUNTHLL__b is not held"), std::string::npos);
  Result<SchemaConfig> schema = parse_schema_config(kTrades);
  EXPECT_TRUE(check_table_config(*table, *schema->schema).ok());
}

TEST(TableConfig, IndexesThatCannotBeAreNamedInPinotsWords) {
  auto parsed = [](const char* indexing) { return parse_table_config(offline(std::string(R"(,"tableIndexConfig":)") + indexing), 0); };
  for (const auto& [indexing, message] : std::vector<std::pair<const char*, const char*>>{
           {R"({"starTreeIndexConfigs":[{"functionColumnPairs":["COUNT__*"]}]})", "'dimensionsSplitOrder' must be configured"},
           {R"({"starTreeIndexConfigs":[{"dimensionsSplitOrder":["a"]}]})", "Either 'functionColumnPairs' or 'aggregationConfigs' must be configured"},
           {R"({"starTreeIndexConfigs":[{"dimensionsSplitOrder":["a"],"functionColumnPairs":["COUNT__*"],"skipStarNodeCreationForDimensions":["b"]}]})",
            "Can not skip star-node creation for dimensions not in the split order, dimensionsSplitOrder: [a], skipStarNodeCreationForDimensions: [b]"},
           {R"({"starTreeIndexConfigs":[{"dimensionsSplitOrder":["a"],"functionColumnPairs":["SUM_m"]}]})", "Invalid StarTreeIndex config: SUM_m"},
           {R"({"starTreeIndexConfigs":[{"dimensionsSplitOrder":["a"],"functionColumnPairs":["SUM__*"]}]})", "Non-COUNT function set the column as '*' in the functionColumnPair: SUM__*"},
           {R"({"starTreeIndexConfigs":[{"dimensionsSplitOrder":["a"],"functionColumnPairs":["SUM__m","sum__m"]}]})", "Duplicate function column pair: sum__m"},
           {R"({"bloomFilterConfigs":{"a":{"fpp":1.5}}})", "Invalid fpp (false positive probability): 1.5"}}) {
    EXPECT_NE(parsed(indexing).status().message().find(message), std::string::npos) << indexing << ": " << parsed(indexing).status().message();
  }
  Result<SchemaConfig> schema = parse_schema_config(kTrades);
  for (const auto& [indexing, message] : std::vector<std::pair<const char*, const char*>>{
           {R"({"starTreeIndexConfigs":[{"dimensionsSplitOrder":["nope"],"functionColumnPairs":["COUNT__*"]}]})",
            "Failed to find dimension column: nope specified in star-tree index config in schema"},
           {R"({"starTreeIndexConfigs":[{"dimensionsSplitOrder":["many"],"functionColumnPairs":["COUNT__*"]}]})",
            "Star-tree dimension columns must be single-value, but found multi-value column: many"},
           {R"({"noDictionaryColumns":["a"],"starTreeIndexConfigs":[{"dimensionsSplitOrder":["a"],"functionColumnPairs":["COUNT__*"]}]})",
            "Cannot create star-tree index on dimension column: a without dictionary"},
           {R"({"starTreeIndexConfigs":[{"dimensionsSplitOrder":["a"],"functionColumnPairs":["SUM__x"]}]})",
            "Failed to find column: x specified in star-tree index config in schema"},
           {R"({"starTreeIndexConfigs":[{"dimensionsSplitOrder":["a"],"functionColumnPairs":["SUM__b"]}]})", "Cannot create star-tree index with sum__b"},
           {R"({"bloomFilterColumns":["yes"]})", "Cannot create bloom filter on BOOLEAN column: yes"},
           {R"({"noDictionaryColumns":["b"],"rangeIndexColumns":["b"]})", "Cannot create range index on non-numeric column: b without dictionary"}}) {
    Result<TableConfig> table = parsed(indexing);
    ASSERT_TRUE(table.ok()) << table.status().message();
    EXPECT_NE(check_table_config(*table, *schema->schema).message().find(message), std::string::npos) << check_table_config(*table, *schema->schema).message();
    table->upsert.mode = KeyMode::kUpsert;
    if (table->indexes.star_trees.empty()) continue;
    EXPECT_NE(check_table_config(*table, *schema->schema).message().find("The upsert table cannot have star-tree index."), std::string::npos);
  }
}

TEST(TableConfig, UnknownKeysAreReportedAsPinotReportsThem) {
  Result<TableConfig> table = parse_table_config(offline(R"(,"tableIndexConfig":{"bar":2},"foo":{"a":1})"), 0);
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(Json::parse(table->unrecognized), Json::parse(R"({"/tableIndexConfig/bar":2,"/foo/a":1})"));
}

TEST(TableConfig, WhatWouldChangeAnswersIsRefusedAllAtOnce) {
  const std::string message = parse_table_config(offline(R"(,"upsertConfig":{"mode":"FULL"},
      "ingestionConfig":{"aggregationConfigs":[{"columnName":"a"}]},"segmentsConfig":{"retentionTimeUnit":"DAYS"})"), 0).status().message();
  for (const char* part : {"upsertConfig", "aggregationConfigs", "retentionTimeUnit and retentionTimeValue"}) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
}

TEST(TableConfig, DimensionTablesAreOfflineAndHaveKeys) {
  Result<TableConfig> table = parse_table_config(offline(R"(,"isDimTable":true,"dimensionTableConfig":{"errorOnDuplicatePrimaryKey":true})"), 0);
  ASSERT_TRUE(table.ok()) << table.status().message();
  EXPECT_TRUE(table->dimension && table->unique_keys);
  EXPECT_EQ(Json::parse(table->stored)["isDimTable"], true);
  EXPECT_FALSE(parse_table_config(offline(""), 0)->dimension);
  TableSchema schema;
  EXPECT_NE(check_table_config(*table, schema).message().find("Dimension table must have primary key[s]"), std::string::npos);
}

TEST(StreamConfig, FlushThresholdsFollowTheConfigAndShareRowsBetweenPartitions) {
  std::vector<std::string> problems;
  const std::map<std::string, std::string> base = {{"streamType", "kafka"}, {"stream.kafka.topic.name", "t"}, {"stream.kafka.broker.list", "b:1"},
      {"stream.kafka.decoder.class.name", "org.apache.pinot.plugin.inputformat.json.JSONMessageDecoder"}};
  auto with = [&](std::map<std::string, std::string> more) {
    more.insert(base.begin(), base.end());
    return read_stream_config(more, 1'700'000'000'000, problems);
  };
  EXPECT_EQ(with({}).rows_per_segment(4), 1'250'000);
  EXPECT_EQ(with({}).bytes_per_segment(4), 16 << 20);
  EXPECT_EQ(with({{"realtime.segment.flush.threshold.rows", "1000"}, {"realtime.segment.flush.threshold.time", "1h"}}).rows_per_segment(2), 500);
  EXPECT_EQ(with({{"realtime.segment.flush.threshold.time", "90000"}}).flush_time_ms, 90'000);
  EXPECT_EQ(with({{"realtime.segment.flush.threshold.segment.rows", "7"}}).rows_per_segment(2), 7);
  EXPECT_EQ(with({{"realtime.segment.flush.threshold.segment.size", "1.5M"}}).bytes_per_segment(9), 3 << 19);
  EXPECT_EQ(with({{"stream.kafka.consumer.prop.auto.offset.reset", "smallest"}}).criteria.kind, OffsetCriteria::Kind::kSmallest);
  EXPECT_EQ(with({{"stream.kafka.consumer.prop.auto.offset.reset", "2d"}}).criteria.at_ms, 1'700'000'000'000 - 172'800'000);
  EXPECT_EQ(with({{"stream.kafka.consumer.prop.auto.offset.reset", "2023-01-01T00:00:00Z"}}).criteria.at_ms, 1'672'531'200'000);
  EXPECT_EQ(with({{"security.protocol", "SSL"}, {"stream.kafka.isolation.level", "read_committed"}}).kafka_properties.size(), 2u);
  EXPECT_TRUE(problems.empty()) << problems[0];
  with({{"stream.kafka.decoder.class.name", "x"}, {"realtime.segment.flush.threshold.rows", "many"}});
  EXPECT_EQ(problems.size(), 2u);
}

TEST(TimeFormat, ReadsPinotsFormats) {
  auto millis = [](const char* format, const char* value) { return TimeFormat::parse(format)->to_millis(std::string_view(value)); };
  EXPECT_EQ(millis("1:MILLISECONDS:EPOCH", "1700000000000"), 1'700'000'000'000);
  EXPECT_EQ(millis("EPOCH|SECONDS|1", "1700000000"), 1'700'000'000'000);
  EXPECT_EQ(millis("1:DAYS:EPOCH", "16071"), 16071LL * 86'400'000);
  EXPECT_EQ(millis("EPOCH|MINUTES|15", "4"), 3'600'000);
  EXPECT_EQ(millis("TIMESTAMP", "12"), 12);
  EXPECT_EQ(millis("SIMPLE_DATE_FORMAT|yyyy-MM-dd", "1970-01-02"), 86'400'000);
  EXPECT_EQ(millis("1:DAYS:SIMPLE_DATE_FORMAT:yyyyMMdd", "20231114"), 1'699'920'000'000);
  EXPECT_EQ(millis("SIMPLE_DATE_FORMAT|yyyy-MM-dd'T'HH:mm:ssZ", "2023-11-14T22:13:20+0100"), 1'699'996'400'000);
  EXPECT_FALSE(millis("SIMPLE_DATE_FORMAT|yyyy-MM-dd", "1970-13-02"));
  EXPECT_FALSE(millis("1:DAYS:EPOCH", "9223372036854775807"));
  EXPECT_EQ(TimeFormat::parse("1:DAYS:SIMPLE_DATE_FORMAT:yyyyMMdd")->from_millis(1'699'920'000'000), "20231114");
  EXPECT_EQ(TimeFormat::parse("1:HOURS:EPOCH")->from_millis(7'300'000), "2");
  for (const char* bad : {"", "1:MILLIS:EPOCH", "x", "EPOCH|DAYS|0", "1:DAYS:NOPE"}) EXPECT_FALSE(TimeFormat::parse(bad).ok()) << bad;
}

}  // namespace
}  // namespace bywash::analytics
