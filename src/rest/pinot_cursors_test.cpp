// Cursors, and what a cluster of one says of itself. Unit tests.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "rest/pinot_fixture_test.h"

namespace bywash::rest {
namespace {

using nlohmann::json;

struct TableFixture : testing::PinotFixture {
  TableFixture() {
    ask("POST", "/schemas", R"({"schemaName":"s","dimensionFieldSpecs":[{"name":"id","dataType":"INT"}],"dateTimeFieldSpecs":[{"name":"d","dataType":"INT","format":"1:DAYS:EPOCH","granularity":"1:DAYS"}]})");
    ask("POST", "/tables", R"({"tableName":"s","tableType":"OFFLINE","tenants":{},"segmentsConfig":{"replication":"1","timeColumnName":"d"}})");
    EXPECT_EQ(ask("POST", "/ingestFromFile?tableNameWithType=s_OFFLINE", "{\"id\":1,\"d\":10}\n{\"id\":2,\"d\":10}\n{\"id\":3,\"d\":11}\n").status, 200);
    EXPECT_EQ(ask("POST", "/ingestFromFile?tableNameWithType=s_OFFLINE", "{\"id\":4,\"d\":20}\n{\"id\":5,\"d\":21}\n").status, 200);
  }
  HttpResponse broker(const std::string& method, const std::string& target, std::string body = {}) { return api->broker(request(method, target, std::move(body))); }
};

TEST(PinotCursors, AnAnswerIsFetchedPageByPage) {
  TableFixture f;
  const std::string query = R"({"sql":"SELECT id FROM s ORDER BY id LIMIT 100"})";
  EXPECT_FALSE(f.api->quick_of_broker(testing::PinotFixture::request("POST", "/query/sql?getCursor=true&numRows=2", query)));
  const json first = json::parse(f.broker("POST", "/query/sql?getCursor=true&numRows=2", query).body);
  EXPECT_EQ(first["resultTable"]["rows"], json::parse("[[1],[2]]"));
  EXPECT_EQ(first["numRowsResultSet"], 5);
  EXPECT_EQ(first["numRows"], 2);
  EXPECT_EQ(first["offset"], 0);
  EXPECT_EQ(first["expirationTimeMs"].get<int64_t>() - first["submissionTimeMs"].get<int64_t>(), 3'600'000);
  const std::string store = "/responseStore/" + first["requestId"].get<std::string>();
  const json last = json::parse(f.broker("GET", store + "/results?offset=4&numRows=2").body);
  EXPECT_EQ(last["resultTable"]["rows"], json::parse("[[5]]"));
  EXPECT_EQ(last["numRows"], 1);
  EXPECT_EQ(json::parse(f.broker("GET", store).body)["numRowsResultSet"], 5);
  EXPECT_FALSE(json::parse(f.broker("GET", store).body).contains("resultTable"));
  EXPECT_EQ(json::parse(f.broker("GET", "/responseStore").body).size(), 1u);
  EXPECT_EQ(f.broker("GET", store + "/results?offset=5").status, 500);
  EXPECT_EQ(f.broker("GET", store + "/results?offset=x").status, 400);
  EXPECT_EQ(f.broker("DELETE", "/responseStore").body, "[]");  // none has expired
  EXPECT_EQ(f.broker("DELETE", store).status, 200);
  EXPECT_EQ(f.broker("GET", store + "/results").status, 404);
  const json none = json::parse(f.broker("POST", "/query/sql?getCursor=true", R"({"sql":"SELECT id FROM s WHERE id > 9"})").body);
  EXPECT_EQ(none["numRows"], 0);
  EXPECT_EQ(json::parse(f.broker("POST", "/query/sql?getCursor=true", R"({"sql":"SELECT nope FROM s"})").body)["exceptions"][0]["errorCode"], 710);
}

TEST(PinotCursors, AnswersExpireAndTheOldestGoWhenThereAreTooMany) {
  ResponseStore store;
  auto put = [&](int id, size_t bytes, int64_t now) {
    analytics::QueryResponse answer;
    answer.request_id = std::to_string(id);
    answer.table.rows = {{analytics::Cell{std::string(bytes, 'x')}}};
    return store.put(std::move(answer), now);
  };
  EXPECT_EQ(put(1, ResponseStore::kBytesMax + 1, 0), nullptr);
  ASSERT_NE(put(2, 10, 0), nullptr);
  EXPECT_NE(store.find("2", ResponseStore::kLifeMs - 1), nullptr);
  EXPECT_EQ(store.find("2", ResponseStore::kLifeMs), nullptr);
  const size_t half = ResponseStore::kBytesMax / 2 - 1000;
  for (int id = 3; id < 6; ++id) ASSERT_NE(put(id, half, 0), nullptr);
  EXPECT_EQ(store.find("3", 1), nullptr);
  EXPECT_NE(store.find("4", 1), nullptr);
  EXPECT_NE(store.find("5", 1), nullptr);
  EXPECT_EQ(store.find("x", 1), nullptr);
}

TEST(PinotCluster, ADisabledTableAnswersNothingUntilItIsEnabled) {
  TableFixture f;
  EXPECT_EQ(f.ask("GET", "/tables/s/state?type=OFFLINE").body, R"({"state":"enabled"})");
  EXPECT_EQ(f.ask("PUT", "/tables/s/state?type=OFFLINE&state=disable").body, R"({"status":"Request to disable table 's_OFFLINE' is successful"})");
  EXPECT_EQ(f.ask("GET", "/tables/s/state?type=OFFLINE").body, R"({"state":"disabled"})");
  const std::string query = R"({"sql":"SELECT COUNT(*) FROM s"})";
  EXPECT_EQ(json::parse(f.broker("POST", "/query/sql", query).body)["exceptions"][0]["errorCode"], 191);
  EXPECT_FALSE(f.api->quick_of_broker(testing::PinotFixture::request("POST", "/query/sql", query)));
  EXPECT_EQ(json::parse(f.broker("POST", "/query/sql", R"({"sql":"SELECT COUNT(*) FROM t"})").body)["exceptions"][0]["errorCode"], 190);
  f.restart();
  EXPECT_EQ(json::parse(f.broker("POST", "/query/sql", query).body)["exceptions"][0]["errorCode"], 191);
  EXPECT_EQ(f.ask("PUT", "/tables/s/state?type=OFFLINE&state=enable").status, 200);
  EXPECT_EQ(json::parse(f.broker("POST", "/query/sql", query).body)["resultTable"]["rows"], json::parse("[[5]]"));
  f.restart();
  EXPECT_EQ(json::parse(f.broker("POST", "/query/sql", query).body)["resultTable"]["rows"], json::parse("[[5]]"));
  EXPECT_EQ(f.ask("PUT", "/tables/s/state?type=OFFLINE&state=burn").status, 400);
  EXPECT_EQ(f.ask("PUT", "/tables/s/state?type=REALTIME&state=disable").status, 404);
  EXPECT_EQ(f.ask("PUT", "/tables/s/state?state=disable").status, 400);
}

TEST(PinotCluster, SaysWhatOneOfOneSays) {
  TableFixture f;
  auto get = [&](const std::string& target) { return json::parse(f.ask("GET", target).body); };
  EXPECT_EQ(get("/instances/Server_localhost_8098")["port"], "8098");
  EXPECT_EQ(f.ask("GET", "/instances/nope").status, 404);
  EXPECT_EQ(get("/liveinstances")["instances"].size(), 3u);
  EXPECT_EQ(get("/tenants/DefaultTenant")["BrokerInstances"], json::parse(R"(["Broker_localhost_8099"])"));
  EXPECT_EQ(get("/tenants/DefaultTenant/tables")["tables"], json::parse(R"(["s_OFFLINE"])"));
  EXPECT_EQ(get("/v2/brokers/tenants/DefaultTenant")[0]["port"], 8099);
  EXPECT_EQ(get("/brokers/tenants")["DefaultTenant"][0], "Broker_localhost_8099");
  EXPECT_EQ(get("/schemas/info")["schemasInfo"][0], json::parse(R"({"schemaName":"s","numDimensionFields":1,"numDateTimeFields":1,"numMetricFields":0,"numComplexFields":0})"));
  EXPECT_EQ(get("/tables/s/indexes")["totalOnlineSegments"], 2);
  EXPECT_EQ(get("/tables/s/indexes")["columnToIndexesCount"]["id"]["forward_index"], 2);
  EXPECT_EQ(get("/segments/s/select?startTimestamp=864000000&endTimestamp=1000000000")[0]["OFFLINE"].size(), 1u);
  EXPECT_EQ(get("/segments/s/select?startTimestamp=864000000&endTimestamp=950400000&excludeOverlapping=true")[0]["OFFLINE"].size(), 0u);
  EXPECT_EQ(f.ask("GET", "/segments/s/select?startTimestamp=5&endTimestamp=5").status, 400);
  EXPECT_EQ(f.ask("GET", "/pinot-controller/admin").body, "GOOD");
  EXPECT_EQ(get("/auth/verify"), true);
  EXPECT_EQ(f.ask("GET", "/uptime").body, "0");
  EXPECT_EQ(f.ask("GET", "/start-time").body.size(), 24u);
  EXPECT_EQ(f.ask("GET", "/tables/forceCommitStatus/nope").status, 404);
  EXPECT_EQ(json::parse(f.broker("GET", "/debug/routingTable/s").body)["s_OFFLINE"]["Server_localhost_8098"].size(), 2u);
  EXPECT_EQ(f.broker("GET", "/debug/timeBoundary/s").status, 404);
  EXPECT_EQ(f.broker("GET", "/").status, 404);
}

}  // namespace
}  // namespace bywash::rest
