// What the sink adds to the original: change events, flattening, names out of records, widening, offsets beside the rows.
#include <gtest/gtest.h>

#include <functional>

#include "connectors/jdbc/batches_for_tests.h"
#include "connectors/jdbc/mariadb_server_for_tests.h"
#include "connectors/jdbc/postgresql_server_for_tests.h"

namespace bywash::jdbc {
namespace {

constexpr const char* kRow = R"("fields":[{"field":"id","type":"int32"},{"field":"name","type":"string","optional":true},
  {"field":"day","type":"int32","optional":true,"name":"io.debezium.time.Date","version":1},
  {"field":"at","type":"int64","optional":true,"name":"io.debezium.time.MicroTimestamp","version":1}])";

// A Debezium envelope with schema.
std::string change(const std::string& op, const std::string& before, const std::string& after) {
  std::string row = R"({"type":"struct","optional":true,"name":"s.t.Value",)" + std::string(kRow);
  return R"({"schema":{"type":"struct","name":"s.t.Envelope","fields":[)" + row + R"(,"field":"before"},)" + row +
         R"(,"field":"after"},{"type":"struct","field":"source","fields":[{"field":"lsn","type":"int64","optional":true}]},{"type":"string","field":"op"},
         {"type":"int64","optional":true,"field":"ts_ms"}]},"payload":{"before":)" + before + R"(,"after":)" + after +
         R"(,"source":{"lsn":5},"op":")" + op + R"(","ts_ms":1}})";
}
std::string key(int id) {
  return envelope(R"({"field":"id","type":"int32"})", fmt::format(R"({{"id":{}}})", id));
}
std::string row(int id, const std::string& name) {
  return fmt::format(R"({{"id":{},"name":"{}","day":19889,"at":1718445600123456}})", id, name);
}

class SinkChanges : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(shared_postgresql().started()) << shared_postgresql().why();
    static int count = 0;
    db_ = "changes_" + std::to_string(++count);
    shared_postgresql().create_database(db_);
  }
  plugin::Properties config(plugin::Properties more) {
    more["connection.url"] = shared_postgresql().jdbc_url(db_);
    more["connection.user"] = "postgres";
    more.try_emplace("auto.create", "true");
    more.try_emplace("auto.evolve", "true");
    return more;
  }
  plugin::Properties by_key(plugin::Properties more = {}) {
    more.insert({{"insert.mode", "upsert"}, {"pk.mode", "record_key"}, {"pk.fields", "id"}, {"delete.enabled", "true"}});
    return config(std::move(more));
  }
  std::string rows(const std::string& sql) {
    std::string out;
    for (const auto& r : shared_postgresql().query(db_, sql)) {
      out += out.empty() ? "" : ";";
      for (size_t i = 0; i < r.size(); ++i) out += (i ? "|" : "") + r[i];
    }
    return out;
  }
  void run(const std::string& sql) { shared_postgresql().query(db_, sql); }

  std::string db_;
};

TEST_F(SinkChanges, EnvelopesBecomeTheRowsThatTheyChanged) {
  TaskForTests task(by_key());
  Texts values = {change("r", "null", row(1, "snapshot")), change("c", "null", row(2, "b")), change("u", row(1, "snapshot"), row(1, "new")),
                  change("d", row(2, "b"), "null"), std::nullopt, change("c", "null", row(3, "c")), change("d", row(3, "c"), "null"),
                  change("c", "null", row(3, "again")), change("m", "null", "null")};
  Status put = task.put(batches_of_json("t", 0, values, {key(1), key(2), key(1), key(2), key(2), key(3), key(3), key(3), key(9)}, true));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT id, name, day, at FROM t ORDER BY id"),
            "1|new|2024-06-15|2024-06-15 10:00:00.123456;3|again|2024-06-15|2024-06-15 10:00:00.123456");
  EXPECT_EQ(rows("SELECT data_type FROM information_schema.columns WHERE table_name = 't' ORDER BY ordinal_position"),
            "integer;text;date;timestamp without time zone");
  EXPECT_EQ(task.context.acked.size(), values.size());
}

TEST_F(SinkChanges, EnvelopesWithoutSchemaAreUnderstoodToo) {
  TaskForTests task(by_key());
  Texts values = {R"({"before":null,"after":{"id":1,"v":"a"},"source":{"db":"x"},"op":"c"})", R"({"before":{"id":1},"after":{"id":1,"v":"b"},"source":{"db":"x"},"op":"u"})",
                  R"({"before":null,"after":{"id":2,"v":"z"},"source":{"db":"x"},"op":"r"})", R"({"before":{"id":2},"after":null,"source":{"db":"x"},"op":"d"})"};
  Status put = task.put(batches_of_json("t", 0, values, {R"({"id":1})", R"({"id":1})", R"({"id":2})", R"({"id":2})"}));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT id, v FROM t"), "1|b");
  TaskForTests plain(config({{"change.events", "none"}, {"table.name.format", "plain"}}));
  ASSERT_TRUE(plain.put(batches_of_json("t", 0, {values[0]})).ok());
  EXPECT_EQ(rows("SELECT op, after FROM plain"), R"(c|{"id":1,"v":"a"})");
}

TEST_F(SinkChanges, TruncationsEmptyTheTableOnlyWhereAllowed) {
  Texts values = {change("c", "null", row(1, "a")), change("t", "null", "null"), change("c", "null", row(2, "b"))};
  Texts keys = {key(1), key(0), key(2)};
  TaskForTests off(by_key());
  ASSERT_TRUE(off.put(batches_of_json("t", 0, values, keys, true)).ok());
  EXPECT_EQ(rows("SELECT id FROM t ORDER BY id"), "1;2");
  TaskForTests on(by_key({{"truncate.enabled", "true"}}));
  ASSERT_TRUE(on.put(batches_of_json("t", 3, values, keys, true)).ok());
  EXPECT_EQ(rows("SELECT id FROM t ORDER BY id"), "2");
}

TEST_F(SinkChanges, AnUnknownOperationIsTheRecordsFault) {
  TaskForTests task(by_key());
  Status put = task.put(batches_of_json("t", 0, {change("x", "null", row(1, "geheim"))}, {key(1)}, true));
  EXPECT_EQ(put.code(), Code::kData);
  EXPECT_NE(put.message().find("change.events=none"), std::string::npos);
  EXPECT_EQ(put.message().find("geheim"), std::string::npos);
}

TEST_F(SinkChanges, NestedStructsAreRefusedOrFlattened) {
  std::string value = envelope(R"({"field":"id","type":"int32"},{"field":"o","type":"struct","optional":true,"fields":[{"field":"p","type":"int32"},
    {"field":"q","type":"struct","fields":[{"field":"r","type":"string"}]}]})", R"({"id":1,"o":{"p":5,"q":{"r":"x"}}})");
  std::string none = value;
  none.replace(none.find(R"({"p":5,"q":{"r":"x"}})"), 21, "null");
  TaskForTests refused(config({}));
  EXPECT_EQ(refused.put(batches_of_json("t", 0, {value}, {}, true)).code(), Code::kData);
  TaskForTests flat(config({{"flatten.structs", "true"}, {"flatten.delimiter", "."}}));
  Status put = flat.put(batches_of_json("t", 0, {value, none}, {}, true));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT id, \"o.p\", \"o.q.r\" FROM t ORDER BY \"o.p\""), "1|5|x;1|NULL|NULL");
  EXPECT_EQ(rows("SELECT is_nullable FROM information_schema.columns WHERE table_name = 't' ORDER BY ordinal_position"), "NO;YES;YES");
}

TEST_F(SinkChanges, NamesOfTablesComeOutOfRecordsAndStayOnePart) {
  TaskForTests task(config({{"table.name.format", "by_${field:region}_${topic}"}}));
  Status put = task.put(batches_of_json("t", 0, {R"({"id":1,"region":"eu"})", R"({"id":2,"region":"us"})", R"({"id":3,"region":"eu"})"}));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT id FROM by_eu_t ORDER BY id"), "1;3");
  EXPECT_EQ(rows("SELECT id FROM by_us_t"), "2");
  for (const char* bad : {R"({"id":1,"region":"pg_catalog.x"})", R"({"id":1,"region":"a\"; DROP TABLE by_us_t; --"})", R"({"id":1})", R"({"id":1,"region":""})"}) {
    EXPECT_EQ(task.put(batches_of_json("t", 3, {bad})).code(), Code::kData) << bad;
  }
  TaskForTests header(config({{"table.name.format", "h_${header:kind}"}}));
  auto batches = batches_of_json("t", 0, {R"({"id":1})"});
  batches[0].headers = {{{"kind", nullptr, columnar::Value::string("x")}}};
  ASSERT_TRUE(header.put(batches).ok());
  EXPECT_EQ(rows("SELECT id FROM h_x"), "1");
  EXPECT_FALSE(jdbc_sink().make(config({{"table.name.format", "x_${field:}"}})).ok());
}

TEST_F(SinkChanges, ColumnsAreWidenedOnlyOnRequest) {
  run("CREATE TABLE t (id int PRIMARY KEY, n smallint, f real, d integer)");
  std::string wide = envelope(R"({"field":"id","type":"int32"},{"field":"n","type":"int64"},{"field":"f","type":"double"},{"field":"d","type":"bytes",
    "name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2"}})", R"({"id":1,"n":5000000000,"f":0.1,"d":"MDk="})");
  TaskForTests strict(config({}));
  EXPECT_EQ(strict.put(batches_of_json("t", 0, {wide}, {}, true)).code(), Code::kData);
  TaskForTests task(config({{"auto.evolve.widen", "true"}}));
  Status put = task.put(batches_of_json("t", 0, {wide}, {}, true));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT * FROM t"), "1|5000000000|0.1|123.45");
}

TEST_F(SinkChanges, EnumsUuidsAndJsonTakeTexts) {
  run("CREATE TYPE mood AS ENUM ('ok', 'bad'); CREATE TABLE t (id int, m mood, u uuid, j jsonb, a int[])");
  TaskForTests task(config({}));
  std::string fields = R"({"field":"id","type":"int32"},{"field":"m","type":"string"},{"field":"u","type":"string"},{"field":"j","type":"string"},
    {"field":"a","type":"array","items":{"type":"int32"}})";
  Status put = task.put(batches_of_json("t", 0, {envelope(fields, R"({"id":1,"m":"bad","u":"00000000-0000-0000-0000-000000000001","j":"{\"k\":1}","a":[1,2]})")}, {}, true));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT * FROM t"), "1|bad|00000000-0000-0000-0000-000000000001|{\"k\": 1}|{1,2}");
  EXPECT_EQ(task.put(batches_of_json("t", 1, {envelope(fields, R"({"id":1,"m":"geheim","u":"x","j":"1","a":[]})")}, {}, true)).code(), Code::kData);
}

// What a second task of the same connector sees, and one that comes back.
void offsets_are_kept(plugin::Properties config, const std::function<std::string(const std::string&)>& rows) {
  config.insert({{"auto.create", "true"}, {"exactly.once", "true"}});
  TaskForTests first(config);
  ASSERT_TRUE(first.put(batches_of_json("t", 0, {R"({"id":1})", R"({"id":2})"})).ok());
  EXPECT_EQ(rows("SELECT connector, topic, kafka_partition, next_offset FROM bywash_offsets"), "jdbc-test|t|0|2");
  TaskForTests second(config);
  EXPECT_EQ(second.context.sought.at({"t", Partition(0)}).value, 2);
  ASSERT_TRUE(second.put(batches_of_json("t", 2, {R"({"id":3})"})).ok());
  // The first one, a leftover of an older assignment, writes what the second one has written.
  ASSERT_TRUE(first.put(batches_of_json("t", 2, {R"({"id":3})", R"({"id":4})"})).ok());
  EXPECT_EQ(rows("SELECT id FROM t ORDER BY id"), "1;2;3;4");
  EXPECT_EQ(first.context.acked.size(), 4u);
  // A put that fails leaves neither rows nor offsets.
  EXPECT_FALSE(first.put(batches_of_json("t", 4, {R"({"id":5})", R"([1])"})).ok());
  EXPECT_EQ(rows("SELECT count(*), max(next_offset) FROM t, bywash_offsets"), "4|4");
  // A database that is behind what it has confirmed: nothing may be written over the gap.
  rows("DELETE FROM t WHERE id > 2");
  rows("UPDATE bywash_offsets SET next_offset = 2");
  Status behind = first.put(batches_of_json("t", 4, {R"({"id":5})"}));
  EXPECT_EQ(behind.code(), Code::kFatal);
  EXPECT_NE(behind.message().find("has lost commits"), std::string::npos) << behind.message();
  EXPECT_EQ(rows("SELECT id FROM t ORDER BY id"), "1;2");
  TaskForTests third(config);
  EXPECT_EQ(third.context.sought.at({"t", Partition(0)}).value, 2);
}

TEST_F(SinkChanges, PostgresqlKeepsOffsetsBesideTheRows) {
  offsets_are_kept(config({}), [&](const std::string& sql) { return rows(sql); });
}

TEST_F(SinkChanges, MariadbKeepsOffsetsBesideTheRows) {
  ASSERT_EQ(shared_mariadb().why(), "");
  shared_mariadb().create_database(db_);
  auto in_mariadb = [&](const std::string& sql) {
    std::string out;
    for (const auto& r : shared_mariadb().query(db_, sql)) {
      out += out.empty() ? "" : ";";
      for (size_t i = 0; i < r.size(); ++i) out += (i ? "|" : "") + r[i];
    }
    return out;
  };
  offsets_are_kept({{"connection.url", shared_mariadb().jdbc_url(db_)}, {"connection.user", "bywash"},
                                      {"connection.password", MariadbServerForTests::kPassword}}, in_mariadb);
}

}  // namespace
}  // namespace bywash::jdbc
