// The recorded cases of the JDBC sink (kafka-connect-jdbc 10.9.7, pgjdbc 42.7.12, PostgreSQL 15.18, sqlite-jdbc 3.41.2.2; see
// tests/conformance/jdbc/): the same configuration and records go through the converter and this sink, and the tables must come out
// the same. Cases that need the REST layer or a transform are compared with a whole worker elsewhere.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <nlohmann/json.hpp>

#include "columnar/batch.h"
#include "connectors/jdbc/plugins.h"
#include "connectors/jdbc/postgresql_server_for_tests.h"
#include "connectors/jdbc/sink_context_for_tests.h"
#include "formats/plugins.h"

namespace bywash::jdbc {
namespace {

namespace fs = std::filesystem;
using columnar::Batch;
using columnar::Column;
using columnar::ConnectSchema;
using Json = nlohmann::json;

// Where this sink does better on purpose (docs/compatibility/jdbc.md): case → the rows that each table has then.
const std::map<std::string, std::string> kBetter = {
    {"jdbc-schemaless", "records without schema are written"},
    {"jdbc-types-defaults", "a default that holds a quote, and a bytes default, are valid SQL"},
    {"jdbc-types-defaults-nobytes", "a default that holds a quote is valid SQL"},
};

std::string kCases = "tests/conformance/jdbc";

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (size_t at = 0; (at = text.find(what, at)) != text.npos; at += with.size()) text.replace(at, what.size(), with);
  return text;
}

std::string base64(std::string_view text) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    int v = c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? c - 'a' + 26 : c >= '0' && c <= '9' ? c - '0' + 52 : c == '+' ? 62 : c == '/' ? 63 : -1;
    if (v < 0) continue;
    bits = bits << 6 | static_cast<uint32_t>(v);
    if ((count += 6) >= 8) out += static_cast<char>(bits >> (count -= 8));
  }
  return out;
}

struct Record {
  int64_t offset = 0, timestamp = 0;
  std::optional<std::string> key, value;
};

std::optional<std::string> payload(const Json& record, const std::string& part) {
  if (record.contains(part + "_base64")) return base64(record[part + "_base64"].get<std::string>());
  if (!record.contains(part) || record[part].is_null()) return std::nullopt;
  return record[part].get<std::string>();
}

// One side of records as groups of one schema, as converters give them.
std::vector<plugin::DecodedGroup> decode(const Json& config, const std::string& part, const std::string& topic,
                                         const std::vector<Record>& records, std::set<uint32_t>* failed) {
  std::string prefix = part + ".converter";
  std::vector<std::optional<std::string_view>> payloads;
  for (const Record& r : records) payloads.push_back(part == "key" ? r.key : r.value);
  std::string name = config.value(prefix, "org.apache.kafka.connect.json.JsonConverter");
  if (name.ends_with("StringConverter")) {
    std::vector<plugin::DecodedGroup> groups;
    plugin::DecodedGroup group;
    columnar::ValueAppender appender(ConnectSchema::of(columnar::Type::kString, true));
    for (const auto& p : payloads) EXPECT_TRUE(appender.append(p ? columnar::Value::string(*p) : columnar::Value()).ok());
    group.column = *appender.finish();
    groups.push_back(std::move(group));
    return groups;
  }
  plugin::Properties properties;
  for (const auto& [key, value] : config.items()) {
    if (key.starts_with(prefix + ".")) properties[key.substr(prefix.size() + 1)] = value.get<std::string>();
  }
  properties["converter.type"] = part;
  auto converter = formats::json_converter().make(properties, part == "key");
  EXPECT_TRUE(converter.ok()) << converter.status().message();
  auto decoded = (*converter)->decode(topic, payloads);
  EXPECT_TRUE(decoded.ok()) << decoded.status().message();
  for (const auto& e : decoded->errors) failed->insert(e.row);
  for (auto& g : decoded->groups) {
    if (g.rows.empty()) {
      for (uint32_t i = 0; i < records.size(); ++i) g.rows.push_back(i);
    }
  }
  return std::move(decoded->groups);
}

// Batches of one partition, one for each pair of schemas.
std::vector<Batch> batches_of(const Json& config, const std::string& topic, int partition, const std::vector<Record>& records) {
  std::set<uint32_t> failed;
  auto keys = decode(config, "key", topic, records, &failed);
  auto values = decode(config, "value", topic, records, &failed);
  auto rows_of = [&](const plugin::DecodedGroup& g) {
    std::vector<uint32_t> rows = g.rows;
    if (rows.empty()) for (uint32_t i = 0; i < records.size(); ++i) rows.push_back(i);
    return rows;
  };
  std::vector<Batch> out;
  for (const auto& k : keys) {
    for (const auto& v : values) {
      std::vector<uint32_t> key_rows = rows_of(k), value_rows = rows_of(v), of_key, of_value;
      Batch batch;
      for (uint32_t i = 0; i < key_rows.size(); ++i) {
        auto it = std::find(value_rows.begin(), value_rows.end(), key_rows[i]);
        if (it == value_rows.end() || failed.count(key_rows[i])) continue;
        of_key.push_back(i);
        of_value.push_back(static_cast<uint32_t>(it - value_rows.begin()));
        batch.offsets.push_back(records[key_rows[i]].offset);
        batch.timestamps_ms.push_back(records[key_rows[i]].timestamp);
      }
      if (of_key.empty()) continue;
      batch.origin = {topic, Partition(partition)};
      batch.kafka_partition = partition;
      batch.topic = topic;
      batch.key = take(k.column, of_key);
      batch.value = take(v.column, of_value);
      batch.selected = columnar::RowMask(batch.row_count());
      out.push_back(std::move(batch));
    }
  }
  return out;
}

struct Outcome {
  Status status;
  int dead_letters = 0;
  std::vector<std::string> dead_letter_classes;
};

Batch rows_of_batch(const Batch& batch, size_t from, size_t to) {
  std::vector<uint32_t> rows;
  for (size_t i = from; i < to; ++i) rows.push_back(static_cast<uint32_t>(i));
  Batch part = batch;
  part.key = take(batch.key, rows);
  part.value = take(batch.value, rows);
  part.offsets.assign(batch.offsets.begin() + static_cast<int64_t>(from), batch.offsets.begin() + static_cast<int64_t>(to));
  part.timestamps_ms.assign(batch.timestamps_ms.begin() + static_cast<int64_t>(from), batch.timestamps_ms.begin() + static_cast<int64_t>(to));
  part.selected = columnar::RowMask(part.row_count());
  return part;
}

// Puts records as the runtime does: together, and when the data is at fault and tolerated, one by one by offset.
Outcome deliver(plugin::SinkTask& task, const std::vector<Batch>& batches, bool tolerant) {
  Outcome outcome;
  outcome.status = task.put(batches);
  if (outcome.status.code() != Code::kData || !tolerant) return outcome;
  std::vector<Batch> single;
  for (const Batch& b : batches) {
    for (size_t i = 0; i < b.offsets.size(); ++i) single.push_back(rows_of_batch(b, i, i + 1));
  }
  std::stable_sort(single.begin(), single.end(), [](const Batch& a, const Batch& b) { return a.offsets[0] < b.offsets[0]; });
  outcome.status = {};
  for (const Batch& one : single) {
    Status s = task.put({one});
    if (s.ok()) continue;
    if (s.code() != Code::kData) { outcome.status = s; return outcome; }
    ++outcome.dead_letters;
    outcome.dead_letter_classes.push_back(s.java_class());
  }
  return outcome;
}

Outcome run_case(const Json& c, const std::map<std::string, std::string>& names) {
  plugin::Properties properties;
  Json config = c["config"];
  for (auto& [key, value] : config.items()) {
    std::string text = value.get<std::string>();
    for (const auto& [from, to] : names) text = replaced(text, from, to);
    properties[key] = text;
  }
  properties["name"] = c["id"].get<std::string>();
  auto plugin = jdbc_sink();
  auto task = plugin.make(properties);
  if (!task.ok()) return {task.status(), 0, {}};
  SinkContextForTests context;
  context.name = c["id"].get<std::string>();
  Outcome outcome;
  outcome.status = (*task)->start(&context);
  if (!outcome.status.ok()) return outcome;
  std::map<std::pair<std::string, int>, std::vector<Record>> partitions;
  std::set<int> steps;
  for (const Json& r : c["records"]) steps.insert(r.value("step", 0));
  bool tolerant = config.value("errors.tolerance", "none") == "all" && config.contains("errors.deadletterqueue.topic.name");
  for (int step : steps) {
    partitions.clear();
    for (const Json& r : c["records"]) {
      if (r.value("step", 0) != step) continue;
      partitions[{r["topic"].get<std::string>(), r["partition"].get<int>()}].push_back(
          {r["offset"].get<int64_t>(), r["timestamp"].get<int64_t>(), payload(r, "key"), payload(r, "value")});
    }
    std::vector<Batch> batches;
    for (const auto& [tp, records] : partitions) {
      EXPECT_TRUE((*task)->open({{tp.first, Partition(tp.second)}}, Generation(1)).ok());
      for (Batch& b : batches_of(config, tp.first, tp.second, records)) batches.push_back(std::move(b));
    }
    Outcome one = deliver(**task, batches, tolerant);
    outcome.status = one.status;
    outcome.dead_letters += one.dead_letters;
    for (auto& name : one.dead_letter_classes) outcome.dead_letter_classes.push_back(name);
    if (!outcome.status.ok()) break;
  }
  (*task)->stop();
  return outcome;
}

std::string sql_name(const std::string& name) { return "\"" + replaced(name, "\"", "\"\"") + "\""; }

Json postgresql_tables(const PostgresqlServerForTests& server, const std::string& db) {
  Json out = Json::array();
  auto relations = server.query(db,
      "SELECT n.nspname, c.relname, c.relkind, c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r','p','v') "
      "AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY 1, 2");
  for (const auto& r : relations) {
    Json t = {{"schema", r[0]}, {"name", r[1]}, {"kind", r[2] == "v" ? "view" : "table"}, {"columns", Json::array()}, {"primary_key", Json::array()}, {"rows", Json::array()}};
    std::string selected;
    for (const auto& c : server.query(db,
             "SELECT a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, pg_get_expr(d.adbin, d.adrelid) FROM pg_attribute a "
             "LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attrelid = " + r[3] +
             " AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum")) {
      t["columns"].push_back({{"name", c[0]}, {"type", c[1]}, {"nullable", c[2] == "t"}, {"default", c[3] == "NULL" ? Json() : Json(c[3])}});
      selected += (selected.empty() ? "" : ",") + sql_name(c[0]) + "::text";
    }
    std::string order;
    for (const auto& k : server.query(db,
             "SELECT a.attname FROM pg_index i, unnest(i.indkey) WITH ORDINALITY k(n, o), pg_attribute a WHERE i.indisprimary AND i.indrelid = " + r[3] +
             " AND a.attrelid = i.indrelid AND a.attnum = k.n ORDER BY k.o")) {
      t["primary_key"].push_back(k[0]);
      order += (order.empty() ? "" : ",") + sql_name(k[0]);
    }
    for (const auto& row : server.query(db, "SELECT " + selected + " FROM " + sql_name(r[0]) + "." + sql_name(r[1]) + (order.empty() ? "" : " ORDER BY " + order))) {
      Json values = Json::array();
      for (const std::string& v : row) values.push_back(v == "NULL" ? Json() : Json(v));
      t["rows"].push_back(values);
    }
    out.push_back(t);
  }
  return out;
}

Json sqlite_value(sqlite3_stmt* s, int i) {
  switch (sqlite3_column_type(s, i)) {
    case SQLITE_INTEGER: return sqlite3_column_int64(s, i);
    case SQLITE_FLOAT: return sqlite3_column_double(s, i);
    case SQLITE_NULL: return nullptr;
    default: return std::string(reinterpret_cast<const char*>(sqlite3_column_text(s, i)));
  }
}

std::vector<Json> sqlite_query(sqlite3* db, const std::string& sql) {
  sqlite3_stmt* s = nullptr;
  EXPECT_EQ(sqlite3_prepare_v2(db, sql.c_str(), -1, &s, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  std::vector<Json> rows;
  while (sqlite3_step(s) == SQLITE_ROW) {
    Json row = Json::array();
    for (int i = 0; i < sqlite3_column_count(s); ++i) row.push_back(sqlite_value(s, i));
    rows.push_back(row);
  }
  sqlite3_finalize(s);
  return rows;
}

Json sqlite_tables(const std::string& file) {
  sqlite3* db = nullptr;
  EXPECT_EQ(sqlite3_open(file.c_str(), &db), SQLITE_OK);
  Json out = Json::array();
  for (const Json& table : sqlite_query(db, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")) {
    std::string name = table[0];
    Json t = {{"name", name}, {"columns", Json::array()}, {"primary_key", Json::array()}, {"rows", Json::array()}};
    for (const Json& c : sqlite_query(db, "SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_info('" + name + "')")) {
      t["columns"].push_back({{"name", c[0]}, {"type", c[1]}, {"nullable", c[2] == 0}, {"default", c[3]}});
      if (c[4] != 0) t["primary_key"].push_back(c[0]);
    }
    for (const Json& row : sqlite_query(db, "SELECT * FROM " + sql_name(name) + " ORDER BY rowid")) t["rows"].push_back(row);
    out.push_back(t);
  }
  sqlite3_close(db);
  return out;
}

void by_column_name(Json& tables) {
  for (Json& t : tables) {
    std::vector<size_t> order(t["columns"].size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return t["columns"][a]["name"] < t["columns"][b]["name"]; });
    auto sorted = [&](const Json& list) { Json out = Json::array(); for (size_t i : order) out.push_back(list[i]); return out; };
    t["columns"] = sorted(t["columns"]);
    for (Json& row : t["rows"]) row = sorted(row);
  }
}

class JdbcConformance : public testing::TestWithParam<std::string> {};

TEST_P(JdbcConformance, LeavesTheTablesOfTheOriginal) {
  Json c = Json::parse(std::ifstream(kCases + "/" + GetParam() + ".json"));
  const Json& want = c["outcome"];
  std::string result = want["result"];
  if (c["config"].contains("transforms")) GTEST_SKIP() << "needs transforms: compared with a whole worker";
  bool sqlite = c.value("database", "") == "sqlite";
  std::map<std::string, std::string> names;
  std::string file = testing::TempDir() + GetParam() + ".db";
  auto& server = shared_postgresql();
  std::string db = replaced(GetParam(), "-", "_");
  if (sqlite) {
    fs::remove(file);
    names["${SQLITE_URL}"] = "jdbc:sqlite:" + file;
  } else {
    ASSERT_TRUE(server.started()) << server.why();
    server.create_database(db);
    names["${PG_URL}"] = server.jdbc_url(db);
    for (const Json& sql : c.value("setup_sql", Json::array())) server.query(db, sql.get<std::string>());
  }
  Outcome got = run_case(c, names);
  if (auto better = kBetter.find(GetParam()); better != kBetter.end()) {
    EXPECT_TRUE(got.status.ok()) << better->second << ": " << got.status.message();
    EXPECT_EQ(result, "failed");
    return;
  }
  bool tolerated = c["config"].value("errors.tolerance", "none") == "all";
  if (!tolerated || result == "running") {
    EXPECT_EQ(got.status.ok() ? "running" : "failed", result) << got.status.message();
  }
  Json tables = sqlite ? sqlite_tables(file) : postgresql_tables(server, db);
  Json expected = want.value("tables", Json::array());
  if (c.contains("varies") && c["varies"].dump().find("column_order") != std::string::npos) {
    by_column_name(tables);
    by_column_name(expected);
  }
  EXPECT_EQ(tables, expected) << got.status.message();
  size_t dead_letters = 0;
  for (const Json& d : want.value("dlq", Json::array())) {
    for (const Json& h : d["headers"]) {
      if (h[0] == "__connect.errors.stage" && h[1] == "TASK_PUT") ++dead_letters;
    }
  }
  EXPECT_EQ(static_cast<size_t>(got.dead_letters), dead_letters);
  if (sqlite) fs::remove(file);
}

// The cases that were answered before a task ran, or the others.
std::vector<std::string> case_names(bool validation) {
  std::vector<std::string> names;
  for (const auto& f : fs::directory_iterator(kCases)) {
    if (f.path().extension() != ".json") continue;
    std::string result = Json::parse(std::ifstream(f.path()))["outcome"]["result"];
    if (validation == (result == "validate" || result == "refused")) names.push_back(f.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Recorded, JdbcConformance, testing::ValuesIn(case_names(false)),
                         [](const auto& p) { return replaced(p.param, "-", "_"); });

class JdbcValidation : public testing::TestWithParam<std::string> {};

TEST_P(JdbcValidation, SaysWhatTheOriginalSays) {
  Json c = Json::parse(std::ifstream(kCases + "/" + GetParam() + ".json"));
  std::string result = c["outcome"]["result"];
  auto& server = shared_postgresql();
  ASSERT_TRUE(server.started()) << server.why();
  plugin::Properties properties;
  for (const auto& [key, value] : c["config"].items()) {
    std::string text = replaced(value.get<std::string>(), "${PG_URL}_missing", server.jdbc_url("db_missing"));
    properties[key] = replaced(text, "${PG_URL}", server.jdbc_url("postgres"));
  }
  auto plugin = jdbc_sink();
  auto values = plugin.def.validate(properties);
  plugin.validate(properties, &values);
  std::map<std::string, std::vector<std::string>> errors;
  std::vector<std::string> all;
  for (const auto& v : values) {
    for (const auto& e : v.errors) { errors[v.name].push_back(e); all.push_back(e); }
  }
  if (result == "validate") {
    Json want = c["outcome"].value("errors", Json::object());
    want.erase("topics");  // the worker's own keys
    want.erase("topics.regex");
    EXPECT_EQ(Json(errors), want);
  } else {
    std::string message = c["outcome"]["body"]["message"];
    for (const std::string& e : all) {
      // A message of ours may say more behind what the original says.
      bool known = message.find(e) != message.npos || e.starts_with("Could not connect to database. No suitable driver found for jdbc:nosuch:");
      EXPECT_TRUE(known) << e << "\nrecorded: " << message;
    }
    EXPECT_NE(message.find("following " + std::to_string(all.size()) + " error"), message.npos) << all.size();
  }
}

INSTANTIATE_TEST_SUITE_P(Recorded, JdbcValidation, testing::ValuesIn(case_names(true)),
                         [](const auto& p) { return replaced(p.param, "-", "_"); });

}  // namespace
}  // namespace bywash::jdbc
