// What a hand-over makes of a table's folder: documents, files of history, the job. Unit tests.
#include "analytics/table/hand_over.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "analytics/table/column_text.h"
#include "analytics/table/instance.h"
#include "analytics/table/test_folder.h"
#include "formats/parquet/parquet_file_reader.h"

namespace bywash::analytics {
namespace {

constexpr int64_t kHour = 3'600'000;
constexpr int64_t kBase = 20'000 * 24 * kHour;

std::unique_ptr<Instance> instance_in(const std::string& folder) {
  InstanceOptions options;
  options.data_dir = folder;
  options.now_ms = [] { return kBase + 1000 * kHour; };
  options.consumers = [](kafka::ConsumerOptions) -> Result<std::unique_ptr<kafka::Consumer>> { return Status::retriable("no broker in this test"); };
  return *Instance::start(std::move(options));
}

IngestFile file_of(std::string text) {
  IngestFile out;
  out.read = [text = std::move(text)] { return Result<std::string>(text); };
  return out;
}

std::vector<nlohmann::json> rows_of(const std::string& parquet) {
  std::vector<nlohmann::json> out;
  auto reader = formats::ParquetFileReader::open(parquet);
  EXPECT_TRUE(reader.ok());
  while (true) {
    auto column = (*reader)->next();
    EXPECT_TRUE(column.ok());
    if (!*column) return out;
    auto rows = ColumnText::make(**column);
    for (int64_t i = 0; i < rows->row_count(); ++i) {
      std::string text;
      EXPECT_TRUE(rows->append(i, &text).ok());
      out.push_back(nlohmann::json::parse(text));
    }
  }
}

const char* const kEveryType = R"({"schemaName":"t","dimensionFieldSpecs":[{"name":"i","dataType":"INT"},{"name":"l","dataType":"LONG"},{"name":"s","dataType":"STRING"},
  {"name":"j","dataType":"JSON"},{"name":"b","dataType":"BYTES"},{"name":"f","dataType":"BOOLEAN"},{"name":"m","dataType":"STRING","singleValueField":false},
  {"name":"n","dataType":"INT","singleValueField":false}],
  "metricFieldSpecs":[{"name":"x","dataType":"FLOAT"},{"name":"y","dataType":"DOUBLE"},{"name":"d","dataType":"BIG_DECIMAL"}],
  "dateTimeFieldSpecs":[{"name":"at","dataType":"TIMESTAMP","format":"TIMESTAMP","granularity":"1:MILLISECONDS"}]})";

TEST(HandOver, GivesEveryRowOfAnOfflineTableWithItsTypes) {
  TestFolder folder;
  auto instance = instance_in(folder.path());
  ASSERT_TRUE(instance->put_schema(kEveryType).ok());
  ASSERT_TRUE(instance->add_table(R"({"tableName":"t","tableType":"OFFLINE","segmentsConfig":{"timeColumnName":"at","replication":"1"}})").ok());
  IngestResult result;
  ASSERT_TRUE(instance->tables("t")[0]->ingest({file_of(fmt::format(R"({{"i":-5,"l":4611686018427387904,"s":"Zürich","j":{{"a":1}},"b":"00ff","f":true,"m":["p","q"],"n":[1,2,3],"x":1.5,"y":-0.25,"d":"12.50","at":{}}}
{{"i":7}})", kBase))}, &result).ok());
  auto plan = plan_hand_over(folder.path(), "t");
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_EQ(nlohmann::json::parse(plan->schema)["schemaName"], "t");
  EXPECT_FALSE(plan->realtime);
  EXPECT_EQ(nlohmann::json::parse(*plan->offline)["tableName"], "t_OFFLINE");
  ASSERT_EQ(plan->history.size(), 1u);
  auto bytes = history_file(*plan, plan->history[0]);
  ASSERT_TRUE(bytes.ok()) << bytes.status().message();
  const std::vector<nlohmann::json> rows = rows_of(*bytes);
  ASSERT_EQ(rows.size(), 2u);
  const nlohmann::json wanted = {{"i", -5}, {"l", 4611686018427387904}, {"s", "Zürich"}, {"j", "{\"a\":1}"}, {"b", "00ff"}, {"f", true},
                                 {"m", {"p", "q"}}, {"n", {1, 2, 3}}, {"x", 1.5}, {"y", -0.25}, {"d", "12.5"}, {"at", kBase}};
  for (const auto& [name, value] : wanted.items()) EXPECT_EQ(rows[0][name], value) << name;
  EXPECT_EQ(rows[1]["i"], 7);
  EXPECT_TRUE(rows[1]["s"].is_null());
  EXPECT_TRUE(rows[1]["y"].is_null());
}

const char* const kPlain = R"({"schemaName":"t","dimensionFieldSpecs":[{"name":"i","dataType":"INT"}],
  "dateTimeFieldSpecs":[{"name":"at","dataType":"LONG","format":"1:MILLISECONDS:EPOCH","granularity":"1:HOURS"}]})";
const char* const kRealtime = R"json({"tableName":"t","tableType":"REALTIME","segmentsConfig":{"timeColumnName":"at","replication":"1"},"tableIndexConfig":{},
  "ingestionConfig":{"transformConfigs":[{"columnName":"i","transformFunction":"plus(i, 1)"}],"streamIngestionConfig":{"streamConfigMaps":[
  {"streamType":"kafka","stream.kafka.topic.name":"x","stream.kafka.broker.list":"h:1",
   "stream.kafka.decoder.class.name":"org.apache.pinot.plugin.inputformat.json.JSONMessageDecoder"}]}}})json";

std::string begins_at(const HandOver& plan) {
  return nlohmann::json::parse(*plan.realtime)["ingestionConfig"]["streamIngestionConfig"]["streamConfigMaps"][0]["stream.kafka.consumer.prop.auto.offset.reset"];
}

TEST(HandOver, OfAHybridTableCutsAtItsBoundaryAndBeginsTheTopicBefore) {
  TestFolder folder;
  auto instance = instance_in(folder.path());
  ASSERT_TRUE(instance->put_schema(kPlain).ok());
  ASSERT_TRUE(instance->add_table(R"({"tableName":"t","tableType":"OFFLINE","segmentsConfig":{"timeColumnName":"at","replication":"1"}})").ok());
  ASSERT_TRUE(instance->add_table(kRealtime).ok());
  std::string text;
  for (int64_t hour = 0; hour < 48; ++hour) text += fmt::format("{{\"i\":{},\"at\":{}}}\n", hour, kBase + hour * kHour);
  IngestResult result;
  ASSERT_TRUE(instance->tables("t", "OFFLINE")[0]->ingest({file_of(text)}, &result).ok());
  auto plan = plan_hand_over(folder.path(), "t");
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_TRUE(plan->offline && plan->realtime);
  auto bytes = history_file(*plan, plan->history.at(0));
  ASSERT_TRUE(bytes.ok());
  // The newest is hour 47, the boundary hour 23: what is past it is the topic's.
  EXPECT_EQ(rows_of(*bytes).size(), 24u);
  EXPECT_EQ(begins_at(*plan), "2024-10-04T22:00:00Z");
  EXPECT_FALSE(plan->notes.empty());
}

TEST(HandOver, WithoutHistoryTheTopicIsReadFromItsStart) {
  TestFolder folder;
  auto instance = instance_in(folder.path());
  ASSERT_TRUE(instance->put_schema(kPlain).ok());
  ASSERT_TRUE(instance->add_table(kRealtime).ok());
  auto plan = plan_hand_over(folder.path(), "t");
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_FALSE(plan->offline);
  EXPECT_EQ(begins_at(*plan), "smallest");
  EXPECT_NE(plan->notes.at(0).find("nothing of it is committed yet"), std::string::npos);
  EXPECT_EQ(plan_hand_over(folder.path(), "u").status().code(), Code::kNotFound);
  EXPECT_EQ(plan_hand_over(folder.path(), "../t").status().code(), Code::kInvalid);
}

TEST(HandOver, WritesAJobSpec) {
  HandOver plan;
  plan.table = "it's";
  const std::string spec = batch_job_spec(plan, {"http://pinot:9000", "s3://lake/input/", "s3://lake/segments/", "eu-central-1"});
  for (const char* line : {"jobType: SegmentCreationAndTarPush", "inputDirURI: 's3://lake/input/'", "outputDirURI: 's3://lake/segments/'", "region: 'eu-central-1'",
                           "  tableName: 'it''s'", "  - controllerURI: 'http://pinot:9000'", "dataFormat: 'parquet'",
                           "segmentTarPushJobRunnerClassName: 'org.apache.pinot.plugin.ingestion.batch.standalone.SegmentTarPushJobRunner'"}) {
    EXPECT_NE(spec.find(line), std::string::npos) << line;
  }
}

}  // namespace
}  // namespace bywash::analytics
