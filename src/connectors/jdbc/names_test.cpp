// URLs, table names and local times.
#include <gtest/gtest.h>

#include "base/calendar.h"
#include "connectors/jdbc/connection_url.h"
#include "connectors/jdbc/table_name.h"
#include "connectors/jdbc/time_zone.h"

namespace bywash::jdbc {
namespace {

TEST(ConnectionUrl, TakesPostgresqlUrlsApart) {
  auto url = parse_connection_url("jdbc:postgresql://db1:5433,[::1]/sales%20eu?currentSchema=a,b&sslmode=require&password=p%26q");
  ASSERT_TRUE(url.ok()) << url.status().message();
  EXPECT_EQ(url->kind, Database::kPostgresql);
  EXPECT_EQ(url->host, "db1,::1");
  EXPECT_EQ(url->port, "5433,5432");
  EXPECT_EQ(url->database, "sales eu");
  EXPECT_EQ(*url->parameter("currentSchema"), "a,b");
  EXPECT_EQ(*url->parameter("password"), "p&q");
  EXPECT_EQ(parse_connection_url("jdbc:postgresql:sales")->database, "sales");
  EXPECT_EQ(parse_connection_url("jdbc:postgresql://h/")->database, "");
}

TEST(ConnectionUrl, TakesSqliteFiles) {
  auto url = parse_connection_url("jdbc:sqlite:/tmp/a b.db?journal_mode=WAL");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->database, "/tmp/a b.db");
  EXPECT_EQ(*url->parameter("journal_mode"), "WAL");
}

TEST(ConnectionUrl, TakesMysqlAndMariadbUrlsApart) {
  auto url = parse_connection_url("jdbc:mysql://db1:3307,db2/sales?useSSL=true&password=p%26q");
  ASSERT_TRUE(url.ok()) << url.status().message();
  EXPECT_EQ(url->kind, Database::kMysql);
  EXPECT_EQ(url->host, "db1,db2");
  EXPECT_EQ(url->port, "3307,3306");
  EXPECT_EQ(url->database, "sales");
  EXPECT_EQ(*url->parameter("password"), "p&q");
  auto maria = parse_connection_url("jdbc:mariadb:replication://me:se%40cret@h/");
  ASSERT_TRUE(maria.ok());
  EXPECT_EQ(maria->host, "h");
  EXPECT_EQ(maria->database, "");
  EXPECT_EQ(*maria->parameter("user"), "me");
  EXPECT_EQ(*maria->parameter("password"), "se@cret");
  EXPECT_FALSE(parse_connection_url("jdbc:mysql:h").ok());
}

TEST(ConnectionUrl, TakesSqlserverUrlsApart) {
  auto url = parse_connection_url("jdbc:sqlserver://db1:1444;databaseName=shop;user=sa;Password={a;b}}c};encrypt=true;");
  ASSERT_TRUE(url.ok()) << url.status().message();
  EXPECT_EQ(url->kind, Database::kSqlserver);
  EXPECT_EQ(url->host, "db1");
  EXPECT_EQ(url->port, "1444");
  EXPECT_EQ(url->database, "shop");
  EXPECT_EQ(*url->parameter("password"), "a;b}c");
  EXPECT_EQ(*url->parameter("encrypt"), "true");
  EXPECT_EQ(parse_connection_url("jdbc:sqlserver://db1\\dev;database=x")->host, "db1\\dev");
  EXPECT_EQ(parse_connection_url("jdbc:sqlserver://db1\\dev;database=x")->port, "");
  EXPECT_EQ(parse_connection_url("jdbc:sqlserver://db1\\dev:1500")->port, "1500");
  EXPECT_EQ(parse_connection_url("jdbc:sqlserver://;serverName=db2;portNumber=1500")->host, "db2");
  EXPECT_EQ(parse_connection_url("jdbc:sqlserver://db1")->port, "1433");
  EXPECT_EQ(parse_connection_url("jdbc:jtds:sqlserver://db1:1434/shop;domain=x")->database, "shop");
  for (const char* bad : {"jdbc:sqlserver:db1", "jdbc:sqlserver://db1:x", "jdbc:sqlserver://db1;password={geheim", "jdbc:sqlserver://db1;geheim"}) {
    auto refused = parse_connection_url(bad);
    ASSERT_FALSE(refused.ok()) << bad;
    EXPECT_EQ(refused.status().message().find("geheim"), std::string::npos);
  }
}

TEST(ConnectionUrl, RefusesOtherDatabasesByNameWithoutSecrets) {
  for (std::string url : {"jdbc:oracle:thin:@h/db?password=geheim", "jdbc:db2://h:50000/db:password=geheim;", "postgres://u:geheim@h/db", ""}) {
    auto parsed = parse_connection_url(url);
    ASSERT_FALSE(parsed.ok());
    EXPECT_NE(parsed.status().message().find("jdbc:postgresql://host:port/database"), std::string::npos);
    EXPECT_EQ(parsed.status().message().find("geheim"), std::string::npos);
  }
  EXPECT_FALSE(parse_connection_url("jdbc:postgresql://h:port/db").ok());
}

TEST(TableName, SplitsAtDotsOutsideOfQuotes) {
  IdentifierRules rules{'"', true};
  EXPECT_EQ(*rules.parse("t"), (TableName{"", "", "t"}));
  EXPECT_EQ(*rules.parse("s.t"), (TableName{"", "s", "t"}));
  EXPECT_EQ(*rules.parse("c.s.t"), (TableName{"c", "s", "t"}));
  EXPECT_EQ(*rules.parse("\"a.b\"\"c\".t"), (TableName{"", "a.b\"c", "t"}));
  EXPECT_FALSE(rules.parse("a..b").ok());
  EXPECT_FALSE(rules.parse("\"a").ok());
}

TEST(TableName, QuotesWhateverTheNameHolds) {
  EXPECT_EQ((IdentifierRules{'"', true}.write("a\"; DROP TABLE x; --")), "\"a\"\"; DROP TABLE x; --\"");
  EXPECT_EQ((IdentifierRules{'`', true}.write("a`b")), "`a``b`");
  IdentifierRules brackets{'[', true, ']'};
  EXPECT_EQ(brackets.write("a]b[c"), "[a]]b[c]");
  EXPECT_EQ(*brackets.parse("[a.b]]c].t"), (TableName{"", "a.b]c", "t"}));
  IdentifierRules bare{'"', false};
  EXPECT_TRUE(bare.check_plain("order_2$").ok());
  EXPECT_FALSE(bare.check_plain("a; DROP TABLE x").ok());
  EXPECT_FALSE(bare.check_plain("2a").ok());
}

TEST(LocalTimes, FollowTheZoneAndTheCalendarOfJava) {
  LocalTimes new_york("America/New_York", false, true);
  EXPECT_EQ(timestamp_text(new_york.timestamp_micros(1730615400000000)), "2024-11-03 01:30:00");
  EXPECT_EQ(date_text(new_york.date_days(19889)), "2024-06-14");
  EXPECT_EQ(time_text(new_york.time_micros(3723004)), "20:02:03.004");
  LocalTimes utc_dates("America/New_York", true, true);
  EXPECT_EQ(date_text(utc_dates.date_days(19889)), "2024-06-15");
  EXPECT_EQ(date_text(LocalTimes("UTC", false, true).date_days(-150000)), "1559-04-16");
  EXPECT_EQ(date_text(LocalTimes("UTC", false, false).date_days(-150000)), "1559-04-26");
  EXPECT_EQ(date_text(-141428), "1582-10-14");
  EXPECT_FALSE(TimeZone::exists("Mars/Olympus"));
  EXPECT_TRUE(TimeZone::exists("Asia/Kolkata"));
}

TEST(LocalTimes, TextsHaveAsManyDigitsAsNeeded) {
  EXPECT_EQ(timestamp_text(0), "1970-01-01 00:00:00");
  EXPECT_EQ(timestamp_text(1718445600123456), "2024-06-15 10:00:00.123456");
  EXPECT_EQ(timestamp_text(1718445600100000), "2024-06-15 10:00:00.1");
  EXPECT_EQ(timestamp_text(1718445600000001), "2024-06-15 10:00:00.000001");
  EXPECT_EQ(timestamp_text(-1), "1969-12-31 23:59:59.999999");
  EXPECT_EQ(timestamp_text(-62135596800000000), "0001-01-01 00:00:00");
  EXPECT_EQ(timestamp_text(-62135596800000000 - 500'000), "0001-12-31 23:59:59.5 BC");
  EXPECT_EQ(date_text(2932897), "10000-01-01");
  EXPECT_EQ(time_text(86'399'990'000), "23:59:59.99");
}

TEST(LocalTimes, DayCountsAndDatesAreInverse) {
  for (int64_t day = -800000; day < 800000; day += 37) EXPECT_EQ(days_of_civil(civil_date(day)), day);
}

TEST(ParseTimestamp, TakesNumbersAndIsoTexts) {
  EXPECT_EQ(parse_timestamp("1718445600000007", false), 1718445600000007);
  EXPECT_EQ(parse_timestamp("1718445600000007500", true), 1718445600000008);
  EXPECT_EQ(parse_timestamp("2024-06-15T10:00:00.000007", false), 1718445600000007);
  EXPECT_EQ(parse_timestamp("2024-06-15 12:00:00+02:00", false), 1718445600000000);
  EXPECT_EQ(parse_timestamp("2024-06-15", false), std::nullopt);
  EXPECT_EQ(parse_timestamp("yesterday", false), std::nullopt);
}

}  // namespace
}  // namespace bywash::jdbc
