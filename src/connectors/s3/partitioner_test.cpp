// Paths: Joda patterns, zones on the days their clocks change, timestamp extractors.
#include "connectors/s3/partitioner.h"

#include <gtest/gtest.h>

#include "columnar/value.h"

namespace bywash::connectors::s3 {
namespace {

std::string printed(const char* pattern, int64_t ms, const char* zone = "UTC", const char* locale = "en") {
  auto parsed = JodaPattern::parse(pattern, locale);
  EXPECT_TRUE(parsed.ok()) << parsed.status().message();
  return parsed->print(ms, *Zone::of(zone));
}

constexpr int64_t kJune = 1718445600123;  // 2024-06-15T10:00:00.123Z, a Saturday

TEST(JodaPattern, EveryLetterPrintsAsJodaPrintsIt) {
  EXPECT_EQ(printed("YYYY.YY.Y/yyyy.yy.y/xxxx.xx/ww.w/C", kJune), "2024.24.2024/2024.24.2024/2024.24/24.24/20");
  EXPECT_EQ(printed("M.MM/d.dd/D.DDD/e.ee", kJune), "6.06/15.15/167.167/6.06");
  EXPECT_EQ(printed("H.HH/k.kk/h.hh/K.KK/m.mm/s.ss", kJune), "10.10/10.10/10.10/10.10/0.00/0.00");
  EXPECT_EQ(printed("S.SS.SSS.SSSS", kJune), "1.12.123.1230");
  EXPECT_EQ(printed("MMM.MMMM E.EEE.EEEE a G", kJune), "Jun.June Sat.Sat.Saturday AM AD");
  EXPECT_EQ(printed("Z ZZ ZZZ z", kJune, "America/New_York"), "-0400 -04:00 America/New_York EDT");
  EXPECT_EQ(printed("Z ZZ ZZZ z", kJune, "+05:30"), "+0530 +05:30 +05:30 +05:30");
}

TEST(JodaPattern, YearOfEraIsNotTheWeekYear) {
  int64_t december = 1735516800000;  // 2024-12-30, in week 1 of 2025
  EXPECT_EQ(printed("YYYY", december), "2024");
  EXPECT_EQ(printed("xxxx-ww", december), "2025-01");
}

TEST(JodaPattern, MidnightIsHour24And12OnTheOtherClocks) {
  EXPECT_EQ(printed("HH kk hh KK a", 1718409600000), "00 24 12 00 AM");
}

TEST(JodaPattern, QuotesHoldTextAndTwoOfThemOne) {
  EXPECT_EQ(printed("'it''s'/''yyyy''/'T'HH_mm", kJune), "it's/'2024'/T10_00");
  EXPECT_EQ(printed("'year'=YYYY/'month'=MM/'day'=dd/'hour'=HH", kJune), "year=2024/month=06/day=15/hour=10");
}

TEST(JodaPattern, AnUnknownLetterIsAnError) {
  EXPECT_EQ(JodaPattern::parse("YYYY/bb", "en").status().message(), "Illegal pattern component: bb");
}

TEST(JodaPattern, ALocaleWithCountryIsAnUnknownLanguageAsInJava) {
  EXPECT_EQ(printed("MMMM EEEE a G zzzz", kJune, "Europe/Berlin", "de_DE"), "Jun Sat PM CE Central European Summer Time");
  EXPECT_EQ(printed("MMMM EEEE", kJune, "Europe/Berlin", "de"), "Juni Samstag");
}

TEST(JodaPattern, TextsAreThoseOfOpenJdk17) {
  // Recorded with OpenJDK 17.0.15 and Joda-Time 2.10.2.
  EXPECT_EQ(printed("z/zzzz", kJune, "Europe/Berlin", "de"), "MESZ/Mitteleuropäische Sommerzeit");
  EXPECT_EQ(printed("z/zzzz", kJune, "UTC", "zh"), "UTC/协调世界时");
  EXPECT_EQ(printed("z", kJune, "Asia/Singapore", "en_US"), "SGT");
  EXPECT_EQ(printed("z", kJune, "America/Argentina/Buenos_Aires", "es"), "ART");
  EXPECT_EQ(printed("z", kJune, "Atlantic/Azores", "en"), "AZOST");
  EXPECT_EQ(printed("MMM", kJune, "UTC", "nl"), "jun.");
  EXPECT_EQ(printed("z ZZZ", kJune, "+0530"), "+05:30 +05:30");
  EXPECT_EQ(printed("z ZZZ", kJune, "+00:00"), "UTC UTC");
  EXPECT_EQ(printed("z", kJune, "GMT"), "GMT");
  EXPECT_EQ(printed("z", kJune, "Etc/GMT+5"), "-05:00");
  EXPECT_EQ(printed("zzzz", -1, "America/New_York"), "Eastern Standard Time");
  EXPECT_EQ(printed("EEEE", kJune, "UTC", "in"), printed("EEEE", kJune, "UTC", "id"));
}

TEST(TimeBasedPartitioner, ADelimiterAtTheEndOfThePathIsTakenAway) {
  S3SinkConfig config;
  config.partitioner_class = "TimeBasedPartitioner";
  config.locale = "en";
  config.timezone = "UTC";
  config.directory_delim = "/";
  config.timestamp_extractor = "Record";
  config.schema_partition_affix_type = "NONE";
  config.partition_duration_ms = 3'600'000;
  config.path_format = "'y'=YYYY/";
  std::vector<std::string> warnings;
  auto made = make_partitioner(config, &warnings);
  ASSERT_TRUE(made.ok());
  PathTable paths;
  columnar::Batch batch;
  Status error;
  EXPECT_EQ(paths.path((*made)->bind(batch, &paths)->at(0, kJune, &error)), "y=2024");
  config.path_format = " ";
  EXPECT_EQ(make_partitioner(config, &warnings).status().message(), "Invalid value   for configuration path.format: Path format cannot be empty.");
}

TEST(JodaPattern, TheFinestUnitIsThatOfThePath) {
  EXPECT_EQ(JodaPattern::parse("YYYY/MM", "en")->finest_unit_ms(), 86'400'000);
  EXPECT_EQ(JodaPattern::parse("YYYY/MM/dd/HH", "en")->finest_unit_ms(), 3'600'000);
  EXPECT_EQ(JodaPattern::parse("HH-mm", "en")->finest_unit_ms(), 60'000);
  EXPECT_EQ(JodaPattern::parse("ss.SSS", "en")->finest_unit_ms(), 1);
}

TEST(Zone, AnUnknownOneIsAnError) {
  EXPECT_FALSE(Zone::of("Mars/Olympus").ok());
  EXPECT_FALSE(Zone::of("").ok());
  EXPECT_FALSE(Zone::of("+25:00").ok());
}

TEST(Zone, HourPathsOnTheDayThatClocksGoForward) {
  Zone zone = *Zone::of("America/New_York");
  auto path = [&](int64_t ms) { return printed("dd/HH", partition_start(ms, 3'600'000, zone), "America/New_York"); };
  EXPECT_EQ(path(1710053999000), "10/01");  // 01:59:59 EST
  EXPECT_EQ(path(1710054000000), "10/03");  // 03:00 EDT
}

TEST(Zone, DayPathsOnTheDayThatClocksGoBack) {
  Zone zone = *Zone::of("America/New_York");
  for (int64_t hour = 0; hour < 25; ++hour) {
    int64_t ms = 1730606400000 + hour * 3'600'000;  // 2024-11-03T00:00 EDT
    EXPECT_EQ(printed("YYYY-MM-dd'T'HH:mm:ssZZ", partition_start(ms, 86'400'000, zone), "America/New_York"), "2024-11-03T00:00:00-04:00") << hour;
  }
  EXPECT_EQ(printed("dd", partition_start(1730606400000 + 25 * 3'600'000, 86'400'000, zone), "America/New_York"), "04");
}

TEST(Zone, SchedulesAreCountedFromMidnightAndEndWithTheDay) {
  Zone utc = *Zone::of("UTC");
  EXPECT_EQ(next_scheduled_time(kJune, 3'600'000, utc), 1718449200000);
  EXPECT_EQ(next_scheduled_time(kJune, 86'400'000 * 5, utc), 1718496000000);  // the next midnight
  Zone kathmandu = *Zone::of("Asia/Kathmandu");                              // +05:45
  EXPECT_EQ(next_scheduled_time(kJune, 3'600'000, kathmandu), 1718446500000);  // 16:00 there
}

TEST(ParseTimeText, TakesDigitsAndIsoTexts) {
  EXPECT_EQ(parse_time_text("1718445600123"), kJune);
  EXPECT_EQ(parse_time_text("-5"), -5);
  EXPECT_EQ(parse_time_text("2024-06-15T10:00:00.123Z"), kJune);
  EXPECT_EQ(parse_time_text("2024-06-15T12:00:00.123+02:00"), kJune);
  EXPECT_EQ(parse_time_text("2024-06-15 10:00:00.123"), kJune);
  EXPECT_EQ(parse_time_text("2024-06-15"), 1718409600000);
  EXPECT_EQ(parse_time_text("2024-167"), 1718409600000);
  EXPECT_EQ(parse_time_text("2024-W24-6"), 1718409600000);
  EXPECT_EQ(parse_time_text("2024-06-15T10"), 1718445600000);
  EXPECT_EQ(parse_time_text("2024-06-15T10.5"), 1718447400000);
  EXPECT_EQ(parse_time_text("2024-06"), 1717200000000);
  EXPECT_EQ(parse_time_text("2024-6-15t9:0:0z"), 1718442000000);
  EXPECT_EQ(parse_time_text("2024-06-15T10:00+02:00:30"), 1718438370000);
  for (const char* bad : {"June 15", "", "2024-13-01", "2024-02-30", "2024-06-15T25:00", "2024-06-15x", "T"}) EXPECT_FALSE(parse_time_text(bad)) << bad;
}

columnar::Batch batch_of(std::vector<columnar::Value> values) {
  columnar::Batch batch;
  batch.value = *columnar::infer_column(values);
  for (size_t i = 0; i < values.size(); ++i) {
    batch.offsets.push_back(static_cast<int64_t>(i));
    batch.timestamps_ms.push_back(1000 + static_cast<int64_t>(i));
  }
  batch.kafka_partition = 7;
  return batch;
}

columnar::Value object(const char* key, columnar::Value v) { return columnar::Value::map({{columnar::Value::string(key), std::move(v)}}); }

TEST(TimestampExtractor, ReadsTheRecordTheFieldOrTheClock) {
  columnar::Batch batch = batch_of({object("ts", columnar::Value(int64_t{5})), object("ts", columnar::Value())});
  Status error;
  EXPECT_EQ(TimestampExtractor(ExtractorKind::kWallclock, "").bind(batch, 42).at(1, &error), 42);
  EXPECT_EQ(TimestampExtractor(ExtractorKind::kRecord, "").bind(batch, 42).at(1, &error), 1001);
  auto field = TimestampExtractor(ExtractorKind::kRecordField, "ts").bind(batch, 42);
  EXPECT_EQ(field.at(0, &error), 5);
  EXPECT_FALSE(field.at(1, &error));
  EXPECT_EQ(error.message(), "The field 'ts' does not exist.");
  EXPECT_FALSE(TimestampExtractor(ExtractorKind::kRecordField, "absent").bind(batch, 42).at(0, &error));
}

TEST(FieldPartitioner, NamesEachFieldWithItsValue) {
  S3SinkConfig config;
  config.partitioner_class = "FieldPartitioner";
  config.partition_field_name = {"a", "b.c"};
  config.directory_delim = "/";
  config.schema_partition_affix_type = "NONE";
  std::vector<std::string> warnings;
  auto partitioner = make_partitioner(config, &warnings);
  ASSERT_TRUE(partitioner.ok());
  using columnar::Value;
  columnar::Batch batch = batch_of({Value::map({{Value::string("a"), Value(int64_t{3})}, {Value::string("b"), object("c", Value(true))}}),
                                    Value::map({{Value::string("a"), Value()}, {Value::string("b"), object("c", Value(false))}})});
  PathTable paths;
  auto bound = (*partitioner)->bind(batch, &paths);
  Status error;
  EXPECT_EQ(paths.path(bound->at(0, 0, &error)), "a=3/b.c=true");
  EXPECT_EQ(paths.path(bound->at(1, 0, &error)), "a=null/b.c=false");
}

TEST(TimeBasedPartitioner, WithoutDurationTakesTheFinestUnitAndWarns) {
  S3SinkConfig config;
  config.partitioner_class = "io.confluent.connect.storage.partitioner.TimeBasedPartitioner";
  config.path_format = "YYYY/MM/dd/HH";
  config.locale = "en_US";
  config.timezone = "UTC";
  config.timestamp_extractor = "Record";
  config.schema_partition_affix_type = "NONE";
  config.directory_delim = "/";
  std::vector<std::string> warnings;
  auto partitioner = make_partitioner(config, &warnings);
  ASSERT_TRUE(partitioner.ok()) << partitioner.status().message();
  EXPECT_EQ(warnings.size(), 1u);
  config.path_format = "YYYY/bb";
  EXPECT_EQ(make_partitioner(config, &warnings).status().message(), "Invalid value YYYY/bb for configuration path.format: Illegal pattern component: bb");
  config.locale = "";
  EXPECT_EQ(make_partitioner(config, &warnings).status().message(), "Invalid value  for configuration locale: Locale cannot be empty.");
}

}  // namespace
}  // namespace bywash::connectors::s3
