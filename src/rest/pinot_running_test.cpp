// Queries are listed while they run and end when they are told to: single-stage and multi-stage ones, by number and by the client's name.
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <nlohmann/json.hpp>
#include <thread>

#include "rest/pinot_fixture_test.h"

namespace bywash::rest {
namespace {

using nlohmann::json;

struct RunningFixture : testing::PinotFixture {
  RunningFixture() {
    ask("POST", "/schemas", R"({"schemaName":"s","dimensionFieldSpecs":[{"name":"id","dataType":"INT"}]})");
    ask("POST", "/tables", R"({"tableName":"s","tableType":"OFFLINE","tenants":{},"segmentsConfig":{"replication":"1"}})");
    std::string rows;
    for (int i = 0; i < 300'000; ++i) rows += "{\"id\":" + std::to_string(i) + "}\n";
    EXPECT_EQ(ask("POST", "/ingestFromFile?tableNameWithType=s_OFFLINE", rows).status, 200);
  }
  // Runs the query on a thread of its own until it is listed; answers its number.
  std::string start(const std::string& sql) {
    running = std::async(std::launch::async, [this, sql] { return this->sql(sql); });
    for (;;) {
      const json listed = json::parse(api->quick_of_broker(request("GET", "/queries"))->body);
      if (listed.size() == 1 && listed.begin().value() == sql) return listed.begin().key();
      if (running.wait_for(std::chrono::milliseconds(1)) == std::future_status::ready) return "it ended";
    }
  }
  HttpResponse end(const std::string& target) { return *api->quick_of_broker(request("DELETE", target)); }

  std::future<HttpResponse> running;
};

// Both run for many seconds.
const std::string kSlow = "SET timeoutMs=600000; SET clientQueryId='mine'; SELECT MAX(length(sha512(toUtf8(repeat(concat(id,'-'),',',1000))))) FROM s WHERE length(sha512(toUtf8(repeat(concat(id,'+'),',',1000)))) > 0";
const std::string kSlowJoin = "SET timeoutMs=600000; SET clientQueryId='join'; SELECT COUNT(*) FROM s a JOIN s b ON a.id + b.id > 5 JOIN s c ON b.id + c.id > 5";

TEST(PinotRunning, AQueryEndsByItsNumberAndTheNextOnesRun) {
  RunningFixture f;
  const std::string id = f.start(kSlow);
  EXPECT_EQ(json::parse(f.ask("GET", "/queries").body)["Broker_localhost_8099"][id], kSlow);
  const HttpResponse answer = f.end("/query/" + id + "?verbose=true");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "Cancelled query: " + id + " with responses from servers: {Server_localhost_8098=200}");
  const json ended = json::parse(f.running.get().body);
  ASSERT_EQ(ended["exceptions"].size(), 1u) << ended;
  EXPECT_EQ(ended["exceptions"][0]["errorCode"], 503);
  EXPECT_EQ(ended["requestId"], id);
  EXPECT_EQ(ended["clientRequestId"], "mine");
  EXPECT_FALSE(ended.contains("resultTable") && !ended["resultTable"].is_null());
  EXPECT_EQ(f.end("/query/" + id).status, 404);
  EXPECT_EQ(f.api->quick_of_broker(testing::PinotFixture::request("GET", "/queries"))->body, "{}");
  EXPECT_EQ(json::parse(f.sql("SELECT COUNT(*) FROM s").body)["resultTable"]["rows"], json::parse("[[300000]]"));
}

TEST(PinotRunning, AQueryEndsByTheNameThatItsClientGave) {
  RunningFixture f;
  for (const auto& [sql, name] : {std::pair(kSlow, "mine"), std::pair(kSlowJoin, "join")}) {
    f.start(sql);
    EXPECT_EQ(f.end("/query/other?client=true").status, 404);
    EXPECT_EQ(f.ask("DELETE", "/clientQuery/other").body, "Client query: other not found on any broker");
    const std::string target = std::string("/clientQuery/") + name;
    EXPECT_EQ(f.api->quick_of_controller(testing::PinotFixture::request("DELETE", target))->body, std::string("Cancelled client query: ") + name);
    EXPECT_EQ(json::parse(f.running.get().body)["exceptions"][0]["errorCode"], 503) << sql;
  }
  EXPECT_EQ(json::parse(f.sql("SELECT COUNT(*) FROM s a JOIN s b ON a.id = b.id").body)["resultTable"]["rows"], json::parse("[[300000]]"));
}

TEST(PinotRunning, WhatDoesNotRunIsToldAsPinotTellsIt) {
  RunningFixture f;
  EXPECT_EQ(f.end("/query/7").status, 404);
  EXPECT_EQ(f.end("/query/7").body, "Query: 7 not found on the broker");
  EXPECT_EQ(f.end("/query/x").status, 400);
  EXPECT_NE(f.end("/query/x").body.find("Invalid internal query id: x"), std::string::npos);
  EXPECT_EQ(f.ask("DELETE", "/query/Broker_other_1/7").body, "Unknown broker: Broker_other_1");
  EXPECT_EQ(f.ask("DELETE", "/query/Broker_localhost_8099/7").body, "Query: 7 not found on the broker: Broker_localhost_8099");
  EXPECT_FALSE(f.api->quick_of_broker(testing::PinotFixture::request("DELETE", "/schemas/s")));
}

}  // namespace
}  // namespace bywash::rest
