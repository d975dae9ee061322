// The broker's answers beside those that Apache Pinot 1.5.1 gave to the same 42 requests: fields and their order, columns, types, errors,
// headers (tests/conformance/pinot/responses.json). The recorded table had 5 M rows; here it is empty. Unit tests.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "rest/pinot_fixture_test.h"

namespace bywash::rest {
namespace {

using Recorded = nlohmann::ordered_json;

// The document's table, without rows.
struct Broker : testing::PinotFixture {
  Broker() {
    for (const char* file : {"document-schema.json", "document-table.json"}) {
      std::ifstream in(std::string("tests/conformance/pinot/") + file);
      std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
      const HttpResponse made = ask("POST", std::string_view(file).find("schema") != std::string_view::npos ? "/schemas" : "/tables", text);
      EXPECT_EQ(made.status, 200) << made.body;
    }
  }
};

// Where the answer is another one on purpose; docs/compatibility/analytics.md has each.
const std::map<std::string, std::string>& differences() {
  static const std::map<std::string, std::string> out = {
      {"17_timeout_1ms", "no rows here, no time-out"},
      {"20_explain_mse", "DuckDB's plan"},
      {"21_mse", "other fields, needs DuckDB: see multistage/engine_test.cpp"},
      {"22_mse_join_window", "other fields, needs DuckDB: see multistage/engine_test.cpp"},
      {"23_v1_join_refused", "answered"},
      {"40_err_mse_unknown_column", "says that the column is not there"},
      {"44_double_format", "answered"},
      {"46_explain_startree", "another table"},
      {"47_startree_query", "another table"}};
  return out;
}

void compare(const Recorded& want, const HttpResponse& got, std::vector<std::string> fields) {
  EXPECT_EQ(got.status, want["http"].get<int>());
  if (want.contains("text")) {
    EXPECT_EQ(got.body, want["text"].get<std::string>());
    return;
  }
  const Recorded answer = Recorded::parse(got.body);
  std::vector<std::string> own;
  for (const auto& [key, value] : answer.items()) own.push_back(key);
  if (!want.contains("dataSchema")) fields.erase(fields.begin());
  EXPECT_EQ(own, fields);
  EXPECT_EQ(answer["exceptions"], want["exceptions"]);
  if (want.contains("dataSchema")) EXPECT_EQ(answer["resultTable"]["dataSchema"], want["dataSchema"]);
  if (want.contains("rows")) EXPECT_EQ(answer["resultTable"]["rows"], want["rows"]);
  if (want.contains("error_code")) EXPECT_EQ(got.headers.at(0), (std::pair<std::string, std::string>("X-Pinot-Error-Code", want["error_code"].get<std::string>())));
  for (const char* key : {"requestId", "brokerId", "clientRequestId", "tablesQueried", "partialResult", "numServersQueried", "numServersResponded"}) {
    if (!want.contains(key)) continue;
    EXPECT_EQ(answer[key], want[key]) << key;
  }
}

TEST(PinotResponses, AreShapedAsRecordedFromPinot) {
  std::ifstream file("tests/conformance/pinot/responses.json");
  const Recorded recorded = Recorded::parse(file);
  Broker broker;
  size_t compared = 0;
  for (const Recorded& want : recorded["requests"]) {
    const std::string name = want["name"];
    if (differences().contains(name)) continue;
    SCOPED_TRACE(name);
    compare(want, broker.api->broker(broker.request("POST", "/query/sql", want["request"].dump())), recorded["fields"].get<std::vector<std::string>>());
    ++compared;
  }
  EXPECT_EQ(compared, recorded["requests"].size() - differences().size());
}

}  // namespace
}  // namespace bywash::rest
