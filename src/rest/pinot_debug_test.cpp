// What Pinot's controller shows for finding faults: shapes and words of DebugResource, TableTierReader, PinotSegmentRestletResource 1.5.1.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "rest/pinot_fixture_test.h"

namespace bywash::rest {
namespace {

using Json = nlohmann::json;

class PinotDebug : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(pinot_.ask("POST", "/schemas", R"({"schemaName": "t", "dimensionFieldSpecs": [{"name": "k", "dataType": "STRING"}]})").status, 200);
    ASSERT_EQ(pinot_.ask("POST", "/tables", R"({"tableName": "t", "tableType": "OFFLINE", "segmentsConfig": {"replication": "1"}, "tenants": {}, "tableIndexConfig": {}, "metadata": {}})").status, 200);
    ASSERT_EQ(pinot_.ask("POST", "/ingestFromFile?tableNameWithType=t_OFFLINE&batchConfigMapStr=%7B%22inputFormat%22%3A%22json%22%7D", R"({"k": "a"})").status, 200);
    segment_ = get("/segments/t")[0]["OFFLINE"][0];
  }
  Json get(const std::string& target) {
    HttpResponse answer = pinot_.ask("GET", target);
    EXPECT_EQ(answer.status, 200) << target << ": " << answer.body;
    return Json::parse(answer.body);
  }

  testing::PinotFixture pinot_;
  std::string segment_;
};

TEST_F(PinotDebug, ChecksumsTellContentFromContent) {
  const Json sums = get("/segments/t/crc");
  ASSERT_EQ(sums.size(), 1u);
  EXPECT_FALSE(sums[segment_].get<std::string>().empty());
  ASSERT_EQ(pinot_.ask("POST", "/ingestFromFile?tableNameWithType=t_OFFLINE&batchConfigMapStr=%7B%22inputFormat%22%3A%22json%22%7D", R"({"k": "b"})").status, 200);
  const Json more = get("/segments/t/crc");
  ASSERT_EQ(more.size(), 2u);
  EXPECT_EQ(more[segment_], sums[segment_]);
  EXPECT_NE(more.begin().value(), std::next(more.begin()).value());
  EXPECT_EQ(pinot_.ask("GET", "/segments/none/crc").status, 404);
}

TEST_F(PinotDebug, TiersAndLineageOfSegments) {
  EXPECT_EQ(get("/segments/t/tiers?type=OFFLINE"), Json::parse(R"({"tableName": "t_OFFLINE", "segmentTiers": {")" + segment_ + R"(": {"Server_localhost_8098": null}}})"));
  EXPECT_EQ(get("/segments/t/" + segment_ + "/tiers?type=OFFLINE")["segmentTiers"].size(), 1u);
  EXPECT_EQ(pinot_.ask("GET", "/segments/t/none/tiers?type=OFFLINE").status, 404);
  EXPECT_EQ(pinot_.ask("GET", "/segments/t/tiers").status, 400);
  EXPECT_EQ(pinot_.ask("GET", "/segments/t/lineage?type=OFFLINE").body, "");
  EXPECT_NE(pinot_.ask("GET", "/segments/t/lineage").body.find("Table type should either be offline or realtime"), std::string::npos);
}

TEST_F(PinotDebug, ATablesAge) {
  const std::string made = get("/tables/t/stats")["OFFLINE"]["creationTime"];
  EXPECT_EQ(made.size(), 16u) << made;
  EXPECT_TRUE(made.starts_with("20") && made[8] == 'T' && made[15] == 'Z') << made;
  EXPECT_EQ(get("/tables/t/stats?type=REALTIME"), Json::object());
}

TEST_F(PinotDebug, ShowsSegmentsThatHaveErrors) {
  Json body = get("/debug/tables/t");
  ASSERT_EQ(body.size(), 1u);
  EXPECT_EQ(body[0]["tableName"], "t_OFFLINE");
  EXPECT_EQ(body[0]["numSegments"], 1);
  EXPECT_EQ(body[0]["segmentDebugInfos"], Json::array());
  EXPECT_EQ(body[0]["ingestionStatus"]["ingestionState"], "HEALTHY");
  EXPECT_EQ(get("/debug/tables/t?verbosity=1")[0]["segmentDebugInfos"][0]["segmentName"], segment_);
  EXPECT_EQ(get("/debug/segments/t_OFFLINE/" + segment_)["serverState"]["Server_localhost_8098"]["externalView"], "ONLINE");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(pinot_.folder)) {
    if (entry.path().extension() == ".seg") std::filesystem::resize_file(entry.path(), 20);
  }
  pinot_.restart();
  body = get("/debug/tables/t");
  EXPECT_EQ(body[0]["segmentDebugInfos"][0]["serverState"]["Server_localhost_8098"]["externalView"], "ERROR");
  EXPECT_EQ(body[0]["serverDebugInfos"][0]["numErrors"], 1);
  EXPECT_EQ(pinot_.ask("GET", "/debug/tables/none").status, 404);
  EXPECT_EQ(pinot_.ask("GET", "/debug/segments/t_OFFLINE/none").status, 404);
}

TEST_F(PinotDebug, TypesOfFields) {
  const Json types = get("/schemas/fieldSpec");
  EXPECT_EQ(types["fieldTypes"]["METRIC"]["allowedDataTypes"]["LONG"]["nullDefault"], 0);
  EXPECT_EQ(types["fieldTypes"]["DATE_TIME"]["allowedDataTypes"].size(), 10u);
  EXPECT_EQ(types["dataTypes"]["TIMESTAMP"]["storedType"], "LONG");
}

}  // namespace
}  // namespace bywash::rest
