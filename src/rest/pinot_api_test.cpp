// Pinot's endpoints against the answers recorded from Apache Pinot 1.5.1 (tests/conformance/pinot/rest.json), and queries. Unit tests.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "rest/pinot_fixture_test.h"

namespace bywash::rest {
namespace {

using nlohmann::json;

using Fixture = testing::PinotFixture;

TEST(PinotApi, AnswersAsRecordedFromPinot) {
  std::ifstream file("tests/conformance/pinot/rest.json");
  const json recorded = json::parse(file);
  Fixture f;
  for (const json& step : recorded["steps"]) {
    const std::string where = step["method"].get<std::string>() + " " + step["path"].get<std::string>();
    std::string body;
    if (step.contains("body")) body = step["body"].is_string() ? step["body"].get<std::string>() : step["body"].dump();
    const HttpResponse answer = f.ask(step["method"], step["path"], body);
    EXPECT_EQ(answer.status, step["status"].get<int>()) << where << ": " << answer.body;
    if (step.contains("contains")) {
      const std::string text = json::accept(answer.body) && json::parse(answer.body).contains("error") ? json::parse(answer.body)["error"].get<std::string>() : answer.body;
      EXPECT_NE(text.find(step["contains"].get<std::string>()), std::string::npos) << where << ": " << answer.body;
    } else if (step["equals"].is_string()) {
      EXPECT_EQ(answer.body, step["equals"].get<std::string>()) << where;
    } else {
      EXPECT_EQ(json::parse(answer.body), step["equals"]) << where;
    }
  }
}

const char* const kSchema = R"({"schemaName":"s","dimensionFieldSpecs":[{"name":"id","dataType":"INT"}]})";
const char* const kTable = R"({"tableName":"s","tableType":"OFFLINE","tenants":{},"segmentsConfig":{"replication":"1"}})";

TEST(PinotApi, AFileIsIngestedAndQueriedOnBothPorts) {
  Fixture f;
  ASSERT_EQ(f.ask("POST", "/schemas", kSchema).status, 200);
  ASSERT_EQ(f.ask("POST", "/tables", kTable).status, 200);
  const std::string target = "/ingestFromFile?tableNameWithType=s_OFFLINE&batchConfigMapStr=%7B%22inputFormat%22%3A%22json%22%7D";
  HttpRequest multipart = Fixture::request("POST", target,
      "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n{\"id\":1}\n{\"id\":2}\n\r\n--b--\r\n");
  multipart.headers["content-type"] = "multipart/form-data; boundary=\"b\"";
  HttpResponse answer = f.api->controller(multipart);
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_NE(answer.body.find("Successfully ingested file into table: s_OFFLINE as segment: s_"), std::string::npos);
  answer = f.ask("POST", "/ingestFromFile?tableNameWithType=s_OFFLINE&batchConfigMapStr=%7B%22inputFormat%22%3A%22csv%22%7D", "id\n3\n4\n");
  EXPECT_EQ(answer.status, 200) << answer.body;
  for (const HttpResponse& found : {f.sql("SELECT COUNT(*), SUM(id) FROM s"), f.ask("GET", "/sql?sql=SELECT%20COUNT(*),+SUM(id)%20FROM%20s")}) {
    EXPECT_EQ(json::parse(found.body)["resultTable"]["rows"], json::parse("[[4,10.0]]")) << found.body;
    EXPECT_EQ(found.headers.at(0), (std::pair<std::string, std::string>("X-Pinot-Error-Code", "-1")));
  }
  EXPECT_EQ(json::parse(f.ask("GET", "/tables/s/metadata?columns=*").body)["numRows"], 4);
  EXPECT_EQ(json::parse(f.ask("GET", "/segments/s").body)[0]["OFFLINE"].size(), 2u);
  EXPECT_EQ(json::parse(f.ask("GET", "/segments/s_OFFLINE/needReload").body)["needReload"], false);
  const json reloaded = json::parse(json::parse(f.ask("POST", "/segments/s/reload").body)["status"].get<std::string>());
  const json job = json::parse(f.ask("GET", "/segments/segmentReloadStatus/" + reloaded["s_OFFLINE"]["reloadJobId"].get<std::string>()).body);
  EXPECT_EQ(job["status"], "COMPLETED");
  EXPECT_EQ(job["totalSegmentCount"], 2);
  EXPECT_EQ(job["successCount"], 2);
  const std::string one = json::parse(f.ask("GET", "/segments/s").body)[0]["OFFLINE"][0];
  EXPECT_NE(f.ask("POST", "/segments/s/" + one + "/reload").body.find("Submitted reload job id: "), std::string::npos);
  EXPECT_EQ(f.ask("POST", "/segments/s/nope/reload").status, 404);
  EXPECT_EQ(f.ask("POST", "/segments/nope/reload").status, 404);
  EXPECT_EQ(f.ask("GET", "/segments/segmentReloadStatus/nope").status, 404);
  EXPECT_EQ(f.ask("DELETE", "/segments/s").status, 200);
  EXPECT_EQ(json::parse(f.sql("SELECT COUNT(*) FROM s").body)["resultTable"]["rows"], json::parse("[[0]]"));
}

// A table gets indexes over documents while it is served: segments are written anew in the background.
TEST(PinotApi, IndexesOverDocumentsComeOnALiveTable) {
  Fixture f;
  f.ask("POST", "/schemas", R"({"schemaName":"s","dimensionFieldSpecs":[{"name":"doc","dataType":"JSON"},{"name":"note","dataType":"STRING"},{"name":"key","dataType":"STRING"}]})");
  ASSERT_EQ(f.ask("POST", "/tables", kTable).status, 200);
  ASSERT_EQ(f.ask("POST", "/ingestFromFile?tableNameWithType=s_OFFLINE",
                  "{\"doc\":{\"a\":1,\"b\":2},\"note\":\"one fox\",\"key\":\"x\"}\n{\"doc\":{\"a\":2},\"note\":\"two\",\"key\":\"x\"}\n").status, 200);
  const std::string query = "SELECT note FROM s WHERE JSON_MATCH(doc, '\"$.a\"=1') AND TEXT_MATCH(note, 'fox')";
  const std::string by_b = "SELECT COUNT(*) FROM s WHERE JSON_MATCH(doc, '\"$.b\"=2')";
  EXPECT_EQ(f.sql("EXPLAIN PLAN FOR " + query).body.find("FILTER_JSON_INDEX"), std::string::npos);
  EXPECT_EQ(json::parse(f.sql(by_b).body)["resultTable"]["rows"], json::parse("[[1]]"));
  const std::string config = R"({"tableName":"s","tableType":"OFFLINE","tenants":{},"segmentsConfig":{"replication":"1"},"routing":{"segmentPrunerTypes":["partition"]},
    "tableIndexConfig":{"jsonIndexConfigs":{"doc":{"excludeFields":["b"]}},"segmentPartitionConfig":{"columnPartitionMap":{"key":{"functionName":"Murmur","numPartitions":64}}}},
    "fieldConfigList":[{"name":"note","encodingType":"RAW","indexTypes":["TEXT"]}]})";
  const HttpResponse updated = f.ask("PUT", "/tables/s", config);
  ASSERT_EQ(updated.status, 200) << updated.body;
  EXPECT_FALSE(json::parse(updated.body).contains("warnings")) << updated.body;
  std::string plan;
  for (int i = 0; i < 3000 && plan.find("FILTER_TEXT_INDEX") == std::string::npos; ++i) {
    plan = f.sql("EXPLAIN PLAN FOR " + query).body;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_NE(plan.find("FILTER_JSON_INDEX(indexLookUp:json_index"), std::string::npos) << plan;
  EXPECT_EQ(json::parse(f.sql(query).body)["resultTable"]["rows"], json::parse("[[\"one fox\"]]"));
  EXPECT_EQ(json::parse(f.sql(by_b).body)["resultTable"]["rows"], json::parse("[[0]]"));  // what is left out is not found, as in Pinot
  const json pruned = json::parse(f.sql("SELECT COUNT(*) FROM s WHERE key = 'y'").body);
  EXPECT_EQ(pruned["resultTable"]["rows"], json::parse("[[0]]"));
  EXPECT_EQ(pruned["numSegmentsPrunedByBroker"], 1);
  EXPECT_EQ(pruned["numSegmentsQueried"], 0);
  for (const char* wrong : {R"("jsonIndexColumns":["nope"])", R"("jsonIndexConfigs":{"doc":{"includePaths":["$.a"],"excludePaths":["$.b"]}})",
                            R"("segmentPartitionConfig":{"columnPartitionMap":{"key":{"functionName":"Nope","numPartitions":2}}})"}) {
    EXPECT_EQ(f.ask("PUT", "/tables/s", std::string(R"({"tableName":"s","tableType":"OFFLINE","tenants":{},"segmentsConfig":{"replication":"1"},"tableIndexConfig":{)") + wrong + "}}").status, 400) << wrong;
  }
}

TEST(PinotApi, SegmentsAreShownAsAClusterShowsThem) {
  Fixture f;
  f.ask("POST", "/schemas", R"({"schemaName":"s","dimensionFieldSpecs":[{"name":"id","dataType":"INT"}],
    "dateTimeFieldSpecs":[{"name":"d","dataType":"INT","format":"1:DAYS:EPOCH","granularity":"1:DAYS"}]})");
  f.ask("POST", "/tables", R"({"tableName":"s","tableType":"OFFLINE","tenants":{},"segmentsConfig":{"replication":"1","timeColumnName":"d"}})");
  ASSERT_EQ(f.ask("POST", "/ingestFromFile?tableNameWithType=s_OFFLINE", "{\"id\":1,\"d\":20000}\n{\"id\":2,\"d\":20001}\n").status, 200);
  const std::string name = json::parse(f.ask("GET", "/segments/s").body)[0]["OFFLINE"][0];
  const json metadata = json::parse(f.ask("GET", "/segments/s/metadata?columns=id").body);
  EXPECT_EQ(metadata[name]["totalDocs"], 2);
  EXPECT_EQ(metadata[name]["startTimeMillis"], 20000 * 86'400'000LL);
  EXPECT_EQ(metadata[name]["endTimeMillis"], 20001 * 86'400'000LL);
  EXPECT_EQ(metadata[name]["columns"].size(), 1u);
  EXPECT_EQ(metadata[name]["columns"][0]["dataType"], "INT");
  EXPECT_EQ(json::parse(f.ask("GET", "/segments/s_OFFLINE/" + name + "/metadata").body)["segment.total.docs"], "2");
  EXPECT_EQ(json::parse(f.ask("GET", "/segments/s/zkmetadata").body)[name]["segment.end.time"], std::to_string(20001 * 86'400'000LL));
  EXPECT_EQ(json::parse(f.ask("GET", "/segments/s/servers").body), json::parse(R"([{"tableName":"s_OFFLINE","serverToSegmentsMap":{"Server_localhost_8098":[")" + name + R"("]}}])"));
  EXPECT_EQ(json::parse(f.ask("GET", "/tables/s/externalview").body), json::parse(R"({"OFFLINE":{")" + name + R"(":{"Server_localhost_8098":"ONLINE"}},"REALTIME":null})"));
  EXPECT_EQ(json::parse(f.ask("GET", "/tables/s/idealstate?tableType=OFFLINE").body)["OFFLINE"].size(), 1u);
  EXPECT_EQ(json::parse(f.ask("GET", "/tables/s/segmentsStatus").body), json::parse(R"([{"segmentName":")" + name + R"(","segmentStatus":"GOOD"}])"));
  EXPECT_EQ(json::parse(f.ask("GET", "/tables/s/status").body)["ingestionStatus"]["ingestionState"], "HEALTHY");
  EXPECT_EQ(json::parse(f.ask("GET", "/tables/s/instances").body)["server"][0]["instances"], json::parse(R"(["Server_localhost_8098"])"));
  EXPECT_EQ(f.ask("GET", "/segments/s/nope/metadata").status, 404);
  EXPECT_EQ(f.ask("GET", "/segments/nope/metadata").status, 404);
  EXPECT_EQ(f.ask("GET", "/tables/nope/externalview").status, 404);
  EXPECT_NE(f.ask("POST", "/segments", "x").body.find("does not begin as a gzip file"), std::string::npos);
}

TEST(PinotApi, NothingOfAFileIsTakenWhenARowIsNoObject) {
  Fixture f;
  f.ask("POST", "/schemas", kSchema);
  f.ask("POST", "/tables", kTable);
  const HttpResponse answer = f.ask("POST", "/ingestFromFile?tableNameWithType=s_OFFLINE", "{\"id\":1}\nnope\n");
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("Row 2"), std::string::npos);
  EXPECT_EQ(answer.body.find("nope"), std::string::npos);
  EXPECT_EQ(json::parse(f.sql("SELECT COUNT(*) FROM s").body)["resultTable"]["rows"], json::parse("[[0]]"));
  EXPECT_EQ(f.ask("POST", "/ingestFromFile?tableNameWithType=t_OFFLINE", "{}").status, 404);
}

// A folder as the S3 sink leaves it, and the same request again as it grows.
TEST(PinotApi, AFolderIsIngestedOnceWithTheColumnsOfItsPaths) {
  Fixture f;
  f.ask("POST", "/schemas", R"({"schemaName":"s","dimensionFieldSpecs":[{"name":"id","dataType":"INT"},{"name":"day","dataType":"STRING"},{"name":"hour","dataType":"INT"}]})");
  f.ask("POST", "/tables", kTable);
  const std::string folder = f.folder + "/topics";
  auto put = [&](const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(folder + path).parent_path());
    std::ofstream(folder + path, std::ios::binary) << text;
  };
  put("/day=2026-11-01/hour=07/t+0+0000000000.json", "{\"id\":1}\n{ }\n");
  put("/day=2026-11-01/hour=07/t+0+0000000000.keys.json", "\"key\"\n");
  put("/day=a%20b/hour=08/t+0+0000000002.csv", "id,hour\n3,9\n");
  put("/day=2026-11-01/hour=07/_hidden.json", "nope");
  const std::string ingest = "/ingestFromURI?tableNameWithType=s_OFFLINE&partitionColumns=true&onlyNew=true&sourceURIStr=" + folder;
  HttpResponse answer = f.ask("POST", ingest);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_NE(answer.body.find("Successfully ingested 2 files (3 rows) into table: s_OFFLINE as segments: s_"), std::string::npos) << answer.body;
  auto rows = [&] { return json::parse(f.sql("SELECT id, day, hour FROM s ORDER BY id LIMIT 100").body)["resultTable"]["rows"]; };
  EXPECT_EQ(rows(), json::parse(R"([[-2147483648,"2026-11-01",7],[1,"2026-11-01",7],[3,"a b",9]])"));
  EXPECT_NE(f.ask("POST", ingest).body.find("Nothing to ingest: all 2 files are in table s_OFFLINE already"), std::string::npos);
  put("/day=2026-11-02/hour=07/t+0+0000000003.json", "{\"id\":4}\n");
  put("/day=2026-11-03/hour=07/t+0+0000000004.json", "{\"id\":5}\nnope\n");
  answer = f.ask("POST", ingest);
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("Row 2 of the file is no JSON object"), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find("(1 files with 1 rows before it are in the table)"), std::string::npos) << answer.body;
  EXPECT_EQ(rows().size(), 4u);
  put("/day=2026-11-03/hour=07/t+0+0000000004.json", "{\"id\":5}\n");
  answer = f.ask("POST", ingest);
  EXPECT_NE(answer.body.find("; 3 files were in it already"), std::string::npos) << answer.body;
  EXPECT_EQ(rows().size(), 5u);
  // Without onlyNew each request ingests, as in Pinot; a file of another content under the same name is refused.
  EXPECT_EQ(f.ask("POST", "/ingestFromURI?tableNameWithType=s_OFFLINE&sourceURIStr=file://" + folder + "/day=2026-11-03").status, 200);
  EXPECT_EQ(rows().size(), 6u);
  put("/day=2026-11-02/hour=07/t+0+0000000003.json", "{\"id\":4}\n{\"id\":6}\n");
  EXPECT_EQ(f.ask("POST", ingest).status, 409);
  EXPECT_EQ(f.ask("POST", "/ingestFromURI?tableNameWithType=s_OFFLINE&sourceURIStr=/nowhere/at/all").status, 404);
  EXPECT_EQ(f.ask("POST", "/ingestFromURI?tableNameWithType=s_OFFLINE").status, 400);
}

TEST(PinotApi, QueryErrorsAreInTheBodyOrByWishInTheStatus) {
  Fixture f;
  HttpRequest unknown = Fixture::request("POST", "/query/sql", R"({"sql":"SELECT * FROM nope"})");
  EXPECT_EQ(f.api->broker(unknown).status, 200);
  EXPECT_EQ(json::parse(f.api->broker(unknown).body)["exceptions"][0]["errorCode"], 190);
  unknown.headers["pinot-use-http-status-for-errors"] = "true";
  EXPECT_EQ(f.api->broker(unknown).status, 404);
  const HttpResponse missing = f.api->broker(Fixture::request("POST", "/query/sql", R"({"pql":"x"})"));
  EXPECT_EQ(missing.status, 500);
  EXPECT_EQ(missing.body, "Payload is missing the query string field 'sql'");
  EXPECT_EQ(f.sql("SET timeoutMs='abc'; SELECT 1").body, "timeoutMs must be a number between 1 and 2^63-1, got: abc");
  EXPECT_EQ(f.api->broker(Fixture::request("POST", "/query/sql", "{")).status, 500);
}

TEST(PinotApi, BadRequestsAreAnsweredNeverCrash) {
  Fixture f;
  for (const char* body : {"", "[]", "null", "{}", "1", "{\"tableName\":5}", "{\"schemaName\":[]}", "{\"tableName\":\"../x\",\"tableType\":\"OFFLINE\"}",
                           "{\"schemaName\":\"a/b\",\"dimensionFieldSpecs\":[{\"name\":\"a\",\"dataType\":\"INT\"}]}", "{\"dimensionFieldSpecs\":{}}"}) {
    for (const char* path : {"/schemas", "/tables", "/tableConfigs", "/tables/validate", "/schemas/validate"}) {
      EXPECT_EQ(f.ask("POST", path, body).status, 400) << path << " " << body;
    }
  }
  EXPECT_EQ(f.ask("GET", "/nothing/here").status, 404);
  EXPECT_EQ(f.ask("PATCH", "/schemas").status, 405);
  EXPECT_EQ(f.ask("GET", "/tables/%zz").status, 400);
}

TEST(PinotApi, DimensionTablesServeLookup) {
  Fixture f;
  ASSERT_EQ(f.ask("POST", "/schemas", R"({"schemaName": "dim", "dimensionFieldSpecs": [{"name": "id", "dataType": "INT"}, {"name": "name", "dataType": "STRING"}], "primaryKeyColumns": ["id"]})").status, 200);
  ASSERT_EQ(f.ask("POST", "/schemas", R"({"schemaName": "fact", "dimensionFieldSpecs": [{"name": "k", "dataType": "LONG"}]})").status, 200);
  const std::string rest = R"("tableType": "OFFLINE", "segmentsConfig": {"replication": "1"}, "tenants": {}, "tableIndexConfig": {}, "metadata": {}})";
  EXPECT_NE(f.ask("POST", "/tables", R"({"tableName": "fact", "isDimTable": true, )" + rest).body.find("Dimension table must have primary key[s]"), std::string::npos);
  ASSERT_EQ(f.ask("POST", "/tables", R"({"tableName": "dim", "isDimTable": true, )" + rest).status, 200);
  ASSERT_EQ(f.ask("POST", "/tables", R"({"tableName": "fact", )" + rest).status, 200);
  const std::string target = "_OFFLINE&batchConfigMapStr=%7B%22inputFormat%22%3A%22json%22%7D";
  ASSERT_EQ(f.ask("POST", "/ingestFromFile?tableNameWithType=dim" + target, "{\"id\": 1, \"name\": \"one\"}\n{\"id\": 2, \"name\": \"two\"}").status, 200);
  ASSERT_EQ(f.ask("POST", "/ingestFromFile?tableNameWithType=fact" + target, "{\"k\": 2}\n{\"k\": 3}").status, 200);
  auto named = [&] { return json::parse(f.sql("SELECT LOOKUP('dim', 'name', 'id', k) FROM fact ORDER BY k").body)["resultTable"]["rows"].dump(); };
  EXPECT_EQ(named(), R"([["two"],["null"]])");
  ASSERT_EQ(f.ask("POST", "/ingestFromFile?tableNameWithType=dim" + target, "{\"id\": 3, \"name\": \"three\"}").status, 200);
  EXPECT_EQ(named(), R"([["two"],["three"]])");
}

TEST(PinotApi, TableConfigsCreateAllOrNothing) {
  Fixture f;
  const std::string good = std::string(R"({"tableName":"s","schema":)") + kSchema + R"(,"offline":)" + kTable + "}";
  const std::string bad = std::string(R"({"tableName":"s","schema":)") + kSchema + R"(,"offline":{"tableName":"s"}})";
  EXPECT_EQ(f.ask("POST", "/tableConfigs", bad).status, 400);
  EXPECT_EQ(f.ask("GET", "/schemas").body, "[]");
  EXPECT_EQ(f.ask("POST", "/tableConfigs", good).status, 200);
  EXPECT_EQ(f.ask("POST", "/tableConfigs", good).status, 409);
  EXPECT_TRUE(json::parse(f.ask("GET", "/tableConfigs/s").body).contains("offline"));
  EXPECT_EQ(f.ask("DELETE", "/tableConfigs/s").status, 200);
  EXPECT_EQ(f.ask("GET", "/schemas").body, "[]");
}

}  // namespace
}  // namespace bywash::rest
