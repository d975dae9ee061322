// The sink into a real PostgreSQL.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "connectors/jdbc/batches_for_tests.h"
#include "connectors/jdbc/postgresql_server_for_tests.h"

namespace bywash::jdbc {
namespace {

class PostgresqlSink : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(shared_postgresql().started()) << shared_postgresql().why();
    static int count = 0;
    db_ = "sink_" + std::to_string(++count);
    shared_postgresql().create_database(db_);
  }
  plugin::Properties config(plugin::Properties more) {
    more["connection.url"] = shared_postgresql().jdbc_url(db_) + url_parameters_;
    more.try_emplace("connection.user", "postgres");
    more.try_emplace("auto.create", "true");
    more.try_emplace("auto.evolve", "true");
    return more;
  }
  plugin::Properties upsert_by_id() { return config({{"insert.mode", "upsert"}, {"pk.mode", "record_value"}, {"pk.fields", "id"}}); }
  plugin::Properties by_key() {
    return config({{"insert.mode", "upsert"}, {"pk.mode", "record_key"}, {"pk.fields", "k"}, {"delete.enabled", "true"}});
  }
  std::string rows(const std::string& sql) {
    std::string out;
    for (const auto& row : shared_postgresql().query(db_, sql)) {
      out += out.empty() ? "" : ";";
      for (size_t i = 0; i < row.size(); ++i) out += (i ? "|" : "") + row[i];
    }
    return out;
  }
  std::string columns(const std::string& table) {
    return rows("SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE table_name = '" + table + "' ORDER BY ordinal_position");
  }
  void run(const std::string& sql) { shared_postgresql().query(db_, sql); }

  std::string db_, url_parameters_;
};

TEST_F(PostgresqlSink, WritesPlainJsonIntoATableOfItsShape) {
  TaskForTests task(upsert_by_id());
  Status put = task.put(batches_of_json("t", 0, {R"({"id":1,"name":"a","price":1.5,"ok":true,"tags":["x",1],"o":{"p":null},"none":null,"mix":1})",
                                                 R"({"id":2,"price":2,"mix":2.5})", R"({"id":1,"name":"b","price":3.5,"ok":false})"}));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(columns("t"), "id|bigint|NO;name|text|YES;price|double precision|YES;ok|boolean|YES;tags|text|YES;o|text|YES;mix|double precision|YES");
  EXPECT_EQ(rows("SELECT id, name, price, ok, tags, o, mix FROM t ORDER BY id"), "1|b|3.5|f|NULL|NULL|NULL;2|NULL|2|NULL|NULL|NULL|2.5");
  EXPECT_EQ(task.context.acked.size(), 3u);
  ASSERT_TRUE(task.put(batches_of_json("t", 3, {R"({"id":3,"tags":["x",1],"o":{"p":null},"none":7})"})).ok());
  EXPECT_EQ(rows("SELECT tags, o, none FROM t WHERE id = 3"), "[\"x\",1]|{\"p\":null}|7");
}

TEST_F(PostgresqlSink, TheDocumentsConfigurationTakesAllFieldsAsKey) {
  TaskForTests task(config({{"pk.mode", "record_value"}, {"insert.mode", "upsert"}}));
  Status put = task.put(batches_of_json("my-topic", 0, {R"({"id":1,"v":"a"})", R"({"id":1,"v":"b"})", R"({"id":1,"v":"a"})"}));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT id, v FROM \"my-topic\" ORDER BY 2"), "1|a;1|b");
  // A field that comes later is no part of the key that the table has.
  put = task.put(batches_of_json("my-topic", 3, {R"({"id":1,"v":"a","w":1})"}));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT id, v, w FROM \"my-topic\" ORDER BY 2"), "1|a|1;1|b|NULL");
}

TEST_F(PostgresqlSink, ASchemalessRecordIsAWholeRow) {
  TaskForTests task(upsert_by_id());
  ASSERT_TRUE(task.put(batches_of_json("t", 0, {R"({"id":1,"a":1,"b":2})"})).ok());
  ASSERT_TRUE(task.put(batches_of_json("t", 1, {R"({"id":1,"a":5})"})).ok());
  EXPECT_EQ(rows("SELECT id, a, b FROM t"), "1|5|NULL");
}

TEST_F(PostgresqlSink, FractionsWidenAColumnOfIntegersOnlyWithAutoEvolve) {
  auto settings = upsert_by_id();
  TaskForTests task(settings);
  ASSERT_TRUE(task.put(batches_of_json("t", 0, {R"({"id":1,"p":10})"})).ok());
  settings["auto.evolve"] = "false";
  {
    TaskForTests strict(settings);
    Status put = strict.put(batches_of_json("t", 1, {R"({"id":2,"p":10.5})"}));
    EXPECT_EQ(put.code(), Code::kData);
    EXPECT_NE(put.message().find("auto.evolve"), std::string::npos);
    EXPECT_TRUE(strict.put(batches_of_json("t", 1, {R"({"id":2,"p":11.0})"})).ok());
  }
  Status put = task.put(batches_of_json("t", 2, {R"({"id":3,"p":10.5})"}));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT id, p FROM t ORDER BY id"), "1|10;2|11;3|10.5");
}

TEST_F(PostgresqlSink, TextsOfPlainJsonFitColumnsOfOtherTypes) {
  run("CREATE TABLE t (id bigint PRIMARY KEY, at timestamptz, u uuid, j jsonb, n numeric(8,2), d date)");
  TaskForTests task(upsert_by_id());
  Status put = task.put(batches_of_json(
      "t", 0, {R"({"id":1,"at":"2024-06-15T10:00:00+02:00","u":"6ba7b810-9dad-11d1-80b4-00c04fd430c8","j":{"a":1},"n":"12.345","d":"2024-06-15"})"}));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT at, u, j, n, d FROM t"), "2024-06-15 08:00:00+00|6ba7b810-9dad-11d1-80b4-00c04fd430c8|{\"a\": 1}|12.35|2024-06-15");
  put = task.put(batches_of_json("t", 1, {R"({"id":2,"at":"geheim"})"}));
  EXPECT_EQ(put.code(), Code::kData);
  EXPECT_NE(put.message().find("SQLSTATE 22007"), std::string::npos) << put.message();
  EXPECT_EQ(put.message().find("geheim"), std::string::npos) << put.message();
}

TEST_F(PostgresqlSink, HostileNamesAndValuesAreOnlyThat) {
  run("CREATE TABLE victim (x int); INSERT INTO victim VALUES (1)");
  auto settings = upsert_by_id();
  TaskForTests task(settings);
  std::string fields = R"({"type":"int32","field":"id"},{"type":"string","optional":true,"default":"'; DROP TABLE victim; --\\","field":"a\") ; DROP TABLE victim; --"})";
  Status put = task.put(batches_of_json("\"t\"\"; DROP TABLE victim; --\"", 0,
                                        {envelope(fields, R"({"id":1,"a\") ; DROP TABLE victim; --":"'); DROP TABLE victim; --\t\n\\"})"),
                                         envelope(fields, R"({"id":2})")}, {}, true));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT x FROM victim"), "1");
  EXPECT_EQ(rows("SELECT * FROM \"t\"\"; DROP TABLE victim; --\" ORDER BY id"), "1|'); DROP TABLE victim; --\t\n\\;2|'; DROP TABLE victim; --\\");
  EXPECT_EQ(rows("SELECT column_default FROM information_schema.columns WHERE column_name LIKE 'a\")%'"), "'''; DROP TABLE victim; --\\'::text");
}

TEST_F(PostgresqlSink, RandomUpsertsAndDeletesLeaveWhatOneByOneWouldLeave) {
  TaskForTests task(by_key());
  std::mt19937 random(7);
  std::map<int, std::pair<int, std::optional<int>>> expected;
  int64_t offset = 0;
  for (int round = 0; round < 30; ++round) {
    Texts keys, values;
    int count = 1 + static_cast<int>(random() % 60);
    for (int i = 0; i < count; ++i) {
      int k = static_cast<int>(random() % 12), v = static_cast<int>(random() % 1000);
      keys.push_back(R"({"schema":{"type":"int32"},"payload":)" + std::to_string(k) + "}");
      std::string v_field = R"({"type":"int32","field":"v"})", w_field = R"(,{"type":"int32","optional":true,"field":"w"})";
      switch (random() % 4) {
        case 0:
          values.push_back(std::nullopt);
          expected.erase(k);
          break;
        case 1:  // with a schema of its own: the other column stays as it is
          values.push_back(envelope(v_field, "{\"v\":" + std::to_string(v) + "}"));
          if (auto it = expected.find(k); it != expected.end()) it->second.first = v;
          else expected[k] = {v, std::nullopt};
          break;
        default:
          values.push_back(envelope(v_field + w_field, "{\"v\":" + std::to_string(v) + ",\"w\":" + std::to_string(v + 1) + "}"));
          expected[k] = {v, v + 1};
      }
    }
    Status put = task.put(batches_of_json("t", offset, values, keys, true));
    ASSERT_TRUE(put.ok()) << put.message();
    offset += count;
    std::string want;
    for (const auto& [k, vw] : expected) {
      want += (want.empty() ? "" : ";") + std::to_string(k) + "|" + std::to_string(vw.first) + "|" + (vw.second ? std::to_string(*vw.second) : "NULL");
    }
    ASSERT_EQ(rows("SELECT k, v, w FROM t ORDER BY k"), want) << "round " << round;
  }
}

TEST_F(PostgresqlSink, ADeletedRowComesBackWithoutItsOldColumns) {
  run("CREATE TABLE t (k int PRIMARY KEY, v int, extra text DEFAULT 'new'); INSERT INTO t VALUES (1, 1, 'old'), (2, 2, 'old')");
  TaskForTests task(by_key());
  auto key = [](int k) { return R"({"schema":{"type":"int32"},"payload":)" + std::to_string(k) + "}"; };
  auto value = [](int v) { return envelope(R"({"type":"int32","field":"v"})", "{\"v\":" + std::to_string(v) + "}"); };
  ASSERT_TRUE(task.put(batches_of_json("t", 0, {std::nullopt, value(7), value(8)}, {key(1), key(1), key(2)}, true)).ok());
  EXPECT_EQ(rows("SELECT k, v, extra FROM t ORDER BY k"), "1|7|new;2|8|old");
}

TEST_F(PostgresqlSink, KeysThatTheTableTakesForEqualAreWrittenOneByOne) {
  run("CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");
  run("CREATE TABLE t (id text COLLATE nocase PRIMARY KEY, v int)");
  TaskForTests task(upsert_by_id());
  std::string text = R"({"type":"string","field":"id"},{"type":"int32","field":"v"})";
  Status put = task.put(batches_of_json("t", 0, {envelope(text, R"({"id":"a","v":1})"), envelope(text, R"({"id":"A","v":2})")}, {}, true));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT v FROM t"), "2");
}

TEST_F(PostgresqlSink, DecimalsArriveExactly) {
  TaskForTests task(config({}));
  std::string fields = R"({"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"%"},"field":"n"})";
  // Unscaled bytes as base64: 1234567, -1, 0, 2^63, -2^127.
  const std::pair<const char*, const char*> kValues[] = {{"EtaH", "1234567"}, {"/w==", "-1"}, {"AA==", "0"}, {"AIAAAAAAAAAA", "9223372036854775808"},
                                                         {"gAAAAAAAAAAAAAAAAAAAAA==", "-170141183460469231731687303715884105728"}};
  int64_t offset = 0;
  for (int scale : {0, 1, 3, 4, 5, 8, 21, 45}) {
    std::string table = "s" + std::to_string(scale), schema = fields;
    schema.replace(schema.find('%'), 1, std::to_string(scale));
    Texts values;
    std::string want;
    for (const auto& [bytes, digits] : kValues) {
      values.push_back(envelope(schema, std::string("{\"n\":\"") + bytes + "\"}"));
      std::string d = digits, sign = d[0] == '-' ? "-" : "";
      d.erase(0, sign.size());
      if (static_cast<int>(d.size()) <= scale) d.insert(0, static_cast<size_t>(scale) + 1 - d.size(), '0');
      if (scale > 0) d.insert(d.size() - static_cast<size_t>(scale), ".");
      want += (want.empty() ? "" : ";") + sign + d;
    }
    Status put = task.put(batches_of_json(table, offset, values, {}, true));
    ASSERT_TRUE(put.ok()) << put.message();
    EXPECT_EQ(rows("SELECT n FROM " + table), want) << "scale " << scale;
  }
}

TEST_F(PostgresqlSink, ArraysOfPrimitivesBecomeArrays) {
  TaskForTests task(config({}));
  std::string fields = R"({"type":"array","items":{"type":"int8"},"field":"a"},{"type":"array","items":{"type":"int64","optional":true},"field":"b"},)"
                       R"({"type":"array","items":{"type":"string"},"field":"c"},{"type":"array","items":{"type":"boolean"},"optional":true,"field":"d"},)"
                       R"({"type":"array","items":{"type":"double"},"field":"e"})";
  Status put = task.put(batches_of_json("t", 0, {envelope(fields, R"({"a":[1,-2],"b":[3,null],"c":["x","y,\"z"],"d":null,"e":[]})")}, {}, true));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT a, b, c, d, e FROM t"), "{1,-2}|{3,NULL}|{x,\"y,\\\"z\"}|NULL|{}");
  EXPECT_EQ(rows("SELECT string_agg(format_type(atttypid, -1), ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0"),
            "smallint[],bigint[],text[],boolean[],double precision[]");
}

TEST_F(PostgresqlSink, AServerThatGoesAwayIsWaitedForAndNothingIsLost) {
  auto settings = upsert_by_id();
  settings["connection.attempts"] = "1";
  settings["max.retries"] = "3";
  settings["retry.backoff.ms"] = "10";
  TaskForTests task(settings);
  ASSERT_TRUE(task.put(batches_of_json("t", 0, {R"({"id":1,"v":"a"})"})).ok());
  shared_postgresql().kill_server();
  auto batches = batches_of_json("t", 1, {R"({"id":2,"v":"b"})", R"({"id":1,"v":"c"})"});
  EXPECT_EQ(task.put(batches).code(), Code::kRetriable);
  EXPECT_EQ(task.task->retry_backoff_ms(), 10);
  EXPECT_EQ(task.put(batches).code(), Code::kRetriable);
  EXPECT_EQ(task.context.acked.size(), 1u);
  shared_postgresql().start_server();
  Status put = task.put(batches);
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT id, v FROM t ORDER BY id"), "1|c;2|b");
  EXPECT_EQ(task.context.acked.size(), 3u);
  shared_postgresql().kill_server();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(task.put(batches).code(), Code::kRetriable);
  EXPECT_EQ(task.put(batches).code(), Code::kFatal);
  shared_postgresql().start_server();
}

TEST_F(PostgresqlSink, ATableThatWasDroppedIsMadeAgain) {
  TaskForTests task(upsert_by_id());
  ASSERT_TRUE(task.put(batches_of_json("t", 0, {R"({"id":1})"})).ok());
  run("DROP TABLE t");
  Status put = task.put(batches_of_json("t", 1, {R"({"id":2})"}));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT id FROM t"), "2");
}

TEST_F(PostgresqlSink, AWrongPasswordIsToldWithoutIt) {
  plugin::Properties settings{{"connection.url", shared_postgresql().jdbc_url(db_)}, {"connection.user", "locked"}, {"connection.password", "geheim"}};
  auto plugin = jdbc_sink();
  auto values = plugin.def.validate(settings);
  plugin.validate(settings, &values);
  std::string errors = config::first_problems(values).message();
  EXPECT_EQ(errors, "Could not connect to database. FATAL: password authentication failed for user \"locked\"");
  TaskForTests task(settings);
  Status put = task.put(batches_of_json("t", 0, {R"({"id":1})"}));
  EXPECT_EQ(put.code(), Code::kFatal);
  EXPECT_EQ(put.message().find("geheim"), std::string::npos);
  settings["connection.password"] = PostgresqlServerForTests::kLockedPassword;
  values = plugin.def.validate(settings);
  plugin.validate(settings, &values);
  EXPECT_TRUE(config::first_problems(values).ok()) << config::first_problems(values).message();
}

TEST_F(PostgresqlSink, AMissingPrivilegeSaysWhatToGrant) {
  run("CREATE TABLE t (id bigint PRIMARY KEY)");
  auto settings = upsert_by_id();
  settings["connection.user"] = "locked";
  settings["connection.password"] = PostgresqlServerForTests::kLockedPassword;
  TaskForTests task(settings);
  Status put = task.put(batches_of_json("t", 0, {R"({"id":1})"}));
  EXPECT_EQ(put.code(), Code::kUnauthorized);
  EXPECT_NE(put.message().find("SQLSTATE 42501"), std::string::npos);
  EXPECT_NE(put.message().find("grant"), std::string::npos);
}

TEST_F(PostgresqlSink, AColumnThatTheDatabaseFillsSaysToLeaveTheFieldOut) {
  run("CREATE TABLE made (id bigint, twice bigint GENERATED ALWAYS AS (id * 2) STORED); CREATE TABLE numbered (id bigint GENERATED ALWAYS AS IDENTITY)");
  for (const char* table : {"made", "numbered"}) {
    TaskForTests task(config({}));
    Status put = task.put(batches_of_json(table, 0, {std::string(table) == "made" ? R"({"id":1,"twice":2})" : R"({"id":1})"}));
    EXPECT_EQ(put.code(), Code::kFatal);
    EXPECT_NE(put.message().find("leave the field out"), std::string::npos) << put.message();
  }
}

TEST_F(PostgresqlSink, AFieldWithoutColumnTypeIsNamed) {
  TaskForTests task(config({}));
  std::string record = envelope(R"({"field":"m","type":"map","keys":{"type":"string"},"values":{"type":"int32"}})", R"({"m":{"a":1}})");
  Status put = task.put(batches_of_json("t", 0, {record}, {}, true));
  EXPECT_EQ(put.code(), Code::kData);
  EXPECT_EQ(put.message(), "Field 'm': null (MAP) type doesn't have a mapping to the SQL database column type");
}

TEST_F(PostgresqlSink, SeveralTablesAndSchemasInOnePutAreOneTransaction) {
  run("CREATE TABLE b (id bigint PRIMARY KEY, name text NOT NULL)");
  TaskForTests task(upsert_by_id());
  auto batches = batches_of_json("a", 0, {R"({"id":1,"name":"x"})", R"({"id":2,"name":"y"})"});
  for (auto& b : batches_of_json("b", 0, {R"({"id":1,"name":null})"})) batches.push_back(std::move(b));
  EXPECT_EQ(task.put(batches).code(), Code::kData);
  EXPECT_EQ(rows("SELECT count(*) FROM a"), "0");
}

TEST_F(PostgresqlSink, RowsThatATransformRoutesGoToTheirTables) {
  TaskForTests task(upsert_by_id());
  auto batches = batches_of_json("t", 0, {R"({"id":1})", R"({"id":2})", R"({"id":3})"});
  batches[0].topics = {"odd", "even", "odd"};
  ASSERT_TRUE(task.put(batches).ok());
  EXPECT_EQ(rows("SELECT id FROM odd ORDER BY id"), "1;3");
  EXPECT_EQ(rows("SELECT id FROM even"), "2");
}

TEST_F(PostgresqlSink, KafkaCoordinatesMakeInsertsRepeatable) {
  auto settings = config({{"insert.mode", "upsert"}, {"pk.mode", "kafka"}, {"pk.fields", "t,p,o"}});
  TaskForTests task(settings);
  auto batches = batches_of_json("t", 40, {R"({"v":1})", R"({"v":2})"});
  ASSERT_TRUE(task.put(batches).ok());
  ASSERT_TRUE(task.put(batches).ok());
  EXPECT_EQ(rows("SELECT t, p, o, v FROM t ORDER BY o"), "t|0|40|1;t|0|41|2");
}

TEST_F(PostgresqlSink, TimestampsGoIntoColumnsWithZoneAsInstants) {
  run("CREATE TABLE t (id int PRIMARY KEY, a timestamptz, b text, c date)");
  auto settings = upsert_by_id();
  settings["db.timezone"] = "Asia/Kolkata";
  TaskForTests task(settings);
  std::string ts = R"({"type":"int64","name":"org.apache.kafka.connect.data.Timestamp","field":")";
  std::string fields = R"({"type":"int32","field":"id"},)" + ts + "a\"}," + ts + "b\"}," + ts + "c\"}";
  Status put = task.put(batches_of_json("t", 0, {envelope(fields, R"({"id":1,"a":1718445600123,"b":1718445600123,"c":1718490600000})")}, {}, true));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT a, b, c FROM t"), "2024-06-15 10:00:00.123+00|2024-06-15 15:30:00.123+05:30|2024-06-16");
}

TEST_F(PostgresqlSink, TheCurrentSchemaOfTheUrlIsWrittenTo) {
  run("CREATE SCHEMA \"o'x\"");
  url_parameters_ = "?currentSchema=o'x&ApplicationName=orders";
  TaskForTests task(upsert_by_id());
  Status put = task.put(batches_of_json("t", 0, {R"({"id":1})"}));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT id FROM \"o'x\".t"), "1");
}

TEST_F(PostgresqlSink, TextsThatPostgresqlCannotHoldAreDataFaults) {
  TaskForTests task(config({}));
  Status put = task.put(batches_of_json("t", 0, {"{\"a\":\"x\\u0000y\"}"}));
  EXPECT_EQ(put.code(), Code::kData);
  EXPECT_NE(put.message().find("SQLSTATE 22021"), std::string::npos) << put.message();
  EXPECT_TRUE(task.put(batches_of_json("t", 1, {R"({"a":"good"})"})).ok());
}

TEST_F(PostgresqlSink, AnIdleConnectionThatWasCutIsMadeAgainAtOnce) {
  TaskForTests task(upsert_by_id());
  ASSERT_TRUE(task.put(batches_of_json("t", 0, {R"({"id":1})"})).ok());
  run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'Bywash' AND datname = current_database()");
  Status put = task.put(batches_of_json("t", 1, {R"({"id":2})"}));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT id FROM t ORDER BY id"), "1;2");
}

TEST_F(PostgresqlSink, NamesThatPostgresqlWouldCutAreCutForTablesAndRefusedForColumns) {
  TaskForTests task(upsert_by_id());
  EXPECT_TRUE(task.put(batches_of_json(std::string(64, 'x'), 0, {R"({"id":1})"})).ok());
  // 63 characters, but more bytes than the server keeps.
  EXPECT_EQ(task.put(batches_of_json(std::string(62, 'x') + "☃", 0, {R"({"id":1})"})).code(), Code::kFatal);
  EXPECT_EQ(task.put(batches_of_json("t", 0, {"{\"id\":1,\"" + std::string(64, 'y') + "\":2}"})).code(), Code::kData);
  EXPECT_TRUE(task.put(batches_of_json(std::string(63, 'x'), 0, {"{\"id\":1,\"" + std::string(63, 'y') + "\":2}"})).ok());
}

TEST_F(PostgresqlSink, DefaultsOfTimesFollowTheTimeZone) {
  auto settings = config({{"db.timezone", "America/New_York"}});
  TaskForTests task(settings);
  std::string fields = R"({"type":"int64","name":"org.apache.kafka.connect.data.Timestamp","default":1718445600123,"field":"a"},)"
                       R"({"type":"int32","name":"org.apache.kafka.connect.data.Date","default":19889,"field":"b"})";
  Status put = task.put(batches_of_json("t", 0, {envelope(fields, "{}")}, {}, true));
  ASSERT_TRUE(put.ok()) << put.message();
  run("INSERT INTO t DEFAULT VALUES");
  EXPECT_EQ(rows("SELECT a, b FROM t"), "2024-06-15 06:00:00.123|2024-06-14;2024-06-15 06:00:00.123|2024-06-14");
}

TEST_F(PostgresqlSink, AlternatingSchemasKeepTheOrderOfOneKey) {
  TaskForTests task(upsert_by_id());
  Texts values;
  for (int i = 0; i < 40; ++i) {
    std::string fields = R"({"type":"int32","field":"id"},{"type":"int32","field":"v"})";
    std::string payload = "{\"id\":1,\"v\":" + std::to_string(i);
    if (i % 2) { fields += R"(,{"type":"int32","optional":true,"field":"w"})"; payload += ",\"w\":" + std::to_string(i); }
    values.push_back(envelope(fields, payload + "}"));
  }
  auto batches = batches_of_json("t", 0, values, {}, true);
  ASSERT_EQ(batches.size(), 2u);
  Status put = task.put(batches);
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT v, w FROM t"), "39|39");
}

TEST_F(PostgresqlSink, WhatAnAlterCommittedIsNotWrittenTwiceByTheNextTry) {
  // The first row with the new column fails, once, in a way that passes.
  run("CREATE TABLE t (id int); CREATE SEQUENCE turns; CREATE FUNCTION fails_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "IF NEW.id = 2 AND nextval('turns') = 1 THEN RAISE serialization_failure; END IF; RETURN NEW; END $$; "
      "CREATE TRIGGER once BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION fails_once()");
  TaskForTests task(config({{"retry.backoff.ms", "1"}}));
  const std::string id = R"({"type":"int32","field":"id"})", more = id + R"(,{"type":"string","optional":true,"field":"a"})";
  auto batches = batches_of_json("t", 0, {envelope(id, R"({"id":1})"), envelope(more, R"({"id":2,"a":"x"})"), envelope(id, R"({"id":3})")}, {}, true);
  Status first = task.put(batches);
  EXPECT_TRUE(first.retriable()) << first.message();
  EXPECT_EQ(rows("SELECT id, a FROM t"), "1|NULL");
  EXPECT_TRUE(task.context.acked.empty());
  Status second = task.put(batches);
  ASSERT_TRUE(second.ok()) << second.message();
  EXPECT_EQ(rows("SELECT id, a FROM t ORDER BY id"), "1|NULL;2|x;3|NULL");
  EXPECT_EQ(task.context.acked.size(), 3u);
  // Records that come anew are new.
  ASSERT_TRUE(task.put(batches).ok());
  EXPECT_EQ(rows("SELECT count(*) FROM t"), "6");
}

}  // namespace
}  // namespace bywash::jdbc
