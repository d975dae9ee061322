// ODBC: connection strings, what is known of databases that no test can start, and sink and source through real drivers (SQLite's,
// PostgreSQL's and MariaDB's; jdbc_rules_test.cpp runs the sink's rules through the latter two).
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>

#include "columnar/java_text.h"
#include "connectors/jdbc/batches_for_tests.h"
#include "connectors/jdbc/dialects/odbc_product.h"
#include "connectors/jdbc/mariadb_server_for_tests.h"
#include "connectors/jdbc/postgresql_server_for_tests.h"

namespace bywash::jdbc {
namespace {

using columnar::ConnectSchema;
using columnar::Type;
using Rows = std::vector<std::vector<std::string>>;

std::string string_for(const std::string& url, const char* user = nullptr, const char* password = "") {
  auto parsed = parse_connection_url(url);
  if (!parsed.ok()) return parsed.status().message();
  EXPECT_EQ(parsed->kind, Database::kOdbc);
  return odbc::connection_string(*parsed, user ? std::optional<std::string>(user) : std::nullopt, config::Secret(password));
}

TEST(OdbcUrl, IsADataSourceOrAConnectionString) {
  EXPECT_EQ(string_for("jdbc:odbc:warehouse"), "DSN=warehouse;");
  EXPECT_EQ(string_for("jdbc:odbc:warehouse;Schema=x", "me", "pa;ss}"), "DSN=warehouse;Schema=x;UID=me;PWD={pa;ss}}};");
  EXPECT_EQ(string_for("jdbc:odbc:Driver={Some Driver};Server=db;uid=first", "me"), "Driver=Some Driver;Server=db;uid=first;");
  EXPECT_NE(string_for("jdbc:odbc:").find("names no data source"), std::string::npos);
  EXPECT_NE(string_for("jdbc:odbc:x;nonsense").find("property without '='"), std::string::npos);
}

TEST(OdbcUrl, ADriverOrDataSourceThatIsNotThereIsRefused) {
  for (const char* url : {"jdbc:odbc:no-such-source", "jdbc:odbc:Driver=NoSuchDriver"}) {
    auto dialect = find_dialect({*parse_connection_url(url), std::nullopt, {}, {}, nullptr});
    ASSERT_FALSE(dialect.ok());
    EXPECT_EQ(dialect.status().code(), Code::kInvalid) << dialect.status().message();
  }
}

// The statements of the original's dialects over id (the key), name and n.
TableWrite sample_write(std::shared_ptr<TableDefinition> table, bool key_alone = false) {
  TableWrite write;
  table->name = {"", "", "tbl"};
  write.table = table;
  write.mode = InsertMode::kUpsert;
  write.columns = {{"id", ConnectSchema::of(Type::kInt32), true}};
  if (!key_alone) {
    write.columns.push_back({"name", ConnectSchema::of(Type::kString, true)});
    write.columns.push_back({"n", ConnectSchema::of(Type::kInt32, true)});
  }
  write.key_count = 1;
  return write;
}

TEST(OdbcStatements, MergeAsTheOriginalsDialectsDo) {
  auto table = std::make_shared<TableDefinition>();
  auto merge = [&](odbc::ProductKind kind, char quote = '"') { return odbc::merge_sql(kind, sample_write(table), {quote, true, quote == '[' ? ']' : '\0'}, true); };
  EXPECT_EQ(merge(odbc::ProductKind::kOracle),
            R"(merge into "tbl" using (select ? "id",? "name",? "n" FROM dual) incoming on("tbl"."id"=incoming."id") when matched then update set )"
            R"("tbl"."name"=incoming."name","tbl"."n"=incoming."n" when not matched then insert ("id","name","n") values (incoming."id",incoming."name",incoming."n"))");
  EXPECT_EQ(merge(odbc::ProductKind::kDb2),
            R"(merge into "tbl" using (values(?,?,?)) as DAT("id","name","n") on("tbl"."id"=DAT."id") when matched then update set )"
            R"("tbl"."name"=DAT."name","tbl"."n"=DAT."n" when not matched then insert ("id","name","n") values (DAT."id",DAT."name",DAT."n"))");
  EXPECT_EQ(merge(odbc::ProductKind::kSqlserver, '['),
            "merge into [tbl] with (HOLDLOCK) AS target using (select ? AS [id],? AS [name],? AS [n]) AS incoming on (target.[id]=incoming.[id]) when matched then "
            "update set [name]=incoming.[name],[n]=incoming.[n] when not matched then insert ([id],[name],[n]) values (incoming.[id],incoming.[name],incoming.[n]);");
  EXPECT_EQ(merge(odbc::ProductKind::kHana), R"(UPSERT "tbl"("id","name","n") VALUES(?,?,?) WITH PRIMARY KEY)");
  EXPECT_EQ(merge(odbc::ProductKind::kOther), "");
  TableWrite alone = sample_write(table, true);
  EXPECT_EQ(odbc::merge_sql(odbc::ProductKind::kDb2, alone, {}, true),
            R"(merge into "tbl" using (values(?)) as DAT("id") on("tbl"."id"=DAT."id") when not matched then insert ("id") values (DAT."id"))");
  EXPECT_EQ(odbc::update_sql(alone, {}), "");
}

TEST(OdbcStatements, AWholeRowsMissingFieldsBecomeNull) {
  auto table = std::make_shared<TableDefinition>();
  TableWrite write = sample_write(table, true);
  write.null_columns = {"gone"};
  EXPECT_EQ(odbc::update_sql(write, {}), R"(UPDATE "tbl" SET "gone" = NULL WHERE "id" = ?)");
  EXPECT_EQ(odbc::insert_sql(write, {}), R"(INSERT INTO "tbl"("id","gone") VALUES(?,NULL))");
  EXPECT_EQ(odbc::merge_sql(odbc::ProductKind::kOracle, write, {}, true),
            R"(merge into "tbl" using (select ? "id" FROM dual) incoming on("tbl"."id"=incoming."id") when matched then update set "tbl"."gone"=NULL )"
            R"(when not matched then insert ("id","gone") values (incoming."id",NULL))");
}

TEST(OdbcTypes, OfKnownProductsAreTheOriginals) {
  auto types_on = [](const char* dbms) {
    std::vector<std::string> out;
    for (Type type : {Type::kInt8, Type::kInt64, Type::kFloat64, Type::kBoolean, Type::kString, Type::kBytes}) {
      out.push_back(*odbc::named_type(*odbc::product_of(dbms).types, {"f", ConnectSchema::of(type)}));
    }
    out.push_back(*odbc::named_type(*odbc::product_of(dbms).types, {"f", ConnectSchema::decimal(4)}));
    return fmt::format("{}", fmt::join(out, " "));
  };
  EXPECT_EQ(types_on("Oracle"), "NUMBER(3,0) NUMBER(19,0) BINARY_DOUBLE NUMBER(1,0) VARCHAR2(4000) BLOB NUMBER(*,4)");
  EXPECT_EQ(types_on("DB2/LINUXX8664"), "SMALLINT BIGINT DOUBLE SMALLINT VARCHAR(32672) BLOB(64000) DECIMAL(31,4)");
  EXPECT_EQ(types_on("HDB"), "TINYINT BIGINT DOUBLE BOOLEAN VARCHAR(1000) BLOB DECIMAL");
  EXPECT_EQ(types_on("Adaptive Server Enterprise"), "smallint bigint float bit text image decimal(38,4)");
  EXPECT_EQ(types_on("Vertica Database"), "INT INT FLOAT BOOLEAN VARCHAR(1024) VARBINARY(1024) DECIMAL(18,4)");
}

TEST(OdbcErrors, AreSortedBySqlstateAndNumber) {
  auto code = [](const char* dbms, const char* state, int number) { return odbc::status_of(dbms, {{state, number, "told"}}, false).code(); };
  EXPECT_EQ(code("Firebird", "22003", 0), Code::kData);
  EXPECT_EQ(code("Firebird", "23000", 0), Code::kData);
  EXPECT_EQ(code("Firebird", "40001", 0), Code::kRetriable);
  EXPECT_EQ(code("Firebird", "HYT00", 0), Code::kRetriable);
  EXPECT_EQ(code("Firebird", "HY000", -5), Code::kRetriable);
  EXPECT_EQ(code("Firebird", "42S22", 0), Code::kFatal);
  EXPECT_EQ(code("Firebird", "28000", 0), Code::kUnauthorized);
  EXPECT_EQ(code("Oracle", "HY000", 60), Code::kRetriable);
  EXPECT_EQ(code("Oracle", "HY000", 12899), Code::kData);
  EXPECT_EQ(code("Oracle", "HY000", 904), Code::kFatal);
  EXPECT_EQ(code("MariaDB", "HY000", 1205), Code::kRetriable);
  EXPECT_EQ(code("Microsoft SQL Server", "42000", 1205), Code::kRetriable);
  EXPECT_EQ(code("SQLite", "HY000", 5), Code::kRetriable);
  EXPECT_EQ(code("SQLite", "HY000", 19), Code::kData);
  EXPECT_EQ(odbc::status_of("Firebird", {{"42000", 1, "x"}}, true).code(), Code::kRetriable);
  // No value of a row.
  EXPECT_EQ(odbc::status_of("Firebird", {{"22001", 0, "value 'secret' too long"}}, false).message().find("secret"), std::string::npos);
}

class OdbcSqlite : public testing::Test, public plugin::SourceContext {
 protected:
  OdbcSqlite() : file_(testing::TempDir() + "odbc_" + testing::UnitTest::GetInstance()->current_test_info()->name() + ".db") {
    std::filesystem::remove(file_);
    EXPECT_EQ(sqlite3_open(file_.c_str(), &db_), SQLITE_OK);
  }
  ~OdbcSqlite() override {
    sqlite3_close(db_);
    std::filesystem::remove(file_);
  }
  const std::string& connector_name() const override { return name_; }
  int task_id() const override { return 0; }
  std::optional<std::string> stored_offset(const std::string&) override { return std::nullopt; }
  bool may_wait() const override { return true; }

  plugin::Properties config(plugin::Properties more = {}) {
    more["connection.url"] = "jdbc:odbc:Driver=SQLite3;Database=" + file_;
    more.try_emplace("auto.create", "true");
    more.try_emplace("auto.evolve", "true");
    return more;
  }
  plugin::Properties upsert_by_id() { return config({{"insert.mode", "upsert"}, {"pk.mode", "record_value"}, {"pk.fields", "id"}}); }
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

  std::string file_, name_ = "source";
  sqlite3* db_ = nullptr;
};

std::vector<columnar::Batch> with_schema_of(const std::string& fields, const std::vector<std::string>& payloads, int64_t offset = 0) {
  Texts values;
  for (const std::string& payload : payloads) values.push_back(envelope(fields, payload));
  return batches_of_json("t", offset, values, {}, true);
}

const char* const kEveryType =
    R"({"field":"id","type":"int32"},{"field":"b","type":"int8"},{"field":"s","type":"int16"},{"field":"l","type":"int64"},{"field":"f","type":"float"},)"
    R"({"field":"d","type":"double"},{"field":"ok","type":"boolean"},{"field":"x","type":"string","optional":true},{"field":"raw","type":"bytes","optional":true},)"
    R"({"field":"day","type":"int32","name":"org.apache.kafka.connect.data.Date"},{"field":"at","type":"int64","name":"org.apache.kafka.connect.data.Timestamp"},)"
    R"({"field":"of_day","type":"int32","name":"org.apache.kafka.connect.data.Time"},)"
    R"({"field":"n","type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"2"}},{"field":"def","type":"string","optional":true,"default":"it's"})";

TEST_F(OdbcSqlite, CreatesTablesOfTheTypesThatTheDriverOffers) {
  TaskForTests task(config());
  Status put = task.put(with_schema_of(kEveryType, {
      R"({"id":1,"b":-2,"s":300,"l":9007199254740993,"f":1.5,"d":0.1,"ok":true,"x":"ü€😀","raw":"AP8=","day":19889,"at":1718445600123,"of_day":36000123,"n":"MDk=","def":null})",
      R"({"id":2,"b":0,"s":0,"l":-1,"f":0,"d":1e300,"ok":false,"x":null,"raw":null,"day":0,"at":0,"of_day":0,"n":"AA==","def":"y"})"}));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT name || ' ' || type || (CASE dflt_value IS NULL WHEN 1 THEN '' ELSE ' ' || dflt_value END) FROM pragma_table_info('t')"),
            "id INTEGER;b smallint;s smallint;l bigint;f double;d double;ok bit;x TEXT;raw longvarbinary;day date;at timestamp;of_day time;n numeric;def TEXT 'it''s'");
  EXPECT_EQ(rows("SELECT id, b, s, l, f, d, ok, x, hex(raw), day, at, of_day, n, def FROM t"),
            "1|-2|300|9007199254740993|1.5|0.1|1|ü€😀|00FF|2024-06-15|2024-06-15 10:00:00.123|10:00:00.123|123.45|it's;"
            "2|0|0|-1|0.0|1.0e+300|0|NULL||1970-01-01|1970-01-01 00:00:00.000|00:00:00|0|y");
}

TEST_F(OdbcSqlite, WritesArraysOfManyRows) {
  TaskForTests task(config());
  std::vector<std::string> payloads;
  for (int i = 0; i < 5000; ++i) payloads.push_back(fmt::format(R"({{"id":{},"x":{}}})", i, i % 7 ? "\"" + std::string(static_cast<size_t>(i % 300), 'x') + "\"" : "null"));
  Status put = task.put(with_schema_of(R"({"field":"id","type":"int32"},{"field":"x","type":"string","optional":true})", payloads));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT count(*), sum(id), sum(length(x)), count(x) FROM t"), "5000|12497500|632215|4285");
}

TEST_F(OdbcSqlite, UpsertsUpdateOrInsertAndDeletesTakeTheirPlace) {
  TaskForTests task(config({{"insert.mode", "upsert"}, {"pk.mode", "record_key"}, {"pk.fields", "k"}, {"delete.enabled", "true"}}));
  auto value = [](int x) { return R"({"schema":{"type":"struct","fields":[{"field":"x","type":"int32"}]},"payload":{"x":)" + std::to_string(x) + "}}"; };
  auto key = [](const char* k) { return R"({"schema":{"type":"string"},"payload":")" + std::string(k) + "\"}"; };
  Status put = task.put(batches_of_json("t", 0, {value(1), value(2), std::nullopt, value(3), value(4), std::nullopt},
                                        {key("a"), key("b"), key("a"), key("a"), key("c"), key("c")}, true));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT k, x FROM t ORDER BY k"), "a|3;b|2");
  EXPECT_EQ(rows("SELECT name, pk FROM pragma_table_info('t')"), "x|0;k|1");
}

TEST_F(OdbcSqlite, ARowsFaultIsItsOwn) {
  run("CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT NOT NULL)");
  TaskForTests task(config());
  auto put = [&](const std::string& payload) { return task.put(with_schema_of(R"({"field":"id","type":"int32"},{"field":"x","type":"string","optional":true})", {R"({"id":1,"x":"a"})", payload})); };
  for (const char* payload : {R"({"id":2,"x":null})", R"({"id":1,"x":"again"})", R"({"id":3,"x":"nul \u0000 within"})"}) {
    Status status = put(payload);
    EXPECT_EQ(status.code(), Code::kData) << status.message();
    EXPECT_EQ(status.message().find("again"), std::string::npos);
  }
  EXPECT_EQ(rows("SELECT count(*) FROM t"), "0");
  EXPECT_TRUE(put(R"({"id":2,"x":"b"})").ok());
}

TEST_F(OdbcSqlite, ALockedDatabaseIsWaitedFor) {
  run("CREATE TABLE t (id INTEGER)");
  auto properties = config({{"retry.backoff.ms", "1"}});
  properties["connection.url"] += ";Timeout=50";
  TaskForTests task(properties);
  run("BEGIN EXCLUSIVE");
  Status status = task.put(with_schema_of(R"({"field":"id","type":"int32"})", {R"({"id":1})"}));
  run("ROLLBACK");
  EXPECT_TRUE(status.retriable()) << status.message();
  EXPECT_TRUE(task.put(with_schema_of(R"({"field":"id","type":"int32"})", {R"({"id":1})"})).ok());
  EXPECT_EQ(rows("SELECT id FROM t"), "1");
}

TEST_F(OdbcSqlite, ExactlyOnceKeepsItsOffsetsBesideTheRows) {
  auto properties = config({{"exactly.once", "true"}});
  auto batches = with_schema_of(R"({"field":"id","type":"int32"})", {R"({"id":1})", R"({"id":2})"});
  {
    TaskForTests task(properties), leftover(properties);
    ASSERT_TRUE(task.put(batches).ok());
    Status late = leftover.put(batches);
    ASSERT_TRUE(late.ok()) << late.message();
  }
  EXPECT_EQ(rows("SELECT connector, topic, kafka_partition, next_offset FROM bywash_offsets"), "jdbc-test|t|0|2");
  TaskForTests again(properties);
  EXPECT_EQ(again.context.sought.at({"t", Partition(0)}).value, 2);
  EXPECT_EQ(rows("SELECT count(*) FROM t"), "2");
}

TEST_F(OdbcSqlite, NamesOfAllKindsStayNames) {
  TaskForTests task(config({{"table.name.format", "a\"; DROP TABLE x;-- ?"}}));
  Status put = task.put(with_schema_of(R"({"field":"id","type":"int32"},{"field":"x\"]`'? {ts","type":"int32"})", {R"({"id":1,"x\"]`'? {ts":2})"}));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(rows("SELECT name FROM sqlite_master WHERE type = 'table'"), "a\"; DROP TABLE x;-- ?");
}

// Everything that a source gives in one poll after the other, as Connect's text.
std::string polled(plugin::SourceContext* context, const plugin::Properties& properties, size_t wanted, std::vector<std::string>* offsets = nullptr, std::string* schema = nullptr) {
  auto made = jdbc_source().make(properties);
  if (!made.ok()) return made.status().message();
  if (Status s = (*made)->start(context); !s.ok()) return s.message();
  std::string out;
  size_t rows = 0;
  for (int i = 0; i < 200 && rows < wanted; ++i) {
    auto batches = (*made)->poll();
    if (!batches.ok()) return batches.status().message();
    for (const auto& b : *batches) {
      if (offsets) offsets->insert(offsets->end(), b.source_offsets.begin(), b.source_offsets.end());
      rows += static_cast<size_t>(b.batch.row_count());
      for (int64_t row = 0; row < b.batch.row_count(); ++row) out += (out.empty() ? "" : ";") + columnar::java_text(value_at(b.batch.value, row));
      for (const auto& f : schema && schema->empty() ? b.batch.value.schema->fields() : std::vector<columnar::Field>()) {
        *schema += (schema->empty() ? "" : " ") + f.name + ":" + std::string(to_string(f.schema->type())) + (f.schema->optional() ? "?" : "");
      }
    }
  }
  (*made)->stop();
  return out;
}

plugin::Properties source_settings(const std::string& url, plugin::Properties more) {
  more["connection.url"] = url;
  more.try_emplace("poll.interval.ms", "10");
  more.try_emplace("poll.linger.ms", "0");
  more["topic.prefix"] = "t-";
  return more;
}

TEST_F(OdbcSqlite, ASourceReadsItsModes) {
  run("CREATE TABLE a (id INTEGER NOT NULL, x VARCHAR(9), at TIMESTAMP NOT NULL, raw BLOB, d DOUBLE)");
  run("INSERT INTO a VALUES (1, 'ü', '2024-06-15 10:00:00.120', x'4142', 0.1), (2, NULL, '2024-06-15 10:00:01.000', NULL, NULL)");
  std::string url = config()["connection.url"], schema;
  std::vector<std::string> offsets;
  EXPECT_EQ(polled(this, source_settings(url, {{"mode", "incrementing"}, {"incrementing.column.name", "id"}, {"tables", "\"a\""}, {"validate.non.null", "false"}}), 2, &offsets, &schema),
            "Struct{id=1,x=ü,at=Sat Jun 15 10:00:00 UTC 2024,raw=AB,d=0.1};Struct{id=2,at=Sat Jun 15 10:00:01 UTC 2024}");
  EXPECT_EQ(offsets.back(), R"({"incrementing":2})");
  EXPECT_EQ(schema, "id:int32? x:string? at:int64? raw:bytes? d:float64?");
  offsets.clear();
  std::string by_time = polled(this, source_settings(url, {{"mode", "timestamp+incrementing"}, {"incrementing.column.name", "id"}, {"timestamp.column.name", "at"},
                                                           {"query", "SELECT id, at FROM a"}}), 2, &offsets);
  EXPECT_EQ(by_time, "Struct{id=1,at=Sat Jun 15 10:00:00 UTC 2024};Struct{id=2,at=Sat Jun 15 10:00:01 UTC 2024}");
  EXPECT_EQ(offsets.at(0), R"({"incrementing":1,"timestamp":1718445600120,"timestamp_nanos":120000000})");
}

class OdbcServers : public OdbcSqlite {
 protected:
  static std::string postgresql_url(const std::string& database) {
    return fmt::format("jdbc:odbc:Driver=PostgreSQL Unicode;Server=127.0.0.1;Port={};Database={}", shared_postgresql().port(), database);
  }
  static std::string mariadb_url(const std::string& database) {
    std::string url = shared_mariadb().jdbc_url(database);
    size_t colon = url.rfind(':'), slash = url.rfind('/');
    return fmt::format("jdbc:odbc:Driver=MariaDB Unicode;Server=127.0.0.1;Port={};Database={}", url.substr(colon + 1, slash - colon - 1), database);
  }
};

TEST_F(OdbcServers, InstantsStayInstantsWhateverTheZone) {
  shared_postgresql().create_database("odbc_zoned");
  shared_postgresql().query("odbc_zoned", "CREATE TABLE t (a timestamptz, b timestamp)");
  auto batches = with_schema_of(R"({"field":"a","type":"int64","name":"org.apache.kafka.connect.data.Timestamp"},{"field":"b","type":"int64","name":"org.apache.kafka.connect.data.Timestamp"})",
                                {R"({"a":1718445600123,"b":1718445600123})"});
  plugin::Properties properties = {{"connection.url", postgresql_url("odbc_zoned")}, {"connection.user", "postgres"}, {"db.timezone", "America/New_York"}};
  TaskForTests task(properties);
  Status put = task.put(batches);
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(shared_postgresql().query("odbc_zoned", "SELECT a AT TIME ZONE 'UTC', b FROM t"), (Rows{{"2024-06-15 10:00:00.123", "2024-06-15 06:00:00.123"}}));
  std::string got = polled(this, source_settings(postgresql_url("odbc_zoned"), {{"mode", "timestamp"}, {"timestamp.column.name", "a"}, {"validate.non.null", "false"},
                                                                                  {"connection.user", "postgres"}, {"db.timezone", "America/New_York"}, {"tables", "\"public\".\"t\""},
                                                                                  {"timestamp.granularity", "micros_long"}}), 1);
  EXPECT_EQ(got, "Struct{a=1718445600123000,b=1718445600123000}");
}

TEST_F(OdbcServers, SourcesReadTheTablesOfPostgresqlAndMariadb) {
  shared_postgresql().create_database("odbc_source");
  shared_postgresql().query("odbc_source", "CREATE TABLE a (id bigint PRIMARY KEY, n numeric(10,2), x text, raw bytea, f double precision, day date, at time, ok smallint)");
  shared_postgresql().query("odbc_source", "INSERT INTO a VALUES (1, 12.5, repeat('ü', 9000), 'AB', 0.1, '2024-06-15', '10:00:00', 1), (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL)");
  shared_mariadb().create_database("odbc_source");
  shared_mariadb().query("odbc_source", "CREATE TABLE a (id bigint PRIMARY KEY, n decimal(10,2), x text CHARACTER SET utf8mb4, raw longblob, f double, day date, at time, ok smallint)");
  shared_mariadb().query("odbc_source", "INSERT INTO a VALUES (1, 12.5, repeat('ü', 9000), x'4142', 0.1, '2024-06-15', '10:00:00', 1), (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL)");
  std::string wide;
  for (int i = 0; i < 9000; ++i) wide += "ü";
  plugin::Properties mode = {{"mode", "incrementing"}, {"incrementing.column.name", "id"}};
  auto by = [&](const std::string& url, const char* user, const char* password) {
    plugin::Properties more = mode;
    more["connection.user"] = user;
    more["connection.password"] = password;
    auto configs = jdbc_source().task_configs(source_settings(url, more), 1);
    if (!configs.ok()) return configs.status().message();
    std::string schema, got = polled(this, (*configs)[0], 2, nullptr, &schema);
    if (size_t at = got.find(wide); at != got.npos) got.replace(at, wide.size(), "WIDE");
    return schema + " | " + got;
  };
  const std::string rows = "Struct{id=1,n=12.50,x=WIDE,raw=AB,f=0.1,day=Sat Jun 15 00:00:00 UTC 2024,at=Thu Jan 01 10:00:00 UTC 1970,ok=1};Struct{id=2}";
  const std::string schema = "id:int64 n:bytes? x:string? raw:bytes? f:float64? day:int32? at:int32? ok:int16?";
  EXPECT_EQ(by(postgresql_url("odbc_source"), "postgres", ""), schema + " | " + rows);
  EXPECT_EQ(by(mariadb_url("odbc_source"), "bywash", MariadbServerForTests::kPassword), schema + " | " + rows);
}

TEST_F(OdbcServers, ARefusedLoginIsToldAndALostConnectionIsMadeAnew) {
  auto refused = find_dialect({*parse_connection_url(mariadb_url("mysql")), "bywash", config::Secret("wrong"), {}, nullptr});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().code(), Code::kUnauthorized) << refused.status().message();
  EXPECT_EQ(refused.status().message().find("wrong"), std::string::npos);
  shared_postgresql().create_database("odbc_lost");
  TaskForTests task({{"connection.url", postgresql_url("odbc_lost")}, {"connection.user", "postgres"}, {"auto.create", "true"}});
  auto batches = with_schema_of(R"({"field":"id","type":"int32"})", {R"({"id":1})"});
  ASSERT_TRUE(task.put(batches).ok());
  shared_postgresql().query("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'odbc_lost'");
  Status again = task.put(batches);
  EXPECT_TRUE(again.ok()) << again.message();
  EXPECT_EQ(shared_postgresql().query("odbc_lost", "SELECT count(*) FROM t"), (Rows{{"2"}}));
}

TEST_F(OdbcServers, AConnectionThatMariadbEndedIsMadeAnew) {
  shared_mariadb().create_database("odbc_lost");
  TaskForTests task({{"connection.url", mariadb_url("odbc_lost")}, {"connection.user", "bywash"}, {"connection.password", MariadbServerForTests::kPassword}, {"auto.create", "true"},
                     {"max.retries", "0"}});
  auto batches = with_schema_of(R"({"field":"id","type":"int32"})", {R"({"id":1})"});
  ASSERT_TRUE(task.put(batches).ok());
  for (const auto& row : shared_mariadb().query("odbc_lost", "SELECT id FROM information_schema.processlist WHERE db = 'odbc_lost' AND command = 'Sleep'")) {
    shared_mariadb().query("odbc_lost", "KILL " + row[0]);
  }
  Status again = task.put(batches);
  EXPECT_TRUE(again.ok()) << again.message();
  EXPECT_EQ(shared_mariadb().query("odbc_lost", "SELECT count(*) FROM t"), (Rows{{"2"}}));
}

TEST_F(OdbcServers, AnUpsertThatMeetsAnotherTasksRowIsWrittenAnew) {
  shared_postgresql().create_database("odbc_race");
  shared_postgresql().query("odbc_race", "CREATE TABLE t (id int PRIMARY KEY, x int)");
  // Another task's row comes between the UPDATE and the INSERT, once.
  shared_postgresql().query("odbc_race", "CREATE SEQUENCE turns; CREATE FUNCTION first_fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                                         "IF nextval('turns') = 1 THEN RAISE unique_violation; END IF; RETURN NEW; END $$; "
                                         "CREATE TRIGGER meets BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION first_fails()");
  TaskForTests task({{"connection.url", postgresql_url("odbc_race")}, {"connection.user", "postgres"}, {"insert.mode", "upsert"}, {"pk.mode", "record_value"}, {"pk.fields", "id"}});
  Status put = task.put(with_schema_of(R"({"field":"id","type":"int32"},{"field":"x","type":"int32"})", {R"({"id":1,"x":2})"}));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(shared_postgresql().query("odbc_race", "SELECT id, x FROM t"), (Rows{{"1", "2"}}));
}

}  // namespace
}  // namespace bywash::jdbc
