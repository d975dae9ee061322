// The sink into real SQLite files.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>

#include "connectors/jdbc/batches_for_tests.h"

namespace bywash::jdbc {
namespace {

class SqliteSink : public testing::Test {
 protected:
  SqliteSink() : file_(testing::TempDir() + "sqlite_sink_" + testing::UnitTest::GetInstance()->current_test_info()->name() + ".db") {
    std::filesystem::remove(file_);
    EXPECT_EQ(sqlite3_open(file_.c_str(), &db_), SQLITE_OK);
  }
  ~SqliteSink() override {
    sqlite3_close(db_);
    std::filesystem::remove(file_);
  }

  plugin::Properties config(plugin::Properties more) {
    more["connection.url"] = "jdbc:sqlite:" + file_;
    more.try_emplace("auto.create", "true");
    more.try_emplace("auto.evolve", "true");
    return more;
  }
  plugin::Properties upsert_by_id() { return config({{"insert.mode", "upsert"}, {"pk.mode", "record_value"}, {"pk.fields", "id"}}); }

  // All rows as text: "1|a;2|b".
  std::string rows(const std::string& sql) {
    sqlite3_stmt* s = nullptr;
    if (sqlite3_prepare_v2(db_, sql.c_str(), -1, &s, nullptr) != SQLITE_OK) return sqlite3_errmsg(db_);
    std::string out;
    while (sqlite3_step(s) == SQLITE_ROW) {
      out += out.empty() ? "" : ";";
      for (int i = 0; i < sqlite3_column_count(s); ++i) {
        auto* text = reinterpret_cast<const char*>(sqlite3_column_text(s, i));
        out += (i ? "|" : "") + std::string(text ? text : "NULL");
      }
    }
    sqlite3_finalize(s);
    return out;
  }
  void run(const std::string& sql) { ASSERT_EQ(sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db_); }

  std::string file_;
  sqlite3* db_ = nullptr;
};

TEST_F(SqliteSink, WritesPlainJsonIntoATableOfItsShape) {
  TaskForTests task(upsert_by_id());
  auto batches = batches_of_json("t", 0, {R"({"id":1,"name":"a","price":1.5,"ok":true,"tags":["x"],"none":null})", R"({"id":2,"price":2})",
                                          R"({"id":1,"name":"b","price":3.5,"ok":false})"});
  Status put = task.put(batches);
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT id, name, price, ok, tags FROM t ORDER BY id"), "1|b|3.5|0|NULL;2|NULL|2.0|NULL|NULL");
  EXPECT_EQ(rows("SELECT name, type, \"notnull\", pk FROM pragma_table_info('t')"),
            "id|INTEGER|1|1;name|TEXT|0|0;price|REAL|0|0;ok|INTEGER|0|0;tags|TEXT|0|0");
  EXPECT_EQ(task.context.acked.size(), 3u);
  EXPECT_EQ(task.context.acked_generation, Generation(7));
}

TEST_F(SqliteSink, TakesAFailingPutBackWhole) {
  run("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL)");
  TaskForTests task(config({{"insert.mode", "insert"}}));
  Status put = task.put(batches_of_json("t", 0, {R"({"id":1,"name":"a"})", R"({"id":2,"name":null})"}));
  EXPECT_EQ(put.code(), Code::kData);
  EXPECT_NE(put.message().find("SQLSTATE 23"), std::string::npos) << put.message();
  EXPECT_EQ(rows("SELECT count(*) FROM t"), "0");
  EXPECT_TRUE(task.context.acked.empty());
  EXPECT_TRUE(task.put(batches_of_json("t", 0, {R"({"id":1,"name":"a"})"})).ok());
  EXPECT_EQ(rows("SELECT id FROM t"), "1");
}

TEST_F(SqliteSink, WaitsForALockedDatabaseAndGivesUpAfterMaxRetries) {
  auto settings = upsert_by_id();
  settings["max.retries"] = "2";
  settings["connection.url"] += "?busy_timeout=1";
  TaskForTests task(settings);
  auto batches = batches_of_json("t", 0, {R"({"id":1})"});
  run("BEGIN EXCLUSIVE");
  EXPECT_EQ(task.put(batches).code(), Code::kRetriable);
  run("COMMIT");
  EXPECT_TRUE(task.put(batches).ok());
  EXPECT_EQ(rows("SELECT id FROM t"), "1");
  run("BEGIN EXCLUSIVE");
  EXPECT_EQ(task.put(batches).code(), Code::kRetriable);
  EXPECT_EQ(task.put(batches).code(), Code::kRetriable);
  Status last = task.put(batches);
  EXPECT_EQ(last.code(), Code::kFatal);
  EXPECT_NE(last.message().find("max.retries"), std::string::npos);
  run("COMMIT");
}

TEST_F(SqliteSink, HostileNamesAreOnlyNames) {
  run("CREATE TABLE victim (x INTEGER); INSERT INTO victim VALUES (1)");
  TaskForTests task(upsert_by_id());
  std::string topic = "`t`` ; DROP TABLE victim; --`";
  Status put = task.put(batches_of_json(topic, 0, {R"({"id":1,"a`) ; DROP TABLE victim; --":"'); DROP TABLE victim; --","\"":2})"}));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT x FROM victim"), "1");
  EXPECT_EQ(rows("SELECT name FROM sqlite_master WHERE name LIKE 't%'"), "t` ; DROP TABLE victim; --");
}

TEST_F(SqliteSink, UnquotedNamesMustBePlain) {
  auto settings = upsert_by_id();
  settings["quote.sql.identifiers"] = "never";
  TaskForTests task(settings);
  EXPECT_FALSE(task.put(batches_of_json("t", 0, {R"({"id":1,"a; DROP TABLE t":2})"})).ok());
  EXPECT_TRUE(task.put(batches_of_json("t", 0, {R"({"id":1,"a":2})"})).ok());
}

TEST_F(SqliteSink, DeletesAndUpdatesTakeEffectInOrder) {
  TaskForTests task(config({{"insert.mode", "upsert"}, {"pk.mode", "record_key"}, {"pk.fields", "k"}, {"delete.enabled", "true"}}));
  Status put = task.put(batches_of_json("t", 0, {R"({"v":1})", std::nullopt, R"({"v":2})", R"({"v":3})", std::nullopt}, {"1", "1", "1", "2", "2"}));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT k, v FROM t"), "1|2");
}

TEST_F(SqliteSink, UpdatesOnlyRowsThatExist) {
  run("CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER); INSERT INTO t VALUES (1, 1)");
  auto settings = upsert_by_id();
  settings["insert.mode"] = "update";
  TaskForTests task(settings);
  ASSERT_TRUE(task.put(batches_of_json("t", 0, {R"({"id":1,"v":5})", R"({"id":2,"v":6})"})).ok());
  EXPECT_EQ(rows("SELECT id, v FROM t"), "1|5");
}

TEST_F(SqliteSink, AddsColumnsAsTheyAppear) {
  TaskForTests task(upsert_by_id());
  ASSERT_TRUE(task.put(batches_of_json("t", 0, {R"({"id":1,"a":null})"})).ok());
  ASSERT_TRUE(task.put(batches_of_json("t", 1, {R"({"id":2,"a":"x"})"})).ok());
  EXPECT_EQ(rows("SELECT id, a FROM t ORDER BY id"), "1|NULL;2|x");
}

TEST_F(SqliteSink, StoresLogicalTypesAsTheOriginalsDriver) {
  TaskForTests task(config({}));
  std::string fields =
      R"({"type":"int32","name":"org.apache.kafka.connect.data.Date","field":"d"},{"type":"int32","name":"org.apache.kafka.connect.data.Time","field":"t"},)"
      R"({"type":"int64","name":"org.apache.kafka.connect.data.Timestamp","field":"ts"},)"
      R"({"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"2"},"field":"n"},{"type":"bytes","field":"b"},{"type":"float","field":"f"})";
  Status put = task.put(batches_of_json("t", 0, {envelope(fields, R"({"d":1,"t":1000,"ts":1718445600123,"n":"AJY=","b":"AAE=","f":0.5})")}, {}, true));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT d, t, ts, n, hex(b), f, typeof(ts), typeof(n) FROM t"), "86400000|1000|1718445600123|1.5|0001|0.5|integer|real");
}

TEST_F(SqliteSink, AFolderThatIsNotThereIsToldAtValidation) {
  plugin::Properties settings{{"connection.url", "jdbc:sqlite:/no/such/folder/x.db"}};
  auto plugin = jdbc_sink();
  auto values = plugin.def.validate(settings);
  plugin.validate(settings, &values);
  std::string errors = config::first_problems(values).message();
  EXPECT_NE(errors.find("Could not connect to database. SQLite: unable to open database file"), std::string::npos) << errors;
}

TEST_F(SqliteSink, AMissingTableIsTheRecordsFaultWithTheKeyToChange) {
  auto settings = upsert_by_id();
  settings["auto.create"] = "false";
  TaskForTests task(settings);
  Status put = task.put(batches_of_json("t", 0, {R"({"id":1})"}));
  EXPECT_EQ(put.code(), Code::kData);
  EXPECT_NE(put.message().find("auto.create=true"), std::string::npos);
}

TEST_F(SqliteSink, ADefaultOfAKeyCountsWithoutReplaceNullWithDefault) {
  auto settings = upsert_by_id();
  settings["replace.null.with.default"] = "false";
  TaskForTests task(settings);
  columnar::SchemaSpec number = columnar::ConnectSchema::of(columnar::Type::kInt32, true)->spec(), row;
  number.default_value = std::make_shared<const columnar::Value>(int32_t{7});
  row.type = columnar::Type::kStruct;
  auto with_default = columnar::ConnectSchema::make(number);
  row.fields = {{"id", with_default, false}, {"n", with_default, false}};
  auto schema = columnar::ConnectSchema::make(row);
  columnar::ValueAppender appender(schema);
  ASSERT_TRUE(appender.append(columnar::Value::structure(schema, {columnar::Value(), columnar::Value()})).ok());
  auto batches = batches_of_json("t", 0, {envelope(R"({"field":"id","type":"int32"})", R"({"id":1})")}, {}, true);
  batches[0].value = *appender.finish();
  Status put = task.put(batches);
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT id, coalesce(n, 'none') FROM t"), "7|none");
}

// The errors that validation gives, by key.
std::string errors_of(const plugin::Properties& properties) {
  auto values = jdbc_sink().def.validate(properties);
  jdbc_sink().validate(properties, &values);
  std::string out;
  for (const auto& v : values) {
    for (const std::string& e : v.errors) out += v.name + ": " + e + "\n";
  }
  return out;
}

TEST(JdbcSinkValidation, TriesTheConnectionOnlyOfASoundConfiguration) {
  plugin::Properties settings = {{"connection.url", "jdbc:sqlite:/nowhere/at/all.db"}};
  EXPECT_TRUE(errors_of(settings).starts_with("connection.url: Could not connect to database.")) << errors_of(settings);
  settings["insert.mode"] = "merge";
  EXPECT_EQ(errors_of(settings), "insert.mode: Invalid value merge for configuration insert.mode: Invalid enumerator. It must be one of: insert, upsert, update\n");
}

TEST(JdbcSinkValidation, DeletesWithAnUnknownKeyModeAreOneFault) {
  plugin::Properties settings = {{"connection.url", "jdbc:sqlite::memory:"}, {"delete.enabled", "true"}, {"pk.mode", "topic"}};
  EXPECT_EQ(errors_of(settings), "pk.mode: Invalid value topic for configuration pk.mode: Invalid enumerator. It must be one of: none, kafka, record_key, record_value\n");
  settings["pk.mode"] = "kafka";
  EXPECT_EQ(errors_of(settings), "delete.enabled: Deletes are only supported for pk.mode record_key\npk.mode: Deletes are only supported for pk.mode record_key\n");
}

// While it lives, no file of this process grows beyond `bytes`.
class FilesEndAt {
 public:
  explicit FilesEndAt(rlim_t bytes) {
    before_ = signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old_);
    rlimit now{bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FilesEndAt() {
    setrlimit(RLIMIT_FSIZE, &old_);
    signal(SIGXFSZ, before_);
  }

 private:
  rlimit old_{};
  void (*before_)(int) = nullptr;
};

TEST_F(SqliteSink, AFullDiskIsWaitedForAndNothingIsTornOrDoubled) {
  TaskForTests task(config({{"retry.backoff.ms", "1"}}));
  ASSERT_TRUE(task.put(batches_of_json("t", 0, {R"({"id":0,"x":"small"})"})).ok());
  Texts values;
  for (int i = 1; i <= 2000; ++i) values.push_back(fmt::format(R"({{"id":{},"x":"{}"}})", i, std::string(500, 'x')));
  auto batches = batches_of_json("t", 1, values);
  {
    FilesEndAt limit(200 << 10);
    Status full = task.put(batches);
    EXPECT_TRUE(full.retriable()) << full.message();
  }
  EXPECT_EQ(rows("SELECT count(*) FROM t"), "1");
  EXPECT_EQ(rows("PRAGMA integrity_check"), "ok");
  Status again = task.put(batches);
  ASSERT_TRUE(again.ok()) << again.message();
  EXPECT_EQ(rows("SELECT count(*), sum(id) FROM t"), "2001|2001000");
}

TEST_F(SqliteSink, TextsOfAllKindsAreHeldAsTheyAre) {
  TaskForTests task(config({}));
  const std::string name(300, 'n');
  ASSERT_TRUE(task.put(batches_of_json("t", 0, {R"({"id":1,"x":"nul \u0000 within"})", R"({"id":2,"x":"'; DROP TABLE t; --"})", "{\"id\":3,\"" + name + "\":7}"})).ok());
  EXPECT_EQ(rows("SELECT id, hex(x) FROM t WHERE id < 3 ORDER BY id"), "1|6E756C20002077697468696E;2|273B2044524F50205441424C4520743B202D2D");
  EXPECT_EQ(rows("SELECT \"" + name + "\" FROM t WHERE id = 3"), "7");
}

}  // namespace
}  // namespace bywash::jdbc
