// Segments that Apache Pinot wrote, uploaded over REST as its clients do.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "rest/pinot_fixture_test.h"

namespace bywash::rest {
namespace {

using Json = nlohmann::json;

const char* const kRowsSchema = R"({"schemaName": "rows", "dimensionFieldSpecs": [{"name": "id", "dataType": "INT"}, {"name": "big", "dataType": "LONG"}, {"name": "word", "dataType": "STRING"},
  {"name": "tags", "dataType": "INT", "singleValueField": false}, {"name": "later", "dataType": "STRING", "defaultNullValue": "none"}],
  "metricFieldSpecs": [{"name": "dec", "dataType": "BIG_DECIMAL"}], "dateTimeFieldSpecs": [{"name": "at", "dataType": "TIMESTAMP", "format": "TIMESTAMP", "granularity": "1:MILLISECONDS"}]})";
const char* const kRowsTable = R"({"tableName": "rows", "tableType": "OFFLINE", "segmentsConfig": {"replication": "1", "timeColumnName": "at", "schemaName": "rows"}, "tenants": {},
  "tableIndexConfig": {"invertedIndexColumns": ["word"], "nullHandlingEnabled": true}, "metadata": {}})";

std::string segment_file(const std::string& name) {
  std::ifstream in("tests/conformance/pinot_segments/" + name + ".tar.gz", std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

class PinotUpload : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(pinot_.ask("POST", "/schemas", kRowsSchema).status, 200);
    ASSERT_EQ(pinot_.ask("POST", "/tables", kRowsTable).status, 200);
  }
  HttpResponse upload(const std::string& target, const std::string& bytes, std::map<std::string, std::string> headers = {}) {
    HttpRequest request = testing::PinotFixture::request("POST", target);
    request.headers = std::move(headers);
    request.headers["content-type"] = "multipart/form-data; boundary=xyz";
    request.body = "--xyz\r\nContent-Disposition: form-data; name=\"segment\"; filename=\"segment\"\r\n\r\n" + bytes + "\r\n--xyz--\r\n";
    return pinot_.api->controller(request);
  }
  std::string rows(const std::string& sql) { return Json::parse(pinot_.sql(sql).body)["resultTable"]["rows"].dump(); }

  testing::PinotFixture pinot_;
};

TEST_F(PinotUpload, BecomesASegmentOfTheTable) {
  HttpResponse done = upload("/v2/segments?tableName=rows&tableType=OFFLINE", segment_file("dictionaries_v1"));
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(Json::parse(done.body)["status"], "Successfully uploaded segment: rows_dictionaries_v1 of table: rows_OFFLINE");
  EXPECT_EQ(upload("/segments", segment_file("raw_v5_zstandard")).status, 200);  // its metadata names the table
  EXPECT_EQ(rows("SELECT COUNT(*), SUM(id), MAX(at), SUMPRECISION(dec) FROM rows"), R"([[2400,1438800.0,1700001199000.0,"-12.00"]])");
  EXPECT_EQ(rows("SELECT COUNT(*) FROM rows WHERE word = 'w3ééé' AND tags = 5"), R"([[22]])");
  EXPECT_EQ(rows("SET enableNullHandling=true; SELECT COUNT(*) FROM rows WHERE big IS NULL AND later IS NULL"), "[[220]]");
  EXPECT_EQ(rows("SELECT DISTINCT later FROM rows"), R"([["none"]])");
  pinot_.restart();
  EXPECT_EQ(rows("SELECT COUNT(*), MIN(id) FROM rows"), "[[2400,0.0]]");
  EXPECT_EQ(Json::parse(pinot_.ask("GET", "/segments/rows").body)[0]["OFFLINE"].dump(), R"(["rows_dictionaries_v1","rows_raw_v5_zstandard"])");
  EXPECT_EQ(pinot_.ask("DELETE", "/segments/rows/rows_dictionaries_v1").status, 200);
  EXPECT_EQ(rows("SELECT COUNT(*) FROM rows"), "[[1200]]");
}

TEST_F(PinotUpload, TakesThePlaceOfTheSegmentOfItsName) {
  EXPECT_EQ(upload("/v2/segments?tableName=rows", segment_file("varlength"), {{"refresh_only", "true"}}).status, 409);
  EXPECT_EQ(upload("/v2/segments?tableName=rows", segment_file("varlength")).status, 200);
  EXPECT_EQ(upload("/v2/segments?tableName=rows", segment_file("varlength"), {{"refresh_only", "true"}}).status, 200);
  EXPECT_EQ(rows("SELECT COUNT(*) FROM rows"), "[[1200]]");
  HttpResponse refused = upload("/v2/segments?tableName=rows&allowRefresh=false", segment_file("varlength"));
  EXPECT_EQ(refused.status, 409);
  EXPECT_NE(refused.body.find("Segment: rows_varlength already exists in table: rows_OFFLINE. Refresh not permitted."), std::string::npos);
  pinot_.restart();
  EXPECT_EQ(rows("SELECT COUNT(*) FROM rows"), "[[1200]]");
}

TEST_F(PinotUpload, ReadsWhatDownloadUriNames) {
  const std::string path = std::filesystem::absolute("tests/conformance/pinot_segments/raw_v3_gzip.tar.gz").string();
  for (const char* type : {"URI", "METADATA"}) {
    HttpResponse done = upload("/v2/segments?tableName=rows_OFFLINE", "", {{"upload_type", type}, {"download_uri", "file://" + path}});
    EXPECT_EQ(done.status, 200) << done.body;
  }
  EXPECT_EQ(rows("SELECT COUNT(*) FROM rows"), "[[1200]]");
  EXPECT_NE(upload("/v2/segments?tableName=rows", "", {{"upload_type", "URI"}}).body.find("Failed to get downloadURI"), std::string::npos);
  EXPECT_NE(upload("/v2/segments?tableName=rows", "", {{"upload_type", "URI"}, {"download_uri", "hdfs://x/y"}}).body.find("Unsupported URI"), std::string::npos);
  EXPECT_EQ(upload("/v2/segments?tableName=rows", "", {{"upload_type", "URI"}, {"download_uri", "file://" + path + ".gone"}}).status, 404);
}

TEST_F(PinotUpload, IsRefusedWithAReasonAndChangesNothing) {
  auto refused = [&](const std::string& target, const std::string& bytes, const std::string& reason, std::map<std::string, std::string> headers = {}) {
    HttpResponse answer = upload(target, bytes, std::move(headers));
    EXPECT_GE(answer.status, 400) << answer.body;
    EXPECT_NE(answer.body.find(reason), std::string::npos) << answer.body;
  };
  refused("/v2/segments?tableName=rows", "no archive", "does not begin as a gzip file");
  refused("/v2/segments?tableName=rows", segment_file("raw_v2_snappy").substr(0, 5000), "it is cut off");
  refused("/v2/segments?tableName=other", segment_file("raw_v2_snappy"), "Failed to find table: other_OFFLINE");
  refused("/v2/segments?tableName=rows_OFFLINE&tableType=REALTIME", segment_file("raw_v2_snappy"), "does not match table type");
  refused("/v2/segments?tableName=rows", segment_file("raw_v2_snappy"), "Unsupported upload type: TAR", {{"upload_type", "tar"}});
  refused("/v2/segments?tableName=rows", segment_file("raw_v2_snappy"), "without encryption", {{"crypter", "AesCrypter"}});
  const std::string changed = std::string(kRowsSchema).replace(std::string(kRowsSchema).find("LONG"), 4, "INT");
  ASSERT_EQ(pinot_.ask("POST", "/schemas", std::string(changed).replace(changed.find("rows"), 4, "narrow")).status, 200);
  std::string table = kRowsTable;
  for (size_t at; (at = table.find("\"rows\"")) != std::string::npos;) table.replace(at, 6, "\"narrow\"");
  ASSERT_EQ(pinot_.ask("POST", "/tables", table).status, 200);
  refused("/v2/segments?tableName=narrow", segment_file("raw_v2_snappy"), "column big is LONG in the segment and INT in the table's schema");
  EXPECT_EQ(rows("SELECT COUNT(*) FROM rows"), "[[0]]");
  EXPECT_EQ(pinot_.ask("GET", "/segments/narrow").body, R"([{"OFFLINE":[]}])");
}

}  // namespace
}  // namespace bywash::rest
