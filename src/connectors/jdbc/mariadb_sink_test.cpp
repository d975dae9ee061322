// The sink into a real MariaDB.
#include <arrow/builder.h>
#include <gtest/gtest.h>

#include "connectors/jdbc/batches_for_tests.h"
#include "connectors/jdbc/mariadb_server_for_tests.h"

namespace bywash::jdbc {
namespace {

constexpr const char* kIdAndName = R"({"field":"id","type":"int32"},{"field":"name","type":"string","optional":true})";

class MariadbSink : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(shared_mariadb().why(), "");
    static int count = 0;
    db_ = "sink_" + std::to_string(++count);
    shared_mariadb().create_database(db_);
  }
  plugin::Properties config(plugin::Properties more) {
    more["connection.url"] = shared_mariadb().jdbc_url(db_) + url_parameters_;
    more.try_emplace("connection.user", "bywash");
    more.try_emplace("connection.password", MariadbServerForTests::kPassword);
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
    for (const auto& row : shared_mariadb().query(db_, sql)) {
      out += out.empty() ? "" : ";";
      for (size_t i = 0; i < row.size(); ++i) out += (i ? "|" : "") + row[i];
    }
    return out;
  }
  std::string columns(const std::string& table) {
    return rows("SELECT column_name, column_type, is_nullable, column_key FROM information_schema.columns WHERE table_schema = DATABASE() AND "
                "table_name = '" + table + "' ORDER BY ordinal_position");
  }
  void run(const std::string& sql) { shared_mariadb().query(db_, sql); }
  static Texts keyed(std::initializer_list<const char*> keys) {
    Texts out;
    for (const char* key : keys) out.push_back(envelope(R"({"field":"k","type":"string"})", std::string(R"({"k":")") + key + "\"}"));
    return out;
  }
  static std::string named(int id, const std::string& name) {
    return envelope(kIdAndName, fmt::format(R"({{"id":{},"name":"{}"}})", id, name));
  }

  std::string db_, url_parameters_;
};

TEST_F(MariadbSink, CreatesTheOriginalsTypesAndWritesThemExactly) {
  TaskForTests task(upsert_by_id());
  std::string fields = R"({"field":"id","type":"int64"},{"field":"i8","type":"int8"},{"field":"i16","type":"int16"},{"field":"i32","type":"int32"},
    {"field":"f","type":"float"},{"field":"d","type":"double"},{"field":"b","type":"boolean"},{"field":"s","type":"string"},{"field":"x","type":"bytes"},
    {"field":"dec","type":"bytes","name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2"}},
    {"field":"day","type":"int32","name":"org.apache.kafka.connect.data.Date","version":1},
    {"field":"t","type":"int32","name":"org.apache.kafka.connect.data.Time","version":1},
    {"field":"ts","type":"int64","name":"org.apache.kafka.connect.data.Timestamp","version":1},{"field":"n","type":"string","optional":true,"default":"it's"})";
  Status put = task.put(batches_of_json("t", 0, {envelope(fields, R"({"id":-9,"i8":-128,"i16":-5,"i32":7,"f":1.5,"d":-2.25,"b":true,"s":"a☃'","x":"AAEC",
    "dec":"MDk=","day":19889,"t":36000123,"ts":1718445600123,"n":null})")}, {}, true));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(columns("t"), "id|bigint(20)|NO|PRI;i8|tinyint(4)|NO|;i16|smallint(6)|NO|;i32|int(11)|NO|;f|float|NO|;d|double|NO|;b|tinyint(4)|NO|;"
            "s|text|NO|;x|varbinary(1024)|NO|;dec|decimal(65,2)|NO|;day|date|NO|;t|time(3)|NO|;ts|datetime(3)|NO|;n|text|YES|");
  EXPECT_EQ(rows("SELECT id, i8, i16, i32, f, d, b, s, HEX(x), `dec`, day, t, ts, n FROM t"),
            "-9|-128|-5|7|1.5|-2.25|1|a☃'|000102|123.45|2024-06-15|10:00:00.123|2024-06-15 10:00:00.123|it's");
}

TEST_F(MariadbSink, InsertsUpsertsAndUpdates) {
  {
    TaskForTests task(config({}));
    ASSERT_TRUE(task.put(batches_of_json("plain", 0, {named(1, "a"), named(1, "a")}, {}, true)).ok());
  }
  EXPECT_EQ(rows("SELECT id, name FROM plain"), "1|a;1|a");
  TaskForTests upsert(upsert_by_id());
  Status first = upsert.put(batches_of_json("u", 0, {named(2, "a"), named(1, "b"), named(2, "c")}, {}, true));
  ASSERT_TRUE(first.ok()) << first.message();
  ASSERT_TRUE(upsert.put(batches_of_json("u", 3, {named(1, "d")}, {}, true)).ok());
  EXPECT_EQ(rows("SELECT id, name FROM u ORDER BY id"), "1|d;2|c");
  TaskForTests update(config({{"insert.mode", "update"}, {"pk.mode", "record_value"}, {"pk.fields", "id"}}));
  ASSERT_TRUE(update.put(batches_of_json("u", 4, {named(1, "e"), named(9, "none"), named(1, "f")}, {}, true)).ok());
  EXPECT_EQ(rows("SELECT id, name FROM u ORDER BY id"), "1|f;2|c");
  TaskForTests insert(config({{"insert.mode", "insert"}, {"pk.mode", "record_value"}, {"pk.fields", "id"}}));
  Status twice = insert.put(batches_of_json("u", 5, {named(7, "g"), named(1, "geheim")}, {}, true));
  EXPECT_EQ(twice.code(), Code::kData);
  EXPECT_NE(twice.message().find("SQLSTATE 23000: duplicate entry for key 'PRIMARY'"), std::string::npos) << twice.message();
  EXPECT_EQ(rows("SELECT count(*) FROM u"), "2");
}

TEST_F(MariadbSink, KeysComeFromKafkaTheKeyOrTheValue) {
  TaskForTests kafka(config({{"insert.mode", "upsert"}, {"pk.mode", "kafka"}}));
  ASSERT_TRUE(kafka.put(batches_of_json("k", 5, {named(1, "a"), named(1, "b")}, {}, true)).ok());
  EXPECT_EQ(rows("SELECT * FROM k"), "k|0|5|1|a;k|0|6|1|b");
  TaskForTests key(by_key());
  auto batches = batches_of_json("r", 0, {named(1, "a"), named(2, "A"), named(3, "a2")}, keyed({"a", "A", "a"}), true);
  ASSERT_TRUE(key.put(batches).ok());
  // Keys that differ by case are different records.
  EXPECT_EQ(rows("SELECT id, name, k FROM r ORDER BY k"), "2|A|A;3|a2|a");
  TaskForTests primitive(by_key());
  ASSERT_TRUE(primitive.put(batches_of_json("p", 0, {named(1, "a")}, {R"({"schema":{"type":"int32"},"payload":42})"}, true)).ok());
  EXPECT_EQ(rows("SELECT k, id FROM p"), "42|1");
  TaskForTests only_key(config({{"insert.mode", "upsert"}, {"pk.mode", "record_value"}, {"pk.fields", "id,name"}}));
  ASSERT_TRUE(only_key.put(batches_of_json("all_key", 0, {named(1, "a"), named(1, "a")}, {}, true)).ok());
  EXPECT_EQ(rows("SELECT * FROM all_key"), "1|a");
}

TEST_F(MariadbSink, DeletesInOrderAndTheLastRecordOfAKeyWins) {
  TaskForTests task(by_key());
  Texts values = {named(1, "a"), std::nullopt, named(2, "b"), named(3, "c"), std::nullopt, named(5, "d"), std::nullopt};
  ASSERT_TRUE(task.put(batches_of_json("r", 0, values, keyed({"x", "x", "x", "y", "y", "z", "none"}), true)).ok());
  EXPECT_EQ(rows("SELECT id, name, k FROM r ORDER BY k"), "2|b|x;5|d|z");
  ASSERT_TRUE(task.put(batches_of_json("r", 7, {std::nullopt, named(6, "e")}, keyed({"x", "z"}), true)).ok());
  EXPECT_EQ(rows("SELECT id, name, k FROM r ORDER BY k"), "6|e|z");
  // A table of the user's, whose collation takes "A" and "a" for one key: in order.
  run("CREATE TABLE ci (k VARCHAR(20) PRIMARY KEY, id INT, name TEXT)");
  ASSERT_TRUE(task.put(batches_of_json("ci", 0, {named(1, "a"), std::nullopt, named(3, "c"), named(4, "d")}, keyed({"q", "Q", "w", "W"}), true)).ok());
  EXPECT_EQ(rows("SELECT k, id FROM ci"), "w|4");
}

TEST_F(MariadbSink, InsertModeDeletesInOrderToo) {
  auto settings = by_key();
  settings["insert.mode"] = "insert";
  TaskForTests task(settings);
  ASSERT_TRUE(task.put(batches_of_json("r", 0, {named(1, "a"), std::nullopt, named(2, "b")}, keyed({"x", "x", "x"}), true)).ok());
  EXPECT_EQ(rows("SELECT id, name, k FROM r"), "2|b|x");
}

TEST_F(MariadbSink, AddsColumnsAndTakesPlainJson) {
  TaskForTests task(upsert_by_id());
  ASSERT_TRUE(task.put(batches_of_json("t", 0, {R"({"id":1,"n":5})", R"({"id":2,"n":6,"o":{"p":[1]}})"})).ok());
  ASSERT_TRUE(task.put(batches_of_json("t", 2, {R"({"id":1,"n":2.5,"z":"new","ok":true})"})).ok());
  EXPECT_EQ(columns("t"), "id|bigint(20)|NO|PRI;n|double|YES|;o|text|YES|;z|text|YES|;ok|tinyint(4)|YES|");
  EXPECT_EQ(rows("SELECT * FROM t ORDER BY id"), "1|2.5|NULL|new|1;2|6|{\"p\":[1]}|NULL|NULL");
}

TEST_F(MariadbSink, WritesTheSameWithoutArrays) {
  url_parameters_ = "?useBulkStmts=false";
  TaskForTests task(by_key());
  Texts values = {named(1, "a"), std::nullopt, named(2, "b"), envelope(kIdAndName, R"({"id":3,"name":null})")};
  ASSERT_TRUE(task.put(batches_of_json("r", 0, values, keyed({"x", "x", "x", "y"}), true)).ok());
  EXPECT_EQ(rows("SELECT id, name, k FROM r ORDER BY k"), "2|b|x;3|NULL|y");
}

TEST_F(MariadbSink, LoadsRowsFromMemoryWhereItIsAllowed) {
  url_parameters_ = "?useBulkStmts=false&allowLoadLocalInfile=true";
  auto loads = [&] { return std::stoi(rows("SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'COM_LOAD'")); };
  std::string fields = R"({"field":"id","type":"int32"},{"field":"s","type":"string","optional":true},{"field":"x","type":"bytes","optional":true},{"field":"d","type":"double"},
    {"field":"ts","type":"int64","name":"org.apache.kafka.connect.data.Timestamp","version":1})";
  auto many = [&](int first, const std::string& text) {
    Texts out;
    for (int i = 0; i < 600; ++i) {
      std::string extra = i == 7 ? R"("a\tb\\c\nd\u0000☃'","x":"AAECCVz/")" : i == 8 ? R"(null,"x":null)" : "\"" + text + R"(","x":"")";
      out.push_back(envelope(fields, fmt::format(R"({{"id":{},"s":{},"d":0.1,"ts":1718445600123}})", first + i, extra)));
    }
    return out;
  };
  TaskForTests upsert(upsert_by_id());
  int before = loads();
  Status put = upsert.put(batches_of_json("t", 0, many(0, "a"), {}, true));
  ASSERT_TRUE(put.ok()) << put.message();
  ASSERT_TRUE(upsert.put(batches_of_json("t", 600, many(300, "b"), {}, true)).ok());
  EXPECT_EQ(loads() - before, 2);
  EXPECT_EQ(rows("SELECT count(*), sum(s = 'a'), sum(s = 'b'), sum(d = 0.1), min(ts) FROM t"), "900|298|598|900|2024-06-15 10:00:00.123");
  EXPECT_EQ(rows("SELECT HEX(s), HEX(x) FROM t WHERE id = 7"), "6109625C630A6400E2988327|000102095CFF");
  EXPECT_EQ(rows("SELECT s, x FROM t WHERE id = 8"), "NULL|NULL");
  // What does not fit is no warning, and nothing of the put stays.
  run("CREATE TABLE narrow (id INT PRIMARY KEY, s VARCHAR(3), x VARBINARY(9), d DOUBLE, ts DATETIME(3))");
  TaskForTests insert(config({{"auto.evolve", "false"}}));
  Status refused = insert.put(batches_of_json("narrow", 0, many(0, "geheim"), {}, true));
  EXPECT_EQ(refused.code(), Code::kData);
  EXPECT_EQ(refused.message(), "Write to table `narrow`: SQLSTATE 22001: value too long, column 's'");
  EXPECT_EQ(rows("SELECT count(*) FROM narrow"), "0");
  ASSERT_TRUE(insert.put(batches_of_json("narrow", 0, many(1000, "a"), {}, true)).code() == Code::kData);  // row 7 is too long
  run("ALTER TABLE narrow MODIFY s TEXT");
  ASSERT_TRUE(insert.put(batches_of_json("narrow", 0, many(1000, "a"), {}, true)).ok());
  Status twice = insert.put(batches_of_json("narrow", 0, many(1599, "a"), {}, true));
  EXPECT_NE(twice.message().find("SQLSTATE 23000: duplicate entry for key 'PRIMARY'"), std::string::npos) << twice.message();
  EXPECT_EQ(rows("SELECT count(*) FROM narrow"), "600");
  // The server does not take it: as ever.
  run("SET GLOBAL local_infile = 0");
  TaskForTests refused_loads(upsert_by_id());
  before = loads();
  Status without = refused_loads.put(batches_of_json("u", 0, many(0, "a"), {}, true));
  run("SET GLOBAL local_infile = 1");
  ASSERT_TRUE(without.ok()) << without.message();
  EXPECT_EQ(rows("SELECT count(*) FROM u"), "600");
}

TEST_F(MariadbSink, TimesFollowTheZoneAndInstantsStayInstants) {
  run("CREATE TABLE z (id INT PRIMARY KEY, at DATETIME(6), stamp TIMESTAMP(6) NULL, micros DATETIME(6))");
  TaskForTests task(config({{"db.timezone", "Asia/Kolkata"}, {"timestamp.fields.list", "micros"}}));
  std::string fields = R"({"field":"id","type":"int32"},{"field":"at","type":"int64","name":"org.apache.kafka.connect.data.Timestamp","version":1},
    {"field":"stamp","type":"int64","name":"org.apache.kafka.connect.data.Timestamp","version":1},{"field":"micros","type":"int64"})";
  Status put = task.put(batches_of_json("z", 0, {envelope(fields, R"({"id":1,"at":1718445600123,"stamp":1718445600123,"micros":1718445600123456})")}, {}, true));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT * FROM z"), "1|2024-06-15 15:30:00.123000|2024-06-15 10:00:00.123000|2024-06-15 15:30:00.123456");
}

TEST_F(MariadbSink, MessagesNameTheFaultAndHoldNoValue) {
  run("CREATE TABLE narrow (id TINYINT PRIMARY KEY, name VARCHAR(3) NOT NULL)");
  TaskForTests task(config({{"auto.evolve", "false"}}));
  auto message = [&](const std::string& value) {
    Status put = task.put(batches_of_json("narrow", 0, {value}, {}, true));
    EXPECT_EQ(put.code(), Code::kData) << put.message();
    EXPECT_EQ(put.message().find("geheim"), std::string::npos) << put.message();
    return put.message();
  };
  EXPECT_EQ(message(named(1, "geheim")), "Write to table `narrow`: SQLSTATE 22001: value too long, column 'name'");
  EXPECT_EQ(message(named(1000, "a")), "Write to table `narrow`: SQLSTATE 22003: value out of range, column 'id'");
  EXPECT_EQ(message(envelope(kIdAndName, R"({"id":1,"name":null})")), "Write to table `narrow`: SQLSTATE 23000: a value is needed, column 'name'");
  EXPECT_EQ(rows("SELECT count(*) FROM narrow"), "0");
  TaskForTests missing(config({{"auto.create", "false"}}));
  EXPECT_EQ(missing.put(batches_of_json("nowhere", 0, {named(1, "a")}, {}, true)).code(), Code::kData);
}

TEST_F(MariadbSink, APutOfMoreRowsThanOneArrayHoldsIsWhole) {
  constexpr int kRows = 20'000;  // an array has 16,384
  Texts values;
  for (int id = 0; id < kRows; ++id) {
    values.push_back(envelope(kIdAndName, fmt::format(R"({{"id":{},"name":{}}})", id, id % 3 ? fmt::format("\"n{}\"", id) : "null")));
  }
  TaskForTests task(upsert_by_id());
  for (int again = 0; again < 2; ++again) {
    Status put = task.put(batches_of_json("many", 0, values, {}, true));
    ASSERT_TRUE(put.ok()) << put.message();
    EXPECT_EQ(rows("SELECT count(*), sum(name IS NULL), sum(name = concat('n', id)) FROM many"), "20000|6667|13333");
  }
  // Rows of one key twice are no neighbours any more.
  values.push_back(named(5, "last"));
  ASSERT_TRUE(task.put(batches_of_json("many", 0, values, {}, true)).ok());
  EXPECT_EQ(rows("SELECT count(*), sum(name IS NULL), sum(name = concat('n', id)), sum(name = 'last') FROM many"), "20000|6667|13332|1");
}

TEST_F(MariadbSink, HostileNamesAreHarmless) {
  std::string topic = "x`; DROP TABLE victim; -- ";
  run("CREATE TABLE victim (id INT)");
  TaskForTests task(config({{"table.name.format", "`x``; DROP TABLE victim; --`"}}));
  std::string field = R"({"field":"a`,b) VALUES(1); DROP TABLE victim; --","type":"string"})";
  Status put = task.put(batches_of_json("h", 0, {envelope(field, R"({"a`,b) VALUES(1); DROP TABLE victim; --":"'; DROP TABLE victim"})")}, {}, true));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT count(*) FROM victim"), "0");
  EXPECT_EQ(rows("SELECT * FROM `x``; DROP TABLE victim; --`"), "'; DROP TABLE victim");
}

TEST_F(MariadbSink, ALostConnectionIsMadeAnew) {
  TaskForTests task(upsert_by_id());
  ASSERT_TRUE(task.put(batches_of_json("t", 0, {named(1, "a")}, {}, true)).ok());
  for (const auto& row : shared_mariadb().query(db_, "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()")) {
    run("KILL " + row[0]);
  }
  Status put = task.put(batches_of_json("t", 1, {named(2, "b")}, {}, true));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT * FROM t ORDER BY id"), "1|a;2|b");
}

TEST_F(MariadbSink, WrongCredentialsAndDatabasesAreToldAtValidation) {
  auto errors = [&](plugin::Properties properties) {
    auto values = jdbc_sink().def.validate(properties);
    jdbc_sink().validate(properties, &values);
    std::string all;
    for (const auto& v : values) for (const auto& e : v.errors) all += v.name + ": " + e;
    return all;
  };
  auto wrong = config({{"connection.password", "falsch"}});
  EXPECT_NE(errors(wrong).find("connection.url: Could not connect to database. Access denied"), std::string::npos) << errors(wrong);
  db_ = "nowhere";
  EXPECT_NE(errors(config({})).find("Unknown database 'nowhere'"), std::string::npos);
}

TEST_F(MariadbSink, FaultsThatPassAreTriedAgainWithoutDoubledRows) {
  // A deadlock, a lock that is not free in time, a full table: each once, at the second row. The counter's table knows no transactions.
  for (auto [number, state] : std::initializer_list<std::pair<int, const char*>>{{1213, "40001"}, {1205, "HY000"}, {1114, "HY000"}}) {
    run("DROP TABLE IF EXISTS t, turns");
    run("CREATE TABLE turns (n int) ENGINE = MyISAM");
    run("INSERT INTO turns VALUES (0)");
    run("CREATE TABLE t (id int, name text)");
    run(fmt::format("CREATE TRIGGER fails_once BEFORE INSERT ON t FOR EACH ROW BEGIN IF NEW.id = 2 AND (SELECT n FROM turns) = 0 THEN UPDATE turns SET n = 1; "
                    "SIGNAL SQLSTATE '{}' SET MYSQL_ERRNO = {}, MESSAGE_TEXT = 'made up'; END IF; END", state, number));
    TaskForTests task(config({{"retry.backoff.ms", "1"}}));
    auto batches = batches_of_json("t", 0, {named(1, "a"), named(2, "b"), named(3, "c")}, {}, true);
    Status first = task.put(batches);
    EXPECT_TRUE(first.retriable()) << number << ": " << first.message();
    EXPECT_EQ(rows("SELECT count(*) FROM t"), "0");
    Status second = task.put(batches);
    ASSERT_TRUE(second.ok()) << second.message();
    EXPECT_EQ(rows("SELECT id, name FROM t ORDER BY id"), "1|a;2|b;3|c");
  }
}

TEST_F(MariadbSink, AnIdleConnectionThatTheServerEndedIsMadeAnewAtOnce) {
  url_parameters_ = "?socketTimeout=20000";
  run("CREATE TABLE t (id int, name text)");
  TaskForTests task(config({{"max.retries", "0"}}));
  ASSERT_TRUE(task.put(batches_of_json("t", 0, {named(1, "a")}, {}, true)).ok());
  // As wait_timeout ends it.
  run("KILL " + rows("SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND command = 'Sleep'"));
  Status again = task.put(batches_of_json("t", 1, {named(2, "b")}, {}, true));
  EXPECT_TRUE(again.ok()) << again.message();
  EXPECT_EQ(rows("SELECT id FROM t ORDER BY id"), "1;2");
}

TEST_F(MariadbSink, TextsOfAllKindsAreHeldOrRefusedAsARecordsFault) {
  TaskForTests task(config({{"pk.mode", "record_value"}, {"pk.fields", "id"}, {"insert.mode", "upsert"}}));
  ASSERT_TRUE(task.put(batches_of_json("t", 0, {named(1, "nul \\u0000 within"), named(2, "'; DROP TABLE t; -- \\\\"), named(3, "\\ud83d\\ude00")}, {}, true)).ok());
  EXPECT_EQ(rows("SELECT id, HEX(name) FROM t ORDER BY id"), "1|6E756C2000207769746869" "6E;2|273B2044524F50205441424C4520743B202D2D205C;3|F09F9880");
  // No UTF-8, as a StringConverter may hand it over.
  auto batches = batches_of_json("t", 3, {named(4, "x")}, {}, true);
  arrow::StringBuilder broken;
  ASSERT_TRUE(broken.Append("a\xff\xfe").ok());
  columnar::Column& value = batches[0].value;
  value = make_struct_column(value.schema, {value.child(0), {value.schema->fields()[1].schema, broken.Finish().ValueOrDie()}}, {}, nullptr, 1);
  Status status = task.put(batches);
  EXPECT_EQ(status.code(), Code::kData) << status.message();
  EXPECT_EQ(rows("SELECT count(*) FROM t"), "3");
}

TEST_F(MariadbSink, NamesThatAreTooLongAreToldAndNothingIsCut) {
  TaskForTests task(config({}));
  const std::string longest(64, 'a'), too_long(65, 'a');
  ASSERT_TRUE(task.put(batches_of_json(longest, 0, {named(1, "a")}, {}, true)).ok());
  Status table = task.put(batches_of_json(too_long, 0, {named(1, "a")}, {}, true));
  EXPECT_FALSE(table.ok());
  EXPECT_FALSE(table.retriable());
  Status column = task.put(batches_of_json("t", 0, {envelope(R"({"type":"int32","field":")" + too_long + "\"}", "{\"" + too_long + "\":1}")}, {}, true));
  EXPECT_FALSE(column.ok());
  EXPECT_FALSE(column.retriable());
  EXPECT_EQ(rows("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"), longest);
}

}  // namespace
}  // namespace bywash::jdbc
