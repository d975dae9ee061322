// SQL Server's dialect: the texts of statements, and the sink and source end to end against a stand-in that speaks TDS.
#include <gtest/gtest.h>

#include "connectors/jdbc/batches_for_tests.h"
#include "connectors/jdbc/dialects/sqlserver_connection.h"
#include "connectors/jdbc/dialects/sqlserver_session.h"
#include "connectors/jdbc/source/source_database.h"
#include "connectors/jdbc/source/table_reader.h"
#include "connectors/jdbc/tds_server_for_tests.h"

namespace bywash::jdbc {
namespace {

using columnar::ConnectSchema;
using columnar::Type;

// What a table is made of, as the catalog's query answers.
struct Described {
  std::string name, type;
  int bytes = 4;
  bool nullable = true, key = false;
};

TdsAnswer description(const std::vector<Described>& columns, const std::string& table) {
  std::vector<TdsColumn> head;
  for (const char* name : {"schema", "table", "kind", "column", "type"}) head.push_back(TdsColumn::text(name));
  for (const char* name : {"bytes", "precision", "scale", "nullable", "default", "key"}) head.push_back(TdsColumn::integer(name, 4));
  head.push_back(TdsColumn::text("collation"));
  TdsAnswer out;
  out.columns(head);
  for (const Described& c : columns) {
    bool text = c.type.find("char") != std::string::npos;
    out.row({tds::text("dbo"), tds::text(table), tds::text("U "), tds::text(c.name), tds::text(c.type), tds::number(c.bytes, 4), tds::number(10, 4),
             tds::number(0, 4), tds::number(c.nullable, 4), tds::number(0, 4), tds::number(c.key, 4),
             text ? tds::text("Latin1_General_CI_AS") : tds::null_of(head.back())});
  }
  return out;
}

class SqlserverSink : public testing::Test {
 protected:
  TdsAnswer answer(const std::string& sql) {
    if (sql.find("sys.objects") != std::string::npos) return table_.empty() ? TdsAnswer() : description(table_, "t");
    if (sql.starts_with("CREATE TABLE")) table_ = {{"id", "int", 4, false, true}, {"name", "varchar", -1}};
    for (auto& [word, what] : faults_) {
      if (sql.find(word) == std::string::npos) continue;
      TdsAnswer out = what;
      faults_.erase(word);
      return out;
    }
    return {};
  }
  std::string url(const std::string& more = "") { return "jdbc:sqlserver://127.0.0.1:" + std::to_string(server_.port()) + ";databaseName=shop" + more; }
  plugin::Properties config(plugin::Properties more) {
    more.try_emplace("connection.url", url());
    more.try_emplace("connection.user", "sa");
    more.try_emplace("connection.password", "p{;}ß");
    more.try_emplace("auto.create", "true");
    more.try_emplace("auto.evolve", "true");
    return more;
  }
  plugin::Properties upsert(plugin::Properties more = {}) {
    more.try_emplace("insert.mode", "upsert");
    more.try_emplace("pk.mode", "record_value");
    more.try_emplace("pk.fields", "id");
    return config(more);
  }
  static std::string named(int id, const std::string& name) {
    return envelope(R"({"field":"id","type":"int32"},{"field":"name","type":"string","optional":true})", fmt::format(R"({{"id":{},"name":{}}})", id, name));
  }
  // The statements from BEGIN TRANSACTION on, without what stands around them.
  std::vector<std::string> written() {
    std::vector<std::string> out;
    for (const std::string& sql : server_.statements()) {
      if (sql.starts_with("DECLARE") || sql.starts_with("CREATE") || sql.starts_with("ALTER") || sql.starts_with("COMMIT") || sql.starts_with("IF @@")) out.push_back(sql);
    }
    return out;
  }

  std::vector<Described> table_;
  std::map<std::string, TdsAnswer> faults_;  // by a word of the statement, once each
  TdsServerForTests server_{[this](const std::string& sql) { return answer(sql); }};
};

TEST_F(SqlserverSink, CreatesTheTableAndMergesRows) {
  TaskForTests task(upsert());
  Status put = task.put(batches_of_json("t", 0, {named(1, R"("it's \\\n \"x\" ☃")"), named(2, "null")}, {}, true));
  ASSERT_TRUE(put.ok()) << put.message();
  EXPECT_EQ(server_.last_login(), "sa/p{;}ß/shop/bywash");
  auto sql = written();
  ASSERT_EQ(sql.size(), 3u);
  EXPECT_EQ(sql[0], "CREATE TABLE [t] ([id] int NOT NULL, [name] varchar(max) NULL, PRIMARY KEY([id]))");
  EXPECT_EQ(sql[1], "DECLARE @rows nvarchar(max) = N'[[0,0,1,\"it''s \\\\\\u000a \\\"x\\\" ☃\"],[1,0,2,null]]';\n"
            "merge into [t] with (HOLDLOCK) AS target using (SELECT k0 AS [id],c1 AS [name] FROM (SELECT *,ROW_NUMBER() OVER (PARTITION BY k0 ORDER BY r DESC) AS n,"
            "MAX(CAST(d AS int)) OVER (PARTITION BY k0) AS removed FROM (SELECT r,d,CAST(c0 AS int) AS k0,c1 AS c1 FROM OPENJSON(@rows) WITH (r int '$[0]', d bit '$[1]', "
            "c0 int '$[2]', c1 nvarchar(max) '$[3]')) AS sent) AS numbered WHERE d = 0 AND n = 1) AS incoming on (target.[id]=incoming.[id]) "
            "when matched then update set [name]=incoming.[name] when not matched then insert ([name], [id]) values (incoming.[name],incoming.[id]);\n");
  EXPECT_EQ(sql[2], "COMMIT TRANSACTION");
  EXPECT_EQ(task.context.acked.size(), 2u);
}

TEST_F(SqlserverSink, InsertsUpdatesAndDeletes) {
  table_ = {{"id", "int", 4, false, true}, {"name", "varchar", -1}};
  {
    TaskForTests task(config({}));
    ASSERT_TRUE(task.put(batches_of_json("t", 0, {named(1, R"("a")")}, {}, true)).ok());
    EXPECT_EQ(written()[0], "DECLARE @rows nvarchar(max) = N'[[1,\"a\"]]';\nINSERT INTO [t]([id],[name]) SELECT c0,c1 FROM OPENJSON(@rows) WITH (c0 int '$[0]', c1 nvarchar(max) '$[1]');\n");
  }
  server_.forget_statements();
  {
    TaskForTests task(upsert({{"insert.mode", "update"}}));
    ASSERT_TRUE(task.put(batches_of_json("t", 0, {named(1, R"("a")")}, {}, true)).ok());
    EXPECT_NE(written()[0].find("UPDATE target SET [name]=incoming.[name] FROM [t] AS target INNER JOIN (SELECT k0 AS [id],c1 AS [name] FROM"), std::string::npos);
    EXPECT_NE(written()[0].find("WHERE removed = 0 AND n = 1) AS incoming ON (target.[id]=incoming.[id]);"), std::string::npos);
  }
  server_.forget_statements();
  TaskForTests task(upsert({{"pk.mode", "record_key"}, {"delete.enabled", "true"}, {"mssql.use.merge.holdlock", "false"}}));
  auto key = [](int id) { return envelope(R"({"field":"id","type":"int32"})", fmt::format(R"({{"id":{}}})", id)); };
  Status put = task.put(batches_of_json("t", 0, {named(1, R"("a")"), std::nullopt}, {key(1), key(1)}, true));
  ASSERT_TRUE(put.ok()) << put.message();
  std::string sql = written()[0];
  EXPECT_TRUE(sql.starts_with("DECLARE @rows nvarchar(max) = N'[[0,0,1,\"a\"],[1,1,1]]';\nDELETE target FROM [t] AS target INNER JOIN (SELECT k0 AS [id] FROM")) << sql;
  EXPECT_NE(sql.find("WHERE removed = 1 AND n = 1) AS incoming ON (target.[id]=incoming.[id]);\nmerge into [t] AS target using"), std::string::npos) << sql;
}

TEST_F(SqlserverSink, WritesEachTypeExactly) {
  TaskForTests task(config({{"pk.mode", "none"}}));
  std::string fields = R"({"field":"i8","type":"int8"},{"field":"i16","type":"int16"},{"field":"i32","type":"int32"},{"field":"i64","type":"int64"},
    {"field":"f","type":"float"},{"field":"d","type":"double"},{"field":"b","type":"boolean"},{"field":"s","type":"string"},{"field":"x","type":"bytes"},
    {"field":"dec","type":"bytes","name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2"}},
    {"field":"day","type":"int32","name":"org.apache.kafka.connect.data.Date","version":1},
    {"field":"t","type":"int32","name":"org.apache.kafka.connect.data.Time","version":1},
    {"field":"ts","type":"int64","name":"org.apache.kafka.connect.data.Timestamp","version":1},{"field":"n","type":"string","optional":true,"default":"it's"})";
  table_ = {{"i8", "tinyint"}, {"i16", "smallint"}, {"i32", "int"}, {"i64", "bigint"}, {"f", "real"}, {"d", "float"}, {"b", "bit"}, {"s", "varchar", -1},
            {"x", "varbinary", -1}, {"dec", "decimal"}, {"day", "date"}, {"t", "time"}, {"ts", "datetime2"}};
  Status put = task.put(batches_of_json("t", 0, {envelope(fields, R"({"i8":-128,"i16":-5,"i32":7,"i64":-9223372036854775808,"f":1.1,"d":-2.25e300,"b":true,"s":"","x":"AAEC",
    "dec":"MDk=","day":19889,"t":36000123,"ts":1718445600123,"n":null})")}, {}, true));
  ASSERT_TRUE(put.ok()) << put.message();
  auto sql = written();
  EXPECT_EQ(sql[0], "ALTER TABLE [t] ADD [n] varchar(max) DEFAULT N'it''s'");
  EXPECT_NE(sql[1].find("N'[[-128,-5,7,-9223372036854775808,1.1,-2.25e+300,1,\"\",\"000102\",\"123.45\",\"2024-06-15\",\"10:00:00.123\","
                        "\"2024-06-15T10:00:00.123\",\"it''s\"]]'"), std::string::npos) << sql[1];
  EXPECT_NE(sql[1].find("CONVERT(varbinary(max), c8, 2)"), std::string::npos);
  EXPECT_NE(sql[1].find("c0 smallint '$[0]', c1 smallint '$[1]', c2 int '$[2]', c3 bigint '$[3]', c4 real '$[4]', c5 float '$[5]', c6 bit '$[6]', c7 nvarchar(max) '$[7]', "
                        "c8 varchar(max) '$[8]', c9 decimal(38,2) '$[9]', c10 date '$[10]', c11 time '$[11]', c12 datetime2 '$[12]', c13 nvarchar(max) '$[13]')"), std::string::npos);
}

TEST_F(SqlserverSink, TellsFaultsApartAndKeepsValuesToItself) {
  table_ = {{"id", "int", 4, false, true}, {"name", "varchar", 20}};
  TaskForTests task(upsert());
  auto put = [&] { return task.put(batches_of_json("t", 0, {named(1, R"("a")")}, {}, true)); };
  faults_["merge"].error(2627, 14, "Violation of PRIMARY KEY constraint 'PK_t'. Cannot insert duplicate key in object 'dbo.t'. The duplicate key value is (geheim).");
  Status status = put();
  EXPECT_EQ(status.code(), Code::kData);
  EXPECT_EQ(status.message(), "Write to table [t]: SQLSTATE 23000, error 2627: duplicate key, constraint 'PK_t', table 'dbo.t'");
  EXPECT_EQ(server_.statements().back(), "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION");
  faults_["merge"].error(2628, 16, "String or binary data would be truncated in table 'shop.dbo.t', column 'name'. Truncated value: 'geheim'.");
  EXPECT_EQ(put().message(), "Write to table [t]: SQLSTATE 22001, error 2628: value too long, table 'shop.dbo.t', column 'name'");
  faults_["merge"].error(245, 16, "Conversion failed when converting the nvarchar value 'geheim' to data type int.");
  EXPECT_EQ(put().message(), "Write to table [t]: SQLSTATE 22018, error 245: invalid text representation for the column's type");
  faults_["merge"].error(50001, 16, "geheim");
  EXPECT_EQ(put().code(), Code::kData);
  faults_["merge"].error(1205, 13, "Transaction (Process ID 52) was deadlocked on lock resources with another process and has been chosen as the deadlock victim.");
  EXPECT_EQ(put().code(), Code::kRetriable);
  faults_["merge"].error(229, 14, "The INSERT permission was denied on the object 't', database 'shop', schema 'dbo'.");
  EXPECT_EQ(put().code(), Code::kUnauthorized);
  EXPECT_TRUE(put().ok());
  EXPECT_EQ(task.context.acked.size(), 1u);
}

TEST_F(SqlserverSink, ConnectsAgainAfterALostConnection) {
  table_ = {{"id", "int", 4, false, true}, {"name", "varchar", 20}};
  TaskForTests task(upsert());
  ASSERT_TRUE(task.put(batches_of_json("t", 0, {named(1, R"("a")")}, {}, true)).ok());
  faults_["merge"].cut();
  Status again = task.put(batches_of_json("t", 1, {named(2, R"("b")")}, {}, true));
  EXPECT_TRUE(again.ok()) << again.message();
  EXPECT_EQ(task.context.acked.size(), 2u);
}

TEST_F(SqlserverSink, SaysWhyItCannotConnect) {
  auto refused = [&](const std::string& more) {
    auto opened = sqlserver::Connection::open(*parse_connection_url(url(more)), "sa", config::Secret("geheim"));
    return opened.ok() ? Status() : opened.status();
  };
  EXPECT_TRUE(refused("").ok());
  EXPECT_NE(refused(";integratedSecurity=true").message().find("Only SQL Server logins"), std::string::npos);
  EXPECT_NE(refused(";encrypt=strict").message().find("encrypt=true"), std::string::npos);
  EXPECT_NE(refused(";encrypt=true;hostNameInCertificate=db.example").message().find("hostNameInCertificate"), std::string::npos);
  // The stand-in has no TLS: a connection that must be encrypted is refused, not made without.
  EXPECT_EQ(refused(";encrypt=true;trustServerCertificate=true").code(), Code::kRetriable);
  server_.refuse_logins(18456, "Login failed for user 'sa'.");
  EXPECT_EQ(refused("").code(), Code::kUnauthorized);
  EXPECT_EQ(refused("").message(), "SQLSTATE 28000, error 18456: Login failed for user 'sa'.");
  server_.refuse_logins(4060, "Cannot open database \"shop\" requested by the login. The login failed.");
  EXPECT_EQ(refused("").code(), Code::kFatal);
  auto nameless = sqlserver::Connection::open(*parse_connection_url(url()), std::nullopt, config::Secret());
  EXPECT_NE(nameless.status().message().find("connection.user"), std::string::npos);
  auto nobody = sqlserver::Connection::open(*parse_connection_url("jdbc:sqlserver://127.0.0.1:1;loginTimeout=2"), "sa", config::Secret("x"));
  EXPECT_EQ(nobody.status().code(), Code::kRetriable);
  EXPECT_NE(nobody.status().message().find("127.0.0.1:1"), std::string::npos);
}

TEST_F(SqlserverSink, KeepsOffsetsForExactlyOnce) {
  auto shown = [&](const std::string& part) {
    auto sql = server_.statements();
    return std::any_of(sql.begin(), sql.end(), [&](const std::string& s) { return s.find(part) != std::string::npos; });
  };
  TaskForTests task(config({{"exactly.once", "true"}}));
  EXPECT_TRUE(shown("IF OBJECT_ID(N'[bywash_offsets]') IS NULL CREATE TABLE [bywash_offsets] ([connector] varchar(900) NOT NULL"));
  EXPECT_TRUE(shown("SELECT [next_offset] FROM [bywash_offsets] WHERE [connector] = N'jdbc-test'"));
}

TEST(SqlserverStatements, TextKeysHaveTheColumnsCollationAndOneCharacterMore) {
  WriteColumn key{"k", ConnectSchema::of(Type::kString), true, false};
  TableColumn column{.name = "k", .type = "varchar(900)", .collation = "Latin1_General_CI_AS"};
  EXPECT_EQ(sqlserver::value_of_json("c0", key, &column), "CAST(c0 AS varchar(901)) COLLATE Latin1_General_CI_AS");
  column.type = "nchar(4000)";
  EXPECT_EQ(sqlserver::value_of_json("c0", key, &column), "CAST(c0 AS nvarchar(4000)) COLLATE Latin1_General_CI_AS");
  column.type = "uniqueidentifier";
  EXPECT_EQ(sqlserver::value_of_json("c0", key, &column), "CAST(c0 AS uniqueidentifier)");
  column.collation = "x; DROP TABLE y";
  column.type = "char(3)";
  EXPECT_EQ(sqlserver::value_of_json("c0", key, &column), "CAST(c0 AS varchar(4))");
}

TEST(SqlserverSource, ReadsEachTypeAsMssqlJdbcReportsIt) {
  constexpr int64_t kDay = 739'051;  // 2024-06-15 since 0001-01-01
  constexpr uint64_t kTen = 36'000 * 10'000'000ull + 1'234'567;
  std::vector<TdsColumn> columns = {TdsColumn::integer("id", 8, false), TdsColumn::integer("tiny", 1), TdsColumn::integer("small", 2), TdsColumn::integer("int", 4), TdsColumn::bit("bit"),
                                    TdsColumn::floating("float", 8), TdsColumn::text("name"), TdsColumn::long_text("long"), TdsColumn::bytes("bin"),
                                    TdsColumn::decimal("dec", 10, 2), TdsColumn::money("money"), TdsColumn::date("day"), TdsColumn::time("time"),
                                    TdsColumn::datetime("dt"), TdsColumn::datetime2("dt2"), TdsColumn::datetimeoffset("dto"), TdsColumn::guid("guid")};
  std::string long_text(9000, 'x');
  TdsServerForTests server([&](const std::string& sql) {
    TdsAnswer out;
    if (!sql.starts_with("SELECT")) return out;
    out.columns(columns);
    out.row({tds::number(-5, 8), tds::number(200, 1), tds::number(-3, 2), tds::number(7, 4), tds::number(1, 1), tds::real(-2.25), tds::text("a☃"), tds::long_text(long_text),
             tds::bytes(std::string("\x00\x01\xff", 3)), tds::decimal(-12345), tds::money(-12345678), tds::date(kDay), tds::time(kTen), tds::datetime(45456, 300 * 36000 + 37),
             tds::datetime2(kTen, kDay), tds::datetimeoffset(kTen, kDay, 120), tds::guid("0123456789abcdef")});
    std::vector<std::string> nulls = {tds::number(6, 8)};
    for (size_t i = 1; i < columns.size(); ++i) nulls.push_back(tds::null_of(columns[i]));
    out.row(nulls);
    std::vector<std::string> empty = nulls;
    empty[6] = tds::text("");
    empty[7] = tds::long_text("");
    empty[8] = tds::bytes("");
    out.row(empty);
    return out;
  });
  SourceConfig config;
  config.url = *parse_connection_url("jdbc:sqlserver://127.0.0.1:" + std::to_string(server.port()));
  config.user = "sa";
  auto database = open_source_database(config);
  ASSERT_TRUE(database.ok()) << database.status().message();
  auto found = (*database)->start("SELECT * FROM [t]");
  ASSERT_TRUE(found.ok()) << found.status().message();
  ASSERT_EQ(found->size(), columns.size());
  EXPECT_FALSE((*found)[0].nullable);
  EXPECT_TRUE((*found)[1].nullable);
  EXPECT_TRUE((*found)[1].is_unsigned);
  EXPECT_EQ((*found)[9].precision, 10);
  EXPECT_EQ((*found)[9].scale, 2);
  std::vector<JdbcType> types;
  for (const SourceColumn& c : *found) types.push_back(c.type);
  using T = JdbcType;
  EXPECT_EQ(types, (std::vector<T>{T::kBigint, T::kTinyint, T::kSmallint, T::kInteger, T::kTinyint, T::kDouble, T::kText, T::kText, T::kBytes, T::kNumeric, T::kNumeric,
                                   T::kDate, T::kTime, T::kTimestamp, T::kTimestamp, T::kTimestamp, T::kText}));
  SourceRow row;
  ASSERT_TRUE(*(*database)->next(&row));
  std::vector<std::string> texts;
  for (const auto& v : row) texts.emplace_back(v.value_or("NULL"));
  EXPECT_EQ(texts, (std::vector<std::string>{"-5", "200", "-3", "7", "1", "-2.25", "a☃", long_text, std::string("\x00\x01\xff", 3), "-123.45", "-1234.5678", "2024-06-15",
                                             "10:00:00.1234567", "2024-06-15 10:00:00.123", "2024-06-15 10:00:00.1234567", "2024-06-15 10:00:00.1234567+00",
                                             "33323130-3534-3736-3839-616263646566"}));
  ASSERT_TRUE(*(*database)->next(&row));
  for (size_t i = 1; i < row.size(); ++i) EXPECT_FALSE(row[i].has_value()) << i;
  ASSERT_TRUE(*(*database)->next(&row));
  for (size_t i : {6, 7, 8}) EXPECT_EQ(row[i].value_or("NULL"), "") << i;
  auto more = (*database)->next(&row);
  ASSERT_TRUE(more.ok());
  EXPECT_FALSE(*more);
  // Left early, the connection serves the next statement.
  ASSERT_TRUE((*database)->start("SELECT * FROM [t]").ok());
  (*database)->finish();
  EXPECT_TRUE((*database)->start("SELECT * FROM [u]").ok());
}

TEST(SqlserverSource, GoesOnBehindTheLastHundredNanoseconds) {
  std::vector<TdsColumn> columns = {TdsColumn::integer("id", 4, false), TdsColumn::datetime2("at", false)};
  TdsServerForTests server([&](const std::string& sql) {
    TdsAnswer out;
    if (sql.find("DATEDIFF_BIG") != std::string::npos) out.columns({TdsColumn::integer("now", 8)}).row({tds::number(1718445700000000, 8)});
    if (!sql.starts_with("SELECT *")) return out;
    out.columns(columns);
    if (sql.find("WHERE 1 = 0") == std::string::npos) out.row({tds::number(1, 4), tds::datetime2(36'000 * 10'000'000ull + 1'234'567, 739'051)});
    return out;
  });
  SourceConfig config;
  config.url = *parse_connection_url("jdbc:sqlserver://127.0.0.1:" + std::to_string(server.port()));
  config.user = "sa";
  config.mode = SourceMode::kTimestamp;
  config.timestamp_columns = {"at"};
  config.db_timezone = "UTC";
  config.date_calendar = "LEGACY";
  auto database = open_source_database(config);
  ASSERT_TRUE(database.ok()) << database.status().message();
  TableReader reader(config, TableName{"shop", "dbo", "t"});
  ASSERT_TRUE(reader.check_columns(**database).ok());
  ASSERT_TRUE(reader.begin(**database).ok());
  auto batch = reader.read(**database);
  ASSERT_TRUE(batch.ok()) << batch.status().message();
  EXPECT_EQ(batch->source_offsets, (std::vector<std::string>{R"({"timestamp":1718445600123,"timestamp_nanos":123456700})"}));
  ASSERT_TRUE(reader.begin(**database).ok());
  EXPECT_EQ(reader.statement(), "SELECT * FROM [shop].[dbo].[t] WHERE [at] > CAST('2024-06-15 10:00:00.1234567' AS datetime2) AND [at] < "
                                "CAST('2024-06-15 10:01:40' AS datetime2) ORDER BY [at] ASC");
  auto stored = position_of_json(R"({"timestamp":1718445600123,"timestamp_nanos":123456700})");
  ASSERT_TRUE(stored.ok());
  EXPECT_EQ(stored->timestamp_micros, 1718445600123456);
  EXPECT_EQ(stored->nanos, 700);
}

TEST(SqlserverSource, WritesTimestampsOfConditionsByTheColumnsType) {
  TdsServerForTests server([](const std::string&) { return TdsAnswer(); });
  SourceConfig config;
  config.isolation = "SQL_SERVER_SNAPSHOT";
  config.user = "sa";
  config.url = *parse_connection_url("jdbc:sqlserver://127.0.0.1:" + std::to_string(server.port()));
  auto database = open_source_database(config);
  ASSERT_TRUE(database.ok()) << database.status().message();
  EXPECT_EQ(server.statements().back(), "SET TRANSACTION ISOLATION LEVEL SNAPSHOT");
  SourceColumn column;
  EXPECT_EQ((*database)->timestamp_literal(column, {0, 1718445600123456, 0}), "CAST('2024-06-15 10:00:00.123456' AS datetime2)");
  EXPECT_EQ((*database)->timestamp_literal(column, {0, 1718445600000000, 700}), "CAST('2024-06-15 10:00:00.0000007' AS datetime2)");
  column.type_name = "datetime";
  EXPECT_EQ((*database)->timestamp_literal(column, {0, 1718445600123000, 0}), "CAST(CAST('2024-06-15 10:00:00.123' AS datetime2(3)) AS datetime)");
  column.with_zone = true;
  EXPECT_EQ((*database)->timestamp_literal(column, {1718445600123456, 0, 0}), "CAST('2024-06-15 10:00:00.123456 +00:00' AS datetimeoffset)");
}

}  // namespace
}  // namespace bywash::jdbc
