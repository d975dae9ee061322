// Transforms, filters and complex types at ingestion, as the transformers of Apache Pinot 1.5.1 do them. Unit tests.
#include "analytics/table/record_shaping.h"

#include <gtest/gtest.h>

#include "analytics/table/schema_config.h"
#include "analytics/table/table_config.h"

namespace bywash::analytics {
namespace {

SchemaConfig shaping_schema() {
  return *parse_schema_config(R"({"schemaName":"s","dimensionFieldSpecs":[{"name":"id","dataType":"INT"},{"name":"city","dataType":"STRING"},
      {"name":"full","dataType":"STRING"},{"name":"day","dataType":"LONG"},{"name":"tags","dataType":"STRING","singleValueField":false}],
      "dateTimeFieldSpecs":[{"name":"at","dataType":"LONG","format":"1:MILLISECONDS:EPOCH","granularity":"1:DAYS"}]})");
}

struct Shaping {
  explicit Shaping(IngestionRules rules) : shaper(*RecordShaper::create(rules, *shaping_schema().schema)) {}
  // The rows, one a line, or what became of the record.
  std::string rows(std::string_view record) {
    std::vector<std::string> out;
    switch (shaper->shape(record, &out, &failed)) {
      case RecordShaper::Outcome::kRows: break;
      case RecordShaper::Outcome::kFiltered: return "filtered";
      case RecordShaper::Outcome::kTooManyRows: return "too many rows";
      default: return "no object";
    }
    std::string text;
    for (const std::string& row : out) text += (text.empty() ? "" : "\n") + row;
    return text;
  }
  std::unique_ptr<RecordShaper> shaper;
  int64_t failed = 0;
};

TEST(RecordShaping, TransformsFillColumnsThatTheRecordLacks) {
  IngestionRules rules;
  rules.transforms = {{"full", "CONCAT(first, last, ' ')"}, {"day", "toEpochDays(at)"}, {"city", "jsonPathString(addr, '$.city', 'none')"}, {"tags", "split(list, ',')"}};
  Shaping shaping(rules);
  EXPECT_EQ(shaping.rows(R"({"first":"Ada","last":"L","at":86400000,"addr":{"city":"Rome"},"list":"x,y"})"),
            R"({"first":"Ada","last":"L","at":86400000,"addr":{"city":"Rome"},"list":"x,y","full":"Ada L","day":1,"city":"Rome","tags":["x","y"]})");
  EXPECT_EQ(shaping.rows(R"({"full":"given","at":"172800000","addr":"{}"})"), R"({"full":"given","at":"172800000","addr":"{}","day":2,"city":"none"})");
  EXPECT_EQ(shaping.failed, 0);
  EXPECT_EQ(shaping.rows(R"({"at":"soon","full":"x","city":"y"})"), R"({"at":"soon","full":"x","city":"y"})");
  EXPECT_EQ(shaping.failed, 1);
  EXPECT_EQ(shaping.rows("[1]"), "no object");
  EXPECT_EQ(shaping.rows("{"), "no object");
}

TEST(RecordShaping, TheFilterLeavesOutWhatItHoldsFor) {
  IngestionRules rules;
  rules.filter = "city = 'x' OR id < 3";
  Shaping shaping(rules);
  EXPECT_EQ(shaping.rows(R"({"id":2,"city":"a"})"), "filtered");
  EXPECT_EQ(shaping.rows(R"({"id":7,"city":"x"})"), "filtered");
  EXPECT_EQ(shaping.rows(R"({"id":7,"city":"a"})"), R"({"id":7,"city":"a"})");
  EXPECT_EQ(shaping.rows(R"({"city":"a"})"), R"({"city":"a"})");
}

TEST(RecordShaping, ComplexTypesAreFlattenedAndUnnested) {
  IngestionRules rules;
  rules.complex_types = true;
  rules.fields_to_unnest = {"orders"};
  rules.prefixes_to_rename = {{"orders.", "o_"}};
  Shaping shaping(rules);
  EXPECT_EQ(shaping.rows(R"({"id":1,"who":{"name":"a","at":{"x":1}},"orders":[{"n":1},{"n":2,"items":[{"p":1}]}],"t":[1,2]})"),
            R"({"id":1,"who.name":"a","who.at.x":1,"t":[1,2],"o_n":1})" "\n"
            R"({"id":1,"who.name":"a","who.at.x":1,"t":[1,2],"o_n":2,"o_items":"[{\"p\":1}]"})");
  EXPECT_EQ(shaping.rows(R"({"id":1,"orders":[]})"), R"({"id":1,"orders":[]})");
  std::string many = R"({"orders":[0)";
  for (size_t i = 0; i < kUnnestedRowsMax; ++i) many += ",0";
  EXPECT_EQ(shaping.rows(many + "]}"), "too many rows");
}

TEST(RecordShaping, WhatIsNoFunctionIsRefusedByName) {
  IngestionRules rules;
  rules.transforms = {{"full", "Groovy({a + b}, a, b)"}, {"nope", "upper(city)"}, {"city", "frobnicate(x)"}};
  rules.filter = "upper(";
  const Status status = RecordShaper::create(rules, *shaping_schema().schema).status();
  EXPECT_NE(status.message().find("transform of column full: Groovy is not supported"), std::string::npos) << status.message();
  EXPECT_NE(status.message().find("The destination column 'nope' of the transform function must be present in the schema"), std::string::npos);
  EXPECT_NE(status.message().find("Unsupported function: frobnicate"), std::string::npos);
  EXPECT_NE(status.message().find("filterFunction: not a function"), std::string::npos);
}

TEST(RecordShaping, IsReadFromATablesConfig) {
  Result<TableConfig> config = parse_table_config(R"json({"tableName":"s","tableType":"OFFLINE","segmentsConfig":{"replication":"1"},"tenants":{},
      "ingestionConfig":{"transformConfigs":[{"columnName":"day","transformFunction":"toEpochDays(at)"}],"filterConfig":{"filterFunction":"id = 3"},
      "complexTypeConfig":{"fieldsToUnnest":["a"],"delimiter":"_","prefixesToRename":{"a_":"b_"}},
      "batchIngestionConfig":{"segmentIngestionFrequency":"HOURLY"}}})json", 0);
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_EQ(config->ingestion.transforms.at(0), (std::pair<std::string, std::string>("day", "toEpochDays(at)")));
  EXPECT_EQ(config->ingestion.filter, "id = 3");
  EXPECT_EQ(config->ingestion.delimiter, "_");
  EXPECT_EQ(config->ingestion.prefixes_to_rename.at("a_"), "b_");
  EXPECT_TRUE(config->hourly_push);
  EXPECT_TRUE(check_table_config(*config, *shaping_schema().schema).ok());
}

}  // namespace
}  // namespace bywash::analytics
